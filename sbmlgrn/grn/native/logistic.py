"""The logistic function as straight arithmetic: a compiler makes SIMD instructions of it, and of ``exp`` a call."""

from __future__ import annotations

import math
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sbmlgrn.ode.native.loop import inlined

_LOG2E: Final = 1.4426950408889634
_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
_ROUND: Final = 6755399441055744.0
"""1.5 · 2^52: what is added to it is rounded to an integer, which stands in the lowest bits of the sum."""
_FARTHEST: Final = 700.0
_C: Final = tuple(1.0 / math.factorial(n) for n in range(14))


@intrinsic
def _power_of_two(_context: Any, rounded: Any) -> Any:
    """2^k, where `rounded` is k + `_ROUND`: k is shifted to where a number has its exponent."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        bits = builder.shl(builder.bitcast(arguments[0], integer), integer(52))
        return builder.bitcast(builder.add(bits, integer(1023 << 52)), ir.DoubleType())

    return types.float64(types.float64), code


@inlined
def logistic(z: float) -> float:
    """1 / (1 + exp(−z)) to a few units in the last place; exp by its Taylor series within ln 2 / 2 of 0."""
    x = min(max(-z, -_FARTHEST), _FARTHEST)
    rounded = x * _LOG2E + _ROUND
    k = rounded - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    q = _C[13]
    q = q * r + _C[12]
    q = q * r + _C[11]
    q = q * r + _C[10]
    q = q * r + _C[9]
    q = q * r + _C[8]
    q = q * r + _C[7]
    q = q * r + _C[6]
    q = q * r + _C[5]
    q = q * r + _C[4]
    q = q * r + _C[3]
    q = q * r + _C[2]
    q = q * r + 1.0
    q = q * r + 1.0
    return 1.0 / (1.0 + q * _power_of_two(rounded))  # pyright: ignore[reportCallIssue]
