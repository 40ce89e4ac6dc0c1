"""What within a condition may turn it, and when: comparisons that change their truth, step functions that jump."""

from __future__ import annotations

from typing import NamedTuple

from sbmlgrn.expr.node import (
    ONE,
    ZERO,
    Expr,
    as_number,
    constant,
    divide,
    function,
    piecewise,
    relation,
    subtract,
)
from sbmlgrn.expr.traverse import postorder

_STEPS = ("floor", "ceiling", "quotient")
_RELATIONS = ("lt", "leq", "gt", "geq")
_FOR_A_MOMENT = ("eq", "neq")


class Turn(NamedTuple):
    """One thing that may turn a condition.

    Attributes:
        watched: a number that changes at the turn and not between two turns: of a comparison whether it holds; of one
            for equality, which holds for a moment only, the sign of left minus right side; a step function's value.
        margin: what passes a threshold at the turn: left minus right side, or the argument of the step function.
        equality: the comparison that holds at the turn alone, perhaps between two floating-point numbers.
    """

    watched: Expr
    margin: Expr
    equality: Expr | None


def turns(condition: Expr) -> list[Turn]:
    """What may turn a condition: step functions, then comparisons, each in the order of evaluation."""
    nodes = postorder([condition])
    return [*(_of_step(n) for n in nodes if n.op in (*_STEPS, "remainder")), *(t for n in nodes for t in _of(n))]


def _of_step(node: Expr) -> Turn:
    value = function("quotient", *node.args) if node.op == "remainder" else node
    margin = node.args[0] if len(node.args) == 1 else divide(*node.args)
    return Turn(piecewise(value, relation("eq", value, value), ZERO), margin, None)


def _of(node: Expr) -> list[Turn]:
    if node.op in _RELATIONS:
        return [Turn(as_number(node), subtract(*node.args), None)]
    if node.op in _FOR_A_MOMENT:
        below, above = relation("lt", *node.args), relation("gt", *node.args)
        sign = piecewise(constant(-1), below, ONE, above, ZERO)
        return [Turn(sign, subtract(*node.args), node if node.op == "eq" else None)]
    return []
