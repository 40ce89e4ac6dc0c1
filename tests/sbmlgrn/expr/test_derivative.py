import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sbmlgrn.expr import (
    ONE,
    TIME,
    ZERO,
    cotangent,
    derivative,
    evaluate,
    function,
    jacobian,
    make,
    piecewise,
    postorder,
    power,
    relation,
    symbol,
)

from .strategies import Pair, expressions

x, y, z = (symbol(n) for n in "xyz")
points = st.floats(-2, 2).filter(lambda v: abs(v) > 1e-2)


def central(expr, name: str, table: dict[str, float], h: float = 1e-5) -> float:
    up, down = ({**table, name: table[name] + s * h} for s in (1, -1))
    return (evaluate([expr], up)[0] - evaluate([expr], down)[0]) / (2 * h)


@settings(max_examples=200, deadline=None)
@given(expressions(smooth=True), points, points, points)
def test_forward_and_reverse_agree_with_finite_differences(pair: Pair, a: float, b: float, c: float) -> None:
    expr, _ = pair
    table = {"x": a, "y": b, "z": c}
    value = evaluate([expr], table)[0]
    assume(all(math.isfinite(v) for v in evaluate(postorder([expr]), table)))  # 0/(x/0) is 0, and has no derivative
    reverse = evaluate(cotangent([expr], [ONE], [x, y, z]), table)
    for name, backward in zip("xyz", reverse, strict=True):
        forward = evaluate([derivative(expr, symbol(name))], table)[0]
        coarse, fine = central(expr, name, table, 2e-5), central(expr, name, table, 1e-5)
        scale = max(1.0, abs(fine), abs(value))
        assume(math.isfinite(scale) and scale < 1e6 and abs(coarse - fine) < 1e-6 * scale)  # away from poles
        up, down = (evaluate([expr], {**table, name: table[name] + s * 1e-5})[0] for s in (1, -1))
        assume(abs(up - 2 * value + down) < 1e-8 * scale)  # and from kinks
        assert forward == pytest.approx(fine, abs=1e-4 * scale)
        assert backward == pytest.approx(forward, abs=1e-9 * scale)


FUNCTIONS = (
    *("exp", "ln", "log10", "sqrt", "abs", "factorial"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh"),
)


@pytest.mark.parametrize(
    ("name", "at"), [*((name, 0.3) for name in FUNCTIONS), ("arccosh", 1.7), ("factorial", 3.4), ("abs", -0.4)]
)
def test_every_function(name: str, at: float) -> None:
    expr = function(name, x)
    for root in (derivative(expr, x), cotangent([expr], [ONE], [x])[0]):
        assert evaluate([root], {"x": at})[0] == pytest.approx(central(expr, "x", {"x": at}), rel=1e-7)


def test_second_derivative_of_factorial() -> None:
    first = derivative(function("factorial", x), x)
    second = derivative(first, x)
    assert evaluate([second], {"x": 2.5})[0] == pytest.approx(central(first, "x", {"x": 2.5}), rel=1e-7)


@pytest.mark.parametrize("op", ["min", "max"])
def test_extremes_pass_the_gradient_to_one_operand(op: str) -> None:
    expr = function(op, x, y, z)
    for table in ({"x": 1.0, "y": 2.0, "z": 3.0}, {"x": 2.0, "y": 2.0, "z": 2.0}):
        gradient = evaluate(cotangent([expr], [ONE], [x, y, z]), table)
        assert sum(gradient) == 1 and sorted(gradient) == [0, 0, 1]
        assert gradient == [evaluate([derivative(expr, s)], table)[0] for s in (x, y, z)]


def test_remainder_and_time() -> None:
    expr = function("remainder", x, y)
    table = {"x": 7.3, "y": 2.1}
    for s in "xy":
        assert evaluate([derivative(expr, symbol(s))], table)[0] == pytest.approx(central(expr, s, table), rel=1e-6)
    assert evaluate([derivative(TIME * TIME, TIME)], time=3.0) == [6.0]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    "expr",
    [
        piecewise(function("sqrt", x), relation("gt", x, 0), 0),
        piecewise(function("ln", x), relation("gt", x, 0), 2 * x),
        piecewise(1 / x, relation("neq", x, 0), 5 * x),
    ],
)
def test_a_branch_not_taken_contributes_nothing(mode: str, expr) -> None:
    root = derivative(expr, x) if mode == "forward" else cotangent([expr], [ONE], [x])[0]
    assert evaluate([root], {"x": 0.0})[0] == pytest.approx(central(expr.args[-1], "x", {"x": 0.0}))


def test_power_at_zero() -> None:
    hill = power(x, y)
    assert evaluate([derivative(hill, y)], {"x": 0.0, "y": 2.0}) == [0.0]
    assert evaluate([derivative(hill, x)], {"x": 0.0, "y": 2.0}) == [0.0]


def test_jacobian_is_sparse_and_right() -> None:
    rows = [x * y, function("exp", z), x + function("floor", z)]
    entries = jacobian(rows, [x, y, z])
    assert set(entries) == {(0, 0), (0, 1), (1, 2), (2, 0)}
    assert evaluate([entries[0, 0]], {"y": 3.0}) == [3.0]


def test_structurally_constant_expressions() -> None:
    assert derivative(function("floor", x), x) is ZERO
    assert derivative(y * 3, x) is ZERO
    assert cotangent([y], [ONE], [x]) == [ZERO]


def test_unexpanded_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="'delay' must be expanded"):
        derivative(make("delay", (x, y)), x)


def test_reverse_graph_stays_small() -> None:
    expr = x
    for i in range(200):
        expr = function("sin", expr * symbol(f"k{i}")) + expr
    leaves = [x, *(symbol(f"k{i}") for i in range(200))]
    gradient = cotangent([expr], [ONE], leaves)
    assert len(postorder(gradient)) < 8 * len(postorder([expr]))
