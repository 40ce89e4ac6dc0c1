"""Delay differential equations against solutions by the method of steps, worked out by hand."""

import math

import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.expr import TIME, function, make, symbol
from sbmlgrn.expr import constant as number
from sbmlgrn.network import AssignmentRule, InitialAssignment, Network, Parameter, RateRule

x = symbol("x")


def delayed(name: str, lag: object = 1) -> object:
    return make("delay", (symbol(name), lag if not isinstance(lag, int | float) else number(lag)))  # type: ignore[arg-type]


def network(*elements: object) -> Network:
    names = [Parameter(id=n, value=1.0, constant=False) for n in ("x", "y")]
    return Network().with_elements(*names, Parameter(id="k", value=1.0), *elements)  # type: ignore[arg-type]


def exact(t: float) -> float:
    """x' = −x(t − 1) with x = 1 before 0: Σₙ (−1)ⁿ (t − (n − 1))ⁿ / n! over n ≤ t + 1."""
    return sum((-1) ** n * (t - (n - 1)) ** n / math.factorial(n) for n in range(math.floor(t) + 2))


def test_the_simplest_delay_equation() -> None:
    model = sg.compile(network(RateRule(variable="x", math=-delayed("x"))))  # type: ignore[operator]
    grid = [0.0, 0.5, 1.0, 2.25, 4.0, 7.5]
    solution = sg.simulate(model, grid, rtol=1e-10, atol=1e-13)
    assert solution["x"].tolist() == pytest.approx([exact(t) for t in grid], abs=1e-8)


def test_a_batch_of_lags() -> None:
    model = sg.compile(network(RateRule(variable="x", math=-delayed("x", symbol("k")))))  # type: ignore[operator]
    solution = sg.simulate(model, [0.0, 0.5, 2.0], {"k": torch.tensor([1.0, 0.5, 0.0])}, rtol=1e-10, atol=1e-13)
    # with the lag k the equation is that of lag 1 in units of k, at rate k
    assert solution["x"][0].tolist() == pytest.approx([exact(t) for t in (0, 0.5, 2)], abs=1e-8)
    assert solution["x"][2].tolist() == pytest.approx([math.exp(-t) for t in (0, 0.5, 2)], abs=1e-8)


def test_rules_look_back_before_the_start() -> None:
    rules = (
        AssignmentRule(variable="x", math=function("sin", TIME)),
        AssignmentRule(variable="y", math=delayed("x", 2)),  # type: ignore[arg-type]
    )
    solution = sg.simulate(sg.compile(network(*rules)), [0.0, 1.0, 5.0])
    assert solution["y"].tolist() == pytest.approx([math.sin(t - 2) for t in (0, 1, 5)])


def test_initial_assignments_are_the_history() -> None:
    elements = (
        InitialAssignment(symbol="x", math=TIME * 3),
        RateRule(variable="x", math=number(1)),
        AssignmentRule(variable="y", math=delayed("x", 2)),  # type: ignore[arg-type]
    )
    solution = sg.simulate(sg.compile(network(*elements)), [0.0, 1.0, 5.0])
    assert solution["y"].tolist() == pytest.approx([-6.0, -3.0, 3.0])


def test_delays_within_delays() -> None:
    rules = (
        RateRule(variable="x", math=number(1)),
        AssignmentRule(variable="y", math=delayed("x", 1)),  # type: ignore[arg-type]
        AssignmentRule(variable="z", math=delayed("y", 2)),  # type: ignore[arg-type]
    )
    solution = sg.simulate(sg.compile(network(Parameter(id="z", constant=False), *rules)), [0.0, 5.0])
    assert solution["z"][1].item() == pytest.approx(1 + 5 - 3)


def test_gradients_are_refused_clearly() -> None:
    model = sg.compile(network(RateRule(variable="x", math=-delayed("x"))))  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"delay\(\), through which there are no gradients yet"):
        sg.simulate(model, [0.0, 1.0], model.parameters_default.clone().requires_grad_())


def test_a_right_hand_side_without_its_past_is_refused_clearly() -> None:
    model = sg.compile(network(RateRule(variable="x", math=-delayed("x"))))  # type: ignore[operator]
    p = model.parameters_default
    with pytest.raises(ValueError, match="3 parameters and then 1 values of the past"):
        model.rhs(0.0, model.initial(p), p)
    assert model.rhs(0.0, model.initial(p), torch.cat([p, p.new_tensor([2.0])])).tolist() == [-2.0]
