"""`Variation`: how the right-hand side of a system and its slopes change with states and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import TIME, Expr, cotangent, derivative, jacobian, symbol, tangent
from sbmlgrn.lower import System


class Variation:
    """Compiled derivatives, each when it is first asked for.

    All are functions of the time and two vectors, given by their addresses; where a vector holds more than the state y
    ``[state]`` or the parameters p ``[parameter]``, what follows them is named. The *slopes* are the nonzeros of ∂f/∂y
    and then ∂f/∂t, as in `Field`.

    Args:
        system: what is simulated; it may not look back (`System.delays`).
    """

    def __init__(self, system: System) -> None:
        self._initial = system.initial
        self._rhs = system.rhs
        self._states = [s.leaf for s in system.states]
        self._parameters = [q.leaf for q in system.parameters]
        self._libraries: list[Library] = []
        self._entries: dict[tuple[int, ...], tuple[int, tuple[tuple[int, int], ...]]] = {}

    @cached_property
    def pull(self) -> int:
        """(y, v ``[state]``), p → vᵀ∂f/∂(y, p) ``[state + parameter]``."""
        seeds = _symbols("v", len(self._rhs))
        products = cotangent(self._rhs, seeds, [*self._states, *self._parameters])
        return self._compiled([*self._states, *seeds], self._parameters, products)

    @cached_property
    def pull_slopes(self) -> int:
        """(y, g ``[slope]``), p → Σ gᵢ ∂slopeᵢ/∂(y, p) ``[state + parameter]``."""
        seeds = _symbols("g", len(self._slopes))
        products = cotangent(self._slopes, seeds, [*self._states, *self._parameters])
        return self._compiled([*self._states, *seeds], self._parameters, products)

    def entries(self, parameters: tuple[int, ...]) -> tuple[int, tuple[tuple[int, int], ...]]:
        """y, p → nonzeros of ∂f/∂y (`by_state`), then of the derivatives with respect to some of the parameters.

        Returns:
            The address; and rows and columns of the latter, where a column is a position in `parameters`.
        """
        if parameters not in self._entries:
            chosen = jacobian(self._rhs, [self._parameters[m] for m in parameters])
            values = [*self._state_entries.values(), *chosen.values()]
            self._entries[parameters] = self._compiled(self._states, self._parameters, values), tuple(chosen)
        return self._entries[parameters]

    @property
    def by_state(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of the nonzeros of ∂f/∂y."""
        return tuple(self._state_entries)

    @cached_property
    def bend(self) -> int:
        """(y, dy), (p, dp) → the change of the slopes in that direction ``[slope]``."""
        dy, dp = _symbols("dy", len(self._states)), _symbols("dp", len(self._parameters))
        direction = dict(zip((*self._states, *self._parameters), (*dy, *dp), strict=True))
        return self._compiled([*self._states, *dy], [*self._parameters, *dp], tangent(self._slopes, direction))

    @cached_property
    def start(self) -> int:
        """Anything, (p, dp) → the change of the initial state in that direction ``[state]``."""
        dp = _symbols("dp", len(self._parameters))
        direction = dict(zip(self._parameters, dp, strict=True))
        return self._compiled([], [*self._parameters, *dp], tangent(self._initial, direction))

    @cached_property
    def _state_entries(self) -> dict[tuple[int, int], Expr]:
        return jacobian(self._rhs, self._states)

    @property
    def _slopes(self) -> list[Expr]:
        return [*self._state_entries.values(), *(derivative(f, TIME) for f in self._rhs)]

    def _compiled(self, first: Sequence[Expr], second: Sequence[Expr], outputs: Sequence[Expr]) -> int:
        source = Source()
        source.add("f", [first, second], outputs)
        library = Library(source.text(), optimise=True)
        self._libraries.append(library)
        return library.address("f")


@once
def variation(system: System) -> Variation:
    """The system's variation; its functions are compiled once."""
    return Variation(system)


def _symbols(name: str, count: int) -> list[Expr]:
    """Symbols that no network can have."""
    return [symbol(f"{name}:{i}") for i in range(count)]
