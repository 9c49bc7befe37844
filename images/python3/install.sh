#!/bin/sh
# Installs the runenv PYTHON3 into a directory: venv/, with the packages of package/ in
# it. Neither pip nor a package index is needed.
#
#     sh install.sh /opt/python3
#
# A venv holds its own path: it cannot be moved afterwards. The Dockerfile does this
# when the image is built; scripts/run-blocks.sh does the same on a host without any
# container engine.
set -eu

[ $# = 1 ] || {
  echo 'usage: sh install.sh DIRECTORY' >&2
  exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# A task has any user id: whatever the umask and the checkout's modes, all may read.
umask 022
mkdir -p "$1"
venv=$(CDPATH='' cd -- "$1" && pwd)/venv

# --clear: no package of an earlier version stays behind.
python3 -m venv --clear --without-pip "$venv"
packages=$("$venv/bin/python" -c \
  'import sysconfig; print(sysconfig.get_path("purelib"))')
(
  cd "$here/package"
  find . -type d ! -name __pycache__ -exec sh -euc \
    'target=$1; shift; for name; do mkdir -p "$target/$name"; done' \
    - "$packages" {} +
  find . -name '*.py' -exec sh -euc \
    'target=$1; shift; for name; do install -m 644 "$name" "$target/$name"; done' \
    - "$packages" {} +
)
# A task cannot write here: what it would compile at every start is compiled once. The
# check of the source is by its content, as the image's layers may change its time.
"$venv/bin/python" -m compileall -q --invalidation-mode checked-hash "$packages"
