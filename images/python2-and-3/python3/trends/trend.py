"""The straight line through measurements, and how far they are from it."""

from dataclasses import dataclass
from fractions import Fraction
from statistics import linear_regression, quantiles


@dataclass(frozen=True)
class Trend:
    """In the measurements' unit; the slope is for an hour."""

    first: float
    last: float
    median: float
    slope: float
    farthest: float


def trend_of(points: list[tuple[int, Fraction]]) -> Trend:
    """The trend of points, each a minute and a value, in the order of their time."""
    minutes = [float(minute) for minute, _ in points]
    values = [float(value) for _, value in points]
    slope, start = linear_regression(minutes, values)
    return Trend(
        first=values[0],
        last=values[-1],
        median=quantiles(values, n=2)[0],
        slope=60 * slope,
        farthest=max(
            abs(value - start - slope * minute)
            for minute, value in zip(minutes, values)
        ),
    )
