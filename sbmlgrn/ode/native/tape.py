"""Trajectories that leave a tape: the steps they took, and a few of the states on the way.

With the tape any part of a trajectory can be had again without step control. A step takes 16 bytes; of the states at
most `CHECKPOINTS` are kept, every one at first, and whenever they are full every second one of them.

Where stability bounds the steps of an explicit method, step control lets some be too long, sees the error grow, and
makes the next ones shorter. The states stay within the tolerance, but their derivatives at fixed steps, which nothing
controls, grow by as much as the rounding errors of the states did. Hence such steps are not taken here, nor are any
over which derivatives would be less accurate than states may be (`witness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.vectors import LANES
from sbmlgrn.lower import System
from sbmlgrn.ode.native import lanes as side_by_side
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import METHODS, compiled, task_of
from sbmlgrn.ode.native.lanes_tape import CHECKPOINTS, STABLE
from sbmlgrn.ode.native.linear import Change, Linear, change, copy_matrix, is_smooth, linear, push
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import STAGES, copy, interpolate, rodas5p, rodas5p_matrix, tsit5
from sbmlgrn.ode.native.trajectory import (
    AUTO,
    LENGTH,
    MADE_BY,
    MAX_STEPS,
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
    give_up,
    polynomial,
    start,
    step,
    workspace,
)
from sbmlgrn.ode.native.witness import call_witness, replace_witness, testify
from sbmlgrn.ode.status import Status

_RENEWED: Final = 1e-3
_SAFETY: Final = 0.9
_UNPREPARED: Final = -3
"""A step of Rodas5P was made, whose derivative has not been compiled yet."""


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

    def part(self, low: int, high: int) -> Tape:
        """The tape of some of the trajectories."""
        here = slice(low - self.low, high - self.low)
        first, last = self.begin[here.start], self.begin[here.stop]
        begin = self.begin[here.start : here.stop + 1] - first
        rest = (v[here] for v in (self.written, self.kept, self.marks, self.checkpoints))
        return Tape(low, high, self.steps[first:last], begin, *rest)

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
    parameters: Sequence[int],
    own_start: bool,
) -> tuple[np.ndarray, list[Status], list[Tape]]:
    """Integrates trajectories as `ensemble` does, in steps over which derivatives are accurate, too.

    Args:
        system, y0, p, t, method, rtol, atol, max_steps: as for `ensemble`.
        parameters: those with respect to which derivatives will be asked for.
        own_start: whether the initial state is the system's own, a function of these parameters; otherwise derivatives
            with respect to initial values will be asked for as well.

    Returns:
        The states and statuses that `ensemble` returns, and the tapes of all trajectories.
    """
    addresses, layout = compiled(system)
    count, size = y0.shape
    out = np.empty((count, len(t), size))
    status = np.empty(count, np.int64)
    if count >= side_by_side.WORTH_IT and len(t) > 1:
        task = task_of(y0, p, t, method, rtol, atol, max_steps, out, status)
        steps, begin, common = side_by_side.taped(system, addresses, layout, task)
        whole = Tape(0, count, steps, begin, task.written, common.kept, common.marks, common.checkpoints)
        return (
            out,
            [Status(code) for code in status.tolist()],
            [whole.part(*bounds) for bounds in portions(count, LANES)],
        )
    grid, start, given, tolerance = (np.ascontiguousarray(v, dtype=np.float64) for v in (t, y0, p, atol))
    together = [0] * len(parameters)

    def run(bounds: tuple[int, int]) -> Tape:
        low, high = bounds
        marks = np.empty((high - low, CHECKPOINTS), np.int64)
        checkpoints = np.empty((high - low, CHECKPOINTS, size))
        begin = np.zeros(high - low + 1, np.int64)
        written, kept = np.empty((2, high - low), np.int64)
        steps = _portion(
            *(addresses, of, own_start, grid, start, given, METHODS[method], rtol, tolerance, max_steps, layout),
            *(low, high, out, status, begin, written, kept, marks, checkpoints),
        )
        return Tape(low, high, steps, begin, written, kept, marks, checkpoints)

    of = linear(system, parameters, together, own_start, stiff=method == "rodas5p")
    tapes = in_threads(run, portions(count))
    if (status == _UNPREPARED).any():
        of = linear(system, parameters, together, own_start, stiff=True)
        tapes = in_threads(run, portions(count))
    return out, [Status(code) for code in status.tolist()], tapes


@loop
def _portion(
    addresses: Addresses,
    of: Linear,
    own_start: bool,
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
    moved = change(of, y0.shape[1], p.shape[1], 1)
    steps = np.empty((64 * (high - low), 2))
    for b in range(low, high):
        i = b - low
        status[b], steps, begin[i + 1], written[i], kept[i] = _record(
            *(addresses, of, own_start, grid, y0[b], p[b], method, rtol, atol[b], max_steps, layout, work, moved),
            *(out[b], steps, begin[i], marks[i], checkpoints[i]),
        )
    return steps[: begin[high - low]].copy()


@loop
def _record(
    addresses: Addresses,
    of: Linear,
    own_start: bool,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    layout: Layout,
    work: Workspace,
    moved: Change,
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
    call_witness(of, own_start, y0, p, moved)
    push(of, control[T], y0, p, moved, moved.state, moved.slope)
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
        # the witness was last pushed at the beginning of the step
        rate = _rate(of.by_state, moved.values, rtol, atol, direction, work)
        if control[METHOD] == TSIT5 and control[H] * rate > STABLE:
            if method == AUTO:
                control[METHOD], control[VOTES] = RODAS5P, 0
            else:
                control[H] = max(STABLE / rate, 0.1 * control[H])
        outcome, attempts, error = _witnessed(
            *(addresses, of, end, p, method, rtol, atol, layout, left, rate, work, moved),
        )
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
        if np.isfinite(error):
            copy_matrix(moved.point, moved.state)
        else:
            replace_witness(work.y, moved)
        if control[MADE_BY] == TSIT5 and np.isfinite(error):
            copy_matrix(moved.bars[6], moved.slope)
        else:
            push(of, control[T], work.y, p, moved, moved.state, moved.slope)
        while written < len(grid) and grid[written] <= control[T]:
            copy(work.y, out[written])
            written += 1
    return SUCCESS, steps, used, written, kept


@lean
def _witnessed(
    addresses: Addresses,
    of: Linear,
    end: float,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    layout: Layout,
    attempts: int,
    rate: float,
    work: Workspace,
    moved: Change,
) -> tuple[int, int, float]:
    """`step`, over which the witness is accurate as well.

    Rodas5P has no derivative by a state in whose direction second derivatives of f are infinite, as those of x^n with
    n < 2 are at 0. There `AUTO` takes Tsit5, at steps that are stable where `rate` is the largest eigenvalue.

    Returns:
        As `step`, and the witness's error; NaN where it is not finite, and says nothing.
    """
    control = work.control
    smallest = 1e-14 * abs(control[T])
    used, rejected, explicit = 0, False, False
    while used < attempts:
        outcome, tried = step(addresses, end, p, method, rtol, atol, layout, attempts - used, work)
        used += tried
        if outcome != RUNNING:
            return outcome, used, np.nan
        if control[MADE_BY] == RODAS5P and of.bend == 0:
            return _UNPREPARED, used, np.nan
        h, error = control[LENGTH], testify(of, p, rtol, atol, layout, work, moved)
        if control[MADE_BY] == RODAS5P and method == AUTO and not explicit:
            # only derivatives by the parameters are asked for where the start is a function of them
            smooth = of.start != 0 or is_smooth(of, control[T], work.y, p, moved)
            if not (smooth and np.isfinite(error)):
                explicit = True
                give_up(addresses.price, control)
                control[H] = min(h, STABLE / rate) if rate > 0.0 else h
                continue
        factor = _SAFETY * max(error, 1e-10) ** -0.2 if np.isfinite(error) else 1.0
        if not (error > 1.0 and h > smallest):
            if np.isfinite(error):
                control[H] = min(control[H], h * (min(factor, 1.0) if rejected else factor))
            return RUNNING, used, error
        rejected = True
        control[H] = h * max(factor, 0.2)
    return MAX_STEPS, used, np.nan


@inlined
def _any(i: int) -> float:
    """Entry i of a vector that is in no invariant subspace, but by chance."""
    return 0.5 + (0.6180339887498949 * i) % 1.0


@lean
def _begin(direction: np.ndarray) -> None:
    for i in range(len(direction)):
        direction[i] = _any(i)


@inlined
def _rate(
    nonzeros: np.ndarray, values: np.ndarray, rtol: float, atol: np.ndarray, direction: np.ndarray, work: Workspace
) -> float:
    """Estimate of the largest eigenvalue of ∂f/∂y, by modulus: one iteration of the power method for each step.

    Args:
        nonzeros, values: rows and columns of the nonzeros of ∂f/∂y at the beginning of the step, and their values.
        rtol, atol: tolerances.
        direction: ``[n]`` what the last iteration left, in units of the states.
        work: where the step begins.

    Source: Sommeijer, Shampine & Verwer 1998, J. Comput. Appl. Math. 88:315, section 2.2.
    """
    y, product = work.y, work.error
    before = after = 0.0
    for i in range(len(y)):
        product[i] = 0.0
        before += direction[i] ** 2
        direction[i] *= abs(y[i]) + atol[i] / rtol
    for e in range(len(nonzeros)):
        product[nonzeros[e, 0]] += values[e] * direction[nonzeros[e, 1]]
    for i in range(len(y)):
        direction[i] = product[i] / (abs(y[i]) + atol[i] / rtol)
        after += direction[i] ** 2
    rate = np.sqrt(after / before)
    if not (np.isfinite(rate) and rate > 0.0):
        _begin(direction)
        return 0.0
    for i in range(len(y)):
        # what has no share in the fastest direction now may have one later
        direction[i] = direction[i] / np.sqrt(after) + _RENEWED * _any(i)
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
