"""Random values in equations that have none."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.expr import DRAWS, Expr, as_expr, constant, make, piecewise, relation, symbol
from sbmlgrn.lower import RandomValueError, lower
from sbmlgrn.network import (
    AlgebraicRule,
    AssignmentRule,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    Network,
    Parameter,
    RateRule,
)


def draw(distribution: str, *args: Expr | float, number: int = 0) -> Expr:
    return make(distribution, [as_expr(a) for a in args], number)


def started(x: Expr) -> Network:
    """A network whose x starts at a value and grows by s."""
    return Network().with_elements(
        Parameter(id="x", constant=False),
        Parameter(id="s", value=0.0),
        InitialAssignment(symbol="x", math=x),
        RateRule(variable="x", math=symbol("s") + 1),
    )


CERTAIN: Sequence[tuple[str, Sequence[float], float]] = (
    ("normal", (3, 0), 3),
    ("normal", (3, 0, 2, 4), 3),
    ("uniform", (3, 3), 3),
    ("bernoulli", (1,), 1),
    ("bernoulli", (0,), 0),
    ("binomial", (7, 1), 7),
    ("binomial", (7, 0), 0),
    ("binomial", (0, 0.5), 0),
    ("cauchy", (2, 0), 2),
    ("cauchy", (0,), 0),
    ("laplace", (2, 0), 2),
    ("laplace", (0,), 0),
    ("lognormal", (2, 0), math.exp(2)),
    ("lognormal", (2, 0, 1, 10), math.exp(2)),
    ("poisson", (0,), 0),
    ("rayleigh", (0,), 0),
    ("gamma", (5, 0), 0),
)
UNCERTAIN: Sequence[tuple[str, Sequence[float]]] = (
    ("normal", (3, 1)),
    ("normal", (3, 0, 4, 5)),
    ("uniform", (3, 4)),
    ("bernoulli", (0.5,)),
    ("binomial", (7, 0.5)),
    ("cauchy", (0, 1)),
    ("cauchy", (1,)),
    ("chisquare", (3,)),
    ("exponential", (3,)),
    ("gamma", (2, 3)),
    ("laplace", (0, 1)),
    ("lognormal", (0, 1)),
    ("poisson", (3,)),
    ("rayleigh", (3,)),
)


@pytest.mark.parametrize(("distribution", "args", "value"), CERTAIN)
def test_what_is_certain_is_a_number(distribution: str, args: Sequence[float], value: float) -> None:
    solution = sg.simulate(sg.compile(started(draw(distribution, *args))), [0.0, 1.0])
    np.testing.assert_allclose(solution["x"].numpy(), [value, value + 1], rtol=1e-6)


@pytest.mark.parametrize(("distribution", "args"), UNCERTAIN)
def test_what_is_not_is_refused(distribution: str, args: Sequence[float]) -> None:
    with pytest.raises(RandomValueError, match=f"the formula of 'x' draws a random value, {distribution}") as raised:
        lower(started(draw(distribution, *args) + 1))
    assert raised.value.element_id == "x"


def test_every_distribution_is_covered() -> None:
    assert {name for name, _ in UNCERTAIN} == DRAWS.keys()


def test_certainty_may_follow_from_parameters() -> None:
    network = started(draw("normal", 3, symbol("s")))
    model = sg.compile(network)
    np.testing.assert_allclose(sg.simulate(model, [0.0, 1.0])["x"].numpy(), [3, 4], rtol=1e-6)
    # with a deviation of 1, the start is not defined
    assert math.isnan(float(model.initial(torch.tensor([1.0], dtype=torch.float64))[0]))
    with pytest.raises(RandomValueError):
        lower(network.with_elements(Parameter(id="s", value=0.0, constant=False)))
    with pytest.raises(RandomValueError):
        lower(network.with_elements(InitialAssignment(symbol="s", math=constant(0))))


def test_a_mean_may_vary() -> None:
    network = started(draw("normal", symbol("s") * 4 + 5, 0))
    np.testing.assert_allclose(sg.simulate(sg.compile(network), [0.0, 1.0])["x"].numpy(), [5, 6], rtol=1e-6)


def test_draws_within_functions() -> None:
    noisy = FunctionDefinition(id="noisy", arguments=("m", "d"), math=draw("normal", symbol("m"), symbol("d")))
    called = started(make("call", [constant(2), constant(0)], "noisy")).with_elements(noisy)
    np.testing.assert_allclose(sg.simulate(sg.compile(called), [0.0, 1.0])["x"].numpy(), [2, 3], rtol=1e-6)
    with pytest.raises(RandomValueError, match="'x'"):
        lower(started(make("call", [constant(2), constant(1)], "noisy")).with_elements(noisy))


def test_what_nothing_depends_on_is_not_a_number() -> None:
    network = started(constant(1)).with_elements(
        Parameter(id="noise", constant=False), AssignmentRule(variable="noise", math=draw("normal", 0, 1))
    )
    solution = sg.simulate(sg.compile(network), [0.0, 1.0])
    np.testing.assert_allclose(solution["x"].numpy(), [1, 2], rtol=1e-6)
    assert solution["noise"].isnan().all()


@pytest.mark.parametrize(
    "elements",
    [
        (RateRule(variable="x", math=draw("uniform", 0, 1)),),
        (AlgebraicRule(math=symbol("y") - draw("uniform", 0, 1)), RateRule(variable="x", math=symbol("y"))),
        (Event(id="E", trigger=relation("gt", symbol("x"), draw("uniform", 0, 1))),),
        (Event(id="E", trigger=relation("gt", symbol("x"), 1), delay=draw("uniform", 0, 1)),),
        (
            Event(
                id="E",
                trigger=relation("gt", symbol("x"), 1),
                assignments=(EventAssignment(variable="x", math=draw("uniform", 0, 1)),),
            ),
        ),
        (RateRule(variable="x", math=piecewise(draw("uniform", 0, 1), relation("gt", symbol("time"), 5), 1)),),
    ],
)
def test_wherever_it_matters(elements: Sequence[RateRule | AlgebraicRule | Event]) -> None:
    network = started(constant(1)).with_elements(Parameter(id="y", constant=False), *elements)
    with pytest.raises(RandomValueError, match="uniform"):
        lower(network)
