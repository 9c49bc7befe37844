#!/bin/sh
# Installs what the other scripts need: npm's packages, and as root Debian's packages.
# usage: setup.sh PACKAGE…    (names of Debian packages)
# Not as root it installs no Debian package, but says which ones are missing and what
# that means; the scripts then leave out what needs them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

missing() {
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || printf '%s ' "$package"
  done
}

install_packages() {
  wanted=$(missing "$@")
  [ -n "$wanted" ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "setup: not installed, and not root to install it: $wanted" >&2
    echo "setup: what needs it is left out; for all: apt-get install $wanted" >&2
    return 0
  fi
  echo "setup: installing $wanted" >&2
  export DEBIAN_FRONTEND=noninteractive
  # No service that a package brings shall start here.
  set -- apt-get -o DPkg::Lock::Timeout=500 -qq
  "$@" update
  # shellcheck disable=SC2086  # a list of names
  "$@" install --yes --no-install-recommends $wanted >/dev/null
}

install_node_modules() {
  cd "$root"
  # npm writes this file last; with a newer lockfile all is installed anew.
  done=node_modules/.package-lock.json
  if [ ! -e "$done" ] || [ package-lock.json -nt "$done" ]; then
    npm ci --ignore-scripts --loglevel=error
    touch "$done"
  fi
}

if command -v dpkg-query >/dev/null; then install_packages "$@"; fi
install_node_modules
