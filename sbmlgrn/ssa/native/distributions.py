"""The distributions of the package ``distrib``, whole or cut to an interval, in compiled loops.

What is cut is drawn by inverting the distribution function where that has a closed form. For the others a density that
is log-concave lies below any tangent of its logarithm: beyond the mode an exponential number is a proposal that is
seldom rejected, however far out the interval is.

Sources: SBML Level 3 Package: Distributions, Version 1, section 3 (arguments and limits); Robert 1995, Stat. Comput.
5:121 (the normal distribution beyond a limit); Devroye, Non-Uniform Random Variate Generation (Springer 1986), VII.2.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sbmlgrn.expr import DRAWS
from sbmlgrn.ode.native.loop import lean
from sbmlgrn.ssa.native.generator import binomial, gamma, normal, poisson, uniform

CODES: Final = {name: i for i, name in enumerate(DRAWS)}
"""Numbers of the distributions, for `sample`."""
MOST_OPERANDS: Final = max(max(counts) for counts in DRAWS.values())

_NORMAL, _UNIFORM, _BERNOULLI, _BINOMIAL = (CODES[n] for n in ("normal", "uniform", "bernoulli", "binomial"))
_CAUCHY, _CHISQUARE, _EXPONENTIAL, _GAMMA = (CODES[n] for n in ("cauchy", "chisquare", "exponential", "gamma"))
_LAPLACE, _LOGNORMAL, _POISSON, _RAYLEIGH = (CODES[n] for n in ("laplace", "lognormal", "poisson", "rayleigh"))
_TRIES: Final = 64
"""Draws from a whole distribution before one within limits is made from scratch."""


@lean
def sample(code: int, args: np.ndarray, count: int, generator: np.ndarray) -> float:
    """A random value; NaN where the operands are none of the distribution's.

    Args:
        code: of the distribution, one of `CODES`.
        args: its operands ``[count]``, limits last.
        count: how many there are.
        generator: state of the random numbers ``[4]``.
    """
    first = args[0]
    for i in range(count):
        if args[i] != args[i]:
            return np.nan
    if code == _UNIFORM:
        return first + (args[1] - first) * uniform(generator) if first <= args[1] else np.nan
    if code == _BERNOULLI:
        return binomial(1.0, first, generator)
    single = code in (_CHISQUARE, _EXPONENTIAL, _POISSON, _RAYLEIGH)
    low, high = -np.inf, np.inf
    if count == 4 or (single and count == 3):
        low, high = args[count - 2], args[count - 1]
    if not low <= high:
        return np.nan
    if code in (_POISSON, _BINOMIAL):
        return _count(code, first, 0.0 if single else args[1], low, high, generator)
    if single:
        return _of_one(code, first, max(low, 0.0), high, generator) if high >= 0.0 else np.nan
    place, scale = (0.0, first) if count == 1 else (first, args[1])
    if code == _GAMMA:
        if not (place > 0.0 and scale >= 0.0 and high >= 0.0):
            return np.nan
        return scale * _gamma(place, max(low, 0.0) / scale, high / scale, generator) if scale > 0.0 else 0.0
    if not scale >= 0.0:
        return np.nan
    if code == _LOGNORMAL:
        if high <= 0.0:
            return np.nan
        low = math.log(low) if low > 0.0 else -np.inf
        high = math.log(high)
    if scale == 0.0:
        value = place if low <= place <= high else np.nan
    elif code == _CAUCHY:
        value = place + scale * _cauchy((low - place) / scale, (high - place) / scale, generator)
    elif code == _LAPLACE:
        value = place + scale * _laplace((low - place) / scale, (high - place) / scale, generator)
    else:
        value = place + scale * _normal((low - place) / scale, (high - place) / scale, generator)
    value = min(max(value, low), high)  # against rounding
    return math.exp(value) if code == _LOGNORMAL else value


@lean
def _of_one(code: int, argument: float, low: float, high: float, generator: np.ndarray) -> float:
    """Of the distributions of one operand those over positive numbers."""
    if not argument > 0.0:
        return 0.0 if argument == 0.0 and code == _RAYLEIGH and low == 0.0 else np.nan
    if code == _EXPONENTIAL:
        return min(low + _exponential(argument * (high - low), generator) / argument, high)
    if code == _CHISQUARE:
        return 2.0 * _gamma(0.5 * argument, 0.5 * low, 0.5 * high, generator)
    begin, end = 0.5 * (low / argument) ** 2, 0.5 * (high / argument) ** 2
    return min(argument * math.sqrt(2.0 * (begin + _exponential(end - begin, generator))), high)


@lean
def _exponential(length: float, generator: np.ndarray) -> float:
    """An exponential number of mean 1 below `length`."""
    return -math.log1p(uniform(generator) * math.expm1(-length))


@lean
def _laplace(low: float, high: float, generator: np.ndarray) -> float:
    if low >= 0.0:
        return low + _exponential(high - low, generator)
    if high <= 0.0:
        return high - _exponential(high - low, generator)
    below, above = -math.expm1(low), -math.expm1(-high)
    if uniform(generator) * (below + above) < below:
        return -_exponential(-low, generator)
    return _exponential(high, generator)


@lean
def _cauchy(low: float, high: float, generator: np.ndarray) -> float:
    if low > 1.0:  # 1/x is distributed alike, and has digits to spare
        return 1.0 / _cauchy_between(1.0 / high, 1.0 / low, generator)
    if high < -1.0:
        return 1.0 / _cauchy_between(1.0 / high, 1.0 / low, generator)
    return _cauchy_between(low, high, generator)


@lean
def _cauchy_between(low: float, high: float, generator: np.ndarray) -> float:
    begin, end = math.atan(low), math.atan(high)
    return math.tan(begin + (end - begin) * uniform(generator))


@lean
def _normal(low: float, high: float, generator: np.ndarray) -> float:
    """A standard normal number between limits."""
    if low <= 0.0 <= high:
        if high - low < 2.0:
            while True:
                x = low + (high - low) * uniform(generator)
                if math.log(1.0 - uniform(generator)) <= -0.5 * x * x:
                    return x
        while True:
            x = normal(generator)
            if low <= x <= high:
                return x
    near = low if low > 0.0 else -high  # mirrored to the positive side
    far = high if low > 0.0 else -low
    rate = 0.5 * (near + math.sqrt(near * near + 4.0))
    best = min(rate, far)
    while True:
        x = near + _exponential(rate * (far - near), generator) / rate
        if math.log(1.0 - uniform(generator)) <= 0.5 * ((best - rate) ** 2 - (x - rate) ** 2):
            return x if low > 0.0 else -x


@lean
def _gamma(shape: float, low: float, high: float, generator: np.ndarray) -> float:
    """A gamma number of scale 1 between limits."""
    for _ in range(_TRIES):
        x = gamma(shape, generator)
        if low <= x <= high:
            return x
    mode = max(shape - 1.0, 0.0)
    if shape < 1.0 and low < 1.0:  # a power below 1, an exponential above
        begin, end = low**shape, min(high, 1.0) ** shape
        below, above = math.exp(-low) * (end - begin) / shape, max(math.exp(-1.0) - math.exp(-high), 0.0)
        while True:
            if uniform(generator) * (below + above) < below:
                x = (begin + (end - begin) * uniform(generator)) ** (1.0 / shape)
                logarithm = low - x
            else:
                x = 1.0 + _exponential(high - 1.0, generator)
                logarithm = (shape - 1.0) * math.log(x)
            if math.log(1.0 - uniform(generator)) <= logarithm:
                return min(max(x, low), high)
    if low >= mode:
        slope = 1.0 if shape < 1.0 else 1.0 - mode / low
        while True:
            x = low + _tilted(slope, high - low, generator)
            if math.log(1.0 - uniform(generator)) <= (shape - 1.0) * math.log(x / low) + (slope - 1.0) * (x - low):
                return x
    if high <= mode:
        slope = mode / high - 1.0
        while True:
            x = high - _tilted(slope, high - low, generator)
            if math.log(1.0 - uniform(generator)) <= mode * math.log(x / high) + (1.0 + slope) * (high - x):
                return x
    while True:
        x = low + (high - low) * uniform(generator)
        if math.log(1.0 - uniform(generator)) <= mode * math.log(x / mode) - (x - mode):
            return x


@lean
def _tilted(slope: float, length: float, generator: np.ndarray) -> float:
    """A number from 0 to `length` of density proportional to exp(−slope x); of `slope` 0 uniform."""
    if slope * length < 1e-12:
        return length * uniform(generator)
    return _exponential(slope * length, generator) / slope


@lean
def _count(code: int, first: float, p: float, low: float, high: float, generator: np.ndarray) -> float:
    """A Poisson or a binomial number between limits."""
    for _ in range(_TRIES):
        k = poisson(first, generator) if code == _POISSON else binomial(first, p, generator)
        if k != k or low <= k <= high:
            return k
    low, high = np.ceil(max(low, 0.0)), np.floor(high)
    if code == _BINOMIAL:
        high = min(high, first)
    # the distribution has one peak: go outwards from where it is highest between the limits, until nothing is left
    peak = min(max(np.floor(first if code == _POISSON else (first + 1.0) * p), low), high)
    if not low <= high:
        return np.nan
    top = _logarithm(code, first, p, peak)
    total, rest = 0.0, 0.0
    for is_drawn in (False, True):
        rest = total * uniform(generator) if is_drawn else np.inf
        for direction in (1.0, -1.0):
            k = peak if direction > 0.0 else peak - 1.0
            while low <= k <= high:
                weight = math.exp(_logarithm(code, first, p, k) - top)
                if is_drawn:
                    rest -= weight
                    if rest < 0.0:
                        return k
                else:
                    total += weight
                if weight < 1e-18:
                    break
                k += direction
    return peak


@lean
def _logarithm(code: int, first: float, p: float, k: float) -> float:
    """Logarithm of a probability, up to a constant."""
    if code == _POISSON:
        return k * math.log(first) - math.lgamma(k + 1.0)
    rest = first - k
    return k * math.log(p) + rest * math.log1p(-p) - math.lgamma(k + 1.0) - math.lgamma(rest + 1.0)
