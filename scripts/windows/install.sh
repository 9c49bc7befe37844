#!/bin/sh
# Installs the Bun for Windows, of which build-windows.ts makes dist/sidecar.exe, into
# .cache/windows: npm refuses a package of another system among this system's own.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
place=$(cd "$here/../.." && pwd)/.cache/windows
mkdir -p "$place"
# npm writes its own lockfile last; with a newer lockfile of ours all is installed anew.
done=$place/node_modules/.package-lock.json
if [ ! -e "$done" ] || [ "$here/package-lock.json" -nt "$done" ]; then
  cp "$here/package.json" "$here/package-lock.json" "$place"
  # Not in this checkout's directory: its .npmrc and node_modules are of another kind.
  cd "$place"
  npm ci --os=win32 --cpu=x64 --ignore-scripts --loglevel=error
  touch "$done"
fi
