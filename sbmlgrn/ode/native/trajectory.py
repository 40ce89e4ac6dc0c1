"""A trajectory as one loop: steps, their control, the choice between the methods, and output on the way.

Sources: Hairer, Nørsett & Wanner, Solving ODEs I (2nd ed.), section II.4 (initial step, error norm); Gustafsson 1991,
ACM Trans. Math. Softw. 17:533 (PI control), with the exponents of Hairer & Wanner, Solving ODEs II (2nd ed.), section
IV.2; Shampine 1977, BIT 17:449 (stiffness estimated from two stages at the same time); Shampine, Thompson, Kierzenka &
Byrne 2005, Appl. Math. Comput. 170:556 (states that may not become negative).

**Choice of the method.** What counts is the length of a step by what it costs. A threshold on |hλ| alone finds no
stiffness at tight tolerances, where the control of the error holds |hλ| just below any threshold. So, the longer Tsit5
has gone on at |hλ| of order 1, the more it looks for a way out: it tries one step of Rodas5P as long as would pay, and
stays with Rodas5P if that and the next steps succeed; else it goes back to where it was and waits twice as long before
the next try. A try costs about a step of Rodas5P, and tries are so far apart that all of them together cost little.
Back to Tsit5 it goes when steps of Tsit5 at the boundary of its stability would make up for their number by their
price; the largest eigenvalue comes from a power iteration that goes on from step to step. Prices are estimated from the
sizes of the expressions and of the factors, never measured, so that results are the same on every run.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import (
    STAGES,
    copy,
    flow,
    interpolate,
    rodas5p,
    rodas5p_matrix,
    rodas5p_polynomial,
    tsit5,
    tsit5_polynomial,
    tsit5_stiffness,
)

AUTO: Final = 0
TSIT5: Final = 1
RODAS5P: Final = 2

RUNNING: Final = -1
SUCCESS: Final = 0
MAX_STEPS: Final = 1
STEP_TOO_SMALL: Final = 2
NOT_FINITE: Final = 3

SAFETY: Final = 0.9
LAST_ERROR: Final = 0.04
"""Exponent of the error of the step before, in what the next step is multiplied by."""
THIS_ERROR: Final = -0.17
AFTER_REJECTION: Final = -0.2
LEAST_ERROR: Final = 1e-10
"""An error below this counts as this."""
SMALLEST: Final = 0.2
LARGEST: Final = 8.0
_PATIENCE: Final = 8.0
"""Steps of Tsit5 at |hλ| ≥ 1 before the first try of Rodas5P, beside two for each step that it costs."""
_MOST_PATIENCE: Final = 40.0
"""Most such steps between two tries, for each step that one costs: so all of them cost 1/40 at most."""
_TRIED: Final = 3
"""Steps of Rodas5P within which it must prove to be worth its price."""
_LONGEST_TRY: Final = 10.0
"""Most steps of Tsit5 that a try may cover in one."""
_STABLE: Final = 2.5
"""|hλ| at which steps of Tsit5 are stable with a margin (the boundary is at −3.5 on the real axis)."""
_CALM: Final = 6
"""Steps that speak for Tsit5 before Rodas5P is left the first time; twice as many each time that was a mistake."""


class Addresses(NamedTuple):
    """Compiled functions of a system.

    Attributes:
        rhs: address of f.
        slopes: address of the nonzeros of ∂f/∂y followed by ∂f/∂t.
        price: what a step of Rodas5P costs, in steps of Tsit5.
    """

    rhs: int
    slopes: int
    price: float = 3.0


class Workspace(NamedTuple):
    """What one trajectory at a time works in.

    Attributes:
        y, new, error, row: ``[n]``.
        stages: ``[8, n]``.
        first: ``[n]`` f at the beginning of the step.
        slopes: ``[nonzeros + n]``.
        lu: ``[entries]``.
        polynomial: ``[4, n]`` of the last step.
        direction: ``[n]`` the power iteration's estimate of the fastest direction.
        floor: ``[n]`` values below which states may not fall; ``[0]`` where none is bounded.
        control: ``[14]`` see the indices below.
    """

    y: np.ndarray
    new: np.ndarray
    error: np.ndarray
    row: np.ndarray
    first: np.ndarray
    stages: np.ndarray
    slopes: np.ndarray
    lu: np.ndarray
    polynomial: np.ndarray
    direction: np.ndarray
    floor: np.ndarray
    control: np.ndarray


H: Final = 0  # to be tried next
ERROR: Final = 1  # logarithm of the last step's error in units of the tolerance
METHOD: Final = 2  # of the next step
VOTES: Final = 3  # what speaks for the other method
T: Final = 4
LENGTH: Final = 5  # of the last step
MADE_BY: Final = 6  # method of the last step
PATIENT: Final = 7  # votes at which Rodas5P is tried next
TRYING: Final = 8  # steps of a try of Rodas5P so far, counted from 1; 0 outside of one
USUAL: Final = 9  # length of the steps of Tsit5 lately
BEFORE: Final = 10  # length to go on with if the try fails
LOYAL: Final = 11  # votes at which Rodas5P is left
FORCED: Final = 13  # whether the last step was taken in spite of its error
_STALE: Final = 12  # whether f at the end of the last step is still to be computed


@loop
def workspace(n: int, nonzeros: int, entries: int, bounded: bool = False) -> Workspace:
    """Memory for trajectories of `n` states; ``floor`` is to be filled where states are `bounded`."""
    return Workspace(
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty((STAGES, n)),
        np.empty(nonzeros + n),
        np.empty(entries),
        np.empty((4, n)),
        np.empty(n),
        np.full(n if bounded else 0, -np.inf),
        np.empty(14),
    )


@inlined
def _norm(values: np.ndarray, y: np.ndarray, other: np.ndarray, rtol: float, atol: np.ndarray) -> float:
    total = 0.0
    for i in range(len(values)):
        if values[i] != 0.0:  # what never changes may be infinite or undefined
            ratio = values[i] / (atol[i] + rtol * max(abs(y[i]), abs(other[i])))
            total += ratio * ratio
    return np.sqrt(total / max(len(values), 1))


@lean
def can_start(work: Workspace) -> bool:
    """Whether the state and its slope are finite; a state that does not change need not be."""
    for i in range(len(work.y)):
        if not np.isfinite(work.first[i]) or (work.first[i] != 0.0 and not np.isfinite(work.y[i])):
            return False
    return True


@inlined
def first_guess(size: float, slope: float, span: float) -> float:
    """A step by which to see how f changes, from norms of the state and of f and the time that is left."""
    h = 0.01 * size / slope if size > 1e-5 and slope > 1e-5 else 1e-6
    return min(h, span)


@inlined
def first_length(h: float, slope: float, curvature: float, span: float) -> float:
    """The first step, from that guess, the norm of f and that of its change along the guess, divided by it."""
    largest = max(slope, curvature)
    if not np.isfinite(largest):
        return h
    next_h = max(1e-6, h * 1e-3) if largest <= 1e-15 else (0.01 / largest) ** 0.2
    return min(100 * h, next_h, span)


@lean
def _first_step(rhs: int, t: float, end: float, p: np.ndarray, rtol: float, atol: np.ndarray, work: Workspace) -> float:
    y, first = work.y, work.first
    size, slope = _norm(y, y, y, rtol, atol), _norm(first, y, y, rtol, atol)
    h = first_guess(size, slope, end - t)
    for i in range(len(y)):
        work.new[i] = y[i] + h * first[i]
    flow(rhs, t + h, work.new, p, work.floor, work.error)
    for i in range(len(y)):
        work.row[i] = work.error[i] - first[i]
    return first_length(h, slope, _norm(work.row, y, y, rtol, atol) / h, end - t)


@lean
def start(
    addresses: Addresses,
    t: float,
    end: float,
    y: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    work: Workspace,
) -> None:
    """Puts a trajectory at its beginning ``(t, y)``; `end` only bounds the first step."""
    copy(y, work.y)
    flow(addresses.rhs, t, work.y, p, work.floor, work.first)
    begin_control(t, method, addresses.price, work.control)
    _begin(rtol, atol, work)
    work.control[H] = _first_step(addresses.rhs, t, end, p, rtol, atol, work)


@lean
def begin_control(t: float, method: int, price: float, control: np.ndarray) -> None:
    """What is known of a trajectory's steps before the first; their length is not."""
    control[T] = t
    control[ERROR] = 0.0
    control[METHOD] = RODAS5P if method == RODAS5P else TSIT5
    control[VOTES] = 0.0
    control[LENGTH] = 0.0
    control[PATIENT] = _PATIENCE + 2.0 * price
    control[TRYING] = 0.0
    control[USUAL] = 0.0
    control[LOYAL] = _CALM
    control[_STALE] = 0.0
    control[FORCED] = 0.0


@lean
def step(
    addresses: Addresses,
    end: float,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    layout: Layout,
    attempts: int,
    work: Workspace,
) -> tuple[int, int]:
    """One accepted step, not beyond `end`; afterwards ``work.new`` is the state and `advance` must be called.

    A step as short as the rounding of the time is taken whatever its error: where f jumps, that is as if it jumped a
    rounding error of the time later. After a jump goes a step that is accurate; else the solution has a singularity.

    Returns:
        How it went (`RUNNING` if well), and how many of the `attempts` were used.
    """
    control, y, new, error = work.control, work.y, work.new, work.error
    t = control[T]
    used = 0
    fresh = True
    rejected = False
    smallest = 16 * max(abs(t) * 2.220446049250313e-16, 5e-324)
    if method == AUTO and control[METHOD] == TSIT5 and control[VOTES] >= control[PATIENT]:
        try_stiff(addresses.price, control)
    while used < attempts:
        used += 1
        h = control[H]
        remaining = end - t
        if h >= remaining * (1 - 1e-12):
            h = remaining
        elif h > 0.5 * remaining:
            h = 0.5 * remaining
        stiff = control[METHOD] == RODAS5P
        estimate = 0.0
        if stiff:
            if fresh:
                _slopes(addresses.slopes, t, y, p, layout, work)
                fresh = False
            solvable = rodas5p_matrix(h, work.slopes, layout, work.lu, work.row)
            if solvable:
                rodas5p(
                    addresses.rhs,
                    t,
                    h,
                    y,
                    p,
                    work.floor,
                    work.first,
                    work.slopes,
                    layout,
                    work.lu,
                    work.stages,
                    new,
                    error,
                    work.row,
                )
            size = _norm(error, y, new, rtol, atol) if solvable else np.nan
        else:
            copy(work.first, work.stages[0])
            tsit5(addresses.rhs, t, h, y, p, work.floor, work.stages, new, error)
            size = _norm(error, y, new, rtol, atol)
            if method == AUTO:
                estimate = tsit5_stiffness(h, y, work.stages, new, rtol, atol)
        finite = np.isfinite(size)
        if finite and size <= 1.0 and len(work.floor) > 0:
            size = max(size, _below(new, work.floor, atol))
        forced = finite and size > 1.0 and h <= smallest and control[FORCED] == 0.0
        if forced or (finite and size <= 1.0):
            control[FORCED] = 1.0 if forced else 0.0
            logarithm = np.log(max(min(size, 1.0), LEAST_ERROR))
            growth = SAFETY * np.exp(LAST_ERROR * control[ERROR] + THIS_ERROR * logarithm)
            growth = min(LARGEST, max(SMALLEST, growth))
            if rejected:
                growth = min(growth, 1.0)
            control[H] = max(h * growth, control[H] if h < control[H] and growth > 1 else 0.0)
            control[ERROR] = logarithm
            control[LENGTH] = h
            control[MADE_BY] = control[METHOD]
            if len(work.floor) > 0:
                control[_STALE] = lift(work.floor, new)
            if method == AUTO:
                if stiff:
                    _judge_stiff(addresses.price, rtol, atol, layout, work)
                else:
                    _judge_explicit(estimate, h, control)
            return RUNNING, used
        if stiff and control[TRYING] > 0.0:
            give_up(addresses.price, control)
            continue
        rejected = True
        if estimate >= 1.0:
            control[VOTES] += 1.0
        if h <= smallest:
            return STEP_TOO_SMALL if finite else NOT_FINITE, used
        control[H] = max(h * (max(SMALLEST, SAFETY * size**AFTER_REJECTION) if finite else 0.1), smallest)
    return MAX_STEPS, used


@inlined
def _judge_explicit(estimate: float, h: float, control: np.ndarray) -> None:
    """After a step of Tsit5: how much it speaks for Rodas5P."""
    control[USUAL] = h if control[USUAL] == 0.0 else 0.8 * control[USUAL] + 0.2 * h
    control[VOTES] += min(estimate, 1.0)


@lean
def try_stiff(price: float, control: np.ndarray) -> None:
    """Begins a try of Rodas5P."""
    control[METHOD] = RODAS5P
    control[TRYING] = 1.0
    control[VOTES] = 0.0
    control[BEFORE] = control[H]
    control[H] = max(control[H], min(1.2 * price, _LONGEST_TRY) * control[USUAL])


@lean
def give_up(price: float, control: np.ndarray) -> None:
    """Goes back from Rodas5P to Tsit5, and waits longer before the next try."""
    control[METHOD] = TSIT5
    control[TRYING] = 0.0
    control[VOTES] = 0.0
    control[PATIENT] = min(2.0 * control[PATIENT], _MOST_PATIENCE * max(price, 1.0))
    control[H] = control[BEFORE]
    control[ERROR] = 0.0


@lean
def _judge_stiff(price: float, rtol: float, atol: np.ndarray, layout: Layout, work: Workspace) -> None:
    """After a step of Rodas5P: whether to stay with it."""
    if work.control[TRYING] > 0.0:
        judge_try(price, work.control)
        return
    # two at a time, whose mean is right for a pair of complex eigenvalues and unequal units too
    fastest = np.sqrt(_power_iteration(rtol, atol, layout, work) * _power_iteration(rtol, atol, layout, work))
    judge_stiff(price, fastest, work.control)


@lean
def judge_try(price: float, control: np.ndarray) -> None:
    """After a step of Rodas5P that was tried: whether the try has succeeded, goes on or has failed."""
    if control[H] >= 1.2 * price * control[USUAL]:
        if control[PATIENT] > _PATIENCE + 2.0 * price or control[LOYAL] > _CALM:
            control[LOYAL] = min(2.0 * control[LOYAL], 8.0 * _CALM)
        else:
            control[LOYAL] = _CALM + 1.0
        control[TRYING] = 0.0
    elif control[TRYING] >= _TRIED:
        give_up(price, control)
    else:
        control[TRYING] += 1.0


@lean
def judge_stiff(price: float, fastest: float, control: np.ndarray) -> None:
    """After another step of Rodas5P, where the largest eigenvalue is `fastest`: whether Tsit5 would be cheaper."""
    instead = control[LENGTH] * fastest / _STABLE  # steps of Tsit5, if stability is what bounds them
    control[VOTES] = control[VOTES] + 1.0 if instead < 0.5 * price else 0.0
    if control[VOTES] >= control[LOYAL]:
        control[METHOD] = TSIT5
        control[VOTES] = 0.0
        control[USUAL] = 0.0
        control[PATIENT] = _PATIENCE + 2.0 * price
        control[H] = min(control[H], 0.8 * _STABLE / fastest) if fastest > 0.0 else control[H]
        control[ERROR] = 0.0


@lean
def _begin(rtol: float, atol: np.ndarray, work: Workspace) -> None:
    """Starts the power iteration with a vector that is in no invariant subspace, but by chance."""
    for i in range(len(work.direction)):
        work.direction[i] = (0.5 + (0.6180339887498949 * i) % 1.0) * (atol[i] + rtol * abs(work.y[i]))


@lean
def _power_iteration(rtol: float, atol: np.ndarray, layout: Layout, work: Workspace) -> float:
    """Replaces ``work.direction`` by its product with the Jacobian, of length 1; the length that it had.

    Lengths are in units of the tolerance, which makes them independent of the states' units.
    """
    direction, product, slopes = work.direction, work.row, work.slopes
    n = len(direction)
    for i in range(n):
        product[i] = 0.0
    for k in range(len(layout.rows)):
        product[layout.rows[k]] += slopes[k] * direction[layout.columns[k]]
    before = _norm(direction, work.new, work.new, rtol, atol)
    after = _norm(product, work.new, work.new, rtol, atol)
    if not (after > 0.0 and np.isfinite(after) and before > 0.0):
        _begin(rtol, atol, work)
        return 0.0
    for i in range(n):
        direction[i] = product[i] / after
    return after / before


@lean
def _slopes(address: int, t: float, y: np.ndarray, p: np.ndarray, layout: Layout, work: Workspace) -> None:
    """The derivatives of what `flow` computes."""
    evaluate(address, t, y, p, work.slopes)
    floor = work.floor
    if len(floor) > 0:
        held = len(layout.rows)
        for k in range(held):
            i = layout.rows[k]
            if y[i] <= floor[i] and work.first[i] == 0.0:
                work.slopes[k] = 0.0
        for i in range(len(floor)):
            if y[i] <= floor[i] and work.first[i] == 0.0:
                work.slopes[held + i] = 0.0


@inlined
def _below(new: np.ndarray, floor: np.ndarray, atol: np.ndarray) -> float:
    """How far states are below their floor, in units of the absolute tolerance; the furthest."""
    worst = 0.0
    for i in range(len(floor)):
        worst = max(worst, (floor[i] - new[i]) / atol[i])
    return worst


@inlined
def lift(floor: np.ndarray, y: np.ndarray) -> float:
    """Lifts states to their floor; 1 if any was below."""
    lifted = 0.0
    for i in range(len(floor)):
        if y[i] < floor[i]:
            y[i] = floor[i]
            lifted = 1.0
    return lifted


@lean
def polynomial(work: Workspace) -> None:
    """Fills ``work.polynomial`` for the step just made; before `advance`."""
    if work.control[MADE_BY] == RODAS5P:
        rodas5p_polynomial(work.y, work.new, work.stages, work.polynomial)
    else:
        tsit5_polynomial(work.control[LENGTH], work.stages, work.polynomial)


@lean
def advance(rhs: int, end: float, p: np.ndarray, work: Workspace) -> None:
    """Takes the step just made; one that ends within rounding of `end` ends there."""
    control = work.control
    t = control[T] + control[LENGTH]
    control[T] = end if abs(end - t) <= 1e-12 * abs(end - control[T]) else t
    copy(work.new, work.y)
    if control[MADE_BY] == RODAS5P or control[_STALE] != 0.0:
        flow(rhs, control[T], work.y, p, work.floor, work.first)
    else:
        copy(work.stages[6], work.first)


@lean
def follow(
    rhs: int, grid: np.ndarray, end: float, p: np.ndarray, written: int, work: Workspace, out: np.ndarray
) -> int:
    """Output within the step just made, and its end; how many times are `written` then."""
    control = work.control
    t, h = control[T], control[LENGTH]
    if grid[written] < t + h:
        polynomial(work)
        while written < len(grid) and grid[written] < t + h:
            interpolate(work.y, work.polynomial, (grid[written] - t) / h, out[written])
            lift(work.floor, out[written])
            written += 1
    advance(rhs, end, p, work)
    while written < len(grid) and grid[written] <= control[T]:
        copy(work.y, out[written])
        written += 1
    return written


@lean
def trajectory(
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
    counts: np.ndarray,
) -> int:
    """The states on a grid.

    Args:
        addresses: the system.
        grid: increasing times ``[time]``.
        y0: ``[n]``, the state at the first.
        p: parameters.
        method: `AUTO`, `TSIT5` or `RODAS5P`.
        rtol, atol: tolerances of the local error; `atol` is ``[n]``.
        max_steps: most steps, rejected ones included.
        layout: of the factors of the Jacobian.
        work: to work in.
        out: ``[time, n]``; NaN from where the trajectory failed.
        counts: becomes the number of steps by Tsit5, those by Rodas5P, and rejected ones.

    Returns:
        `SUCCESS`, or why it failed.
    """
    counts[:] = 0
    for k in range(len(grid)):
        for i in range(len(y0)):
            out[k, i] = np.nan
    copy(y0, out[0])
    if len(grid) == 1:
        return SUCCESS
    end = grid[-1]
    start(addresses, grid[0], end, y0, p, method, rtol, atol, work)
    if not can_start(work):
        return NOT_FINITE
    control = work.control
    written, left = 1, max_steps
    while written < len(grid):
        outcome, used = step(addresses, end, p, method, rtol, atol, layout, left, work)
        left -= used
        counts[2] += used - 1
        if outcome != RUNNING:
            return outcome
        counts[1 if control[MADE_BY] == RODAS5P else 0] += 1
        written = follow(addresses.rhs, grid, end, p, written, work, out)
    return SUCCESS
