/*
 * enter ROOT ENTRIES FILE [ARGUMENT…]: as user 20042, without any privilege and any way
 * to get one, in the root directory ROOT, starts FILE. ENTRIES says how many of the
 * arguments are its environment; with FILE given as "-FILE" it gets no argument at all,
 * not even its own name.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void must(int result, const char *what) {
  if (result == 0) return;
  perror(what);
  exit(90);
}

int main(int count, char **words) {
  if (count < 4) return 91;
  int entries = atoi(words[2]);
  char **environment = words + 3;
  char *file = words[3 + entries];
  char **arguments = words + 3 + entries;
  must(chroot(words[1]), "chroot");
  must(chdir("/"), "chdir");
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
    must(prctl(PR_CAPBSET_DROP, capability), "bounding set");
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
  must(setgroups(0, NULL), "setgroups");
  must(setgid(20042), "setgid");
  must(setuid(20042), "setuid");
  char *own[64] = {0};
  memcpy(own, environment, (size_t)entries * sizeof *own);
  static char *none[] = {NULL};
  if (file[0] == '-') execve(file + 1, none, own);
  else execve(file, arguments, own);
  perror("execve");
  return 92;
}
