"""One trajectory in portions: integrated until a comparison turns within a step, where Python takes over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import METHODS, compiled
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import copy, interpolate
from sbmlgrn.ode.native.trajectory import (
    LENGTH,
    RUNNING,
    SUCCESS,
    Addresses,
    T,
    Workspace,
    advance,
    polynomial,
    start,
    step,
    workspace,
)

TURNED: Final = -2
_LOOKS: Final = 4
"""Places within a step at which comparisons are looked at."""


class March:
    """A trajectory that stops where a comparison turns.

    Args:
        evaluator: what is simulated; without delays.
        p: parameters ``[parameter]``.
        method: one of `METHODS`.
        rtol: relative tolerance.
        atol: absolute tolerance ``[state]``.
        max_steps: most steps.
    """

    def __init__(
        self, evaluator: Evaluator, p: np.ndarray, method: str, rtol: float, atol: np.ndarray, max_steps: int
    ) -> None:
        self._addresses, self._layout = compiled(evaluator.system)
        self._turns, count = evaluator.address_of_turns()
        self._p = np.ascontiguousarray(p, np.float64)
        self._options = (METHODS[method], rtol, np.ascontiguousarray(atol, np.float64))
        self._left = max_steps
        self._work = workspace(len(atol), len(self._layout.place), len(self._layout.column))
        self._held, self._now = np.empty(count), np.empty(count)
        self._end = 0.0

    def start(self, t: float, y: np.ndarray, end: float) -> None:
        """Puts the trajectory at ``(t, y)``, on its way to `end`."""
        method, rtol, atol = self._options
        self._end = end
        start(self._addresses, t, end, y, self._p, method, rtol, atol, self._work)

    def run(self, grid: np.ndarray, out: np.ndarray, written: int) -> tuple[int, int]:
        """Goes on to the end, or to a step within which a comparison turns; such a step is made, but not taken.

        Args:
            grid: times ``[time]`` at which the state is wanted.
            out: ``[time, state]``, filled before the end of each step taken.
            written: how many rows of it are filled already.

        Returns:
            `SUCCESS` at the end, `TURNED`, or the code of a failure; how many rows are filled.
        """
        method, rtol, atol = self._options
        outcome, written, self._left = _march(
            *(self._addresses, self._turns, self._end, self._p, method, rtol, atol, self._layout, self._left),
            *(self._work, self._held, self._now, grid, out, written),
        )
        return outcome, written

    @property
    def state(self) -> tuple[float, np.ndarray]:
        """The time and the state at which the trajectory is."""
        return float(self._work.control[T]), self._work.y.copy()

    def piece(self) -> tuple[float, Callable[[float], np.ndarray]]:
        """Where the step that was made ends, and the state within it."""
        begin, h = float(self._work.control[T]), float(self._work.control[LENGTH])
        y, new, coefficients = self._work.y.copy(), self._work.new.copy(), self._work.polynomial.copy()
        end = min(begin + h, self._end)

        def at(t: float) -> np.ndarray:
            if t == end:
                return new
            state = np.empty(len(y))
            interpolate(y, coefficients, (t - begin) / h, state)
            return state

        return end, at

    def accept(self) -> None:
        """Takes the step that was made."""
        advance(self._addresses.rhs, self._end, self._p, self._work)


@loop
def _march(
    addresses: Addresses,
    comparisons: int,
    end: float,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    layout: Layout,
    attempts: int,
    work: Workspace,
    held: np.ndarray,
    now: np.ndarray,
    grid: np.ndarray,
    out: np.ndarray,
    written: int,
) -> tuple[int, int, int]:
    control = work.control
    evaluate(comparisons, control[T], work.y, p, held)
    while control[T] < end:
        outcome, used = step(addresses, end, p, method, rtol, atol, layout, attempts, work)
        attempts -= used
        if outcome != RUNNING:
            return outcome, written, attempts
        t, h = control[T], control[LENGTH]
        polynomial(work)
        for look in range(1, _LOOKS + 1):
            if look == _LOOKS:
                copy(work.new, work.row)
            else:
                interpolate(work.y, work.polynomial, look / _LOOKS, work.row)
            evaluate(comparisons, t + h * look / _LOOKS, work.row, p, now)
            for i in range(len(held)):
                if now[i] != held[i]:
                    return TURNED, written, attempts
        while written < len(grid) and grid[written] < t + h:
            interpolate(work.y, work.polynomial, (grid[written] - t) / h, out[written])
            written += 1
        advance(addresses.rhs, end, p, work)
    return SUCCESS, written, attempts
