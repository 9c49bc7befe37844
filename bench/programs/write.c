/*
 * Writes COUNT pieces of SIZE bytes to standard output, and the nanoseconds that it took
 * into the file REPORT: write COUNT SIZE REPORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int count, char **words) {
  if (count != 4) return 2;
  long pieces = atol(words[1]), size = atol(words[2]);
  char *piece = malloc((size_t)size);
  if (piece == NULL) return 1;
  memset(piece, 'x', (size_t)size);
  piece[size - 1] = '\n';
  long start = now();
  for (long n = 0; n < pieces; n++)
    for (long at = 0; at < size;) {
      long taken = write(1, piece + at, (size_t)(size - at));
      if (taken < 0) return 1;
      at += taken;
    }
  long nanoseconds = now() - start;
  FILE *report = fopen(words[3], "w");
  if (report == NULL) return 1;
  fprintf(report, "%ld\n", nanoseconds);
  return fclose(report) == 0 ? 0 : 1;
}
