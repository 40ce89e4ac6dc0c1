"""Random values (package ``distrib``): certain ones are numbers, others have no place in differential equations.

Source: SBML Level 3 Package: Distributions, Version 1, section 3 (the distribution functions and their arguments).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from graphlib import TopologicalSorter
from typing import Final

from sbmlgrn.expr import (
    FALSE,
    NAN,
    TRUE,
    ZERO,
    Expr,
    and_,
    as_number,
    constant,
    free_symbols,
    function,
    multiply,
    or_,
    piecewise,
    relation,
    substitute,
    symbol,
)
from sbmlgrn.lower.system import Draw, System
from sbmlgrn.network import Network


def _zero(x: Expr) -> Expr:
    return relation("eq", x, ZERO)


def _located(*args: Expr) -> tuple[Expr, Expr]:
    place, scale = args if len(args) == 2 else (ZERO, args[0])
    return place, _zero(scale)


_CERTAIN: Final[dict[str, Callable[..., tuple[Expr, Expr]]]] = {
    "normal": _located,
    "cauchy": _located,
    "laplace": _located,
    "lognormal": lambda mean, deviation: (function("exp", mean), _zero(deviation)),
    "uniform": lambda low, high: (low, relation("eq", low, high)),
    "bernoulli": lambda p: (p, or_(_zero(p), relation("eq", p, 1))),
    "binomial": lambda n, p: (multiply(n, p), or_(_zero(n), _zero(p), relation("eq", p, 1))),
    "poisson": lambda rate: (rate, _zero(rate)),
    "rayleigh": lambda scale: (scale, _zero(scale)),
    "gamma": lambda shape, scale: (scale, _zero(scale)),
}
"""What a draw is worth if it is certain, and the condition for that."""


_REPORTED: Final = ("observables", "amounts", "concentrations")
"""Parts of a system on which its course does not depend."""

_START: Final = "start:"
"""Before the symbols of what is drawn before the start, and remembered."""


class Draws:
    """The random values of a network.

    Attributes:
        owners: for each one that is not certain, by its symbol, the element whose formula draws it, and the draw.
    """

    def __init__(self, network: Network) -> None:
        computed = {a.symbol for a in network.initial_assignments}
        numbers = {p.id: p.value for p in network.parameters if p.constant and p.id not in computed}
        numbers |= {f"{r.id}.{p.id}": p.value for r in network.reactions for p in r.local_parameters}
        self._known = {name: constant(value) for name, value in numbers.items() if value is not None}
        self.owners: dict[str, tuple[str, Expr]] = {}
        self._args: dict[str, tuple[Expr, ...]] = {}

    def value(self, draw: Expr, args: Sequence[Expr], owner: str) -> Expr:
        """What a draw is worth if it is certain with the network's own parameters, else a symbol.

        A certain one is NaN with other parameters that leave it to chance.
        """
        value, condition = _certain(draw.op, list(args))
        if substitute([condition], self._known)[0] is TRUE:
            return piecewise(value, condition)
        name = f"draw:{len(self.owners)}"
        self.owners[name] = owner, draw
        self._args[name] = tuple(map(as_number, args))
        return symbol(name)

    @property
    def symbols(self) -> frozenset[str]:
        """What stands for random values, those that are drawn before the start included."""
        return frozenset(self.owners) | {_START + name for name in self.owners}

    def operands(self) -> dict[str, Expr]:
        """Operands of all draws under names of their own, in terms of the network's symbols."""
        return {f"{name}:{i}": arg for name, args in self._args.items() for i, arg in enumerate(args)}

    def at_start(self, values: Mapping[str, Expr]) -> dict[str, Expr]:
        """`values` in terms of what was drawn before the start."""
        if not self.owners:
            return dict(values)
        renamed = {name: symbol(_START + name) for name in self.owners}
        return dict(zip(values, substitute(values.values(), renamed), strict=True))

    def with_draws(self, system: System, start: Mapping[str, Expr], values: Mapping[str, Expr]) -> System:
        """The system with the draws on which it depends.

        Args:
            system: what is complete but for them.
            start: resolved operands of what is drawn before the start.
            values: the same of what is drawn at any time.
        """
        draws = {
            prefix + name: Draw(
                draw.op,
                tuple(table[f"{name}:{i}"] for i in range(len(self._args[name]))),
                symbol(prefix + name),
                bool(prefix),
                owner,
                repr(draw),
            )
            for prefix, table in ((_START, start), ("", values))
            for name, (owner, draw) in self.owners.items()
        }
        needs = {name: free_symbols(*draw.args) & draws.keys() for name, draw in draws.items()}
        used = set(free_symbols(*(e for f in fields(system) for e in _expressions(getattr(system, f.name)))))
        order = list(TopologicalSorter(needs).static_order())
        for name in reversed(order):
            used |= needs[name] if name in used else set()
        chosen = [draws[name] for name in order if name in used]
        return replace(system, draws=tuple(sorted(chosen, key=lambda draw: not draw.at_start)))

    def without(self, system: System) -> System:
        """The system with NaN for the random values that it only reports.

        Raises:
            RandomValueError: an equation depends on one.
        """
        if not system.draws:
            return system
        parts = {f.name: getattr(system, f.name) for f in fields(system) if f.name != "draws"}
        equations = [part for name, part in parts.items() if name not in _REPORTED]
        system.require_certain(*(e for part in equations for e in _expressions(part)))
        unknown = {str(draw.leaf.value): NAN for draw in system.draws}

        def known(values: Mapping[str, Expr]) -> dict[str, Expr]:
            return dict(zip(values, substitute(values.values(), unknown), strict=True))

        return replace(system, draws=(), **{name: known(parts[name]) for name in _REPORTED})


def _expressions(part: object) -> Iterator[Expr]:
    """The expressions in a part of a system."""
    if isinstance(part, Expr):
        yield part
    elif isinstance(part, Mapping | tuple):
        for inner in part.values() if isinstance(part, Mapping) else part:
            yield from _expressions(inner)
    elif is_dataclass(part):
        for f in fields(part):
            yield from _expressions(getattr(part, f.name))


def _certain(distribution: str, args: list[Expr]) -> tuple[Expr, Expr]:
    """What a draw is worth if it is certain, and when it is."""
    if distribution not in _CERTAIN:
        return NAN, FALSE
    limits = args[-2:] if len(args) > 2 else []
    value, condition = _CERTAIN[distribution](*args[: len(args) - len(limits)])
    return value, and_(condition, relation("leq", limits[0], value, limits[1])) if limits else condition
