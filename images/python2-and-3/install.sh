#!/bin/sh
# Installs the runenvs PYTHON2 and PYTHON3 into a directory, which is their PYTHONS_HOME:
# the packages of either, compiled, and the files that activate them.
#
#     sh install.sh /opt/pythons
set -eu

[ $# = 1 ] || {
  echo 'usage: sh install.sh DIRECTORY' >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A task has any user id: whatever the umask and the checkout's modes, all may read.
umask 022
mkdir -p "$1"
home=$(CDPATH='' cd -- "$1" && pwd)

for runenv in python2 python3; do
  install -m 644 "$here/$runenv.env" "$home/$runenv.env"
  (
    cd "$here/$runenv"
    find . -name '*.py' -exec sh -euc '
      target=$1
      shift
      for name; do install -D -m 644 "$name" "$target/$name"; done
    ' - "$home/$runenv" {} +
  )
done
# A task cannot write here: what it would compile at every start is compiled once.
python2.7 -m compileall -q "$home/python2"
python3 -m compileall -q --invalidation-mode checked-hash "$home/python3"
