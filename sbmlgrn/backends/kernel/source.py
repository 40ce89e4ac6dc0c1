"""Expressions → LLVM IR over doubles. The text is built from nodes alone, never from text of a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sbmlgrn.backends.kernel import vectormath
from sbmlgrn.backends.kernel.block import Block
from sbmlgrn.expr import (
    TIME,
    Expr,
    as_number,
    constant,
    divide,
    function,
    multiply,
    negate,
    piecewise,
    postorder,
    power,
    rewrite,
)
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
    "exp": "llvm.exp",
    "ln": "llvm.log",
    "log10": "llvm.log10",
    "sqrt": "llvm.sqrt",
    "abs": "llvm.fabs",
    "floor": "llvm.floor",
    "ceiling": "llvm.ceil",
    "sin": "llvm.sin",
    "cos": "llvm.cos",
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
    "min": "llvm.minimum",
    "max": "llvm.maximum",
    "power": "llvm.pow",
}
_VECTORS: Final = {_CALLS[name]: name for name in vectormath.FUNCTIONS}
_LOGICAL: Final = frozenset({"and", "or", "xor"})

LIBM: Final = ("tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "tgamma")
"""Functions of the C library that the code calls by name; LLVM's own intrinsics add `LIBM_OF_INTRINSICS`."""
LIBM_OF_INTRINSICS: Final = (
    *("exp", "log", "log10", "sin", "cos", "pow", "fma", "fmod", "floor", "ceil", "trunc", "sincos"),
)


_POWER: Final = frozenset(
    {
        "declare double @llvm.pow.f64(double, double) #1\n",
        """define internal double @power(double %x, double %n) #0 {
  %two = fcmp oeq double %n, 2.0
  br i1 %two, label %square, label %others
square:
  %xx = fmul double %x, %x
  ret double %xx
others:
  %one = fcmp oeq double %n, 1.0
  br i1 %one, label %same, label %odd
same:
  ret double %x
odd:
  %three = fcmp oeq double %n, 3.0
  br i1 %three, label %cube, label %even
cube:
  %x2 = fmul double %x, %x
  %x3 = fmul double %x2, %x
  ret double %x3
even:
  %four = fcmp oeq double %n, 4.0
  br i1 %four, label %fourth, label %any
fourth:
  %y2 = fmul double %x, %x
  %y4 = fmul double %y2, %y2
  ret double %y4
any:
  %z = call double @llvm.pow.f64(double %x, double %n)
  ret double %z
}
""",
    }
)
"""``x^n`` where n is known at run time only: most often it is a Hill coefficient, and a small integer."""


class Source:
    """A module of functions ``void name(double t, double* vector …, double* out)``, without aliasing arguments.

    Args:
        lanes: how many points a function takes at once. If more than one, every entry of a vector is that many doubles,
            one for each point, and so is the time, of which the address is given.
    """

    def __init__(self, lanes: int = 1) -> None:
        self._lanes = lanes
        self._functions: list[str] = []
        self._declared: set[str] = set()

    def add(self, name: str, vectors: Sequence[Sequence[Expr]], outputs: Sequence[Expr]) -> None:
        """A function that writes the values of `outputs` one after the other.

        Args:
            name: of the function in the module.
            vectors: for each vector argument, the leaves for which its entries stand.
            outputs: the expressions; a truth value is written as 1 or 0.

        Raises:
            ValueError: no argument stands for a symbol on which they depend.
        """
        body = Body(name, self._declared, self._lanes)
        for k, leaves in enumerate(vectors):
            for i, leaf in enumerate(leaves):
                body.read(leaf, f"%v{k}", i)
        roots = body.emit(outputs)
        stores: list[str] = []
        for i, root in enumerate(roots):
            stores += [f"%o{i} = getelementptr {body.number}, ptr %out, i64 {i}"]
            stores += [f"store {body.number} {root}, ptr %o{i}, align 8"]
        arguments = "".join(f", ptr noalias nocapture readonly %v{k}" for k in range(len(vectors)))
        time, load = ("double %t", []) if self._lanes == 1 else ("ptr noalias nocapture readonly %time", [body.time()])
        lines = "\n  ".join([*load, *body.lines, *stores, "ret void"])
        self._functions.append(
            f"define void @{name}({time}{arguments}, ptr noalias nocapture %out) #0 {{\n  {lines}\n}}\n"
        )

    def text(self) -> str:
        """The module as LLVM assembly."""
        attributes = "attributes #0 = { nounwind }\nattributes #1 = { nounwind memory(none) }\n"
        return "".join([*self._functions, *sorted(self._declared), attributes])


def without_polygamma(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
    """Of `rewrite`: polygamma functions by operations that machines have."""
    if node.op != "polygamma":
        return None
    assert isinstance(node.value, int)
    return _polygamma(node.value, args[0])


class Body(Block):
    """Instructions of one function, of a value for each expression.

    Args:
        name: of the function, for messages.
        declared: collects the functions that it calls.
        lanes: how many points are evaluated at once; every value is then a vector of so many doubles.

    Attributes:
        names: expressions that have a value → its name.
    """

    def __init__(self, name: str, declared: set[str], lanes: int = 1) -> None:
        super().__init__(lanes)
        self._name = name
        self._declared = declared
        self._places: dict[Expr, tuple[str, int]] = {}
        self.names: dict[Expr, str] = {TIME: "%t"}

    def read(self, leaf: Expr, vector: str, index: int) -> None:
        """Lets `leaf` stand for an entry of the array at the pointer `vector`, loaded where it is first needed."""
        self._places[leaf] = (vector, index)

    def emit(self, outputs: Sequence[Expr]) -> list[str]:
        """Instructions for the values of `outputs`; returns their names.

        Raises:
            ValueError: nothing stands for a symbol on which they depend.
        """
        roots = rewrite(map(as_number, outputs), without_polygamma)
        for node in postorder(roots):
            if node not in self.names:
                self.names[node] = self._value(node)
        return [self.names[root] for root in roots]

    def time(self) -> str:
        """The instruction that loads the time of each lane."""
        return f"%t = load {self.number}, ptr %time, align 8"

    def call(self, callee: str, *args: str) -> str:
        """Calls a function of numbers: an intrinsic of LLVM (without its suffix) or one of the C library."""
        if self._lanes > 1 and callee in _VECTORS:
            name, texts = vectormath.definitions(_VECTORS[callee], self._lanes)
            self._declared.update(texts)
            return self.new(f"call {self.number} @{name}({', '.join(f'{self.number} {a}' for a in args)})")
        if callee.startswith("llvm."):
            return self._call(f"{callee}.{self._suffix}", self.number, *args)
        if self._lanes == 1:
            return self._call(callee, self.number, *args)
        result = "undef"
        for lane in range(self._lanes):
            parts = [self.new(f"extractelement {self.number} {a}, i32 {lane}") for a in args]
            value = self._call(callee, "double", *parts)
            result = self.new(f"insertelement {self.number} {result}, double {value}, i32 {lane}")
        return result

    def _call(self, callee: str, kind: str, *args: str) -> str:
        self._declared.add(f"declare {kind} @{callee}({', '.join([kind] * len(args))}) #1\n")
        return self.new(f"call {kind} @{callee}({', '.join(f'{kind} {a}' for a in args)})")

    def _value(self, node: Expr) -> str:
        if node.op == "constant":
            return self.literal(node.value if isinstance(node.value, bool) else float(node.number or 0.0))
        if node in self._places:
            vector, index = self._places[node]
            address = self.new(f"getelementptr {self.number}, ptr {vector}, i64 {index}")
            return self.new(f"load {self.number}, ptr {address}, align 8")
        if node.op == "symbol":
            raise ValueError(f"no argument of {self._name!r} stands for {node!r}")
        args = [self.names[a] for a in node.args]
        if node.op in _RELATIONS:
            return self.new(f"fcmp {_RELATIONS[node.op]} {self.number} {args[0]}, {args[1]}")
        if node.op == "not":
            return self.new(f"xor {self.truth} {args[0]}, {self.literal(True)}")
        if node.op == "negate":
            return self.new(f"fneg {self.number} {args[0]}")
        if node.op == "piecewise":
            return self._piecewise(args)
        if node.op == "quotient":
            return self.call("llvm.trunc", self.new(f"fdiv {self.number} {args[0]}, {args[1]}"))
        if node.op == "factorial":
            return self.call("tgamma", self.new(f"fadd {self.number} {args[0]}, {self.literal(1.0)}"))
        if node.op == "power":
            return self._power(node.args[1], args)
        kind = self.truth if node.op in _LOGICAL else self.number
        result = args[0]
        if node.op in ("min", "max"):
            for operand in args[1:]:
                result = self.call(_CALLS[node.op], result, operand)
            return result
        instruction = _ARITHMETIC.get(node.op)
        if instruction is None:
            return self.call(_CALLS[node.op], *args)
        for operand in args[1:]:
            result = self.new(f"{instruction} {kind} {result}, {operand}")
        return result

    def _piecewise(self, args: list[str]) -> str:
        result = args[-1]
        for value, condition in zip(reversed(args[0:-1:2]), reversed(args[1::2]), strict=True):
            result = self.new(f"select {self.truth} {condition}, {self.number} {value}, {self.number} {result}")
        return result

    def _power(self, exponent: Expr, args: list[str]) -> str:
        """Small integer exponents by multiplication: ten times as fast as ``pow``, and within an ulp or two of it."""
        number = exponent.number
        if number is None and self._lanes == 1:
            self._declared |= _POWER
            return self.new(f"call double @power(double {args[0]}, double {args[1]})")
        if number is None or number not in (-2, -1, 2, 3, 4):
            return self.call(_CALLS["power"], *args)
        square = self._product(args[0], args[0]) if abs(number) > 1 else args[0]
        if number == 3:
            return self._product(square, args[0])
        if number == 4:
            return self._product(square, square)
        return square if number == 2 else self.new(f"fdiv {self.number} {self.literal(1.0)}, {square}")

    def _product(self, left: str, right: str) -> str:
        return self.new(f"fmul {self.number} {left}, {right}")


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
