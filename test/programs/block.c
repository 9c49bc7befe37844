/* A block that needs nothing: it says how it was started, and ends with 7. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **words) {
  printf("user %d\n", (int)getuid());
  for (int n = 1; n < count; n++) printf("word %s\n", words[n]);
  for (char **entry = environ; *entry; entry++) printf("variable %s\n", *entry);
  for (int n = 0; n < 64; n++)
    if (fcntl(n, F_GETFD) >= 0) printf("descriptor %d\n", n);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("limit %lu\n", (unsigned long)limit.rlim_cur);
  fflush(stdout);
  return 7;
}
