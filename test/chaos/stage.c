/*
 * stage KEY=VALUE… -- SIDECAR ARGUMENT…: one performance. It starts sidecar as a
 * scenario wants it (user, process 1, a /tmp of its own), sends signals at instants
 * counted from the execve or from when the block is ready, reads what sidecar prints,
 * and tells on standard output, in lines, what happened. It is the subreaper above
 * sidecar: whatever outlives sidecar, process or zombie, becomes a child of this one.
 *
 *     board=FILE     see board.h            one=1       sidecar is process 1
 *     uid=NUMBER     whom it runs as        tmp=DIR     is /tmp for it
 *     out=HOW:FILE   error=HOW:FILE         HOW: file, pipe, gone (a pipe whose reader
 *                                           goes away after some bytes)
 *     send=e,MICROSECONDS,SIGNAL,TO         after the execve (e) or readiness (r), to
 *                                           sidecar (s) or the block's guardian (g)
 *     hide=1         no cgroups to be seen  limit=MILLISECONDS  then it hangs
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "board.h"
#include "console.h"
#include "processes.h"

enum { SENDS = 16 };

struct sending {
  int from_ready, to_guardian;
  uint64_t delay, not_before; /* nanoseconds */
  int signal, done;
};

static struct board *board;
static struct stream streams[2];
static struct sending sendings[SENDS];
static int sending_count, user = -1, process_one, hide_cgroups;
static const char *private_tmp;
static uint64_t limit = 45000;
static pid_t sidecar;

static void set(char *key, char *value) {
  if (!strcmp(key, "uid")) user = atoi(value);
  else if (!strcmp(key, "one")) process_one = 1;
  else if (!strcmp(key, "hide")) hide_cgroups = 1;
  else if (!strcmp(key, "tmp")) private_tmp = value;
  else if (!strcmp(key, "limit")) limit = (uint64_t)atol(value);
  else if (!strcmp(key, "out")) set_stream(&streams[0], value);
  else if (!strcmp(key, "error")) set_stream(&streams[1], value);
  else if (!strcmp(key, "board")) {
    int file = open(value, O_RDWR | O_CLOEXEC);
    must(file, "board");
    board = mmap(NULL, sizeof *board, PROT_READ, MAP_SHARED, file, 0);
    close(file);
  } else if (!strcmp(key, "send") && sending_count < SENDS) {
    struct sending *sending = &sendings[sending_count++];
    char origin, to;
    long microseconds;
    sscanf(value, "%c,%ld,%d,%c", &origin, &microseconds, &sending->signal, &to);
    sending->to_guardian = to == 'g';
    sending->from_ready = origin == 'r';
    sending->delay = (uint64_t)microseconds * 1000;
  }
}

/* In the child. What goes wrong here is told by an exit status that nobody else has. */
static void become_sidecar(char **words) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  int failed = 0;
  if (private_tmp) {
    failed |= mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    failed |= mount(private_tmp, "/tmp", NULL, MS_BIND, NULL);
    if (hide_cgroups) failed |= mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL);
    if (process_one) failed |= mount("proc", "/proc", "proc", 0, NULL);
  }
  int input = open("/dev/null", O_RDONLY);
  dup2(input, 0);
  close(input);
  dup2(streams[0].writer, 1);
  dup2(streams[1].writer, 2);
  if (user >= 0) {
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
         capability++)
      failed |= prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    failed |= prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    failed |= setgroups(0, NULL);
    failed |= setgid((gid_t)user);
    failed |= setuid((uid_t)user);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  }
  if (!failed) execv(words[0], words);
  _exit(96);
}

/* Returns when the child's program has been replaced by sidecar's. */
static void start_sidecar(char **words) {
  unsigned long flags = CLONE_VFORK | SIGCHLD;
  if (private_tmp) flags |= CLONE_NEWNS;
  if (process_one) flags |= CLONE_NEWPID;
  sidecar = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
  must(sidecar, "clone");
  if (sidecar == 0) become_sidecar(words);
}

static int guardian;

static void note_guardian(int process) {
  char path[64], name[32] = "";
  snprintf(path, sizeof path, "/proc/%d/comm", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, name, sizeof name - 1) > 0 && !strcmp(name, "block-guardian\n"))
    guardian = process;
  close(file);
}

/* The newest one: an activation may have left another. */
static void send_to_guardian(struct sending *sending) {
  guardian = 0;
  each_child(sidecar, note_guardian);
  sending->done = 1;
  uint64_t time = now();
  int result = guardian ? kill(guardian, sending->signal) : -1;
  printf("sent %d %llu kept %d guardian\n", sending->signal, (unsigned long long)time,
         result);
}

static void send_signal(struct sending *sending) {
  int signal = sending->signal;
  int always = signal == SIGKILL || signal == SIGSTOP || signal == SIGCONT;
  /* A process 1 that has not blocked it yet would never see it: the kernel's rule, not
     sidecar's. So it is sent at the first instant at which it counts. */
  if (process_one && !always && !is_blocked(sidecar, signal)) {
    sending->not_before = now() + 50000;
    return;
  }
  int before = always || is_blocked(sidecar, signal);
  uint64_t time = now();
  int result = kill(sidecar, signal);
  int after = before || is_blocked(sidecar, signal);
  sending->done = 1;
  printf("sent %d %llu %s %d\n", signal, (unsigned long long)time,
         before ? "kept" : after ? "perhaps" : "lost", result);
}

/* Sends what is due. Returns when to look again, in nanoseconds. */
static uint64_t send_due(uint64_t started) {
  static uint64_t ready;
  uint64_t time = now(), next = time + 1000000000;
  if (!ready && board && atomic_load(&((struct board *)board)->armed)) ready = time;
  for (int n = 0; n < sending_count; n++) {
    struct sending *sending = &sendings[n];
    if (sending->done) continue;
    uint64_t from = sending->from_ready ? ready : started;
    uint64_t due = from ? from + sending->delay : time + 1000000;
    if (due < sending->not_before) due = sending->not_before;
    if (from && due <= time)
      (sending->to_guardian ? send_to_guardian : send_signal)(sending);
    else if (due < next) next = due;
  }
  return next;
}

int main(int count, char **words) {
  int at = 1;
  for (; at < count && strcmp(words[at], "--"); at++) {
    char *equals = strchr(words[at], '=');
    *equals = 0;
    set(words[at], equals + 1);
  }
  signal(SIGPIPE, SIG_DFL);
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  for (int n = 0; n < 2; n++) open_stream(&streams[n]);
  uint64_t begun = now();
  start_sidecar(words + at + 1);
  uint64_t started = now();
  printf("begun %llu\nstarted %llu\n", (unsigned long long)begun,
         (unsigned long long)started);
  for (int n = 0; n < 2; n++)
    if (streams[n].reader >= 0) close(streams[n].writer);
  int handle = (int)syscall(SYS_pidfd_open, sidecar, 0);
  must(handle, "pidfd_open");
  int hangs = 0;
  for (;;) {
    uint64_t next = send_due(started), time = now();
    if (time > started + limit * 1000000) {
      hangs = 1;
      break;
    }
    uint64_t wait = next > time ? next - time : 0;
    struct timespec left = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
    struct pollfd entries[] = {{handle, POLLIN, 0},
                               {streams[0].reader, POLLIN, 0},
                               {streams[1].reader, POLLIN, 0}};
    ppoll(entries, 3, &left, NULL);
    if (entries[0].revents) break;
    for (int n = 0; n < 2; n++)
      if (entries[n + 1].revents) read_stream(&streams[n]);
  }
  uint64_t ended = now();
  if (hangs) {
    describe_process(sidecar, "hangs");
    each_child(getpid(), tell_left);
    kill(sidecar, SIGKILL);
  }
  int status;
  must(waitpid(sidecar, &status, 0), "waitpid");
  printf("ended %llu %d %d\n", (unsigned long long)ended,
         WIFEXITED(status) ? WEXITSTATUS(status) : -1,
         WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  int was_killed = WIFSIGNALED(status);
  look_for_others(was_killed ? limit * 1000000 : 0);
  printf("empty %llu\n", (unsigned long long)now());
  for (int n = 0; n < 2; n++) read_stream(&streams[n]);
  fflush(stdout);
}
