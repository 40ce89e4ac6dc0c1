"""One step of each method: the state after it, its error, and a polynomial through it.

The polynomial is y(θ) = y₀ + θ(q₀ + θ(q₁ + θ(q₂ + θq₃))) for θ from 0 to 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.ode.native.calls import evaluate, evaluate_row
from sbmlgrn.ode.native.loop import inlined, lean
from sbmlgrn.ode.native.sparse import Layout, factor, solve
from sbmlgrn.ode.native.tableau import (
    RODAS5P_A,
    RODAS5P_C,
    RODAS5P_D,
    RODAS5P_DENSE,
    RODAS5P_GAMMA,
    RODAS5P_M,
    TSIT5_A,
    TSIT5_C,
    TSIT5_DENSE,
    TSIT5_ERROR,
)

TRACE: Final = 1e-30
"""Far below any tolerance, even of amounts in mole."""

_TSIT5_ERROR: Final = TSIT5_ERROR[None, :]
_TSIT5_DENSE: Final = TSIT5_DENSE.T.copy()

STAGES: Final = 8
"""Rows that the stages of any of the methods need."""


@inlined
def copy(source: np.ndarray, target: np.ndarray) -> None:
    """``target[:] = source``, whose message for shapes that differ alone would take Numba seconds to compile."""
    for i in range(len(source)):
        target[i] = source[i]


@inlined
def is_trace(before: float, value: float) -> bool:
    """Whether `clear` sets a value to 0."""
    return -TRACE < value < 0.0 <= before


@inlined
def clear(y: np.ndarray, new: np.ndarray) -> None:
    """Sets to 0 what became a trace below 0 of what was not negative.

    What grows from 0 as a high power of the time may come out negative at a stage, however short the step; of which a
    rate law with a fractional power makes NaN.
    """
    for i in range(len(new)):
        if is_trace(y[i], new[i]):
            new[i] = 0.0


@inlined
def accumulate(scale: float, table: np.ndarray, row: int, stages: np.ndarray, count: int, out: np.ndarray) -> None:
    """``out += scale · Σⱼ table[row, j] stages[j]`` over the first `count` stages, at most 8.

    The sums are written out, and rows are not sliced: for few states a loop over j, or the count of references that
    a slice keeps, would take longer than the arithmetic.
    """
    n = len(out)
    if count == 1:
        a = scale * table[row, 0]
        for i in range(n):
            out[i] += a * stages[0, i]
    elif count == 2:
        a, b = scale * table[row, 0], scale * table[row, 1]
        for i in range(n):
            out[i] += a * stages[0, i] + b * stages[1, i]
    elif count == 3:
        a, b, c = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2]
        for i in range(n):
            out[i] += a * stages[0, i] + b * stages[1, i] + c * stages[2, i]
    elif count == 4:
        a, b, c, d = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2], scale * table[row, 3]
        for i in range(n):
            out[i] += a * stages[0, i] + b * stages[1, i] + c * stages[2, i] + d * stages[3, i]
    elif count == 5:
        a, b, c, d = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2], scale * table[row, 3]
        e = scale * table[row, 4]
        for i in range(n):
            first = a * stages[0, i] + b * stages[1, i] + c * stages[2, i] + d * stages[3, i]
            out[i] += first + (e * stages[4, i])
    elif count == 6:
        a, b, c, d = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2], scale * table[row, 3]
        e, f = scale * table[row, 4], scale * table[row, 5]
        for i in range(n):
            first = a * stages[0, i] + b * stages[1, i] + c * stages[2, i] + d * stages[3, i]
            out[i] += first + (e * stages[4, i] + f * stages[5, i])
    elif count == 7:
        a, b, c, d = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2], scale * table[row, 3]
        e, f, g = scale * table[row, 4], scale * table[row, 5], scale * table[row, 6]
        for i in range(n):
            first = a * stages[0, i] + b * stages[1, i] + c * stages[2, i] + d * stages[3, i]
            out[i] += first + (e * stages[4, i] + f * stages[5, i] + g * stages[6, i])
    elif count == 8:
        a, b, c, d = scale * table[row, 0], scale * table[row, 1], scale * table[row, 2], scale * table[row, 3]
        e, f, g, h = scale * table[row, 4], scale * table[row, 5], scale * table[row, 6], scale * table[row, 7]
        for i in range(n):
            first = a * stages[0, i] + b * stages[1, i] + c * stages[2, i] + d * stages[3, i]
            out[i] += first + (e * stages[4, i] + f * stages[5, i] + g * stages[6, i] + h * stages[7, i])


@inlined
def flow(rhs: int, t: float, y: np.ndarray, p: np.ndarray, floor: np.ndarray, out: np.ndarray) -> None:
    """f(t, y) into `out`; a state at or below its floor does not fall further.

    Args:
        rhs: address of the right-hand side.
        t, y, p: where.
        floor: ``[n]``, or ``[0]`` where no state is bounded.
        out: ``[n]``.
    """
    evaluate(rhs, t, y, p, out)
    for i in range(len(floor)):
        if y[i] <= floor[i] and out[i] < 0.0:
            out[i] = 0.0


@inlined
def _flow_row(rhs: int, t: float, y: np.ndarray, p: np.ndarray, floor: np.ndarray, out: np.ndarray, row: int) -> None:
    """`flow` into a row of `out`."""
    evaluate_row(rhs, t, y, p, out, row)
    for i in range(len(floor)):
        if y[i] <= floor[i] and out[row, i] < 0.0:
            out[row, i] = 0.0


@lean
def tsit5(
    rhs: int,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    floor: np.ndarray,
    stages: np.ndarray,
    new: np.ndarray,
    error: np.ndarray,
) -> None:
    """A step of Tsit5.

    Args:
        rhs: address of the right-hand side.
        t, h: time and step.
        y: state ``[n]``.
        p: parameters.
        floor: see `flow`.
        stages: ``[8, n]``; row 0 holds f(t, y), row 6 will hold f(t + h, new), and row 7 the argument of stage 5.
        new: the state after the step ``[n]``.
        error: estimate of its error ``[n]``.
    """
    n = len(y)
    for s in range(1, 7):
        copy(y, new)
        accumulate(h, TSIT5_A, s, stages, s, new)
        clear(y, new)
        if s == 5:
            for i in range(n):
                stages[7, i] = new[i]
        _flow_row(rhs, t + TSIT5_C[s] * h, new, p, floor, stages, s)
    for i in range(n):
        error[i] = 0.0
    accumulate(h, _TSIT5_ERROR, 0, stages, 7, error)


@lean
def tsit5_stiffness(
    h: float, y: np.ndarray, stages: np.ndarray, new: np.ndarray, rtol: float, atol: np.ndarray
) -> float:
    """Estimate of h times the largest eigenvalue of the Jacobian, by modulus, after a step of Tsit5 from `y`.

    The two last stages are at the same time. Differences are in units of the tolerance: without, what a large state
    does would hide what small ones do.
    """
    change, distance = 0.0, 0.0
    for i in range(len(y)):
        moved = new[i] - stages[7, i]
        if moved == moved:  # what never changes may be undefined
            unit = 1.0 / (atol[i] + rtol * max(abs(y[i]), abs(new[i])))
            change += ((stages[6, i] - stages[5, i]) * unit) ** 2
            distance += (moved * unit) ** 2
    return h * np.sqrt(change / distance) if distance > 0.0 else 0.0


@lean
def tsit5_polynomial(h: float, stages: np.ndarray, polynomial: np.ndarray) -> None:
    """Coefficients ``[4, n]`` of the polynomial from the stages of a step."""
    for k in range(4):
        row = polynomial[k]
        for i in range(len(row)):
            row[i] = 0.0
        accumulate(h, _TSIT5_DENSE, k, stages, 7, row)


@lean
def rodas5p_matrix(h: float, slopes: np.ndarray, layout: Layout, lu: np.ndarray, row: np.ndarray) -> bool:
    """Factors I/(γh) − J into `lu`; whether that was possible.

    Args:
        h: the step.
        slopes: nonzeros of the Jacobian, in the order of the layout, and whatever follows them.
        layout: of the factors.
        lu: ``[entries]``.
        row: ``[n]`` to work in.
    """
    for k in range(len(lu)):
        lu[k] = 0.0
    for k in range(len(layout.place)):
        lu[layout.place[k]] -= slopes[k]
    for k in layout.diagonal:
        lu[k] += 1.0 / (RODAS5P_GAMMA * h)
    return factor(lu, layout, row)


@lean
def rodas5p(
    rhs: int,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    floor: np.ndarray,
    first: np.ndarray,
    slopes: np.ndarray,
    layout: Layout,
    lu: np.ndarray,
    stages: np.ndarray,
    new: np.ndarray,
    error: np.ndarray,
    row: np.ndarray,
) -> None:
    """A step of Rodas5P.

    Args:
        rhs: address of the right-hand side.
        t, h: time and step.
        y: state ``[n]``.
        p: parameters.
        floor: see `flow`.
        first: f(t, y) ``[n]``.
        slopes: nonzeros of the Jacobian, then ∂f/∂t ``[n]``.
        layout, lu: factors of I/(γh) − J.
        stages: ``[8, n]``.
        new: the state after the step ``[n]``.
        error: estimate of its error ``[n]``.
        row: ``[n]`` to work in.
    """
    n = len(y)
    work = error
    by_time = slopes[len(layout.place) :]
    for s in range(8):
        if s == 0:
            copy(first, work)
        else:
            copy(y, new)
            accumulate(1.0, RODAS5P_A, s, stages, s, new)
            clear(y, new)
            flow(rhs, t + RODAS5P_C[s] * h, new, p, floor, work)
            accumulate(1.0 / h, RODAS5P_M, s, stages, s, work)
        shift = h * RODAS5P_D[s]
        if shift != 0.0:
            for i in range(n):
                work[i] += shift * by_time[i]
        solve(lu, layout, work, row)
        for i in range(n):
            stages[s, i] = work[i]
    for i in range(n):
        new[i] += stages[7, i]
        error[i] = stages[7, i]
    clear(y, new)


@lean
def rodas5p_polynomial(y: np.ndarray, new: np.ndarray, stages: np.ndarray, polynomial: np.ndarray) -> None:
    """Coefficients ``[4, n]`` of the polynomial from the stages of a step."""
    n = len(y)
    for k in range(3):
        row = polynomial[k]
        for i in range(n):
            row[i] = 0.0
        accumulate(1.0, RODAS5P_DENSE, k, stages, 8, row)
    for i in range(n):
        first, second, third = polynomial[0, i], polynomial[1, i], polynomial[2, i]
        polynomial[0, i] = new[i] - y[i] + first
        polynomial[1, i] = second - first
        polynomial[2, i] = third - second
        polynomial[3, i] = -third


@inlined
def interpolate(y: np.ndarray, polynomial: np.ndarray, theta: float, out: np.ndarray) -> None:
    """The state ``[n]`` at the fraction `theta` of the step from `y`."""
    for i in range(len(y)):
        inner = polynomial[2, i] + theta * polynomial[3, i]
        out[i] = y[i] + theta * (polynomial[0, i] + theta * (polynomial[1, i] + theta * inner))
