#!/bin/sh
# Installs the runenv COBOL into a directory, which is its COBOL_HOME: activate.sh,
# copybooks/, and modules/ with every module compiled.
#
#     sh install.sh /opt/cobol
#
# The Dockerfile does this when the image is built; scripts/run-blocks.sh does the same
# on a host without any container engine.
set -eu

[ $# = 1 ] || {
  echo 'usage: sh install.sh DIRECTORY' >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A task has any user id: whatever the umask and the checkout's modes, all may read.
umask 022
mkdir -p "$1/copybooks" "$1/modules"
home=$(CDPATH='' cd -- "$1" && pwd)

install -m 644 "$here/activate.sh" "$home/activate.sh"
for copybook in "$here"/copybooks/*.cpy; do
  install -m 644 "$copybook" "$home/copybooks/"
done

# The compiler writes its intermediate files beside the source unless it is told where
# to be; the checkout may be read-only. The module is renamed into place when it is
# whole, because a program may be running with the one before.
for source in "$here"/modules/*.cob; do
  name=$(basename "$source" .cob)
  (
    cd "$home/modules"
    cobc -m -Wall -I "$home/copybooks" -o "$name.new.so" "$source"
    chmod 755 "$name.new.so"
    mv -f "$name.new.so" "$name.so"
  )
done
