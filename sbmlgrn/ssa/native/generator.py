"""Random numbers in compiled loops: a generator for each trajectory, and the distributions that loops draw from.

Sources: Blackman & Vigna 2021, ACM Trans. Math. Softw. 47:36 (xoshiro256+); Box & Muller 1958, Ann. Math. Stat. 29:610
(normal); Marsaglia & Tsang 2000, ACM Trans. Math. Softw. 26:363 (gamma); Hörmann 1993, Insur. Math. Econ. 12:39
(PTRS, Poisson); Hörmann 1993, J. Stat. Comput. Simul. 46:101 (BTRS, binomial).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sbmlgrn.ode.native.loop import inlined, lean

_UNIT: Final = 2.0**-53
_SMALL_MEAN: Final = 10.0
"""Mean below which counts are found by inversion, term by term."""
_LARGEST_COUNT: Final = 1e300


@inlined
def uniform(generator: np.ndarray) -> float:
    """A double in [0, 1) from the generator's state ``[4]``, unsigned integers, which goes on."""
    s0, s1, s2, s3 = generator[0], generator[1], generator[2], generator[3]
    result = s0 + s3
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    generator[0], generator[1], generator[2], generator[3] = s0, s1, s2, s3
    return np.float64(result >> np.uint64(11)) * _UNIT


@inlined
def exponential(generator: np.ndarray) -> float:
    """An exponential number of mean 1."""
    return -math.log(1.0 - uniform(generator))


@lean
def normal(generator: np.ndarray) -> float:
    """A normal number of mean 0 and variance 1."""
    radius = math.sqrt(2.0 * exponential(generator))
    return radius * math.cos(2.0 * math.pi * uniform(generator))


@lean
def gamma(shape: float, generator: np.ndarray) -> float:
    """A gamma number of scale 1; `shape` is positive."""
    boost = 1.0
    if shape < 1.0:
        boost = (1.0 - uniform(generator)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(generator)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = 1.0 - uniform(generator)
        if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v


@lean
def poisson(mean: float, generator: np.ndarray) -> float:
    """A Poisson number; NaN where the mean is negative or not finite."""
    if not 0.0 <= mean < _LARGEST_COUNT:
        return np.nan
    if mean < _SMALL_MEAN:
        term = math.exp(-mean)
        u, k = uniform(generator), 0.0
        while u >= term and k < 1000.0:
            u -= term
            k += 1.0
            term *= mean / k
        return k
    logarithm = math.log(mean)
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u = uniform(generator) - 0.5
        v = 1.0 - uniform(generator)
        s = 0.5 - abs(u)
        if s <= 0.0:
            continue
        k = np.floor((2.0 * a / s + b) * u + mean + 0.43)
        if s >= 0.07 and v <= squeeze:
            return k
        if k < 0.0 or (s < 0.013 and v > s):
            continue
        if math.log(v * inverse / (a / (s * s) + b)) <= k * logarithm - mean - math.lgamma(k + 1.0):
            return k


@lean
def binomial(count: float, p: float, generator: np.ndarray) -> float:
    """A binomial number; NaN where `p` is no probability or `count` is no whole number that is not negative."""
    if not (0.0 <= p <= 1.0 and 0.0 <= count < _LARGEST_COUNT and count == np.floor(count)):
        return np.nan
    q = min(p, 1.0 - p)
    k = _binomial_of_half(count, q, generator)
    return k if q == p else count - k


@lean
def _binomial_of_half(count: float, p: float, generator: np.ndarray) -> float:
    """The same for a `p` of at most 1/2."""
    if p == 0.0 or count == 0.0:
        return 0.0
    odds = p / (1.0 - p)
    if count * p < _SMALL_MEAN:
        term = math.exp(count * math.log1p(-p))
        u, k = uniform(generator), 0.0
        while u >= term and k < count and k < 1000.0:
            u -= term
            k += 1.0
            term *= odds * (count - k + 1.0) / k
        return k
    deviation = math.sqrt(count * p * (1.0 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    squeeze = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * deviation
    m = np.floor((count + 1.0) * p)
    while True:
        u = uniform(generator) - 0.5
        v = 1.0 - uniform(generator)
        s = 0.5 - abs(u)
        if s <= 0.0:
            continue
        k = np.floor((2.0 * a / s + b) * u + c)
        if s >= 0.07 and v <= squeeze:
            return k
        if k < 0.0 or k > count:
            continue
        scaled = math.log(v * alpha / (a / (s * s) + b))
        ratio = math.lgamma(m + 1.0) + math.lgamma(count - m + 1.0) - math.lgamma(k + 1.0)
        if scaled <= ratio - math.lgamma(count - k + 1.0) + (k - m) * math.log(odds):
            return k
