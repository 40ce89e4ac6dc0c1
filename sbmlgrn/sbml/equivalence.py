"""Whether two formulas mean the same, though libSBML or libAntimony wrote one of them in another way."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from sbmlgrn.expr import Expr, evaluate, free_symbols, multiply, rewrite, substitute
from sbmlgrn.network import FunctionDefinition, Network

_SAMPLES: Final = 12
_AGREEMENT: Final = 1e-9
"""Relative; both sides compute with the same operations, but perhaps in another order."""


def functions_of(network: Network) -> dict[str, FunctionDefinition]:
    """The function definitions of a network by id."""
    return {f.id: f for f in network.function_definitions}


def parts(network: Network) -> Iterator[Any]:
    """Everything in a network that is not itself made of parts: numbers, texts and formulas."""
    stack: list[Any] = [network]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack += item
        elif is_dataclass(item) and not isinstance(item, Expr):
            stack += [getattr(item, f.name) for f in fields(item) if f.compare]
        else:
            yield item


def formulas(network: Network) -> list[Expr]:
    """Every formula of a network."""
    return [part for part in parts(network) if isinstance(part, Expr)]


def same_math(
    a: Expr | None,
    b: Expr | None,
    functions_a: Mapping[str, FunctionDefinition],
    functions_b: Mapping[str, FunctionDefinition],
) -> bool:
    """Whether `a` and `b`, with functions expanded, are equal or have equal values wherever they are sampled.

    The samples are seeded and of both signs and many magnitudes; a formula that takes another value only on a small
    part of them could pass for equal.
    """
    if a is b:
        return True
    if a is None or b is None:
        return False
    try:
        return _same_values(_comparable(a, functions_a), _comparable(b, functions_b))
    except (KeyError, ValueError, RecursionError):  # a function that is not there, or a value drawn at random
        return False


def _same_values(a: Expr, b: Expr) -> bool:
    if a is b:
        return True
    names = sorted(free_symbols(a))
    if free_symbols(b) - set(names):
        return False
    chance = random.Random(1)
    for i in range(_SAMPLES):
        table = {n: chance.choice((1, -1) if i % 3 == 2 else (1,)) * 10 ** chance.uniform(-2, 2) for n in names}
        x, y = evaluate([a, b], table, time=10 ** chance.uniform(-2, 2))
        close = math.isfinite(x) and abs(x - y) <= _AGREEMENT * abs(x)
        if not (x == y or (math.isnan(x) and math.isnan(y)) or close):
            return False
    return True


def _comparable(root: Expr, functions: Mapping[str, FunctionDefinition]) -> Expr:
    """`root` with functions expanded, and ``delay`` and ``rateOf`` as arithmetic that depends on their operands."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
        if node.op == "call":
            f = functions[str(node.value)]
            if f.math is None:
                raise ValueError(f"{f.id!r} has no formula")
            return _comparable(substitute([f.math], dict(zip(f.arguments, args, strict=True)))[0], functions)
        if node.op == "rate_of":
            return multiply(2.1375, args[0])
        if node.op == "delay":
            return multiply(1.3825, args[0]) + multiply(0.7125, args[1])
        return None

    return rewrite([root], rule)[0]
