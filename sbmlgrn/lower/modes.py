"""Systems whose right-hand side jumps → systems whose right-hand side is smooth between events.

Each ``piecewise``, ``floor``, ``ceiling`` and ``quotient`` of the right-hand side is replaced by the branch or the
value that holds, which is kept in a state of its own, the mode; an event changes it when the conditions turn. So a
solver never steps over a jump, a short pulse is not missed, and gradients know of the moments of the jumps.

Source: Barton & Lee 2002, ACM Trans. Model. Comput. Simul. 12:256 (hybrid systems and their sensitivities).
"""

from __future__ import annotations

from dataclasses import replace

from sbmlgrn.expr import (
    ONE,
    ZERO,
    Expr,
    constant,
    function,
    multiply,
    piecewise,
    postorder,
    relation,
    rewrite,
    subtract,
    symbol,
)
from sbmlgrn.lower.system import Quantity, State, System, Transition

_STEPS = ("floor", "ceiling", "quotient")


def with_modes(system: System) -> tuple[System, tuple[Expr, ...]]:
    """The system with modes as further states, at the end of the state vector.

    Args:
        system: without delays and fast reactions.

    Returns:
        The system, `system` itself if its right-hand side does not jump; and the value of each mode over states,
        parameters and time.
    """
    nodes = [_jumping(n) for n in postorder(system.rhs) if n.op in ("piecewise", "remainder", *_STEPS)]
    leaves = {node: symbol(f"m:{i}") for i, node in enumerate(nodes)}

    def frozen(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
        if node.op == "remainder":
            return subtract(args[0], multiply(args[1], leaves[_jumping(node)]))
        leaf = leaves.get(node)
        if leaf is None or node.op in _STEPS:
            return leaf
        # not an equality, which a solver that shifts states to estimate slopes would break
        branches = [x for i, value in enumerate(args[:-1:2]) for x in (value, relation("lt", leaf, i + 0.5))]
        return piecewise(*branches, args[-1])

    rhs = rewrite(system.rhs, frozen)
    used = set(postorder(rhs))
    modes = {leaf: _mode(node) for node, leaf in leaves.items() if leaf in used}
    if not modes:
        return system, ()
    count = len(system.states)
    smooth = replace(
        system,
        states=(*system.states, *(State(str(leaf.value), Quantity.VALUE, leaf) for leaf in modes)),
        initial=(*system.initial, *(ZERO for _ in modes)),
        scales=(*system.scales, *(ONE for _ in modes)),
        rhs=(*rhs, *(ZERO for _ in modes)),
        transitions=(
            *system.transitions,
            *(_change(leaf, value, count + i) for i, (leaf, value) in enumerate(modes.items())),
        ),
    )
    return smooth, tuple(modes.values())


def _jumping(node: Expr) -> Expr:
    """What jumps where a node does: of a remainder its quotient."""
    return function("quotient", *node.args) if node.op == "remainder" else node


def _mode(node: Expr) -> Expr:
    """The value of a step function, or which branch of a ``piecewise`` holds, counted from 0."""
    if node.op in _STEPS:
        return node
    conditions = node.args[1::2]
    branches = [x for i, condition in enumerate(conditions) for x in (constant(i), condition)]
    return piecewise(*branches, len(conditions))


def _change(leaf: Expr, value: Expr, index: int) -> Transition:
    return Transition(
        id=str(leaf.value),
        trigger=relation("neq", value, leaf),
        initial_value=False,
        persistent=True,
        delay=ZERO,
        priority=None,
        at_trigger=True,
        values={index: value},
    )
