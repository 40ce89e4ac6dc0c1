"""What happens at one moment: events that are triggered, wait, and are executed, until nothing more is due.

Sources: SBML Level 3 Version 2 Core, section 4.12; for fast reactions and algebraic equations see
`sbmlgrn.lower.equilibrium` and `sbmlgrn.lower.algebraic`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.ode.native.calls import evaluate, evaluate_row
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.steps import STAGES, copy
from sbmlgrn.ode.native.trajectory import SUCCESS

EVENT_CASCADE: Final = 4
NO_EQUILIBRIUM: Final = 5
FULL: Final = -3
"""More executions wait than there is room for."""

START: Final = 0
FLOW: Final = 1
CASCADE: Final = 2

TRIGGERED: Final = 0
EXECUTED: Final = 1
SETTLED: Final = 2

KIND: Final = 0
EVENT: Final = 1
TIME: Final = 2
CAUSE: Final = 3  # of a trigger; of an execution the row in which it was triggered
TURN: Final = 4  # position among the turns of the trigger, or of the laws; −1 for none
AHEAD: Final = 5
VALUES: Final = 6  # where values begin

WORDS: Final = 16
"""Random numbers that are asked for at a time."""
_AHEAD: Final = 1e-10
"""Relative to the time. What turns may be conserved by the fast reactions, and would otherwise turn to and fro by
rounding errors while they take place."""
_MOST_AT_ONCE: Final = 10_000
MOST_WAITING: Final = 2**17
"""Executions that may wait."""


class Transitions(NamedTuple):
    """Compiled functions of a system's events, called by address, and how they belong together.

    Attributes:
        rhs: address of dy/dt.
        conditions: of the truth of each trigger, followed by that of `System.strayed`.
        turns: of `Turn.watched` in the order of `System.turns`.
        touches: of whether a trigger would hold if an equality within it did, for each of `equalities`.
        project: of new values for the states `projected`.
        relax: of the extents of fast reactions, the change of the state that they make, and whether there was no
            equilibrium, one after the other; 0 where no reaction is fast.
        words: of `WORDS` random integers of 32 bits, in which the time stands for the number of the trajectory.
        delays, priorities, values: ``[event]`` addresses; 0 for no delay, and for no priority.
        first: ``[event + 1]`` where in `targets` the assignments of each event begin.
        targets: states that are assigned.
        persistent, at_trigger: ``[event]``, see `sbmlgrn.lower.Transition`.
        initial: ``[condition]`` what the conditions are taken to have been before the start.
        first_turn: ``[event + 2]`` where in `places` the turns of each trigger begin, and those of the laws.
        places: positions in `System.turns`.
        equalities: ``[equality, 2]`` an event, and the position of the turn in `System.turns`.
        projected: states that algebraic equations tie to the others.
        fast: how many reactions are fast.
        watched: how many turns there are.
        looked_at: states on which they depend.
    """

    rhs: int
    conditions: int
    turns: int
    touches: int
    project: int
    relax: int
    words: int
    delays: np.ndarray
    priorities: np.ndarray
    values: np.ndarray
    first: np.ndarray
    targets: np.ndarray
    persistent: np.ndarray
    at_trigger: np.ndarray
    initial: np.ndarray
    first_turn: np.ndarray
    places: np.ndarray
    equalities: np.ndarray
    projected: np.ndarray
    fast: int
    watched: int
    looked_at: np.ndarray


class Agenda(NamedTuple):
    """The events of one trajectory at a time.

    Attributes:
        held: ``[condition]`` what each was when it was last looked at.
        now: ``[condition]``.
        before, after: ``[turn]`` what is watched just before the moment, and at it.
        touched: ``[event]`` whether an equality in its trigger held between the two.
        touches: ``[equality]``.
        waiting: ``[room, 2]`` executions that wait, in the order in which they were triggered: the event, and the row
            of the log in which it was.
        due: ``[room]`` when each of them is.
        ranks: ``[room]``.
        kept: ``[room, assignment]`` what they assign, where that was computed when they were triggered.
        step: ``[STAGES + 7, looked at]`` of a step and the states that turns depend on: the stages, the coefficients of
            the polynomial, where it begins, where it ends, and in between.
        y: ``[state]`` the state at the moment.
        row: ``[state]`` to work in.
        extents: ``[fast + state + 1]``.
        words: ``[WORDS]`` random integers.
        counts: how many executions wait, how many rows the log would have, how many words were used, and the number of
            the trajectory.
    """

    held: np.ndarray
    now: np.ndarray
    before: np.ndarray
    after: np.ndarray
    touched: np.ndarray
    touches: np.ndarray
    waiting: np.ndarray
    due: np.ndarray
    ranks: np.ndarray
    kept: np.ndarray
    step: np.ndarray
    y: np.ndarray
    row: np.ndarray
    extents: np.ndarray
    words: np.ndarray
    counts: np.ndarray


_WAITING: Final = 0
LOGGED: Final = 1
_USED: Final = 2
_NUMBER: Final = 3


@loop
def agenda(transitions: Transitions, n: int, room: int) -> Agenda:
    """Memory for trajectories of `n` states, in which at most `room` executions wait."""
    events, conditions = len(transitions.values), len(transitions.initial)
    most = 0
    for event in range(events):
        most = max(most, transitions.first[event + 1] - transitions.first[event])
    return Agenda(
        np.empty(conditions),
        np.empty(conditions),
        np.empty(transitions.watched),
        np.empty(transitions.watched),
        np.empty(events),
        np.empty(len(transitions.equalities)),
        np.empty((room, 2), np.int64),
        np.empty(room),
        np.empty(room),
        np.empty((room, most)),
        np.empty((STAGES + 7, len(transitions.looked_at))),
        np.empty(n),
        np.empty(max(n, 1)),
        np.empty(transitions.fast + n + 1),
        np.empty(WORDS),
        np.zeros(4, np.int64),
    )


@lean
def reset(transitions: Transitions, agenda: Agenda, number: int) -> None:
    """Makes the agenda that of another trajectory, at its start."""
    copy(transitions.initial, agenda.held)
    agenda.counts[_WAITING] = 0
    agenda.counts[LOGGED] = 0
    agenda.counts[_USED] = WORDS
    agenda.counts[_NUMBER] = number


@inlined
def next_time(agenda: Agenda) -> float:
    """When the next execution is due; infinite if none waits."""
    earliest = np.inf
    for k in range(agenda.counts[_WAITING]):
        if agenda.due[k] < earliest:
            earliest = agenda.due[k]
    return earliest


@lean
def settle(transitions: Transitions, agenda: Agenda, log: np.ndarray, t: float, p: np.ndarray, cause: int) -> int:
    """Triggers and executes all there is at time `t`, in the state ``agenda.y``, until nothing more is due.

    Args:
        transitions: the system's events.
        agenda: that of the trajectory; what is watched just before the moment is in ``agenda.before``.
        log: ``[row, VALUES + values]`` what happens is written to, as far as it has rows.
        t: the time.
        p: parameters.
        cause: `START`, or `FLOW` as time went on.

    Returns:
        `SUCCESS`, `FULL`, `EVENT_CASCADE` or `NO_EQUILIBRIUM`.
    """
    done = 0
    while True:
        outcome = _settled(transitions, agenda, log, t, p, cause)
        if outcome == SUCCESS:
            outcome = _trigger(transitions, agenda, log, t, p, cause)
        if outcome != SUCCESS:
            return outcome
        chosen = _choose(transitions, agenda, t, p)
        if chosen < 0:
            return SUCCESS
        if done == _MOST_AT_ONCE:
            return EVENT_CASCADE
        _execute(transitions, agenda, log, chosen, t, p)
        done += 1
        cause = CASCADE


@lean
def touch(transitions: Transitions, agenda: Agenda, t: float, y: np.ndarray, p: np.ndarray) -> bool:
    """Finds which events are ``agenda.touched``, at a moment at which ``agenda.after`` is watched; whether any is."""
    touched = False
    for event in range(len(agenda.touched)):
        agenda.touched[event] = 0.0
    if len(transitions.equalities) > 0:
        evaluate(transitions.touches, t, y, p, agenda.touches)
        for k in range(len(transitions.equalities)):
            event, place = transitions.equalities[k, 0], transitions.equalities[k, 1]
            if agenda.touches[k] != 0.0 and agenda.before[place] * agenda.after[place] < 0.0:
                agenda.touched[event] = 1.0
                touched = True
    return touched


@lean
def _trigger(transitions: Transitions, agenda: Agenda, log: np.ndarray, t: float, p: np.ndarray, cause: int) -> int:
    held, now, y = agenda.held, agenda.now, agenda.y
    evaluate(transitions.conditions, t, y, p, now)
    if cause == FLOW:
        evaluate(transitions.turns, t, y, p, agenda.after)
        touch(transitions, agenda, t, y, p)
    for event in range(len(transitions.values)):
        holds = now[event] != 0.0
        if held[event] == 0.0 and (holds or (cause == FLOW and agenda.touched[event] != 0.0)):
            k = agenda.counts[_WAITING]
            if k == len(agenda.due):
                return FULL
            agenda.counts[_WAITING] += 1
            turn = _turned(transitions, agenda, event) if cause == FLOW else -1
            agenda.waiting[k, 0] = event
            agenda.waiting[k, 1] = _record(agenda, log, TRIGGERED, event, t, cause, turn)
            agenda.due[k] = t
            if transitions.delays[event] != 0:
                evaluate(transitions.delays[event], t, y, p, agenda.row)
                delay = agenda.row[0]  # what waits for an undefined time is never due
                agenda.due[k] = t if delay < 0.0 else t + delay
            if transitions.at_trigger[event] != 0:
                evaluate_row(transitions.values[event], t, y, p, agenda.kept, k)
        elif held[event] != 0.0 and not holds and transitions.persistent[event] == 0:
            _cancel(agenda, event)
    copy(now, held)
    return SUCCESS


@lean
def _settled(transitions: Transitions, agenda: Agenda, log: np.ndarray, t: float, p: np.ndarray, cause: int) -> int:
    """Lets fast reactions go to their equilibrium, and puts the state on the algebraic equations."""
    events, conditions = len(transitions.values), len(transitions.initial)
    if conditions == events:
        return SUCCESS
    y, fast = agenda.y, transitions.fast
    evaluate(transitions.conditions, t, y, p, agenda.now)
    strayed = False
    for k in range(events, conditions):
        strayed = strayed or agenda.now[k] != 0.0
    if not strayed and fast == 0:
        return SUCCESS
    turn, ahead = -1, 0.0
    if cause == FLOW:
        evaluate(transitions.turns, t, y, p, agenda.after)
        turn = _turned(transitions, agenda, events)
    if turn >= 0:
        ahead = _AHEAD * t
        evaluate(transitions.rhs, t, y, p, agenda.row)
        for i in range(len(y)):
            y[i] += ahead * agenda.row[i]
    _project(transitions, agenda, t, p)
    moved = False
    if fast > 0:
        evaluate(transitions.relax, t, y, p, agenda.extents)
        if agenda.extents[-1] != 0.0:
            return NO_EQUILIBRIUM
        for k in range(fast):
            moved = moved or agenda.extents[k] != 0.0
    if not (moved or strayed):
        return SUCCESS
    row = _record(agenda, log, SETTLED, -1, t, cause, turn)
    if row < len(log):
        log[row, AHEAD] = ahead
        for k in range(fast):
            log[row, VALUES + k] = agenda.extents[k]
    if fast > 0:
        for i in range(len(y)):
            y[i] += agenda.extents[fast + i]
    _project(transitions, agenda, t, p)
    return SUCCESS


@inlined
def _project(transitions: Transitions, agenda: Agenda, t: float, p: np.ndarray) -> None:
    if len(transitions.projected) > 0:
        evaluate(transitions.project, t, agenda.y, p, agenda.row)
        for k in range(len(transitions.projected)):
            agenda.y[transitions.projected[k]] = agenda.row[k]


@inlined
def _turned(transitions: Transitions, agenda: Agenda, event: int) -> int:
    """The first turn of an event's trigger, or of the laws, that happened; −1 if none did."""
    first = transitions.first_turn[event]
    for k in range(first, transitions.first_turn[event + 1]):
        place = transitions.places[k]
        if agenda.before[place] != agenda.after[place]:
            return k - first
    return -1


@lean
def _record(agenda: Agenda, log: np.ndarray, kind: int, event: int, t: float, cause: int, turn: int) -> int:
    """Writes a row of the log, if it has one more; its number."""
    row = agenda.counts[LOGGED]
    agenda.counts[LOGGED] += 1
    if row < len(log):
        log[row, KIND] = kind
        log[row, EVENT] = event
        log[row, TIME] = t
        log[row, CAUSE] = cause
        log[row, TURN] = turn
        log[row, AHEAD] = 0.0
    return row


@lean
def _cancel(agenda: Agenda, event: int) -> None:
    """Forgets the executions of an event that wait."""
    k = 0
    while k < agenda.counts[_WAITING]:
        if agenda.waiting[k, 0] == event:
            _remove(agenda, k)
        else:
            k += 1


@lean
def _remove(agenda: Agenda, k: int) -> None:
    agenda.counts[_WAITING] -= 1
    for later in range(k, agenda.counts[_WAITING]):
        agenda.waiting[later, 0] = agenda.waiting[later + 1, 0]
        agenda.waiting[later, 1] = agenda.waiting[later + 1, 1]
        agenda.due[later] = agenda.due[later + 1]
        for i in range(agenda.kept.shape[1]):
            agenda.kept[later, i] = agenda.kept[later + 1, i]


@lean
def _choose(transitions: Transitions, agenda: Agenda, t: float, p: np.ndarray) -> int:
    """Which execution is next: of those that are due one of the highest priority; −1 if none is due.

    One without a priority, or with an undefined one, comes last.
    """
    due, last = 0, -1
    for k in range(agenda.counts[_WAITING]):
        if agenda.due[k] <= t:
            due, last = due + 1, k
    if due <= 1:
        return last
    highest, ties = -np.inf, 0
    for k in range(agenda.counts[_WAITING]):
        agenda.ranks[k] = np.nan
        if agenda.due[k] <= t:
            address = transitions.priorities[agenda.waiting[k, 0]]
            rank = -np.inf
            if address != 0:
                evaluate(address, t, agenda.y, p, agenda.row)
                if agenda.row[0] == agenda.row[0]:
                    rank = agenda.row[0]
            agenda.ranks[k] = rank
            if rank > highest:
                highest, ties = rank, 1
            elif rank == highest:
                ties += 1
    place = _draw(transitions, agenda, p, ties)
    for k in range(agenda.counts[_WAITING]):
        if agenda.ranks[k] == highest:
            if place == 0:
                return k
            place -= 1
    return -1


@lean
def _draw(transitions: Transitions, agenda: Agenda, p: np.ndarray, count: int) -> int:
    """A random number below `count`, as Python's `random.Random.choice` finds it."""
    shift = 32
    while (1 << (32 - shift)) <= count:
        shift -= 1
    while True:
        if agenda.counts[_USED] == WORDS:
            evaluate(transitions.words, float(agenda.counts[_NUMBER]), agenda.y, p, agenda.words)
            agenda.counts[_USED] = 0
        drawn = int(agenda.words[agenda.counts[_USED]]) >> shift
        agenda.counts[_USED] += 1
        if drawn < count:
            return drawn


@lean
def _execute(transitions: Transitions, agenda: Agenda, log: np.ndarray, k: int, t: float, p: np.ndarray) -> None:
    event, origin, y = agenda.waiting[k, 0], agenda.waiting[k, 1], agenda.y
    first = transitions.first[event]
    count = transitions.first[event + 1] - first
    if transitions.at_trigger[event] == 0:
        evaluate_row(transitions.values[event], t, y, p, agenda.kept, k)
    row = _record(agenda, log, EXECUTED, event, agenda.due[k], origin, -1)
    for i in range(count):
        y[transitions.targets[first + i]] = agenda.kept[k, i]
        if row < len(log):
            log[row, VALUES + i] = agenda.kept[k, i]
    _remove(agenda, k)
    _project(transitions, agenda, t, p)
