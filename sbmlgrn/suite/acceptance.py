"""The suite's rule of acceptance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sbmlgrn.suite.results import Results

_TIME_TOLERANCE = 1e-6
"""Largest difference of two times that count as the same, relative to the larger of the last time and 1."""


@dataclass(frozen=True)
class WorstPoint:
    """Where results differ most.

    Attributes:
        variable: whose value it is.
        row: from 0.
        time: of the row, if it has one.
        expected, found: the two values.
        error: their difference in multiples of what is allowed; up to 1 is right, infinite where one is not finite.
    """

    variable: str
    row: int
    time: float | None
    expected: float
    found: float
    error: float


@dataclass(frozen=True)
class Verdict:
    """Whether results are right.

    Attributes:
        accepted: whether they are.
        reason: why not; empty if they are.
        worst: where they differ most; ``None`` where they cannot be compared.
    """

    accepted: bool
    reason: str = ""
    worst: WorstPoint | None = None


def accept(expected: Results, found: Results, absolute: float, relative: float) -> Verdict:
    """Judges results by the suite's rule, value by value: ``|expected − found| ≤ absolute + relative |expected|``.

    NaN is right where NaN is expected, and an infinity where the same is expected. Every expected variable must be
    there with at least as many rows, at the same times if times are given; more of either does no harm.

    Args:
        expected: the right results.
        found: those to judge.
        absolute: tolerance in the variables' own units.
        relative: tolerance as a fraction of the expected value.
    """
    rows = len(expected.values)
    missing = [name for name in expected.names if name not in found.names]
    if missing:
        return Verdict(False, f"no column {', '.join(map(repr, missing))}")
    if len(found.values) < rows:
        return Verdict(False, f"{len(found.values)} rows, expected {rows}")
    if expected.time is not None and found.time is not None and rows:
        off = np.abs(expected.time - found.time[:rows])
        if not off.max() <= _TIME_TOLERANCE * max(1.0, float(np.abs(expected.time[-1]))):
            row = int(np.argmax(np.where(np.isnan(off), math.inf, off)))
            return Verdict(False, f"row {row} is at time {found.time[row]:g}, expected {expected.time[row]:g}")
    columns = [found.names.index(name) for name in expected.names]
    return _judge(expected, found.values[:rows, columns], absolute, relative)


def _judge(expected: Results, values: np.ndarray, absolute: float, relative: float) -> Verdict:
    errors = relative_errors(expected.values, values, absolute, relative)
    if not errors.size:
        return Verdict(True)
    row, column = np.unravel_index(int(errors.argmax()), errors.shape)
    worst = WorstPoint(
        variable=expected.names[column],
        row=int(row),
        time=None if expected.time is None else float(expected.time[row]),
        expected=float(expected.values[row, column]),
        found=float(values[row, column]),
        error=float(errors[row, column]),
    )
    wrong = errors > 1
    if not wrong.any():
        return Verdict(True, "", worst)
    where = f"row {worst.row}" if worst.time is None else f"time {worst.time:g}"
    names = [name for i, name in enumerate(expected.names) if wrong[:, i].any()]
    reason = (
        f"{worst.variable} at {where} is {worst.found:.9g}, expected {worst.expected:.9g}; "
        f"wrong at {int(wrong.any(1).sum())} of {len(wrong)} rows: {', '.join(names)}"
    )
    return Verdict(False, reason, worst)


def relative_errors(expected: np.ndarray, found: np.ndarray, absolute: float, relative: float) -> np.ndarray:
    """Differences in multiples of what the rule allows, of the shape of `expected`; above 1 is wrong.

    The comparison itself is exact: a value on the edge is right.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        difference = np.abs(expected - found)
        allowed = absolute + relative * np.abs(expected)
        errors = difference / allowed
        # Division may round what is just too large down to 1.
        errors = np.where(difference > allowed, np.maximum(errors, np.nextafter(1.0, 2.0)), errors)
    finite = np.isfinite(expected) & np.isfinite(found)
    same = (expected == found) | (np.isnan(expected) & np.isnan(found))
    return np.where(same, 0.0, np.where(finite, errors, math.inf))
