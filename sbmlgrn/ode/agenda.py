"""The bookkeeping of discrete events: who has been triggered, who waits, who is next.

Source: SBML Level 3 Version 2 Core, section 4.12.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.expr import comparisons
from sbmlgrn.ode.history import History


class Cause(Enum):
    """Why a trigger became true.

    START: it was false before the start and holds there. FLOW: a comparison in it turned as time went on. CASCADE: an
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
        comparison: for `Cause.FLOW`, which comparison of the trigger turned, by its position; ``None`` if none did.
    """

    event: int
    time: float
    cause: Cause
    comparison: int | None = None


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
        atoms = list(dict.fromkeys(atom for e in self._transitions for atom in comparisons(e.trigger)))
        self._atoms = [[atoms.index(atom) for atom in comparisons(e.trigger)] for e in self._transitions]
        self._held = [e.initial_value for e in self._transitions]
        self._waiting: list[Execution] = []
        self.log: list[Triggered | Execution] = []

    @property
    def next_time(self) -> float:
        """When the next execution is due; infinite if none waits."""
        return min((e.time for e in self._waiting), default=np.inf)

    def conditions(self, t: float, y: np.ndarray) -> list[bool]:
        """Which triggers hold in a state."""
        return [bool(v) for v in self._evaluator.triggers(t, y, self._history.at(t, y)).tolist()]

    def comparisons(self, t: float, y: np.ndarray) -> list[float]:
        """Which comparisons within the triggers hold in a state, 1 or 0."""
        return self._evaluator.comparisons(t, y, self._history.at(t, y)).tolist()

    def has_turned(self, conditions: Sequence[bool]) -> bool:
        """Whether any trigger differs from what it last was."""
        return list(conditions) != self._held

    def settle(self, t: float, y: np.ndarray, before: tuple[float, np.ndarray] | None = None) -> np.ndarray:
        """Triggers and executes all there is at time `t`, until nothing more is due.

        Args:
            t: the time.
            y: the state ``[state]``.
            before: the time and state just before; ``None`` at the start.

        Returns:
            The state afterwards.

        Raises:
            EventCascadeError: events trigger each other without end.
        """
        done: list[Execution] = []
        while True:
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

    def _trigger(self, t: float, y: np.ndarray, before: tuple[float, np.ndarray] | None, cause: Cause) -> None:
        now = self.conditions(t, y)
        for i, (held, holds) in enumerate(zip(self._held, now, strict=True)):
            transition = self._transitions[i]
            if holds and not held:
                turned = self._turned(i, before, (t, y)) if before and cause is Cause.FLOW else None
                origin = Triggered(i, t, cause, turned)
                self.log.append(origin)
                values = (
                    self._evaluator.event_values(i, t, y, self._history.at(t, y)) if transition.at_trigger else None
                )
                delay = self._evaluator.event_delay(i, t, y, self._history.at(t, y))
                self._waiting.append(Execution(i, t + max(delay, 0.0), values, origin))
            elif held and not holds and not transition.persistent:
                self._waiting = [e for e in self._waiting if e.event != i]
        self._held = now

    def _turned(self, event: int, before: tuple[float, np.ndarray], after: tuple[float, np.ndarray]) -> int | None:
        """Which comparison of a trigger changed between two moments."""
        old, new = (self.comparisons(*moment) for moment in (before, after))
        return next((i for i, atom in enumerate(self._atoms[event]) if old[atom] != new[atom]), None)

    def _choose(self, due: list[Execution], t: float, y: np.ndarray) -> Execution:
        if len(due) == 1:
            return due[0]
        ranked = [(self._evaluator.event_priority(e.event, t, y, self._history.at(t, y)), e) for e in due]
        ranks = [(-np.inf if priority is None else priority, e) for priority, e in ranked]
        highest = max(rank for rank, _ in ranks)
        return self._chooser.choice([e for rank, e in ranks if rank == highest])

    def _execute(self, execution: Execution, t: float, y: np.ndarray) -> np.ndarray:
        values = execution.values
        if values is None:
            values = self._evaluator.event_values(execution.event, t, y, self._history.at(t, y))
        jumped = y.copy()
        jumped[list(self._transitions[execution.event].values)] = values
        return self._evaluator.project(t, jumped, self._history.at(t, jumped))


class EventCascadeError(Exception):
    """Events that trigger each other without end."""


_MOST_AT_ONCE = 10_000
