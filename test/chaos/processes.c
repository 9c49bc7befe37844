/* What the stage asks the kernel about processes (processes.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "processes.h"

uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void describe_process(int process, const char *word) {
  char path[64], text[512] = "", script[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length > 0 ? length : 0] = 0;
  char *behind = strrchr(text, ')');
  long user = 0, system = 0; /* CPU time, in ticks of 10 ms */
  if (behind) {
    sscanf(behind + 4, "%*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld %ld", &user,
           &system);
    behind[3] = 0;
  }
  snprintf(path, sizeof path, "/proc/%d/cmdline", process);
  file = open(path, O_RDONLY | O_CLOEXEC);
  length = file < 0 ? -1 : read(file, script, sizeof script - 1);
  if (file >= 0) close(file);
  for (ssize_t n = 0; n < length; n++)
    if (script[n] < ' ') script[n] = ' ';
  char where[64] = "";
  snprintf(path, sizeof path, "/proc/%d/wchan", process);
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0 && read(file, where, sizeof where - 1) < 0) where[0] = 0;
  if (file >= 0) close(file);
  printf("%s %s in %s, %ld ms of CPU: %s\n", word, text[0] ? text : "?", where,
         10 * (user + system), script);
}

void each_child(int parent, void (*what)(int)) {
  char path[64], text[65536];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length > 0 ? length : 0] = 0;
  for (char *at = text; *at;) {
    int process = (int)strtol(at, &at, 10);
    if (process > 0) what(process);
    while (*at == ' ') at++;
  }
}

/* Whether sidecar has blocked a signal, so that it waits for it and is not lost. */
int is_blocked(int sidecar, int signal) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", sidecar);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  char *line = strstr(text, "\nSigBlk:");
  return line && (strtoull(line + 8, NULL, 16) >> (signal - 1) & 1);
}

void tell_left(int process) { describe_process(process, "left"); }
static void end_child(int process) { kill(process, SIGKILL); }

/* What outlived sidecar. `patience`: how long it may still take to end by itself. */
void look_for_others(uint64_t patience) {
  uint64_t until = now() + patience;
  while (patience > 0 && now() < until) {
    pid_t process = waitpid(-1, NULL, WNOHANG);
    if (process < 0) return;
    if (process == 0) poll(NULL, 0, 1);
  }
  each_child(getpid(), tell_left);
  for (int tries = 0; tries < 100000; tries++) {
    each_child(getpid(), end_child);
    if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD) return;
  }
}
