"""Many trajectories side by side in the lanes of SIMD registers, each with steps of its own.

The control of steps and the choice between the methods are those of `trajectory`, where they are explained. A turn of
the loop attempts one step in every lane: first of Tsit5 in the lanes that use it, then of Rodas5P in the others. What
only some of the lanes need is computed in all and kept in those; a lane whose trajectory has ended takes the next one.
Tries of Rodas5P are made in the loop for one trajectory, since seldom two lanes try at once.
Nothing that a lane keeps depends on the other lanes, so that a trajectory is the same to the last bit in any company.
From the same trajectory by itself, in the loop for one, it differs by the rounding of sums and elementary functions.
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.backends.kernel.vectors import LANES, vectors
from sbmlgrn.expr import Expr, constant, function, symbol
from sbmlgrn.lower import System
from sbmlgrn.ode.native.lanes_steps import (
    ALL,
    Functions,
    Pack,
    fastest,
    first_direction,
    larger,
    norm,
    pack,
    rodas5p,
    rodas5p_matrix,
    rodas5p_output,
    tsit5,
    tsit5_error,
    tsit5_output,
)
from sbmlgrn.ode.native.lanes_tape import Log, Shared, is_full, limit, log, mark, probe, shared, write
from sbmlgrn.ode.native.loop import loop, part
from sbmlgrn.ode.native.portions import cores, in_threads
from sbmlgrn.ode.native.simd import apart, bits, call, fma, lanes, load, masked, select, size, store, take
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.trajectory import (
    AFTER_REJECTION,
    AUTO,
    ERROR,
    FORCED,
    LARGEST,
    LAST_ERROR,
    LEAST_ERROR,
    LENGTH,
    MADE_BY,
    MAX_STEPS,
    METHOD,
    NOT_FINITE,
    PATIENT,
    RODAS5P,
    RUNNING,
    SAFETY,
    SMALLEST,
    STEP_TOO_SMALL,
    SUCCESS,
    THIS_ERROR,
    TRYING,
    TSIT5,
    USUAL,
    VOTES,
    Addresses,
    H,
    T,
    Workspace,
    begin_control,
    first_guess,
    first_length,
    follow,
    judge_stiff,
    step,
    workspace,
)

DONE: Final = 0
SLOPES: Final = 1  # are needed in lanes
ROOM: Final = 2  # is needed for the tape
WORTH_IT: Final = 8
"""Trajectories from which on lanes are used."""

_END: Final = 14  # of the grid
_NEXT: Final = 15  # time of the grid
_LEFT: Final = 16  # attempts
_FRESH: Final = 17  # whether the next attempt is the first after an accepted step
_REJECTED: Final = 18  # whether an attempt was rejected since
_ROWS: Final = 19


class Crew(NamedTuple):
    """Who is in the lanes, and how far.

    Attributes:
        control: ``[row, lane]`` the rows of `trajectory`, and then those above.
        judged: ``[2, lane]`` what `Functions.pace` takes, and ``[3, lane]`` what it gives.
        which: ``[lane]`` the trajectory.
        written: ``[lane]`` times of the grid that it has reached.
        busy: ``[1]`` the bits of the lanes at work, between calls of `solve`.
    """

    control: np.ndarray
    judged: np.ndarray
    pace: np.ndarray
    which: np.ndarray
    written: np.ndarray
    busy: np.ndarray


class Task(NamedTuple):
    """What is asked of all trajectories.

    Attributes:
        grids: ``[1 or batch, time]``.
        y0, atol: ``[batch, state]``.
        p: ``[batch, parameter]``.
        method, rtol, max_steps: as in `trajectory`.
        out: ``[batch, time, state]``, to be filled.
        status: ``[batch]``, to be filled.
        written: ``[batch]``, becomes how many times of the grid were reached.
    """

    grids: np.ndarray
    y0: np.ndarray
    p: np.ndarray
    method: int
    rtol: float
    atol: np.ndarray
    max_steps: int
    out: np.ndarray
    status: np.ndarray
    written: np.ndarray


def ensemble(system: System, addresses: Addresses, layout: Layout, task: Task) -> None:
    """Integrates all trajectories of a task, on all cores."""
    _integrate(system, addresses, layout, task, shared(0, 0))


def taped(system: System, addresses: Addresses, layout: Layout, task: Task) -> tuple[np.ndarray, np.ndarray, Shared]:
    """The same, with what a `Tape` holds: its `steps`, where those of each trajectory begin, and the checkpoints."""
    common = shared(*task.y0.shape)
    logs = _integrate(system, addresses, layout, task, common)
    begin = np.zeros(len(task.y0) + 1, np.int64)
    np.cumsum(common.made, out=begin[1:])
    steps, place = np.empty((begin[-1], 2)), begin.copy()
    for record in logs:
        _sort(record, place, steps)
    return steps, begin, common


def _integrate(system: System, addresses: Addresses, layout: Layout, task: Task, common: Shared) -> list[Log]:
    found = vectors(system)
    count = len(task.y0)
    # slopes in lanes are compiled where a trajectory turns out to need them
    slopes = found.slopes if task.method == RODAS5P else 0
    given = Functions(found.rhs, slopes, _pace().address("f"), addresses.rhs, addresses.slopes, addresses.price)
    queue = np.zeros(1, np.int64)
    threads = min(cores(), count)
    width = min(LANES, -(-count // threads))
    room = 256 * -(-count // threads) + LANES if len(common.made) else 0

    def run(functions: Functions) -> Log:
        memory = muster(task, layout, task.method != TSIT5)
        record = log(room, task.y0.shape[1], common)
        while True:
            need = solve(functions, task, layout, queue, count, width, *memory, record)
            if need == SLOPES:
                functions = functions._replace(slopes=found.slopes)
            elif need == ROOM:
                owner, steps = (np.concatenate([v, np.empty_like(v)]) for v in (record.owner, record.steps))
                record = record._replace(owner=owner, steps=steps)
            else:
                return record

    return in_threads(run, [given] * threads)


@loop
def _sort(record: Log, place: np.ndarray, steps: np.ndarray) -> None:
    """Puts the steps of a log to their trajectories', of which `place` says where the next one goes."""
    for k in range(record.filled[0]):
        to = place[record.owner[k]]
        steps[to, 0] = record.steps[k, 0]
        steps[to, 1] = record.steps[k, 1]
        place[record.owner[k]] = to + 1


@functools.cache
def _pace() -> Library:
    error, before = symbol("error"), symbol("before")
    logarithm = function("ln", error)
    bounded = function("max", function("min", logarithm, constant(0.0)), constant(float(np.log(LEAST_ERROR))))
    accepted = SAFETY * function("exp", LAST_ERROR * before + THIS_ERROR * bounded)
    rejected = SAFETY * function("exp", AFTER_REJECTION * logarithm)
    source = Source(LANES)
    outputs: list[Expr] = [accepted, bounded, rejected]
    source.add("f", [[error, before], []], outputs)
    return Library(source.text(), optimise=True)


@loop
def muster(task: Task, layout: Layout, stiff: bool) -> tuple[Crew, Pack, Workspace]:
    """Memory for `solve`; for Tsit5 alone, if not `stiff`."""
    n, nonzeros, entries = task.y0.shape[1], len(layout.place), len(layout.column)
    which, written, busy = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64), np.zeros(1, np.int64)
    crew = Crew(lanes(_ROWS), lanes(2), lanes(3), which, written, busy)
    if stiff:
        return crew, pack(n, task.p.shape[1], nonzeros, entries), workspace(n, nonzeros, entries)
    return crew, pack(n, task.p.shape[1], 0, 0), workspace(n, 0, 0)


@loop
def solve(
    functions: Functions,
    task: Task,
    layout: Layout,
    queue: np.ndarray,
    high: int,
    width: int,
    crew: Crew,
    work: Pack,
    alone: Workspace,
    record: Log,
) -> int:
    """Integrates trajectories of the `queue` until it is empty.

    Args:
        functions: the system.
        task: what to do.
        layout: of the factors of its Jacobian.
        queue: ``[1]`` the next trajectory that nobody has taken; threads may share it.
        high: where the queue ends.
        width: how many lanes to use at most.
        crew, work, alone: from `muster`.
        record: for the tape.

    Returns:
        Whether it is `DONE`; otherwise what it needs, with which it is to be called once more.
    """
    active, starting = crew.busy[0], 0
    if active == 0:
        for lane in range(width):
            b = take(queue)
            if b < high:
                _take_up(functions.price, task, b, lane, crew, work)
                starting |= 1 << lane
        for lane in range(LANES):
            if starting != 0 and starting >> lane & 1 == 0:
                _take_up(functions.price, task, crew.which[0], lane, crew, work)  # a lane that works in vain
    while active | starting != 0:
        active |= starting
        ended = 0
        if starting != 0:
            ended = _start(functions, task, starting, crew, work)
            probe(record, starting)
        starting = 0
        if ended == 0:
            if functions.slopes == 0 and active & _stiff(crew.control) & ~bits(load(crew.control, TRYING) > 0.0) != 0:
                crew.busy[0] = active
                return SLOPES
            if is_full(record):
                crew.busy[0] = active
                return ROOM
            ended = _turn(functions, task, layout, active, crew, work, alone, record)
        for lane in range(LANES):
            if ended >> lane & 1:
                b = take(queue)
                active &= ~(1 << lane)
                if b < high:
                    _take_up(functions.price, task, b, lane, crew, work)
                    starting |= 1 << lane
    return DONE


@part
def _stiff(control: np.ndarray) -> int:
    """The lanes that use Rodas5P."""
    return bits(load(control, METHOD) == float(RODAS5P))


@part
def _take_up(price: float, task: Task, b: int, lane: int, crew: Crew, work: Pack) -> None:
    """Puts a trajectory into a lane, at its beginning."""
    apart()
    grid = task.grids[b if len(task.grids) > 1 else 0]
    control = crew.control[:, lane]
    begin_control(grid[0], task.method, price, control)
    control[_END] = grid[-1]
    control[_NEXT] = grid[1]
    control[_LEFT] = task.max_steps
    control[_FRESH] = 1.0
    control[_REJECTED] = 0.0
    control[MADE_BY] = TSIT5
    control[H] = 0.0
    crew.which[lane] = b
    crew.written[lane] = 1
    for i in range(len(work.y)):
        work.y[i, lane] = task.y0[b, i]
        work.atol[i, lane] = task.atol[b, i]
        task.out[b, 0, i] = task.y0[b, i]
    for i in range(len(work.p)):
        work.p[i, lane] = task.p[b, i]


@part
def _start(functions: Functions, task: Task, starting: int, crew: Crew, work: Pack) -> int:
    """F at the beginning, and the first step, of the lanes that are `starting`; those that cannot start, which end."""
    apart()
    y, new, control = work.y, work.new, crew.control
    n, here = len(y), masked(starting)
    call(functions.rhs, control, T, y, work.p, new, 0)
    sound = masked(ALL)
    for i in range(n):
        first, at = load(new, i), load(y, i)
        sound = sound & (size(first) < np.inf) & ((first == 0.0) | (size(at) < np.inf))
        store(work.first, i, select(here, first, load(work.first, i)))
        store(work.direction, i, select(here, first_direction(i, task.rtol, work), load(work.direction, i)))
    store(crew.pace, 0, norm(y, y, y, task.rtol, work.atol))
    store(crew.pace, 1, norm(work.first, y, y, task.rtol, work.atol))
    for lane in range(LANES):
        if starting >> lane & 1:
            span = control[_END, lane] - control[T, lane]
            control[H, lane] = first_guess(crew.pace[0, lane], crew.pace[1, lane], span)
    h = load(control, H)
    for i in range(n):
        store(new, i, fma(h, load(work.first, i), load(y, i)))
    store(work.times, 0, load(control, T) + h)
    call(functions.rhs, work.times, 0, new, work.p, work.work, 0)
    for i in range(n):
        store(work.row, i, load(work.work, i) - load(work.first, i))
    store(crew.pace, 2, norm(work.row, y, y, task.rtol, work.atol) / h)
    ended = 0
    for lane in range(LANES):
        if starting >> lane & 1:
            span = control[_END, lane] - control[T, lane]
            control[H, lane] = first_length(control[H, lane], crew.pace[1, lane], crew.pace[2, lane], span)
            if bits(sound) >> lane & 1 == 0:
                _end(task, NOT_FINITE, lane, crew)
                ended |= 1 << lane
    return ended


@part
def _end(task: Task, outcome: int, lane: int, crew: Crew) -> None:
    """Ends the trajectory in a lane."""
    b = crew.which[lane]
    task.status[b] = outcome
    task.written[b] = crew.written[lane]
    for k in range(crew.written[lane], task.out.shape[1]):
        for i in range(task.out.shape[2]):
            task.out[b, k, i] = np.nan


@part
def _turn(
    functions: Functions,
    task: Task,
    layout: Layout,
    active: int,
    crew: Crew,
    work: Pack,
    alone: Workspace,
    record: Log,
) -> int:
    """One attempt in every lane; the lanes whose trajectories have ended."""
    control, ended = crew.control, 0
    fresh = active & bits(load(control, _FRESH) > 0.0)
    store(control, _FRESH, 0.0)
    trying = active & bits(load(control, TRYING) > 0.0)
    if len(record.made) > 0 and fresh != 0:
        for lane in range(LANES):
            if fresh >> lane & 1:
                mark(record, crew.which[lane], lane, work.y)
        limited = fresh & ~trying & ~_stiff(control)
        if limited != 0:
            limit(functions.rhs, limited, task.method, task.rtol, control, record, work)
    if task.method == AUTO:
        trying |= fresh & ~_stiff(control) & bits(load(control, VOTES) >= load(control, PATIENT))
        if trying != 0:
            for lane in range(LANES):
                if trying >> lane & 1 and _try(functions, task, layout, lane, crew, work, alone, record) != RUNNING:
                    ended |= 1 << lane
    for stiff in range(2):
        chosen = active & ~trying & (_stiff(control) if stiff == 1 else ~_stiff(control))
        if chosen != 0 and (stiff == 0 or functions.slopes != 0):
            ended |= _attempt(functions, task, layout, stiff == 1, chosen, crew, work, record)
    return ended


@part
def _try(
    functions: Functions,
    task: Task,
    layout: Layout,
    lane: int,
    crew: Crew,
    work: Pack,
    alone: Workspace,
    record: Log,
) -> int:
    """A step of a try of Rodas5P, or that begins one; `RUNNING`, or how the trajectory has ended."""
    apart()
    b, control = crew.which[lane], alone.control
    grid, p = task.grids[b if len(task.grids) > 1 else 0], task.p[b]
    for k in range(len(control)):
        control[k] = crew.control[k, lane]
    for i in range(len(work.y)):
        alone.y[i] = work.y[i, lane]
        alone.first[i] = work.first[i, lane]
        alone.direction[i] = work.direction[i, lane]
    addresses = Addresses(functions.one, functions.one_slopes, functions.price)
    left, written = int(crew.control[_LEFT, lane]), crew.written[lane]
    outcome, used = step(addresses, grid[-1], p, AUTO, task.rtol, task.atol[b], layout, left, alone)
    if outcome == RUNNING:
        if len(record.made) > 0:
            write(record, b, control[T], -control[LENGTH] if control[MADE_BY] == RODAS5P else control[LENGTH])
        written = follow(addresses.rhs, grid, grid[-1], p, written, alone, task.out[b])
        if written == len(grid):
            outcome = SUCCESS
        elif used == left:
            outcome = MAX_STEPS
    for k in range(len(control)):
        crew.control[k, lane] = control[k]
    crew.control[_LEFT, lane] = left - used
    crew.control[_FRESH, lane] = 1.0
    crew.control[_NEXT, lane] = grid[written] if written < len(grid) else np.inf
    crew.written[lane] = written
    for i in range(len(work.y)):
        work.y[i, lane] = alone.y[i]
        work.first[i, lane] = alone.first[i]
        work.direction[i, lane] = alone.direction[i]
    if outcome != RUNNING:
        _end(task, outcome, lane, crew)
    return outcome


@part
def _attempt(
    functions: Functions,
    task: Task,
    layout: Layout,
    stiff: bool,
    chosen: int,
    crew: Crew,
    work: Pack,
    record: Log,
) -> int:
    """One attempt in the `chosen` lanes, which all use one method; those whose trajectories have ended."""
    control, here = crew.control, masked(chosen)
    t, h, usual = load(control, T), load(control, H), load(control, H)
    remaining = load(control, _END) - t
    h = select(h > 0.5 * remaining, 0.5 * remaining, h)
    h = select(usual >= remaining * (1 - 1e-12), remaining, h)
    estimate = h * 0.0
    if stiff:
        call(functions.slopes, control, T, work.y, work.p, work.slopes, 0)
        solvable = rodas5p_matrix(h, layout, work)
        rodas5p(functions.rhs, t, h, layout, work)
        error = select(solvable, norm(work.work, work.y, work.new, task.rtol, work.atol), np.nan)
    else:
        tsit5(functions.rhs, t, h, work)
        error, estimate = tsit5_error(h, task.rtol, work)
    finite = error < np.inf
    within = error <= 1.0
    smallest = 16 * larger(size(t) * 2.220446049250313e-16, size(t) * 0.0 + 5e-324)
    forced = here & finite & ~within & (h <= smallest) & (load(control, FORCED) == 0.0)
    accepted = forced | (here & within)
    rejected = here & ~accepted
    store(crew.judged, 0, error)
    store(crew.judged, 1, load(control, ERROR))
    call(functions.pace, crew.judged, 0, crew.judged, crew.judged, crew.pace, 0)
    growth = load(crew.pace, 0)
    growth = select(growth < LARGEST, growth, LARGEST)
    growth = select(growth > SMALLEST, growth, SMALLEST)
    growth = select((load(control, _REJECTED) > 0.0) & (growth > 1.0), 1.0, growth)
    kept = select((h < usual) & (growth > 1.0), usual, 0.0)
    grown = larger(h * growth, kept)
    shrunk = larger(select(finite, larger(load(crew.pace, 2), 0.0 * h + SMALLEST), 0.1) * h, smallest)
    store(control, H, select(accepted, grown, select(rejected, shrunk, usual)))
    store(control, ERROR, select(accepted, load(crew.pace, 1), load(control, ERROR)))
    store(control, LENGTH, select(accepted, h, load(control, LENGTH)))
    store(control, MADE_BY, select(accepted, load(control, METHOD), load(control, MADE_BY)))
    store(control, FORCED, select(accepted, select(forced, 1.0, 0.0 * h), load(control, FORCED)))
    store(control, _FRESH, select(accepted, 1.0, load(control, _FRESH)))
    store(control, _REJECTED, select(accepted, 0.0, select(rejected, 1.0, load(control, _REJECTED))))
    store(control, _LEFT, select(here, load(control, _LEFT) - 1.0, load(control, _LEFT)))
    failed = bits(rejected & (h <= smallest))
    if stiff and task.method == AUTO and bits(accepted) != 0:
        _judge(functions.price, task, layout, bits(accepted), crew, work)
    if not stiff and task.method == AUTO:
        _vote(h, estimate, accepted, rejected, control)
    ended = 0
    if bits(accepted) != 0:
        if len(record.made) > 0:
            for lane in range(LANES):
                if bits(accepted) >> lane & 1:
                    length = control[LENGTH, lane]
                    write(record, crew.which[lane], control[T, lane], -length if stiff else length)
        ended = _arrive(functions, task, stiff, bits(accepted), crew, work)
    exhausted = chosen & ~ended & bits(load(control, _LEFT) <= 0.0)
    if failed | exhausted != 0:
        for lane in range(LANES):
            if failed >> lane & 1:
                _end(task, STEP_TOO_SMALL if bits(finite) >> lane & 1 else NOT_FINITE, lane, crew)
            elif exhausted >> lane & 1:
                _end(task, MAX_STEPS, lane, crew)
    return ended | failed | exhausted


@part
def _vote(h: Any, estimate: Any, accepted: Any, rejected: Any, control: np.ndarray) -> None:
    """After an attempt of Tsit5: how much it speaks for Rodas5P."""
    usual, votes = load(control, USUAL), load(control, VOTES)
    mean = select(usual == 0.0, h, 0.8 * usual + 0.2 * h)
    store(control, USUAL, select(accepted, mean, usual))
    added = select(accepted, select(estimate < 1.0, estimate, 1.0), select(rejected & (estimate >= 1.0), 1.0, 0.0 * h))
    store(control, VOTES, votes + select(added > 0.0, added, 0.0))


@part
def _judge(price: float, task: Task, layout: Layout, accepted: int, crew: Crew, work: Pack) -> None:
    """After steps of Rodas5P: whether to stay with it."""
    store(crew.judged, 0, fastest(task.rtol, layout, work, accepted))
    for lane in range(LANES):
        if accepted >> lane & 1:
            judge_stiff(price, crew.judged[0, lane], crew.control[:, lane])


@part
def _arrive(functions: Functions, task: Task, stiff: bool, accepted: int, crew: Crew, work: Pack) -> int:
    """Output within the step just accepted, and its end; the lanes that have reached the end of their grids."""
    control, n, here = crew.control, len(work.y), masked(accepted)
    t, h = load(control, T), load(control, LENGTH)
    end = load(control, _END)
    after = t + h
    due = bits(here & (load(control, _NEXT) < after))
    while due:
        theta = (load(control, _NEXT) - t) / h
        if stiff:
            rodas5p_output(theta, work)
        else:
            tsit5_output(theta, h, work)
        for lane in range(LANES):
            if due >> lane & 1:
                _write(task, work.work, lane, crew)
        due = bits(here & (load(control, _NEXT) < after))
    arrived = select(size(end - after) <= 1e-12 * size(end - t), end, after)
    store(control, T, select(here, arrived, t))
    for i in range(n):
        store(work.y, i, select(here, load(work.new, i), load(work.y, i)))
    if stiff:
        call(functions.rhs, control, T, work.y, work.p, work.work, 0)
        for i in range(n):
            store(work.first, i, select(here, load(work.work, i), load(work.first, i)))
    else:
        for i in range(n):
            store(work.first, i, select(here, load(work.stages, 6 * n + i), load(work.first, i)))
    there = bits(here & (load(control, _NEXT) <= load(control, T)))
    if there:
        for lane in range(LANES):
            while there >> lane & 1 and control[_NEXT, lane] <= control[T, lane]:
                _write(task, work.y, lane, crew)
    ended = bits(here & (load(control, _NEXT) == np.inf))
    if ended:
        for lane in range(LANES):
            if ended >> lane & 1:
                _end(task, SUCCESS, lane, crew)
    return ended


@part
def _write(task: Task, states: np.ndarray, lane: int, crew: Crew) -> None:
    """The next time of the grid of a lane."""
    b, k = crew.which[lane], crew.written[lane]
    for i in range(len(states)):
        task.out[b, k, i] = states[i, lane]
    k += 1
    crew.written[lane] = k
    row = b if len(task.grids) > 1 else 0
    crew.control[_NEXT, lane] = task.grids[row, k] if k < task.grids.shape[1] else np.inf
