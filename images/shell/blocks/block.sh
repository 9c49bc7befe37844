#!/bin/sh
# Accounts for the tasks of a month: core seconds and cost by owner.
#
#     sh block.sh [FILE]
#
# FILE has a line "owner cores seconds exit" for every task, and is tasks.txt if it is
# not given. Only what the shell itself has is used, and "thousands", which the
# activation puts on PATH, as it sets CORE_HOUR_CENTS.
set -eu

file=${1:-tasks.txt}
[ -r "$file" ] || {
  printf 'block.sh: %s cannot be read\n' "$file" >&2
  exit 1
}

# A leading zero would make the shell read an octal number.
is_number() {
  case $1 in
    '' | *[!0-9]* | 0?*) return 1 ;;
  esac
}

# Cents as euros.
euros() {
  printf '%s.%02d\n' "$(thousands $(($1 / 100)))" $(($1 % 100))
}

show() {
  printf '%-10s %5s %6s %14s %12s\n' "$@"
}

owners=' ' line=0 rejected=
while read -r owner cores seconds status rest || [ -n "${owner:-}" ]; do
  line=$((line + 1))
  case ${owner:-#} in
    '#'*) continue ;;
  esac
  if ! is_number "$owner" || ! is_number "$cores" || ! is_number "$seconds" ||
    ! is_number "$status" || [ -n "$rest" ]; then
    rejected="$rejected $line"
    continue
  fi
  case $owners in
    *" $owner "*) ;;
    *) owners="$owners$owner " ;;
  esac
done <"$file"

# The sum of one owner, which goes over the file again: a POSIX shell has no arrays.
account() {
  tasks=0 failed=0 used=0 line=0
  while read -r owner cores seconds status rest || [ -n "${owner:-}" ]; do
    line=$((line + 1))
    case "$rejected " in
      *" $line "*) continue ;;
    esac
    [ "$owner" = "$1" ] || continue
    tasks=$((tasks + 1))
    used=$((used + cores * seconds))
    [ "$status" = 0 ] || failed=$((failed + 1))
  done <"$file"
}

printf 'CORE TIME BY OWNER at %s cents an hour\n\n' "$CORE_HOUR_CENTS"
show owner tasks failed 'core seconds' euros
all_tasks=0 all_failed=0 all_used=0 all_cents=0
for name in $owners; do
  account "$name"
  # Rounded up: a task that ran is never free of charge.
  cents=$(((used * CORE_HOUR_CENTS + 3599) / 3600))
  show "user$((20000 + name))" "$tasks" "$failed" \
    "$(thousands "$used")" "$(euros "$cents")"
  all_tasks=$((all_tasks + tasks))
  all_failed=$((all_failed + failed))
  all_used=$((all_used + used))
  all_cents=$((all_cents + cents))
done
show all "$all_tasks" "$all_failed" "$(thousands "$all_used")" "$(euros "$all_cents")"
for line in $rejected; do
  printf '\nline %s is not: owner cores seconds exit' "$line"
done
[ -z "$rejected" ] || printf '\n'
