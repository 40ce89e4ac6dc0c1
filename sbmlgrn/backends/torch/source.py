"""Expressions → Python source over tensors. The source is built from nodes alone, never from text of a document."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from sbmlgrn.expr import Expr, as_number, postorder

_INFIX: Final = {
    "add": " + ",
    "multiply": " * ",
    "subtract": " - ",
    "divide": " / ",
    "power": " ** ",
    "lt": " < ",
    "leq": " <= ",
    "gt": " > ",
    "geq": " >= ",
    "eq": " == ",
    "neq": " != ",
    "and": " & ",
    "or": " | ",
    "xor": " ^ ",
}
_CALLS: Final = {
    "exp": "torch.exp",
    "ln": "torch.log",
    "log10": "torch.log10",
    "sqrt": "torch.sqrt",
    "abs": "torch.abs",
    "floor": "torch.floor",
    "ceiling": "torch.ceil",
    "factorial": "_factorial",
    "sin": "torch.sin",
    "cos": "torch.cos",
    "tan": "torch.tan",
    "arcsin": "torch.asin",
    "arccos": "torch.acos",
    "arctan": "torch.atan",
    "sinh": "torch.sinh",
    "cosh": "torch.cosh",
    "tanh": "torch.tanh",
    "arcsinh": "torch.asinh",
    "arccosh": "torch.acosh",
    "arctanh": "torch.atanh",
    "negate": "-",
    "not": "~",
}
_CHUNK: Final = 16
"""Operands per statement: longer sums would nest deeper than Python's compiler likes."""


def _factorial(x: Tensor) -> Tensor:
    """Γ(x + 1), for x < −1/2 by the reflection formula (DLMF 5.5.3)."""
    reflected = math.pi / (torch.sin(math.pi * (x + 1)) * torch.exp(torch.lgamma(-x)))
    return torch.where(x > -0.5, torch.exp(torch.lgamma(x + 1)), reflected)


def _pack(values: Sequence[Tensor | float], shape: torch.Size, like: Tensor) -> Tensor:
    """The outputs as the last axis of one tensor of batch shape `shape`."""
    columns = []
    for value in values:
        if not isinstance(value, Tensor):
            columns.append(like.new_full(shape, value))
        else:
            columns.append(value if value.shape == shape else value.expand(shape))
    return torch.stack(columns, -1) if columns else like.new_zeros((*shape, 0))


def _tensor(value: Tensor | float, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else like.new_full((), value)


def _where(condition: Tensor, value: Tensor | float, otherwise: Tensor | float, like: Tensor) -> Tensor:
    """``torch.where``, which would make two Python numbers a tensor of the default dtype."""
    return torch.where(condition, value if isinstance(otherwise, Tensor) else _tensor(value, like), otherwise)


def _binary(operation: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda a, b, like: operation(_tensor(a, like), _tensor(b, like))


_NAMESPACE: Final[dict[str, Any]] = {
    "torch": torch,
    "inf": math.inf,
    "nan": math.nan,
    "_factorial": _factorial,
    "_pack": _pack,
    "_where": _where,
    "_minimum": _binary(torch.minimum),
    "_maximum": _binary(torch.maximum),
    "_fmod": _binary(torch.fmod),
}


def compile_source(
    name: str, arguments: Mapping[str, Sequence[Expr]], scalars: Mapping[str, Expr], outputs: Sequence[Sequence[Expr]]
) -> Callable[..., tuple[Tensor, ...]]:
    """A function of tensors that evaluates expressions elementwise over a batch.

    Args:
        name: name of the function, for tracebacks.
        arguments: vector arguments by name: the leaves along their last axis.
        scalars: arguments without such an axis: the leaf for which each stands.
        outputs: groups of expressions; each group becomes one tensor. A truth value becomes 1 or 0.

    Returns:
        ``f(*scalars, *arguments)`` → one tensor ``[..., len(group)]`` per group. Leading axes broadcast. The dtype is
        that of the first vector argument.
    """
    like = next(iter(arguments))
    outputs = [[as_number(e) for e in group] for group in outputs]
    lines: list[str] = []
    names: dict[Expr, str] = {leaf: argument for argument, leaf in scalars.items()}
    order = [n for n in postorder(e for group in outputs for e in group)]
    used = set(order)
    for argument, leaves in arguments.items():
        for i, leaf in enumerate(leaves):
            if leaf in used:
                names[leaf] = f"{argument}_{i}"
                lines.append(f"{argument}_{i} = {argument}[..., {i}]")
    for node in order:
        if node in names:
            continue
        if node.op == "constant":
            names[node] = _literal(node)
        elif node.op in ("symbol", "time"):
            raise ValueError(f"no argument of {name!r} stands for {node!r}")
        else:
            names[node] = f"x{len(names)}"
            lines += _statements(names[node], node, [names[a] for a in node.args], like)
    batch = ", ".join([*(f"{s}.shape" for s in scalars), *(f"{a}.shape[:-1]" for a in arguments)])
    groups = ", ".join(f"_pack(({''.join(names[e] + ', ' for e in group)}), shape, {like})" for group in outputs)
    body = "\n    ".join([f"shape = torch.broadcast_shapes({batch})", *lines, f"return ({groups},)"])
    source = f"def {name}({', '.join([*scalars, *arguments])}):\n    {body}\n"
    namespace = dict(_NAMESPACE)
    exec(compile(source, f"<sbmlgrn {name}>", "exec"), namespace)
    return namespace[name]


def _literal(node: Expr) -> str:
    if isinstance(node.value, bool):
        return repr(node.value)
    text = repr(float(node.value))  # type: ignore[arg-type]
    return f"({text})" if text.startswith("-") else text


def _statements(target: str, node: Expr, args: list[str], like: str) -> list[str]:
    if node.op == "piecewise":
        lines = [f"{target} = {args[-1]}"]
        for value, condition in zip(reversed(args[0:-1:2]), reversed(args[1::2]), strict=True):
            lines.append(f"{target} = _where({condition}, {value}, {target}, {like})")
        return lines
    if node.op in ("min", "max"):
        call = "_minimum" if node.op == "min" else "_maximum"
        lines = [f"{target} = {args[0]}"]
        return lines + [f"{target} = {call}({target}, {a}, {like})" for a in args[1:]]
    if node.op == "quotient":
        return [f"{target} = torch.trunc({args[0]} / {args[1]})"]
    if node.op == "power" and node.args[1].value == 2 and node.args[1].op == "constant":
        return [f"{target} = {args[0]} * {args[0]}"]
    if node.op == "polygamma":
        return [f"{target} = torch.special.polygamma({node.value}, {args[0]})"]
    if node.op == "remainder":
        return [f"{target} = _fmod({args[0]}, {args[1]}, {like})"]
    sign = _INFIX.get(node.op)
    if sign is None:
        return [f"{target} = {_CALLS[node.op]}({', '.join(args)})"]
    lines = [f"{target} = {sign.join(args[:_CHUNK])}"]
    for i in range(_CHUNK, len(args), _CHUNK):
        lines.append(f"{target} = {sign.join([target, *args[i : i + _CHUNK]])}")
    return lines
