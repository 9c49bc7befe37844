/*
 * Writes COUNT pieces of SIZE bytes to standard output; into the file REPORT the
 * nanoseconds that it took, and those of the processor: write COUNT SIZE REPORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int count, char **words) {
  if (count != 4) return 2;
  long pieces = atol(words[1]), size = atol(words[2]);
  char *piece = malloc((size_t)size);
  if (piece == NULL) return 1;
  memset(piece, 'x', (size_t)size);
  piece[size - 1] = '\n';
  long start = now(CLOCK_MONOTONIC), worked = now(CLOCK_PROCESS_CPUTIME_ID);
  for (long n = 0; n < pieces; n++)
    for (long at = 0; at < size;) {
      long taken = write(1, piece + at, (size_t)(size - at));
      if (taken < 0) return 1;
      at += taken;
    }
  long nanoseconds = now(CLOCK_MONOTONIC) - start;
  worked = now(CLOCK_PROCESS_CPUTIME_ID) - worked;
  FILE *report = fopen(words[3], "w");
  if (report == NULL) return 1;
  fprintf(report, "%ld %ld\n", nanoseconds, worked);
  return fclose(report) == 0 ? 0 : 1;
}
