"""Propensities of a system for loops over one trajectory: all of them, their slopes, and what a reaction changes."""

from __future__ import annotations

from typing import Final

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import free_symbols, jacobian
from sbmlgrn.lower import System

_SHARE: Final = 64
"""Reactions whose functions are compiled together: beyond some size a module is no longer optimised."""


class Propensities:
    """Compiled functions of ``(t, y, p)``.

    Args:
        system: its jumps have propensities that depend on states and parameters alone.

    Attributes:
        rates: address of all propensities ``[reaction]``.
        slopes: address of the nonzeros of their derivatives by the states.
        nonzeros: rows (reactions) and columns (states) of those.
    """

    rates: int
    slopes: int
    nonzeros: tuple[tuple[int, int], ...]

    def __init__(self, system: System) -> None:
        vectors = [[s.leaf for s in system.states], [q.leaf for q in system.parameters]]
        rates = [jump.rate for jump in system.jumps]
        entries = jacobian(rates, vectors[0])
        source = Source()
        source.add("rates", vectors, rates)
        source.add("slopes", vectors, list(entries.values()))
        self._library: Final = Library(source.text(), optimise=True)
        self.rates = self._library.address("rates")
        self.slopes = self._library.address("slopes")
        self.nonzeros = tuple(entries)


@once
def propensities(system: System) -> Propensities:
    """The system's propensities, compiled when they are first asked for."""
    return Propensities(system)


class Updates:
    """For each reaction a compiled function of the propensities that change when it fires.

    Args:
        system: as for `Propensities`.

    Attributes:
        rates: address of all propensities ``[reaction]``.
        dependents: for each reaction, those whose propensities change with it, in increasing order.
        addresses: for each reaction, of the function of their propensities, in that order.
    """

    rates: int
    dependents: tuple[tuple[int, ...], ...]
    addresses: tuple[int, ...]

    def __init__(self, system: System) -> None:
        vectors = [[s.leaf for s in system.states], [q.leaf for q in system.parameters]]
        jumps = system.jumps
        self.dependents = dependents(system)
        whole = Source()
        whole.add("rates", vectors, [jump.rate for jump in jumps])
        self._libraries: Final = [Library(whole.text(), optimise=False)]
        self.rates = self._libraries[0].address("rates")
        addresses: list[int] = []
        for first in range(0, len(jumps), _SHARE):
            source = Source()
            chosen = range(first, min(first + _SHARE, len(jumps)))
            for r in chosen:
                source.add(f"after_{r}", vectors, [jumps[i].rate for i in self.dependents[r]])
            library = Library(source.text(), optimise=True)
            self._libraries.append(library)
            addresses += [library.address(f"after_{r}") for r in chosen]
        self.addresses = tuple(addresses)


@once
def updates(system: System) -> Updates:
    """The system's updates, compiled when they are first asked for."""
    return Updates(system)


def dependents(system: System) -> tuple[tuple[int, ...], ...]:
    """For each reaction, those whose propensities depend on what it changes, in increasing order."""
    readers: dict[str, list[int]] = {str(s.leaf.value): [] for s in system.states}
    for r, jump in enumerate(system.jumps):
        for name in free_symbols(jump.rate) & readers.keys():
            readers[name].append(r)
    leaves = [str(s.leaf.value) for s in system.states]
    return tuple(tuple(sorted({r for i in j.stoichiometry for r in readers[leaves[i]]})) for j in system.jumps)
