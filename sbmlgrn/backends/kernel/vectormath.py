"""Elementary functions of vectors of doubles, as functions in LLVM assembly.

They are accurate to two units in the last place, where the result is not subnormal, and give what the C library gives
for zeros, infinities, NaN and arguments outside of the domain. Each lane has the value that it would have beside any
other: what only some lanes need is selected, or computed for those lanes alone.

Sources: Tang 1989, ACM Trans. Math. Softw. 15:144 (argument reduction of exp); Ng's FDLIBM ``e_log.c`` (the logarithm
of `ln`); Dekker 1971, Numer. Math. 18:224 (sums and products of two doubles, in which `power` has its logarithm). The
other coefficients are those of polynomials that interpolate at Chebyshev's points, computed with mpmath.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

from sbmlgrn.backends.kernel.block import Block

LN2_HIGH: Final = 6.93147180369123816490e-01
"""ln 2 to 32 bits, so that products with an exponent are exact."""
LN2_LOW: Final = 1.90821492927058770002e-10
"""The rest of it."""
_PER_LN2: Final = 1.4426950408889634
_PER_LN10: Final = (0.4342944819032518, 1.098319650216765e-17)
_TWO_THIRDS: Final = (0.6666666666666666, 3.700743415417188e-17)
SQUARE_ROOT_OF_HALF: Final = 0x3FE6A09E667F3BCD
"""Its bits."""
MAGIC: Final = 6755399441055744.0
"""1.5·2⁵²: an integer added to it appears in its bits."""
MAGIC_BITS: Final = 0x4338000000000000
_INFINITY_BITS: Final = 0x7FF0000000000000
_LEAST_NORMAL_BITS: Final = 0x0010000000000000
_USUAL_LOGARITHM: Final = 700.0
"""A bound on |ln y| within which y is normal."""
_ONE_BITS: Final = 0x3FF0000000000000

_EXP: Final = (
    0.5,
    0.1666666666666667,
    0.04166666666666667,
    0.008333333333325544,
    0.0013888888888883327,
    0.00019841269876864356,
    2.4801587327007187e-05,
    2.755725283351691e-06,
    2.75572718102198e-07,
    2.5106274733573296e-08,
    2.0915442297780116e-09,
)
"""(eˣ − 1 − x)/x² for |x| ≤ ln(2)/2."""
LOG: Final = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_ATANH: Final = (
    0.4,
    0.28571428571429397,
    0.2222222222163872,
    0.18181818339274178,
    0.15384594548822192,
    0.1333482713840113,
    0.11705636779742862,
    0.11729432858067294,
)
"""What follows 2 and 2z/3 in 2 artanh(s)/s, in powers of z = s² beyond the first, for |s| ≤ 3 − √8."""
_TANH: Final = (
    -0.3333333333333333,
    0.13333333333333222,
    -0.053968253968075294,
    0.02186948852507204,
    -0.008863235176554978,
    0.0035921214458740428,
    -0.0014557574334033991,
    0.0005894466703223478,
    -0.00023628185962176488,
    8.805408599883927e-05,
    -2.283470841950176e-05,
)
"""(tanh(x)/x − 1)/x² in powers of x², for |x| ≤ ½."""

FUNCTIONS: Final = {"exp": 1, "ln": 1, "log10": 1, "tanh": 1, "power": 2}
"""Names of the functions, and how many arguments they have."""


_ARGUMENTS: Final = ("%a", "%b")


@functools.cache
def definitions(function: str, lanes: int) -> tuple[str, frozenset[str]]:
    """The name of an elementary function of vectors, and what has to be in the module for it.

    Args:
        function: one of `FUNCTIONS`.
        lanes: length of the vectors.
    """
    return f"vector.{function}", frozenset(_defined(function, lanes, FUNCTIONS[function]))


def _defined(function: str, lanes: int, count: int) -> list[str]:
    code = _Code(lanes)
    arguments = _ARGUMENTS[:count]
    result = getattr(code, function)(*arguments)
    declared = ", ".join(f"{code.number} {a}" for a in arguments)
    body = "\n  ".join([*code.lines, f"ret {code.number} {result}"])
    apart = "" if function in FUNCTIONS else "noinline "
    text = f"define internal {code.number} @vector.{function}({declared}) {apart}#1 {{\nentry:\n  {body}\n}}\n"
    return [text, *code.declared]


class _Code(Block):
    """Instructions of one function; its methods return the names of their results."""

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.declared: list[str] = []
        self._last = "%strange"

    def exp(self, x: str) -> str:
        return self._whole_exp(x)

    def ln(self, x: str) -> str:
        return self._outside(x, self._ln(*self._reduced(x)))

    def log10(self, x: str) -> str:
        high, low = self._ln_twice(*self._reduced(x))
        top, rest = (self.literal(c) for c in _PER_LN10)
        product, error = self._two_product(high, top)
        tail = self._fma(low, top, self._fma(high, rest, error))
        return self._outside(x, self._add(product, tail))

    def tanh(self, x: str) -> str:
        size = self._unary("llvm.fabs", x)
        square = self._multiply(x, x)
        near = self._fma(self._multiply(x, square), self._polynomial(square, _TANH), x)
        grown = self._whole_exp(self._add(size, size))
        far = self._subtract(self.literal(1.0), self._divide(self.literal(2.0), self._add(grown, self.literal(1.0))))
        value = self._select(self._compare("olt", size, self.literal(0.5)), near, far)
        return self._binary("llvm.copysign", value, x)

    def power(self, x: str, n: str) -> str:
        """Where all is usual by the shortest way, which gives the same as `_any_power`, by which the others go."""
        pattern = self.new(f"bitcast {self.number} {x} to {self.integer}")
        above = self.new(f"sub {self.integer} {pattern}, {self.bits(_LEAST_NORMAL_BITS)}")
        normal = self.new(f"icmp ult {self.integer} {above}, {self.bits(_INFINITY_BITS - _LEAST_NORMAL_BITS)}")
        k, m = self._split(pattern)
        high, low = self._ln_twice(self._subtract(k, self.literal(MAGIC)), m)
        product, error = self._two_product(n, high)
        low = self._fma(n, low, error)
        value, exponent = self._exp(product, low)
        scaled = self.new(f"bitcast {self.number} {value} to {self.integer}")
        scaled = self.new(f"add {self.integer} {scaled}, {self._shifted(exponent)}")
        value = self.new(f"bitcast {self.integer} {scaled} to {self.number}")
        bounded = self._compare("olt", self._unary("llvm.fabs", product), self.literal(_USUAL_LOGARITHM))
        usual = self.new(f"and {self.truth} {normal}, {bounded}")
        # 1, 2, 3 and 4, which code for one point at a time treats in the same way
        whole = self._compare("oeq", self._unary("llvm.floor", n), n)
        small = self._compare("olt", self._unary("llvm.fabs", n), self.literal(5.0))
        usual = self.new(f"and {self.truth} {usual}, {self._not(self.new(f'and {self.truth} {whole}, {small}'))}")
        self.lines += [f"br i1 {self._any(self._not(usual))}, label %others, label %done", "others:"]
        self.declared += _defined("any_power", self._lanes, 2)
        mended = self.new(f"call {self.number} @vector.any_power({self.number} {x}, {self.number} {n})")
        mended = self._select(usual, value, mended)
        self.lines += ["br label %done", "done:"]
        return self.new(f"phi {self.number} [ {value}, %entry ], [ {mended}, %others ]")

    def any_power(self, x: str, n: str) -> str:
        """xⁿ for any arguments."""
        square = self._multiply(x, x)
        simple, known = x, self._compare("oeq", n, self.literal(1.0))
        products = ((2.0, square), (3.0, self._multiply(square, x)), (4.0, self._multiply(square, square)))
        for exponent, product in products:
            here = self._compare("oeq", n, self.literal(exponent))
            simple = self._select(here, product, simple)
            known = self.new(f"or {self.truth} {known}, {here}")
        self.lines += [f"br i1 {self._any(self._not(known))}, label %general, label %multiplied", "general:"]
        value = self._select(known, simple, self._positive_power(x, n))
        # the sign bit, an infinite or undefined base, and an exponent that is undefined or beyond all measure
        pattern = self.new(f"bitcast {self.number} {x} to {self.integer}")
        usual = self.new(f"icmp ult {self.integer} {pattern}, {self.bits(_INFINITY_BITS)}")
        bounded = self._compare("olt", self._unary("llvm.fabs", n), self.literal(2.0**60))
        usual = self.new(f"and {self.truth} {usual}, {bounded}")
        usual = self.new(f"or {self.truth} {usual}, {known}")
        strange = self._not(usual)
        self.lines += [f"br i1 {self._any(strange)}, label %strange, label %usual", "strange:"]
        mended = self._one_by_one("llvm.pow", strange, value, x, n)
        self.lines += ["br label %usual", "usual:"]
        value = self.new(f"phi {self.number} [ {value}, %general ], [ {mended}, {self._last} ]")
        self.lines += ["br label %multiplied", "multiplied:"]
        return self.new(f"phi {self.number} [ {simple}, %entry ], [ {value}, %usual ]")

    def _positive_power(self, x: str, n: str) -> str:
        """xⁿ for finite x > 0, and for x = 0."""
        high, low = self._ln_twice(*self._reduced(x))
        product, error = self._two_product(n, high)
        value = self._whole_exp(product, self._fma(n, low, error))
        none = self._compare("oeq", x, self.literal(0.0))
        falls = self._compare("olt", n, self.literal(0.0))
        limit = self._select(falls, self.literal(float("inf")), self.literal(0.0))
        limit = self._select(self._compare("oeq", n, self.literal(0.0)), self.literal(1.0), limit)
        return self._select(none, limit, value)

    def _whole_exp(self, x: str, low: str | None = None) -> str:
        """The exponential of any `x`, or of its sum with `low`, which is far smaller."""
        bounded = self._select(self._compare("ogt", x, self.literal(1000.0)), self.literal(1000.0), x)
        bounded = self._select(self._compare("olt", bounded, self.literal(-1000.0)), self.literal(-1000.0), bounded)
        if low is not None:
            # infinite parts of what is beyond bounds would cancel to NaN
            low = self._select(self._compare("une", x, bounded), self.literal(0.0), low)
        value, exponent = self._exp(bounded, low)
        # in two steps, since the power of 2 may be beyond the range of doubles where the result is not
        half = self.new(f"ashr {self.integer} {exponent}, {self.bits(1)}")
        rest = self.new(f"sub {self.integer} {exponent}, {half}")
        value = self._multiply(value, self._power_of_two(half))
        return self._multiply(value, self._power_of_two(rest))

    def _exp(self, x: str, low: str | None) -> tuple[str, str]:
        """The exponential of `x`, or of its sum with `low`, in two parts: a number about 1 and an exponent of 2."""
        shifted = self._fma(x, self.literal(_PER_LN2), self.literal(MAGIC))
        k = self._subtract(shifted, self.literal(MAGIC))
        pattern = self.new(f"bitcast {self.number} {shifted} to {self.integer}")
        exponent = self.new(f"sub {self.integer} {pattern}, {self.bits(MAGIC_BITS)}")
        r = self._fma(k, self.literal(-LN2_HIGH), x)
        r = self._fma(k, self.literal(-LN2_LOW), r)
        if low is not None:
            r = self._add(r, low)
        square = self._multiply(r, r)
        value = self._add(self.literal(1.0), self._fma(square, self._polynomial(r, _EXP), r))
        return value, exponent

    def _shifted(self, exponent: str) -> str:
        return self.new(f"shl {self.integer} {exponent}, {self.bits(52)}")

    def _power_of_two(self, exponent: str) -> str:
        pattern = self.new(f"add {self.integer} {self._shifted(exponent)}, {self.bits(_ONE_BITS)}")
        return self.new(f"bitcast {self.integer} {pattern} to {self.number}")

    def _normal(self, x: str) -> tuple[str, str]:
        """The bits of `x`, or of 2⁵⁴x where it is subnormal, and whether it is."""
        small = self._compare("olt", x, self.literal(2.0**-1022))
        grown = self._multiply(x, self.literal(2.0**54))
        return self.new(f"bitcast {self.number} {self._select(small, grown, x)} to {self.integer}"), small

    def _reduced(self, x: str) -> tuple[str, str]:
        """K and m with x = 2ᵏm and m between √½ and √2, for any positive `x`."""
        bits, small = self._normal(x)
        k, m = self._split(bits)
        return self._subtract(k, self._select(small, self.literal(MAGIC + 54), self.literal(MAGIC))), m

    def _split(self, bits: str) -> tuple[str, str]:
        """K + 1.5·2⁵² and m for the bits of a normal number."""
        offset = self.new(f"sub {self.integer} {bits}, {self.bits(SQUARE_ROOT_OF_HALF)}")
        exponent = self.new(f"ashr {self.integer} {offset}, {self.bits(52)}")
        mantissa = self.new(f"sub {self.integer} {bits}, {self._shifted(exponent)}")
        m = self.new(f"bitcast {self.integer} {mantissa} to {self.number}")
        magic = self.new(f"add {self.integer} {exponent}, {self.bits(MAGIC_BITS)}")
        return self.new(f"bitcast {self.integer} {magic} to {self.number}"), m

    def _ln(self, k: str, m: str) -> str:
        f = self._subtract(m, self.literal(1.0))
        s = self._divide(f, self._add(f, self.literal(2.0)))
        z = self._multiply(s, s)
        half = self._multiply(self._multiply(f, f), self.literal(0.5))
        tail = self._multiply(s, self._fma(z, self._polynomial(z, LOG), half))
        tail = self._fma(k, self.literal(LN2_LOW), tail)
        small = self._subtract(self._subtract(half, tail), f)
        return self._fma(k, self.literal(LN2_HIGH), self.new(f"fneg {self.number} {small}"))

    def _ln_twice(self, k: str, m: str) -> tuple[str, str]:
        """ln(2ᵏm) as a sum of two doubles, with an error of 2⁻⁶³."""
        f = self._subtract(m, self.literal(1.0))
        d = self._add(f, self.literal(2.0))
        d_low = self._subtract(f, self._subtract(d, self.literal(2.0)))
        inverse = self._divide(self.literal(1.0), d)
        s = self._multiply(f, inverse)
        left = self._fma(self._negative(s), d, f)
        left = self._fma(self._negative(s), d_low, left)
        s_low = self._multiply(left, inverse)
        z, z_low = self._two_product(s, s)
        z_low = self._fma(self._add(s, s), s_low, z_low)
        top, rest = (self.literal(c) for c in _TWO_THIRDS)
        c, c_low = self._two_sum(top, self._multiply(z, self._polynomial(z, _ATANH)))
        c_low = self._add(c_low, rest)
        cube, cube_low = self._two_product(s, z)
        cube_low = self._fma(s, z_low, self._fma(s_low, z, cube_low))
        term, term_low = self._two_product(cube, c)
        term_low = self._fma(cube, c_low, self._fma(cube_low, c, term_low))
        high, low = self._two_sum(self._multiply(k, self.literal(LN2_HIGH)), self._add(s, s))
        high, more = self._two_sum(high, term)
        low = self._add(self._add(low, more), self._add(term_low, self._add(s_low, s_low)))
        low = self._fma(k, self.literal(LN2_LOW), low)
        return self._two_sum(high, low)

    def _outside(self, x: str, logarithm: str) -> str:
        """The logarithm, or what takes its place where `x` is not positive or not finite."""
        value = self._select(self._compare("oeq", x, self.literal(0.0)), self.literal(float("-inf")), logarithm)
        value = self._select(self._compare("oeq", x, self.literal(float("inf"))), x, value)
        valid = self._compare("oge", x, self.literal(0.0))
        return self._select(valid, value, self.literal(float("nan")))

    def _two_sum(self, a: str, b: str) -> tuple[str, str]:
        """A + b and its rounding error, where a is 0 or the larger one."""
        total = self._add(a, b)
        return total, self._add(self._subtract(a, total), b)

    def _two_product(self, a: str, b: str) -> tuple[str, str]:
        """a·b and its rounding error."""
        product = self._multiply(a, b)
        return product, self._fma(a, b, self._negative(product))

    def _polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """By Estrin's scheme, whose operations depend less on one another than Horner's."""
        terms, power = [self.literal(c) for c in coefficients], x
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            terms, odd = [self._fma(b, power, a) for a, b in pairs], terms[len(terms) // 2 * 2 :]
            terms += odd
            if len(terms) > 1:
                power = self._multiply(power, power)
        return terms[0]

    def _one_by_one(self, callee: str, chosen: str, otherwise: str, *arguments: str) -> str:
        """A function of numbers, called for the lanes that are `chosen` alone."""
        self._declare(f"{callee}.f64", "double", len(arguments))
        value = otherwise
        for lane in range(self._lanes):
            here = self.new(f"extractelement {self.truth} {chosen}, i32 {lane}")
            self.lines += [f"br i1 {here}, label %call{lane}, label %join{lane}", f"call{lane}:"]
            parts = [self.new(f"extractelement {self.number} {a}, i32 {lane}") for a in arguments]
            one = self.new(f"call double @{callee}.f64({', '.join(f'double {v}' for v in parts)})")
            mended = self.new(f"insertelement {self.number} {value}, double {one}, i32 {lane}")
            self.lines += [f"br label %join{lane}", f"join{lane}:"]
            value = self.new(f"phi {self.number} [ {value}, {self._last} ], [ {mended}, %call{lane} ]")
            self._last = f"%join{lane}"
        return value

    def _not(self, truths: str) -> str:
        return self.new(f"xor {self.truth} {truths}, {self.literal(True)}")

    def _any(self, truths: str) -> str:
        mask = self.new(f"bitcast {self.truth} {truths} to i{self._lanes}")
        return self.new(f"icmp ne i{self._lanes} {mask}, 0")

    def _declare(self, callee: str, kind: str, count: int) -> None:
        self.declared.append(f"declare {kind} @{callee}({', '.join([kind] * count)}) #1\n")

    def _unary(self, callee: str, x: str) -> str:
        self._declare(f"{callee}.{self._suffix}", self.number, 1)
        return self.new(f"call {self.number} @{callee}.{self._suffix}({self.number} {x})")

    def _binary(self, callee: str, x: str, y: str) -> str:
        self._declare(f"{callee}.{self._suffix}", self.number, 2)
        return self.new(f"call {self.number} @{callee}.{self._suffix}({self.number} {x}, {self.number} {y})")

    def _fma(self, a: str, b: str, c: str) -> str:
        self._declare(f"llvm.fma.{self._suffix}", self.number, 3)
        arguments = ", ".join(f"{self.number} {v}" for v in (a, b, c))
        return self.new(f"call {self.number} @llvm.fma.{self._suffix}({arguments})")

    def _negative(self, x: str) -> str:
        return self.new(f"fneg {self.number} {x}")

    def _compare(self, relation: str, a: str, b: str) -> str:
        return self.new(f"fcmp {relation} {self.number} {a}, {b}")

    def _select(self, condition: str, a: str, b: str) -> str:
        return self.new(f"select {self.truth} {condition}, {self.number} {a}, {self.number} {b}")

    def _add(self, a: str, b: str) -> str:
        return self.new(f"fadd {self.number} {a}, {b}")

    def _subtract(self, a: str, b: str) -> str:
        return self.new(f"fsub {self.number} {a}, {b}")

    def _multiply(self, a: str, b: str) -> str:
        return self.new(f"fmul {self.number} {a}, {b}")

    def _divide(self, a: str, b: str) -> str:
        return self.new(f"fdiv {self.number} {a}, {b}")
