/*
 * tree BOARD NODE OUT ERROR SCRIPT: a block, or what an activation leaves running: a
 * tree of processes that does what SCRIPT says, and notes it on the board. NODE is the
 * number of the first process, OUT and ERROR how many records it has written already.
 *
 * A script is a sequence of actions: a letter, numbers with commas between, and for
 * some a script in parentheses. test/chaos/script.ts writes them and says what each is.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "board.h"

enum { FORKS = 400, ALARM = 60, RECORD_HEADER = 17, PATTERN = 1 << 17 };

static struct board *board;
static char *program, *board_path;
static int node, written[2];
static int catch_pause, catch_code, catches;
static volatile sig_atomic_t seen[65];
static unsigned char pattern[PATTERN];

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void note(int kind, int a, int b) {
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

static void pause_for(long microseconds) {
  struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}

/* What was noted is what happens: only SIGKILL can still come between. */
static void end(int code) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  note(NOTE_EXIT, code, 0);
  _exit(code);
}

static void on_alarm(int signal) {
  (void)signal;
  note(NOTE_ALARM, 0, 0);
  _exit(99);
}

static void on_signal(int signal) {
  int saved = errno;
  note(NOTE_SIGNAL, signal, 0);
  seen[signal] = 1;
  int ends = signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
  if (catches && ends) {
    pause_for(catch_pause);
    end(catch_code);
  }
  errno = saved;
}

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  sigdelset(&action.sa_mask, SIGALRM);
  sigaction(signal, &action, NULL);
}

static const int endings[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

static void set_mask(int how, int signal) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, signal);
  sigprocmask(how, &mask, NULL);
}

static void arm(int how) {
  for (int n = 0; n < 4; n++) {
    if (how == 1) handle(endings[n], SIG_IGN);
    if (how == 2) set_mask(SIG_BLOCK, endings[n]);
    if (how == 3) handle(endings[n], on_signal);
  }
  note(NOTE_ARMED, how, 0);
}

/* Every process that was left alone would end by itself at last. */
static void guard(void) {
  handle(SIGALRM, on_alarm);
  alarm(ALARM);
}

static pid_t branch(void) {
  if (atomic_fetch_add(&board->forks, 1) >= FORKS) {
    note(NOTE_REFUSED, 0, 0);
    return -1;
  }
  pid_t process = fork();
  if (process < 0) note(NOTE_REFUSED, errno, 0);
  if (process == 0) guard();
  return process;
}

static void forever(void) {
  for (;;) pause();
}

static unsigned random_number;

static unsigned draw(unsigned limit) {
  random_number = random_number * 1103515245 + 12345;
  return (random_number >> 16) % limit;
}

/* Bytes of standard output are below 128, those of standard error are above: two
   streams in one file can be told apart, byte by byte. 0x1e marks a record's begin. */
static void make_pattern(void) {
  uint32_t state = 2463534242u;
  for (int n = 0; n < PATTERN; n++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    pattern[n] = state & 127;
    if (pattern[n] == 0x1e) pattern[n] = 0;
  }
}

static void write_record(int stream, int size) {
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
static void burst(int count) {
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

/* The state of a process as /proc has it, or 0 where there is none. */
static char state_of(uint32_t process) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%u/stat", process);
  int file = open(path, O_RDONLY);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  char *behind = strrchr(text, ')');
  return behind ? behind[2] : 0;
}

/* Waits until the orphans have ended and somebody has reaped them. */
static void await_reaping(void) {
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
static void hop(int count, int microseconds) {
  for (int n = 0; n < count; n++) {
    pid_t next = branch();
    if (next > 0) _exit(0);
    if (next < 0) return;
    pause_for(microseconds);
  }
}

/* All children do as their parent does, until there are enough of them. */
static void breed(int limit) {
  while (atomic_load(&board->forks) < (uint32_t)limit) {
    if (branch() < 0) return;
    pause_for(draw(300));
  }
}

static void storm(int count, int microseconds) {
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

static const char *matching(const char *open) {
  for (int depth = 0;; open++) {
    depth += *open == '(';
    depth -= *open == ')';
    if (depth == 0) return open;
  }
}

static void play(const char *script);

static void start_node(int number) {
  node = number;
  written[0] = written[1] = 0;
  int open = 0;
  for (int n = 0; n < 31; n++)
    if (fcntl(n, F_GETFD) >= 0) open |= 1 << n;
  note(NOTE_START, open, getppid());
}

/* A child; `generations` 2: its parent ends at once. `session`: it has one of its own. */
static void plant(int number, const char *script, int generations, int session) {
  pid_t child = branch();
  if (child > 0 && generations == 2) waitpid(child, NULL, 0);
  if (child != 0) return;
  if (session) setsid();
  if (generations == 2 && branch() != 0) _exit(0);
  start_node(number);
  play(script);
  end(0);
}

static void *play_on(void *script) {
  play(script);
  end(0);
  return NULL;
}

/* The first thread ends, another one goes on: /proc calls the process a zombie. */
static void leave_leader(const char *script) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 17);
  if (pthread_create(&thread, &attributes, play_on, (void *)script) != 0) return;
  syscall(SYS_exit, 0);
}

static void begin_anew(const char *script) {
  char numbers[3][16];
  snprintf(numbers[0], 16, "%d", node);
  snprintf(numbers[1], 16, "%d", written[0]);
  snprintf(numbers[2], 16, "%d", written[1]);
  char *words[] = {program, board_path, numbers[0], numbers[1],
                   numbers[2], (char *)script, NULL};
  char *nothing[] = {NULL};
  execve(program, words, nothing);
}

static void play(const char *script) {
  while (*script && *script != ')') {
    char action = *script++;
    int number[3] = {0};
    for (int n = 0; n < 3 && *script >= '0' && *script <= '9'; n++) {
      number[n] = (int)strtol(script, (char **)&script, 10);
      if (*script == ',') script++;
    }
    const char *inner = NULL;
    if (*script == '(') {
      inner = script + 1;
      script = matching(script) + 1;
    }
    switch (action) {
      case 'a': arm(number[0]); break;
      case 'c': catches = 1, catch_pause = number[0], catch_code = number[1], arm(3); break;
      case 'u':
        handle(SIGUSR1, on_signal), handle(SIGUSR2, on_signal), handle(SIGWINCH, on_signal);
        note(NOTE_ARMED, 4, 0);
        break;
      case 'r': atomic_store(&board->armed, 1); break;
      case 'q': while (!seen[number[0]]) pause_for(500); break;
      case 's': pause_for(number[0]); break;
      case 'w':
        for (int n = 0; n < number[1]; n++) write_record(number[0], number[2]);
        break;
      case 't': /* until it is killed */
        for (int n = 0; n < 4000; n++) write_record(number[0], number[2]), pause_for(number[1]);
        forever();
        break;
      case 'f': plant(number[0], inner, 1, 0); break;
      case 'o': plant(number[0], inner, 2, 0); break;
      case 'd': plant(number[0], inner, 2, 1); break;
      case 'S': setsid(); break;
      case 'G': setpgid(0, 0); break;
      case 'C': for (int n = 0; n < 64; n++) close(n); break;
      case 'b': burst(number[0]); break;
      case 'z': await_reaping(); break;
      case 'h': hop(number[0], number[1]); forever(); break;
      case 'B': breed(number[0]); forever(); break;
      case 'm': storm(number[0], number[1]); break;
      case 'P': raise(SIGSTOP); break;
      case 'E': begin_anew(script); break;
      case 'R': prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); break;
      case 'D': prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); break;
      case 'L': leave_leader(script); return;
      case 'W': while (wait(NULL) > 0 || errno == EINTR) continue; break;
      case 'p': forever(); break;
      case 'x': end(number[0]); break;
      case 'k':
        handle(number[0], SIG_DFL);
        set_mask(SIG_UNBLOCK, number[0]);
        note(NOTE_DIE, number[0], 0);
        kill(getpid(), number[0]);
        forever();
        break;
      default: note(NOTE_STEP, action, 0);
    }
  }
}

int main(int count, char **words) {
  if (count != 6) return 98;
  program = words[0];
  board_path = words[1];
  int file = open(board_path, O_RDWR | O_CLOEXEC);
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file < 0 || board == MAP_FAILED) return 97;
  close(file);
  guard();
  make_pattern();
  random_number = (unsigned)getpid();
  written[0] = atoi(words[3]);
  written[1] = atoi(words[4]);
  int out = written[0], error = written[1];
  start_node(atoi(words[2]));
  written[0] = out;
  written[1] = error;
  play(words[5]);
  end(0);
}
