"""Levenberg–Marquardt over many circuits at once: few parameters, each circuit with damping of its own.

Source: J. J. Moré, Lecture Notes in Mathematics 630, 105–116 (1978), with the damping updated by the gain as in
K. Madsen, H. B. Nielsen and O. Tingleff, Methods for Non-Linear Least Squares Problems (2004), algorithm 3.16; bounds
by leaving out of a step what a bound holds.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.grn import batch
from sbmlgrn.grn.native.march import Course

_FIRST_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-9
_MOST_DAMPING: Final = 1e6
_LONGEST: Final = 4.0
"""Longest change of a parameter in a step."""
_CONVERGED: Final = 1e-4
"""Relative gain in a step below which a circuit counts as converged, if it is below it twice."""


def refine(
    course: Course,
    theta: np.ndarray,
    kept: np.ndarray,
    free: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    iterations: int,
    target: float = 0.0,
    decay: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Lowers the losses of circuits.

    Args:
        course: what circuits are given, and what is wanted.
        theta: parameters to start from ``[circuit, parameter]``.
        kept: whether there is an edge ``[circuit, target, source]``.
        free: whether a parameter may move ``[circuit, parameter]``.
        bounds: lowest and highest values ``[parameter]``.
        iterations: most steps.
        target: a circuit whose loss is no higher is done.
        decay: what the square of a free parameter adds to the loss. It keeps logistic functions from saturating, where
            no derivative leads out again.

    Returns:
        Parameters ``[circuit, parameter]`` and losses ``[circuit]``, decay included, no higher than at the start.
    """
    theta = theta.copy()
    rows = _listed(free)
    loss = np.full(len(theta), np.inf)
    damping = np.full(len(theta), _FIRST_DAMPING)
    idle = np.zeros(len(theta), np.int64)
    going = np.arange(len(theta))
    moved = np.ones(len(theta), bool)
    width = rows.shape[1]
    normal, pull = np.zeros((len(theta), width, width)), np.zeros((len(theta), width))
    for _ in range(iterations):
        fresh = going[moved[going]]
        if len(fresh):
            residuals, slopes = batch.jacobians(course, theta[fresh], kept[fresh], rows[fresh])
            loss[fresh] = np.einsum("br,br->b", residuals, residuals) + decay * (theta[fresh] ** 2 * free[fresh]).sum(1)
            normal[fresh] = slopes @ slopes.transpose(0, 2, 1) + decay * np.eye(width)
            pull[fresh] = np.einsum("bpr,br->bp", slopes, residuals) + decay * np.take_along_axis(
                theta[fresh], np.maximum(rows[fresh], 0), 1
            )
        going = going[np.isfinite(loss[going]) & (loss[going] > target) & (idle[going] < 2)]
        if not len(going):
            break
        trial = _trial(theta[going], rows[going], normal[going], pull[going], damping[going], bounds)
        found = batch.losses(course, trial, kept[going]) + decay * (trial**2 * free[going]).sum(1)
        better = found < loss[going]
        slight = better & (loss[going] - found < _CONVERGED * loss[going])
        idle[going] = np.where(slight | (damping[going] >= _MOST_DAMPING), idle[going] + 1, 0)
        damping[going] = np.clip(damping[going] * np.where(better, 0.25, 5.0), _LEAST_DAMPING, _MOST_DAMPING)
        moved[going] = better
        theta[going[better]] = trial[better]
        loss[going[better]] = found[better]
    return theta, loss


def _listed(free: np.ndarray) -> np.ndarray:
    """Rows of the free parameters ``[circuit, free]``, −1 at the end where a circuit has fewer than another."""
    counts = free.sum(1)
    rows = np.full((len(free), max(int(counts.max(initial=0)), 1)), -1)
    for b, count in enumerate(counts):
        rows[b, :count] = np.flatnonzero(free[b])
    return rows


def _trial(
    theta: np.ndarray,
    rows: np.ndarray,
    normal: np.ndarray,
    pull: np.ndarray,
    damping: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Where a damped step leads ``[circuit, parameter]``."""
    there = rows >= 0
    index = np.where(there, rows, 0)
    low, high = bounds[0][index], bounds[1][index]
    now = np.take_along_axis(theta, index, 1)
    held = ~there | ((now <= low) & (pull > 0)) | ((now >= high) & (pull < 0))
    system = np.where(held[:, :, None] | held[:, None, :], 0.0, normal)
    scale = np.einsum("bpp->bp", system).copy()
    # what hardly matters is damped as if it did, or it would run away
    scale = np.maximum(scale, 1e-3 * scale.max(1, keepdims=True) + 1e-30)
    diagonal = np.einsum("bpp->bp", system)
    diagonal += damping[:, None] * scale + np.where(held, 1.0, 0.0)
    step = np.linalg.solve(system, np.where(held, 0.0, -pull)[:, :, None])[:, :, 0]
    step *= np.minimum(1.0, _LONGEST / np.maximum(np.abs(step).max(1, keepdims=True), 1e-30))
    moved = np.where(there, np.clip(now + step, low, high), now)
    trial = theta.copy()
    for b in range(len(theta)):
        trial[b, rows[b, there[b]]] = moved[b, there[b]]
    return trial
