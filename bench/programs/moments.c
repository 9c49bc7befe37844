/*
 * Two clocks around a supervisor.
 *
 *   moments block FILE             the block: notes when it began and when it ends
 *   moments ROUNDS FILE WORD…      starts WORD… so often, and prints for each start the
 *                                  milliseconds from before it to the block's
 *                                  beginning, and from the block's end to after the
 *                                  supervisor's
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double *shared(const char *file, int flags) {
  int descriptor = open(file, flags, 0600);
  if (descriptor < 0 || ftruncate(descriptor, 2 * sizeof(double)) != 0) exit(2);
  void *memory = mmap(NULL, 2 * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED,
                      descriptor, 0);
  if (memory == MAP_FAILED) exit(2);
  return memory;
}

int main(int count, char **words) {
  double begun = now();
  if (count < 3) return 2;
  if (strcmp(words[1], "block") == 0) {
    double *moments = shared(words[2], O_RDWR);
    moments[0] = begun;
    moments[1] = now();
    _exit(0);
  }
  double *moments = shared(words[2], O_RDWR | O_CREAT);
  for (int round = atoi(words[1]); round > 0; round--) {
    double before = now();
    pid_t process = vfork();
    if (process == 0) {
      execv(words[3], words + 3);
      _exit(127);
    }
    int status;
    waitpid(process, &status, 0);
    double after = now();
    if (status != 0) return 3;
    printf("%.4f %.4f\n", moments[0] - before, after - moments[1]);
  }
  return 0;
}
