"""Sensitivities forwards: the derivatives of the accepted steps, carried along with the state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sbmlgrn.lower import System
from sbmlgrn.ode.native.ensemble import compiled
from sbmlgrn.ode.native.linear import (
    Change,
    Linear,
    begin,
    change,
    combine,
    copy_matrix,
    linear,
    push,
    rodas5p_change,
    tsit5_change,
)
from sbmlgrn.ode.native.loop import lean, loop
from sbmlgrn.ode.native.portions import in_threads
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import STAGES
from sbmlgrn.ode.native.tableau import RODAS5P_DENSE, TSIT5_DENSE
from sbmlgrn.ode.native.tape import Again, Tape, again, proceed, repeat, restart
from sbmlgrn.ode.native.trajectory import Addresses


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
    stiff = any((tape.steps[:, 1] < 0).any() for tape in tapes)
    states = 0 if own_start else y0.shape[-1]
    of = linear(system, parameters, range(states, states + len(parameters)), own_start, stiff)
    grid, start, given = (np.ascontiguousarray(v, dtype=np.float64) for v in (t, y0, p))
    out = np.empty((len(p), len(t), y0.shape[-1], states + len(parameters)))

    def run(tape: Tape) -> None:
        _portion(addresses, of, states, layout, grid, start, given, tape, out)

    in_threads(run, tapes)
    return out


@loop
def _portion(
    addresses: Addresses,
    of: Linear,
    states: int,
    layout: Layout,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    tape: Tape,
    out: np.ndarray,
) -> None:
    n = y0.shape[1]
    moved = change(of, n, p.shape[1], out.shape[3])
    work = again(n, len(of.by_state))
    stages, lu = np.empty((STAGES, n)), np.empty(len(layout.column))
    for b in range(tape.low, tape.high):
        i = b - tape.low
        steps = tape.steps[tape.begin[i] : tape.begin[i + 1]]
        begin(of, p[b], moved)
        for c in range(states):
            moved.state[c, c] = 1.0
        _carry(addresses, of, layout, grid, y0[b], p[b], steps, tape.written[i], work, stages, lu, moved, out[b])


@lean
def _carry(
    addresses: Addresses,
    of: Linear,
    layout: Layout,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    steps: np.ndarray,
    written: int,
    work: Again,
    stages: np.ndarray,
    lu: np.ndarray,
    moved: Change,
    out: np.ndarray,
) -> None:
    """One trajectory."""
    out[:] = np.nan
    copy_matrix(moved.state, out[0])
    row = 1
    for k in range(len(steps)):
        t, length = steps[k, 0], steps[k, 1]
        h = abs(length)
        if k == 0:
            restart(addresses.rhs, t, y0, p, work)
        if k == 0 or steps[k - 1, 1] < 0:
            push(of, t, work.y, p, moved, moved.state, moved.slope)
        repeat(addresses, t, length, p, layout, stages, lu, work)
        if length > 0:
            tsit5_change(of, t, h, work.y, p, stages, moved)
        else:
            rodas5p_change(of, t, h, work.y, p, layout, stages, lu, moved)
        while row < written and grid[row] < t + h:
            theta = (grid[row] - t) / h
            if length > 0:
                _tsit5_output(h, theta, moved, out[row])
            else:
                _rodas5p_output(theta, moved, out[row])
            row += 1
        copy_matrix(moved.point, moved.state)
        if length > 0:
            copy_matrix(moved.bars[6], moved.slope)
        proceed(addresses.rhs, t, length, p, stages, work)
        until = steps[k + 1, 0] if k + 1 < len(steps) else np.inf
        while row < written and grid[row] <= until:
            copy_matrix(moved.state, out[row])
            row += 1


@lean
def _tsit5_output(h: float, theta: float, moved: Change, out: np.ndarray) -> None:
    """The same of `tsit5_polynomial` and `interpolate`."""
    for j in range(7):
        inner = TSIT5_DENSE[j, 2] + theta * TSIT5_DENSE[j, 3]
        moved.weights[j] = h * theta * (TSIT5_DENSE[j, 0] + theta * (TSIT5_DENSE[j, 1] + theta * inner))
    combine(moved.state, moved.weights, moved.bars, 7, out)


@lean
def _rodas5p_output(theta: float, moved: Change, out: np.ndarray) -> None:
    """The same of `rodas5p_polynomial` and `interpolate`."""
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[i, c] = (1.0 - theta) * moved.state[i, c] + theta * moved.point[i, c]
    for j in range(8):
        dense = RODAS5P_DENSE[0, j] + theta * (RODAS5P_DENSE[1, j] + theta * RODAS5P_DENSE[2, j])
        moved.weights[j] = theta * (1.0 - theta) * dense
    combine(out, moved.weights, moved.bars, 8, out)
