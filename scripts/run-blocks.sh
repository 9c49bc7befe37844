#!/bin/sh
# Runs the blocks of the images in images/ through sidecar, on this host and without any
# container engine, and compares what they print with what they must print.
#
#     sh scripts/run-blocks.sh [SIDECAR]
#
# SIDECAR is dist/sidecar of this repository if it is not given. The runtime
# environments are installed as their Dockerfiles do it, but into a temporary directory:
# nothing is written into the repository, and nothing stays. A line for each image says
# ok, failed, or skipped because this host lacks what the image would bring. The exit
# code is 1 if any failed.
set -eu

repository=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

fail() {
  printf 'run-blocks.sh: %s\n' "$1" >&2
  exit 1
}

[ $# -le 1 ] || fail 'usage: sh scripts/run-blocks.sh [SIDECAR]'
sidecar=${1:-$repository/dist/sidecar}
case $sidecar in
  /*) ;;
  *) sidecar=$PWD/$sidecar ;;
esac
[ -f "$sidecar" ] || fail "$sidecar does not exist; build it with: npm run build"
[ -x "$sidecar" ] || fail "$sidecar cannot be executed by user id $(id -u)"
[ -r "$repository/images/cobol/install.sh" ] ||
  fail "$repository/images cannot be read by user id $(id -u)"

# What the caller has set must not decide the outcome. The system's own programs come
# first, because those of a version manager need variables that are not passed on.
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}
path=${path%:}
PATH=$path
export PATH

# Everything is made in here, also what the compiler writes on the way.
root=$(mktemp -d "${TMPDIR:-/tmp}/run-blocks.XXXXXX") ||
  fail "${TMPDIR:-/tmp} cannot be written: set TMPDIR to a directory of your own"
trap 'rm -rf "$root"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
case $root in
  /*) ;;
  *) root=$PWD/$root ;;
esac
mkdir "$root/home" "$root/temporary"

printf '#!/bin/sh\n' >"$root/try"
chmod 700 "$root/try"
"$root/try" 2>/dev/null ||
  fail "no program may be run from ${TMPDIR:-/tmp}: set TMPDIR to another directory"

# A command in the environment that a fresh container would give it.
clean() {
  env -i PATH="$path" HOME="$root/home" TMPDIR="$root/temporary" "$@"
}

failed=0

# run_block RUNENV VERSION ACTIVATE EXECUTE FOLDER BLOCK EXPECTED [NAME=VALUE…]
# runs BLOCK in a fresh copy of FOLDER; the NAMEs are what the image sets besides.
run_block() {
  runenv=$1 version=$2 activate=$3 execute=$4 folder=$5 block=$6 expected=$7
  shift 7
  work=$root/work-$runenv
  mkdir "$work"
  cp "$repository/$folder"/* "$work"
  # The block must not find what it is compared with, nor be stopped by the modes of a
  # read-only checkout.
  rm -f "$work/$expected"
  chmod u+w "$work"/*
  prefix=DA__P7__RUNENV__${runenv}
  code=0
  clean "$@" "${prefix}__VERSION=$version" "${prefix}__ACTIVATE=$activate" \
    "${prefix}__EXECUTE=$execute" \
    "$sidecar" --quiet --timeout=5m "--runenv=($runenv,$version)" --cwd="$work" \
    --exec "\${${prefix}__EXECUTE}" "$block" >"$root/$runenv.out" || code=$?
  if [ "$code" != 0 ]; then
    cat "$root/$runenv.out"
    printf '%s: failed: exit code %s\n' "$runenv" "$code"
    failed=1
  elif ! cmp -s "$root/$runenv.out" "$repository/$folder/$expected"; then
    diff -u "$repository/$folder/$expected" "$root/$runenv.out" || :
    printf '%s: failed: it printed something else\n' "$runenv"
    failed=1
  else
    [ "$runenv" != COBOL ] || cat "$root/$runenv.out"
    printf '%s: ok\n' "$runenv"
  fi
}

# install_runenv RUNENV FOLDER: installs it as the Dockerfile does.
install_runenv() {
  clean sh "$repository/images/$2/install.sh" "$root/$2" && return
  printf '%s: failed: images/%s/install.sh failed\n' "$1" "$2"
  failed=1
  return 1
}

if ! command -v cobc >/dev/null; then
  echo 'COBOL: skipped: cobc is not installed (apt-get install gnucobol)'
elif install_runenv COBOL cobol; then
  run_block COBOL 42 "$root/cobol/activate.sh" 'cobc -xj' \
    images/cobol/blocks report.cob report.expected "COBOL_HOME=$root/cobol"
fi

if ! clean python3 -c 'import venv' 2>/dev/null; then
  echo 'PYTHON3: skipped: python3 with venv is not installed (apt-get install python3)'
elif install_runenv PYTHON3 python3; then
  run_block PYTHON3 3 "$root/python3/venv/bin/activate" python \
    images/python3/blocks calibrate.py calibrate.expected
fi

run_block SHELL 1 "$repository/images/shell/shell.env" /bin/sh \
  images/shell/blocks block.sh block.expected "SHELL_HOME=$repository/images/shell"

exit "$failed"
