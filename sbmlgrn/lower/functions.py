"""Function definitions of a network."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from sbmlgrn.expr import Expr, postorder
from sbmlgrn.lower.system import LoweringError
from sbmlgrn.network import Network


def functions(network: Network) -> dict[str, tuple[tuple[str, ...], Expr]]:
    """Arguments and body of each function; a body may call others, never itself.

    Raises:
        LoweringError: functions call each other in a circle.
    """
    bodies = {f.id: f.math for f in network.function_definitions if f.math is not None}
    graph = {name: {str(n.value) for n in _calls(body)} & bodies.keys() for name, body in bodies.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = [str(n) for n in error.args[1]]
        raise LoweringError(
            cycle[0], f"the functions {' → '.join(map(repr, cycle))} call each other in a circle"
        ) from None
    return {f.id: (f.arguments, bodies[f.id]) for f in network.function_definitions if f.id in bodies}


def _calls(body: Expr) -> list[Expr]:
    return [n for n in postorder([body]) if n.op == "call"]
