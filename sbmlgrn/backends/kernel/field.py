"""`Field`: the right-hand side of a system and its slopes, for solver loops that call them by address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import ONE, TIME, Expr, jacobian, postorder, tangent
from sbmlgrn.lower import System


class Field:
    """Compiled functions of ``(t, y, p)``.

    Args:
        system: what is simulated; it may not look back (`System.delays`).

    Attributes:
        rhs: address of dy/dt ``[state]``.
        slopes: address of the nonzeros of ∂f/∂y, followed by ∂f/∂t ``[state]``.
        initial: address of the state at the start ``[state]``, a function of p alone.
        scales: address of `System.scales` ``[state]``, a function of p alone.
        nonzeros: rows and columns of those of ∂f/∂y.
        costs: of an evaluation of `rhs` and of `slopes`, in a unit of their own, estimated from the expressions.
    """

    rhs: int
    initial: int
    scales: int
    nonzeros: tuple[tuple[int, int], ...]
    costs: tuple[float, float]

    def __init__(self, system: System) -> None:
        system.require_certain(*system.rhs, *system.initial, *system.scales)
        states = [s.leaf for s in system.states]
        parameters = [q.leaf for q in system.parameters]
        entries, slopes = slopes_of(system)
        source = Source()
        source.add("rhs", [states, parameters], system.rhs)
        source.add("initial", [[], parameters], system.initial)
        source.add("scales", [[], parameters], system.scales)
        self._library: Final = Library(source.text(), optimise=True)
        self.rhs = self._library.address("rhs")
        self.initial = self._library.address("initial")
        self.scales = self._library.address("scales")
        self.nonzeros = entries
        self.costs = (cost(system.rhs), cost(slopes))
        self._derivative: Final = [states, parameters], slopes

    @cached_property
    def slopes(self) -> int:
        """Compiled apart from the rest, when it is asked for: equilibria can make it a hundred times as large."""
        source = Source()
        source.add("slopes", *self._derivative)
        self._library_of_slopes = Library(source.text(), optimise=True)
        return self._library_of_slopes.address("slopes")


def slopes_of(system: System) -> tuple[tuple[tuple[int, int], ...], list[Expr]]:
    """Rows and columns of the nonzeros of ∂f/∂y; and these, followed by ∂f/∂t."""
    entries = jacobian(system.rhs, [s.leaf for s in system.states])
    return tuple(entries), [*entries.values(), *tangent(system.rhs, {TIME: ONE})]


@once
def field(system: System) -> Field:
    """The system's field, compiled when it is first asked for."""
    return Field(system)


_COSTS: Final = {"constant": 0.0, "symbol": 0.3, "add": 0.5, "subtract": 0.5, "multiply": 0.5, "negate": 0.3}
_DIVISION: Final = 3.0
_CALL: Final = 12.0


def cost(outputs: Sequence[Expr]) -> float:
    """Of an evaluation of `outputs`, in a unit of its own, estimated from the expressions."""
    total = 5.0
    for node in postorder(outputs):
        if node.op == "divide":
            total += _DIVISION
        elif node.op in _COSTS:
            total += _COSTS[node.op] * max(len(node.args) - 1, 1)
        else:
            total += 1.0 if node.is_boolean or node.op == "piecewise" else _CALL
    return total + 0.3 * len(outputs)
