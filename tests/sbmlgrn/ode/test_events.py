"""Events against libRoadRunner and values worked out by hand; gradients against central differences."""

import math
from typing import Any

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.expr import TIME, Expr, ExprLike, and_, as_expr, constant, relation, symbol
from sbmlgrn.network import Event, EventAssignment, Network, Parameter, RateRule
from sbmlgrn.ode import Status

RESET = (
    "S' = -k*S; k = 0.5; S = 3; th = 1; top = 3; at (S < th): S = top; at (time >= te), priority=2: S = S + 2*k; te = 5"
)
DELAYED = "S' = -k*S; k = 0.5; S = 3; th = 1; d = 0.7; at d after (S < th): S = 3*k + time"
DELAYED_LATE = (
    "S' = -k*S; k = 0.5; S = 3; th = 1; d = 0.7; at d after (S < th), fromTrigger=false: S = S + time*k, k = 1.2*k"
)
BALL = "x' = v; v' = -g; g = 9.81; x = 1; v = 0; e = 0.9; at (x < 0): v = -e*v, x = 0*v"
VOLUME = "compartment c = 2; S in c; S -> ; k*S*c; k = 0.3; S = 4; at (S < 2): c = 2*c, S = 5"
GRID = torch.tensor([0.0, 0.3, 0.7, 1.1, 3.1, 6.2, 7.05], dtype=torch.float64)


@pytest.mark.parametrize("text", [RESET, DELAYED, DELAYED_LATE, VOLUME])
def test_trajectories_agree_with_roadrunner(text: str) -> None:
    assert sg.crosscheck(sg.load(text), np.linspace(0, 9.7, 98)).worst_relative < 1e-6


@pytest.mark.parametrize("method", ["auto", "rodas5p", "dopri5"])
@pytest.mark.parametrize("text", [RESET, DELAYED, DELAYED_LATE, BALL, VOLUME])
def test_gradients_pass_through_events(text: str, method: str) -> None:
    model = sg.compile(sg.load(text))
    grid = GRID[:4] if text == BALL else GRID
    p = model.parameters_default.clone().requires_grad_()
    last = sg.simulate(model, grid, p, method, rtol=1e-10, atol=1e-12).states[-1]

    def final(q: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return sg.simulate(model, grid, q, rtol=1e-11, atol=1e-13).states[-1]

    assert torch.allclose(last, final(p), rtol=1e-7)
    steps = 1e-5 * torch.eye(len(p), dtype=torch.float64)
    differences = torch.stack([(final(p + h) - final(p - h)) / 2e-5 for h in steps], -1)
    for i in range(len(last)):
        (gradient,) = torch.autograd.grad(last[i], p, retain_graph=True, materialize_grads=True, allow_unused=True)
        assert torch.allclose(gradient, differences[i], rtol=1e-5, atol=1e-5)


def test_gradients_pass_through_events_of_a_stiff_model() -> None:
    robertson = """A -> B; k1*A; 2B -> C + B; k2*B*B; B + C -> A + C; k3*B*C; k1 = 0.04; k2 = 3e7; k3 = 1e4; A = 1
        B = 0; C = 0; low = 0.8; fed = 0.3; at (A < low): A = A + fed"""
    model = sg.compile(sg.load(robertson))

    def final(low: torch.Tensor) -> torch.Tensor:
        return sg.simulate(model, [0.0, 40.0, 100.0], {"low": low}, rtol=1e-9, atol=1e-14)["A"][..., -1]

    low = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(final(low), low)
    with torch.no_grad():
        up, down = final(torch.tensor([0.8 + 1e-4, 0.8 - 1e-4], dtype=torch.float64))
    assert float(gradient) == pytest.approx(float(up - down) / 2e-4, rel=1e-4)
    assert abs(float(gradient)) > 1e-2


def test_the_bouncing_ball_bounces_when_it_must() -> None:
    solution = sg.simulate(sg.compile(sg.load(BALL)), [0.0, 0.6, 1.2], rtol=1e-10, atol=1e-12)
    first = math.sqrt(2 / 9.81)
    v = 0.9 * 9.81 * first
    second = first + 2 * v / 9.81
    at = 0.6 - first
    assert second > 1.2 - 0.2
    assert solution["x"][1].item() == pytest.approx(v * at - 9.81 * at**2 / 2, rel=1e-7)


def parameter_network(*events: Event, **values: float) -> Network:
    parameters = [Parameter(id=n, value=v, constant=False) for n, v in values.items()]
    return Network().with_elements(*parameters, *events)


def event(name: str, trigger: Expr, variable: str, value: ExprLike, **attributes: Any) -> Event:
    assignment = EventAssignment(variable=variable, math=as_expr(value))
    return Event(id=name, trigger=trigger, assignments=(assignment,), **attributes)


def course(network: Network, grid: list[float], name: str = "x", seed: int = 0) -> list[float]:
    return sg.simulate(sg.compile(network), grid, seed=seed)[name].tolist()


def test_what_holds_at_an_event_time_is_reported() -> None:
    at_five = event("E", relation("geq", TIME, 5), "x", 1)
    after_five = event("E", relation("gt", TIME, 5), "x", 1)
    assert course(parameter_network(at_five, x=0), [0, 5, 6]) == [0, 1, 1]
    assert course(parameter_network(after_five, x=0), [0, 5, 6]) == [0, 0, 1]


def test_initial_values_of_triggers() -> None:
    assert course(parameter_network(event("E", relation("geq", TIME, 0), "x", 1), x=0), [0, 1]) == [0, 0]
    eager = event("E", relation("geq", TIME, 0), "x", 1, initial_value=False)
    assert course(parameter_network(eager, x=0), [0, 1]) == [1, 1]


def test_persistence() -> None:
    window = relation("lt", TIME, 2)
    for persistent, expected in ((True, 1), (False, 0)):
        waiting = event("E", window, "x", 1, initial_value=False, delay=constant(3), persistent=persistent)
        assert course(parameter_network(waiting, x=0), [0, 2.5, 4]) == [0, 0, expected]


def test_priorities_order_simultaneous_events() -> None:
    late = relation("geq", TIME, 1)
    low = event("L", late, "x", symbol("x") * 2, priority=constant(1), use_values_from_trigger_time=False)
    high = event("H", late, "x", symbol("x") + 3, priority=constant(2), use_values_from_trigger_time=False)
    assert course(parameter_network(low, high, x=1), [0, 2]) == [1, 8]


def test_ties_are_broken_by_the_seed_alone() -> None:
    late = relation("geq", TIME, 1)
    first, second = event("A", late, "x", 1), event("B", late, "x", 2)
    network = parameter_network(first, second, x=0)
    outcomes = [course(network, [0, 2], seed=s)[-1] for s in range(20)]
    assert set(outcomes) == {1, 2} and outcomes == [course(network, [0, 2], seed=s)[-1] for s in range(20)]


def test_values_are_taken_when_triggered_or_when_executed() -> None:
    for early, expected in ((True, 1.0), (False, 3.0)):
        delayed = event("E", relation("geq", TIME, 1), "x", TIME, delay=constant(2), use_values_from_trigger_time=early)
        assert course(parameter_network(delayed, x=0), [0, 4])[-1] == pytest.approx(expected)


def test_assignments_happen_at_once() -> None:
    swap = Event(
        id="E",
        trigger=relation("geq", TIME, 1),
        assignments=(EventAssignment(variable="x", math=symbol("y")), EventAssignment(variable="y", math=symbol("x"))),
    )
    network = parameter_network(swap, x=1, y=2)
    assert course(network, [0, 2]) == [1, 2] and course(network, [0, 2], "y") == [2, 1]


def test_a_concentration_is_assigned_for_the_size_before() -> None:
    text = "compartment c = 2; species S in c, T in c; S = 4; T = 3; at (time >= 1): c = 8, S = 5"
    solution = sg.simulate(sg.compile(sg.load(text)), [0.0, 2.0])
    assert solution["S"].tolist() == [4.0, 1.25] and solution.amount("S").tolist() == [8.0, 10.0]
    assert solution["T"].tolist() == [3.0, 0.75]  # its amount stays


def test_a_window_narrower_than_a_step_is_seen() -> None:
    window = and_(relation("gt", symbol("s"), 0.3), relation("lt", symbol("s"), 0.3001))
    network = parameter_network(event("E", window, "n", symbol("n") + 1), s=0, n=0).with_elements(
        RateRule(variable="s", math=constant(1))
    )
    assert course(network, [0, 100], "n")[-1] == 1


def test_a_double_crossing_within_a_step_is_seen() -> None:
    pulse = event("E", relation("gt", symbol("s"), 0.999), "n", symbol("n") + 1)
    network = parameter_network(pulse, s=0, c=1, n=0).with_elements(
        RateRule(variable="s", math=symbol("c")), RateRule(variable="c", math=-symbol("s"))
    )
    assert course(network, [0, 20 * math.pi], "n")[-1] == 10


def test_events_without_end_are_a_status() -> None:
    up = event("U", relation("lt", symbol("x"), 1), "x", 1, initial_value=False)
    down = event("D", relation("geq", symbol("x"), 1), "x", 0, initial_value=False)
    solution = sg.simulate(sg.compile(parameter_network(up, down, x=0)), [0.0, 1.0])
    assert solution.status == (Status.EVENT_CASCADE,) and "undo" in solution.status[0].message


def test_batches_keep_their_own_events() -> None:
    model = sg.compile(sg.load(RESET))
    th = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    batch = sg.simulate(model, GRID, {"th": th}, rtol=1e-8)
    for i in range(3):
        single = sg.simulate(model, GRID, {"th": th[i].detach()}, rtol=1e-8)
        assert torch.allclose(batch["S"][i], single["S"], rtol=1e-6)
    batch["S"].sum().backward()
    assert th.grad is not None and bool(torch.isfinite(th.grad).all())


@pytest.mark.parametrize("method", ["auto", "rodas5p"])
@pytest.mark.parametrize("undefined", [math.nan, math.inf])
def test_what_only_events_set_may_be_undefined_before(method: str, undefined: float) -> None:
    model = sg.compile(sg.load("x' = -x; x = 1; k = 7; at (time > 1): k = 2; at (time > 2): x = x + k, k = 3"))
    with torch.no_grad():
        solution = sg.simulate(model, [0.0, 0.5, 1.5, 2.5], {"k": undefined}, method=method)
    assert solution.success and not solution["k"][:2].isfinite().any() and solution["k"][2:].tolist() == [2.0, 3.0]
    expected = [math.exp(-0.5), math.exp(-1.5), math.exp(-2.5) + 2 * math.exp(-0.5)]
    assert solution["x"][1:].tolist() == pytest.approx(expected, rel=1e-5)
