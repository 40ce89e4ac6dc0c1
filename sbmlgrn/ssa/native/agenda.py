"""The events of a jump process in a compiled loop: who has been triggered, who waits, who is next.

Source: SBML Level 3 Version 2 Core, section 4.12.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.ode.native.calls import evaluate, evaluate_row
from sbmlgrn.ode.native.loop import lean
from sbmlgrn.ssa.native.distributions import sample
from sbmlgrn.ssa.native.generator import uniform
from sbmlgrn.ssa.native.plan import Plan

ENDLESS: Final = -1
FULL: Final = -2
_MOST_AT_ONCE: Final = 10_000
_EVENT, _TIME, _VALUES = 0, 1, 2
"""Columns of the executions that wait: which event, when, and then what it assigns, if that is known already."""


class Scratch(NamedTuple):
    """What one trajectory at a time works in.

    Attributes:
        generator: state of its random numbers ``[4]``.
        board: a row for each of the constants below ``[row, column]``.
        operands: of a draw.
        queue: executions that wait ``[row, 2 + value]``.
    """

    generator: np.ndarray
    board: np.ndarray
    operands: np.ndarray
    queue: np.ndarray


HELD, NOW, TOUCHED = 0, 1, 2
"""Triggers as they last were, as they are, and those that held for a moment only ``[event]``."""
TURNS, TURNED = 3, 4
"""What is watched, as it last was and as it is ``[turn]``."""
RATES: Final = 5
"""Propensities ``[reaction]``."""
VALUES: Final = 6
"""Whatever is evaluated."""
ROWS: Final = 7


@lean
def redraw(plan: Plan, lists: int, which: int, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> None:
    """Makes the draws of one of the plan's `lists` anew, in `p`."""
    table = plan.table
    for k in range(table[lists + which], table[lists + which + 1]):
        draw = table[k]
        evaluate(table[plan.operands + draw], t, y, p, scratch.operands)
        code, count = int(table[plan.codes + draw]), int(table[plan.counts + draw])
        p[plan.first_draw + draw] = sample(code, scratch.operands, count, scratch.generator)


@lean
def next_due(queue: np.ndarray, waiting: int) -> float:
    """When the next execution is due; infinite if none waits."""
    time = np.inf
    for k in range(waiting):
        time = min(time, queue[k, _TIME])
    return time


@lean
def settle(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch, waiting: int) -> tuple[int, int]:
    """Triggers and executes all there is at time `t`, until nothing more is due.

    Args:
        plan: the process.
        t, y, p: time, state, and parameters with draws; the state is changed in place.
        scratch: triggers as they were, among others.
        waiting: how many executions wait.

    Returns:
        How many wait then, and how many events were executed; `ENDLESS` where that has no end, `FULL` where the queue
        is too short.
    """
    queue, table = scratch.queue, plan.table
    executed = 0
    while True:
        waiting = _trigger(plan, t, y, p, scratch, waiting)
        if waiting > len(queue):
            return 0, FULL
        chosen = _chosen(plan, t, y, p, scratch, waiting)
        if chosen < 0:
            return waiting, executed
        if executed == _MOST_AT_ONCE:
            return 0, ENDLESS
        event = int(queue[chosen, _EVENT])
        first, last = table[plan.targets + event], table[plan.targets + event + 1]
        if table[plan.at_trigger + event]:
            for k in range(last - first):
                y[table[first + k]] = queue[chosen, _VALUES + k]
        else:
            _evaluate_values(plan, event, t, y, p, scratch)
            for k in range(last - first):
                y[table[first + k]] = scratch.board[VALUES, k]
        project(plan, t, y, p, scratch)
        for k in range(chosen, waiting - 1):
            for column in range(queue.shape[1]):
                queue[k, column] = queue[k + 1, column]
        waiting -= 1
        executed += 1


@lean
def project(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> None:
    """Brings the states that algebraic equations determine up to date after a jump."""
    first, last = plan.table[plan.projected], plan.table[plan.projected + 1]
    if last > first:
        evaluate_row(plan.project, t, y, p, scratch.board, VALUES)
        for k in range(last - first):
            y[plan.table[first + k]] = scratch.board[VALUES, k]


@lean
def _evaluate_values(plan: Plan, event: int, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> None:
    redraw(plan, plan.for_values, event, t, y, p, scratch)
    evaluate_row(plan.table[plan.values + event], t, y, p, scratch.board, VALUES)


@lean
def _trigger(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch, waiting: int) -> int:
    board, queue, table = scratch.board, scratch.queue, plan.table
    evaluate_row(plan.triggers, t, y, p, board, NOW)
    for event in range(plan.events):
        if (board[NOW, event] != 0.0 or board[TOUCHED, event] != 0.0) and board[HELD, event] == 0.0:
            if waiting == len(queue):
                return waiting + 1
            redraw(plan, plan.for_delays, event, t, y, p, scratch)
            evaluate_row(table[plan.delays + event], t, y, p, board, VALUES)
            delay = board[VALUES, 0]
            queue[waiting, _EVENT] = event
            queue[waiting, _TIME] = t + delay if delay > 0.0 else t
            if table[plan.at_trigger + event]:
                _evaluate_values(plan, event, t, y, p, scratch)
                for k in range(table[plan.targets + event + 1] - table[plan.targets + event]):
                    queue[waiting, _VALUES + k] = board[VALUES, k]
            waiting += 1
        elif board[HELD, event] != 0.0 and board[NOW, event] == 0.0 and not table[plan.persistent + event]:
            kept = 0
            for k in range(waiting):
                if queue[k, _EVENT] != event:
                    for column in range(queue.shape[1]):
                        queue[kept, column] = queue[k, column]
                    kept += 1
            waiting = kept
        board[TOUCHED, event] = 0.0
    for event in range(plan.events):
        board[HELD, event] = board[NOW, event]
    return waiting


@lean
def _chosen(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch, waiting: int) -> int:
    """The row of the execution that is due and next; −1 if none is due. Among equals chance decides."""
    queue = scratch.queue
    chosen, due = -1, 0
    for k in range(waiting):
        if queue[k, _TIME] <= t:
            chosen = k
            due += 1
    if due < 2:
        return chosen
    redraw(plan, plan.for_priorities, 0, t, y, p, scratch)
    evaluate_row(plan.priorities, t, y, p, scratch.board, VALUES)
    highest, equals = -np.inf, 0
    for k in range(waiting):
        if queue[k, _TIME] <= t:
            priority = scratch.board[VALUES, int(queue[k, _EVENT])]
            if priority != priority:
                priority = -np.inf
            if priority > highest or equals == 0:
                highest, equals, chosen = priority, 1, k
            elif priority == highest:
                equals += 1
                if uniform(scratch.generator) * equals < 1.0:
                    chosen = k
    return chosen
