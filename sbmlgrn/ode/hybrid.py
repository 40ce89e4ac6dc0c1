"""Trajectories with events, delays or fast reactions, without gradients.

What happens at a moment, and where within a step, is `sbmlgrn.ode.native`'s to say, for all of them. Compiled loops
make the steps as well; but where the right-hand side looks back, that is done by one of SciPy's solvers.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy.integrate import BDF, LSODA, OdeSolver, Radau

from sbmlgrn.backends.kernel import Evaluator, once
from sbmlgrn.expr import ZERO
from sbmlgrn.lower import System
from sbmlgrn.ode.callbacks import Callbacks
from sbmlgrn.ode.history import History, Interpolant
from sbmlgrn.ode.log import Log, entries, width
from sbmlgrn.ode.moments import moments, relaxation, with_past
from sbmlgrn.ode.native.agenda import FLOW, MOST_WAITING, START, WORDS, agenda, next_time, reset, settle
from sbmlgrn.ode.native.ensemble import METHODS
from sbmlgrn.ode.native.eventful import CLOSE, MOST_CLOSE, eventful, words
from sbmlgrn.ode.native.trajectory import SUCCESS
from sbmlgrn.ode.native.turning import Piece, first_turn
from sbmlgrn.ode.relaxation import NoEquilibriumError, relax
from sbmlgrn.ode.status import Status

_SOLVERS: Final[dict[str, Any]] = {"LSODA": LSODA, "BDF": BDF, "Radau": Radau}


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
    record: bool = False,
    modes: int = 0,
    floor: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, list[Status], list[Log]]:
    """Integrates trajectories, executing the system's events.

    Args:
        system: what is simulated.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``, for compiled loops also one for each trajectory ``[batch, time]``;
            at the time of an event the state after it is reported.
        method: one of the compiled loops' (`METHODS`); LSODA, BDF or Radau where the system has delays.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of the integrator per trajectory.
        seed: of the choice among simultaneous events of equal priority; each trajectory has a stream of its own.
        record: whether to log what happens; for compiled loops.
        modes: how many of the last states are modes (`sbmlgrn.lower.with_modes`) that are to be found for the start;
            for compiled loops.
        floor: ``[state]`` values below which states may not fall; for compiled loops.

    Returns:
        States ``[batch, time, state]`` and values of the past ``[batch, time, delay]``, NaN from where a trajectory
        failed; a status and a log of the events per trajectory.
    """
    evaluator = Evaluator(system) if system.delays or system.fast or method not in METHODS else None
    lasting = system.fast and not system.transitions
    if evaluator is not None and lasting and not any(_settles(evaluator, t, *at) for at in zip(y0, p, strict=True)):
        shape = len(y0), t.shape[-1]
        nothing = np.full((*shape, y0.shape[1]), np.nan), np.full((*shape, len(system.delays)), np.nan)
        return *nothing, [Status.NO_EQUILIBRIUM] * len(y0), [[] for _ in y0]
    if method in METHODS:
        transitions = moments(system)
        callbacks = Callbacks(y0.shape[1], p.shape[1])
        if evaluator is not None:
            address = relaxation(evaluator, callbacks, lambda own: History(evaluator, own, 0.0))
            transitions = transitions._replace(relax=address)
        columns = width(system) if record else 0
        options = (t, method, rtol, atol, max_steps, seed, modes, floor, columns)
        states, codes, rows = eventful(system, transitions, callbacks, y0, p, *options)
        pasts, logs = np.empty((*states.shape[:2], 0)), [entries(system, part) if record else [] for part in rows]
    else:
        assert evaluator is not None
        runs = [
            _Stepped(evaluator, parameters, method, rtol, atol[i], max_steps, seed, i).over(t, start)
            for i, (start, parameters) in enumerate(zip(y0, p, strict=True))
        ]
        states, pasts, codes, logs = *map(np.array, zip(*runs, strict=True)), [[] for _ in runs]
    lost = np.logical_not(np.isfinite(states[..., _moving(system)]).all((1, 2))).tolist()
    status = [Status.NOT_FINITE if bad and not code else Status(code) for code, bad in zip(codes, lost, strict=True)]
    return states, pasts, status, logs


def _settles(evaluator: Evaluator, t: np.ndarray, y0: np.ndarray, p: np.ndarray) -> bool:
    """Whether fast reactions have an equilibrium at the start: if not, there is no need to compile what steps need."""
    begin = float(t.flat[0])
    try:
        relax(evaluator, History(evaluator, np.ascontiguousarray(p), begin), begin, np.array(y0))
    except NoEquilibriumError:
        return False
    return True


@once
def _moving(system: System) -> np.ndarray:
    """States with a rate: what only events change may be undefined, or infinite, until they do."""
    return np.array([i for i, rate in enumerate(system.rhs) if rate is not ZERO], np.int64)


class _Stepped:
    """One trajectory whose steps are made by one of SciPy's solvers."""

    def __init__(
        self,
        evaluator: Evaluator,
        parameters: np.ndarray,
        method: str,
        rtol: float,
        atol: np.ndarray,
        max_steps: int,
        seed: int,
        number: int,
    ) -> None:
        self._evaluator = evaluator
        self._p = np.ascontiguousarray(parameters)
        self._method = method
        self._options: dict[str, Any] = {"rtol": rtol, "atol": atol}
        self._steps = max_steps
        self._seed, self._number = seed, number

    def over(self, grid: np.ndarray, y0: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """The trajectory on `grid` as far as it gets, the values of its past, and how it ended."""
        n, evaluator, parameters = len(y0), self._evaluator, self._p
        self._grid = grid
        self._out = np.full((len(grid), n), np.nan)
        self._past = np.full((len(grid), len(evaluator.system.delays)), np.nan)
        self._written = 0
        self._history = history = History(evaluator, parameters, float(grid[0]))
        self._callbacks = callbacks = Callbacks(n, len(parameters))
        self._transitions = with_past(evaluator, callbacks, history.at)._replace(
            relax=relaxation(evaluator, callbacks, lambda _: history),
            words=callbacks.address(words(self._seed), WORDS),
        )
        self._interpolant = callbacks.address(lambda t, *_: self._at(t), n)
        self._agenda = agenda(self._transitions, n, MOST_WAITING)
        reset(self._transitions, self._agenda, self._number)
        try:
            outcome = self._run(y0)
        finally:
            callbacks.check()
        return self._out, self._past, outcome

    def _run(self, y0: np.ndarray) -> int:
        time, end, crowded = float(self._grid[0]), float(self._grid[-1]), 0
        self._agenda.y[:] = y0
        outcome = self._settle(time, START)
        while outcome == SUCCESS and time < end:
            bound, last = min(end, next_time(self._agenda)), time
            time, outcome = self._step(time, bound)
            crowded = crowded + 1 if time - last <= CLOSE * max(abs(time), abs(end)) else 0
            if crowded == MOST_CLOSE:
                return Status.EVENT_CASCADE
            if outcome == SUCCESS:
                outcome = self._settle(time, FLOW)
        if outcome == SUCCESS:
            self._report(np.inf, lambda _: self._agenda.y)
        return outcome

    def _settle(self, time: float, cause: int) -> int:
        outcome = settle(self._transitions, self._agenda, np.empty((0, 0)), time, self._p, cause)
        self._callbacks.check()
        return outcome

    def _report(self, until: float, at: Interpolant) -> None:
        """Writes the grid times before `until`."""
        while self._written < len(self._grid) and self._grid[self._written] < until:
            time = float(self._grid[self._written])
            self._out[self._written] = y = at(time)
            self._past[self._written] = self._history.past(time, y)
            self._written += 1

    def _step(self, time: float, bound: float) -> tuple[float, int]:
        """Integrates to the next moment at which something may happen, `bound` at the latest."""
        if not np.isfinite(self._agenda.y).all():
            return time, Status.NOT_FINITE
        solver = self._start(time, self._agenda.y.copy(), bound)
        while solver.status == "running":
            self._steps -= 1
            if self._steps < 0:
                return time, Status.MAX_STEPS
            begin, y = solver.t, solver.y.copy()
            try:
                solver.step()
            except ValueError:  # SciPy's linear algebra refuses infinities
                return time, Status.NOT_FINITE
            if solver.status == "failed":
                finite = bool(np.isfinite(solver.y).all())
                return time, Status.STEP_TOO_SMALL if finite else Status.NOT_FINITE
            end, new = solver.t, solver.y.copy()
            dense = solver.dense_output()
            self._at = at = lambda t, end=end, new=new, dense=dense: new if t == end else dense(t)
            piece = Piece(begin, end, end - begin, y, new, np.empty((4, len(y))), self._interpolant)
            moment, _ = first_turn(self._transitions, self._agenda, piece, self._p)
            self._callbacks.check()
            time = end if np.isnan(moment) else moment
            self._history.record(begin, time, at)
            self._report(time, at)
            if not np.isnan(moment):
                break
        return time, SUCCESS

    def _start(self, time: float, y: np.ndarray, bound: float) -> OdeSolver:
        def field(t: float, y: np.ndarray) -> np.ndarray:
            return self._evaluator.rhs(t, y, self._history.at(t, y, "rhs"))

        options = self._options | {"max_step": self._history.shortest_lag(time, y)}
        return _SOLVERS[self._method](field, time, y, bound, **options)
