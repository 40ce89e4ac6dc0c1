"""Trajectories of processes that also move between jumps, that have events, or that draw random values.

One trajectory at a time. Where nothing moves, propensities are constant between jumps and waiting times exponential.
Else their integral is one more entry of the state: a reaction fires where it reaches an exponential number, found on
the dense output of the step. Conditions are looked at within every step as by `ode.hybrid`, and a turn is bisected down
to neighbouring floating-point numbers.

Source: Davis 1984, J. R. Stat. Soc. B 46:353 (piecewise-deterministic Markov processes).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.ode.native.calls import evaluate_row
from sbmlgrn.ode.native.loop import lean, loop
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import copy, interpolate
from sbmlgrn.ode.native.trajectory import (
    AUTO,
    LENGTH,
    RUNNING,
    Addresses,
    H,
    T,
    Workspace,
    advance,
    can_start,
    polynomial,
    start,
    step,
    workspace,
)
from sbmlgrn.ssa.native.agenda import (
    ENDLESS,
    FULL,
    HELD,
    RATES,
    ROWS,
    TOUCHED,
    TURNED,
    TURNS,
    VALUES,
    Scratch,
    next_due,
    project,
    redraw,
    settle,
)
from sbmlgrn.ssa.native.distributions import MOST_OPERANDS
from sbmlgrn.ssa.native.generator import exponential, uniform
from sbmlgrn.ssa.native.plan import Plan
from sbmlgrn.ssa.native.status import StochasticStatus

_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)
_TOO_LARGE: Final = int(StochasticStatus.TOO_LARGE)
_BELOW_ZERO: Final = int(StochasticStatus.BELOW_ZERO)
_NOT_WHOLE: Final = int(StochasticStatus.NOT_WHOLE)
_CASCADE: Final = int(StochasticStatus.EVENT_CASCADE)
_NOT_INTEGRATED: Final = int(StochasticStatus.NOT_INTEGRATED)

_LARGEST: Final = 2.0**53
_ROUNDING: Final = 1e-9
"""Relative error of what counts as a whole number, or as a propensity of 0."""
_RTOL: Final = 1e-8
_ATOL: Final = 1e-11
_ATOL_OF_MARGINS: Final = 1e-3
"""Margins have to be followed, but not computed."""
_MOST_STEPS: Final = 1_000_000_000
_EPSILON: Final = 2.0**-52
_LOOKS: Final = 4
"""Places within a step at which conditions are looked at."""
_CLOSE: Final = 1e-12
_MOST_CLOSE: Final = 1_000
"""Turns in a row that are closer than `_CLOSE` of the time: a condition that undoes itself, and no progress."""
_NOTHING, _JUMP, _TURN = 0, 1, 2


@loop
def portion_of_process(
    plan: Plan,
    field: Addresses,
    factors: Layout,
    grid: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    out: np.ndarray,
    status: np.ndarray,
    events: np.ndarray,
) -> None:
    """Simulates trajectories.

    Args:
        plan, field, factors: the process; see `Compiled`.
        grid: increasing times ``[time]``.
        p: ``[parameter]``.
        generators: ``[trajectory, 4]`` unsigned integers.
        max_events: most reactions and events of a trajectory.
        out: becomes states and draws ``[trajectory, time, state + draw]``; NaN from where a trajectory failed.
        status: becomes how each ended ``[trajectory]``.
        events: becomes how many reactions fired in each ``[trajectory]``.
    """
    n = plan.entries
    widest = 1
    for event in range(plan.events):
        widest = max(widest, plan.table[plan.targets + event + 1] - plan.table[plan.targets + event])
    columns = max(n, widest, len(plan.nets), plan.events, plan.equalities, plan.reactions, plan.turns)
    work = workspace(n, len(factors.place), len(factors.column))
    atol = np.full(n, _ATOL)
    for i in range(plan.states, n - 1):
        atol[i] = _ATOL_OF_MARGINS
    y, vector = np.empty(n), np.empty(len(p) + plan.draws)
    rows = 8
    for b in range(len(generators)):
        while True:
            board, queue = np.zeros((ROWS, columns)), np.empty((rows, 2 + widest))
            scratch = Scratch(generators[b].copy(), board, np.empty(MOST_OPERANDS), queue)
            for i in range(len(vector)):
                vector[i] = p[i] if i < len(p) else np.nan
            for k in range(out.shape[1]):
                for i in range(out.shape[2]):
                    out[b, k, i] = np.nan
            work.control[H] = 0.0
            code, fired = _trajectory(plan, field, factors, grid, vector, y, max_events, atol, work, scratch, out[b])
            if code != FULL:
                break
            rows *= 8  # and from the beginning, with the same random numbers
        status[b], events[b] = code, fired


@lean
def _trajectory(
    plan: Plan,
    field: Addresses,
    factors: Layout,
    grid: np.ndarray,
    p: np.ndarray,
    y: np.ndarray,
    max_events: int,
    atol: np.ndarray,
    work: Workspace,
    scratch: Scratch,
    out: np.ndarray,
) -> tuple[int, int]:
    n = plan.entries - 1
    t, end = grid[0], grid[-1]
    for i in range(plan.states, n + 1):
        y[i] = 0.0
    redraw(plan, plan.kept, 0, t, y, p, scratch)
    evaluate_row(plan.initial, t, y, p, scratch.board, VALUES)
    for i in range(plan.states):
        y[i] = scratch.board[VALUES, i]
    if not _made_whole(plan, y):
        return _NOT_WHOLE, 0
    for event in range(plan.events):
        scratch.board[HELD, event] = plan.table[plan.initial_values + event]
    waiting, executed = settle(plan, t, y, p, scratch, 0)
    if executed < 0:
        return _CASCADE if executed == ENDLESS else FULL, 0
    evaluate_row(plan.watched, t, y, p, scratch.board, TURNS)
    target = exponential(scratch.generator)
    total, fired, done, written, crowded = 0.0, 0, executed, 0, 0
    is_fresh = True
    while t < end:
        last, kind = t, _NOTHING
        bound = min(end, next_due(scratch.queue, waiting))
        if is_fresh:
            total = _propensities(plan, t, y, p, scratch)
            if total < 0.0:
                return _BAD_PROPENSITY, fired
        if not plan.is_moving:
            moment = t + (target - y[n]) / total if total > 0.0 else np.inf
            if plan.turns:
                # conditions depend on the time; a long wait is looked at in pieces
                bound = min(bound, _after(grid, written, t))
            kind = _JUMP if moment < bound else _NOTHING
            stop = min(moment, bound)
            turned = _turned_in_wait(plan, t, stop, y, p, scratch)
            if turned < np.inf:
                stop, kind = turned, _TURN
            written = _report_rest(plan, grid, written, stop, y, p, scratch, out)
            y[n] += total * (stop - t)
            t = stop
        else:
            code, kind, t, written = _integrate(
                *(plan, field, factors, grid, t, bound, target, y, p, atol, work, scratch, out, written, is_fresh)
            )
            if code != _SUCCESS:
                return code, fired
        is_fresh = kind != _NOTHING
        if kind == _JUMP:
            code = _fire(plan, t, y, p, scratch)
            if code != _SUCCESS:
                return code, fired
            fired += 1
            target = exponential(scratch.generator)
            y[n] = 0.0
        waiting, executed = settle(plan, t, y, p, scratch, waiting)
        if executed < 0:
            return _CASCADE if executed == ENDLESS else FULL, fired
        done += executed
        is_fresh = is_fresh or executed > 0
        if is_fresh and not _countable(plan, y):
            return _TOO_LARGE, fired
        evaluate_row(plan.watched, t, y, p, scratch.board, TURNS)
        close = kind != _JUMP and is_fresh and t - last <= _CLOSE * max(abs(t), abs(end))
        crowded = crowded + 1 if close else 0
        if crowded == _MOST_CLOSE:
            return _CASCADE, fired
        if fired + done >= max_events and t < end:
            return _MAX_EVENTS, fired
    _report_rest(plan, grid, written, np.inf, y, p, scratch, out)
    return _SUCCESS, fired


@lean
def _made_whole(plan: Plan, y: np.ndarray) -> bool:
    """Rounds states that are whole numbers but for rounding errors; whether all are."""
    for k in range(plan.table[plan.whole], plan.table[plan.whole + 1]):
        value = y[plan.table[k]]
        whole = np.round(value)
        if not abs(whole - value) <= _ROUNDING * max(1.0, abs(value)):
            return False
        y[plan.table[k]] = whole
    return True


@lean
def _countable(plan: Plan, y: np.ndarray) -> bool:
    for k in range(plan.table[plan.whole], plan.table[plan.whole + 1]):  # noqa: SIM110
        if abs(y[plan.table[k]]) >= _LARGEST:
            return False
    return True


@lean
def _after(grid: np.ndarray, written: int, t: float) -> float:
    """The first time of the grid after `t`."""
    while written < len(grid) and grid[written] <= t:
        written += 1
    return grid[written] if written < len(grid) else np.inf


@lean
def _propensities(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> float:
    """Their sum, and each on the board; −1 if one of them is no propensity.

    One that is below 0 by an error of integration is 0.
    """
    board = scratch.board
    evaluate_row(plan.rates, t, y, p, board, RATES)
    total, least = 0.0, 0.0
    for r in range(plan.reactions):
        rate = board[RATES, r]
        total += rate
        if rate < 0.0:
            least = min(least, rate)
            if plan.is_moving:
                board[RATES, r] = 0.0
    if not total < np.inf or least < (-_ROUNDING * max(1.0, total) if plan.is_moving else 0.0):
        return -1.0
    return max(total, 0.0)


@lean
def _fire(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> int:
    """Chooses a reaction by the propensities in this state, and changes the state by it."""
    total = _propensities(plan, t, y, p, scratch)
    if total < 0.0:
        return _BAD_PROPENSITY
    rest = uniform(scratch.generator) * total
    chosen = -1
    for r in range(plan.reactions):
        if scratch.board[RATES, r] > 0.0:
            chosen = r
            rest -= scratch.board[RATES, r]
            if rest < 0.0:
                break
    if chosen < 0:
        return _SUCCESS
    table = plan.table
    if plan.computes_changes:
        redraw(plan, plan.for_changes, 0, t, y, p, scratch)
        evaluate_row(plan.changes, t, y, p, scratch.board, VALUES)
    for k in range(table[plan.moves + chosen], table[plan.moves + chosen + 1]):
        change = k - table[plan.moves]
        net = plan.nets[change]
        if net != net:
            net = scratch.board[VALUES, table[plan.computed + change]]
            if not abs(net - np.round(net)) <= _ROUNDING * max(1.0, abs(net)):
                return _NOT_WHOLE
            net = np.round(net)
        y[table[k]] += net
        if net < 0.0 and y[table[k]] < 0.0:
            return _BELOW_ZERO
    project(plan, t, y, p, scratch)
    return _SUCCESS


@lean
def _report(
    plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch, out: np.ndarray, written: int
) -> None:
    n = plan.states
    for i in range(n):
        out[written, i] = y[i]
    if plan.draws:
        redraw(plan, plan.reported, 0, t, y, p, scratch)
        for d in range(plan.draws):
            out[written, n + d] = p[plan.first_draw + d]


@lean
def _report_rest(
    plan: Plan,
    grid: np.ndarray,
    written: int,
    until: float,
    y: np.ndarray,
    p: np.ndarray,
    scratch: Scratch,
    out: np.ndarray,
) -> int:
    """Writes the times of the grid before `until`, at all of which the state is `y`; how many are written then."""
    while written < len(grid) and grid[written] < until:
        _report(plan, grid[written], y, p, scratch, out, written)
        written += 1
    return written


@lean
def _differs(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> bool:
    """Whether anything that is watched is not as it last was."""
    evaluate_row(plan.watched, t, y, p, scratch.board, TURNED)
    for k in range(plan.turns):  # noqa: SIM110
        if scratch.board[TURNED, k] != scratch.board[TURNS, k]:
            return True
    return False


@lean
def _turned_in_wait(plan: Plan, t: float, stop: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> float:
    """When something first turns until `stop`, in a state that stays as it is; infinite if nothing does."""
    if plan.turns == 0:
        return np.inf
    left = t
    for look in range(1, _LOOKS + 1):
        right = stop if look == _LOOKS else t + (stop - t) * look / _LOOKS
        if right < np.inf and _differs(plan, right, y, p, scratch):
            while True:
                middle = 0.5 * (left + right)
                if not left < middle < right:
                    break
                if _differs(plan, middle, y, p, scratch):
                    right = middle
                else:
                    left = middle
            _differs(plan, right, y, p, scratch)
            return right
        left = right
    return np.inf


@lean
def _integrate(
    plan: Plan,
    field: Addresses,
    factors: Layout,
    grid: np.ndarray,
    t: float,
    bound: float,
    target: float,
    y: np.ndarray,
    p: np.ndarray,
    atol: np.ndarray,
    work: Workspace,
    scratch: Scratch,
    out: np.ndarray,
    written: int,
    is_fresh: bool,
) -> tuple[int, int, float, int]:
    """Follows the motion to the next jump or turn, `bound` at the latest, and puts the state there into `y`.

    Returns:
        How it went; what stopped it; when; and how many rows of `out` are written.
    """
    control = work.control
    if is_fresh:
        usual = control[H]
        start(field, t, bound, y, p, AUTO, _RTOL, atol, work)
        if not can_start(work):
            return _NOT_INTEGRATED, _NOTHING, t, written
        if usual > 0.0:
            control[H] = usual
    barrier = broken = np.inf
    n = plan.entries - 1
    while control[T] < bound:
        stop = min(bound, barrier)
        outcome, _ = step(field, stop, p, AUTO, _RTOL, atol, factors, _MOST_STEPS, work)
        if outcome != RUNNING:
            return _NOT_INTEGRATED, _NOTHING, control[T], written
        polynomial(work)
        t, h = control[T], control[LENGTH]
        kind, limit = _NOTHING, 1.0
        if work.new[n] >= target:
            kind, limit = _JUMP, _crossing(work, n, target)
        turned = _turned_in_step(plan, limit, p, work, scratch)
        if turned < np.inf:
            short = turned - 8.0 * _EPSILON * abs(turned)
            if barrier == np.inf and short > t and _is_broken(plan, scratch):
                barrier, broken = short, turned  # the step is made once more, up to where the motion breaks
                continue
            kind, limit = _TURN, (turned - t) / h
        elif kind == _NOTHING and t + h >= barrier - _EPSILON * abs(barrier):
            kind, turned = _TURN, broken
        moment = t + h if kind == _NOTHING else turned if kind == _TURN else t + limit * h
        while written < len(grid) and grid[written] < min(moment, bound):
            interpolate(work.y, work.polynomial, (grid[written] - t) / h, work.row)
            _report(plan, grid[written], work.row, p, scratch, out, written)
            written += 1
        if kind != _NOTHING:
            interpolate(work.y, work.polynomial, min(limit, 1.0), y)
            if kind == _TURN:
                _touch(plan, moment, y, p, scratch)
            return _SUCCESS, kind, min(moment, bound), written
        advance(field.rhs, stop, p, work)
        copy(work.y, y)
        if _propensities(plan, control[T], y, p, scratch) < 0.0:
            return _BAD_PROPENSITY, _NOTHING, control[T], written
    return _SUCCESS, _NOTHING, bound, written


@lean
def _crossing(work: Workspace, n: int, target: float) -> float:
    """The fraction of a step at which the integrated hazard reaches its target."""
    left, right = 0.0, 1.0
    q = work.polynomial
    while True:
        middle = 0.5 * (left + right)
        if not left < middle < right:
            return right
        inner = q[1, n] + middle * (q[2, n] + middle * q[3, n])
        if work.y[n] + middle * (q[0, n] + middle * inner) < target:
            left = middle
        else:
            right = middle


@lean
def _is_broken(plan: Plan, scratch: Scratch) -> bool:
    """Whether the motion breaks at one of the turns just found."""
    for k in range(plan.turns):
        if scratch.board[TURNED, k] != scratch.board[TURNS, k] and not plan.table[plan.smooth + k]:
            return True
    return False


@lean
def _turned_in_step(plan: Plan, limit: float, p: np.ndarray, work: Workspace, scratch: Scratch) -> float:
    """When something first turns in the step just made, or in a fraction of it; infinite if nothing does."""
    if plan.turns == 0:
        return np.inf
    t, h = work.control[T], work.control[LENGTH]
    left = t
    for look in range(1, _LOOKS + 1):
        right = t + h * limit * look / _LOOKS
        if _differs_at(plan, right, p, work, scratch):
            while True:
                middle = 0.5 * (left + right)
                if not left < middle < right:
                    break
                if _differs_at(plan, middle, p, work, scratch):
                    right = middle
                else:
                    left = middle
            _differs_at(plan, right, p, work, scratch)
            return right
        left = right
    return np.inf


@lean
def _differs_at(plan: Plan, at: float, p: np.ndarray, work: Workspace, scratch: Scratch) -> bool:
    interpolate(work.y, work.polynomial, (at - work.control[T]) / work.control[LENGTH], work.row)
    return _differs(plan, at, work.row, p, scratch)


@lean
def _touch(plan: Plan, t: float, y: np.ndarray, p: np.ndarray, scratch: Scratch) -> None:
    """Marks triggers that held between two neighbouring times, where an equality within them did."""
    if plan.equalities == 0:
        return
    board = scratch.board
    _differs(plan, t, y, p, scratch)
    evaluate_row(plan.touches, t, y, p, scratch.board, VALUES)
    for k in range(plan.equalities):
        event, turn = plan.table[plan.equal_events + k], plan.table[plan.equal_turns + k]
        if board[VALUES, k] != 0.0 and board[TURNS, turn] * board[TURNED, turn] < 0.0:
            board[TOUCHED, event] = 1.0
