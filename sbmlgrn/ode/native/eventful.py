"""Trajectories with events, on all cores: steps from one moment at which something happens to the next."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import numpy as np

from sbmlgrn.lower import System
from sbmlgrn.ode.callbacks import Callbacks
from sbmlgrn.ode.native.agenda import (
    EVENT_CASCADE,
    FLOW,
    FULL,
    LOGGED,
    MOST_WAITING,
    START,
    WORDS,
    Agenda,
    Transitions,
    agenda,
    next_time,
    reset,
    settle,
)
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import METHODS, compiled
from sbmlgrn.ode.native.loop import lean, loop
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import copy, interpolate
from sbmlgrn.ode.native.trajectory import (
    LENGTH,
    NOT_FINITE,
    RUNNING,
    SUCCESS,
    Addresses,
    T,
    Workspace,
    advance,
    can_start,
    lift,
    polynomial,
    start,
    step,
    workspace,
)
from sbmlgrn.ode.native.turning import Piece, first_turn, is_calm

CLOSE: Final = 1e-12
MOST_CLOSE: Final = 1_000
"""Moments in a row that are closer than `CLOSE` of the time: a condition that undoes itself, and no progress."""
_ROOM: Final = 16
"""Executions that may wait, and rows of a log, at first."""
_MORE_ROOM: Final = 8
"""Times the room there was, for what needs more."""


def eventful(
    system: System,
    transitions: Transitions,
    callbacks: Callbacks,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    seed: int,
    modes: int,
    floor: np.ndarray | None,
    width: int,
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Integrates trajectories and executes their events; none depends on the others.

    Args:
        system: without delays.
        transitions: its events.
        callbacks: what is called through Python.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``, or one for each ``[batch, time]``.
        method: one of `METHODS`.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory, rejected ones included, and turns located.
        seed: of the choice among simultaneous events of equal priority.
        modes: the events that assign so many of the last states make their initial values, too.
        floor: ``[state]`` values below which states may not fall, −∞ for those that may; none is bounded if not given.
        width: columns of the log; 0 for none.

    Returns:
        States ``[batch, time, state]``, NaN from where a trajectory failed; a status per trajectory; and the rows of
        the log (`sbmlgrn.ode.native.agenda`) of each.
    """
    addresses, factors = compiled(system)
    count = len(y0)
    out = np.empty((count, t.shape[-1], y0.shape[1]))
    status, logged = np.empty(count, np.int64), np.empty(count, np.int64)
    logs = [np.empty((0, width))] * count
    bound = np.empty(0) if floor is None else floor
    grids, starts, parameters, tolerance, lowest = (
        np.require(v, np.float64, ["C", "W"]) for v in (np.atleast_2d(t), y0, p, atol, bound)
    )
    left, room = np.arange(count), _ROOM

    while len(left):
        drawing = transitions._replace(words=callbacks.address(words(seed), WORDS))
        log = np.empty((len(left), room if width else 0, width))

        def run(
            bounds: tuple[int, int],
            drawing: Transitions = drawing,
            room: int = room,
            left: np.ndarray = left,
            log: np.ndarray = log,
        ) -> None:
            _portion(
                *(addresses, drawing, room, modes, grids, starts, parameters, METHODS[method], rtol, tolerance),
                *(max_steps, factors, lowest, left, *bounds, log, out, status, logged),
            )

        in_threads(run, portions(len(left)))
        callbacks.check()
        for place, b in enumerate(left if width else ()):
            logs[b] = log[place, : logged[b]].copy()
        if room >= MOST_WAITING:
            status[status == FULL] = EVENT_CASCADE
        left = left[(status[left] == FULL) | (logged[left] > room if width else False)]
        room *= _MORE_ROOM
    return out, status, logs


def words(seed: int) -> Callable[[float, np.ndarray, np.ndarray], np.ndarray]:
    """Random integers of 32 bits for each trajectory, by its number, in a stream of its own."""
    streams: dict[float, random.Random] = {}

    def following(number: float, *_: np.ndarray) -> np.ndarray:
        if number not in streams:
            streams[number] = random.Random(f"{seed}/{int(number)}")
        return np.array([streams[number].getrandbits(32) for _ in range(WORDS)], np.float64)

    return following


@loop
def _portion(
    addresses: Addresses,
    transitions: Transitions,
    room: int,
    modes: int,
    grids: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    layout: Layout,
    floor: np.ndarray,
    numbers: np.ndarray,
    low: int,
    high: int,
    log: np.ndarray,
    out: np.ndarray,
    status: np.ndarray,
    logged: np.ndarray,
) -> None:
    n = y0.shape[1]
    work = workspace(n, len(layout.place), len(layout.column), len(floor) > 0)
    events = agenda(transitions, n, room)
    for place in range(low, high):
        b = numbers[place]
        reset(transitions, events, b)
        copy(y0[b], events.y)
        grid = grids[b] if len(grids) > 1 else grids[0]
        for event in range(len(transitions.values) - modes, len(transitions.values)):
            evaluate(transitions.values[event], grid[0], y0[b], p[b], events.row)
            events.y[transitions.targets[transitions.first[event]]] = events.row[0]
        status[b] = _trajectory(
            *(addresses, transitions, events, log[place], grid, p[b], method, rtol, atol[b], max_steps, layout),
            *(floor, work, out[b]),
        )
        logged[b] = events.counts[LOGGED]


@lean
def _trajectory(
    addresses: Addresses,
    transitions: Transitions,
    events: Agenda,
    log: np.ndarray,
    grid: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    layout: Layout,
    floor: np.ndarray,
    work: Workspace,
    out: np.ndarray,
) -> int:
    for k in range(len(grid)):
        for i in range(len(work.y)):
            out[k, i] = np.nan
    control, y = work.control, events.y
    t, end = grid[0], grid[-1]
    written, left, crowded = 0, max_steps, 0
    outcome = settle(transitions, events, log, t, p, START)
    while outcome == SUCCESS and t < end:
        bound, last = min(end, next_time(events)), t
        for i in range(len(floor)):
            # what is put below its floor cannot be asked to stay above it
            work.floor[i] = floor[i] if y[i] >= floor[i] else -np.inf
        start(addresses, t, bound, y, p, method, rtol, atol, work)
        if not can_start(work):
            return NOT_FINITE
        evaluate(transitions.turns, t, y, p, events.before)
        while t < bound:
            outcome, used = step(addresses, bound, p, method, rtol, atol, layout, left, work)
            if outcome != RUNNING:
                return outcome
            begin, h, moment, located = control[T], control[LENGTH], np.nan, 0
            t = min(begin + h, bound)
            calm = is_calm(transitions, events, work, t, p)
            if not calm or (written < len(grid) and grid[written] < t):
                polynomial(work)
            if not calm:
                piece = Piece(begin, t, h, work.y, work.new, work.polynomial, 0)
                moment, located = first_turn(transitions, events, piece, p)
            left -= used + located
            turned = moment == moment
            t = moment if turned else t
            while written < len(grid) and grid[written] < t:
                interpolate(work.y, work.polynomial, (grid[written] - begin) / h, out[written])
                lift(work.floor, out[written])
                written += 1
            if turned:
                break
            advance(addresses.rhs, bound, p, work)
            t = control[T]
            if t >= bound:
                copy(work.y, y)
        crowded = crowded + 1 if t - last <= CLOSE * max(abs(t), abs(end)) else 0
        if crowded == MOST_CLOSE:
            return EVENT_CASCADE
        outcome = settle(transitions, events, log, t, p, FLOW)
    if outcome == SUCCESS:
        for k in range(written, len(grid)):
            copy(y, out[k])
    return outcome
