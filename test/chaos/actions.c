/* The deeds of a process of the tree, and how it testifies to them (tree.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tree.h"

enum { FORKS = 400, ALARM = 60, RECORD_HEADER = 17, PATTERN = 1 << 17 };

struct board *board;
int node, written[2];
int catch_pause, catch_code, catches;
volatile sig_atomic_t seen[65];
static unsigned char pattern[PATTERN];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void note(int kind, int a, int b) {
  uint32_t place = atomic_fetch_add(&board->next, 1);
  if (place >= NOTES) return;
  struct note *entry = &board->notes[place];
  entry->time = now();
  entry->process = (uint32_t)getpid();
  entry->node = (uint16_t)node;
  entry->a = a;
  entry->b = b;
  atomic_store(&entry->kind, (uint16_t)kind);
}

void pause_for(long microseconds) {
  struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}

/* What was noted is what happens: only SIGKILL can still come between. */
void end(int code) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  note(NOTE_EXIT, code, 0);
  _exit(code);
}

void on_alarm(int signal) {
  (void)signal;
  note(NOTE_ALARM, 0, 0);
  _exit(99);
}

static void on_signal(int signal) {
  int saved = errno;
  note(NOTE_SIGNAL, signal, 0);
  seen[signal] = 1;
  int ends =
      signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
  if (catches && ends) {
    pause_for(catch_pause);
    end(catch_code);
  }
  errno = saved;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  sigdelset(&action.sa_mask, SIGALRM);
  sigaction(signal, &action, NULL);
}

static const int endings[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

void set_mask(int how, int signal) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, signal);
  sigprocmask(how, &mask, NULL);
}

void arm(int how) {
  for (int n = 0; n < 4; n++) {
    if (how == 1) handle(endings[n], SIG_IGN);
    if (how == 2) set_mask(SIG_BLOCK, endings[n]);
    if (how == 3) handle(endings[n], on_signal);
  }
  note(NOTE_ARMED, how, 0);
}

/* The signals that people send for purposes of their own. */
void listen_to_users(void) {
  handle(SIGUSR1, on_signal);
  handle(SIGUSR2, on_signal);
  handle(SIGWINCH, on_signal);
  note(NOTE_ARMED, 4, 0);
}

/* Every process that was left alone would end by itself at last. */
void guard(void) {
  handle(SIGALRM, on_alarm);
  alarm(ALARM);
}

pid_t branch(void) {
  if (atomic_fetch_add(&board->forks, 1) >= FORKS) {
    note(NOTE_REFUSED, 0, 0);
    return -1;
  }
  pid_t process = fork();
  if (process < 0) note(NOTE_REFUSED, errno, 0);
  if (process == 0) guard();
  return process;
}

void forever(void) {
  for (;;) pause();
}

static unsigned random_number;

void seed_random(unsigned seed) { random_number = seed; }

static unsigned draw(unsigned limit) {
  random_number = random_number * 1103515245 + 12345;
  return (random_number >> 16) % limit;
}

/* Bytes of standard output are below 128, those of standard error are above: two
   streams in one file can be told apart, byte by byte. 0x1e marks a record's begin. */
void make_pattern(void) {
  uint32_t state = 2463534242u;
  for (int n = 0; n < PATTERN; n++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    pattern[n] = state & 127;
    if (pattern[n] == 0x1e) pattern[n] = 0;
  }
}

void write_record(int stream, int size) {
  static unsigned char bytes[1 << 16];
  int number = written[stream]++;
  int offset = (node * 7919 + number * 104729) & 0xffff;
  char header[32];
  snprintf(header, sizeof header, "\x1e%03d:%05d:%05d#", node, number, size);
  memcpy(bytes, header, RECORD_HEADER);
  memcpy(bytes + RECORD_HEADER, pattern + offset, (size_t)(size - RECORD_HEADER));
  if (stream)
    for (int n = 0; n < size; n++) bytes[n] |= 128;
  int name = stream << 24 | number;
  note(NOTE_WRITE, name, size);
  for (int at = 0; at < size;) {
    ssize_t taken = write(stream + 1, bytes + at, (size_t)(size - at));
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) {
      note(NOTE_WRITTEN, name, -errno);
      return;
    }
    at += (int)taken;
  }
  note(NOTE_WRITTEN, name, size);
}

/* Many orphans at once: their parent is gone before they are. */
void burst(int count) {
  pid_t between = branch();
  if (between > 0) waitpid(between, NULL, 0);
  if (between != 0) return;
  for (int n = 0; n < count; n++) {
    pid_t orphan = branch();
    if (orphan < 0) break;
    if (orphan > 0) continue;
    uint32_t place = atomic_fetch_add(&board->orphans, 1);
    if (place < ORPHANS) board->orphan[place] = (uint32_t)getpid();
    random_number = (unsigned)getpid();
    pause_for(draw(5000));
    _exit((int)draw(256));
  }
  _exit(0);
}

/* What stands in /proc/PROCESS/NAME, or nothing. */
static void read_proc(int process, const char *name, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", process, name);
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
  if (file >= 0) close(file);
  text[length > 0 ? length : 0] = 0;
}

/* The state of a process as /proc has it, or 0 where there is none, or where its parent
   is not the guardian: a subreaper of the block's own may let it wait. */
static char state_of(uint32_t process) {
  char text[512], name[32], state;
  int parent;
  read_proc((int)process, "stat", text, sizeof text);
  char *behind = strrchr(text, ')');
  if (!behind || sscanf(behind + 1, " %c %d", &state, &parent) != 2) return 0;
  read_proc(parent, "comm", name, sizeof name);
  return strcmp(name, "block-guardian\n") == 0 ? state : 0;
}

/* Waits until the orphans have ended and somebody has reaped them. */
void await_reaping(void) {
  int zombies = 0;
  for (int tries = 0; tries < 4000; tries++) {
    uint32_t count = atomic_load(&board->orphans);
    int left = 0;
    zombies = 0;
    for (uint32_t n = 0; n < count && n < ORPHANS; n++) {
      char state = board->orphan[n] ? state_of(board->orphan[n]) : 0;
      left += state != 0;
      zombies += state == 'Z';
    }
    if (left == 0) return;
    pause_for(5000);
  }
  if (zombies > 0) note(NOTE_ZOMBIES, zombies, 0);
}

/* Flees: each time there is a new process, and the one before has ended. */
void hop(int count, int microseconds) {
  for (int n = 0; n < count; n++) {
    pid_t next = branch();
    if (next > 0) _exit(0);
    if (next < 0) return;
    pause_for(microseconds);
  }
}

/* All children do as their parent does, until there are enough of them. */
void breed(int limit) {
  while (atomic_load(&board->forks) < (uint32_t)limit) {
    if (branch() < 0) return;
    pause_for(draw(300));
  }
}

void storm(int count, int microseconds) {
  for (int n = 0; n < count; n++) {
    pid_t child = branch();
    if (child < 0) return;
    if (child == 0) {
      if (n % 3 == 1) setsid();
      if (n % 3 == 2) setpgid(0, 0);
      forever();
    }
    pause_for(microseconds);
  }
}
