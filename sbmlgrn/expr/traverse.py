"""Walks over expression graphs. All are iterative: nesting in a document may be deeper than Python's stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sbmlgrn.expr import ops
from sbmlgrn.expr.node import TIME, Expr, make


def postorder(roots: Iterable[Expr]) -> list[Expr]:
    """Every node reachable from `roots` once, operands before the nodes that use them."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    for root in roots:
        if root in seen:
            continue
        stack: list[tuple[Expr, int]] = [(root, 0)]
        seen.add(root)
        while stack:
            node, position = stack.pop()
            while position < len(node.args) and node.args[position] in seen:
                position += 1
            if position == len(node.args):
                order.append(node)
            else:
                stack.append((node, position + 1))
                child = node.args[position]
                seen.add(child)
                stack.append((child, 0))
    return order


def free_symbols(*roots: Expr) -> frozenset[str]:
    """Names of the symbols on which `roots` depend. Time is not among them: see `depends_on_time`."""
    return frozenset(str(n.value) for n in postorder(roots) if n.op == "symbol")


def depends_on_time(*roots: Expr) -> bool:
    """Whether the csymbol ``time`` occurs."""
    return TIME in postorder(roots)


def rewrite(roots: Iterable[Expr], rule: Callable[[Expr, tuple[Expr, ...]], Expr | None]) -> list[Expr]:
    """`roots` with each node replaced by ``rule(node, rewritten operands)``, bottom up; ``None`` keeps it."""
    roots = list(roots)
    done: dict[Expr, Expr] = {}
    for node in postorder(roots):
        args = tuple(done[a] for a in node.args)
        replaced = rule(node, args)
        if replaced is None:
            replaced = node if args == node.args else make(node.op, args, node.value)
        done[node] = replaced
    return [done[r] for r in roots]


def substitute(roots: Iterable[Expr], values: Mapping[str, Expr], time: Expr | None = None) -> list[Expr]:
    """`roots` with symbols replaced simultaneously, and ``time`` too if given."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
        if node.op == "symbol":
            return values.get(str(node.value), node)
        return time if node.op == "time" else None

    return rewrite(roots, rule)


def evaluate(roots: Iterable[Expr], values: Mapping[str, float] | None = None, time: float = 0.0) -> list[float]:
    """Values of `roots` in Python floats, with IEEE results for poles and invalid operands.

    Raises:
        KeyError: a symbol has no value.
        ValueError: a call of a function definition was not expanded.
    """
    roots = list(roots)
    known: dict[Expr, Any] = {}
    for node in postorder(roots):
        if node.op == "constant":
            known[node] = node.value if isinstance(node.value, bool) else float(node.value)  # type: ignore[arg-type]
        elif node.op == "symbol":
            known[node] = float((values or {})[str(node.value)])
        elif node.op == "time":
            known[node] = float(time)
        elif node.op == "call":
            raise ValueError(f"function {node.value!r} must be expanded before evaluation")
        else:
            operands = [known[a] for a in node.args]
            if node.op == "polygamma":
                operands.insert(0, node.value)
            known[node] = ops.OPERATIONS[node.op].evaluate(*operands)
    return [float(known[r]) for r in roots]
