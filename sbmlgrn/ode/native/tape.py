"""Trajectories that leave a tape: the steps they took, and a few of the states on the way.

With the tape any part of a trajectory can be had again without step control. A step takes 16 bytes; of the states at
most `CHECKPOINTS` are kept, every one at first, and whenever they are full every second one of them.

Where stability bounds the steps of an explicit method, step control lets some be too long, sees the error grow, and
makes the next ones shorter. The states stay within the tolerance, but their derivatives at fixed steps, which nothing
controls, grow by as much as the rounding errors of the states did. Hence such steps are not taken here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import METHODS, compiled
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import STAGES, copy, interpolate, rodas5p, rodas5p_matrix, tsit5
from sbmlgrn.ode.native.tableau import TSIT5_STABILITY
from sbmlgrn.ode.native.trajectory import (
    AUTO,
    LENGTH,
    MADE_BY,
    METHOD,
    NOT_FINITE,
    RODAS5P,
    RUNNING,
    SUCCESS,
    TSIT5,
    VOTES,
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
from sbmlgrn.ode.status import Status

CHECKPOINTS: Final = 32
"""States of a trajectory that are kept; an even number."""

_STABLE: Final = 0.8 * TSIT5_STABILITY
_SHIFT: Final = 1e-7


class Tape(NamedTuple):
    """The steps of some trajectories.

    Attributes:
        low, high: which trajectories of the batch.
        steps: ``[step, 2]`` time and length of the accepted steps of one trajectory after the other; the length is
            negative where the step was one of Rodas5P.
        begin: ``[trajectory + 1]`` where in `steps` those of each trajectory begin.
        written: ``[trajectory]`` how many times of the grid were reached.
        kept: ``[trajectory]`` how many checkpoints there are.
        marks: ``[trajectory, CHECKPOINTS]`` before which of its steps a trajectory was in each checkpoint.
        checkpoints: ``[trajectory, CHECKPOINTS, state]``.
    """

    low: int
    high: int
    steps: np.ndarray
    begin: np.ndarray
    written: np.ndarray
    kept: np.ndarray
    marks: np.ndarray
    checkpoints: np.ndarray

    @property
    def nbytes(self) -> int:
        """What the tape takes of the memory."""
        return sum(v.nbytes for v in (self.steps, self.begin, self.written, self.kept, self.marks, self.checkpoints))


def taped(
    system: System,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, list[Status], list[Tape]]:
    """Integrates trajectories as `ensemble` does.

    Returns:
        The states and statuses that `ensemble` returns, and the tapes of all trajectories.
    """
    addresses, layout = compiled(system)
    count, size = y0.shape
    out = np.empty((count, len(t), size))
    status = np.empty(count, np.int64)
    grid, start, parameters, tolerance = (np.ascontiguousarray(v, dtype=np.float64) for v in (t, y0, p, atol))

    def run(bounds: tuple[int, int]) -> Tape:
        low, high = bounds
        marks = np.empty((high - low, CHECKPOINTS), np.int64)
        checkpoints = np.empty((high - low, CHECKPOINTS, size))
        begin = np.zeros(high - low + 1, np.int64)
        written, kept = np.empty((2, high - low), np.int64)
        steps = _portion(
            *(addresses, grid, start, parameters, METHODS[method], rtol, tolerance, max_steps, layout),
            *(low, high, out, status, begin, written, kept, marks, checkpoints),
        )
        return Tape(low, high, steps, begin, written, kept, marks, checkpoints)

    tapes = in_threads(run, portions(count))
    return out, [Status(code) for code in status.tolist()], tapes


@loop
def _portion(
    addresses: Addresses,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    layout: Layout,
    low: int,
    high: int,
    out: np.ndarray,
    status: np.ndarray,
    begin: np.ndarray,
    written: np.ndarray,
    kept: np.ndarray,
    marks: np.ndarray,
    checkpoints: np.ndarray,
) -> np.ndarray:
    work = workspace(y0.shape[1], len(layout.place), len(layout.column))
    steps = np.empty((64 * (high - low), 2))
    for b in range(low, high):
        i = b - low
        status[b], steps, begin[i + 1], written[i], kept[i] = _record(
            *(addresses, grid, y0[b], p[b], method, rtol, atol[b], max_steps, layout, work, out[b]),
            *(steps, begin[i], marks[i], checkpoints[i]),
        )
    return steps[: begin[high - low]].copy()


@loop
def _record(
    addresses: Addresses,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    layout: Layout,
    work: Workspace,
    out: np.ndarray,
    steps: np.ndarray,
    first: int,
    marks: np.ndarray,
    checkpoints: np.ndarray,
) -> tuple[int, np.ndarray, int, int, int]:
    """One trajectory, whose steps are written to `steps` from `first`.

    Returns:
        Status; `steps`, or a longer array in its place; where they end; grid times reached; checkpoints kept.
    """
    for k in range(len(grid)):
        for i in range(len(y0)):
            out[k, i] = np.nan
    copy(y0, out[0])
    end = grid[-1]
    control = work.control
    used, kept, stride, written, left = first, 0, 1, 1, max_steps
    start(addresses, grid[0], end, y0, p, method, rtol, atol, work)
    if not can_start(work):
        return NOT_FINITE, steps, used, written, kept
    direction = np.empty(len(y0))
    _begin(direction)
    while written < len(grid):
        if (used - first) % stride == 0:
            if kept == len(marks):
                kept //= 2
                stride *= 2
                for k in range(kept):
                    marks[k] = marks[2 * k]
                    copy(checkpoints[2 * k], checkpoints[k])
            marks[kept] = used - first
            copy(work.y, checkpoints[kept])
            kept += 1
        if control[METHOD] == TSIT5:
            rate = _rate(addresses.rhs, p, rtol, atol, direction, work)
            if control[H] * rate > _STABLE:
                if method == AUTO:
                    control[METHOD], control[VOTES] = RODAS5P, 0
                else:
                    control[H] = max(_STABLE / rate, 0.1 * control[H])
        outcome, attempts = step(addresses, end, p, method, rtol, atol, layout, left, work)
        left -= attempts
        if outcome != RUNNING:
            return outcome, steps, used, written, kept
        if used == len(steps):
            longer = np.empty((2 * used, 2))
            for k in range(used):
                copy(steps[k], longer[k])
            steps = longer
        t, h = control[T], control[LENGTH]
        steps[used, 0] = t
        steps[used, 1] = -h if control[MADE_BY] == RODAS5P else h
        used += 1
        if grid[written] < t + h:
            polynomial(work)
            while written < len(grid) and grid[written] < t + h:
                interpolate(work.y, work.polynomial, (grid[written] - t) / h, out[written])
                written += 1
        advance(addresses.rhs, end, p, work)
        while written < len(grid) and grid[written] <= control[T]:
            copy(work.y, out[written])
            written += 1
    return SUCCESS, steps, used, written, kept


@lean
def _begin(direction: np.ndarray) -> None:
    """Fills `direction` with a vector of norm 1 that is in no invariant subspace, but by chance."""
    total = 0.0
    for i in range(len(direction)):
        direction[i] = 0.5 + (0.6180339887498949 * i) % 1.0
        total += direction[i] ** 2
    for i in range(len(direction)):
        direction[i] /= np.sqrt(total)


@inlined
def _rate(rhs: int, p: np.ndarray, rtol: float, atol: np.ndarray, direction: np.ndarray, work: Workspace) -> float:
    """Estimate of the largest eigenvalue of ∂f/∂y, by modulus: one iteration of the power method for each step.

    `direction` ``[n]`` is what the last one left, in units of the states.

    Source: Sommeijer, Shampine & Verwer 1998, J. Comput. Appl. Math. 88:315, section 2.2.
    """
    y, point, slope = work.y, work.new, work.error
    for i in range(len(y)):
        point[i] = y[i] + _SHIFT * (abs(y[i]) + atol[i] / rtol) * direction[i]
    evaluate(rhs, work.control[T], point, p, slope)
    total = 0.0
    for i in range(len(y)):
        direction[i] = (slope[i] - work.first[i]) / (_SHIFT * (abs(y[i]) + atol[i] / rtol))
        total += direction[i] ** 2
    rate = np.sqrt(total)
    if not (np.isfinite(rate) and rate > 0.0):
        _begin(direction)
        return 0.0
    for i in range(len(y)):
        direction[i] /= rate
    return rate


class Again(NamedTuple):
    """What a step is made again in.

    Attributes:
        y: ``[n]`` the state before it.
        first: ``[n]`` f there.
        new: ``[n]`` the state after it.
        error, row: ``[n]``.
        slopes: ``[slope]`` at its beginning, of a step of Rodas5P.
    """

    y: np.ndarray
    first: np.ndarray
    new: np.ndarray
    error: np.ndarray
    row: np.ndarray
    slopes: np.ndarray


@loop
def again(n: int, nonzeros: int) -> Again:
    """Memory for steps of `n` states."""
    return Again(np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(nonzeros + n))


@lean
def restart(rhs: int, t: float, y: np.ndarray, p: np.ndarray, work: Again) -> None:
    """Goes to the state `y` at time `t`."""
    copy(y, work.y)
    evaluate(rhs, t, work.y, p, work.first)


@inlined
def repeat(
    addresses: Addresses,
    t: float,
    length: float,
    p: np.ndarray,
    layout: Layout,
    stages: np.ndarray,
    lu: np.ndarray,
    work: Again,
) -> None:
    """Makes a step of the tape once more, from ``work.y`` to ``work.new``.

    Args:
        addresses: the system.
        t, length: from the tape.
        p: parameters.
        layout: of the factors.
        stages: becomes the stages ``[8, n]``.
        lu: becomes the factors of I/(γh) − J ``[entries]``, in a step of Rodas5P.
        work: to work in.
    """
    free = work.row[:0]  # no state is bounded
    if length > 0:
        copy(work.first, stages[0])
        tsit5(addresses.rhs, t, length, work.y, p, free, stages, work.new, work.error)
    else:
        evaluate(addresses.slopes, t, work.y, p, work.slopes)
        rodas5p_matrix(-length, work.slopes, layout, lu, work.row)
        rodas5p(
            *(addresses.rhs, t, -length, work.y, p, free, work.first, work.slopes, layout, lu),
            *(stages, work.new, work.error, work.row),
        )


@inlined
def proceed(rhs: int, t: float, length: float, p: np.ndarray, stages: np.ndarray, work: Again) -> None:
    """Takes the step just repeated."""
    copy(work.new, work.y)
    if length > 0:
        copy(stages[6], work.first)
    else:
        evaluate(rhs, t - length, work.y, p, work.first)


assert STAGES == 8
