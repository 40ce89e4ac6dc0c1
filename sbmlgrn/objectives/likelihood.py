"""How likely measured values are, given simulated ones, with what was not measured about the measurement profiled out.

Scale, offset and standard deviation of an observable have best values in closed form for any simulated course, so that
an optimiser need not look for them (hierarchical optimisation; Loos, Krause & Hasenauer 2018, Bioinformatics 34:4266).
By the envelope theorem the gradient is the one at fixed best values. The curvature is that of Gauss and Newton with
the directions of scale and offset projected out of the Jacobian (variable projection; Golub & Pereyra 1973, SIAM J.
Numer. Anal. 10:413, in Kaufman's approximation), which makes it the Fisher information of the parameters that remain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

_RESOLUTION: Final = 1e-6
"""A standard deviation that is estimated is not taken to be smaller than this, relative to the data: fits of data
without noise would tend to an infinite likelihood."""


class NoiseError(ValueError):
    """Measurements and a noise model that exclude each other."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Measurements of one observable.

    Attributes:
        name: for people.
        values: ``[measurement]``, in any order; replicates are entries of their own.
        noise: ``"normal"``: values deviate from the course by normal noise; ``"lognormal"``: their logarithms do.
        sigma: standard deviation, of the logarithm for log-normal noise: a number, one for each value
            ``[measurement]``, or ``None`` if it is to be estimated.
        scale: whether the course comes in unknown units: values are a factor times it, which is estimated.
        offset: whether values have an unknown background, which is estimated.

    Raises:
        NoiseError: values that are not finite, or not positive with log-normal noise; a standard deviation that is not
            positive; log-normal noise with an offset; fewer values than there is to estimate.
    """

    name: str
    values: np.ndarray
    noise: Literal["normal", "lognormal"] = "normal"
    sigma: float | np.ndarray | None = None
    scale: bool = False
    offset: bool = False

    def __post_init__(self) -> None:
        if self.noise not in ("normal", "lognormal"):
            raise NoiseError(f"{self.name!r}: the noise is {self.noise!r}; it must be 'normal' or 'lognormal'")
        if not np.isfinite(self.values).all():
            raise NoiseError(f"{self.name!r}: a measured value is not finite; leave missing ones out")
        if self.noise == "lognormal" and not (self.values > 0).all():
            low = float(self.values.min()) + 0.0
            raise NoiseError(
                f"{self.name!r}: the value {low:g} was measured, but log-normal noise needs values above 0; leave it "
                "out, or use normal noise"
            )
        if self.noise == "lognormal" and self.offset:
            raise NoiseError(f"{self.name!r}: an offset goes with normal noise only; take one of the two away")
        if self.sigma is not None and not (np.isfinite(self.sigma) & (np.asarray(self.sigma) > 0)).all():
            bad = float(np.asarray(self.sigma).min())
            raise NoiseError(f"{self.name!r}: the standard deviation {bad:g} must be a positive number")
        estimated = self.scale + self.offset + (self.sigma is None)
        if self.sigma is None and len(self.values) < estimated + 1:
            raise NoiseError(
                f"{self.name!r}: {len(self.values)} measurements are too few to estimate "
                f"{' and '.join(self.estimated)} from them; give its standard deviation"
            )

    @property
    def estimated(self) -> tuple[str, ...]:
        """What is estimated beside the course, in words."""
        asked = {"a scale": self.scale, "an offset": self.offset, "a standard deviation": self.sigma is None}
        return tuple(name for name, is_asked in asked.items() if is_asked)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Of one observable, for several simulated courses. Where a course is not finite, so is its loss.

    Attributes:
        loss: negative logarithm of the likelihood ``[course]``.
        gradient: its derivatives ``[course, direction]``.
        curvature: Fisher information ``[course, direction, direction]``.
        scale, offset, sigma: as given or estimated ``[course]``; of `sigma` that differ the root mean square.
        residuals: what noise must explain, in standard deviations ``[course, measurement]``.
    """

    loss: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    sigma: np.ndarray
    residuals: np.ndarray


def likelihood(measured: Measured, course: np.ndarray, jacobian: np.ndarray) -> Likelihood:
    """How likely the measurements are.

    Args:
        measured: what was measured.
        course: simulated values for each measurement ``[course, measurement]``.
        jacobian: their derivatives ``[course, measurement, direction]``.
    """
    logarithmic = measured.noise == "lognormal"
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        usable = np.asarray(np.isfinite(course).all(-1) & np.isfinite(jacobian).all((-1, -2)))
        if logarithmic:
            usable = usable & (course > 0).all(-1)
        model = np.where(usable[:, None], course, 1.0)
        slopes = np.where(usable[:, None, None], jacobian, 0.0)
        target = measured.values
        if logarithmic:
            slopes, model, target = slopes / model[..., None], np.log(model), np.log(target)
        precision = np.broadcast_to(1.0 if measured.sigma is None else 1 / np.square(measured.sigma), target.shape)
        fitted, slopes, scale, offset = _scaled(measured, target, precision, model, slopes)
        residual = target - fitted
        squares = precision * residual**2
        count = len(target)
        if measured.sigma is None:
            variance = squares.mean(-1) + (_RESOLUTION * _extent(target)) ** 2
            loss = 0.5 * count * (np.log(2 * math.pi * variance) + 1)
            precision = precision / variance[:, None]
            sigma = np.sqrt(variance)
        else:
            variances = np.broadcast_to(np.square(measured.sigma), target.shape)
            loss = 0.5 * (squares.sum(-1) + np.log(2 * math.pi * variances).sum())
            precision = np.broadcast_to(precision, residual.shape)
            sigma = np.full(len(course), math.sqrt(variances.mean()))
        if logarithmic:
            loss = loss + target.sum()
        weighted = precision[..., None] * slopes
        gradient = -np.einsum("cmk,cm->ck", weighted, residual)
        curvature = np.einsum("cmk,cml->ckl", weighted, slopes)
    lost = ~usable
    loss = np.where(lost, np.inf, loss)
    gradient[lost], curvature[lost] = np.nan, np.nan
    return Likelihood(loss, gradient, curvature, scale, offset, sigma, residual * np.sqrt(precision))


def _scaled(
    measured: Measured, target: np.ndarray, precision: np.ndarray, model: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The course in units of the measurement, its derivatives at right angles to scale and offset, and these two."""
    scale, offset = np.ones(len(model)), np.zeros(len(model))
    shift = measured.offset or (measured.scale and measured.noise == "lognormal")
    stretch = measured.scale and measured.noise == "normal"
    columns = [model] * stretch + [np.ones_like(model)] * shift
    if not columns:
        return model, slopes, scale, offset
    design = np.stack(columns, -1) * np.sqrt(precision)[:, None]
    rest = (target - (0.0 if stretch else model)) * np.sqrt(precision)
    inverse = np.linalg.pinv(design)
    found = np.einsum("nam,nm->na", inverse, np.broadcast_to(rest, model.shape))
    factors = found[:, 0] if stretch else scale
    shifts = found[:, -1] if shift else offset
    stretched = slopes * factors[:, None, None] * np.sqrt(precision)[:, None]
    projected = stretched - design @ (inverse @ stretched)
    fitted = factors[:, None] * model + shifts[:, None]
    if measured.noise == "lognormal":
        return fitted, projected / np.sqrt(precision)[:, None], np.exp(shifts), offset
    return fitted, projected / np.sqrt(precision)[:, None], factors, shifts


def _extent(target: np.ndarray) -> float:
    spread = float(target.std())
    return spread or float(np.abs(target).max()) or 1.0
