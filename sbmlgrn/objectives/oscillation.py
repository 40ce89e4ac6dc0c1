"""Whether a time course oscillates at all, and if not, why one must say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from sbmlgrn.objectives.frequency import MIN_SAMPLES, dominant_frequency, power_spectrum

_MIN_SAMPLES_PER_PERIOD: Final = 6.0
_MIN_PROMINENCE: Final = 30.0


@dataclass(frozen=True)
class Oscillation:
    """What `diagnose_oscillation` found.

    Attributes:
        oscillates: whether the signal is a sustained oscillation.
        reason: why, or why not, in words.
        period: of the dominant oscillation, in the unit of the sampling step; NaN if there is none.
        cycles: periods in the signal.
        relative_amplitude: half the range of the signal's last half over the mean of its absolute value there.
        persistence: range of the last half over the range of the first: 1 if sustained, below 1 if damped.
        prominence: power of the highest peak over the median of the spectrum.
    """

    oscillates: bool
    reason: str
    period: float
    cycles: float
    relative_amplitude: float
    persistence: float
    prominence: float


def diagnose_oscillation(
    signal: Tensor,
    step: float,
    *,
    min_amplitude: float = 1e-3,
    min_persistence: float = 0.8,
    min_cycles: float = 4.0,
) -> Oscillation:
    """Judge one signal, sampled uniformly, after its transient.

    Args:
        signal: samples [time].
        step: time between samples.
        min_amplitude: smallest relative amplitude that counts as an oscillation.
        min_persistence: smallest ratio of the ranges of the second half and the first.
        min_cycles: fewest periods in the signal. Each half must see its whole range, so take four or more.

    Raises:
        ValueError: a signal that is not a vector of at least 16 samples, or a step that is not positive.
    """
    signal = signal.detach()
    if signal.ndim != 1 or signal.shape[0] < MIN_SAMPLES:
        raise ValueError(
            f"the signal must be a vector of at least {MIN_SAMPLES} samples; its shape is {tuple(signal.shape)}"
        )
    nan = float("nan")
    if not bool(torch.isfinite(signal).all()):
        return Oscillation(False, "the time course holds values that are not finite", nan, 0.0, nan, nan, nan)
    half = signal.shape[0] // 2
    early, late = _range(signal[:half]), _range(signal[half:])
    level = float(signal[half:].abs().mean())
    relative = 0.5 * late / level if level > 0 else 0.0
    persistence = late / early if early > 0 else 1.0
    _, power = power_spectrum(signal, step)
    median = float(power.median())
    prominence = float(power.max()) / median if median > 0 else nan
    period = 1 / float(dominant_frequency(signal, step))
    cycles = signal.shape[0] * step / period if period == period else 0.0

    reason = None
    if not relative >= min_amplitude:
        reason = (
            f"it settles: its amplitude is {relative:.2g} of its mean level, less than the {min_amplitude:g} that "
            "counts as an oscillation"
        )
    elif cycles < min_cycles:
        reason = (
            f"only {cycles:.1f} periods fit into the time span of {signal.shape[0] * step:g}; {min_cycles:g} are needed"
        )
    elif prominence < _MIN_PROMINENCE:
        reason = f"no frequency stands out: the highest spectral peak is only {prominence:.2g} times the median power"
    elif period / step < _MIN_SAMPLES_PER_PERIOD:
        reason = f"the samples are too coarse: {period / step:.1f} a period, {_MIN_SAMPLES_PER_PERIOD:g} are needed"
    elif persistence < min_persistence:
        reason = (
            f"it is damped: the range falls by a factor {persistence:.2g} from the first half of "
            f"{cycles:.1f} periods to the second"
        )
    verdict = reason or f"sustained oscillation of period {period:.6g}, seen over {cycles:.1f} periods"
    return Oscillation(reason is None, verdict, period, cycles, relative, persistence, prominence)


def _range(signal: Tensor) -> float:
    return float(signal.max() - signal.min())
