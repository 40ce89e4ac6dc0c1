"""Sensitivities forwards: the derivatives of the accepted steps, carried along with the state.

Source: Hairer, Nørsett & Wanner, Solving ODEs I (2nd ed.), section II.6 (internal differentiation: the method is
differentiated, not the equation).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.variation import variation
from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import compiled
from sbmlgrn.ode.native.loop import lean, loop
from sbmlgrn.ode.native.portions import in_threads
from sbmlgrn.ode.native.sparse import Layout, solve_columns
from sbmlgrn.ode.native.steps import STAGES, clear, copy
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
from sbmlgrn.ode.native.tape import Again, Tape, again, proceed, repeat, restart
from sbmlgrn.ode.native.trajectory import Addresses


class _Linear(NamedTuple):
    """Derivatives of f, and the directions.

    Attributes:
        entries, bend, start: addresses, see `Variation`; 0 where they are not needed.
        by_state: ``[nonzeros, 2]`` rows and columns of the nonzeros of ∂f/∂y.
        by_parameter: ``[nonzeros, 2]`` rows and directions of the nonzeros of ∂f/∂p.
        states: how many of the directions are initial values, which come first.
        parameters: ``[direction - states]`` the parameters that are the others.
    """

    entries: int
    bend: int
    start: int
    by_state: np.ndarray
    by_parameter: np.ndarray
    states: int
    parameters: np.ndarray


class _Space(NamedTuple):
    """What one trajectory at a time works in; k is the number of directions.

    Attributes:
        work, stages, lu: for `repeat`.
        state: ``[n, k]`` derivative of the state.
        point: ``[n, k]`` of the argument of f.
        bars: ``[8, n, k]`` of the stages.
        slope: ``[n, k]`` of f at the beginning of the step.
        bends: ``[k, slope]`` of the slopes there.
        values: nonzeros of ∂f/∂y and ∂f/∂p.
        y, p: ``[2n]`` and ``[2 parameter]`` a point and a direction.
        argument, rows, weights: ``[n]``, ``[n, k]`` and ``[8]`` to work in.
    """

    work: Again
    stages: np.ndarray
    lu: np.ndarray
    state: np.ndarray
    point: np.ndarray
    bars: np.ndarray
    slope: np.ndarray
    bends: np.ndarray
    values: np.ndarray
    y: np.ndarray
    p: np.ndarray
    argument: np.ndarray
    rows: np.ndarray
    weights: np.ndarray


def sensitivities(
    system: System,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    tapes: Sequence[Tape],
    parameters: Sequence[int],
    own_start: bool,
) -> np.ndarray:
    """Derivatives of states with respect to parameters, and to initial values.

    Args:
        system: what was simulated.
        y0: initial states ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: the time grid ``[time]``.
        tapes: of the trajectories (`taped`).
        parameters: which ones.
        own_start: whether the initial state is the system's own, which depends on the parameters; otherwise the first
            directions are those of the initial values.

    Returns:
        ``[batch, time, state, direction]``; NaN at times that a trajectory did not reach.
    """
    addresses, layout = compiled(system)
    functions = variation(system)
    stiff = any((tape.steps[:, 1] < 0).any() for tape in tapes)
    states = 0 if own_start else y0.shape[-1]
    entries, by_parameter = functions.entries(tuple(parameters))
    linear = _Linear(
        entries,
        functions.bend if stiff else 0,
        functions.start if own_start else 0,
        np.array(functions.by_state, np.int64).reshape(-1, 2),
        np.array([(i, states + c) for i, c in by_parameter], np.int64).reshape(-1, 2),
        states,
        np.array(parameters, np.int64),
    )
    count = len(functions.by_state) + len(by_parameter)
    grid, start, given = (np.ascontiguousarray(v, dtype=np.float64) for v in (t, y0, p))
    out = np.empty((len(p), len(t), y0.shape[-1], states + len(parameters)))

    def run(tape: Tape) -> None:
        _portion(addresses, linear, count, layout, grid, start, given, tape, out)

    in_threads(run, tapes)
    return out


@loop
def _portion(
    addresses: Addresses,
    linear: _Linear,
    count: int,
    layout: Layout,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    tape: Tape,
    out: np.ndarray,
) -> None:
    n, k, slopes = y0.shape[1], out.shape[3], len(linear.by_state) + y0.shape[1]
    space = _Space(
        again(n, len(linear.by_state)),
        np.empty((STAGES, n)),
        np.empty(len(layout.column)),
        np.empty((n, k)),
        np.empty((n, k)),
        np.empty((STAGES, n, k)),
        np.empty((n, k)),
        np.empty((k, slopes)),
        np.empty(count),
        np.empty(2 * n),
        np.empty(2 * p.shape[1]),
        np.empty(n),
        np.empty((n, k)),
        np.empty(STAGES),
    )
    for b in range(tape.low, tape.high):
        i = b - tape.low
        steps = tape.steps[tape.begin[i] : tape.begin[i + 1]]
        _carry(addresses, linear, layout, grid, y0[b], p[b], steps, tape.written[i], space, out[b])


@lean
def _carry(
    addresses: Addresses,
    linear: _Linear,
    layout: Layout,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    steps: np.ndarray,
    written: int,
    space: _Space,
    out: np.ndarray,
) -> None:
    """One trajectory."""
    work = space.work
    _start(linear, p, space)
    out[:] = np.nan
    _copy(space.state, out[0])
    row = 1
    for k in range(len(steps)):
        t, length = steps[k, 0], steps[k, 1]
        h = abs(length)
        if k == 0:
            restart(addresses.rhs, t, y0, p, work)
        if k == 0 or steps[k - 1, 1] < 0:
            _push(linear, t, work.y, p, space, space.state, space.slope)
        repeat(addresses, t, length, p, layout, space.stages, space.lu, work)
        if length > 0:
            _tsit5(linear, t, h, p, space)
        else:
            _rodas5p(linear, t, h, p, layout, space)
        while row < written and grid[row] < t + h:
            theta = (grid[row] - t) / h
            if length > 0:
                _tsit5_output(h, theta, space, out[row])
            else:
                _rodas5p_output(theta, space, out[row])
            row += 1
        _copy(space.point, space.state)
        if length > 0:
            _copy(space.bars[6], space.slope)
        proceed(addresses.rhs, t, length, p, space.stages, work)
        until = steps[k + 1, 0] if k + 1 < len(steps) else np.inf
        while row < written and grid[row] <= until:
            _copy(space.state, out[row])
            row += 1


@lean
def _copy(source: np.ndarray, target: np.ndarray) -> None:
    for i in range(source.shape[0]):
        for c in range(source.shape[1]):
            target[i, c] = source[i, c]


@lean
def _combine(base: np.ndarray, weights: np.ndarray, bars: np.ndarray, count: int, out: np.ndarray) -> None:
    """``out = base + Σ weights[j]·bars[j]`` over the first `count` stages."""
    for i in range(base.shape[0]):
        for c in range(base.shape[1]):
            total = base[i, c]
            for j in range(count):
                total += weights[j] * bars[j, i, c]
            out[i, c] = total


@lean
def _start(linear: _Linear, p: np.ndarray, space: _Space) -> None:
    """Derivatives of the initial state, into ``space.state``."""
    state, count = space.state, len(p)
    state[:] = 0.0
    for c in range(linear.states):
        state[c, c] = 1.0
    if linear.start != 0:
        copy(p, space.p[:count])
        space.p[count:] = 0.0
        for c in range(len(linear.parameters)):
            space.p[count + linear.parameters[c]] = 1.0
            evaluate(linear.start, 0.0, space.y, space.p, space.argument)
            space.p[count + linear.parameters[c]] = 0.0
            for i in range(len(space.argument)):
                state[i, c] = space.argument[i]


@lean
def _push(
    linear: _Linear, t: float, y: np.ndarray, p: np.ndarray, space: _Space, change: np.ndarray, out: np.ndarray
) -> None:
    """Derivatives of f at a point that changes with ``change``, into `out`."""
    values, nonzeros = space.values, len(linear.by_state)
    evaluate(linear.entries, t, y, p, values)
    out[:] = 0.0
    for e in range(nonzeros):
        i, j, value = linear.by_state[e, 0], linear.by_state[e, 1], values[e]
        for c in range(out.shape[1]):
            out[i, c] += value * change[j, c]
    for e in range(len(linear.by_parameter)):
        out[linear.by_parameter[e, 0], linear.by_parameter[e, 1]] += values[nonzeros + e]


@lean
def _tsit5(linear: _Linear, t: float, h: float, p: np.ndarray, space: _Space) -> None:
    """Derivatives of the stages of a step, and of the state after it into ``space.point``."""
    y, stages, bars, argument = space.work.y, space.stages, space.bars, space.argument
    _copy(space.slope, bars[0])
    for s in range(1, 7):
        for j in range(s):
            space.weights[j] = h * TSIT5_A[s, j]
        _combine(space.state, space.weights, bars, s, space.point)
        for i in range(len(y)):
            total = 0.0
            for j in range(s):
                total += TSIT5_A[s, j] * stages[j, i]
            argument[i] = y[i] + h * total
        clear(y, argument)
        _push(linear, t + TSIT5_C[s] * h, argument, p, space, space.point, bars[s])


@lean
def _tsit5_output(h: float, theta: float, space: _Space, out: np.ndarray) -> None:
    """The same of `tsit5_polynomial` and `interpolate`."""
    for j in range(7):
        inner = TSIT5_DENSE[j, 2] + theta * TSIT5_DENSE[j, 3]
        space.weights[j] = h * theta * (TSIT5_DENSE[j, 0] + theta * (TSIT5_DENSE[j, 1] + theta * inner))
    _combine(space.state, space.weights, space.bars, 7, out)


@lean
def _rodas5p(linear: _Linear, t: float, h: float, p: np.ndarray, layout: Layout, space: _Space) -> None:
    """The same as `_tsit5` of a step of Rodas5P, whose matrix and ∂f/∂t change as well."""
    y, stages, bars, argument = space.work.y, space.stages, space.bars, space.argument
    n, nonzeros = len(y), len(linear.by_state)
    for c in range(space.state.shape[1]):
        copy(y, space.y[:n])
        copy(p, space.p[: len(p)])
        for i in range(n):
            space.y[n + i] = space.state[i, c]
        space.p[len(p) :] = 0.0
        if c >= linear.states:
            space.p[len(p) + linear.parameters[c - linear.states]] = 1.0
        evaluate(linear.bend, t, space.y, space.p, space.bends[c])
    for s in range(8):
        bar = bars[s]
        _combine(space.state, RODAS5P_A[s], bars, s, space.point)
        if s == 0:
            _copy(space.slope, bar)
        else:
            for i in range(n):
                total = 0.0
                for j in range(s):
                    total += RODAS5P_A[s, j] * stages[j, i]
                argument[i] = y[i] + total
            clear(y, argument)
            _push(linear, t + RODAS5P_C[s] * h, argument, p, space, space.point, bar)
        for j in range(s):
            space.weights[j] = RODAS5P_M[s, j] / h
        _combine(bar, space.weights, bars, s, bar)
        for c in range(bar.shape[1]):
            bends = space.bends[c]
            for e in range(nonzeros):
                bar[linear.by_state[e, 0], c] += bends[e] * stages[s, linear.by_state[e, 1]]
            for i in range(n):
                bar[i, c] += h * RODAS5P_D[s] * bends[nonzeros + i]
        solve_columns(space.lu, layout, bar, space.rows)
    for i in range(n):
        for c in range(space.point.shape[1]):
            space.point[i, c] += bars[7, i, c]


@lean
def _rodas5p_output(theta: float, space: _Space, out: np.ndarray) -> None:
    """The same of `rodas5p_polynomial` and `interpolate`."""
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[i, c] = (1.0 - theta) * space.state[i, c] + theta * space.point[i, c]
    for j in range(8):
        dense = RODAS5P_DENSE[0, j] + theta * (RODAS5P_DENSE[1, j] + theta * RODAS5P_DENSE[2, j])
        space.weights[j] = theta * (1.0 - theta) * dense
    _combine(out, space.weights, space.bars, 8, out)
