#!/bin/sh
# Makes a root file system of Debian that has what the images in images/ need: GnuCOBOL
# with its C compiler, Python 3 and 2 with their standard libraries, musl and busybox.
# It serves as the base of those images, or of a chroot, where no registry can be
# reached.
#
#     sh scripts/make-root.sh DIRECTORY [PACKAGE…]
#
# PACKAGEs are added to the usual ones. The mirror is the one this machine's own apt
# uses. Nothing is done where DIRECTORY is complete already; one that this script made
# and that lacks a package is made anew; one that somebody else made is left alone. It
# takes a few minutes and about half a gigabyte.
set -eu

release=bookworm
usual='gnucobol3 python3 musl-tools busybox-static'
# What no longer is in the release: a script of an image knows where it is.
elsewhere='python2.7'
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

fail() {
  printf 'make-root.sh: %s\n' "$1" >&2
  exit 1
}

say() {
  printf 'make-root.sh: %s\n' "$1" >&2
}

[ $# -ge 1 ] || fail 'usage: sh scripts/make-root.sh DIRECTORY [PACKAGE…]'
[ -n "$1" ] || fail 'DIRECTORY is empty'
case $1 in
  /*) directory=$1 ;;
  *) directory=$PWD/$1 ;;
esac
shift
while [ "$directory" != "${directory%/}" ]; do directory=${directory%/}; done
[ -n "$directory" ] || fail 'DIRECTORY cannot be / itself'
for package in "$@"; do
  case $package in
    '' | *[!a-z0-9+.-]*) fail "'$package' is not the name of a Debian package" ;;
  esac
done

partial=$directory.partial
marker=.make-root-complete

# What the marker holds is what the root holds: the release, then one package a line.
complete() {
  [ -f "$directory/$marker" ] || return 1
  for package in $usual $elsewhere "$@"; do
    grep -q -x -F -e "$package" "$directory/$marker" || {
      say "$directory has no $package: it is made anew"
      return 1
    }
  done
  say "$directory is complete already"
}

! complete "$@" || exit 0
[ "$(id -u)" = 0 ] || fail 'only root can make a root file system'

mkdir -p "$(dirname "$directory")"
# The lock goes with this process, however it ends; the file itself stays.
exec 9>"$directory.lock"
flock -n 9 || {
  say "another make-root.sh is making $directory; waiting for it"
  flock 9
}
! complete "$@" || exit 0

# An interrupted debootstrap may have left /proc or /sys mounted below: nothing must be
# removed through a mount. The deepest is unmounted first.
discard_partial() {
  awk -v root="$partial/" 'index($2 "/", root) == 1 { print $2 }' /proc/mounts |
    sort -r |
    while IFS= read -r mounted; do umount "$mounted" || umount -l "$mounted"; done
  rm -rf --one-file-system "$partial"
}

# An earlier one of this script's goes with what is partial.
if [ -f "$directory/$marker" ]; then
  discard_partial
  mv -T "$directory" "$partial"
fi
# An empty directory, as mktemp -d makes it, is as good as none.
[ ! -d "$directory" ] || rmdir "$directory" 2>/dev/null ||
  fail "$directory exists and is not one of mine: remove it, or name another"
[ ! -e "$directory" ] || fail "$directory exists and is no directory"

# The mirrors of apt, as "URI SUITE" with the component main, in apt's own order. Both
# forms of its sources are read: lines of "deb", and stanzas that start with "Types:".
mirrors() {
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$list" ] || continue
    sed -e 's/#.*//' -e 's/\[[^]]*\]//' "$list" |
      awk '$1 == "deb" {
        for (field = 4; field <= NF; field++) if ($field == "main") print $2, $3
      }'
  done
  for stanzas in /etc/apt/sources.list.d/*.sources; do
    [ -r "$stanzas" ] || continue
    sed -e '/^#/d' "$stanzas" | awk '
      BEGIN { RS = ""; FS = "\n" }
      {
        split("", value)
        key = ""
        for (line = 1; line <= NF; line++) {
          text = $line
          if (text !~ /^[ \t]/) {
            colon = index(text, ":")
            key = tolower(substr(text, 1, colon - 1))
            text = substr(text, colon + 1)
          }
          value[key] = value[key] " " text " "
        }
        if (tolower(value["enabled"]) ~ / (no|false|off|0) /) next
        if (value["types"] !~ / deb / || value["components"] !~ / main /) next
        uris = split(value["uris"], uri, " ")
        suites = split(value["suites"], suite, " ")
        for (i = 1; i <= uris; i++)
          for (j = 1; j <= suites; j++) print uri[i], suite[j]
      }'
  done
}

# Other vendors have repositories in these files too, which also have a "main". That of
# the release is preferred; on a machine of another release it is a Debian of some kind.
mirror=$(mirrors | awk -v release="$release" '
  $2 == release { print $1; found = 1; exit }
  first == "" && $1 ~ /\/debian\/?$/ { first = $1 }
  END { if (!found && first != "") print first }')
[ -n "$mirror" ] || fail "this machine's apt has no mirror of Debian in its sources"

PATH=$PATH:/usr/sbin:/sbin
if ! command -v debootstrap >/dev/null; then
  say 'installing debootstrap'
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=500 install -y \
    --no-install-recommends debootstrap >&2 ||
    fail 'debootstrap cannot be installed: apt-get update may be needed first'
fi

packages=$(printf '%s,' $usual "$@")
discard_partial
trap discard_partial EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
say "making $directory of $release with ${packages%,}"
# Whatever the caller's umask is, any user must be able to read what is in the root.
umask 022
debootstrap --variant=minbase --include="${packages%,}" "$release" "$partial" \
  "$mirror" >&2 9>&- || {
  # The log goes away with the rest.
  tail -n 20 "$partial/debootstrap/debootstrap.log" >&2 2>/dev/null || :
  fail 'debootstrap failed'
}
say "adding $elsewhere of an earlier release"
# As debootstrap does: what a package starts must not be started here.
printf '#!/bin/sh\nexit 101\n' >"$partial/usr/sbin/policy-rc.d"
chmod 755 "$partial/usr/sbin/policy-rc.d"
chroot "$partial" sh -c "$(cat "$here/../images/python2-and-3/packages.sh")" \
  </dev/null >&2 9>&- ||
  fail 'the packages of an earlier release cannot be installed'
rm "$partial/usr/sbin/policy-rc.d"
# The archives and lists would only make every image larger.
rm -rf "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/*
printf '%s\n' "$release" $usual $elsewhere "$@" >"$partial/$marker"
mv -T "$partial" "$directory"
say "$directory is complete"
