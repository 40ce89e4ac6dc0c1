"""Many circuits at once: losses, gradients and Jacobians, on all cores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sbmlgrn.grn.native import march
from sbmlgrn.grn.native.march import Course
from sbmlgrn.ode.native.portions import in_threads, portions


def losses(course: Course, theta: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Mean squared deviations ``[circuit]``.

    Args:
        course: what circuits are given, and what is wanted.
        theta: parameters ``[circuit, parameter]``, in the rows of `march.rows`.
        kept: whether there is an edge ``[circuit, target, source]``.
    """
    out = np.empty(len(theta))
    _spread(len(theta), lambda low, high: march.losses(course, theta, kept, low, high, out))
    return out


def gradients(course: Course, theta: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `losses` gives, and its gradients ``[circuit, parameter]``."""
    out, slopes = np.empty(len(theta)), np.zeros_like(theta)
    _spread(len(theta), lambda low, high: march.gradients(course, theta, kept, low, high, out, slopes))
    return out, slopes


def jacobians(course: Course, theta: np.ndarray, kept: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals ``[circuit, residual]``, whose squares add up to the losses, and their derivatives.

    Args:
        course, theta, kept: as for `losses`.
        free: rows of the parameters that count ``[circuit, free]``, −1 at the end where a circuit has fewer.

    Returns:
        The residuals, and ``[circuit, free, residual]``, 0 where `free` is −1.
    """
    shape = course.target.shape
    residuals = np.empty((len(theta), *shape))
    slopes = np.zeros((len(theta), free.shape[1], *shape))
    _spread(len(theta), lambda low, high: march.jacobians(course, theta, kept, free, low, high, residuals, slopes))
    return residuals.reshape(len(theta), -1), slopes.reshape(len(theta), free.shape[1], -1)


def paths(course: Course, theta: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """States at the ends of all steps ``[circuit, step + 1, gene, condition]``."""
    out = np.empty((len(theta), len(course.look), *course.y0.shape))
    _spread(len(theta), lambda low, high: march.paths(course, theta, kept, low, high, out))
    return out


def _spread(count: int, run: Callable[[int, int], None]) -> None:
    in_threads(lambda bounds: run(*bounds), portions(count))
