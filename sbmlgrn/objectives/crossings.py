"""Period by level crossings: independent of any spectrum, so that it can judge one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq


def period_by_crossings(t: ArrayLike, x: ArrayLike, *, discard: float = 0.5) -> float:
    """Mean time between upward crossings of the mid level of `x`, located on a cubic spline.

    Once the signal has crossed upwards it must fall below a quarter of its range before the next crossing counts, so
    that a ripple about the mid level is not taken for a period.

    Args:
        t: increasing times [time], not necessarily uniform.
        x: samples [time].
        discard: fraction of the time span, from its start, that is left out as transient.

    Returns:
        The period in the unit of `t`; NaN with fewer than two crossings after the transient.

    Raises:
        ValueError: shapes differ, times do not increase, or values are not finite.
    """
    times, values = np.asarray(t, dtype=float), np.asarray(x, dtype=float)
    if times.ndim != 1 or times.shape != values.shape:
        raise ValueError(f"t and x must be vectors of one length; their shapes are {times.shape} and {values.shape}")
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        raise ValueError("t and x must be finite")
    if times.size < 4 or not (np.diff(times) > 0).all():
        raise ValueError("t must hold at least four strictly increasing times")
    kept = times >= times[0] + discard * (times[-1] - times[0])
    times, values = times[kept], values[kept]
    if times.size < 4 or values.max() == values.min():
        return float("nan")
    low, high = values.min(), values.max()
    crossings = _upward(times, values, level=(low + high) / 2, rearm=low + (high - low) / 4)
    if crossings.size < 2:
        return float("nan")
    return float((crossings[-1] - crossings[0]) / (crossings.size - 1))


def _upward(times: NDArray[Any], values: NDArray[Any], level: float, rearm: float) -> NDArray[Any]:
    spline = CubicSpline(times, values - level)
    found: list[float] = []
    armed = False
    for k in range(len(times) - 1):
        armed = armed or bool(values[k] < rearm)
        if armed and values[k] < level <= values[k + 1]:
            found.append(float(brentq(spline, times[k], times[k + 1])))  # type: ignore[arg-type]
            armed = False
    return np.asarray(found)
