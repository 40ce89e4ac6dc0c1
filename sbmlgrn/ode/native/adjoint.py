"""Gradients backwards: the discrete adjoint of the accepted steps.

A trajectory is made again from its checkpoints, a segment at a time, and every step is differentiated in reverse with
its length as it was. Besides the tape that takes, for each thread, memory for one segment (`_SEGMENT` bytes at most,
or four steps if they need more) and as many states again as there are checkpoints: where segments are longer,
checkpoints are made within them.

Sources: Hager 2000, Numer. Math. 87:247 (adjoint of Runge–Kutta steps); Sandu, Daescu & Carmichael 2003, Atmos.
Environ. 37:5083, section 3.4 (of Rosenbrock steps); Griewank & Walther, Evaluating Derivatives (2nd ed.), chapter 12
(checkpoints).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.variation import variation
from sbmlgrn.backends.kernel.vectors import vectors
from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate, evaluate_row
from sbmlgrn.ode.native.ensemble import compiled
from sbmlgrn.ode.native.lanes import WORTH_IT
from sbmlgrn.ode.native.lanes_adjoint import Sought, sweep
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.portions import in_threads
from sbmlgrn.ode.native.sparse import Layout, solve_transposed
from sbmlgrn.ode.native.steps import STAGES, accumulate, copy, is_trace
from sbmlgrn.ode.native.tableau import (
    RODAS5P_A,
    RODAS5P_C,
    RODAS5P_D,
    RODAS5P_DENSE,
    RODAS5P_M,
    TSIT5_A,
    TSIT5_C,
    TSIT5_DENSE,
)
from sbmlgrn.ode.native.tape import CHECKPOINTS, Again, Tape, again, proceed, repeat, restart
from sbmlgrn.ode.native.trajectory import Addresses

_SEGMENT: Final = 2**22
_LONGEST: Final = 128
_TSIT5_BACK: Final = np.ascontiguousarray(TSIT5_A[:0:-1].T)
"""Row s: weights of stage s in the arguments of the stages after it, the last one first."""
_ONES: Final = np.ones((1, STAGES))


class _Pulls(NamedTuple):
    """Addresses: see `Variation`; 0 for the second where no step is one of Rodas5P."""

    pull: int
    pull_slopes: int


class _Space(NamedTuple):
    """What one trajectory at a time works in.

    Attributes:
        marks, checkpoints: ``[stack]``, ``[stack, n]`` states from which a segment can be made again.
        states, stages, lu: ``[segment, n]``, ``[segment, 8, n]`` and ``[segment, entries]`` of the steps of a segment.
        work: for `repeat`.
        bars: ``[8, n]`` adjoint of the stages of a step.
        after: ``[n]`` adjoint of the state after the step.
        slope: ``[n]`` adjoint of f at the end of the step.
        before: ``[n]`` adjoint of the state before the step.
        point: ``[2n]`` a state and the weights of f there.
        bend: ``[n + slope]`` a state and the weights of the slopes there.
        pulled: ``[8, n + parameter]`` what the stages of a step contribute.
        row, out: ``[n]`` and ``[n + parameter]`` to work in.
        cleared: ``[n]`` which states were traces below 0 (`clear`), and depend on nothing.
    """

    marks: np.ndarray
    checkpoints: np.ndarray
    states: np.ndarray
    stages: np.ndarray
    lu: np.ndarray
    work: Again
    bars: np.ndarray
    after: np.ndarray
    slope: np.ndarray
    before: np.ndarray
    point: np.ndarray
    bend: np.ndarray
    pulled: np.ndarray
    row: np.ndarray
    out: np.ndarray
    cleared: np.ndarray


def pullback(
    system: System, p: np.ndarray, t: np.ndarray, tapes: Sequence[Tape], weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of Σ weights·states with respect to initial states and parameters.

    Args:
        system: what was simulated.
        p: parameters ``[batch, parameter]``.
        t: the time grid ``[time]``.
        tapes: of the trajectories (`taped`).
        weights: ``[batch, time, state]``.

    Returns:
        ``[batch, state]`` and ``[batch, parameter]``; NaN for a trajectory with weights, other than 0, on times that it
        did not reach.
    """
    addresses, layout = compiled(system)
    functions = variation(system)
    stiff = any((tape.steps[:, 1] < 0).any() for tape in tapes)
    pulls = _Pulls(functions.pull, functions.pull_slopes if stiff else 0)
    nonzeros = np.array(functions.by_state, np.int64).reshape(-1, 2)
    grid, parameters, seeds = (np.ascontiguousarray(v, dtype=np.float64) for v in (t, p, weights))
    y_bar = np.zeros((len(p), weights.shape[-1]))
    p_bar = np.zeros(p.shape)

    in_lanes = vectors(system) if len(p) >= WORTH_IT else None

    def run(tape: Tape) -> None:
        chosen = np.arange(tape.low, tape.high)
        if in_lanes is not None:
            explicit = _explicit(grid, seeds, tape)
            sweep(
                Sought(
                    *(in_lanes.rhs, in_lanes.pull, grid, parameters, seeds, tape.low, tape.steps, tape.begin),
                    *(tape.kept, tape.marks, tape.checkpoints, y_bar, p_bar),
                ),
                chosen[explicit],
            )
            chosen = chosen[~explicit]
        if len(chosen):
            _portion(addresses, pulls, layout, nonzeros, grid, parameters, seeds, stiff, tape, chosen, y_bar, p_bar)

    in_threads(run, tapes)
    return y_bar, p_bar


@loop
def _explicit(grid: np.ndarray, seeds: np.ndarray, tape: Tape) -> np.ndarray:
    """Which trajectories have steps of Tsit5 alone, and have reached all times with weights."""
    found = np.ones(tape.high - tape.low, np.bool_)
    for i in range(len(found)):
        for k in range(tape.begin[i], tape.begin[i + 1]):
            if tape.steps[k, 1] < 0.0:
                found[i] = False
        for row in range(tape.written[i], len(grid)):
            if not _is_zero(seeds[tape.low + i, row]):
                found[i] = False
    return found


@loop
def _portion(
    addresses: Addresses,
    pulls: _Pulls,
    layout: Layout,
    nonzeros: np.ndarray,
    grid: np.ndarray,
    p: np.ndarray,
    seeds: np.ndarray,
    stiff: bool,
    tape: Tape,
    chosen: np.ndarray,
    y_bar: np.ndarray,
    p_bar: np.ndarray,
) -> None:
    space = _space(seeds.shape[2], p.shape[1], len(nonzeros), len(layout.column) if stiff else 0)
    for b in chosen:
        i = b - tape.low
        for k in range(tape.kept[i]):
            space.marks[k] = tape.marks[i, k]
            copy(tape.checkpoints[i, k], space.checkpoints[k])
        steps = tape.steps[tape.begin[i] : tape.begin[i + 1]]
        _sweep(
            *(addresses, pulls, layout, nonzeros, grid, p[b], seeds[b], steps, int(tape.written[i]), int(tape.kept[i])),
            *(space, y_bar[b], p_bar[b]),
        )


@loop
def _space(n: int, parameters: int, nonzeros: int, entries: int) -> _Space:
    length = max(4, min(_LONGEST, _SEGMENT // (8 * (9 * n + entries + 1))))
    return _Space(
        np.empty(2 * CHECKPOINTS, np.int64),
        np.empty((2 * CHECKPOINTS, n)),
        np.empty((length, n)),
        np.empty((length, STAGES, n)),
        np.empty((length, entries)),
        again(n, nonzeros),
        np.empty((STAGES, n)),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(2 * n),
        np.empty(2 * n + nonzeros),
        np.empty((STAGES, n + parameters)),
        np.empty(n),
        np.empty(n + parameters),
        np.empty(n, np.bool_),
    )


@lean
def _sweep(
    addresses: Addresses,
    pulls: _Pulls,
    layout: Layout,
    nonzeros: np.ndarray,
    grid: np.ndarray,
    p: np.ndarray,
    seeds: np.ndarray,
    steps: np.ndarray,
    written: int,
    kept: int,
    space: _Space,
    y_bar: np.ndarray,
    p_bar: np.ndarray,
) -> None:
    """One trajectory from its end to its beginning."""
    n = seeds.shape[1]
    row = len(grid) - 1
    while row > 0 and _is_zero(seeds[row]):
        row -= 1
    if row >= written:
        y_bar[:] = np.nan
        p_bar[:] = np.nan
        return
    target, top = len(steps), kept - 1
    while target > 0 and steps[target - 1, 0] >= grid[row]:
        target -= 1
    while top > 0 and space.marks[top] >= target:
        top -= 1
    work, longest = space.work, len(space.states)
    space.after[:] = 0.0
    space.slope[:] = 0.0
    while target > 0:
        begin = space.marks[top]
        restart(addresses.rhs, steps[begin, 0], space.checkpoints[top], p, work)
        if target - begin > longest:
            room = max(1, (len(space.marks) - top - 1) // 2)
            stride = max(longest, -(-(target - begin) // (room + 1)))
            for k in range(begin, begin + (target - begin - 1) // stride * stride):
                repeat(addresses, steps[k, 0], steps[k, 1], p, layout, space.stages[0], space.lu[0], work)
                proceed(addresses.rhs, steps[k, 0], steps[k, 1], p, space.stages[0], work)
                if (k + 1 - begin) % stride == 0:
                    top += 1
                    space.marks[top] = k + 1
                    copy(work.y, space.checkpoints[top])
            continue
        for k in range(begin, target):
            copy(work.y, space.states[k - begin])
            stages = space.stages[k - begin]
            repeat(addresses, steps[k, 0], steps[k, 1], p, layout, stages, space.lu[k - begin], work)
            proceed(addresses.rhs, steps[k, 0], steps[k, 1], p, stages, work)
        for k in range(target - 1, begin - 1, -1):
            t, length = steps[k, 0], steps[k, 1]
            h = abs(length)
            space.bars[:] = 0.0
            space.before[:] = 0.0
            while row > 0 and grid[row] > t:
                if grid[row] >= t + h:
                    _add(seeds[row], space.after)
                elif length > 0:
                    _tsit5_output(h, (grid[row] - t) / h, seeds[row], space)
                else:
                    _rodas5p_output((grid[row] - t) / h, seeds[row], space)
                row -= 1
            y, stages = space.states[k - begin], space.stages[k - begin]
            if length > 0:
                _tsit5(pulls.pull, t, h, y, p, stages, space, p_bar)
            else:
                _rodas5p(pulls, t, h, y, p, layout, nonzeros, stages, space.lu[k - begin], space, p_bar)
            copy(space.before, space.after)
        target = begin
        top -= 1
    _pull(pulls.pull, grid[0], space.checkpoints[0], space.slope, p, space, space.after, p_bar)
    for i in range(n):
        y_bar[i] = seeds[0, i] + space.after[i]


@inlined
def _is_zero(values: np.ndarray) -> bool:
    count = 0
    for v in values:
        count += v != 0.0
    return count == 0


@inlined
def _add(values: np.ndarray, total: np.ndarray) -> None:
    for i in range(len(values)):
        total[i] += values[i]


@inlined
def _clear(y: np.ndarray, new: np.ndarray, cleared: np.ndarray) -> None:
    """`clear`, and whether it set each of the states to 0."""
    for i in range(len(new)):
        cleared[i] = is_trace(y[i], new[i])
        if cleared[i]:
            new[i] = 0.0


@lean
def _pull(
    address: int,
    t: float,
    y: np.ndarray,
    v: np.ndarray,
    p: np.ndarray,
    space: _Space,
    bar: np.ndarray,
    p_bar: np.ndarray,
) -> None:
    """Adds vᵀ∂f/∂(y, p) to `bar` and `p_bar`."""
    if _is_zero(v):
        return
    n = len(y)
    for i in range(n):
        space.point[i] = y[i]
        space.point[n + i] = v[i]
    evaluate(address, t, space.point, p, space.out)
    for i in range(n):
        bar[i] += space.out[i]
    for i in range(len(p)):
        p_bar[i] += space.out[n + i]


@inlined
def _tsit5_output(h: float, theta: float, seed: np.ndarray, space: _Space) -> None:
    """Adjoint of `tsit5_polynomial` and `interpolate`."""
    for j in range(7):
        inner = TSIT5_DENSE[j, 2] + theta * TSIT5_DENSE[j, 3]
        weight = h * theta * (TSIT5_DENSE[j, 0] + theta * (TSIT5_DENSE[j, 1] + theta * inner))
        for i in range(len(seed)):
            space.bars[j, i] += weight * seed[i]
    _add(seed, space.before)


@lean
def _rodas5p_output(theta: float, seed: np.ndarray, space: _Space) -> None:
    """Adjoint of `rodas5p_polynomial` and `interpolate`."""
    inner = theta * (1.0 - theta)
    for j in range(8):
        dense = RODAS5P_DENSE[0, j] + theta * (RODAS5P_DENSE[1, j] + theta * RODAS5P_DENSE[2, j])
        for i in range(len(seed)):
            space.bars[j, i] += inner * dense * seed[i]
    for i in range(len(seed)):
        space.after[i] += theta * seed[i]
        space.before[i] += (1.0 - theta) * seed[i]


@inlined
def _tsit5(
    pull: int,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    stages: np.ndarray,
    space: _Space,
    p_bar: np.ndarray,
) -> None:
    """Adjoint of a step of Tsit5: from ``after`` and ``slope`` at its end to ``before`` and ``slope`` at its beginning.

    The last stage is f at the end of the step, which is where the next one begins.
    """
    n, point, pulled, before = len(y), space.point, space.pulled, space.before
    here, bar = point[:n], point[n:]
    for s in range(6, 0, -1):
        k = 6 - s  # what was pulled last comes first
        for i in range(n):
            here[i] = y[i]
            bar[i] = space.bars[s, i]
        accumulate(h, TSIT5_A, s, stages, s, here)
        _clear(y, here, space.cleared)
        if s == 6:
            _add(space.slope, bar)
        else:
            accumulate(h, _TSIT5_BACK, s, pulled, k, bar)
        evaluate_row(pull, t + TSIT5_C[s] * h, point, p, pulled, k)
        if s == 6:
            for i in range(n):
                pulled[0, i] += space.after[i]
        for i in range(n):
            if space.cleared[i]:
                pulled[k, i] = 0.0
    accumulate(1.0, _ONES, 0, pulled, 6, before)
    copy(space.bars[0], space.slope)
    accumulate(h, _TSIT5_BACK, 0, pulled, 6, space.slope)
    for i in range(len(p)):
        first = pulled[0, n + i] + pulled[1, n + i] + pulled[2, n + i]
        p_bar[i] += first + (pulled[3, n + i] + pulled[4, n + i] + pulled[5, n + i])


@lean
def _rodas5p(
    pulls: _Pulls,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    layout: Layout,
    nonzeros: np.ndarray,
    stages: np.ndarray,
    lu: np.ndarray,
    space: _Space,
    p_bar: np.ndarray,
) -> None:
    """The same for a step of Rodas5P, whose matrix and ∂f/∂t depend on the state and the parameters as well."""
    n, point, out, before, bend = len(y), space.point, space.out, space.before, space.bend
    slopes = bend[n:]
    slopes[:] = 0.0
    for i in range(n):
        total = 0.0
        for j in range(7):
            total += RODAS5P_A[7, j] * stages[j, i]
        space.row[i] = y[i] + total + stages[7, i]
    _clear(y, space.row, space.cleared)
    _pull(pulls.pull, t + h, space.row, space.slope, p, space, space.after, p_bar)
    for i in range(n):
        if space.cleared[i]:
            space.after[i] = 0.0
    _add(space.after, before)
    _add(space.after, space.bars[7])
    for j in range(7):
        for i in range(n):
            space.bars[j, i] += RODAS5P_A[7, j] * space.after[i]
    for s in range(7, -1, -1):
        bar = space.bars[s]
        solve_transposed(lu, layout, bar, space.row)
        for k in range(len(nonzeros)):
            slopes[k] += bar[nonzeros[k, 0]] * stages[s, nonzeros[k, 1]]
        for i in range(n):
            slopes[len(nonzeros) + i] += h * RODAS5P_D[s] * bar[i]
        for j in range(s):
            for i in range(n):
                space.bars[j, i] += RODAS5P_M[s, j] / h * bar[i]
        if s == 0:
            copy(bar, space.slope)
            break
        for i in range(n):
            total = 0.0
            for j in range(s):
                total += RODAS5P_A[s, j] * stages[j, i]
            point[i] = y[i] + total
            point[n + i] = bar[i]
        _clear(y, point[:n], space.cleared)
        evaluate(pulls.pull, t + RODAS5P_C[s] * h, point, p, out)
        for i in range(n):
            if space.cleared[i]:
                continue
            before[i] += out[i]
            for j in range(s):
                space.bars[j, i] += RODAS5P_A[s, j] * out[i]
        for i in range(len(p)):
            p_bar[i] += out[n + i]
    copy(y, bend[:n])
    evaluate(pulls.pull_slopes, t, bend, p, out)
    for i in range(n):
        before[i] += out[i]
    for i in range(len(p)):
        p_bar[i] += out[n + i]
