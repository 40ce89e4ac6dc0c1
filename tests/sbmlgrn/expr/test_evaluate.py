import math

import libsbml
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sbmlgrn.expr import TIME, call, constant, evaluate, function, make, negate, piecewise, power, relation, symbol

from .strategies import Pair, expressions

values = st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 7.5])


def libsbml_value(formula: str, x: float, y: float, z: float) -> float:
    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    for name, value in (("x", x), ("y", y), ("z", z)):
        parameter = model.createParameter()
        parameter.setId(name)
        parameter.setValue(value)
        parameter.setConstant(True)
    return libsbml.SBMLTransforms.evaluateASTNode(libsbml.parseL3Formula(formula), model)


@settings(max_examples=300, deadline=None)
@given(expressions(), values, values, values)
def test_agrees_with_libsbml(pair: Pair, x: float, y: float, z: float) -> None:
    expr, formula = pair
    assume("arcsinh" not in formula)  # of which libSBML loses the digits, and all of −∞, below 0
    ours = evaluate([expr], {"x": x, "y": y, "z": z})[0]
    theirs = libsbml_value(formula, x, y, z)
    if math.isnan(theirs) or math.isinf(theirs):
        assert math.isnan(ours) == math.isnan(theirs) and (math.isnan(theirs) or ours == theirs), formula
    else:
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9), formula


@pytest.mark.parametrize("x", [-math.inf, -1e300, -20.0, -1e-3, 0.0, 0.3, 7.0, 1e300])
def test_arcsinh_on_both_sides(x: float) -> None:
    expected = math.copysign(math.log(abs(x) + math.hypot(x, 1.0)), x)
    assert evaluate([function("arcsinh", symbol("x"))], {"x": x})[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (symbol("x") / symbol("zero"), math.inf),
        (-symbol("x") / symbol("zero"), -math.inf),
        (symbol("zero") / symbol("zero"), math.nan),
        (0 * symbol("inf"), math.nan),
        (0 * symbol("nan"), math.nan),
        (symbol("inf") - symbol("inf"), math.nan),
        (symbol("nan") ** 0, 1.0),
        (power(-8, symbol("third")), math.nan),
        (power(symbol("zero"), -1), math.inf),
        (function("ln", symbol("zero")), -math.inf),
        (function("ln", negate(symbol("x"))), math.nan),
        (function("exp", 1000 * symbol("x")), math.inf),
        (function("sqrt", negate(symbol("x"))), math.nan),
        (piecewise(1, relation("gt", symbol("zero"), symbol("x"))), math.nan),
        (relation("neq", symbol("nan"), symbol("nan")), 1.0),
        (relation("eq", symbol("nan"), symbol("nan")), 0.0),
        (relation("lt", symbol("zero"), symbol("x"), 2), 1.0),
        (function("factorial", 5 * symbol("x")), 120.0),
        (function("remainder", -7 * symbol("x"), 3), -1.0),
        (function("quotient", -7 * symbol("x"), 3), -2.0),
        (function("min", symbol("x"), symbol("nan")), math.nan),
        (function("arctanh", symbol("x")), math.inf),
    ],
)
def test_ieee_corners(expr, expected) -> None:
    table = {"x": 1.0, "zero": 0.0, "inf": math.inf, "nan": math.nan, "third": 1 / 3}
    assert evaluate([expr], table)[0] == pytest.approx(expected, nan_ok=True)


def test_time_and_missing_values() -> None:
    assert evaluate([TIME * 2], time=3.0) == [6.0]
    with pytest.raises(KeyError, match="x"):
        evaluate([symbol("x")], {})
    with pytest.raises(ValueError, match="'f' must be expanded"):
        evaluate([call("f", [symbol("x")])], {"x": 1.0})


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    expr = symbol("x")
    for _ in range(100_000):
        expr = make("sin", (expr,))
    assert math.isfinite(evaluate([expr], {"x": 1.0})[0])


def test_folding_is_exact_for_rationals() -> None:
    third = constant(1) / 3
    assert third + third + third is constant(1)
    assert constant(0.1) + 0.2 is constant(0.1 + 0.2)
    assert constant(2) ** -3 is constant(1) / 8
