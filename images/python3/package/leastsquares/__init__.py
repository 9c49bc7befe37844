"""Least-squares fit of a polynomial to measurements, with the standard library only.

    from leastsquares import fit_polynomial

    fit = fit_polynomial(loads, readings, degree=2)
    fit.value(120.0), fit.coefficients, fit.standard_errors
"""

from .polynomial import Fit, UnsolvableError, fit_polynomial
from .table import format_table

__all__ = ["Fit", "UnsolvableError", "fit_polynomial", "format_table"]
