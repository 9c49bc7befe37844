#!/bin/sh
# The first of README's two commands: install what is needed, build, and run a real
# COBOL block (and a Python and a shell block) under its runtime environment.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sh "$here/setup.sh" gcc libc6-dev gnucobol python3
sh "$here/bun" "$here/../build.ts"
sh "$here/run-blocks.sh"
