"""The fit of a polynomial, with what is needed to judge it."""

from dataclasses import dataclass
from math import fsum, sqrt

from .householder import (
    UnsolvableError,
    inverse_of_triangle,
    substitute,
    triangulate,
)

__all__ = ["Fit", "UnsolvableError", "fit_polynomial"]


@dataclass(frozen=True)
class Fit:
    """``coefficients[k]`` belongs to the k-th power; the other lists go by point."""

    coefficients: list[float]
    standard_errors: list[float]
    residuals: list[float]
    standardized: list[float]
    standard_deviation: float
    determination: float

    @property
    def degree(self):
        return len(self.coefficients) - 1

    def value(self, x):
        """The polynomial at ``x``."""
        value = 0.0
        for coefficient in reversed(self.coefficients):
            value = value * x + coefficient
        return value


def fit_polynomial(xs, ys, degree):
    """Fit a polynomial of this degree.

    ``standardized`` are the residuals in units of their own standard deviation, which
    is smaller for a point that pulls the curve to itself.

    :raises UnsolvableError: too few points, or too few different ones
    """
    points, unknowns = len(xs), degree + 1
    if points != len(ys):
        raise ValueError(f"{points} values of x, but {len(ys)} of y")
    if points <= unknowns:
        raise UnsolvableError(f"{points} points cannot judge {unknowns} coefficients")
    # Powers of x / largest lie within 1, whatever the unit of x is.
    unit = max(abs(x) for x in xs) or 1.0
    design = [[(x / unit) ** power for power in range(unknowns)] for x in xs]
    triangle, right = [list(column) for column in zip(*design)], list(ys)
    triangulate(triangle, right)
    scaled = substitute(triangle, right)
    residuals = [
        y - fsum(factor * power for factor, power in zip(scaled, row))
        for row, y in zip(design, ys)
    ]
    squares = fsum(residual * residual for residual in residuals)
    variance = squares / (points - unknowns)
    inverse = inverse_of_triangle(triangle)
    errors = [
        sqrt(variance * fsum(column[row] ** 2 for column in inverse))
        for row in range(unknowns)
    ]
    leverages = [
        fsum(
            fsum(value * factor for value, factor in zip(row, column)) ** 2
            for column in inverse
        )
        for row in design
    ]
    mean = fsum(ys) / points
    total = fsum((y - mean) ** 2 for y in ys)
    return Fit(
        coefficients=[value / unit**power for power, value in enumerate(scaled)],
        standard_errors=[value / unit**power for power, value in enumerate(errors)],
        residuals=residuals,
        standardized=[
            residual / sqrt(variance * (1.0 - leverage))
            if variance > 0.0 and leverage < 1.0
            else 0.0
            for residual, leverage in zip(residuals, leverages)
        ],
        standard_deviation=sqrt(variance),
        determination=1.0 - squares / total if total > 0.0 else 1.0,
    )
