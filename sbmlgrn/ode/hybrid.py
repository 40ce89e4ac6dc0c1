"""Trajectories with events, delays or fast reactions: integration, and location of the moments when triggers turn.

A trigger is a condition, not a function with a root; so it is looked at inside every step of the integrator, on its
dense output, and a turn is bisected down to neighbouring floating-point numbers. Then ``time >= 5`` is executed at 5
and ``time > 5`` just after it, which decides what is reported at 5.
"""

from __future__ import annotations

import math
import random
from typing import Any, Final

import numpy as np
from scipy.integrate import BDF, LSODA, OdeSolver, Radau
from scipy.optimize import brentq

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.expr import ZERO
from sbmlgrn.lower import System
from sbmlgrn.ode.agenda import Agenda, EventCascadeError, Log
from sbmlgrn.ode.history import History, Interpolant, Moment
from sbmlgrn.ode.native.ensemble import METHODS
from sbmlgrn.ode.native.march import TURNED, March
from sbmlgrn.ode.native.trajectory import SUCCESS
from sbmlgrn.ode.relaxation import NoEquilibriumError
from sbmlgrn.ode.status import Status

_SOLVERS: Final[dict[str, Any]] = {"LSODA": LSODA, "BDF": BDF, "Radau": Radau}
_LOOKS_A_STEP: Final = 4
_CLOSE: Final = 1e-12
_MOST_CLOSE: Final = 1_000
"""Turns in a row that are closer than `_CLOSE` of the time: a condition that undoes itself, and no progress."""


def hybrid(
    system: System,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, list[Status], list[Log]]:
    """Integrates trajectories one by one, executing the system's events, without gradients.

    Args:
        system: what is simulated.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``; at the time of an event the state after it is reported.
        method: one of the compiled loops' (`METHODS`); LSODA, BDF or Radau where the system has delays.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of the integrator per trajectory.
        seed: of the choice among simultaneous events of equal priority; each trajectory has a stream of its own.

    Returns:
        States ``[batch, time, state]`` and values of the past ``[batch, time, delay]``, NaN from where a trajectory
        failed; a status and a log of the events per trajectory.
    """
    evaluator = Evaluator(system)
    states, pasts, statuses, logs = [], [], [], []
    for i, (start, parameters) in enumerate(zip(y0, p, strict=True)):
        chooser = random.Random(f"{seed}/{i}")
        run = _Trajectory(evaluator, parameters, method, rtol, atol[i], max_steps, chooser, float(t[0]))
        values, status = run.over(t, start)
        states.append(values)
        pasts.append(run.past)
        statuses.append(status)
        logs.append(run.agenda.log)
    return np.stack(states), np.stack(pasts), statuses, logs


class _Trajectory:
    def __init__(
        self,
        evaluator: Evaluator,
        parameters: np.ndarray,
        method: str,
        rtol: float,
        atol: np.ndarray,
        max_steps: int,
        chooser: random.Random,
        start: float,
    ) -> None:
        self._evaluator = evaluator
        self._history = History(evaluator, parameters, start)
        self._march = March(evaluator, parameters, method, rtol, atol, max_steps) if method in METHODS else None
        self._method = method
        self._options: dict[str, Any] = {"rtol": rtol, "atol": atol}
        self._steps = max_steps
        # what only events change may be undefined, or infinite, until they do
        self._moving = [i for i, rate in enumerate(evaluator.system.rhs) if rate is not ZERO]
        self.agenda = Agenda(evaluator, self._history, chooser)

    def over(self, grid: np.ndarray, y0: np.ndarray) -> tuple[np.ndarray, Status]:
        """The trajectory on `grid`, as far as it gets."""
        self._grid = grid
        self._out = np.full((len(grid), len(y0)), np.nan)
        self.past = np.full((len(grid), len(self._evaluator.system.delays)), np.nan)
        self._written = 0
        end = float(grid[-1])
        try:
            time, y = float(grid[0]), self.agenda.settle(float(grid[0]), y0)
            crowded = 0
            while time < end:
                bound, last = min(end, self.agenda.next_time), time
                time, y, before = (self._stepped if self._march is None else self._marched)(time, y, bound)
                crowded = crowded + 1 if time - last <= _CLOSE * max(abs(time), abs(end)) else 0
                if crowded == _MOST_CLOSE:
                    return self._out, Status.EVENT_CASCADE
                y = self.agenda.settle(time, y, before)
        except _FailedError as failure:
            return self._out, failure.status
        except EventCascadeError:
            return self._out, Status.EVENT_CASCADE
        except NoEquilibriumError:
            return self._out, Status.NO_EQUILIBRIUM
        self._report(np.inf, lambda _: y)
        return self._out, Status.SUCCESS if np.isfinite(self._out[:, self._moving]).all() else Status.NOT_FINITE

    def _report(self, until: float, at: Interpolant) -> None:
        """Writes the grid times before `until`."""
        while self._written < len(self._grid) and self._grid[self._written] < until:
            time = float(self._grid[self._written])
            self._out[self._written] = y = at(time)
            self.past[self._written] = self._history.past(time, y)
            self._written += 1

    def _marched(self, time: float, y: np.ndarray, bound: float) -> tuple[float, np.ndarray, Moment]:
        """Integrates, in compiled loops, to the next moment at which something may happen, `bound` at the latest.

        Returns:
            The moment, and the one just before it.
        """
        march = self._march
        assert march is not None
        if bound <= time:
            return time, y, (time, y)
        march.start(time, y, bound)
        while True:
            outcome, self._written = march.run(self._grid, self._out, self._written)
            begin, state = march.state
            if outcome == SUCCESS:
                return begin, state, (begin, state)
            if outcome != TURNED:
                raise _FailedError(Status(outcome))
            end, at = march.piece()
            turn = self._first_turn(begin, end, at)
            if turn is not None:
                before, turned = turn
                self._report(turned, at)
                return turned, at(turned), (before, at(before))
            self._report(end, at)
            march.accept()

    def _stepped(self, time: float, y: np.ndarray, bound: float) -> tuple[float, np.ndarray, Moment]:
        """The same with one of SciPy's solvers, which can look at what was."""
        if bound <= time:
            return time, y, (time, y)
        if not np.isfinite(y).all():
            raise _FailedError(Status.NOT_FINITE)
        solver = self._start(time, y, bound)
        while solver.status == "running":
            self._steps -= 1
            if self._steps < 0:
                raise _FailedError(Status.MAX_STEPS)
            begin = solver.t
            try:
                solver.step()
            except ValueError:  # SciPy's linear algebra refuses infinities
                raise _FailedError(Status.NOT_FINITE) from None
            if solver.status == "failed":
                finite = bool(np.isfinite(solver.y).all())
                raise _FailedError(Status.STEP_TOO_SMALL if finite else Status.NOT_FINITE)
            at = self._interpolant(solver)
            turn = self._first_turn(begin, solver.t, at)
            if turn is not None:
                before, turned = turn
                self._history.record(begin, turned, at)
                self._report(turned, at)
                return turned, at(turned), (before, at(before))
            self._history.record(begin, solver.t, at)
            self._report(solver.t, at)
        return bound, solver.y, (bound, solver.y)

    def _start(self, time: float, y: np.ndarray, bound: float) -> OdeSolver:
        def field(t: float, y: np.ndarray) -> np.ndarray:
            return self._evaluator.rhs(t, y, self._history.at(t, y, "rhs"))

        options = self._options | {"max_step": self._history.shortest_lag(time, y)}
        return _SOLVERS[self._method](field, time, y, bound, **options)

    def _interpolant(self, solver: OdeSolver) -> Interpolant:
        dense = solver.dense_output()
        end, last = solver.t, solver.y.copy()
        return lambda t: last if t == end else dense(t)

    def _first_turn(self, begin: float, end: float, at: Interpolant) -> tuple[float, float] | None:
        """Neighbouring times between which a trigger first differs from what it was at `begin`, if one does."""
        left, held = begin, self.agenda.turns(begin, at(begin))
        for i in range(1, _LOOKS_A_STEP + 1):
            right = end if i == _LOOKS_A_STEP else begin + (end - begin) * i / _LOOKS_A_STEP
            while self.agenda.turns(right, at(right)) != held:
                before, left = self._flip(left, right, held, at)
                moments = (before, at(before)), (left, at(left))
                if self.agenda.has_turned(self.agenda.conditions(*moments[1])) or self.agenda.touched(*moments):
                    return before, left
                held = self.agenda.turns(left, at(left))
            left = right
        return None

    def _flip(self, left: float, right: float, held: list[float], at: Interpolant) -> tuple[float, float]:
        """Neighbouring times between which a turn first differs from `held`, its value at `left`."""

        def differs(t: float) -> bool:
            return self.agenda.turns(t, at(t)) != held

        guess = self._root(left, right, held, at)
        width = 4 * math.ulp(max(abs(left), abs(right)))
        low, high = guess - width, guess + width
        if left < low and high < right and not differs(low) and differs(high):
            left, right = low, high
        while left < (middle := 0.5 * (left + right)) < right:
            left, right = (left, middle) if differs(middle) else (middle, right)
        return left, right

    def _root(self, left: float, right: float, held: list[float], at: Interpolant) -> float:
        """Where the first margin of a turn between `left` and `right` changes its sign, nearly."""
        now = self.agenda.turns(right, at(right))
        roots = [right]
        for i, (before, after) in enumerate(zip(held, now, strict=True)):
            if before == after:
                continue

            def margin(t: float, i: int = i) -> float:
                y = at(t)
                return float(self._evaluator.margins(t, y, self._history.at(t, y, "margins"))[i])

            if margin(left) * margin(right) < 0:
                tolerance = 4 * math.ulp(max(abs(left), abs(right)))
                roots.append(float(brentq(margin, left, right, xtol=tolerance)))  # pyright: ignore[reportArgumentType]
        return min(roots)


class _FailedError(Exception):
    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status
