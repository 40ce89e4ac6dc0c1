"""Fast reactions between two moments: from any state to their equilibrium, in no time.

Source: see `sbmlgrn.lower.equilibrium`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.integrate import LSODA

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.ode.history import History

_DECADES: Final = 40
"""Powers of ten of their own time within which the reactions must come to rest."""
_NEAR: Final = 1e-2
"""Distance from the equilibrium, relative to all that moves, from which Newton's method is tried."""
_AT_REST: Final = 1e-14
_ROUNDING: Final = 1e-9
"""Length, relative to all that moves, of a step of Newton's method that ends it if it is no shorter than the last."""
_NEWTON_STEPS: Final = 60
_STEPS_A_DECADE: Final = 10_000


class NoEquilibriumError(Exception):
    """Fast reactions that go on without end."""


def relax(evaluator: Evaluator, history: History, t: float, y: np.ndarray) -> np.ndarray:
    """Extent of each fast reaction ``[fast]`` that leads to the equilibrium.

    The way there decides which equilibrium it is; so it is followed, until Newton's method agrees with its direction.

    Args:
        evaluator: what is simulated.
        history: its parameters, and its past.
        t: the time.
        y: the state ``[state]``.

    Raises:
        NoEquilibriumError: there is none on the way.
    """
    moves = evaluator.moves(t, y, history.at(t, y, "moves"))

    def at(extents: np.ndarray) -> np.ndarray:
        moved = y + moves @ extents
        return evaluator.project(t, moved, history.at(t, moved, "project"))

    def laws(extents: np.ndarray) -> np.ndarray:
        state = at(extents)
        return evaluator.laws(t, state, history.at(t, state, "laws"))

    def correction(extents: np.ndarray) -> np.ndarray:
        state = at(extents)
        return evaluator.corrections(t, state, history.at(t, state, "corrections"))

    def runs_on(extents: np.ndarray) -> bool:
        state = at(extents)
        return bool(evaluator.loose(t, state, history.at(t, state, "loose")) @ np.abs(laws(extents)))

    def polished(extents: np.ndarray) -> np.ndarray | None:
        """The equilibrium next to a point, if Newton's method and the reactions lead to the same one."""
        step = correction(extents)
        if not np.abs(moves @ step).max() <= _NEAR * pool or (moves @ step) @ (moves @ laws(extents)) < 0:
            return None
        for _ in range(_NEWTON_STEPS):
            if runs_on(extents):
                return None
            extents, last = extents + step, step
            step = correction(extents)
            length = np.abs(moves @ step).max()
            if length <= _AT_REST * pool or np.abs(moves @ last).max() <= length <= _ROUNDING * pool:
                return extents
        return None

    extents = np.zeros(moves.shape[1])
    pool = float(np.abs(y[np.abs(moves).max(1) > 0]).max(initial=0.0)) or 1.0
    speed = float(np.abs(moves @ laws(extents)).max(initial=0.0))
    if speed == 0:
        return extents
    if not np.isfinite(speed):
        raise NoEquilibriumError
    unit = pool / speed
    begin, end = 0.0, 1.0
    for _ in range(_DECADES):
        found = polished(extents)
        if found is not None:
            return found
        solver = LSODA(lambda _, e: unit * laws(e), begin, extents, end, rtol=1e-10, atol=1e-13 * pool)
        for _ in range(_STEPS_A_DECADE):
            if solver.status != "running":
                break
            solver.step()
        if solver.status != "finished" or not np.isfinite(solver.y).all():
            raise NoEquilibriumError
        extents = solver.y
        if np.abs(moves @ laws(extents)).max() * unit * end <= _AT_REST * pool and begin:
            return extents
        begin, end = end, 10 * end
    raise NoEquilibriumError
