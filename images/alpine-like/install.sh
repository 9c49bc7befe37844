#!/bin/sh
# Makes the root of an image of musl and busybox, with the runenv FATIGUE in it.
#
#     sh install.sh /image
#
# It needs musl-gcc and a busybox without shared libraries, Debian's say.
set -eu

[ $# = 1 ] || {
  echo 'usage: sh install.sh DIRECTORY' >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A task has any user id: whatever the umask and the checkout's modes, all may read.
umask 022
mkdir -p "$1/bin" "$1/lib" "$1/etc" "$1/opt/fatigue/bin"
image=$(CDPATH='' cd -- "$1" && pwd)

# A block needs a place for its HOME.
mkdir -p "$image/tmp"
chmod 1777 "$image/tmp"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$image/etc/passwd"
printf 'root:x:0:\n' >"$image/etc/group"

# Of musl the loader is the library too.
install -m 755 "$(readlink -f /lib/ld-musl-x86_64.so.1)" \
  "$image/lib/ld-musl-x86_64.so.1"
install -m 755 "$(command -v busybox)" "$image/bin/busybox"
busybox --list | while read -r name; do
  [ "$name" = busybox ] || ln -s busybox "$image/bin/$name"
done

musl-gcc -std=c11 -O2 -Wall -Wextra -Werror -s \
  -o "$image/opt/fatigue/bin/rainflow" "$here/rainflow.c"
install -m 644 "$here/activate.sh" "$image/opt/fatigue/activate.sh"
