"""Trajectories with events or delays: integration between events, and location of the moments when triggers turn.

A trigger is a condition, not a function with a root; so it is looked at inside every step of the integrator, on its
dense output, and a turn is bisected down to neighbouring floating-point numbers. Then ``time >= 5`` is executed at 5
and ``time > 5`` just after it, which decides what is reported at 5.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from scipy.integrate import BDF, LSODA, OdeSolver, Radau
from scipy.optimize import brentq

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.lower import System
from sbmlgrn.ode.agenda import Agenda, EventCascadeError, Execution, Triggered
from sbmlgrn.ode.history import History, Interpolant, Moment
from sbmlgrn.ode.status import Status

_SOLVERS: Final[dict[str, Any]] = {"LSODA": LSODA, "BDF": BDF, "Radau": Radau}
_LOOKS_A_STEP: Final = 4

Log: TypeAlias = list[Triggered | Execution]


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
        method: LSODA, BDF or Radau.
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
        values, status = run.over(t.tolist(), start)
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
        self._solver = _SOLVERS[method]
        self._options: dict[str, Any] = {"rtol": rtol, "atol": atol}
        self._steps = max_steps
        self.agenda = Agenda(evaluator, self._history, chooser)

    def over(self, grid: list[float], y0: np.ndarray) -> tuple[np.ndarray, Status]:
        """The trajectory on `grid`, as far as it gets."""
        out = np.full((len(grid), len(y0)), np.nan)
        self.past = np.full((len(grid), len(self._evaluator.system.delays)), np.nan)
        written = 0

        def report(until: float, at: Interpolant) -> None:
            """Writes the grid times before `until`."""
            nonlocal written
            while written < len(grid) and grid[written] < until:
                out[written] = y = at(grid[written])
                self.past[written] = self._history.past(grid[written], y)
                written += 1

        try:
            time, y = grid[0], self.agenda.settle(grid[0], y0)
            while time < grid[-1]:
                time, y, before = self._advance(time, y, grid[-1], report)
                y = self.agenda.settle(time, y, before)
        except _FailedError as failure:
            return out, failure.status
        except EventCascadeError:
            return out, Status.EVENT_CASCADE
        report(np.inf, lambda _: y)
        return out, Status.SUCCESS if np.isfinite(out).all() else Status.NOT_FINITE

    def _advance(
        self, time: float, y: np.ndarray, end: float, report: Callable[[float, Interpolant], None]
    ) -> tuple[float, np.ndarray, Moment]:
        """Integrates to the next moment at which something may happen; returns it, and the moment just before."""
        bound = min(end, self.agenda.next_time)
        if bound <= time:
            return time, y, (time, y)
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
                report(turned, at)
                return turned, at(turned), (before, at(before))
            self._history.record(begin, solver.t, at)
            report(solver.t, at)
        return bound, solver.y, (bound, solver.y)

    def _start(self, time: float, y: np.ndarray, bound: float) -> OdeSolver:
        def field(t: float, y: np.ndarray) -> np.ndarray:
            return self._evaluator.rhs(t, y, self._history.at(t, y))

        options = self._options | {"max_step": self._history.shortest_lag(time, y)}
        return self._solver(field, time, y, bound, **options)

    def _interpolant(self, solver: OdeSolver) -> Interpolant:
        dense = solver.dense_output()
        end, last = solver.t, solver.y.copy()
        return lambda t: last if t == end else dense(t)

    def _first_turn(self, begin: float, end: float, at: Interpolant) -> tuple[float, float] | None:
        """Neighbouring times between which a trigger first differs from what it was at `begin`, if one does."""
        left, held = begin, self.agenda.comparisons(begin, at(begin))
        for i in range(1, _LOOKS_A_STEP + 1):
            right = end if i == _LOOKS_A_STEP else begin + (end - begin) * i / _LOOKS_A_STEP
            while self.agenda.comparisons(right, at(right)) != held:
                before, left = self._flip(left, right, held, at)
                if self.agenda.has_turned(self.agenda.conditions(left, at(left))):
                    return before, left
                held = self.agenda.comparisons(left, at(left))
            left = right
        return None

    def _flip(self, left: float, right: float, held: list[float], at: Interpolant) -> tuple[float, float]:
        """Neighbouring times between which a comparison first differs from `held`, its value at `left`."""

        def differs(t: float) -> bool:
            return self.agenda.comparisons(t, at(t)) != held

        guess = self._root(left, right, held, at)
        width = 4 * math.ulp(max(abs(left), abs(right)))
        low, high = guess - width, guess + width
        if left < low and high < right and not differs(low) and differs(high):
            left, right = low, high
        while left < (middle := 0.5 * (left + right)) < right:
            left, right = (left, middle) if differs(middle) else (middle, right)
        return left, right

    def _root(self, left: float, right: float, held: list[float], at: Interpolant) -> float:
        """Where the first margin of a comparison that differs at `right` changes its sign, nearly."""
        now = self.agenda.comparisons(right, at(right))
        roots = [right]
        for i, (before, after) in enumerate(zip(held, now, strict=True)):
            if before == after:
                continue

            def margin(t: float, i: int = i) -> float:
                y = at(t)
                return float(self._evaluator.margins(t, y, self._history.at(t, y))[i])

            if margin(left) * margin(right) < 0:
                tolerance = 4 * math.ulp(max(abs(left), abs(right)))
                roots.append(float(brentq(margin, left, right, xtol=tolerance)))  # pyright: ignore[reportArgumentType]
        return min(roots)


class _FailedError(Exception):
    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status
