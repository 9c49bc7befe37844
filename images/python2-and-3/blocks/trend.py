"""Says where each gauge of the plant is heading.

    python3 trend.py [TEXT]

TEXT is what rescue.py wrote; readings.tsv if it is not given.
"""

import csv
import sys
from fractions import Fraction
from itertools import groupby

from trends import trend_of


def main(text="readings.tsv"):
    with open(text, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    print(
        f"{'gauge':<12}{'first':>8}{'last':>8}{'median':>8}{'per hour':>10}"
        f"{'off by':>8}  unit"
    )
    for (tag, unit), group in groupby(rows, lambda row: (row["tag"], row["unit"])):
        points = [(int(row["minute"]), Fraction(row["tenths"]) / 10) for row in group]
        trend = trend_of(points)
        print(
            f"{tag:<12}{trend.first:8.1f}{trend.last:8.1f}{trend.median:8.1f}"
            f"{trend.slope:+10.2f}{trend.farthest:8.1f}  {unit}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
