"""Fast reactions: equilibria that hold at all times, kept by fluxes that are no rate laws.

With N the stoichiometry of the fast reactions and v their laws, v(y) = 0 holds always. Its derivative gives the fluxes
w that keep it so, ∂v/∂y (f + N w) + ∂v/∂t = 0, for the change f of the slow processes; and the extents ξ of
v(y + N ξ) = 0 bring any state there.

Source: SBML Level 3 Version 1 Core, section 4.11.1 (``fast``); Lee & Othmer 2010, J. Math. Biol. 60:387, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sbmlgrn.expr import ONE, TIME, ZERO, Expr, add, constant, multiply, negate, substitute, symbol, tangent
from sbmlgrn.lower.algebraic import solve, solve_linear


@dataclass(frozen=True)
class Equilibrium:
    """A fast reaction: its law, which is to vanish, and its net stoichiometry by state."""

    law: Expr
    stoichiometry: Mapping[str, Expr]


def held(equilibria: Sequence[Equilibrium], leaves: Mapping[str, Expr], flows: Mapping[str, Expr]) -> dict[str, Expr]:
    """Rates of change of the states with the fluxes that keep the equilibria.

    Args:
        equilibria: the fast reactions.
        leaves: what stands for each state.
        flows: rates of change by the slow processes alone.

    Raises:
        SingularError: the equilibria depend on each other.
    """
    equilibria = _independent(equilibria)
    laws = [e.law for e in equilibria]
    slow = tangent(laws, {leaves[n]: flow for n, flow in flows.items()} | {TIME: ONE})
    columns = [tangent(laws, {leaves[n]: value for n, value in e.stoichiometry.items()}) for e in equilibria]
    fluxes = solve_linear([list(row) for row in zip(*columns, strict=True)], [negate(s) for s in slow])
    return _moved(flows, equilibria, fluxes)


def settled(
    equilibria: Sequence[Equilibrium], leaves: Mapping[str, Expr], state: Mapping[str, Expr], time: Expr | None = None
) -> dict[str, Expr]:
    """The state that the fast reactions reach from `state`.

    Raises:
        SingularError: the equilibria depend on each other.
    """
    equilibria = _independent(equilibria)
    extents = [symbol(f"extent:{i}") for i in range(len(equilibria))]
    moved = {str(leaves[n].value): e for n, e in _moved(state, equilibria, extents).items()}
    laws = substitute([e.law for e in equilibria], moved, time)
    return _moved(state, equilibria, solve(laws, extents, [ZERO] * len(extents)))


def _moved(state: Mapping[str, Expr], equilibria: Sequence[Equilibrium], extents: Sequence[Expr]) -> dict[str, Expr]:
    moved = dict(state)
    for equilibrium, extent in zip(equilibria, extents, strict=True):
        for name, value in equilibrium.stoichiometry.items():
            moved[name] = add(moved[name], multiply(value, extent))
    return moved


def _independent(equilibria: Sequence[Equilibrium]) -> list[Equilibrium]:
    """A basis of the reactions: of those that depend on each other the net fluxes vanish, not each law.

    With N = B C, where B holds independent columns of N, the equilibrium is C v = 0.
    """
    basis: list[Equilibrium] = []
    for new in equilibria:
        weights = _combination(new, basis)
        if weights is None:
            basis.append(new)
            continue
        for i, weight in enumerate(weights):
            if weight:
                law = add(basis[i].law, multiply(constant(weight), new.law))
                basis[i] = Equilibrium(law, basis[i].stoichiometry)
    return basis


def _combination(new: Equilibrium, basis: Sequence[Equilibrium]) -> list[Fraction] | None:
    """The stoichiometry of `new` as a combination of those of `basis`; ``None`` if it is none, or not of numbers."""
    columns = [e.stoichiometry for e in (*basis, new)]
    if any(value.number is None for column in columns for value in column.values()):
        return None
    names = sorted({name for column in columns for name in column})
    rows = [[Fraction(column[n].number or 0) if n in column else Fraction(0) for column in columns] for n in names]
    for i in range(len(basis)):
        pivot = next(k for k in range(i, len(rows)) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k, row in enumerate(rows):
            if k != i and row[i]:
                rows[k] = [v - row[i] * w for v, w in zip(row, rows[i], strict=True)]
    if any(row[-1] for row in rows[len(basis) :]):
        return None
    return [row[-1] for row in rows[: len(basis)]]
