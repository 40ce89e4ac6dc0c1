"""Expressions → Python functions of one point, for Numba's compiler for CUDA and for its simulator.

The source is built from nodes alone, never from text of a document. A function for a GPU is called by one thread of
many; its arguments are columns of arrays whose neighbours belong to other threads, so it indexes them rather than
taking their address.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy import special

from sbmlgrn.backends.kernel.source import without_polygamma
from sbmlgrn.expr import TIME, Expr, as_number, postorder, rewrite
from sbmlgrn.expr.ops import OPERATIONS

_INFIX: Final = {
    "add": "+",
    "multiply": "*",
    "subtract": "-",
    "divide": "/",
    "lt": "<",
    "leq": "<=",
    "gt": ">",
    "geq": ">=",
    "eq": "==",
    "neq": "!=",
    "and": "&",
    "or": "|",
    "xor": "^",
}
_CALLS: Final[dict[str, Callable[..., float]]] = {
    "exp": math.exp,
    "ln": math.log,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "abs": math.fabs,
    "floor": math.floor,
    "ceiling": math.ceil,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "arcsinh": math.asinh,
    "arccosh": math.acosh,
    "arctanh": math.atanh,
    "power": math.pow,
    "remainder": math.fmod,
}
_CHUNK: Final = 16
"""Operands per statement: longer sums would nest deeper than Python's compiler likes."""
_SMALL_POWERS: Final = {-2: "1.0 / ({0} * {0})", -1: "1.0 / {0}", 2: "{0} * {0}", 3: "{0} * {0} * {0}"}


def function(
    name: str, vectors: Mapping[str, Sequence[Expr]], outputs: Sequence[Expr], simulated: bool
) -> Callable[..., None]:
    """A Python function ``name(t, *vectors, out)`` that writes the values of `outputs` one after the other.

    Args:
        name: of the function.
        vectors: vector arguments by name: the leaves for which their entries stand.
        outputs: the expressions; a truth value is written as 1 or 0.
        simulated: whether Python itself will run it, whose mathematics raises errors where CUDA's answers NaN.

    Raises:
        ValueError: no argument stands for a symbol on which they depend.
    """
    roots = rewrite(map(as_number, outputs), without_polygamma)
    names: dict[Expr, str] = {TIME: "t"}
    places = {leaf: f"{v}[{i}]" for v, leaves in vectors.items() for i, leaf in enumerate(leaves)}
    lines: list[str] = []
    slots: dict[Expr, list[int]] = {}
    for i, root in enumerate(roots):
        slots.setdefault(root, []).append(i)
    for node in postorder(roots):
        if node not in names:
            lines += _definition(name, node, places, names)
        # an output is written as soon as it is known: what waits for the end would fill the registers
        lines += [f"out[{i}] = {names[node]}" for i in slots.get(node, ())]
    body = "\n    ".join(lines or ["pass"])
    source = f"def {name}(t, {', '.join(vectors)}, out):\n    {body}\n"
    return compile_function(name, source, _EXACT if simulated else _FAST)


def compile_function(name: str, source: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that `source`, written by us, defines under this name."""
    scope = dict(namespace)
    exec(compile(source, f"<sbmlgrn {name}>", "exec"), scope)
    return scope[name]


_FAST: Final[dict[str, Any]] = {
    **_CALLS,
    "inf": math.inf,
    "nan": math.nan,
    "trunc": math.trunc,
    "tgamma": math.gamma,
}


def _ieee(evaluate: Callable[..., Any]) -> Callable[..., np.float64]:
    """As NumPy's number, which may be divided by 0."""
    return lambda *args: np.float64(evaluate(*args))


_EXACT: Final[dict[str, Any]] = {
    **{name: _ieee(OPERATIONS[name].evaluate) for name in _CALLS},
    "trunc": np.trunc,
    "tgamma": special.gamma,
    "inf": math.inf,
    "nan": math.nan,
}


def _definition(function: str, node: Expr, places: Mapping[Expr, str], names: dict[Expr, str]) -> list[str]:
    """Lines that compute a node, to which `names` gives a name."""
    if node.op == "constant":
        names[node] = _literal(node)
        return []
    if node.op == "symbol" and node not in places:
        raise ValueError(f"no argument of {function!r} stands for {node!r}")
    target = names[node] = f"x{len(names)}"
    return [f"{target} = {places[node]}"] if node in places else _statements(target, node, names)


def _literal(node: Expr) -> str:
    if isinstance(node.value, bool):
        return repr(node.value)
    number = node.number
    assert number is not None
    text = repr(number)
    return f"({text})" if text.startswith("-") else text


def _statements(target: str, node: Expr, names: Mapping[Expr, str]) -> list[str]:
    args = [names[a] for a in node.args]
    if node.op == "piecewise":
        lines = [f"{target} = {args[-1]}"]
        for value, condition in zip(reversed(args[0:-1:2]), reversed(args[1::2]), strict=True):
            lines.append(f"{target} = {value} if {condition} else {target}")
        return lines
    if node.op in ("min", "max"):
        # NaN wins, as everywhere else in the graph
        sign = "<" if node.op == "min" else ">"
        lines = [f"{target} = {args[0]}"]
        for a in args[1:]:
            lines.append(f"{target} = {target} if {target} {sign} {a} or {target} != {target} else {a}")
        return lines
    if node.op == "negate":
        return [f"{target} = -{args[0]}"]
    if node.op == "not":
        return [f"{target} = not {args[0]}"]
    if node.op == "quotient":
        return [f"{target} = trunc({args[0]} / {args[1]})"]
    if node.op == "factorial":
        return [f"{target} = tgamma({args[0]} + 1.0)"]
    if node.op == "power" and node.args[1].number in _SMALL_POWERS:
        return [f"{target} = {_SMALL_POWERS[int(node.args[1].number)].format(args[0])}"]
    sign = _INFIX.get(node.op)
    if sign is None:
        return [f"{target} = {node.op}({', '.join(args)})"]
    lines = [f"{target} = {f' {sign} '.join(args[:_CHUNK])}"]
    for i in range(_CHUNK, len(args), _CHUNK):
        lines.append(f"{target} = {f' {sign} '.join([target, *args[i : i + _CHUNK]])}")
    return lines
