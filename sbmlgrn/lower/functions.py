"""Function definitions of a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from sbmlgrn.expr import DRAWS, Expr, make, postorder
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


def drawing(table: Mapping[str, tuple[tuple[str, ...], Expr]]) -> frozenset[str]:
    """Those of the functions whose value is left to chance, by a draw of their own or of a function that they call."""
    found = {name for name, (_, body) in table.items() if any(n.op in DRAWS for n in postorder([body]))}
    while more := {n for n, (_, b) in table.items() if n not in found and found & {str(c.value) for c in _calls(b)}}:
        found |= more
    return frozenset(found)


def numbers(most: int) -> Iterator[int]:
    """Numbers for calls of functions that draw.

    Raises:
        LoweringError: there are more than `most`.
    """
    yield from range(most)
    raise LoweringError("functions", f"the model calls functions that draw random values more than {most:,} times")


def with_separate_calls(math: Expr, names: frozenset[str], numbers: Iterator[int]) -> Expr:
    """`math` in which no two calls of the functions `names` are one expression, as they would be with equal arguments.

    Each is a call of the function's name, ``#`` and a number.
    """
    concerned: set[Expr] = set()
    for node in postorder([math]):
        if (node.op == "call" and node.value in names) or not concerned.isdisjoint(node.args):
            concerned.add(node)
    results: list[Expr] = []
    stack = [(math, False)]
    while stack:
        node, is_ready = stack.pop()
        if node not in concerned:
            results.append(node)
        elif not is_ready:
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args))
        else:
            args = results[len(results) - len(node.args) :]
            del results[len(results) - len(node.args) :]
            called = node.op == "call" and node.value in names
            results.append(make(node.op, args, f"{node.value}#{next(numbers)}" if called else node.value))
    return results[0]
