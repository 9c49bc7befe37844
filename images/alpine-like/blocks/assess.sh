#!/bin/sh
# Says how long a welded detail bears the stresses that were measured at it.
#
#     sh assess.sh [HISTORY [CATEGORY]]
#
# HISTORY has a stress in megapascals in each line; it is history.txt if it is not
# given. CATEGORY is the range that the detail bears two million times, as EN 1993-1-9
# has it; 71 if it is not given. "rainflow" comes with the runenv.
set -eu

history=${1:-history.txt} category=${2:-71}
cycles=$(mktemp)
trap 'rm -f "$cycles"' EXIT
rainflow <"$history" >"$cycles"

awk -v category="$category" -v history="$history" '
  # The awk of a small busybox has no ^.
  function square(x) { return x * x }
  function cube(x) { return x * x * x }
  # Cycles that a range is borne: slope 3 down to five million, then 5; and without end
  # below what is borne a hundred million times.
  function borne(range) {
    if (range >= constant) return 2e6 * cube(category / range)
    if (range >= cutoff) return 5e6 * cube(constant / range) * square(constant / range)
    return 0
  }
  BEGIN {
    constant = 0.737 * category
    cutoff = 0.549 * constant
    width = 20
    printf "FATIGUE OF A DETAIL OF CATEGORY %g, by %s\n\n", category, history
    printf "constant amplitude limit %.1f MPa, ", constant
    printf "cut-off limit %.1f MPa\n\n", cutoff
  }
  {
    class = int($1 / width)
    count[class] += $3
    total += $3
    if (class > last) last = class
    if ($1 > largest) largest = $1
    if (cycles = borne($1)) {
      part = $3 / cycles
      damage[class] += part
      sum += part
    }
  }
  END {
    if (!total) { print "no cycles at all"; exit }
    print "range MPa     cycles     damage"
    for (class = 0; class <= last; class++)
      if (count[class])
        printf "%3d - %3d  %9.1f  %9.3e\n", class * width, (class + 1) * width,
          count[class], damage[class]
    printf "      all  %9.1f  %9.3e\n\n", total, sum
    printf "largest range %.1f MPa\n", largest
    if (sum) printf "the history may be repeated %d times\n", 1 / sum
    else print "the history may be repeated without end"
  }' "$cycles"
