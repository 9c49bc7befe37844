/*
 * Counts the cycles in a history of stress, by the rainflow method (ASTM E1049).
 *
 *     rainflow < HISTORY > CYCLES
 *
 * HISTORY has a number in a line; # begins a comment. CYCLES has "RANGE MEAN COUNT" in
 * a line, COUNT being 1 or 0.5, in the order in which they are closed; what stays open
 * at the end is half cycles. The exit code is 1 where a line is no number.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 65536 };

/* Reversals that are in no whole cycle yet. */
static double open_ones[MOST];
static size_t open_count;

static void stop(const char *what, unsigned long line) {
  fprintf(stderr, "rainflow: line %lu: %s\n", line, what);
  exit(1);
}

static void count_cycle(double one, double other, double count) {
  printf("%.6g %.6g %g\n", fabs(one - other), (one + other) / 2, count);
}

static void add_reversal(double value, unsigned long line) {
  if (open_count == MOST) stop("more reversals are open than can be kept", line);
  open_ones[open_count++] = value;
  while (open_count >= 3) {
    double *last = open_ones + open_count - 3;
    if (fabs(last[2] - last[1]) < fabs(last[1] - last[0])) return;
    if (open_count == 3) {
      /* It contains the beginning: half a cycle, which is then done with. */
      count_cycle(last[0], last[1], 0.5);
      last[0] = last[1];
      last[1] = last[2];
      open_count -= 1;
    } else {
      count_cycle(last[0], last[1], 1);
      last[0] = last[2];
      open_count -= 2;
    }
  }
}

int main(void) {
  char text[256];
  double before = 0, turning = 0;
  int direction = 0, begun = 0;
  unsigned long line = 0;
  while (fgets(text, sizeof text, stdin)) {
    line += 1;
    text[strcspn(text, "#\r\n")] = 0;
    if (text[strspn(text, " \t")] == 0) continue;
    char *end;
    double value = strtod(text, &end);
    if (end == text || end[strspn(end, " \t")] || !isfinite(value))
      stop("this is no number", line);
    if (!begun) {
      add_reversal(value, line);
      begun = 1;
    } else if (value != before) {
      int now = value > before ? 1 : -1;
      if (direction && now != direction) add_reversal(turning, line);
      direction = now;
    }
    before = turning = value;
  }
  if (direction) add_reversal(turning, line);
  for (size_t i = 0; i + 1 < open_count; i++)
    count_cycle(open_ones[i], open_ones[i + 1], 0.5);
  return fflush(stdout) || ferror(stdin);
}
