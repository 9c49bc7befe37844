/*
 * As setcap(8), for images of busybox: `setcap cap_net_raw+ep FILE` gives a file that one
 * capability, effective and permitted; `setcap -r FILE` removes what it has.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static const char *const name = "security.capability";

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "-r") == 0)
    return removexattr(words[2], name) ? (perror(words[2]), 1) : 0;
  if (count != 3 || strncmp(words[1], "cap_net_raw+", 12) != 0) {
    fprintf(stderr, "setcap: cap_net_raw+ep FILE, cap_net_raw+p FILE or -r FILE\n");
    return 1;
  }
  struct vfs_cap_data data = {0};
  data.magic_etc = VFS_CAP_REVISION_2;
  if (strchr(words[1] + 12, 'e')) data.magic_etc |= VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1 << CAP_NET_RAW;
  if (setxattr(words[2], name, &data, sizeof data, 0) != 0) {
    perror(words[2]);
    return 1;
  }
  return 0;
}
