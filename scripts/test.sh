#!/bin/sh
# The second of README's two commands, and all that CI does: install what is needed,
# check, build, and pass all tests. As root everything is tested; otherwise the tests
# say what they leave out, and why.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
cd "$root"

sh "$here/setup.sh" gcc libc6-dev gnucobol python3 zsh binutils \
  debootstrap docker.io busybox-static musl-tools strace btrfs-progs \
  skopeo podman umoci docker-registry openssl \
  wine64 gcc-mingw-w64-x86-64-win32 \
  slurmctld slurmd slurm-client
npx --no-install biome check --error-on-warnings .
npx --no-install tsc --noEmit
npx --no-install tsc --noEmit --customConditions windows
sh "$here/bun" build.ts
sh "$here/bun" build-library.ts
sh "$here/windows/install.sh"
sh "$here/bun" build-windows.ts
if [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null; then
  sh "$here/make-root.sh" .cache/root
fi
# Version 2 of cgroups, which the kernel here may not have, in a virtual machine.
if command -v apt-get >/dev/null; then
  sh "$here/make-machine.sh" .cache/machine ||
    echo "test: no virtual machine; tests of cgroups of version 2 are left out" >&2
fi
# HTCondor, which this release of Debian does not have.
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  sh "$here/make-condor.sh" .cache/condor ||
    echo "test: no HTCondor; tests of it are left out" >&2
fi
sh "$here/bun" --bun node_modules/.bin/vitest run "$@"
