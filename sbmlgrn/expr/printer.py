"""Expressions as infix text in the syntax of SBML Level 3 formulas (libSBML ``parseL3Formula``)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from sbmlgrn.expr.node import AVOGADRO, Expr
from sbmlgrn.expr.traverse import postorder

_BINARY: Final = {
    "add": (" + ", 4),
    "subtract": (" - ", 4),
    "multiply": (" * ", 5),
    "divide": (" / ", 5),
    "power": ("^", 7),
    "lt": (" < ", 3),
    "leq": (" <= ", 3),
    "gt": (" > ", 3),
    "geq": (" >= ", 3),
    "eq": (" == ", 3),
    "neq": (" != ", 3),
    "and": (" && ", 2),
    "or": (" || ", 1),
}
_NAMES: Final = {"ceiling": "ceil", "remainder": "rem", "rate_of": "rateOf"}
_ATOM: Final = 9
_LIMIT: Final = 2000


def to_infix(root: Expr) -> str:
    """`root` as a formula. Shared subexpressions are repeated, so text past 2,000 nodes is abridged with ``…``."""
    order = postorder([root])
    text: dict[Expr, tuple[str, int]] = {}
    for node in order:
        piece = _format(node, [text[a] for a in node.args])
        text[node] = piece if len(piece[0]) <= 10 * _LIMIT else ("…", _ATOM)
    return text[root][0]


def format_number(value: object) -> str:
    """A literal as SBML writes it: shortest text that reads back as the same double."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return f"({value.numerator}/{value.denominator})"
    if isinstance(value, int):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "INF" if number > 0 else "-INF"
    return repr(number)


def _format(node: Expr, args: list[tuple[str, int]]) -> tuple[str, int]:
    match node.op:
        case "constant":
            if node.value == AVOGADRO:
                return "avogadro", _ATOM
            literal = format_number(node.value)
            return literal, 6 if literal.startswith("-") else _ATOM
        case "symbol":
            return str(node.value), _ATOM
        case "time":
            return "time", _ATOM
        case "negate":
            return "-" + _wrap(args[0], 6), 6
        case "not":
            return "!" + _wrap(args[0], 8), 8
        case "polygamma":
            return f"polygamma({node.value}, {args[0][0]})", _ATOM
    if node.op in _BINARY and len(args) >= 2:
        sign, level = _BINARY[node.op]
        left = level + 1 if node.op == "power" or level == 3 else level
        return sign.join([_wrap(args[0], left), *(_wrap(a, level + 1) for a in args[1:])]), level
    name = str(node.value) if node.op == "call" else _NAMES.get(node.op, node.op)
    return f"{name}({', '.join(a for a, _ in args)})", _ATOM


def _wrap(item: tuple[str, int], level: int) -> str:
    return item[0] if item[1] >= level else f"({item[0]})"
