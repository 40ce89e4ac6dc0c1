"""Fast reactions against solutions by hand, against rapid reactions in SciPy's Radau, and central differences."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

import sbmlgrn as sg
from sbmlgrn.expr import TIME, Expr, ExprLike, as_expr, constant, piecewise, power, relation, symbol
from sbmlgrn.network import (
    AlgebraicRule,
    Compartment,
    Element,
    Event,
    EventAssignment,
    InitialAssignment,
    Network,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
)
from sbmlgrn.ode import Status

from ..differences import gradients_and_differences

A, B, C, c, d, K, k, te = (symbol(n) for n in ("A", "B", "C", "c", "d", "K", "k", "te"))


def reaction(name: str, change: dict[str, float], law: ExprLike, fast: bool = True) -> Reaction:
    sides = [
        tuple(SpeciesReference(species=n, stoichiometry=abs(v)) for n, v in change.items() if v * sign > 0)
        for sign in (-1, 1)
    ]
    return Reaction(id=name, reactants=sides[0], products=sides[1], kinetic_law=as_expr(law), fast=fast)


def network(amounts: dict[str, float], *elements: Element | InitialAssignment | RateRule | AlgebraicRule) -> Network:
    species = [
        Species(id=n, compartment="c", initial_amount=v, has_only_substance_units=True) for n, v in amounts.items()
    ]
    return Network(level=3, version=1).with_elements(Compartment(id="c", size=1.0), *species, *elements)


def amounts(net: Network, grid: list[float], *names: str) -> list[list[float]]:
    solution = sg.simulate(sg.compile(net), grid, rtol=1e-9, atol=1e-12)
    assert solution.success, solution.status
    return [solution.amount(n).tolist() for n in names]


def event(trigger: Expr, delay: float = 0.0, **values: ExprLike) -> Event:
    assignments = tuple(EventAssignment(variable=n, math=as_expr(v)) for n, v in values.items())
    return Event(id=f"E{delay}", trigger=trigger, delay=constant(delay), assignments=assignments)


@pytest.mark.parametrize(("rate", "expected"), [(-1.0, (10, 0)), (1.0, (0, 10)), (0.0, (5, 5))])
def test_the_way_there_decides_among_equilibria(rate: float, expected: tuple[float, float]) -> None:
    net = network({"A": 5, "B": 5}, Parameter(id="k", value=rate), reaction("r", {"A": -1, "B": 1}, k * A * B))
    a, b = amounts(net, [0, 3], "A", "B")
    assert (a, b) == (pytest.approx([expected[0]] * 2), pytest.approx([expected[1]] * 2))


def test_an_equilibrium_that_is_slow_to_reach() -> None:
    (a,) = amounts(network({"A": 5, "B": 0}, reaction("r", {"A": -1, "B": 1}, A * A * A)), [0, 1], "A")
    assert a == pytest.approx([0, 0], abs=1e-6)


def test_a_law_switched_on_and_off_by_events() -> None:
    full = relation("geq", A, 0.99)
    net = network(
        {"A": 0, "B": 2},
        Parameter(id="k", value=0.0, constant=False),
        reaction("slow", {"B": -1, "A": 1}, 1, fast=False),
        reaction("fast", {"A": -1, "B": 1}, k * A),
        event(full, k=1),
        event(full, 0.1, k=0),
    )
    (a,) = amounts(net, [0, 0.5, 1.05, 1.5], "A")
    assert a == pytest.approx([0, 0.5, 0, 0.41], abs=1e-9)


@pytest.mark.parametrize("slope", ["rule", "state"])
def test_a_law_that_changes_its_sign(slope: str) -> None:
    source = {"state": (Parameter(id="k", value=5.5, constant=False), RateRule(variable="k", math=constant(-1)))}
    sense = symbol("k") if slope == "state" else 5.5 - TIME
    law = piecewise(A * sense, relation("gt", sense, 0), B * sense)
    net = network({"A": 3, "B": 3}, *source.get(slope, ()), reaction("r", {"A": -1, "B": 1}, law))
    (a,) = amounts(net, [0, 5, 5.499, 5.501, 10], "A")
    assert a == pytest.approx([0, 0, 0, 6, 6], abs=1e-6)


def test_an_equilibrium_that_becomes_unstable_is_left() -> None:
    net = network(
        {"A": 3, "B": 3},
        Parameter(id="k", value=1.0, constant=False),
        reaction("fast", {"A": -1, "B": 1}, k * A * B),
        reaction("slow", {"B": -1, "A": 1}, 0.1 * B, fast=False),
        event(relation("geq", TIME, 2), k=-1),
    )
    (a,) = amounts(net, [0, 1.9, 3], "A")
    assert a == pytest.approx([0, 0, 6], abs=1e-4)


def test_reactions_without_equilibrium_are_a_status() -> None:
    net = network({"A": 3, "B": 3}, reaction("r", {"A": -1, "B": 1}, 1))
    solution = sg.simulate(sg.compile(net), [0.0, 1.0])
    assert solution.status == (Status.NO_EQUILIBRIUM,) and "kinetic laws must reach 0" in solution.status[0].message


def test_a_chain_with_stoichiometries_is_the_limit_of_a_rapid_one() -> None:
    net = network(
        {"A": 4, "B": 1, "C": 0.5, "D": 0},
        reaction("first", {"A": -2, "B": 1}, A * A - 0.5 * B),
        reaction("second", {"B": -1, "C": 3}, 2 * B - C),
        reaction("slow", {"C": -1, "D": 1}, 0.4 * C, fast=False),
        event(relation("geq", TIME, 1), A=A + 1),
    )
    found = np.array(amounts(net, [0, 0.5, 1.5, 3], "A", "B", "C", "D"))

    def rapid(t: float, s: np.ndarray) -> list[float]:
        first, second, slow = 1e6 * (s[0] ** 2 - 0.5 * s[1]), 1e6 * (2 * s[1] - s[2]), 0.4 * s[2]
        return [-2 * first, first - second, 3 * second - slow, slow]

    options = {"method": "Radau", "rtol": 1e-9, "atol": 1e-12}
    start = solve_ivp(rapid, (0, 1e-4), [4, 1, 0.5, 0], **options).y[:, -1]
    until = solve_ivp(rapid, (0, 1), [4, 1, 0.5, 0], t_eval=[0.5, 1], **options).y
    assert found[:, 0] == pytest.approx(start, rel=1e-3, abs=2e-4)
    assert found[:, 1] == pytest.approx(until[:, 0], rel=1e-5)
    after = solve_ivp(rapid, (1, 3), until[:, 1] + np.array([1, 0, 0, 0]), t_eval=[1.5, 3], **options).y
    assert found[:, 2:] == pytest.approx(after, rel=1e-5)


def test_a_nonlinear_rule_moves_with_fast_reactions() -> None:
    """With u² = A + 1 and u = 1 in equilibrium with A … the law A − u vanishes at A = (1 + √5)/2."""
    net = network(
        {"A": 5, "B": 5},
        Parameter(id="u", value=2.0, constant=False),
        AlgebraicRule(math=power(symbol("u"), 2) - A - 1),
        reaction("fast", {"A": -1, "B": 1}, A - symbol("u")),
        reaction("slow", {"B": -1}, 0.3 * B, fast=False),
    )
    a, u, b = (sg.simulate(sg.compile(net), [0.0, 2.0], rtol=1e-9, atol=1e-12)[n] for n in ("A", "u", "B"))
    golden = (1 + 5**0.5) / 2
    assert a.tolist() == pytest.approx([golden] * 2, rel=1e-7) and u.tolist() == pytest.approx([golden] * 2, rel=1e-7)
    assert b.tolist() == pytest.approx([10 - golden, (10 - golden) * np.exp(-0.6)], rel=1e-6)


def test_competing_reactions_share_what_comes_in() -> None:
    net = network(
        {"A": 6, "B": 0, "C": 0},
        Parameter(id="k", value=0.3),
        reaction("first", {"A": -1, "B": 1}, k * A),
        reaction("second", {"A": -1, "C": 1}, A * 0.6),
        reaction("slow", {"A": 1}, 3, fast=False),
    )
    a, b, c_ = amounts(net, [0, 2], "A", "B", "C")
    assert a == pytest.approx([0, 0], abs=1e-8) and b == pytest.approx([2, 4]) and c_ == pytest.approx([4, 8])
    model = sg.compile(net)
    p = model.parameters_default.clone().requires_grad_()
    second = sg.simulate(model, [0.0, 2.0], p, rtol=1e-9)["C"][-1]
    (gradient,) = torch.autograd.grad(second, p)
    assert gradient[model.parameter_ids.index("k")].item() == pytest.approx(-12 * 0.6 / 0.9**2)


@pytest.mark.parametrize("more", [0.0, 1e-5])
def test_a_circle_comes_to_rest(more: float) -> None:
    net = network(
        {"A": 6 + more, "B": 0, "C": 0},
        reaction("first", {"A": -1, "B": 1}, A - B),
        reaction("second", {"B": -1, "C": 1}, B - C),
        reaction("third", {"C": -1, "A": 1}, C - A),
    )
    for values in amounts(net, [0, 2], "A", "B", "C"):
        assert values == pytest.approx([2 + more / 3] * 2, rel=1e-12)


def loss(law: Expr, *events: Event) -> Network:
    species = [
        Species(id=n, compartment="c", initial_concentration=v) for n, v in {"A": 3.0, "B": 1.0, "C": 0.5}.items()
    ]
    values = {"K": 0.7, "d": 0.3, "te": 1.5}
    return Network(level=3, version=1).with_elements(
        Compartment(id="c", size=2.0),
        *species,
        *(Parameter(id=n, value=v, constant=n != "K") for n, v in values.items()),
        reaction("bind", {"A": -1, "B": -2, "C": 1}, law),
        reaction("lose", {"C": -1}, d * C * c, fast=False),
        *events,
    )


DISTURBED = loss(
    A * B * B - K * C,
    event(relation("geq", TIME, te), K=K * 3 + te, A=A + 1),
    event(relation("lt", C, 0.4), 0.3, B=B * 2 + d),
)
SWITCHED = {
    "by time": loss(piecewise(A * B - K * C, relation("lt", TIME, te), A * B - 10 * K * C)),
    "by state": loss(piecewise(A * B - K * C, relation("gt", A + C, 3.2), A * B - 10 * K * C)),
}


@pytest.mark.parametrize("net", [DISTURBED, *SWITCHED.values()], ids=["events", *SWITCHED])
def test_gradients_pass_through_equilibria(net: Network) -> None:
    gradient, differences = gradients_and_differences(sg.compile(net), [0.0, 0.5, 3.0])
    assert torch.allclose(gradient, differences, rtol=1e-5, atol=1e-6)
    assert bool(differences.abs().max(0).values[4:6].all())  # the equilibrium matters
