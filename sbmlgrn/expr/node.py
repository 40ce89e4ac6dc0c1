"""Hash-consed, immutable scalar expressions with the semantics of SBML's MathML subset.

Two structurally equal expressions are the same object, so equality is identity and a shared
subexpression is stored, differentiated and compiled once. Nothing here rewrites an expression in a
way that changes an IEEE-754 result: ``0*x`` stays, because ``x`` may be infinite or NaN. Only the sign of
zero is given up where sums would otherwise be full of zeros: ``x + 0`` is ``x``.

Source: SBML Level 3 Version 2 Core, section 3.4 (mathematical formulas); MathML 2.0, chapter 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from sbmlgrn.expr import ops

Number: TypeAlias = int | float | Fraction
ExprLike: TypeAlias = "Expr | Number"

AVOGADRO: Final = 6.02214179e23
"""Value of the csymbol ``avogadro`` (SBML L3V2 Core, section 3.4.6)."""

_EXACT: Final = 2**53
_table: WeakValueDictionary[tuple[object, ...], Expr] = WeakValueDictionary()


class Expr:
    """One node of the expression graph. Make nodes with the functions of this module, not with the class.

    Attributes:
        op: name of the operation: ``constant``, ``symbol``, ``time``, ``call``, or a key of `ops.OPERATIONS`.
        args: operands, in the order in which they are evaluated.
        value: payload: the number of a constant (``bool``, ``int``, ``Fraction`` or ``float``), the name of
            a symbol or of a called function, the order of ``polygamma``, the number of a random value in its formula,
            which tells it from others of the same distribution.
    """

    __slots__ = ("__weakref__", "args", "op", "value")

    op: str
    args: tuple[Expr, ...]
    value: object

    def __init__(self, op: str, args: tuple[Expr, ...], value: object) -> None:
        object.__setattr__(self, "op", op)
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "value", value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"expressions are immutable; cannot set {name!r}")

    def __reduce__(self) -> tuple[object, ...]:
        return _intern, (self.op, self.args, self.value)

    @property
    def is_boolean(self) -> bool:
        """Whether the node yields a truth value rather than a number."""
        return isinstance(self.value, bool) if self.op == "constant" else self.op in ops.BOOLEAN

    @property
    def number(self) -> float | None:
        """The value as a float if the node is a numeric constant, else ``None``."""
        if self.op != "constant" or isinstance(self.value, bool):
            return None
        return float(self.value)  # type: ignore[arg-type]

    def __add__(self, other: ExprLike) -> Expr:
        return add(self, other)

    def __radd__(self, other: ExprLike) -> Expr:
        return add(other, self)

    def __sub__(self, other: ExprLike) -> Expr:
        return subtract(self, other)

    def __rsub__(self, other: ExprLike) -> Expr:
        return subtract(other, self)

    def __mul__(self, other: ExprLike) -> Expr:
        return multiply(self, other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return multiply(other, self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return divide(self, other)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return divide(other, self)

    def __pow__(self, other: ExprLike) -> Expr:
        return power(self, other)

    def __rpow__(self, other: ExprLike) -> Expr:
        return power(other, self)

    def __neg__(self) -> Expr:
        return negate(self)

    def __repr__(self) -> str:
        from sbmlgrn.expr.printer import to_infix

        return to_infix(self)


def _intern(op: str, args: tuple[Expr, ...], value: object = None) -> Expr:
    tag = value.hex() if isinstance(value, float) else value
    key = (op, type(value), tag, *map(id, args))
    node = _table.get(key)
    if node is None:
        node = _table.setdefault(key, Expr(op, args, value))
    return node


def constant(value: Number | bool) -> Expr:
    """The literal `value`. Integers and rationals stay exact up to 2**53; beyond that they become floats."""
    return _intern("constant", (), value if isinstance(value, bool) else _canonical(value))


def symbol(name: str) -> Expr:
    """The value of the model element or argument called `name`."""
    return _intern("symbol", (), name)


def _canonical(value: Number) -> Number:
    if isinstance(value, Fraction):
        if value.denominator == 1:
            value = value.numerator
        elif max(abs(value.numerator), value.denominator) > _EXACT:
            return float(value)
        else:
            return value
    if isinstance(value, float):
        integral = value.is_integer() and abs(value) <= _EXACT and not (value == 0 and math.copysign(1, value) < 0)
        return int(value) if integral else float(value)
    value = int(value)
    if abs(value) <= _EXACT:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


TIME: Final = _intern("time", ())
TRUE: Final = constant(True)
FALSE: Final = constant(False)
ZERO: Final = constant(0)
ONE: Final = constant(1)
NAN: Final = constant(math.nan)


def as_expr(value: ExprLike) -> Expr:
    """`value` itself if it is an expression, else the constant."""
    return value if isinstance(value, Expr) else constant(value)


def as_number(value: ExprLike) -> Expr:
    """A truth value as 1 or 0 (SBML L3V2 Core, section 3.4.9); a number as it is."""
    node = as_expr(value)
    return make("piecewise", (ONE, node, ZERO)) if node.is_boolean else node


def as_condition(value: ExprLike) -> Expr:
    """A number as the truth value "is not zero" (SBML L3V2 Core, section 3.4.9); a truth value as it is."""
    node = as_expr(value)
    return node if node.is_boolean else make("neq", (node, ZERO))


def make(op: str, args: Sequence[Expr], value: object = None) -> Expr:
    """The node for `op` over `args`, folded where the result is exact or equal to the run-time result.

    Operands are coerced between numbers and truth values as the operation needs.

    Raises:
        ValueError: `op` is unknown or takes another number of operands.
    """
    if op == "constant":
        return constant(value)  # type: ignore[arg-type]
    if op in ("symbol", "time"):
        return _intern(op, (), value)
    if op == "call":
        return _intern(op, tuple(args), value)
    spec = ops.OPERATIONS.get(op)
    if spec is None:
        raise ValueError(f"unknown operation {op!r}")
    if not spec.accepts(len(args)) or (op in ops.DRAWS and len(args) not in ops.DRAWS[op]):
        raise ValueError(f"operation {op!r} takes {spec.arity_text} operands, got {len(args)}")
    if op == "piecewise":
        return _piecewise(tuple(args))
    coerce = as_condition if spec.logical else as_number
    return _simplify(op, tuple(map(coerce, args)), value)


def _simplify(op: str, args: tuple[Expr, ...], value: object) -> Expr:
    if op == "add":
        args = tuple(a for a in args if a is not ZERO)
        if not args:
            return ZERO
    elif op == "multiply":
        args = tuple(a for a in args if a is not ONE)
        if not args:
            return ONE
        if len(args) == 2 and args[0].value == -1 and args[0].op == "constant":
            return negate(args[1])
    elif op in ("and", "or"):
        absorbing, neutral = (FALSE, TRUE) if op == "and" else (TRUE, FALSE)
        if absorbing in args:
            return absorbing
        args = tuple(dict.fromkeys(a for a in args if a is not neutral))
        if not args:
            return neutral
    if op in ops.IDENTITY_OF_ONE and args and not args[1:]:
        return args[0]
    if all(a.op == "constant" for a in args) and op not in ops.NOT_FOLDED:
        return _fold(op, args, value)
    if op == "subtract":
        if args[1] is ZERO:
            return args[0]
    elif (op == "divide" and args[1] is ONE) or (op == "power" and args[1] is ONE):
        return args[0]
    elif op == "power" and args[1] is ZERO:
        return ONE
    elif op in ("negate", "not") and args[0].op == op:
        return args[0].args[0]
    return _intern(op, args, value)


def _fold(op: str, args: tuple[Expr, ...], value: object) -> Expr:
    values = [a.value for a in args]
    evaluate = ops.OPERATIONS[op].evaluate
    operands = [v if isinstance(v, bool) else float(v) for v in values]  # type: ignore[arg-type]
    if op in ops.EXACT and all(isinstance(v, (int, Fraction)) for v in values):
        exact = ops.EXACT[op](*map(Fraction, values))  # type: ignore[arg-type]
        rounded = evaluate(*operands)
        if exact == 0 == rounded and math.copysign(1.0, rounded) < 0:
            return constant(rounded)
        if exact is not None:
            return constant(exact)
    if op == "polygamma":
        operands.insert(0, value)  # type: ignore[arg-type]
    return constant(evaluate(*operands))


def _piecewise(args: tuple[Expr, ...]) -> Expr:
    """Normal form: value, condition, …, otherwise; without a matching piece the value is undefined: NaN."""
    pieces: list[tuple[Expr, Expr]] = []
    otherwise = args[-1] if len(args) % 2 else NAN
    for given, guard in zip(args[0 : len(args) - 1 : 2], args[1::2], strict=True):
        condition = as_condition(guard)
        if condition is FALSE:
            continue
        if condition is TRUE:
            otherwise = given
            break
        pieces.append((given, condition))
    if not pieces:
        return otherwise
    if otherwise.is_boolean and all(v.is_boolean for v, _ in pieces):
        result = otherwise
        for given, condition in reversed(pieces):
            result = or_(and_(condition, given), and_(not_(condition), result))
        return result
    flat = [x for given, condition in pieces for x in (as_number(given), condition)]
    otherwise = as_number(otherwise)
    if all(x is otherwise for x in flat[::2]):
        return otherwise
    return _intern("piecewise", (*flat, otherwise))


def add(*terms: ExprLike) -> Expr:
    """Sum, evaluated from the left; 0 without terms."""
    return make("add", [as_expr(t) for t in terms])


def multiply(*factors: ExprLike) -> Expr:
    """Product, evaluated from the left; 1 without factors."""
    return make("multiply", [as_expr(f) for f in factors])


def subtract(left: ExprLike, right: ExprLike) -> Expr:
    """``left - right``."""
    return make("subtract", (as_expr(left), as_expr(right)))


def divide(left: ExprLike, right: ExprLike) -> Expr:
    """``left / right`` with IEEE results: 1/0 is infinite, 0/0 is NaN."""
    return make("divide", (as_expr(left), as_expr(right)))


def power(base: ExprLike, exponent: ExprLike) -> Expr:
    """``base ** exponent`` as C's ``pow``: NaN for a negative base with a fractional exponent."""
    return make("power", (as_expr(base), as_expr(exponent)))


def negate(operand: ExprLike) -> Expr:
    """``-operand``."""
    return make("negate", (as_expr(operand),))


def function(name: str, *args: ExprLike) -> Expr:
    """The operation `name` of `ops.OPERATIONS`, e.g. ``function("exp", x)``."""
    return make(name, [as_expr(a) for a in args])


def call(name: str, args: Iterable[ExprLike]) -> Expr:
    """Application of the model's function definition `name`."""
    return make("call", [as_expr(a) for a in args], name)


def piecewise(*args: ExprLike) -> Expr:
    """``piecewise(value, condition, …[, otherwise])``: the value of the first condition that holds."""
    return make("piecewise", [as_expr(a) for a in args])


def and_(*conditions: ExprLike) -> Expr:
    """Conjunction; true without operands."""
    return make("and", [as_expr(c) for c in conditions])


def or_(*conditions: ExprLike) -> Expr:
    """Disjunction; false without operands."""
    return make("or", [as_expr(c) for c in conditions])


def not_(condition: ExprLike) -> Expr:
    """Negation."""
    return make("not", (as_expr(condition),))


def relation(op: str, *args: ExprLike) -> Expr:
    """``lt leq gt geq eq`` chained over two or more operands; ``neq`` over two (MathML 2.0, 4.4.4)."""
    nodes = [as_expr(a) for a in args]
    if len(nodes) < 2 and op != "neq":
        return TRUE
    if op == "neq" and len(nodes) != 2:
        raise ValueError(f"operation 'neq' takes 2 operands, got {len(nodes)}")
    return and_(*(make(op, pair) for pair in pairwise(nodes)))
