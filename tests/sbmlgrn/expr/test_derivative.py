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
    tangent,
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


def both(expr, leaf) -> list:
    """The derivative in forward and in reverse accumulation."""
    return [derivative(expr, leaf), cotangent([expr], [ONE], [leaf])[0]]


@pytest.mark.parametrize("at", [-900.0, -30.0, 2.0, 600.0, 800.0, 1e4])
@pytest.mark.parametrize("overflowing", [function("exp", x), power(z, x), power(function("exp", x / 100), 100)])
def test_what_overflows_has_no_slope(overflowing, at: float) -> None:
    expr = y / (1 + overflowing)
    table = {"x": at, "y": 3.0, "z": math.e}
    expected = -3 / (2 * math.cosh(at / 2)) ** 2 if abs(at) < 700 else 0.0
    for root in both(expr, x):
        assert evaluate([root], table)[0] == pytest.approx(expected, rel=1e-9, abs=1e-200)
    for root in both(expr, y):
        assert evaluate([root], table)[0] == pytest.approx(expr_value(1 / (1 + overflowing), table), rel=1e-12)


def expr_value(expr, table: dict[str, float]) -> float:
    return evaluate([expr], table)[0]


@pytest.mark.parametrize(
    ("expr", "by_x", "by_y"),
    [
        (power(x / y, z), math.inf, 0.0),
        (power(x * y, z), math.inf, 0.0),
        (power(x * (3 / y) * 2, z), math.inf, 0.0),
        (function("sqrt", x / y), math.inf, 0.0),
        (function("sqrt", y * x), math.inf, 0.0),
    ],
)
def test_a_root_of_0_is_steep_in_one_direction_only(expr, by_x: float, by_y: float) -> None:
    table = {"x": 0.0, "y": 2.0, "z": 0.5}
    assert [evaluate([root], table)[0] for root in both(expr, x)] == [by_x, by_x]
    assert [evaluate([root], table)[0] for root in both(expr, y)] == [by_y, by_y]
    elsewhere = table | {"x": 0.8}
    for leaf in (x, y, z):
        expected = central(expr, str(leaf.value), elsewhere) if leaf in postorder([expr]) else 0.0
        assert [evaluate([r], elsewhere)[0] for r in both(expr, leaf)] == pytest.approx([expected] * 2, rel=1e-6)


def test_squares_of_squares_are_not_multiplied_out() -> None:
    base = x
    for _ in range(60):
        base = base * base
    for root in both(power(base, y), x):
        assert evaluate([root], {"x": 1.0, "y": 0.5}) == [2.0**59]


def test_what_does_not_change_has_no_effect() -> None:
    for expr in (power(x, z), function("sqrt", x)):
        (root,) = tangent([y * expr], {x: symbol("dx"), y: symbol("dy")})
        table = {"x": 0.0, "y": 2.0, "z": 0.5, "dy": 1.0}
        assert evaluate([root], table | {"dx": 0.0}) == [0.0]
        assert evaluate([root], table | {"dx": 1.0}) == [math.inf]


def test_second_derivatives_of_powers_at_0() -> None:
    """As a Hill coefficient that happens to be 1 or 2 has them, when a species is not there."""
    for exponent, expected in ((1.0, 0.0), (2.0, 2.0), (3.0, 0.0)):
        for first in both(power(x, y), x):
            for second in both(first, x):
                assert evaluate([second], {"x": 0.0, "y": exponent}) == [expected]


def test_what_is_undefined_in_the_branch_taken_stays_so() -> None:
    """√x·√x has the slope 1 at 0, which 0·∞ does not tell; 0 would be wrong."""
    root = function("sqrt", x)
    expr = piecewise(root * root, relation("lt", y, 1), 0)
    for slope in both(expr, x):
        assert math.isnan(evaluate([slope], {"x": 0.0, "y": 0.0})[0])
        assert evaluate([slope], {"x": 0.0, "y": 2.0}) == [0.0]


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
