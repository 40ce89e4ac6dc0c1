"""The operations of the expression graph: arity, kind, and evaluation in Python floats (IEEE-754 binary64).

The evaluators never raise: what C's ``math.h`` answers with infinity or NaN, they answer so too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from scipy import special as _special

Evaluate = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """What the graph knows of an operation.

    Attributes:
        evaluate: operands as floats (or bools) → float (or bool); ``polygamma`` takes its order, the payload of
            the node, before its operand.
        minimum: fewest operands.
        maximum: most operands; ``None`` where there is no limit.
        logical: whether the operands are truth values.
        boolean: whether the result is a truth value.
    """

    evaluate: Evaluate
    minimum: int
    maximum: int | None
    logical: bool = False
    boolean: bool = False

    def accepts(self, count: int) -> bool:
        """Whether the operation can take `count` operands."""
        return count >= self.minimum and (self.maximum is None or count <= self.maximum)

    @property
    def arity_text(self) -> str:
        """The number of operands, for messages."""
        if self.maximum is None:
            return f"at least {self.minimum}"
        return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum} to {self.maximum}"


def _guard(f: Callable[..., float], invalid: float = math.nan) -> Callable[..., float]:
    def evaluate(*args: float) -> float:
        try:
            return f(*args)
        except ValueError:
            return invalid
        except OverflowError:
            return math.inf

    return evaluate


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a == 0:  # a negative exponent: a pole, signed for odd integers
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return math.nan


def _log(f: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: -math.inf if x == 0 else _guard(f)(x)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _atanh(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) == 1 else _guard(math.atanh)(x)


def _round(f: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: math.copysign(f(x), x) if math.isfinite(x) else x  # the zero from −0.5 is −0


def _extreme(choose: Callable[[float, float], float]) -> Evaluate:
    def evaluate(*args: float) -> float:
        result = args[0]
        for x in args[1:]:
            result = math.nan if math.isnan(x) or math.isnan(result) else choose(result, x)
        return result

    return evaluate


def _remainder(a: float, b: float) -> float:
    return _guard(math.fmod)(a, b)


def _quotient(a: float, b: float) -> float:
    ratio = _divide(a, b)
    return math.copysign(math.trunc(ratio), ratio) if math.isfinite(ratio) else ratio


def _sum(*terms: float) -> float:
    result = terms[0]
    for term in terms[1:]:
        result += term
    return result


def _product(*factors: float) -> float:
    result = factors[0]
    for factor in factors[1:]:
        result *= factor
    return result


def piecewise(*args: Any) -> float:
    """Value of the first condition that holds, else the last operand."""
    for value, condition in zip(args[0:-1:2], args[1::2], strict=True):
        if condition:
            return value
    return args[-1]


def _unary(f: Callable[[float], float]) -> Operation:
    return Operation(f, 1, 1)


def _binary(f: Callable[[float, float], float]) -> Operation:
    return Operation(f, 2, 2)


def _relation(f: Callable[[float, float], bool]) -> Operation:
    return Operation(f, 2, 2, boolean=True)


DRAWS: Final[dict[str, tuple[int, ...]]] = {
    "normal": (2, 4),
    "uniform": (2,),
    "bernoulli": (1,),
    "binomial": (2, 4),
    "cauchy": (1, 2, 4),
    "chisquare": (1, 3),
    "exponential": (1, 3),
    "gamma": (2, 4),
    "laplace": (1, 2, 4),
    "lognormal": (2, 4),
    "poisson": (1, 3),
    "rayleigh": (1, 3),
}
"""Random values by distribution, and how many operands each can take; the last two of many are limits of the value.

Source: SBML Level 3 Package: Distributions, Version 1, section 3.
"""

OPERATIONS: Final[dict[str, Operation]] = {
    "add": Operation(_sum, 0, None),
    "multiply": Operation(_product, 0, None),
    "subtract": _binary(lambda a, b: a - b),
    "divide": _binary(_divide),
    "power": _binary(_power),
    "negate": _unary(lambda a: -a),
    "exp": _unary(_exp),
    "ln": _unary(_log(math.log)),
    "log10": _unary(_log(math.log10)),
    "sqrt": _unary(_guard(math.sqrt)),
    "abs": _unary(abs),
    "floor": _unary(_round(math.floor)),
    "ceiling": _unary(_round(math.ceil)),
    "factorial": _unary(lambda x: float(_special.gamma(x + 1))),
    "polygamma": Operation(lambda order, x: float(_special.polygamma(order, x)), 1, 1),
    "sin": _unary(_guard(math.sin)),
    "cos": _unary(_guard(math.cos)),
    "tan": _unary(_guard(math.tan)),
    "arcsin": _unary(_guard(math.asin)),
    "arccos": _unary(_guard(math.acos)),
    "arctan": _unary(math.atan),
    "sinh": _unary(_sinh),
    "cosh": _unary(_guard(math.cosh)),
    "tanh": _unary(math.tanh),
    "arcsinh": _unary(math.asinh),
    "arccosh": _unary(_guard(math.acosh)),
    "arctanh": _unary(_atanh),
    "min": Operation(_extreme(min), 1, None),
    "max": Operation(_extreme(max), 1, None),
    "remainder": _binary(_remainder),
    "quotient": _binary(_quotient),
    "lt": _relation(lambda a, b: a < b),
    "leq": _relation(lambda a, b: a <= b),
    "gt": _relation(lambda a, b: a > b),
    "geq": _relation(lambda a, b: a >= b),
    "eq": _relation(lambda a, b: a == b),
    "neq": _relation(lambda a, b: a != b),
    "and": Operation(lambda *c: all(c), 0, None, logical=True, boolean=True),
    "or": Operation(lambda *c: any(c), 0, None, logical=True, boolean=True),
    "xor": Operation(lambda *c: sum(map(bool, c)) % 2 == 1, 0, None, logical=True, boolean=True),
    "not": Operation(lambda c: not c, 1, 1, logical=True, boolean=True),
    "piecewise": Operation(piecewise, 1, None),
    "delay": Operation(lambda x, lag: math.nan, 2, 2),
    "rate_of": Operation(lambda x: math.nan, 1, 1),
    **{name: Operation(lambda *args: math.nan, min(counts), max(counts)) for name, counts in DRAWS.items()},
}

BOOLEAN: Final = frozenset(name for name, op in OPERATIONS.items() if op.boolean)
RELATIONS: Final = frozenset({"lt", "leq", "gt", "geq", "eq", "neq"})
IDENTITY_OF_ONE: Final = frozenset({"add", "multiply", "and", "or", "xor", "min", "max"})
NOT_FOLDED: Final = frozenset({"delay", "rate_of", *DRAWS})


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    small = exponent.denominator == 1 and abs(exponent) <= 64
    return base**exponent.numerator if small and (base != 0 or exponent >= 0) else None


def _exact_sum(*terms: Fraction) -> Fraction:
    return sum(terms, Fraction(0))


EXACT: Final[dict[str, Callable[..., Fraction | None]]] = {
    "add": _exact_sum,
    "multiply": lambda *factors: math.prod(factors, start=Fraction(1)),
    "subtract": lambda a, b: a - b,
    "divide": lambda a, b: a / b if b != 0 else None,
    "negate": lambda a: -a,
    "power": _exact_power,
}
"""Operations that are carried out in rational arithmetic when all operands are integers or rationals."""
