"""`Vectors`: the functions of `Field` and `Variation` for several points at once, in lanes of SIMD registers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from sbmlgrn.backends.kernel.field import slopes_of
from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import Expr, cotangent, symbol
from sbmlgrn.lower import System

LANES: Final = 8
"""Points side by side: as many doubles as the widest registers hold; with shorter ones LLVM takes several."""


class Vectors:
    """Compiled functions in lanes (`Source`), each when it is first asked for.

    Args:
        system: what is simulated; it may not look back (`System.delays`).
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._states = [s.leaf for s in system.states]
        self._parameters = [q.leaf for q in system.parameters]
        self._libraries: list[Library] = []

    @cached_property
    def rhs(self) -> int:
        """y, p → dy/dt ``[state]``."""
        return self._compiled([self._states, self._parameters], self._system.rhs)

    @cached_property
    def slopes(self) -> int:
        """y, p → the nonzeros of ∂f/∂y, followed by ∂f/∂t ``[state]``."""
        return self._compiled([self._states, self._parameters], slopes_of(self._system)[1])

    @cached_property
    def pull(self) -> int:
        """(y, v ``[state]``), p → vᵀ∂f/∂(y, p) ``[state + parameter]``."""
        seeds = [symbol(f"v:{i}") for i in range(len(self._states))]
        products = cotangent(self._system.rhs, seeds, [*self._states, *self._parameters])
        return self._compiled([[*self._states, *seeds], self._parameters], products)

    def _compiled(self, vectors: Sequence[Sequence[Expr]], outputs: Sequence[Expr]) -> int:
        library = _library(vectors, outputs)
        self._libraries.append(library)
        return library.address("f")


@once
def vectors(system: System) -> Vectors:
    """The system's functions in lanes; each is compiled once."""
    return Vectors(system)


def _library(vectors: Sequence[Sequence[Expr]], outputs: Sequence[Expr]) -> Library:
    source = Source(LANES)
    source.add("f", vectors, outputs)
    return Library(source.text(), optimise=True)
