"""Fast reactions: equilibria that hold at all times, kept by fluxes that are no rate laws.

Fast reactions with stoichiometry N and laws v are the limit ε → 0 of processes that run at v/ε. From any state they run
along ``dξ/dτ = v(y + N ξ)``, in a time τ that is nothing to the slow processes, to where v vanishes. There the fluxes w
keep it so, ∂v/∂y (f + N w) + ∂v/∂t = 0, for the change f of the slow processes, as long as the equilibrium is stable.
A law that does not depend on its own extent, such as one that is 0 altogether, keeps nothing.

Source: SBML Level 3 Version 1 Core, section 4.11.1 (``fast``); Lee & Othmer 2010, J. Math. Biol. 60:387, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from sbmlgrn.expr import (
    FALSE,
    ONE,
    TIME,
    ZERO,
    Expr,
    add,
    constant,
    divide,
    function,
    multiply,
    negate,
    piecewise,
    postorder,
    relation,
    tangent,
)
from sbmlgrn.lower.algebraic import Guard, SingularError, solve_linear
from sbmlgrn.lower.system import Constraint, FastReaction, LoweringError

_NEAR: Final = constant(1e-6)
"""Distance from an equilibrium, relative to all that the reaction moves, at which it is sought anew."""


@dataclass(frozen=True)
class Equilibrium:
    """A fast reaction, or an algebraic rule that a state obeys: what is to vanish, and what moves to make it so.

    Attributes:
        id: the reaction, or the variable of the rule.
        law: what is to vanish.
        stoichiometry: net change of each state that the reaction moves; for a rule, 1 of its variable.
        is_rule: whether it is a rule, which holds whether it is stable or not.
    """

    id: str
    law: Expr
    stoichiometry: Mapping[str, Expr]
    is_rule: bool = False


def proportional(equilibria: Sequence[Equilibrium], leaves: Mapping[str, Expr]) -> list[Equilibrium]:
    """Reactions of which no two have laws that are the same but for a factor without states or time.

    Those that have, such as two that compete for the same species, proceed together; one stands for all, with the
    factors in its stoichiometry.
    """
    varying = {*leaves.values(), TIME}
    groups: dict[Expr, list[tuple[Equilibrium, Expr]]] = {}
    for equilibrium in equilibria:
        factors = _factors(equilibrium.law)
        own = [bool(varying & set(postorder([f]))) for f in factors]
        common = multiply(*sorted((f for f, is_own in zip(factors, own, strict=True) if is_own), key=repr))
        weight = multiply(*(f for f, is_own in zip(factors, own, strict=True) if not is_own))
        groups.setdefault(common, []).append((equilibrium, weight))
    merged: list[Equilibrium] = []
    for common, members in groups.items():
        if len(members) == 1 or common.op == "constant":
            merged += [equilibrium for equilibrium, _ in members]
            continue
        net: dict[str, Expr] = {}
        for equilibrium, weight in members:
            for name, value in equilibrium.stoichiometry.items():
                net[name] = add(net.get(name, ZERO), multiply(weight, value))
        merged.append(Equilibrium(members[0][0].id, common, net))
    return merged


def _factors(law: Expr) -> list[Expr]:
    """Factors of a product, within its factors and numerators too."""
    if law.op == "multiply":
        return [factor for part in law.args for factor in _factors(part)]
    if law.op == "divide":
        return [*_factors(law.args[0]), divide(ONE, law.args[1])]
    return [constant(-1), *_factors(law.args[0])] if law.op == "negate" else [law]


def held(equilibria: Sequence[Equilibrium], leaves: Mapping[str, Expr], flows: Mapping[str, Expr]) -> dict[str, Expr]:
    """Rates of change of the states with the fluxes that keep the equilibria.

    Away from its equilibrium, as beyond the moment at which a law changes, a reaction has no such flux.

    Args:
        equilibria: rules first.
        leaves: what stands for each state.
        flows: rates of change by the slow processes alone.

    Raises:
        LoweringError: the rules depend on each other.
    """
    basis, _ = _basis(equilibria)
    drift = tangent([e.law for e in basis], {leaves[n]: f for n, f in flows.items()} | {TIME: ONE})
    is_stable = [None if e.is_rule else _is_negative for e in basis]
    fluxes = _solved(basis, leaves, [negate(d) for d in drift], is_stable)
    changes = dict(flows)
    for equilibrium, flux, extent in zip(basis, fluxes, _extents(basis, leaves), strict=True):
        kept = flux if equilibrium.is_rule else piecewise(ZERO, _unsettled(equilibrium, extent, leaves), flux)
        for name, value in equilibrium.stoichiometry.items():
            changes[name] = add(changes[name], multiply(value, kept))
    return changes


def fast_reactions(equilibria: Sequence[Equilibrium], leaves: Mapping[str, Expr]) -> tuple[FastReaction, ...]:
    """The reactions among `equilibria`. One that is a combination of others has no equilibrium of its own.

    Args:
        equilibria: rules first.
        leaves: what stands for each state, in the order of the states.
    """
    basis, members = _basis(equilibria)
    index = {name: i for i, name in enumerate(leaves)}
    extents = dict(zip(members, _extents(basis, leaves), strict=True))
    return tuple(
        FastReaction(
            id=e.id,
            law=e.law,
            stoichiometry={index[n]: value for n, value in e.stoichiometry.items()},
            correction=extents.get(i, ZERO),
            unsettled=_unsettled(basis[members.index(i)], extents[i], leaves) if i in extents else FALSE,
            loose=_loose(basis[members.index(i)], leaves) if i in extents else FALSE,
        )
        for i, e in enumerate(equilibria)
        if not e.is_rule
    )


def constraints(rules: Sequence[Equilibrium], leaves: Mapping[str, Expr]) -> tuple[Constraint, ...]:
    """The rules that states obey."""
    steps = _solved(rules, leaves, [negate(r.law) for r in rules], [None] * len(rules))
    return tuple(Constraint(r.law, _unsettled(r, step, leaves)) for r, step in zip(rules, steps, strict=True))


def _extents(basis: Sequence[Equilibrium], leaves: Mapping[str, Expr]) -> list[Expr]:
    """What leads to the equilibria, to first order; 0 for a law that does not depend on its extent."""
    guards = [None if e.is_rule else _is_not_zero for e in basis]
    return _solved(basis, leaves, [negate(e.law) for e in basis], guards)


def _solved(
    basis: Sequence[Equilibrium], leaves: Mapping[str, Expr], right: Sequence[Expr], guards: Sequence[Guard | None]
) -> list[Expr]:
    """Extents that change the laws by `right`, to first order."""
    laws = [e.law for e in basis]
    columns = [tangent(laws, {leaves[n]: value for n, value in e.stoichiometry.items()}) for e in basis]
    try:
        return solve_linear([list(row) for row in zip(*columns, strict=True)], right, guards)
    except SingularError as error:
        name = basis[error.row].id
        raise LoweringError(name, f"the algebraic rules do not determine {name!r}") from None


def _unsettled(equilibrium: Equilibrium, extent: Expr, leaves: Mapping[str, Expr]) -> Expr:
    """Condition under which a state is away from the equilibrium of a reaction."""
    distance = piecewise(function("abs", equilibrium.law), _loose(equilibrium, leaves), function("abs", extent))
    pool = add(*(function("abs", leaves[n]) for n in equilibrium.stoichiometry))
    return relation("gt", distance, multiply(_NEAR, pool))


def _loose(equilibrium: Equilibrium, leaves: Mapping[str, Expr]) -> Expr:
    """Condition under which a law does not depend on its own extent."""
    slope = tangent([equilibrium.law], {leaves[n]: value for n, value in equilibrium.stoichiometry.items()})[0]
    return relation("eq", slope, ZERO)


def _is_negative(pivot: Expr) -> Expr:
    return relation("lt", pivot, ZERO)


def _is_not_zero(pivot: Expr) -> Expr:
    return relation("neq", pivot, ZERO)


def _basis(equilibria: Sequence[Equilibrium]) -> tuple[list[Equilibrium], list[int]]:
    """Independent reactions, and their positions: of those that depend on each other the net fluxes vanish, not each.

    With N = B C, where B holds independent columns of N, the equilibrium is C v = 0. Stoichiometries that are not
    numbers are taken to be independent.
    """
    basis: list[Equilibrium] = []
    members: list[int] = []
    echelon: list[_Row] = []
    for position, new in enumerate(equilibria):
        row = _reduced(new, echelon, len(basis))
        if row is None or row.entries:
            basis.append(new)
            members.append(position)
            if row is not None:
                echelon.append(row.scaled())
            continue
        for i, weight in row.weights.items():
            if weight and i < len(basis):
                law = add(basis[i].law, multiply(constant(-weight), new.law))
                basis[i] = replace(basis[i], law=law)
    return basis, members


@dataclass
class _Row:
    """A combination of stoichiometries: its entries by state, and the weights of those of the basis in it."""

    entries: dict[str, Fraction]
    weights: dict[int, Fraction]

    def subtract(self, factor: Fraction, other: _Row) -> None:
        for name, value in other.entries.items():
            self.entries[name] = self.entries.get(name, Fraction(0)) - factor * value
            if not self.entries[name]:
                del self.entries[name]
        for i, value in other.weights.items():
            self.weights[i] = self.weights.get(i, Fraction(0)) - factor * value

    def scaled(self) -> _Row:
        """The row with 1 as its first entry."""
        first = next(iter(self.entries.values()))
        entries = {name: value / first for name, value in self.entries.items()}
        return _Row(entries, {i: value / first for i, value in self.weights.items()})


def _reduced(new: Equilibrium, echelon: Sequence[_Row], index: int) -> _Row | None:
    """The stoichiometry of `new` less what rows of the echelon form explain; ``None`` if it is not of numbers.

    Args:
        new: of weight 1.
        echelon: rows with 1 as their first entry, at which none of the later ones has an entry.
        index: that `new` would have in the basis.
    """
    if any(value.number is None for value in new.stoichiometry.values()):
        return None
    entries = {n: Fraction(value.number or 0) for n, value in new.stoichiometry.items() if value.number}
    row = _Row(entries, {index: Fraction(1)})
    for other in echelon:
        pivot = next(iter(other.entries))
        if pivot in row.entries:
            row.subtract(row.entries[pivot], other)
    return row
