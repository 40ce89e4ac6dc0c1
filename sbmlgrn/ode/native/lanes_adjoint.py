"""The discrete adjoint of `adjoint` for trajectories side by side in lanes, where all their steps are ones of Tsit5.

Every lane goes back along the steps of its own trajectory. Lanes take turns together: each makes a segment again from
a checkpoint, forwards, and then goes back through it, those whose segments are shorter waiting. Where what is left
before a checkpoint is longer than a segment may be, a lane makes more checkpoints in that turn instead.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.vectors import LANES
from sbmlgrn.ode.native.lanes_steps import Pack, pack, tsit5, tsit5_weight
from sbmlgrn.ode.native.lanes_tape import CHECKPOINTS
from sbmlgrn.ode.native.loop import inlined, loop, part
from sbmlgrn.ode.native.simd import call, fma, lanes, load, masked, select, splat, store
from sbmlgrn.ode.native.steps import STAGES, TRACE
from sbmlgrn.ode.native.tableau import TSIT5_A, TSIT5_C

_SEGMENT: Final = 2**22
_LONGEST: Final = 128


class Sought(NamedTuple):
    """What is asked for: the gradient of Σ seeds·states, of the trajectories of a `Tape`.

    Attributes:
        rhs, pull: addresses in lanes, of f and of vᵀ∂f/∂(y, p).
        grid: ``[time]``.
        p: ``[batch, parameter]``.
        seeds: ``[batch, time, state]``.
        low: the first trajectory of the tape.
        steps, begin, kept, marks, checkpoints: of the tape.
        y_bar, p_bar: ``[batch, state]`` and ``[batch, parameter]``, to be filled.
    """

    rhs: int
    pull: int
    grid: np.ndarray
    p: np.ndarray
    seeds: np.ndarray
    low: int
    steps: np.ndarray
    begin: np.ndarray
    kept: np.ndarray
    marks: np.ndarray
    checkpoints: np.ndarray
    y_bar: np.ndarray
    p_bar: np.ndarray


class _Crew(NamedTuple):
    """Who is in the lanes, and how far.

    Attributes:
        which: ``[lane]`` the trajectory.
        row: ``[lane]`` the last time of the grid whose weights are still to be added.
        target: ``[lane]`` how many steps are left.
        top: ``[lane]`` the last checkpoint.
        start, length: ``[lane]`` the first step of this turn, and how many there are.
        stride: ``[lane]`` steps between checkpoints, in a turn that makes some; otherwise 0.
        marks, checkpoints: ``[lane, stack]``, ``[lane, stack, n]`` states from which steps can be made again.
    """

    which: np.ndarray
    row: np.ndarray
    target: np.ndarray
    top: np.ndarray
    start: np.ndarray
    length: np.ndarray
    stride: np.ndarray
    marks: np.ndarray
    checkpoints: np.ndarray


class _Space(NamedTuple):
    """What the lanes work in; all arrays have the lanes as their last axis.

    Attributes:
        times, lengths: ``[segment, lane]`` of the steps of a segment.
        states, stages: ``[segment, n, lane]``, ``[segment, 8 n, lane]``.
        after, slope, before, y_bar: ``[n, lane]`` as in `adjoint`.
        bars: ``[7 n, lane]`` weights of the stages of a step that come from output within it.
        seed: ``[n, lane]`` weights at a time of the grid; ``[1, lane]`` that time.
        point: ``[2 n, lane]`` a state and the weights of f there.
        pulled: ``[6 (n + parameter), lane]`` what the stages of a step contribute.
        p_bar: ``[parameter, lane]``.
    """

    times: np.ndarray
    lengths: np.ndarray
    states: np.ndarray
    stages: np.ndarray
    after: np.ndarray
    slope: np.ndarray
    before: np.ndarray
    bars: np.ndarray
    seed: np.ndarray
    due: np.ndarray
    point: np.ndarray
    pulled: np.ndarray
    p_bar: np.ndarray


@loop
def sweep(sought: Sought, chosen: np.ndarray) -> None:
    """Fills the gradients of the `chosen` trajectories, which have steps of Tsit5 alone and reached all that counts."""
    if len(chosen) == 0:
        return
    n, parameters = sought.seeds.shape[2], sought.p.shape[1]
    longest = max(4, min(_LONGEST, _SEGMENT // (8 * LANES * (9 * n + 2))))
    work = pack(n, parameters, 0, 0)
    space = _Space(
        lanes(longest + 1),
        lanes(longest + 1),
        lanes((longest + 1) * n).reshape((longest + 1, n, LANES)),
        lanes((longest + 1) * STAGES * n).reshape((longest + 1, STAGES * n, LANES)),
        lanes(n),
        lanes(n),
        lanes(n),
        lanes(7 * n),
        lanes(n),
        lanes(1),
        lanes(2 * n),
        lanes(6 * (n + parameters)),
        lanes(parameters),
    )
    crew = _Crew(
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros((LANES, 2 * CHECKPOINTS), np.int64),
        np.zeros((LANES, 2 * CHECKPOINTS, n)),
    )
    taken = 0
    for lane in range(min(LANES, len(chosen)), LANES):
        _take_up(sought, chosen[0], lane, crew, space, work)  # a lane that works in vain
    active = 0
    while True:
        for lane in range(LANES):
            if active >> lane & 1 == 0 and taken < len(chosen):
                _take_up(sought, chosen[taken], lane, crew, space, work)
                taken += 1
                active |= 1 << lane
        if active == 0:
            return
        storing = _forwards(sought, active, longest, crew, space, work)
        _backwards(sought, storing, crew, space, work)
        done = 0
        for lane in range(LANES):
            if storing >> lane & 1:
                crew.target[lane] = crew.marks[lane, crew.top[lane]]
                crew.top[lane] -= 1
                if crew.target[lane] <= 0:
                    done |= 1 << lane
        if done != 0:
            _finish(sought, done, crew, space, work)
            active &= ~done


@part
def _take_up(sought: Sought, b: int, lane: int, crew: _Crew, space: _Space, work: Pack) -> None:
    """Puts a trajectory into a lane, at its end."""
    i = b - sought.low
    n = len(work.y)
    crew.which[lane] = b
    row = len(sought.grid) - 1
    while row > 0 and _is_zero(sought.seeds, b, row):
        row -= 1
    steps = sought.steps
    first = sought.begin[i]
    target, top = sought.begin[i + 1] - first, sought.kept[i] - 1
    while target > 0 and steps[first + target - 1, 0] >= sought.grid[row]:
        target -= 1
    while top > 0 and sought.marks[i, top] >= target:
        top -= 1
    crew.row[lane], crew.target[lane], crew.top[lane] = row, target, top
    for k in range(top + 1):
        crew.marks[lane, k] = sought.marks[i, k]
        for j in range(n):
            crew.checkpoints[lane, k, j] = sought.checkpoints[i, k, j]
    for j in range(n):
        space.after[j, lane] = 0.0
        space.slope[j, lane] = 0.0
    for j in range(len(work.p)):
        work.p[j, lane] = sought.p[b, j]
        space.p_bar[j, lane] = 0.0


@part
def _is_zero(seeds: np.ndarray, b: int, row: int) -> bool:
    count = 0
    for i in range(seeds.shape[2]):
        count += seeds[b, row, i] != 0.0
    return count == 0


@part
def _forwards(sought: Sought, active: int, longest: int, crew: _Crew, space: _Space, work: Pack) -> int:
    """Makes the steps from the last checkpoint of each lane again; the lanes in which all of them are kept."""
    n = len(work.y)
    storing, most = active, 0
    for lane in range(LANES):
        top = crew.top[lane]
        begin = crew.marks[lane, top]
        count = max(crew.target[lane] - begin, 0) if active >> lane & 1 else 0
        crew.start[lane], crew.stride[lane] = begin, 0
        if count > longest:
            room = max(1, (crew.marks.shape[1] - top - 1) // 2)
            crew.stride[lane] = max(longest, -(-count // (room + 1)))
            count = (count - 1) // crew.stride[lane] * crew.stride[lane]
            storing &= ~(1 << lane)
        crew.length[lane] = count
        most = max(most, count)
        work.times[0, lane] = _step(sought, lane, 0, crew, 0)
        for i in range(n):
            work.y[i, lane] = crew.checkpoints[lane, top, i]
    call(sought.rhs, work.times, 0, work.y, work.p, work.first, 0)
    for k in range(most):
        slot = min(k, longest)  # only lanes that keep nothing go beyond
        going = 0
        for lane in range(LANES):
            if k < crew.length[lane]:
                space.times[slot, lane] = _step(sought, lane, k, crew, 0)
                space.lengths[slot, lane] = _step(sought, lane, k, crew, 1)
                going |= 1 << lane
        stages, states = space.stages[slot], space.states[slot]
        for i in range(n):
            store(states, i, load(work.y, i))
        tsit5(sought.rhs, load(space.times, slot), load(space.lengths, slot), _on(stages, work))
        for i in range(n):
            store(work.y, i, select(masked(going), load(work.new, i), load(work.y, i)))
            store(work.first, i, select(masked(going), load(stages, 6 * n + i), load(work.first, i)))
        for lane in range(LANES):
            if going >> lane & 1 and crew.stride[lane] > 0 and (k + 1) % crew.stride[lane] == 0:
                top = crew.top[lane] + 1
                crew.top[lane] = top
                crew.marks[lane, top] = crew.start[lane] + k + 1
                for i in range(n):
                    crew.checkpoints[lane, top, i] = work.y[i, lane]
    return storing


@inlined
def _step(sought: Sought, lane: int, k: int, crew: _Crew, column: int) -> float:
    """The time or length of the k-th step of this turn."""
    place = sought.begin[crew.which[lane] - sought.low] + crew.start[lane] + k
    return sought.steps[min(place, len(sought.steps) - 1), column]


@inlined
def _on(stages: np.ndarray, work: Pack) -> Pack:
    """The same memory with other stages."""
    return Pack(
        work.y,
        work.new,
        work.first,
        work.atol,
        stages,
        work.p,
        work.work,
        work.row,
        work.slopes,
        work.lu,
        work.direction,
        work.times,
    )


@part
def _backwards(sought: Sought, storing: int, crew: _Crew, space: _Space, work: Pack) -> None:
    """Goes back through the segments of the lanes that keep theirs."""
    n, most = len(work.y), 0
    for lane in range(LANES):
        if storing >> lane & 1:
            most = max(most, crew.length[lane])
    for k in range(most - 1, -1, -1):
        going = 0
        for lane in range(LANES):
            if storing >> lane & 1 and k < crew.length[lane]:
                going |= 1 << lane
        here = masked(going)
        t, h = load(space.times, k), load(space.lengths, k)
        for i in range(7 * n):
            store(space.bars, i, 0.0)
        for i in range(n):
            store(space.before, i, 0.0)
        due = _due(sought, going, k, crew, space)
        while due != 0:
            _output(masked(due), t, h, space)
            due = _due(sought, going, k, crew, space)
        _step_back(sought, t, h, here, space.states[k], space.stages[k], space, work)


@part
def _due(sought: Sought, going: int, k: int, crew: _Crew, space: _Space) -> int:
    """The weights at the next time of the grid, backwards, of lanes in whose step it is; those lanes."""
    due = 0
    for lane in range(LANES):
        row = crew.row[lane]
        if going >> lane & 1 and row > 0 and sought.grid[row] > space.times[k, lane]:
            due |= 1 << lane
            space.due[0, lane] = sought.grid[row]
            for i in range(len(space.seed)):
                space.seed[i, lane] = sought.seeds[crew.which[lane], row, i]
            crew.row[lane] = row - 1
    return due


@part
def _output(here: Any, t: Any, h: Any, space: _Space) -> None:
    """Adjoint of output within a step, or at its end."""
    n = len(space.seed)
    time = load(space.due, 0)
    theta = (time - t) / h
    at_end = here & (time >= t + h)
    within = here & ~at_end
    for i in range(n):
        seed = load(space.seed, i)
        store(space.after, i, load(space.after, i) + select(at_end, seed, 0.0))
        store(space.before, i, load(space.before, i) + select(within, seed, 0.0))
    for j in range(7):
        weight = select(within, h * tsit5_weight(j, theta), 0.0)
        for i in range(n):
            seed = select(within, load(space.seed, i), 0.0)
            store(space.bars, j * n + i, fma(weight, seed, load(space.bars, j * n + i)))


@part
def _step_back(
    sought: Sought, t: Any, h: Any, here: Any, y: np.ndarray, stages: np.ndarray, space: _Space, work: Pack
) -> None:
    """Adjoint of a step: from ``after`` and ``slope`` at its end to those at its beginning (`adjoint._tsit5`)."""
    n, parameters, point, pulled = len(work.y), len(work.p), space.point, space.pulled
    size = n + parameters
    for s in range(6, 0, -1):
        first = (6 - s) * size  # what was pulled last comes first
        for i in range(n):
            at = load(y, i)
            total, bar = splat(0.0), splat(0.0)
            for j in range(s):
                total = fma(load(stages, j * n + i), TSIT5_A[s, j], total)
            value = fma(total, h, at)
            trace = (value < 0.0) & (value > -TRACE) & (at >= 0.0)
            store(point, i, select(trace, 0.0, value))
            for m in range(s + 1, 7):
                bar = fma(load(pulled, (6 - m) * size + i), TSIT5_A[m, s], bar)
            bar = fma(bar, h, load(space.bars, s * n + i))
            store(point, n + i, bar + load(space.slope, i) if s == 6 else bar)
        store(work.times, 0, fma(h, TSIT5_C[s], t))
        call(sought.pull, work.times, 0, point, work.p, pulled, first)
        if s == 6:
            for i in range(n):
                store(pulled, i, load(pulled, i) + load(space.after, i))
    for i in range(n):
        before, bar = load(space.before, i), splat(0.0)
        for m in range(1, 7):
            share = load(pulled, (6 - m) * size + i)
            before = before + share
            bar = fma(share, TSIT5_A[m, 0], bar)
        bar = fma(bar, h, load(space.bars, i))
        store(space.after, i, select(here, before, load(space.after, i)))
        store(space.slope, i, select(here, bar, load(space.slope, i)))
    for i in range(parameters):
        total = load(pulled, n + i)
        for m in range(1, 6):
            total = total + load(pulled, m * size + n + i)
        store(space.p_bar, i, load(space.p_bar, i) + select(here, total, 0.0))


@part
def _finish(sought: Sought, done: int, crew: _Crew, space: _Space, work: Pack) -> None:
    """The gradients of the lanes that are at the beginning."""
    n = len(work.y)
    for lane in range(LANES):
        for i in range(n):
            space.point[i, lane] = crew.checkpoints[lane, 0, i]
    for i in range(n):
        store(space.point, n + i, load(space.slope, i))
    store(work.times, 0, sought.grid[0])
    call(sought.pull, work.times, 0, space.point, work.p, space.pulled, 0)
    for lane in range(LANES):
        if done >> lane & 1:
            b = crew.which[lane]
            for i in range(n):
                pulled = space.pulled[i, lane] if _counts(lane, space) else 0.0
                sought.y_bar[b, i] = sought.seeds[b, 0, i] + space.after[i, lane] + pulled
            for i in range(len(work.p)):
                pulled = space.pulled[n + i, lane] if _counts(lane, space) else 0.0
                sought.p_bar[b, i] = space.p_bar[i, lane] + pulled


@part
def _counts(lane: int, space: _Space) -> bool:
    """Whether f at the beginning has weights; where it has none, its derivatives may be infinite."""
    count = 0
    for i in range(len(space.slope)):
        count += space.slope[i, lane] != 0.0
    return count > 0
