"""Algebraic equations, symbolically: who is determined by which, linear systems, Newton's method unrolled.

Source: for the reduction of the index by differentiation, Brenan, Campbell & Petzold, Numerical Solution of
Initial-Value Problems in Differential-Algebraic Equations (SIAM 1996), section 2.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from sbmlgrn.expr import (
    ONE,
    ZERO,
    Expr,
    add,
    and_,
    constant,
    cotangent,
    divide,
    free_symbols,
    function,
    multiply,
    negate,
    or_,
    piecewise,
    relation,
    substitute,
    subtract,
)

Guard: TypeAlias = Callable[[Expr], Expr]
"""From a pivot to a condition on it."""

_ITERATIONS: Final = 12
"""Newton steps; from a fair start the error squares each time, so that 12 exhaust double precision."""

_TINY: Final = 1e-12
"""A step of Newton's method that is short whatever the unit."""


class SingularError(Exception):
    """Equations that do not determine their unknowns; `row` is the first that adds nothing."""

    def __init__(self, row: int) -> None:
        super().__init__(f"equation {row} adds nothing to those before it")
        self.row = row


def match(candidates: Sequence[Sequence[str]]) -> list[str]:
    """One unknown for every equation, no unknown twice (Kuhn's augmenting paths).

    Args:
        candidates: per equation the unknowns that it could determine.

    Raises:
        SingularError: there are more equations than unknowns somewhere.
    """
    owner: dict[str, int] = {}

    def assign(equation: int, tried: set[str]) -> bool:
        for name in candidates[equation]:
            if name in tried:
                continue
            tried.add(name)
            if name not in owner or assign(owner[name], tried):
                owner[name] = equation
                return True
        return False

    for equation in range(len(candidates)):
        if not assign(equation, set()):
            raise SingularError(equation)
    return [name for _, name in sorted((equation, name) for name, equation in owner.items())]


def partials(equations: Sequence[Expr], leaves: Sequence[Expr]) -> list[list[Expr]]:
    """The Jacobian ∂equations/∂leaves, dense, row by row."""
    return [cotangent([equation], [ONE], leaves) for equation in equations]


def is_linear(equations: Sequence[Expr], leaves: Sequence[Expr]) -> bool:
    """Whether the equations are affine in `leaves`, structurally."""
    names = {str(leaf.value) for leaf in leaves}
    return not any(free_symbols(entry) & names for row in partials(equations, leaves) for entry in row)


def solve_linear(
    matrix: Sequence[Sequence[Expr]], right: Sequence[Expr], guards: Sequence[Guard | None] | None = None
) -> list[Expr]:
    """Solution of a small linear system by Gaussian elimination.

    Args:
        matrix: square, row by row.
        right: right-hand side.
        guards: per unknown, under which condition on its pivot it takes part; otherwise it is 0 and the others do
            without it. ``None``: always.

    Raises:
        SingularError: a column without guard has no entry to eliminate with that is not structurally zero.
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    guards = guards or [None] * size
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column] is not ZERO), None)
        if pivot is None and guards[column] is None:
            raise SingularError(column)
        if pivot is None:
            continue
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for i in range(column + 1, size):
            if rows[i][column] is ZERO:
                continue
            factor = _ratio(rows[i][column], rows[column][column], guards[column])
            rows[i][column] = ZERO
            for j in range(column + 1, size + 1):
                if rows[column][j] is not ZERO:
                    rows[i][j] = subtract(rows[i][j], multiply(factor, rows[column][j]))
    solution = [ZERO] * size
    for i in reversed(range(size)):
        known = [multiply(rows[i][j], solution[j]) for j in range(i + 1, size) if rows[i][j] is not ZERO]
        rest = subtract(rows[i][size], add(*known)) if known else rows[i][size]
        solution[i] = ZERO if rows[i][i] is ZERO else _ratio(rest, rows[i][i], guards[i])
    return solution


def _ratio(left: Expr, pivot: Expr, guard: Guard | None) -> Expr:
    return divide(left, pivot) if guard is None else piecewise(divide(left, pivot), guard(pivot), ZERO)


def solve(equations: Sequence[Expr], leaves: Sequence[Expr], guess: Sequence[Expr]) -> list[Expr]:
    """Values of `leaves` at which the equations vanish, as expressions.

    Linear equations are solved; others by Newton's method from `guess`, unrolled, so that the result can be
    differentiated and compiled as any other expression. Where it has not converged, because there is no solution or
    `guess` is too far from it, the values are NaN.

    Raises:
        SingularError: the equations do not determine the unknowns.
    """
    jacobian = partials(equations, leaves)
    names = [str(leaf.value) for leaf in leaves]
    linear = is_linear(equations, leaves)
    values = [ZERO] * len(leaves) if linear else list(guess)
    residuals, step = [], []
    for _ in range(1 if linear else _ITERATIONS):
        at = dict(zip(names, values, strict=True))
        residuals.append(substitute(equations, at))
        matrix = [substitute(row, at) for row in jacobian]
        step = solve_linear(matrix, [negate(r) for r in residuals[-1]])
        values = [add(v, s) for v, s in zip(values, step, strict=True)]
    if linear:
        return values
    end = substitute(equations, dict(zip(names, values, strict=True)))
    settled = [or_(_small(s, v), _small(s, ONE, _TINY)) for s, v in zip(step, values, strict=True)]
    solved = [_small(r, first) for r, first in zip(end, residuals[0], strict=True)]
    converged = or_(and_(*settled), and_(*solved))  # steps to a double root stay long, but lead there
    return [piecewise(v, converged, constant(math.nan)) for v in values]


def _small(x: Expr, scale: Expr, tolerance: float = 1e-6) -> Expr:
    return relation("leq", function("abs", x), multiply(tolerance, function("abs", scale)))
