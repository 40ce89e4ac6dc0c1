"""The bookkeeping of discrete events: who has been triggered, who waits, who is next.

Source: SBML Level 3 Version 2 Core, section 4.12.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

import numpy as np

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.expr import Turn, turns
from sbmlgrn.ode.history import History, Moment
from sbmlgrn.ode.relaxation import relax


class Cause(Enum):
    """Why a trigger became true.

    START: it was false before the start and holds there. FLOW: something in it turned as time went on. CASCADE: an
    event executed at the same time made it true.
    """

    START = auto()
    FLOW = auto()
    CASCADE = auto()


@dataclass(frozen=True)
class Triggered:
    """A trigger that became true.

    Attributes:
        event: position in `System.transitions`.
        time: when.
        cause: why.
        turn: for `Cause.FLOW`, which of the trigger's `turns` that was; ``None`` if none was.
    """

    event: int
    time: float
    cause: Cause
    turn: Turn | None = None


@dataclass(frozen=True)
class Execution:
    """An event that has been triggered and waits to be executed.

    Attributes:
        event: position in `System.transitions`.
        time: when it is due.
        values: what it assigns, if that was computed when it was triggered.
        origin: how it came about.
    """

    event: int
    time: float
    values: np.ndarray | None
    origin: Triggered


@dataclass(frozen=True, eq=False)
class Settled:
    """Fast reactions that went to their equilibrium, or algebraic equations that changed.

    Attributes:
        time: when.
        extents: how far each went ``[fast]``.
        turn: the one of theirs that disturbed them; ``None`` if the start or an event did.
        ahead: how far the state had gone on by then, so that it has clearly turned.
    """

    time: float
    extents: np.ndarray
    turn: Turn | None
    ahead: float


Entry: TypeAlias = Triggered | Execution | Settled
Log: TypeAlias = list[Entry]


class Agenda:
    """Triggered events of one trajectory.

    Args:
        evaluator: what is simulated.
        history: its parameters, and its past.
        chooser: chooses among executions of equal priority.

    Attributes:
        log: all that happened, in order.
    """

    def __init__(self, evaluator: Evaluator, history: History, chooser: random.Random) -> None:
        self._evaluator = evaluator
        self._history = history
        self._chooser = chooser
        self._transitions = evaluator.system.transitions
        system = evaluator.system
        self._fast = system.fast
        self._position = {turn: i for i, turn in enumerate(system.turns())}
        self._turns = [turns(e.trigger) for e in system.transitions]
        self._turns_of_laws = [turn for law in system.laws for turn in turns(law)]
        self._held = [*(e.initial_value for e in system.transitions), *(False for _ in system.strayed)]
        self._waiting: list[Execution] = []
        self.log: Log = []

    @property
    def next_time(self) -> float:
        """When the next execution is due; infinite if none waits."""
        return min((e.time for e in self._waiting), default=np.inf)

    def conditions(self, t: float, y: np.ndarray) -> list[bool]:
        """Which triggers hold in a state, and then which conditions of `System.strayed`."""
        triggers = self._evaluator.triggers(t, y, self._history.at(t, y, "triggers"))
        strayed = self._evaluator.strayed(t, y, self._history.at(t, y, "strayed"))
        return [bool(v) for v in (*triggers.tolist(), *strayed.tolist())]

    def turns(self, t: float, y: np.ndarray) -> list[float]:
        """What changes where something may happen, in a state."""
        return self._evaluator.turns(t, y, self._history.at(t, y, "turns")).tolist()

    def has_turned(self, conditions: Sequence[bool]) -> bool:
        """Whether any of `conditions` differs from what it last was."""
        return list(conditions) != self._held

    def touched(self, before: Moment, after: Moment) -> set[int]:
        """Events whose trigger holds between two neighbouring moments, where an equality within it does."""
        equalities = self._evaluator.equalities
        if not equalities:
            return set()
        old, new = self.turns(*before), self.turns(*after)
        held = self._evaluator.touches(*after, self._history.at(*after, "touches")).tolist()
        places = [self._position[self._turns[event][k]] for event, k in equalities]
        return {
            event
            for (event, _), place, holds in zip(equalities, places, held, strict=True)
            if holds and old[place] * new[place] < 0
        }

    def settle(self, t: float, y: np.ndarray, before: Moment | None = None) -> np.ndarray:
        """Triggers and executes all there is at time `t`, until nothing more is due.

        Args:
            t: the time.
            y: the state ``[state]``.
            before: the time and state just before; ``None`` at the start.

        Returns:
            The state afterwards.

        Raises:
            EventCascadeError: events trigger each other without end.
            NoEquilibriumError: fast reactions go on without end.
        """
        done: list[Execution] = []
        while True:
            y = self._settled(t, y, before if not done else None)
            self._trigger(t, y, before, Cause.CASCADE if done else Cause.FLOW if before else Cause.START)
            due = [e for e in self._waiting if e.time <= t]
            if not due:
                return y
            if len(done) == _MOST_AT_ONCE:
                names = sorted({self._transitions[e.event].id or f"event {e.event + 1}" for e in done[-20:]})
                raise EventCascadeError(
                    f"more than {_MOST_AT_ONCE} events at time {t}: {', '.join(names)} trigger each other without end"
                )
            chosen = self._choose(due, t, y)
            self._waiting.remove(chosen)
            y = self._execute(chosen, t, y)
            done.append(chosen)
            self.log.append(chosen)

    def _trigger(self, t: float, y: np.ndarray, before: Moment | None, cause: Cause) -> None:
        now = self.conditions(t, y)
        touched = self.touched(before, (t, y)) if before and cause is Cause.FLOW else set()
        for i, transition in enumerate(self._transitions):
            held, holds = self._held[i], now[i]
            if (holds or i in touched) and not held:
                turned = self._turned(self._turns[i], before, (t, y)) if before and cause is Cause.FLOW else None
                origin = Triggered(i, t, cause, turned)
                self.log.append(origin)
                values = self._values(i, t, y) if transition.at_trigger else None
                delay = self._evaluator.event_delay(i, t, y, self._history.at(t, y, f"delay_{i}"))
                self._waiting.append(Execution(i, t + max(delay, 0.0), values, origin))
            elif held and not holds and not transition.persistent:
                self._waiting = [e for e in self._waiting if e.event != i]
        self._held = now

    def _settled(self, t: float, y: np.ndarray, before: Moment | None) -> np.ndarray:
        """The state after fast reactions have gone to their equilibrium, and on the algebraic equations."""
        has_strayed = self._evaluator.strayed(t, y, self._history.at(t, y, "strayed")).any()
        if not (self._fast or has_strayed):
            return y
        turned = self._turned(self._turns_of_laws, before, (t, y)) if before else None
        ahead = 0.0 if turned is None else _AHEAD * t
        if ahead:
            y = y + ahead * self._evaluator.rhs(t, y, self._history.at(t, y, "rhs"))
        y = self._evaluator.project(t, y, self._history.at(t, y, "project"))
        extents = relax(self._evaluator, self._history, t, y) if self._fast else np.empty(0)
        if not (extents.any() or has_strayed):
            return y
        self.log.append(Settled(t, extents, turned, ahead))
        moved = y + self._evaluator.moves(t, y, self._history.at(t, y, "moves")) @ extents
        return self._evaluator.project(t, moved, self._history.at(t, moved, "project"))

    def _turned(self, candidates: Sequence[Turn], before: Moment, after: Moment) -> Turn | None:
        """The first of some turns that happened between two moments."""
        old, new = (self.turns(*moment) for moment in (before, after))
        return next((turn for turn in candidates if old[self._position[turn]] != new[self._position[turn]]), None)

    def _choose(self, due: list[Execution], t: float, y: np.ndarray) -> Execution:
        if len(due) == 1:
            return due[0]
        ranks = [(self._priority(e.event, t, y), e) for e in due]
        highest = max(rank for rank, _ in ranks)
        return self._chooser.choice([e for rank, e in ranks if rank == highest])

    def _execute(self, execution: Execution, t: float, y: np.ndarray) -> np.ndarray:
        values = execution.values
        if values is None:
            values = self._values(execution.event, t, y)
        jumped = y.copy()
        jumped[list(self._transitions[execution.event].values)] = values
        return self._evaluator.project(t, jumped, self._history.at(t, jumped, "project"))

    def _values(self, event: int, t: float, y: np.ndarray) -> np.ndarray:
        return self._evaluator.event_values(event, t, y, self._history.at(t, y, f"values_{event}"))

    def _priority(self, event: int, t: float, y: np.ndarray) -> float:
        """An event's priority; one that has none, or an undefined one, comes last."""
        if self._transitions[event].priority is None:
            return -np.inf
        priority = self._evaluator.event_priority(event, t, y, self._history.at(t, y, f"priority_{event}"))
        return -np.inf if np.isnan(priority) else priority


class EventCascadeError(Exception):
    """Events that trigger each other without end."""


_AHEAD = 1e-10
"""Relative to the time. What turns may be conserved by the fast reactions, and would otherwise turn to and fro by
rounding errors while they take place."""
_MOST_AT_ONCE = 10_000
