#!/bin/sh
# Builds the images of images/ where no registry can be reached: on a Debian that is
# made here, from the mirror that this machine's apt has.
#
#     sh scripts/images.sh [--without-docker] [--output DIRECTORY] [NAME…]
#
# NAME is a folder of images/, and what it is built from is built first; without any, it
# is all of them. Where Docker answers it builds them, and has them then. Where it does
# not, or by --without-docker, their Dockerfiles are read here, and each is an OCI
# layout in dist/images/NAME, or in DIRECTORY/NAME.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname "$here")
sh "$here/setup.sh" gcc libc6-dev debootstrap
[ -x "$root/dist/sidecar" ] || sh "$here/bun" "$root/build.ts"
exec sh "$here/bun" "$here/images/build.ts" "$@"
