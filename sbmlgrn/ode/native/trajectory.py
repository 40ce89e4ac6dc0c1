"""A trajectory as one loop: steps, their control, the choice between the methods, and output on the way.

Sources: Hairer, Nørsett & Wanner, Solving ODEs I (2nd ed.), section II.4 (initial step, error norm); Gustafsson 1991,
ACM Trans. Math. Softw. 17:533 (PI control); Shampine 1977, BIT 17:449, and Rackauckas & Nie 2019, Adv. Eng. Softw.
132:1 (stiffness estimated from two stages at the same time, and the rules of switching).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import (
    STAGES,
    copy,
    interpolate,
    rodas5p,
    rodas5p_matrix,
    rodas5p_polynomial,
    tsit5,
    tsit5_polynomial,
)
from sbmlgrn.ode.native.tableau import TSIT5_STABILITY

AUTO: Final = 0
TSIT5: Final = 1
RODAS5P: Final = 2

RUNNING: Final = -1
SUCCESS: Final = 0
MAX_STEPS: Final = 1
STEP_TOO_SMALL: Final = 2
NOT_FINITE: Final = 3

_SAFETY: Final = 0.9
_SMALLEST: Final = 0.2
_LARGEST: Final = 8.0
_STIFF_AFTER: Final = 10
"""Steps that look stiff before Tsit5 is left."""
_NOT_STIFF_AFTER: Final = 5
"""Steps that do not before Rodas5P is."""


class Addresses(NamedTuple):
    """Compiled functions of a system: f, and the nonzeros of ∂f/∂y followed by ∂f/∂t."""

    rhs: int
    slopes: int


class Workspace(NamedTuple):
    """What one trajectory at a time works in.

    Attributes:
        y, new, error, scale, row: ``[n]``.
        stages: ``[8, n]``.
        first: ``[n]`` f at the beginning of the step.
        slopes: ``[nonzeros + n]``.
        lu: ``[entries]``.
        polynomial: ``[4, n]`` of the last step.
        control: ``[7]`` see the indices below.
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
    control: np.ndarray


_H: Final = 0  # to be tried next
_ERROR: Final = 1  # of the last step, in units of the tolerance
_METHOD: Final = 2  # of the next step
_VOTES: Final = 3  # steps that spoke for the other method
T: Final = 4
LENGTH: Final = 5  # of the last step
MADE_BY: Final = 6  # method of the last step


@loop
def workspace(n: int, nonzeros: int, entries: int) -> Workspace:
    """Memory for trajectories of `n` states."""
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
        np.empty(7),
    )


@loop
def _norm(values: np.ndarray, y: np.ndarray, other: np.ndarray, rtol: float, atol: np.ndarray) -> float:
    total = 0.0
    for i in range(len(values)):
        ratio = values[i] / (atol[i] + rtol * max(abs(y[i]), abs(other[i])))
        total += ratio * ratio
    return np.sqrt(total / max(len(values), 1))


@loop
def _first_step(rhs: int, t: float, end: float, p: np.ndarray, rtol: float, atol: np.ndarray, work: Workspace) -> float:
    y, first = work.y, work.first
    size, slope = _norm(y, y, y, rtol, atol), _norm(first, y, y, rtol, atol)
    h = 0.01 * size / slope if size > 1e-5 and slope > 1e-5 else 1e-6
    h = min(h, end - t)
    for i in range(len(y)):
        work.new[i] = y[i] + h * first[i]
    evaluate(rhs, t + h, work.new, p, work.error)
    for i in range(len(y)):
        work.row[i] = work.error[i] - first[i]
    curvature = _norm(work.row, y, y, rtol, atol) / h
    largest = max(slope, curvature)
    if not np.isfinite(largest):
        return h
    next_h = max(1e-6, h * 1e-3) if largest <= 1e-15 else (0.01 / largest) ** 0.2
    return min(100 * h, next_h, end - t)


@loop
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
    evaluate(addresses.rhs, t, work.y, p, work.first)
    control = work.control
    control[T] = t
    control[_ERROR] = 1.0
    control[_METHOD] = RODAS5P if method == RODAS5P else TSIT5
    control[_VOTES] = 0
    control[LENGTH] = 0.0
    control[_H] = _first_step(addresses.rhs, t, end, p, rtol, atol, work)


@loop
def _jacobian_size(slopes: np.ndarray, layout: Layout) -> float:
    """Root of the sum of squares of the Jacobian, which bounds its eigenvalues."""
    total = 0.0
    for k in range(len(layout.place)):
        total += slopes[k] * slopes[k]
    return np.sqrt(total)


@loop
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

    Returns:
        How it went (`RUNNING` if well), and how many of the `attempts` were used.
    """
    control, y, new, error = work.control, work.y, work.new, work.error
    t = control[T]
    used = 0
    fresh = True
    rejected = False
    while used < attempts:
        used += 1
        h = control[_H]
        remaining = end - t
        if h >= remaining * (1 - 1e-12):
            h = remaining
        elif h > 0.5 * remaining:
            h = 0.5 * remaining
        smallest = 16 * max(abs(t) * 2.220446049250313e-16, 5e-324)
        stiff = control[_METHOD] == RODAS5P
        if stiff:
            if fresh:
                evaluate(addresses.slopes, t, y, p, work.slopes)
                fresh = False
            solvable = rodas5p_matrix(h, work.slopes, layout, work.lu, work.row)
            estimate = h * _jacobian_size(work.slopes, layout)
            if solvable:
                rodas5p(
                    addresses.rhs,
                    t,
                    h,
                    y,
                    p,
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
            estimate = tsit5(addresses.rhs, t, h, y, p, work.stages, new, error)
            size = _norm(error, y, new, rtol, atol)
        finite = np.isfinite(size)
        if finite and size <= 1.0:
            size = max(size, 1e-10)
            factor = _SAFETY * size**-0.14 * control[_ERROR] ** 0.08
            factor = min(_LARGEST, max(_SMALLEST, factor))
            if rejected:
                factor = min(factor, 1.0)
            control[_H] = max(h * factor, control[_H] if h < control[_H] and factor > 1 else 0.0)
            control[_ERROR] = size
            control[LENGTH] = h
            control[MADE_BY] = control[_METHOD]
            if method == AUTO:
                _vote(estimate, stiff, control)
            return RUNNING, used
        rejected = True
        control[_H] = h * (max(_SMALLEST, _SAFETY * size**-0.2) if finite else 0.1)
        if control[_H] < smallest:
            return STEP_TOO_SMALL if finite else NOT_FINITE, used
    return MAX_STEPS, used


@loop
def _vote(estimate: float, stiff: bool, control: np.ndarray) -> None:
    """Changes the method after enough steps that speak for the other one."""
    if stiff:
        control[_VOTES] = control[_VOTES] + 1 if estimate < 0.25 * TSIT5_STABILITY else 0
        if control[_VOTES] >= _NOT_STIFF_AFTER:
            control[_METHOD], control[_VOTES] = TSIT5, 0
    else:
        control[_VOTES] = control[_VOTES] + 1 if estimate > 0.5 * TSIT5_STABILITY else max(control[_VOTES] - 2, 0)
        if control[_VOTES] >= _STIFF_AFTER:
            control[_METHOD], control[_VOTES] = RODAS5P, 0


@loop
def polynomial(work: Workspace) -> None:
    """Fills ``work.polynomial`` for the step just made; before `advance`."""
    if work.control[MADE_BY] == RODAS5P:
        rodas5p_polynomial(work.y, work.new, work.stages, work.polynomial)
    else:
        tsit5_polynomial(work.control[LENGTH], work.stages, work.polynomial)


@loop
def advance(rhs: int, end: float, p: np.ndarray, work: Workspace) -> None:
    """Takes the step just made; one that ends within rounding of `end` ends there."""
    control = work.control
    t = control[T] + control[LENGTH]
    control[T] = end if abs(end - t) <= 1e-12 * abs(end - control[T]) else t
    copy(work.new, work.y)
    if control[MADE_BY] == RODAS5P:
        evaluate(rhs, control[T], work.y, p, work.first)
    else:
        copy(work.stages[6], work.first)


@loop
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
    for i in range(len(y0)):
        if not (np.isfinite(work.first[i]) and np.isfinite(y0[i])):
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
        t, h = control[T], control[LENGTH]
        if grid[written] < t + h:
            polynomial(work)
            while written < len(grid) and grid[written] < t + h:
                interpolate(work.y, work.polynomial, (grid[written] - t) / h, out[written])
                written += 1
        advance(addresses.rhs, end, p, work)
        while written < len(grid) and grid[written] <= control[T]:
            copy(work.y, out[written])
            written += 1
    return SUCCESS
