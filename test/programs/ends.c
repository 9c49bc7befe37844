/*
 * Ends in every way that there is:
 *
 *     ends exit CODE      with that exit code
 *     ends signal N       by signal N, with whatever it does to a program
 *     ends table          says of each signal what it does: "N ended", "N dumped core";
 *                         nothing of those that end nobody
 *     ends unreaped N     after N children have used 50 ms of processor time each, whom
 *                         it never waits for because it ignores their end
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int end_by(int signal) {
  kill(getpid(), signal);
  return 93; /* it did not end */
}

static int table(void) {
  for (int signal = 1; signal <= 64; signal++) {
    pid_t child = fork();
    if (child < 0) return 91;
    if (child == 0) _exit(end_by(signal));
    int status;
    if (waitpid(child, &status, WUNTRACED) != child) return 92;
    if (WIFSTOPPED(status)) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
    } else if (WIFSIGNALED(status)) {
      printf("%d %s\n", WTERMSIG(status), WCOREDUMP(status) ? "dumped core" : "ended");
    }
  }
  return 0;
}

static int unreaped(int children) {
  signal(SIGCHLD, SIG_IGN);
  for (int n = 0; n < children; n++) {
    pid_t child = fork();
    if (child < 0) return 91;
    if (child > 0) continue;
    while (clock() < CLOCKS_PER_SEC / 20) continue;
    _exit(0);
  }
  /* There is nobody left to wait for when the last one has ended. */
  while (wait(NULL) > 0) continue;
  return 0;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "table") == 0) return table();
  if (count != 3) return 90;
  int number = atoi(words[2]);
  if (strcmp(words[1], "exit") == 0) return number;
  if (strcmp(words[1], "unreaped") == 0) return unreaped(number);
  return end_by(number);
}
