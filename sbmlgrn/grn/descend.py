"""Adam over many circuits at once, by minibatches of conditions.

Source: D. P. Kingma and J. Ba, ICLR 2015, arXiv:1412.6980, algorithm 1; rates fall along a cosine.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sbmlgrn.grn import batch
from sbmlgrn.grn.native.march import Course
from sbmlgrn.grn.task import part

_FIRST, _SECOND = 0.9, 0.99
_LANES: Final = 8


def descend(
    course: Course,
    theta: np.ndarray,
    kept: np.ndarray,
    free: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    *,
    iterations: int,
    rate: float,
    sparsity: float = 0.0,
    minibatch: int | None = None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Goes down the gradients of the losses.

    Args:
        course: what circuits are given, and what is wanted.
        theta: parameters to start from ``[circuit, parameter]``.
        kept: whether there is an edge ``[circuit, target, source]``.
        free: whether a parameter may move ``[circuit, parameter]``.
        bounds: lowest and highest values ``[parameter]``.
        iterations: steps.
        rate: length of the first steps, by parameter.
        sparsity: what the mean size of the weights adds to the loss (L1).
        minibatch: conditions in a step, the same for all circuits; all if not given.
        rng: what chooses them.

    Returns:
        Parameters ``[circuit, parameter]``.
    """
    theta = theta.copy()
    weights = kept.shape[1] ** 2
    edges = np.maximum(free[:, :weights].sum(1, keepdims=True), 1)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    counting = np.flatnonzero(course.share.any((0, 1)))
    for step in range(1, iterations + 1):
        chosen = course
        if minibatch is not None and minibatch < len(counting):
            chosen = part(course, rng.choice(counting, -(-minibatch // _LANES) * _LANES))
        _, slopes = batch.gradients(chosen, theta, kept)
        slopes[:, :weights] += sparsity * np.sign(theta[:, :weights]) / edges
        slopes = np.where(free & np.isfinite(slopes), slopes, 0.0)
        first += (1 - _FIRST) * (slopes - first)
        second += (1 - _SECOND) * (slopes**2 - second)
        now = rate * 0.5 * (1 + math.cos(math.pi * (step - 1) / iterations))
        scale = np.sqrt(second / (1 - _SECOND**step)) + 1e-12
        theta -= now * first / (1 - _FIRST**step) / scale
        theta = np.clip(theta, *bounds)
    return theta
