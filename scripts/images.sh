#!/bin/sh
# Builds the images of images/ where no registry can be reached: on a Debian that is made
# here, from the mirror that this machine's apt has.
#
#     sh scripts/images.sh [--without-docker] [NAME…]
#
# NAME is a folder of images/, and what it is built from is built first; without any, it
# is all of them. Where Docker answers it builds them, and has them then. Where it does
# not, or by --without-docker, their Dockerfiles are read here, and each is an OCI layout
# in dist/images/NAME.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/.."
sh "$here/setup.sh" gcc libc6-dev debootstrap
[ -x dist/sidecar ] || sh "$here/bun" build.ts
sh "$here/make-root.sh" .cache/root
exec sh "$here/bun" "$here/images/build.ts" "$@"
