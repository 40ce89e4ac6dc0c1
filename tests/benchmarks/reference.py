"""Reference solutions, by solvers that are not ours and at tolerances far below those measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.lower import System


def solve(
    system: System, y0: np.ndarray, p: np.ndarray, t: np.ndarray, method: str = "DOP853", rtol: float = 1e-12
) -> np.ndarray:
    """States ``[time, state]`` of one trajectory, by SciPy.

    Raises:
        RuntimeError: SciPy failed.
    """
    evaluator = Evaluator(system)
    scale = max(float(np.abs(y0).max(initial=0.0)), 1e-3)
    found = solve_ivp(
        lambda at, y: evaluator.rhs(at, y, p),
        (t[0], t[-1]),
        y0,
        method=method,
        t_eval=t,
        rtol=rtol,
        atol=1e-3 * rtol * scale,
    )
    if not found.success:
        raise RuntimeError(f"{method} gives no reference: {found.message}")
    return found.y.T


def central_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Gradient of `f` at `x` ``[n]`` by central differences of the fourth order, steps relative to the entries."""
    gradient = np.empty(len(x))
    for i in range(len(x)):
        h = step * max(abs(x[i]), 1e-6)
        moved = [f(x + k * h * np.eye(len(x))[i]) for k in (-2, -1, 1, 2)]
        gradient[i] = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * h)
    return gradient


def error(values: np.ndarray, reference: np.ndarray, floor: float = 0.0) -> float:
    """Largest difference, relative to each column's largest magnitude over all axes before it, or to `floor`."""
    axes = tuple(range(reference.ndim - 1))
    size = np.maximum(np.abs(reference).max(axis=axes), floor)
    return float((np.abs(values - reference).max(axis=axes) / np.where(size > 0, size, 1.0)).max())
