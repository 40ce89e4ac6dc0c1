"""Elementary functions of vectors, against mpmath and NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

import mpmath
import numpy as np
import pytest

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.backends.kernel.vectormath import FUNCTIONS
from sbmlgrn.expr import Expr, function, symbol

LANES: Final = 8
ULPS: Final = 2.0
_X, _N = symbol("x"), symbol("n")
_EXPRESSIONS: Final = {name: function(name, *([_X, _N][:count])) for name, count in FUNCTIONS.items()}
_EXACT: Final = {
    "exp": mpmath.exp,
    "ln": mpmath.log,
    "log10": mpmath.log10,
    "tanh": mpmath.tanh,
    "power": mpmath.power,
}
_NUMPY: Final = {"exp": np.exp, "ln": np.log, "log10": np.log10, "tanh": np.tanh, "power": np.power}
_TINY: Final = 5e-324
_STRANGE: Final = np.array(
    [
        *(0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, _TINY, -_TINY, 1e-310, 2.2250738585072014e-308),
        *(1.7976931348623157e308, -1.7976931348623157e308, 2.0, -2.0, 3.0, 0.5, -0.5, 1e-300, 1e300, -3.0, 4.0, 2.5),
        *(709.78, 709.79, -745.13, -745.14, 1e18, 2.0**53, 2.0**53 + 2, -1e19, 0.9999999999999999, 1.0000000000000002),
    ]
)


def vectorised(expression: Expr) -> Callable[..., np.ndarray]:
    """A function of arrays that evaluates `expression` in lanes."""
    source = Source(LANES)
    source.add("f", [[_X, _N], []], [expression])
    library = Library(source.text(), optimise=True)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(library.address("f"))

    def evaluate(x: np.ndarray, n: np.ndarray | None = None, keep: Library = library) -> np.ndarray:
        padded = -(-len(x) // LANES) * LANES
        points = np.ones((2, padded))
        points[0, : len(x)] = x
        points[1, : len(x)] = 1.0 if n is None else n
        out = np.empty(padded)
        time = np.zeros(LANES)
        for k in range(0, padded, LANES):
            values, result = np.ascontiguousarray(points[:, k : k + LANES]), np.empty(LANES)
            call(time.ctypes.data, values.ctypes.data, time.ctypes.data, result.ctypes.data)
            out[k : k + LANES] = result
        return out[: len(x)]

    return evaluate


def _arguments(name: str) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(3)
    wide = np.exp(draw.uniform(-745.0, 709.0, 4000))
    near_one = 1.0 + draw.normal(size=2000) * np.exp(draw.uniform(-36.0, -1.5, 2000))
    if name in ("ln", "log10"):
        return (np.concatenate([wide, near_one, 2.0 ** np.arange(-1074.0, 1024.0)]),)
    if name == "exp":
        small = draw.choice([-1.0, 1.0], 3000) * np.exp(draw.uniform(-40.0, 3.0, 3000))
        return (np.concatenate([draw.uniform(-708.0, 709.7, 4000), small]),)
    if name == "tanh":
        return (draw.choice([-1.0, 1.0], 6000) * np.exp(draw.uniform(-40.0, 3.5, 6000)),)
    base = np.concatenate([wide, near_one, np.exp(draw.uniform(-12.0, 12.0, 4000))])
    largest = 707.0 / np.abs(np.log(base) + 1e-300)
    hill = draw.uniform(-6.0, 6.0, len(base))
    exponent = np.where(draw.random(len(base)) < 0.5, hill, draw.uniform(-1.0, 1.0, len(base)) * largest)
    exponent = np.where(np.abs(exponent) > largest, draw.uniform(-1.0, 1.0, len(base)) * largest, exponent)
    return base, np.clip(exponent, -1e17, 1e17)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_is_within_two_units_in_the_last_place(name: str) -> None:
    arguments = _arguments(name)
    found = vectorised(_EXPRESSIONS[name])(*arguments)
    worst = 0.0
    with mpmath.workprec(120):
        for value, *point in zip(found.tolist(), *(a.tolist() for a in arguments), strict=True):
            exact = _EXACT[name](*point)
            unit = float(np.spacing(abs(float(exact))))
            worst = max(worst, float(abs(mpmath.mpf(value) - exact)) / unit)
    assert worst <= ULPS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_strange_arguments_give_what_numpy_gives(name: str) -> None:
    arguments = [_STRANGE]
    if FUNCTIONS[name] == 2:
        arguments = [v.ravel() for v in np.meshgrid(_STRANGE, _STRANGE)]
    found = vectorised(_EXPRESSIONS[name])(*arguments)
    with np.errstate(all="ignore"):
        expected = _NUMPY[name](*arguments)
    near = np.isclose(found, expected, rtol=1e-15, atol=2 * _TINY, equal_nan=True)
    near &= (np.signbit(found) == np.signbit(expected)) | np.isnan(expected)
    assert not np.stack(arguments, 1)[~near].tolist()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lanes_do_not_see_their_neighbours(name: str) -> None:
    function_of = vectorised(_EXPRESSIONS[name])
    arguments = [np.resize(v, 96) for v in _arguments(name)]
    arguments[0][::7] = np.resize(_STRANGE, len(arguments[0][::7]))
    if len(arguments) > 1:
        arguments[1][::5] = np.resize([2.0, 3.0, np.nan, 1e30, 4.0, 1.0], len(arguments[1][::5]))
    together = function_of(*arguments)
    order = np.random.default_rng(4).permutation(len(arguments[0]))
    apart = function_of(*(a[order] for a in arguments))
    np.testing.assert_array_equal(together[order].view(np.int64), apart.view(np.int64))


def test_integer_exponents_are_products_as_at_one_point() -> None:
    x = np.random.default_rng(5).uniform(0.1, 10.0, 32)
    power = vectorised(_EXPRESSIONS["power"])
    for n, product in ((1, x), (2, x * x), (3, x * x * x), (4, (x * x) * (x * x))):
        exponents = np.full(len(x), float(n))
        np.testing.assert_array_equal(power(x, exponents), product)
        exponents[::3] = 2.5  # the others do not get another value by such neighbours
        np.testing.assert_array_equal(power(x, exponents)[1::3], product[1::3])
