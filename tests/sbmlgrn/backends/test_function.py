"""Values against Python floats; gradients against torch.autograd.gradcheck, which uses finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sbmlgrn.backends.torch.function import VectorFunction
from sbmlgrn.expr import TIME, evaluate, function, make, piecewise, relation, symbol

from ..expr.strategies import Pair, expressions

x, y, k = symbol("x"), symbol("y"), symbol("k")
values = st.sampled_from([-2.0, -0.5, 0.0, 0.7, 3.0])


@settings(max_examples=150, deadline=None)
@given(st.lists(expressions(), min_size=1, max_size=3), values, values, values)
def test_values_are_those_of_the_graph(pairs: list[Pair], a: float, b: float, c: float) -> None:
    roots = [p[0] for p in pairs]
    f = VectorFunction("f", roots, [x, y], [symbol("z")])
    ours = f(torch.tensor(0.0), torch.tensor([a, b], dtype=torch.float64), torch.tensor([c], dtype=torch.float64))
    expected = evaluate(roots, {"x": a, "y": b, "z": c})
    assert ours.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


FUNCTIONS = (
    *("exp", "ln", "log10", "sqrt", "abs", "floor", "ceiling", "factorial"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh"),
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function(name: str) -> None:
    points = torch.tensor([[0.3], [0.9], [0.05]], dtype=torch.float64, requires_grad=True)
    f = VectorFunction("f", [function(name, x)], [x], [])
    none = torch.zeros(0, dtype=torch.float64)
    for row in points.detach():
        assert f(torch.tensor(0.0), row, none).item() == pytest.approx(
            evaluate([function(name, x)], {"x": row.item()})[0], rel=1e-12
        )
    torch.autograd.gradcheck(lambda v: f(torch.tensor(0.0), v, none), (points,))


def test_gradients_of_all_arguments_and_of_gradients() -> None:
    outputs = [
        k * x / (1 + y**2) + TIME * x,
        piecewise(x * y, relation("gt", x, y), function("sin", TIME) * k, relation("gt", x, 0), y),
        function("max", x, y, k) ** 2,
    ]
    f = VectorFunction("f", outputs, [x, y], [k])
    generator = torch.Generator().manual_seed(1)
    state = torch.rand(4, 2, dtype=torch.float64, generator=generator).requires_grad_()
    parameter = torch.rand(1, dtype=torch.float64, generator=generator).requires_grad_()
    time = torch.rand(4, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(f, (time, state, parameter))
    assert torch.autograd.gradgradcheck(f, (time, state, parameter))


def test_a_branch_not_taken_leaves_the_gradient_finite() -> None:
    f = VectorFunction("f", [piecewise(function("sqrt", x), relation("gt", x, 0), 3 * x)], [x], [])
    point = torch.tensor([0.0], dtype=torch.float64, requires_grad=True)
    f(torch.tensor(0.0), point, torch.zeros(0)).sum().backward()
    assert point.grad is not None and point.grad.tolist() == [3.0]


def test_leading_axes_broadcast_and_constants_fill_them() -> None:
    f = VectorFunction("f", [x * k, make("constant", (), 2.5), TIME + 0 * k], [x], [k])
    out = f(torch.arange(3.0), torch.ones(2, 1, 1), torch.full((1, 1), 2.0))
    assert out.shape == (2, 3, 3)
    assert out[0, 1].tolist() == [2.0, 2.5, 1.0]


def test_dtype_follows_the_state() -> None:
    f = VectorFunction("f", [piecewise(1, relation("gt", x, 0), 0), function("min", x, 2)], [x], [])
    assert f(torch.tensor(0.0), torch.ones(1), torch.zeros(0)).dtype == torch.float32


def test_long_sums_and_deep_chains_compile() -> None:
    total = make("add", [x * i for i in range(2, 3002)])
    chain = x
    for _ in range(3000):
        chain = function("sin", chain)
    f = VectorFunction("f", [total, chain], [x], [])
    out = f(torch.tensor(0.0), torch.ones(1, dtype=torch.float64), torch.zeros(0))
    assert out[0].item() == sum(range(2, 3002)) and math.isfinite(out[1].item())


def test_an_unknown_leaf_is_named() -> None:
    with pytest.raises(ValueError, match="no argument of 'f' stands for y"):
        VectorFunction("f", [x + y], [x], [])(torch.tensor(0.0), torch.ones(1), torch.zeros(0))
