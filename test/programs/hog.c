/* hog MIB [SECONDS]: takes so much memory, and keeps it for a while. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 2) return 90;
  for (long n = atol(words[1]); n > 0; n--) {
    char *piece = malloc(1 << 20);
    if (piece == NULL) return 91;
    memset(piece, 1, 1 << 20);
  }
  if (count > 2) sleep((unsigned)atoi(words[2]));
  return 0;
}
