"""Where within a step something may happen: looked for on the dense output, down to neighbouring numbers.

A trigger is a condition, not a function with a root; so it is looked at inside every step, and a turn is bisected down
to neighbouring floating-point numbers. Then ``time >= 5`` is executed at 5 and ``time > 5`` just after it, which
decides what is reported at 5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.ode.native.agenda import Agenda, Transitions, touch
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import inlined, lean
from sbmlgrn.ode.native.steps import STAGES, copy, interpolate, rodas5p_polynomial, tsit5_polynomial
from sbmlgrn.ode.native.trajectory import LENGTH, MADE_BY, RODAS5P, T, Workspace

_LOOKS: Final = 4
"""Places within a step at which comparisons are looked at."""


class Piece(NamedTuple):
    """A step and what it leads through.

    Attributes:
        begin, end: times.
        h: length for which `polynomial` is made.
        y, new: ``[n]`` states at both.
        polynomial: ``[4, n]``, see `sbmlgrn.ode.native.steps`.
        at: address of a function of the time that is asked instead of the polynomial; 0 for none.
    """

    begin: float
    end: float
    h: float
    y: np.ndarray
    new: np.ndarray
    polynomial: np.ndarray
    at: int


@inlined
def state_at(piece: Piece, t: float, p: np.ndarray, out: np.ndarray) -> None:
    """The state ``[n]`` at a time within the step."""
    if t == piece.end:
        copy(piece.new, out)
    elif piece.at == 0:
        interpolate(piece.y, piece.polynomial, (t - piece.begin) / piece.h, out)
    else:
        evaluate(piece.at, t, piece.y, p, out)


@lean
def is_calm(transitions: Transitions, agenda: Agenda, work: Workspace, end: float, p: np.ndarray) -> bool:
    """Whether nothing turns within the step just made, without computing more of it than turns depend on.

    Args:
        transitions: the system's events.
        agenda: that of the trajectory; what is watched where the step begins is in ``agenda.before``.
        work: with the step.
        end: of the step.
        p: parameters.
    """
    looked_at, begin, h = transitions.looked_at, work.control[T], work.control[LENGTH]
    stages, polynomial = agenda.step[:STAGES], agenda.step[STAGES : STAGES + 4]
    first, last, now = agenda.step[STAGES + 4], agenda.step[STAGES + 5], agenda.step[STAGES + 6]
    for k in range(len(looked_at)):
        i = looked_at[k]
        first[k], last[k] = work.y[i], work.new[i]
        for s in range(STAGES):
            stages[s, k] = work.stages[s, i]
    if work.control[MADE_BY] == RODAS5P:
        rodas5p_polynomial(first, last, stages, polynomial)
    else:
        tsit5_polynomial(h, stages, polynomial)
    for look in range(1, _LOOKS + 1):
        t = _place(begin, end, look)
        if look == _LOOKS:
            copy(last, now)
        else:
            interpolate(first, polynomial, (t - begin) / h, now)
        for k in range(len(looked_at)):
            agenda.y[looked_at[k]] = now[k]
        evaluate(transitions.turns, t, agenda.y, p, agenda.after)
        if _differ(agenda):
            return False
    return True


@lean
def first_turn(transitions: Transitions, agenda: Agenda, piece: Piece, p: np.ndarray) -> tuple[float, int]:
    """Looks for the first moment of a step at which something happens.

    Args:
        transitions: the system's events.
        agenda: that of the trajectory. Afterwards ``agenda.y`` is the state at the moment, and ``agenda.before`` what
            is watched just before it; at the end of the step, if nothing happens.
        piece: the step.
        p: parameters.

    Returns:
        The moment, NaN if there is none; and how many turns were located.
    """
    left, located = piece.begin, 0
    _watch(transitions, agenda, piece, left, p, agenda.before)
    for look in range(1, _LOOKS + 1):
        right = _place(piece.begin, piece.end, look)
        while _differs(transitions, agenda, piece, right, p):
            left = _flip(transitions, agenda, piece, left, right, p)
            located += 1
            # `after` is what is watched at `left`
            _watch(transitions, agenda, piece, left, p, agenda.after)
            evaluate(transitions.conditions, left, agenda.y, p, agenda.now)
            for k in range(len(agenda.now)):
                if agenda.now[k] != agenda.held[k]:
                    return left, located
            if touch(transitions, agenda, left, agenda.y, p):
                return left, located
            copy(agenda.after, agenda.before)
        left = right
    return np.nan, located


@inlined
def _watch(
    transitions: Transitions, agenda: Agenda, piece: Piece, t: float, p: np.ndarray, watched: np.ndarray
) -> None:
    """What is watched at a time of the step; the state then is in ``agenda.y``."""
    state_at(piece, t, p, agenda.y)
    evaluate(transitions.turns, t, agenda.y, p, watched)


@lean
def _differs(transitions: Transitions, agenda: Agenda, piece: Piece, t: float, p: np.ndarray) -> bool:
    """Whether anything watched is not what it was before."""
    _watch(transitions, agenda, piece, t, p, agenda.after)
    return _differ(agenda)


@inlined
def _differ(agenda: Agenda) -> bool:
    differ = False
    for k in range(len(agenda.before)):
        differ = differ or agenda.before[k] != agenda.after[k]
    return differ


@inlined
def _place(begin: float, end: float, look: int) -> float:
    """A time within a step at which comparisons are looked at."""
    return end if look == _LOOKS else begin + (end - begin) * look / _LOOKS


@lean
def _flip(transitions: Transitions, agenda: Agenda, piece: Piece, left: float, right: float, p: np.ndarray) -> float:
    """The later of neighbouring times between `left` and `right`, between which something watched turns."""
    while True:
        middle = 0.5 * (left + right)
        if not left < middle < right:
            return right
        if _differs(transitions, agenda, piece, middle, p):
            right = middle
        else:
            left = middle
