"""Expressions → LLVM IR over doubles. The text is built from nodes alone, never from text of a document."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from sbmlgrn.expr import TIME, Expr, constant, divide, function, multiply, negate, piecewise, postorder, power, rewrite
from sbmlgrn.expr import add as total

_ARITHMETIC: Final = {
    "add": "fadd",
    "multiply": "fmul",
    "subtract": "fsub",
    "divide": "fdiv",
    "remainder": "frem",
    "and": "and",
    "or": "or",
    "xor": "xor",
}
_RELATIONS: Final = {"lt": "olt", "leq": "ole", "gt": "ogt", "geq": "oge", "eq": "oeq", "neq": "une"}
_CALLS: Final = {
    "exp": "llvm.exp.f64",
    "ln": "llvm.log.f64",
    "log10": "llvm.log10.f64",
    "sqrt": "llvm.sqrt.f64",
    "abs": "llvm.fabs.f64",
    "floor": "llvm.floor.f64",
    "ceiling": "llvm.ceil.f64",
    "sin": "llvm.sin.f64",
    "cos": "llvm.cos.f64",
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "min": "llvm.minimum.f64",
    "max": "llvm.maximum.f64",
    "power": "llvm.pow.f64",
}
_TWO_OPERANDS: Final = frozenset({"llvm.minimum.f64", "llvm.maximum.f64", "llvm.pow.f64"})
_LOGICAL: Final = frozenset({"and", "or", "xor"})

LIBM: Final = ("tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "tgamma")
"""Functions of the C library that the code calls by name; LLVM's own intrinsics add `LIBM_OF_INTRINSICS`."""
LIBM_OF_INTRINSICS: Final = ("exp", "log", "log10", "sin", "cos", "pow", "fmod", "floor", "ceil", "trunc", "sincos")


class Source:
    """A module of functions ``void name(double t, double* vector …, double* out)``, without aliasing arguments."""

    def __init__(self) -> None:
        self._functions: list[str] = []
        self._declared: set[str] = set()

    def add(self, name: str, vectors: Sequence[Sequence[Expr]], outputs: Sequence[Expr]) -> None:
        """A function that writes the values of `outputs` one after the other.

        Args:
            name: of the function in the module.
            vectors: for each vector argument, the leaves for which its entries stand.
            outputs: the expressions.

        Raises:
            ValueError: no argument stands for a symbol on which they depend.
        """
        body = _Body(name, vectors, self._declared)
        roots = rewrite(outputs, _without_polygamma)
        for node in postorder(roots):
            body.emit(node)
        stores: list[str] = []
        for i, root in enumerate(roots):
            stores += [f"%o{i} = getelementptr double, ptr %out, i64 {i}"]
            stores += [f"store double {body.names[root]}, ptr %o{i}"]
        arguments = "".join(f", ptr noalias nocapture readonly %v{k}" for k in range(len(vectors)))
        lines = "\n  ".join([*body.lines, *stores, "ret void"])
        self._functions.append(
            f"define void @{name}(double %t{arguments}, ptr noalias nocapture %out) #0 {{\n  {lines}\n}}\n"
        )

    def text(self) -> str:
        """The module as LLVM assembly."""
        declarations = []
        for callee in sorted(self._declared):
            arguments = "double, double" if callee in _TWO_OPERANDS else "double"
            declarations.append(f"declare double @{callee}({arguments}) #1\n")
        attributes = "attributes #0 = { nounwind }\nattributes #1 = { nounwind memory(none) }\n"
        return "".join([*self._functions, *declarations, attributes])


def _without_polygamma(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
    if node.op != "polygamma":
        return None
    assert isinstance(node.value, int)
    return _polygamma(node.value, args[0])


class _Body:
    def __init__(self, name: str, vectors: Sequence[Sequence[Expr]], declared: set[str]) -> None:
        self._name = name
        self._declared = declared
        self._places = {leaf: (k, i) for k, leaves in enumerate(vectors) for i, leaf in enumerate(leaves)}
        self._count = 0
        self.lines: list[str] = []
        self.names: dict[Expr, str] = {TIME: "%t"}

    def emit(self, node: Expr) -> None:
        if node not in self.names:
            self.names[node] = self._value(node)

    def _new(self, instruction: str) -> str:
        self._count += 1
        self.lines.append(f"%x{self._count} = {instruction}")
        return f"%x{self._count}"

    def _call(self, callee: str, *args: str) -> str:
        self._declared.add(callee)
        return self._new(f"call double @{callee}({', '.join(f'double {a}' for a in args)})")

    def _value(self, node: Expr) -> str:
        if node.op == "constant":
            return _literal(node)
        if node in self._places:
            vector, index = self._places[node]
            address = self._new(f"getelementptr double, ptr %v{vector}, i64 {index}")
            return self._new(f"load double, ptr {address}")
        if node.op == "symbol":
            raise ValueError(f"no argument of {self._name!r} stands for {node!r}")
        args = [self.names[a] for a in node.args]
        if node.op in _RELATIONS:
            return self._new(f"fcmp {_RELATIONS[node.op]} double {args[0]}, {args[1]}")
        if node.op == "not":
            return self._new(f"xor i1 {args[0]}, true")
        if node.op == "negate":
            return self._new(f"fneg double {args[0]}")
        if node.op == "piecewise":
            return self._piecewise(args)
        if node.op == "quotient":
            return self._call("llvm.trunc.f64", self._new(f"fdiv double {args[0]}, {args[1]}"))
        if node.op == "factorial":
            return self._call("tgamma", self._new(f"fadd double {args[0]}, 1.0"))
        if node.op == "power":
            return self._power(node.args[1], args)
        kind = "i1" if node.op in _LOGICAL else "double"
        result = args[0]
        if node.op in ("min", "max"):
            for operand in args[1:]:
                result = self._call(_CALLS[node.op], result, operand)
            return result
        instruction = _ARITHMETIC.get(node.op)
        if instruction is None:
            return self._call(_CALLS[node.op], *args)
        for operand in args[1:]:
            result = self._new(f"{instruction} {kind} {result}, {operand}")
        return result

    def _piecewise(self, args: list[str]) -> str:
        result = args[-1]
        for value, condition in zip(reversed(args[0:-1:2]), reversed(args[1::2]), strict=True):
            result = self._new(f"select i1 {condition}, double {value}, double {result}")
        return result

    def _power(self, exponent: Expr, args: list[str]) -> str:
        """Small integer exponents by multiplication: ten times as fast as ``pow``, and within an ulp or two of it."""
        number = exponent.number
        if number is None or number not in (-2, -1, 2, 3, 4):
            return self._call(_CALLS["power"], *args)
        square = self._new(f"fmul double {args[0]}, {args[0]}") if abs(number) > 1 else args[0]
        if number == 3:
            return self._new(f"fmul double {square}, {args[0]}")
        if number == 4:
            return self._new(f"fmul double {square}, {square}")
        return square if number == 2 else self._new(f"fdiv double 1.0, {square}")


def _literal(node: Expr) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    (bits,) = struct.unpack("<Q", struct.pack("<d", node.number))
    return f"0x{bits:016X}"


_SHIFT: Final = 16
_BERNOULLI: Final = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _polygamma(order: int, x: Expr) -> Expr:
    """ψ⁽ⁿ⁾(x) for x > −8, where it is shifted to x + 16 by recurrence (DLMF 5.15.5) and expanded there (5.15.8)."""
    z = x + _SHIFT
    factorial = float(multiply(*range(1, order + 1)).number or 1)
    sign = 1 if order % 2 else -1
    steps = total(*(power(x + k, -order - 1) for k in range(_SHIFT)))
    if order == 0:
        series = function("ln", z) - divide(constant(0.5), z)
        for k, b in enumerate(_BERNOULLI, 1):
            series = series - divide(constant(b / (2 * k)), power(z, 2 * k))
        return piecewise(series - steps, function("gt", x, constant(-8)))
    series = factorial / order * power(z, -order) + factorial / 2 * power(z, -order - 1)
    rising = factorial / order
    for k, b in enumerate(_BERNOULLI, 1):
        # (2k+n−1)!/(2k)! from its predecessor
        rising *= (2 * k + order - 2) * (2 * k + order - 1) / ((2 * k - 1) * 2 * k)
        series = series + constant(b * rising) * power(z, -2 * k - order)
    value = series + factorial * steps
    return piecewise(value if sign > 0 else negate(value), function("gt", x, constant(-8)))
