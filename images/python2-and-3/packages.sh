#!/bin/sh
# Installs Python 2.7 and Python 3 where they are missing. Debian 12 has no Python 2;
# Debian 11 was the last that had. Its packages need two libraries of their release
# (libssl1.1, libffi7) and nothing else, and are installed beside those of Debian 12.
#
#     sh packages.sh
#
# The mirror is the one that apt has already. Python 2.7 gets no security updates any
# more: whoever runs such a block trusts it.
set -eu

if command -v python2.7 >/dev/null && command -v python3 >/dev/null; then exit 0; fi

# Lists of the earlier release beside those that are there, for this once. Of a package
# that both have, apt takes the later one.
lists=/etc/apt/sources.list.d
remove() {
  rm -f "$lists"/bullseye-once.*
  rm -rf /var/lib/apt/lists/*
  apt-get clean
}
trap remove EXIT
for list in /etc/apt/sources.list "$lists"/*.list "$lists"/*.sources; do
  [ -f "$list" ] || continue
  sed 's/bookworm/bullseye/g' "$list" >>"$lists/bullseye-once.${list##*.}"
  # Stanzas of several files stay apart.
  echo >>"$lists/bullseye-once.${list##*.}"
done
# "sources.list" is of the kind whose name ends in "list".
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  python2.7 python3
