import copy
import math
import pickle
from fractions import Fraction

import pytest

from sbmlgrn.expr import (
    FALSE,
    NAN,
    TRUE,
    Expr,
    and_,
    as_condition,
    as_number,
    constant,
    divide,
    evaluate,
    free_symbols,
    function,
    make,
    multiply,
    negate,
    not_,
    or_,
    piecewise,
    relation,
    substitute,
    symbol,
    to_infix,
)

x, y = symbol("x"), symbol("y")


def test_equal_expressions_are_one_object() -> None:
    assert x * y + 1 is symbol("x") * symbol("y") + 1
    assert constant(2.0) is constant(2) and constant(True) is not constant(1)
    assert x + y is not y + x  # floating-point sums depend on order


def test_copies_and_pickles_are_the_same_object() -> None:
    expr = function("exp", x) / (1 + y)
    assert pickle.loads(pickle.dumps(expr)) is expr and copy.deepcopy(expr) is expr


def test_nothing_is_simplified_that_would_change_a_value() -> None:
    assert multiply(0, x).op == "multiply"
    assert (x - x).op == "subtract" and (x / x).op == "divide"


@pytest.mark.parametrize(
    "zero", [constant(0) * -1, constant(-1) * 0, negate(0), divide(0, -3), constant(0) * Fraction(-1, 3)]
)
def test_zero_has_a_sign(zero: Expr) -> None:
    assert math.copysign(1.0, evaluate([zero])[0]) == -1.0
    assert math.copysign(1.0, evaluate([0 - x], {"x": 0.0})[0]) == 1.0


def test_neutral_elements_vanish() -> None:
    assert x + 0 is x and x * 1 is x and x / 1 is x and x**1 is x and negate(-x) is x and x - 0 is x


def test_truth_values_and_numbers_are_coerced() -> None:
    positive = relation("gt", x, 0)
    assert as_number(positive) is piecewise(1, positive, 0)
    assert as_condition(x) is relation("neq", x, 0)
    assert and_(x, TRUE) is relation("neq", x, 0)
    assert (positive + 1) is piecewise(1, positive, 0) + 1


def test_piecewise_normal_form() -> None:
    positive = relation("gt", x, 0)
    assert piecewise(x, positive).args[-1] is NAN
    assert piecewise(x, TRUE, y) is x and piecewise(x, FALSE, y) is y
    assert piecewise(x, positive, y, TRUE, 3) is piecewise(x, positive, y)
    assert piecewise(TRUE, positive, FALSE) is or_(and_(positive, TRUE), and_(not_(positive), FALSE))


@pytest.mark.parametrize(
    ("op", "count", "message"),
    [("divide", 1, "'divide' takes 2 operands, got 1"), ("frobnicate", 1, "unknown operation 'frobnicate'")],
)
def test_wrong_operands_are_named(op: str, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(op, [x] * count)


def test_nodes_are_immutable() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        x.op = "time"


def test_substitution_is_simultaneous() -> None:
    assert substitute([x - y], {"x": y, "y": x}) == [y - x]
    assert free_symbols(x * y, function("sin", x)) == {"x", "y"}


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ((x + y) * 2, "(x + y) * 2"),
        (x - (y - 1), "x - (y - 1)"),
        (-(x**2), "-x^2"),
        ((-x) ** 2, "(-x)^2"),
        (x / (y * 2), "x / (y * 2)"),
        (function("ceiling", x), "ceil(x)"),
        (piecewise(1, relation("lt", x, y), 0), "piecewise(1, x < y, 0)"),
    ],
)
def test_printing(expr, text) -> None:
    assert to_infix(expr) == text
