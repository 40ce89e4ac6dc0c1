"""`Field`: the right-hand side of a system and its slopes, for solver loops that call them by address."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import TIME, derivative, jacobian
from sbmlgrn.lower import System


class Field:
    """Compiled functions of ``(t, y, p)``.

    Args:
        system: what is simulated; it may not look back (`System.delays`).

    Attributes:
        rhs: address of dy/dt ``[state]``.
        slopes: address of the nonzeros of ∂f/∂y, followed by ∂f/∂t ``[state]``.
        nonzeros: their rows and columns.
    """

    rhs: int
    slopes: int
    nonzeros: tuple[tuple[int, int], ...]

    def __init__(self, system: System) -> None:
        states = [s.leaf for s in system.states]
        parameters = [q.leaf for q in system.parameters]
        entries = jacobian(system.rhs, states)
        source = Source()
        source.add("rhs", [states, parameters], system.rhs)
        source.add("slopes", [states, parameters], [*entries.values(), *(derivative(f, TIME) for f in system.rhs)])
        self._library: Final = Library(source.text(), optimise=True)
        self.rhs = self._library.address("rhs")
        self.slopes = self._library.address("slopes")
        self.nonzeros = tuple(entries)


def field(system: System) -> Field:
    """The system's field, compiled when it is first asked for."""
    if system not in _fields:
        _fields[system] = Field(system)
    return _fields[system]


_fields: WeakKeyDictionary[System, Field] = WeakKeyDictionary()
