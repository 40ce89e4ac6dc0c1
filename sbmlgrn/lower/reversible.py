"""Reversible reactions, whose rate law is a net rate, as two reactions each, whose laws are not negative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Final, NamedTuple

from sbmlgrn.expr import (
    ZERO,
    Expr,
    add,
    divide,
    free_symbols,
    make,
    multiply,
    negate,
    piecewise,
    postorder,
    rewrite,
    substitute,
)
from sbmlgrn.lower.functions import functions
from sbmlgrn.lower.system import LoweringError
from sbmlgrn.network import Network, Reaction

_SAME_SIGN: Final = frozenset({"power", "sqrt", "exp", "abs", "max", "min", "floor", "ceiling", "factorial"})
"""Operations whose value is not negative where their operands are not."""


class Parts(NamedTuple):
    """An expression as a difference of two that are not negative where symbols are not."""

    forward: Expr
    reverse: Expr


def split_reversible(network: Network) -> Network:
    """The network with every reaction whose law is a difference of two rates as two reactions, there and back.

    A law such as ``k1*A - k2*B`` is the net rate of two processes; stochastic simulation has to count each of them. The
    first keeps the id, the other is called ``<id>_reverse``. Species and parameters are taken not to be negative,
    except for parameters whose value is. Laws that are no such difference stay as they are; so do laws whose negative
    part does not depend on a product, such as ``A*(A - 1)``.

    Raises:
        LoweringError: something refers to a reaction that is split, or to a stoichiometry of it, by its id.
    """
    table = functions(network)
    negative = {p.id for p in network.parameters if p.value is not None and p.value < 0}
    changed: list[Reaction] = []
    taken = set(network.by_id)
    for reaction in network.reactions:
        law = reaction.kinetic_law
        if law is None:
            continue
        own = {p.id for p in reaction.local_parameters if p.value is not None and p.value < 0}
        products = {ref.species for ref in reaction.products} - {ref.species for ref in reaction.reactants}
        below = negative | own | {f"{reaction.id}.{name}" for name in own}
        found = there_and_back(_expanded(law, table), products, below)
        if found is None:
            continue
        name = f"{reaction.id}_reverse"
        while name in taken:
            name += "_"
        taken.add(name)
        _require_unnamed(network, reaction)
        there = replace(reaction, kinetic_law=found.forward, reversible=False)
        back = _renamed_locals(
            replace(
                reaction,
                id=name,
                name=None,
                reactants=reaction.products,
                products=reaction.reactants,
                kinetic_law=found.reverse,
                reversible=False,
            ),
            reaction.id,
        )
        changed += [there, back]
    return network.with_elements(*changed) if changed else network


def _renamed_locals(back: Reaction, original: str) -> Reaction:
    """The law of a reaction in terms of its own local parameters, which are named after it."""
    assert back.kinetic_law is not None
    names = {f"{original}.{p.id}": make("symbol", (), f"{back.id}.{p.id}") for p in back.local_parameters}
    return replace(back, kinetic_law=substitute([back.kinetic_law], names)[0])


def _require_unnamed(network: Network, reaction: Reaction) -> None:
    named = {reaction.id} | {ref.id for ref in (*reaction.reactants, *reaction.products) if ref.id}
    formulas = [
        *((r.id, r.kinetic_law) for r in network.reactions),
        *((getattr(r, "variable", "an algebraic rule"), r.math) for r in network.rules),
        *((a.symbol, a.math) for a in network.initial_assignments),
        *(
            (e.id, m)
            for e in network.events
            for m in (e.trigger, e.delay, e.priority, *(a.math for a in e.assignments))
        ),
    ]
    for owner, math in formulas:
        if math is not None and (used := free_symbols(math) & named):
            raise LoweringError(
                reaction.id,
                f"the formula of {owner!r} refers to {sorted(used)[0]!r}, so reaction {reaction.id!r} cannot be split "
                "into two; write the two reactions into the model",
            )


def _expanded(math: Expr, table: Mapping[str, tuple[tuple[str, ...], Expr]]) -> Expr:
    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
        if node.op != "call" or str(node.value) not in table:
            return None
        names, body = table[str(node.value)]
        return _expanded(substitute([body], dict(zip(names, args, strict=True)))[0], table)

    return rewrite([math], rule)[0]


def there_and_back(law: Expr, products: Set[str], negative: Set[str]) -> Parts | None:
    """The rates there and back whose difference is `law`; ``None`` if it is no such difference.

    That back depends on `products`; that there does not, but for a denominator. So ``k*(10 - B)*(9 - B)``, which counts
    pairs of what has not become B, is no difference of rates, though it is one of numbers.

    Args:
        law: a rate law.
        products: symbols of species that the reaction makes.
        negative: symbols that are below 0; all others are taken not to be.
    """
    found = _parts(law, negative)
    if found is None or ZERO in found or not free_symbols(found.reverse) & products:
        return None
    numerator = rewrite([found.forward], lambda node, args: args[0] if node.op == "divide" else None)
    return None if free_symbols(*numerator) & products else found


def _parts(math: Expr, negative: Set[str]) -> Parts | None:
    """The two parts of `math`, where the symbols `negative` are below 0; ``None`` if its sign is not known."""
    done: dict[Expr, Parts | None] = {}
    for node in postorder([math]):
        args = [done.get(a) for a in node.args]
        done[node] = _of(node, args, negative)
    return done[math]


def _of(node: Expr, args: list[Parts | None], negative: Set[str]) -> Parts | None:
    plain = Parts(node, ZERO)
    if node.op == "constant":
        return plain if (node.number or 0) >= 0 else Parts(ZERO, negate(node))
    if node.op == "time":
        return plain
    if node.op == "symbol":
        return Parts(ZERO, negate(node)) if node.value in negative else plain
    if node.op == "piecewise":
        values = [v for v in args[::2] if v is not None]
        if len(values) < len(args[::2]):
            return None
        sides = ([v.forward for v in values], [v.reverse for v in values])
        return Parts(*(_alike(side, node.args[1::2]) for side in sides))
    if None in args or node.is_boolean:
        return None
    known = [a for a in args if a is not None]
    if node.op == "negate":
        return Parts(known[0].reverse, known[0].forward)
    if node.op == "add":
        return Parts(_sum(*(a.forward for a in known)), _sum(*(a.reverse for a in known)))
    if node.op == "subtract":
        if _is_falling(node):
            return plain
        (a, b), (c, d) = known
        return Parts(_sum(a, d), _sum(b, c))
    if node.op == "multiply":
        forward, reverse = known[0]
        for a, b in known[1:]:
            forward, reverse = (
                _sum(_product(forward, a), _product(reverse, b)),
                _sum(_product(forward, b), _product(reverse, a)),
            )
        return Parts(forward, reverse)
    if node.op == "divide" and known[1].reverse is ZERO:
        return Parts(*(ZERO if part is ZERO else divide(part, node.args[1]) for part in known[0]))
    if node.op in _SAME_SIGN and all(a.reverse is ZERO for a in known):
        return plain
    return plain if node.op in ("exp", "abs") else None


def _alike(values: Sequence[Expr], conditions: Sequence[Expr]) -> Expr:
    """A choice among `values` by the conditions of another."""
    chosen = [x for pair in zip(values, conditions, strict=False) for x in pair]
    return piecewise(*chosen, *values[len(conditions) :])


def _sum(*terms: Expr) -> Expr:
    present = [term for term in terms if term is not ZERO]
    return add(*present) if present else ZERO


def _product(left: Expr, right: Expr) -> Expr:
    return ZERO if ZERO in (left, right) else multiply(left, right)


def _is_falling(node: Expr) -> bool:
    """Whether it is a factor such as A − 1, which counts the molecules that are left for a pair."""
    left, right = node.args
    return left.op == "symbol" and right.op == "constant" and (right.number or 0) > 0
