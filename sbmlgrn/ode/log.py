"""What happened at the moments of a trajectory, as gradients need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from sbmlgrn.expr import Turn, turns
from sbmlgrn.lower import System
from sbmlgrn.ode.native import agenda


class Cause(Enum):
    """Why a trigger became true.

    START: it was false before the start and holds there. FLOW: something in it turned as time went on. CASCADE: an
    event executed at the same time made it true.
    """

    START = agenda.START
    FLOW = agenda.FLOW
    CASCADE = agenda.CASCADE


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
    """An event that was triggered and has been executed.

    Attributes:
        event: position in `System.transitions`.
        time: when.
        values: what it assigned, if that was computed when it was triggered.
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


def width(system: System) -> int:
    """Columns that the rows of a log need."""
    return agenda.VALUES + max([len(system.fast), *(len(e.values) for e in system.transitions)])


def entries(system: System, rows: np.ndarray) -> Log:
    """The log whose rows are ``[entry, width]``."""
    log: Log = []
    triggers = [turns(e.trigger) for e in system.transitions]
    laws = [turn for law in system.laws for turn in turns(law)]
    for row in rows:
        kind, event, time = int(row[agenda.KIND]), int(row[agenda.EVENT]), float(row[agenda.TIME])
        cause, turn, values = int(row[agenda.CAUSE]), int(row[agenda.TURN]), row[agenda.VALUES :]
        if kind == agenda.TRIGGERED:
            log.append(Triggered(event, time, Cause(cause), triggers[event][turn] if turn >= 0 else None))
        elif kind == agenda.EXECUTED:
            transition, origin = system.transitions[event], log[cause]
            assert isinstance(origin, Triggered)
            kept = values[: len(transition.values)] if transition.at_trigger else None
            log.append(Execution(event, time, kept, origin))
        else:
            ahead = float(row[agenda.AHEAD])
            log.append(Settled(time, values[: len(system.fast)], laws[turn] if turn >= 0 else None, ahead))
    return log
