#!/bin/sh
# Makes a root file system with HTCondor for tests: of Debian's releases the one that has
# it, unpacked and not installed, so that nothing runs here and no other package changes.
#
#     sh scripts/make-condor.sh DIRECTORY
#
# The mirror is the one this machine's own apt uses. 40 MB are loaded, 120 MB stay. What
# condor only recommends, or needs for other things than running jobs (Python, Perl,
# pictures of a web page), is left out.
set -eu

release=trixie
left_out='^(fonts-|libjs-|perl|libperl|lib.*-perl$|python3|libpython3|tzdata|ca-cert|dpkg$)'

fail() {
  printf 'make-condor.sh: %s\n' "$1" >&2
  exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || fail 'usage: sh scripts/make-condor.sh DIRECTORY'
mkdir -p "$1"
directory=$(cd "$1" && pwd)
[ ! -e "$directory/complete" ] || exit 0

partial=$directory/partial
rm -rf "$partial"
mkdir -p "$partial/lists/partial" "$partial/packages" "$partial/root"
trap 'rm -rf "$partial"' EXIT
cd "$partial"

# The mirror and component of this machine's release, of which this is another suite.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' \
  'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
  awk '$2 == "main" && $1 !~ /security/ { print $1; exit }')
[ -n "$mirror" ] || fail "this machine's apt has no mirror of Debian in its sources"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror $release main" >sources.list
: >status
cat >apt.conf <<CONFIGURATION
Dir::State "$partial";
Dir::State::status "$partial/status";
Dir::Cache "$partial";
Dir::Etc::sourcelist "$partial/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONFIGURATION
export APT_CONFIG="$partial/apt.conf"
apt-get -qq update
packages=$(apt-get install --simulate --no-install-recommends condor dash coreutils |
  sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -v -E "$left_out")
[ -n "$packages" ] || fail "$release has no condor"
cd packages
# shellcheck disable=SC2086  # a list of names
apt-get -qq download $packages
cd ..

mkdir -p root/usr/bin root/usr/lib root/usr/lib64 root/usr/sbin
for name in bin lib lib64 sbin; do ln -s "usr/$name" "root/$name"; done
for package in packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" |
    tar -x -C root --keep-directory-symlink \
      --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*'
done
# Where tests mount what they need, and whom they run jobs as.
mkdir -p root/dev root/proc root/tmp root/mnt root/etc
: >root/etc/hosts
cat >root/etc/passwd <<USERS
root:x:0:0::/:/bin/sh
condor:x:900:900::/:/bin/sh
user20042:x:20042:20042::/:/bin/sh
USERS
cat >root/etc/group <<GROUPS
root:x:0:
condor:x:900:
user20042:x:20042:
GROUPS
chroot root /usr/bin/condor_version >/dev/null || fail 'what was unpacked does not start'

rm -rf "${directory:?}/root"
mv root "$directory/root"
touch "$directory/complete"
