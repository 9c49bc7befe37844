/*
 * A block that makes descendants of every kind. Its argument says which:
 *
 *   session N    N processes, each in a session of its own, that ignore SIGTERM
 *   daemon N     N processes as daemons are made: forked twice, in new sessions
 *   group N      N processes, each in a group of its own
 *   orphans N    N processes that end at once, after their parents
 *   racer        a process that forks, ends, and lets its child do the same, in a new
 *                session each time, at most 200000 times
 *
 * It writes the process id of each who is to last as a line to standard output, and
 * then ends with the status that is its third argument, or waits for ever with "wait".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void race(void) {
  for (long generation = 0; generation < 200000; generation++) {
    pid_t child = fork();
    if (child > 0) _exit(0);
    if (child < 0) usleep(1000);
    setsid();
  }
  _exit(0);
}

int main(int count, char **arguments) {
  if (count < 4) return 99;
  const char *kind = arguments[1];
  int number = atoi(arguments[2]);
  if (strcmp(kind, "racer") == 0) {
    if (fork() == 0) race();
    usleep(20000);
  } else {
    int ready[2];
    if (pipe(ready) != 0) return 99;
    for (int n = 0; n < number; n++) {
      pid_t child = fork();
      if (child < 0) return 98;
      if (child > 0) {
        if (strcmp(kind, "daemon") == 0) waitpid(child, NULL, 0);
        continue;
      }
      if (strcmp(kind, "orphans") == 0) {
        if (fork() == 0) usleep(1000);
        _exit(n % 256);
      }
      if (strcmp(kind, "group") == 0) setpgid(0, 0);
      else setsid();
      if (strcmp(kind, "daemon") == 0 && fork() > 0) _exit(0);
      if (strcmp(kind, "session") == 0) signal(SIGTERM, SIG_IGN);
      dprintf(1, "%d\n", getpid());
      alarm(120); /* whatever goes wrong */
      close(ready[0]);
      close(ready[1]);
      for (;;) pause();
    }
    close(ready[1]);
    char byte;
    if (strcmp(kind, "orphans") != 0 && read(ready[0], &byte, 1) != 0) return 97;
  }
  if (strcmp(arguments[3], "wait") == 0)
    for (;;) pause();
  return atoi(arguments[3]);
}
