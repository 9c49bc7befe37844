/*
 * A block that writes: each argument is the size of one write(2) to standard output, or
 * with an "e" behind it to standard error. The bytes are those of `numbered` in
 * test/support/programs.ts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t states[] = {0, 1, 2};

int main(int count, char **words) {
  for (int n = 1; n < count; n++) {
    long size = atol(words[n]);
    int stream = strchr(words[n], 'e') ? 2 : 1;
    unsigned char *bytes = malloc((size_t)size);
    if (bytes == NULL) return 1;
    for (long at = 0; at < size; at++)
      bytes[at] = (states[stream] = states[stream] * 1664525 + 1013904223) >> 24;
    for (long at = 0; at < size;) {
      long taken = write(stream, bytes + at, (size_t)(size - at));
      if (taken < 0) return 2;
      at += taken;
    }
    free(bytes);
  }
  return 0;
}
