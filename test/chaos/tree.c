/*
 * tree BOARD NODE OUT ERROR SCRIPT: a block, or what an activation leaves running: a
 * tree of processes that does what SCRIPT says, and notes it on the board. NODE is the
 * number of the first process, OUT and ERROR how many records it has written already.
 *
 * A script is a sequence of actions: a letter, numbers with commas between, and for
 * some a script in parentheses. test/chaos/script.ts writes them and says what each is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tree.h"

static char *program, *board_path;

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

/* A child; `generations` 2: its parent ends at once. `session`: it has
   one of its own. */
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
      case 'c':
        catches = 1, catch_pause = number[0], catch_code = number[1], arm(3);
        break;
      case 'u':
        listen_to_users();
        break;
      case 'r': atomic_store(&board->armed, 1); break;
      case 'q': while (!seen[number[0]]) pause_for(500); break;
      case 's': pause_for(number[0]); break;
      case 'w':
        for (int n = 0; n < number[1]; n++) write_record(number[0], number[2]);
        break;
      case 't': /* until it is killed */
        for (int n = 0; n < 4000; n++)
          write_record(number[0], number[2]), pause_for(number[1]);
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
        note(NOTE_DIE, number[0], 0);
        handle(number[0], SIG_DFL);
        set_mask(SIG_UNBLOCK, number[0]);
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
  seed_random((unsigned)getpid());
  written[0] = atoi(words[3]);
  written[1] = atoi(words[4]);
  int out = written[0], error = written[1];
  start_node(atoi(words[2]));
  written[0] = out;
  written[1] = error;
  play(words[5]);
  end(0);
}
