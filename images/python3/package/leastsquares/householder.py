"""Solution of an overdetermined linear system by Householder reflections.

A matrix is the list of its columns here, because that is what is reflected.
"""

from math import copysign, fsum, hypot


class UnsolvableError(ValueError):
    """The columns of the system depend on each other, or there are too few rows."""


def triangulate(columns, right):
    """Reflect the matrix into an upper triangle, and ``right`` with it, in place.

    This is done rather than to solve the normal equations, because these square the
    condition number: a cubic would lose half of its digits.
    """
    largest = max(abs(value) for column in columns for value in column)
    for first, column in enumerate(columns):
        length = hypot(*column[first:])
        if length <= largest * 1e-12:
            raise UnsolvableError("the points do not determine every coefficient")
        reflector = column[first:]
        # The sign that does not cancel.
        reflector[0] += copysign(length, reflector[0])
        for vector in (*columns[first:], right):
            _reflect(vector, reflector, first)


def _reflect(vector, reflector, first):
    part = vector[first:]
    along = fsum(value * factor for value, factor in zip(part, reflector))
    scale = 2.0 * along / fsum(factor * factor for factor in reflector)
    vector[first:] = [value - scale * factor for value, factor in zip(part, reflector)]


def substitute(triangle, right):
    """Solve ``triangle · x = right`` from the last unknown to the first."""
    unknowns = len(triangle)
    solution = [0.0] * unknowns
    for row in reversed(range(unknowns)):
        known = fsum(
            triangle[column][row] * solution[column]
            for column in range(row + 1, unknowns)
        )
        solution[row] = (right[row] - known) / triangle[row][row]
    return solution


def inverse_of_triangle(triangle):
    """The inverse of the upper triangle."""
    unknowns = len(triangle)
    return [
        substitute(triangle, [float(row == column) for row in range(unknowns)])
        for column in range(unknowns)
    ]
