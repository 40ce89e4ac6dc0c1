"""Definitions that refer to each other → definitions in terms of leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from sbmlgrn.expr import Expr, free_symbols, substitute
from sbmlgrn.lower.system import LoweringError

Formula: TypeAlias = tuple[frozenset[str], Callable[[Mapping[str, Expr]], Expr]]
"""Names that a definition needs, and how it is made of what they are worth."""


def resolve(table: Mapping[str, Expr], formulas: Mapping[str, Formula] | None = None) -> dict[str, Expr]:
    """Every definition in terms of symbols that have none.

    Args:
        table: definitions by name.
        formulas: further ones, or others in their place, that are made of resolved definitions.

    Raises:
        LoweringError: definitions are circular.
    """
    formulas = formulas or {}
    names = table.keys() | formulas.keys()
    graph = {name: free_symbols(e) & names for name, e in table.items()}
    graph |= {name: needs & table.keys() for name, (needs, _) in formulas.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = [str(n) for n in error.args[1]]
        raise LoweringError(cycle[0], f"the definitions of {' → '.join(map(repr, cycle))} are circular") from None
    done: dict[str, Expr] = {}
    for name in order:
        done[name] = formulas[name][1](done) if name in formulas else substitute([table[name]], done)[0]
    return done
