"""Calibrates a load cell from measurements.

    python calibrate.py [FILE]

FILE has the columns load_newton, signal (millivolts per volt of supply) and ramp, "up"
or "down". It is measurements.csv if it is not given. The report tells which polynomial
to use, how well it fits, and which points to measure again.
"""

import csv
import sys
from dataclasses import dataclass

from leastsquares import UnsolvableError, fit_polynomial, format_table

# A point this far out, in its own standard deviations, is to be measured again.
SUSPECT = 3.0
# A coefficient less than this many standard errors from zero says nothing.
SIGNIFICANT = 3.0
DEGREES = (1, 2, 3)


@dataclass(frozen=True)
class Measurement:
    load: float
    signal: float
    ramp: str


def read_measurements(path):
    """Read every row; a row that cannot be used is an error that names its line."""
    measurements = []
    with open(path, newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            try:
                measurement = Measurement(
                    float(row["load_newton"]), float(row["signal"]), row["ramp"]
                )
            except (KeyError, TypeError, ValueError) as error:
                raise SystemExit(f"{path}, line {reader.line_num}: {error!r}") from None
            if measurement.ramp not in ("up", "down"):
                raise SystemExit(f"{path}, line {reader.line_num}: ramp is up or down")
            measurements.append(measurement)
    return measurements


def choose(fits):
    """The highest degree whose last coefficient differs from zero beyond doubt."""
    chosen = fits[0]
    for fit in fits[1:]:
        if abs(fit.coefficients[-1]) > SIGNIFICANT * fit.standard_errors[-1]:
            chosen = fit
    return chosen


def hysteresis(measurements):
    """The largest difference between the ramps at one load; None without a pair."""
    by_load = {}
    for measurement in measurements:
        by_load.setdefault(measurement.load, {})[measurement.ramp] = measurement.signal
    pairs = [pair for pair in by_load.values() if len(pair) == 2]
    return max((abs(pair["down"] - pair["up"]) for pair in pairs), default=None)


def table_of_fits(fits):
    return format_table(
        ("degree", "deviation", "determination", "power", "coefficient", "error"),
        [
            (
                str(fit.degree) if power == 0 else "",
                f"{fit.standard_deviation:.5f}" if power == 0 else "",
                f"{fit.determination:.7f}" if power == 0 else "",
                str(power),
                f"{coefficient:.4e}",
                f"{error:.1e}",
            )
            for fit in fits
            for power, (coefficient, error) in enumerate(
                zip(fit.coefficients, fit.standard_errors)
            )
        ],
    )


def table_of_residuals(measurements, fit):
    return format_table(
        ("load N", "ramp", "signal mV/V", "fitted", "residual", "standardized", ""),
        [
            (
                f"{measurement.load:.1f}",
                measurement.ramp,
                f"{measurement.signal:.4f}",
                f"{fit.value(measurement.load):.4f}",
                f"{residual:+.5f}",
                f"{standardized:+.2f}",
                "measure again" if abs(standardized) > SUSPECT else "",
            )
            for measurement, residual, standardized in zip(
                measurements, fit.residuals, fit.standardized
            )
        ],
    )


def report(measurements):
    loads = [measurement.load for measurement in measurements]
    signals = [measurement.signal for measurement in measurements]
    fits = [fit_polynomial(loads, signals, degree) for degree in DEGREES]
    fit = choose(fits)
    straight = fits[0]
    scale = max(signals) - min(signals)
    # A point to be measured again would hide what the cell itself does.
    trusted = [
        measurement
        for measurement, standardized in zip(measurements, fit.standardized)
        if abs(standardized) <= SUSPECT
    ]
    bend = max(abs(fit.value(load) - straight.value(load)) for load in loads)
    print("CALIBRATION OF A LOAD CELL")
    print()
    first, last = min(loads), max(loads)
    print(f"{len(measurements)} measurements from {first:.1f} to {last:.1f} N")
    print()
    print(table_of_fits(fits))
    print()
    print(f"Use the polynomial of degree {fit.degree}.")
    print(f"Nonlinearity  {100.0 * bend / scale:.3f} % of full scale")
    difference = hysteresis(trusted)
    if difference is not None:
        print(f"Hysteresis    {100.0 * difference / scale:.3f} % of full scale")
    print(f"Suspect       {len(measurements) - len(trusted)} of {len(measurements)}")
    print()
    print(table_of_residuals(measurements, fit))


def main(arguments):
    if len(arguments) > 1:
        raise SystemExit("usage: python calibrate.py [FILE]")
    path = arguments[0] if arguments else "measurements.csv"
    try:
        report(read_measurements(path))
    except (OSError, UnsolvableError) as error:
        raise SystemExit(f"{path}: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
