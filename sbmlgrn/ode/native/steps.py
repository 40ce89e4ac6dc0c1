"""One step of each method: the state after it, its error, and a polynomial through it.

The polynomial is y(θ) = y₀ + θ(q₀ + θ(q₁ + θ(q₂ + θq₃))) for θ from 0 to 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import loop
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

STAGES: Final = 8
"""Rows that the stages of any of the methods need."""


@loop
def copy(source: np.ndarray, target: np.ndarray) -> None:
    """``target[:] = source``, whose message for shapes that differ alone would take Numba seconds to compile."""
    for i in range(len(source)):
        target[i] = source[i]


@loop
def tsit5(
    rhs: int, t: float, h: float, y: np.ndarray, p: np.ndarray, stages: np.ndarray, new: np.ndarray, error: np.ndarray
) -> float:
    """A step of Tsit5.

    Args:
        rhs: address of the right-hand side.
        t, h: time and step.
        y: state ``[n]``.
        p: parameters.
        stages: ``[8, n]``; row 0 holds f(t, y), and row 6 will hold f(t + h, new).
        new: the state after the step ``[n]``.
        error: estimate of its error ``[n]``.

    Returns:
        Estimate of h times the largest eigenvalue of the Jacobian, by modulus.
    """
    n = len(y)
    last = error  # the argument of stage 5, until the error takes its place
    for s in range(1, 7):
        for i in range(n):
            total = 0.0
            for j in range(s):
                total += TSIT5_A[s, j] * stages[j, i]
            new[i] = y[i] + h * total
        if s == 5:
            copy(new, last)
        evaluate(rhs, t + TSIT5_C[s] * h, new, p, stages[s])
    slope, distance = 0.0, 0.0
    for i in range(n):
        slope += (stages[6, i] - stages[5, i]) ** 2
        distance += (new[i] - last[i]) ** 2
        total = 0.0
        for j in range(7):
            total += TSIT5_ERROR[j] * stages[j, i]
        error[i] = h * total
    return h * np.sqrt(slope / distance) if distance > 0.0 else 0.0


@loop
def tsit5_polynomial(h: float, stages: np.ndarray, polynomial: np.ndarray) -> None:
    """Coefficients ``[4, n]`` of the polynomial from the stages of a step."""
    for k in range(4):
        for i in range(stages.shape[1]):
            total = 0.0
            for j in range(7):
                total += TSIT5_DENSE[j, k] * stages[j, i]
            polynomial[k, i] = h * total


@loop
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


@loop
def rodas5p(
    rhs: int,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
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
        first: f(t, y) ``[n]``.
        slopes: nonzeros of the Jacobian, then ∂f/∂t ``[n]``.
        layout, lu: factors of I/(γh) − J.
        stages: ``[8, n]``.
        new: the state after the step ``[n]``.
        error: estimate of its error ``[n]``.
        row: ``[n]`` to work in.
    """
    n = len(y)
    by_time = slopes[len(layout.place) :]
    for s in range(8):
        stage = stages[s]
        if s == 0:
            copy(first, stage)
        else:
            for i in range(n):
                total = 0.0
                for j in range(s):
                    total += RODAS5P_A[s, j] * stages[j, i]
                new[i] = y[i] + total
            evaluate(rhs, t + RODAS5P_C[s] * h, new, p, stage)
        for i in range(n):
            total = 0.0
            for j in range(s):
                total += RODAS5P_M[s, j] * stages[j, i]
            stage[i] += total / h + h * RODAS5P_D[s] * by_time[i]
        solve(lu, layout, stage, row)
    for i in range(n):
        new[i] += stages[7, i]
        error[i] = stages[7, i]


@loop
def rodas5p_polynomial(y: np.ndarray, new: np.ndarray, stages: np.ndarray, polynomial: np.ndarray) -> None:
    """Coefficients ``[4, n]`` of the polynomial from the stages of a step."""
    for i in range(len(y)):
        first, second, third = 0.0, 0.0, 0.0
        for j in range(8):
            first += RODAS5P_DENSE[0, j] * stages[j, i]
            second += RODAS5P_DENSE[1, j] * stages[j, i]
            third += RODAS5P_DENSE[2, j] * stages[j, i]
        polynomial[0, i] = new[i] - y[i] + first
        polynomial[1, i] = second - first
        polynomial[2, i] = third - second
        polynomial[3, i] = -third


@loop
def interpolate(y: np.ndarray, polynomial: np.ndarray, theta: float, out: np.ndarray) -> None:
    """The state ``[n]`` at the fraction `theta` of the step from `y`."""
    for i in range(len(y)):
        inner = polynomial[2, i] + theta * polynomial[3, i]
        out[i] = y[i] + theta * (polynomial[0, i] + theta * (polynomial[1, i] + theta * inner))
