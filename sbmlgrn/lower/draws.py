"""Random values (package ``distrib``) in deterministic equations: certain ones are numbers, others must not matter.

Source: SBML Level 3 Package: Distributions, Version 1, section 3 (the distribution functions and their arguments).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Final

from sbmlgrn.expr import (
    FALSE,
    NAN,
    TRUE,
    ZERO,
    Expr,
    and_,
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
from sbmlgrn.lower.system import LoweringError, System
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


class RandomValueError(LoweringError):
    """A network whose course is left to chance."""


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

    def value(self, draw: Expr, args: Sequence[Expr], owner: str) -> Expr:
        """What a draw is worth if it is certain with the network's own parameters, else a symbol.

        A certain one is NaN with other parameters that leave it to chance.
        """
        value, condition = _certain(draw.op, list(args))
        if substitute([condition], self._known)[0] is TRUE:
            return piecewise(value, condition)
        name = f"draw:{len(self.owners)}"
        self.owners[name] = owner, draw
        return symbol(name)

    def without(self, system: System) -> System:
        """The system with NaN for the random values that it only reports.

        Raises:
            RandomValueError: an equation depends on one.
        """
        if not self.owners:
            return system
        parts = {f.name: getattr(system, f.name) for f in fields(system)}
        used = free_symbols(*(e for name, part in parts.items() if name not in _REPORTED for e in _expressions(part)))
        for name, (owner, draw) in self.owners.items():
            if name in used:
                raise RandomValueError(
                    owner,
                    f"the formula of {owner!r} draws a random value, {draw!r}, on which the course of the model "
                    "depends; differential equations have no random values: put a number in its place",
                )
        unknown = dict.fromkeys(self.owners, NAN)

        def known(values: Mapping[str, Expr]) -> dict[str, Expr]:
            return dict(zip(values, substitute(values.values(), unknown), strict=True))

        return replace(system, **{name: known(parts[name]) for name in _REPORTED})


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
