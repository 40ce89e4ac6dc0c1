"""Dominant frequency of a uniformly sampled signal, differentiable, by `torch.fft` alone.

The power *at* a wanted frequency is a poor objective: away from the peak of the spectrum it is leakage, whose gradient
vanishes or points anywhere. The *place* of the peak does not have this fault. It is taken here as a soft-argmax, the
mean frequency under softmax(sharpness · log power) over the peak's main lobe, so that
(log f̂ − log f*)² has a gradient of the right sign however many octaves the signal is off.

What keeps the estimate accurate with few periods in the window:

* mean and linear trend are removed by least squares under the window's own weights, so that none leaks into the peak;
* the Blackman window's side lobes lie 58 dB below its main lobe (Harris 1978, table I), so that the peak of negative
  frequency and the harmonics hardly reach the main lobe once four periods are in the window;
* zero padding samples the main lobe densely (Smith & Serra 1987 interpolate the same lobe by a parabola);
* the softmax is confined to that lobe, so that harmonics do not draw the mean upwards.

Sources: F. J. Harris, Proc. IEEE 66, 51-83 (1978), doi:10.1109/PROC.1978.10837; J. O. Smith and X. Serra, "PARSHL: an
analysis/synthesis program for non-harmonic sounds based on a sinusoidal representation", Proc. ICMC 1987.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

MIN_SAMPLES: Final = 16
"""Fewest samples of which a spectrum is made."""

_PADDING: Final = 8
_HALF_LOBE: Final = 1.5
"""Half the width over which the peak is averaged, in units of 1/duration: half of the Blackman window's main lobe."""
_LOWEST_CYCLES: Final = 1.5
"""Peaks below so many cycles in the window are what detrending has left over."""
_SUBHARMONICS: Final = (2, 3)
_SUBHARMONIC_POWER: Final = 1e-2
_SUBHARMONIC_PROMINENCE: Final = 30.0


def power_spectrum(signal: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Power spectrum of a detrended, Blackman-windowed, eightfold zero-padded signal.

    Args:
        signal: samples [..., time], at least 16.
        step: time between samples.

    Returns:
        Frequencies [frequency] in cycles per unit of `step`, and power [..., frequency], in the square of the signal's
        unit, scaled so that a sinusoid of amplitude A peaks at A².

    Raises:
        ValueError: too few samples, or a step that is not positive.
    """
    samples = signal.shape[-1]
    if samples < MIN_SAMPLES:
        raise ValueError(f"the signal has {samples} samples; a spectrum needs at least {MIN_SAMPLES}")
    if not step > 0:
        raise ValueError(f"the sampling step is {step}; it must be positive")
    phase = torch.arange(samples, dtype=signal.dtype, device=signal.device) * (2 * math.pi / samples)
    window = 0.42 - 0.5 * phase.cos() + 0.08 * (2 * phase).cos()
    windowed = (signal - _trend(signal, window)) * window
    padded = 2 ** math.ceil(math.log2(samples * _PADDING))
    transform = torch.fft.rfft(windowed, n=padded)
    power = (transform.real**2 + transform.imag**2) * (2 / window.sum()) ** 2
    frequency = torch.arange(power.shape[-1], dtype=signal.dtype, device=signal.device) / (padded * step)
    return frequency, power


def dominant_frequency(signal: Tensor, step: float, *, sharpness: float = 4.0) -> Tensor:
    """Frequency of the strongest oscillation in each signal, differentiable in the signal.

    The strongest peak of the spectrum counts, or a half or a third of its frequency if there is a clear peak there too:
    then the strongest peak is a harmonic and the signal repeats itself at the lower frequency. Which peak is taken
    is a discrete choice without gradient; the place of the peak is a soft-argmax.

    Args:
        signal: samples [..., time] on a uniform grid, best of four periods or more, eight samples a period or more.
        step: time between samples.
        sharpness: exponent of the power in the weights of the soft-argmax.

    Returns:
        Frequency [...] in cycles per unit of `step`; the bias is below 1e-3 relative from four periods on. NaN if the
        signal is constant or not finite.

    Raises:
        ValueError: as for `power_spectrum`.
    """
    frequency, power = power_spectrum(signal, step)
    found = spectral_peak(frequency, power, signal.shape[-1] * step, sharpness=sharpness)
    tiny = torch.finfo(power.dtype).tiny
    # Power at rounding level has a peak somewhere, which means nothing.
    scale = signal.detach().abs().amax(-1).clamp_min(tiny)
    meaningful = power.detach().amax(-1).sqrt() > 64 * torch.finfo(power.dtype).eps * scale
    return torch.where(meaningful, found, torch.nan)


def spectral_peak(frequency: Tensor, power: Tensor, duration: float, *, sharpness: float = 4.0) -> Tensor:
    """Place of the peak that stands for the period, as in `dominant_frequency`, of a spectrum or a mean of spectra.

    Args:
        frequency: ``[frequency]``, of `power_spectrum`.
        power: ``[..., frequency]``.
        duration: of the signal.
        sharpness: exponent of the power in the weights of the soft-argmax.

    Returns:
        Frequency [...], differentiable in the power.
    """
    centre = _peak(frequency, power.detach(), duration)[..., None]
    inside = (frequency - frequency[centre]).abs() <= _HALF_LOBE / duration
    tiny = torch.finfo(power.dtype).tiny
    weight = (sharpness * power.clamp_min(tiny).log()).masked_fill(~inside, -math.inf).softmax(-1)
    return (weight * frequency).sum(-1)


def log_frequency_residual(signal: Tensor, step: float, frequency: float | Tensor) -> Tensor:
    """log(f̂ / f*): how far the dominant frequency of `signal` [..., time] is from `frequency`, as a logarithm [...].

    Raises:
        ValueError: a frequency that is not positive, or as for `power_spectrum`.
    """
    target = torch.as_tensor(frequency, dtype=signal.dtype, device=signal.device)
    if not bool((target > 0).all()):
        raise ValueError(f"the frequency asked for is {frequency}; it must be positive")
    return dominant_frequency(signal, step).log() - target.log()


def frequency_loss(signal: Tensor, step: float, frequency: float | Tensor) -> Tensor:
    """(log f̂ − log f*)² of each signal [..., time]; the square of `log_frequency_residual`.

    Raises:
        ValueError: as for `log_frequency_residual`.
    """
    return log_frequency_residual(signal, step, frequency) ** 2


def _trend(signal: Tensor, weight: Tensor) -> Tensor:
    """The straight line [..., time] closest to `signal` by least squares under `weight` [time]."""
    abscissa = torch.linspace(-1, 1, signal.shape[-1], dtype=signal.dtype, device=signal.device)
    basis = torch.stack([torch.ones_like(abscissa), abscissa], -1)
    weighted = basis * weight[:, None]
    return (signal @ weighted) @ torch.linalg.solve(weighted.mT @ basis, basis.mT)


def _peak(frequency: Tensor, power: Tensor, duration: float) -> Tensor:
    """Index [...] of the peak that stands for the period of each signal."""
    power = power.masked_fill(frequency < _LOWEST_CYCLES / duration, 0.0)
    strongest = power.argmax(-1)
    highest = power.gather(-1, strongest[..., None])
    floor = power.median(-1, keepdim=True).values
    chosen = strongest
    for divisor in _SUBHARMONICS:
        fraction = frequency[strongest][..., None] / divisor
        near = (frequency - fraction).abs() <= 0.5 / duration
        # A lobe of its own must be there, and not the flank of another one.
        apart = fraction >= (_LOWEST_CYCLES + 1) / duration
        candidate = power.masked_fill(~near, 0.0)
        index = candidate.argmax(-1, keepdim=True)
        height = candidate.gather(-1, index)
        below = power.gather(-1, (index - 1).clamp_min(0))
        above = power.gather(-1, (index + 1).clamp_max(power.shape[-1] - 1))
        accepted = apart & (height >= below) & (height >= above)
        accepted &= (height > _SUBHARMONIC_POWER * highest) & (height > _SUBHARMONIC_PROMINENCE * floor)
        chosen = torch.where(accepted[..., 0], index[..., 0], chosen)
    return chosen
