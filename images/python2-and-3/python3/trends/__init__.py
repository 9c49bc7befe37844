"""Trends of measurements, with the standard library of Python 3 only."""

from .trend import Trend, trend_of

__all__ = ["Trend", "trend_of"]
