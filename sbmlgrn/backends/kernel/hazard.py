"""`Hazard`: the propensities of a system and how they change with states and parameters, for loops over jumps."""

from __future__ import annotations

from typing import Final, NamedTuple

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import Expr, jacobian
from sbmlgrn.lower import System


class Entries(NamedTuple):
    """A compiled function ``(t, x, p)`` → the propensities a ``[reaction]``, the nonzeros of ∂a/∂x and those of ∂a/∂θ.

    Attributes:
        address: of the function.
        by_state: rows (reactions) and columns (states) of the nonzeros of ∂a/∂x.
        by_parameter: rows and columns of those of ∂a/∂θ, where a column is a position in the θ asked for.
    """

    address: int
    by_state: tuple[tuple[int, int], ...]
    by_parameter: tuple[tuple[int, int], ...]


class Hazard:
    """Compiled propensities with derivatives, each set when it is first asked for.

    Args:
        system: its jumps have propensities that depend on states and parameters alone.
    """

    def __init__(self, system: System) -> None:
        self._rates: Final = [jump.rate for jump in system.jumps]
        self._states: Final = [s.leaf for s in system.states]
        self._parameters: Final = [q.leaf for q in system.parameters]
        self._by_state: dict[tuple[int, int], Expr] | None = None
        self._libraries: list[Library] = []
        self._entries: dict[tuple[int, ...], Entries] = {}

    def entries(self, parameters: tuple[int, ...]) -> Entries:
        """The function whose θ are these of the system's parameters, by position."""
        if parameters not in self._entries:
            if self._by_state is None:
                self._by_state = jacobian(self._rates, self._states)
            chosen = jacobian(self._rates, [self._parameters[m] for m in parameters])
            source = Source()
            outputs = [*self._rates, *self._by_state.values(), *chosen.values()]
            source.add("entries", [self._states, self._parameters], outputs)
            library = Library(source.text(), optimise=True)
            self._libraries.append(library)
            self._entries[parameters] = Entries(library.address("entries"), tuple(self._by_state), tuple(chosen))
        return self._entries[parameters]


@once
def hazard(system: System) -> Hazard:
    """The system's hazard; its functions are compiled once."""
    return Hazard(system)
