#!/bin/sh
# Makes a virtual machine for tests of what this machine's kernel does not have: version
# 2 of cgroups with its memory controller. Debian's emulator and its kernel for clouds
# are unpacked, not installed; no KVM is needed, and not to be root.
#
#     sh scripts/make-machine.sh DIRECTORY
#
# The mirror is the one this machine's own apt uses. 40 MB are loaded, 55 MB stay.
set -eu

fail() {
  printf 'make-machine.sh: %s\n' "$1" >&2
  exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || fail 'usage: sh scripts/make-machine.sh DIRECTORY'
mkdir -p "$1"
directory=$(cd "$1" && pwd)
[ ! -e "$directory/complete" ] || exit 0

partial=$directory/partial
rm -rf "$partial"
mkdir -p "$partial/root"
trap 'rm -rf "$partial"' EXIT
cd "$partial"

# The kernel's package is a dependency of the one that has its name for all times.
kernel=$(apt-cache depends linux-image-cloud-amd64 |
  sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
[ -n "$kernel" ] || fail 'apt knows no linux-image-cloud-amd64: apt-get update first'
# Of the emulator what is not installed here, libraries included.
emulator=$(apt-get install --simulate --no-install-recommends qemu-system-x86 |
  sed -n 's/^Inst \([^ ]*\) .*/\1/p')
# shellcheck disable=SC2086  # lists of names
apt-get -qq -o APT::Sandbox::User=root download "$kernel" $emulator
for package in *.deb; do dpkg-deb --extract "$package" root; done
# In a Debian that is installed the two are one directory.
[ ! -d root/lib/x86_64-linux-gnu ] ||
  cp -a root/lib/x86_64-linux-gnu/. root/usr/lib/x86_64-linux-gnu/

for part in usr/bin/qemu-system-x86_64 usr/lib usr/share/qemu usr/share/seabios; do
  [ -e "root/$part" ] || continue
  mkdir -p "$directory/$(dirname "$part")"
  rm -rf "${directory:?}/$part"
  mv "root/$part" "$directory/$part"
done
mv root/boot/vmlinuz-* "$directory/vmlinuz"
touch "$directory/complete"
