"""Many trajectories: none depends on the others, on the number of threads, or on how it is asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.ode import Status
from sbmlgrn.ode.native import portions

GRID = np.linspace(0.0, 4.0, 9)
BLOW_UP = "x' = k*x^2 - y; y' = x - y; x = 1; y = 0; k = -1"


def bits(values: torch.Tensor) -> bytes:
    return values.contiguous().numpy().tobytes()


@pytest.fixture
def model() -> sg.Model:
    return sg.compile(sg.load(BLOW_UP))


@pytest.mark.parametrize("method", ["auto", "tsit5", "rodas5p"])
def test_good_trajectories_are_the_same_beside_bad_ones(model: sg.Model, method: str) -> None:
    good = torch.linspace(-2.0, -0.1, 20, dtype=torch.float64)
    alone = sg.simulate(model, GRID, {"k": good}, method=method)
    mixed = torch.stack([good, torch.tensor([math.nan, 30.0, math.inf, 5.0, -math.inf]).double().repeat(4)], -1)
    beside = sg.simulate(model, GRID, {"k": mixed.flatten()}, method=method, max_steps=5000)
    assert alone.success
    assert bits(beside.states[0::2]) == bits(alone.states)
    assert all(s is Status.SUCCESS for s in beside.status[0::2])
    assert all(s is not Status.SUCCESS for s in beside.status[1::2])
    assert bool(beside.states[1::2, -1].isnan().all())
    assert beside.status[1] is Status.NOT_FINITE


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_results_do_not_depend_on_threads(model: sg.Model, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    k = {"k": torch.linspace(-2.0, -0.1, 101, dtype=torch.float64)}
    reference = sg.simulate(model, GRID, k)
    monkeypatch.setattr(portions, "cores", lambda: cores)
    assert bits(sg.simulate(model, GRID, k).states) == bits(reference.states)


def test_each_trajectory_may_have_its_own_beginning_parameters_and_grid(model: sg.Model) -> None:
    rng = np.random.default_rng(3)
    k = torch.tensor(rng.uniform(-2, -0.1, 5))
    y0 = torch.tensor(rng.uniform(0.1, 1, (5, 2)))
    grids = torch.tensor(np.cumsum(rng.uniform(0.1, 1, (5, 7)), 1))
    batch = sg.simulate(model, grids, {"k": k}, initial_state=y0)
    assert batch.states.shape == (5, 7, 2) and batch["x"].shape == (5, 7)
    for i in range(5):
        single = sg.simulate(model, grids[i], {"k": k[i]}, initial_state=y0[i])
        assert bits(single.states) == bits(batch.states[i])
    shared = sg.simulate(model, grids, {"k": k[0]}, initial_state=y0[0])
    assert bits(shared.states[0]) == bits(batch.states[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t": [[0.0, 1.0], [0.0, 0.0]]}, r"t\[1, 0\] = 0.0 is followed by t\[1, 1\] = 0.0"),
        ({"t": [[0.0, math.nan]]}, "t contains nan"),
        ({"t": np.zeros((1, 1, 2))}, r"t has shape \(1, 1, 2\)"),
        ({"t": [[0.0, 1.0]] * 3, "parameters": {"k": torch.ones(2)}}, "parameters 2, t 3"),
        ({"initial_state": torch.ones(3)}, r"initial_state has shape \(3,\), expected \[2\]"),
        ({"initial_state": torch.ones(4, 2), "parameters": {"k": torch.ones(2)}}, "parameters 2, initial_state 4"),
        ({"t": [[0.0, 1.0]], "method": "LSODA"}, "t .batch, time. is for auto, tsit5, rodas5p .*'LSODA'"),
        ({"parameters": {"k": torch.ones((), requires_grad=True)}, "non_negative": True}, "requires gradients"),
        ({"rtol": 0.0}, "rtol is 0.0"),
        ({"atol": math.nan}, "atol is nan"),
    ],
)
def test_bad_arguments_are_named(model: sg.Model, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sg.simulate(model, **{"t": GRID, **arguments})


def test_an_empty_batch_has_an_empty_solution(model: sg.Model) -> None:
    solution = sg.simulate(model, GRID, torch.empty(0, len(model.parameter_ids)))
    assert solution.states.shape == (0, 9, 2) and solution.status == ()


@pytest.mark.parametrize("method", ["auto", "tsit5", "rodas5p"])
def test_a_jacobian_that_is_infinite_is_a_status(method: str) -> None:
    model = sg.compile(sg.load("x' = 1 - y/x; y' = 0; x = 0; y = 1"))
    solution = sg.simulate(model, GRID, method=method)
    assert solution.status == (Status.NOT_FINITE,)


@pytest.mark.parametrize("method", ["auto", "tsit5", "rodas5p"])
def test_species_stay_non_negative_where_asked(method: str) -> None:
    """Removal at a constant rate, of which libSBML's semantics let the amount fall below 0."""
    model = sg.compile(sg.load("S -> ; k; -> T; S; k = 1; S = 1.5; T = 0; z' = -1; z = 0"))
    free = sg.simulate(model, GRID, method=method)
    held = sg.simulate(model, GRID, method=method, non_negative=True)
    assert held.success
    assert free["S"][-1].item() == pytest.approx(-2.5)
    assert torch.allclose(held["S"], torch.tensor(np.maximum(1.5 - GRID, 0.0)), atol=1e-6)
    assert bool((held["S"] >= 0).all())
    assert held["T"][-1].item() == pytest.approx(1.5**2 / 2, abs=1e-5)
    assert held["z"][-1].item() == pytest.approx(-4.0)  # not a species


def test_non_negativity_changes_nothing_where_nothing_is_negative() -> None:
    model = sg.compile(sg.load("A -> B; k*A; k = 1; A = 1; B = 0"))
    assert bits(sg.simulate(model, GRID, non_negative=True).states) == bits(sg.simulate(model, GRID).states)
