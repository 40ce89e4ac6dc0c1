"""Trajectories against analytic solutions and SciPy; gradients against finite differences."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

import sbmlgrn as sg
from sbmlgrn.network import UnknownElementError
from sbmlgrn.ode import Status

DECAY = "S -> T; k*S; k = 0.5; S = 3; T = 0"
LOTKA = "R1: -> X; a*X; R2: X -> Y; b*X*Y; R3: Y -> ; c*Y; a = 1; b = 0.1; c = 0.8; X = 5; Y = 4"
GRID = torch.linspace(0, 4, 21, dtype=torch.float64)


@pytest.fixture
def decay() -> sg.Model:
    return sg.compile(sg.load(DECAY))


@pytest.fixture
def lotka() -> sg.Model:
    return sg.compile(sg.load(LOTKA))


@pytest.mark.parametrize("method", ["auto", "tsit5", "rodas5p", "dopri5", "LSODA", "BDF", "Radau"])
def test_every_method_follows_the_analytic_solution(decay: sg.Model, method: str) -> None:
    solution = sg.simulate(decay, GRID, method=method, rtol=1e-7, atol=1e-10)
    assert solution.status == (Status.SUCCESS,)
    assert torch.allclose(solution["S"], 3 * torch.exp(-0.5 * GRID), rtol=1e-5)
    assert torch.allclose(solution["S"] + solution["T"], torch.full_like(GRID, 3.0), rtol=1e-9)


def test_a_batch_equals_its_members(lotka: sg.Model) -> None:
    a = torch.linspace(0.5, 1.5, 1000, dtype=torch.float64)
    batch = sg.simulate(lotka, GRID, {"a": a}, rtol=1e-8)
    assert batch.states.shape == (1000, 21, 2) and batch["X"].shape == (1000, 21)
    for i in (0, 400, 999):
        single = sg.simulate(lotka, GRID, {"a": a[i]}, method="dopri5", rtol=1e-8)
        assert single["X"].shape == (21,)
        assert torch.allclose(batch["X"][i], single["X"], rtol=1e-6)
        reference = solve_ivp(
            lambda t, y, a: [a * y[0] - 0.1 * y[0] * y[1], 0.1 * y[0] * y[1] - 0.8 * y[1]],
            (0, 4),
            [5.0, 4.0],
            t_eval=GRID.numpy(),
            args=(a[i].item(),),
            method="DOP853",
            rtol=1e-11,
            atol=1e-12,
        )
        assert np.allclose(batch["X"][i].numpy(), reference.y[0], rtol=1e-6)


def test_gradcheck_through_the_solver(lotka: sg.Model) -> None:
    values = lotka.parameters_default.clone().requires_grad_()
    grid = torch.linspace(0, 2, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda p: sg.simulate(lotka, grid, p, rtol=1e-10, atol=1e-12).states, (values,), eps=1e-5, atol=1e-5
    )


def test_gradients_reach_named_parameters_and_initial_values(decay: sg.Model) -> None:
    k = torch.tensor([0.5, 1.0], dtype=torch.float64, requires_grad=True)
    s0 = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    last = sg.simulate(decay, GRID, {"k": k, "S": s0}, rtol=1e-9)["S"][:, -1]
    last.sum().backward()
    assert k.grad is not None and s0.grad is not None
    assert k.grad.tolist() == pytest.approx([-4 * 3 * math.exp(-4 * v) for v in (0.5, 1.0)], rel=1e-6)
    assert s0.grad.item() == pytest.approx(math.exp(-2) + math.exp(-4), rel=1e-6)


def test_one_failure_leaves_the_others_alone() -> None:
    model = sg.compile(sg.load("x' = k*x^2; x = 1; k = -1"))  # blows up at 1/k for positive k
    k = torch.tensor([-1.0, 1.0, -2.0, float("nan"), -0.5], dtype=torch.float64)
    solution = sg.simulate(model, GRID, {"k": k}, method="dopri5")
    assert [s is Status.SUCCESS for s in solution.status] == [True, False, True, False, True]
    assert solution.status[3] is Status.NOT_FINITE and "NaN" in solution.status[3].message
    good = torch.tensor([0, 2, 4])
    assert torch.allclose(solution["x"][good], 1 / (1 - k[good, None] * GRID), rtol=1e-4)
    assert bool(solution["x"][1, 1:].isnan().all()) and not solution.success


def test_a_stiff_model_is_finished_by_auto_and_explained_otherwise() -> None:
    robertson = "A -> B; 0.04*A; 2B -> C + B; 3e7*B*B; B + C -> A + C; 1e4*B*C; A = 1; B = 0; C = 0"
    model = sg.compile(sg.load(robertson))
    grid = [0.0, 40.0, 400.0]
    solution = sg.simulate(model, grid, rtol=1e-8, atol=1e-12)
    # Hairer & Wanner, Solving ODEs II (1996), section IV.10: reference at t = 40
    assert solution["A"][1].item() == pytest.approx(0.7158270688, rel=1e-5)
    failed = sg.simulate(model, grid, method="dopri5", max_steps=300)
    assert failed.status == (Status.MAX_STEPS,) and "rodas5p" in failed.status[0].message
    batch = sg.simulate(model, grid, model.parameters_default.expand(2, -1), max_steps=1000, rtol=1e-8, atol=1e-12)
    assert batch.success and torch.allclose(batch["A"][0], solution["A"], rtol=1e-5)


def test_time_dependence_and_a_later_start() -> None:
    model = sg.compile(sg.load("x' = 2*time; x = 0"))
    assert sg.simulate(model, [1.0, 3.0])["x"].tolist() == pytest.approx([0.0, 8.0])


def test_a_model_without_states() -> None:
    model = sg.compile(sg.load("a := 2*time; b = 3"))
    assert sg.simulate(model, [0.0, 1.0])["a"].tolist() == [0.0, 2.0]
    assert sg.simulate(model, [0.0, 1.0], {"b": torch.ones(4)})["a"].shape == (4, 2)


def test_an_initial_state_can_be_given(decay: sg.Model) -> None:
    solution = sg.simulate(decay, [0.0, 1.0], initial_state=torch.tensor([[1.0, 0.0], [2.0, 0.0]]))
    assert solution["S"][:, 1].tolist() == pytest.approx([math.exp(-0.5), 2 * math.exp(-0.5)], rel=1e-4)
    assert sg.simulate(decay, [0.0, 1.0], initial_state=[0.1, 0.3]).states[0].tolist() == [0.1, 0.3]


def test_gradients_after_a_first_use_in_inference_mode() -> None:
    program = f"""
import torch, sbmlgrn as sg
model = sg.compile(sg.load({DECAY!r}))
with torch.inference_mode():
    sg.simulate(model, [0.0, 1.0], method="dopri5")
p = model.parameters_default.clone().requires_grad_()
sg.simulate(model, [0.0, 1.0], p, "dopri5")["T"][-1].backward()
print(p.grad[model.parameter_ids.index("k")].item())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(3 * math.exp(-0.5), rel=1e-4)


@pytest.mark.parametrize("given", [[1.0, 0.0], np.array([1.0, 0.0])])
def test_an_initial_state_may_be_numbers(decay: sg.Model, given: Any) -> None:
    solution = sg.simulate(decay, [0.0, 1.0], initial_state=given, rtol=1e-9)
    assert solution["S"][1].item() == pytest.approx(math.exp(-0.5), rel=1e-7)


@pytest.mark.parametrize("method", ["auto", "dopri5", "LSODA"])
@pytest.mark.parametrize("event", ["", "; at S < 1: T = 0"])
def test_every_method_checks_initial_states_and_takes_an_empty_batch(method: str, event: str) -> None:
    model = sg.compile(sg.load(DECAY + event))
    for shape in ((), (3,), (1, 1, 2)):
        with pytest.raises(ValueError, match=r"initial_state has shape .*, expected \[2\]"):
            sg.simulate(model, GRID, method=method, initial_state=torch.ones(shape))
    with pytest.raises(ValueError, match="parameters 2, initial_state 3"):
        sg.simulate(model, GRID, {"k": torch.ones(2)}, method, initial_state=torch.ones(3, 2))
    empty = sg.simulate(model, GRID, {"k": torch.empty(0)}, method)
    assert empty.states.shape == (0, 21, 2) and empty.status == () and empty.to_dataframe().shape == (0, 2)


def test_data_frames(decay: sg.Model) -> None:
    single = sg.simulate(decay, GRID).to_dataframe()
    assert list(single.columns) == ["S", "T"] and single.index.name == "time" and len(single) == 21
    batch = sg.simulate(decay, GRID, {"k": torch.tensor([1.0, 2.0])}).to_dataframe(["T"])
    assert batch.index.names == ["trajectory", "time"] and batch.shape == (42, 1)
    own = sg.simulate(decay, torch.tensor([[0.0, 1.0], [0.0, 2.0]])).to_dataframe()
    assert list(own.index) == [(0, 0.0), (0, 1.0), (1, 0.0), (1, 2.0)]
    assert own["S"].tolist() == pytest.approx([3.0, 3 * math.exp(-0.5), 3.0, 3 * math.exp(-1)], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t": [0.0, -1.0]}, r"t contains -1.0; times must be finite and not negative"),
        ({"t": [0.0, 2.0, 2.0]}, r"t\[1\] = 2.0 is followed by t\[2\] = 2.0"),
        ({"t": [0.0, math.inf]}, "t contains inf"),
        ({"t": []}, r"shape \(0,\)"),
        ({"rtol": 0.0}, "rtol is 0.0, expected a positive number"),
        ({"atol": -1.0}, "atol is -1.0"),
        ({"method": "ode45"}, "unknown method 'ode45'; expected one of auto, tsit5, rodas5p, dopri5"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"parameters": {"kk": 1.0}}, "unknown parameter 'kk'"),
        ({"parameters": {"k": torch.tensor(1.0, requires_grad=True)}, "method": "LSODA"}, "'LSODA' has no gradients"),
    ],
)
def test_bad_arguments_are_named(decay: sg.Model, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sg.simulate(decay, **{"t": [0.0, 1.0], **arguments})


def test_unknown_symbols_are_named(decay: sg.Model) -> None:
    with pytest.raises(UnknownElementError, match="'Q'"):
        sg.simulate(decay, GRID)["Q"]
