"""Machine code against Python floats, libm against SciPy."""

import ctypes
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import TIME, Expr, evaluate, function, make, symbol

from ...expr.strategies import Pair, expressions

x, y, z = symbol("x"), symbol("y"), symbol("z")
values = st.sampled_from([-2.0, -0.5, 0.0, 0.7, 3.0])


def run(outputs: Sequence[Expr], t: float, a: float, b: float, c: float, optimise: bool = True) -> list[float]:
    source = Source()
    source.add("f", [[x, y], [z]], outputs)
    library = Library(source.text(), optimise)
    first, second, out = np.array([a, b], float), np.array([c], float), np.empty(len(outputs))
    call = ctypes.CFUNCTYPE(None, ctypes.c_double, *[ctypes.c_void_p] * 3)(library.address("f"))
    call(t, first.ctypes.data, second.ctypes.data, out.ctypes.data)
    return out.tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(expressions(), min_size=1, max_size=3), values, values, values, st.booleans())
def test_values_are_those_of_the_graph(pairs: list[Pair], a: float, b: float, c: float, optimise: bool) -> None:
    roots = [p[0] for p in pairs]
    expected = evaluate(roots, {"x": a, "y": b, "z": c}, time=1.5)
    assert run(roots, 1.5, a, b, c, optimise) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_polygamma(order: int) -> None:
    points = [-2.5, 0.01, 0.5, 1.0, 3.7, 25.0]
    ours = [run([make("polygamma", (x,), order)], 0, v, 0, 0)[0] for v in points]
    psi = special.digamma if order == 0 else lambda v: special.polygamma(order, v)
    expected = [float(psi(v)) for v in points]
    if order:  # SciPy has no ψ⁽ⁿ⁾ below 0: ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x + 1) − (−1)ⁿ n! / xⁿ⁺¹ (DLMF 5.15.5)
        steps = sum((-1) ** order * special.factorial(order) / (-2.5 + k) ** (order + 1) for k in range(3))
        expected[0] = float(special.polygamma(order, 0.5)) - steps
    assert ours == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("exponent", [-2, -1, 0.5, 2, 3, 4, 5, 2.5])
def test_powers(exponent: float) -> None:
    base = [-1.5, 0.0, 0.3, 1e160, np.inf, np.nan]
    ours = [run([x**exponent], 0, v, 0, 0)[0] for v in base]
    assert ours == pytest.approx([evaluate([x**exponent], {"x": v})[0] for v in base], rel=1e-14, nan_ok=True)


def test_two_modules_outlive_each_other() -> None:
    for _ in range(3):
        assert run([x + TIME, function("exp", y)], 2, 1, 0, 0) == [3, 1]


def test_unknown_symbols_are_named() -> None:
    with pytest.raises(ValueError, match="no argument of 'f' stands for w"):
        Source().add("f", [[x]], [symbol("w")])
