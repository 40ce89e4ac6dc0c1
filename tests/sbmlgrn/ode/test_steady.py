"""Steady states against analytic ones, libRoadRunner's and long time courses; gradients against differences."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import roadrunner
import torch

import sbmlgrn as sg
from sbmlgrn.ode import Status

ENZYME = """E + S -> ES; k1*E*S; ES -> E + S; k2*ES; ES -> E + P; k3*ES; P -> S; k4*P
    k1 = 1; k2 = 0.5; k3 = 0.3; k4 = 0.2; E = 1; S = 3; ES = 0; P = 0"""
SWITCH = "x' = a + x^2/(1 + x^2) - d*x; a = 0.02; d = 0.45; x = 0"
STIFF = """A -> B; k1*A; 2B -> C + B; k2*B*B; B + C -> A + C; k3*B*C; C -> A; k4*C
    k1 = 0.04; k2 = 3e7; k3 = 1e4; k4 = 1e-3; A = 1; B = 0; C = 0"""
SIZES = "compartment c = 2, d = 0.5; species S in c, T in d; S -> T; c*(k*S - j*T); k = 0.3; j = 0.7; S = 4; T = 1"


def test_production_and_decay() -> None:
    model = sg.compile(sg.load("-> S; k; S -> ; d*S; k = 3; d = 0.5; S = 0; T := 2*S"))
    k = torch.tensor([3.0, 0.0, 10.0], dtype=torch.float64, requires_grad=True)
    d = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    rest = sg.steady_state(model, {"k": k, "d": d})
    assert rest.success and rest["T"].tolist() == pytest.approx([12.0, 0.0, 40.0], abs=1e-8)
    by_k, by_d = torch.autograd.grad(rest["T"].sum(), (k, d))
    assert by_k.tolist() == pytest.approx([4.0] * 3) and float(by_d) == pytest.approx(-2 * 13 / 0.25, rel=1e-9)


def test_totals_are_kept_and_have_gradients() -> None:
    model = sg.compile(sg.load(SIZES))
    start = torch.tensor([8.0, 0.5], dtype=torch.float64, requires_grad=True)  # amounts
    rest = sg.steady_state(model, initial_state=start)
    # k·S/c = j·T/d in amounts
    share = (0.7 / 0.5) / (0.3 / 2 + 0.7 / 0.5)
    assert rest.states.tolist() == pytest.approx([8.5 * share, 8.5 * (1 - share)], rel=1e-9)
    assert rest["S"].item() == pytest.approx(8.5 * share / 2)
    assert torch.autograd.grad(rest.states[0], start)[0].tolist() == pytest.approx([share, share], rel=1e-9)


@pytest.mark.parametrize("text", [ENZYME, SWITCH, STIFF, SIZES])
def test_gradients_agree_with_central_differences(text: str) -> None:
    model = sg.compile(sg.load(text))
    p = model.parameters_default.clone().requires_grad_()
    rest = sg.steady_state(model, p)
    assert rest.success
    weights = 1 / (rest.states.detach().abs() + 1e-12) * torch.arange(1, len(rest.states) + 1)
    (gradient,) = torch.autograd.grad((rest.states * weights).sum(), p)
    for i, value in enumerate(p.tolist()):
        h = torch.zeros_like(p)
        h[i] = 1e-5 * value or 1e-6
        with torch.no_grad():
            up, down = sg.steady_state(model, torch.stack([p + h, p - h])).states
        expected = float(((up - down) * weights).sum() / (2 * h[i]))
        assert float(gradient[i]) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_basin_is_that_of_the_initial_state() -> None:
    model = sg.compile(sg.load(SWITCH))
    x = torch.tensor([0.0, 0.25, 3.0], dtype=torch.float64)
    rest = sg.steady_state(model, {"x": x})["x"]
    late = sg.simulate(model, [0.0, 3000.0], {"x": x}, rtol=1e-11, atol=1e-13)["x"][:, -1]
    assert rest.tolist() == pytest.approx(late.tolist(), rel=1e-9)
    assert float(rest[2]) > 10 * float(rest[0])


def test_what_does_not_rest_says_so_and_leaves_the_others_alone() -> None:
    model = sg.compile(sg.load("x' = y*w + k*x; y' = -x*w; z' = 1 - z; w = 0; k = -1; x = 1; y = 1; z = 0"))
    w = torch.tensor([1.0, 1.0, 1.0, math.nan, 2.0], dtype=torch.float64, requires_grad=True)
    k = torch.tensor([-1.0, 0.0, 0.5, -1.0, -1.0], dtype=torch.float64)
    rest = sg.steady_state(model, {"w": w, "k": k})
    expected = [Status.SUCCESS, Status.NOT_STEADY, None, Status.NOT_FINITE, Status.SUCCESS]
    assert all(e in (s, None) for e, s in zip(expected, rest.status, strict=True)) and not rest.success
    assert rest.status[2] is not Status.SUCCESS and bool(rest.states[1:4].isnan().all())
    assert rest.states[0].tolist() == pytest.approx([0.0, 0.0, 1.0], abs=1e-9)
    (gradient,) = torch.autograd.grad(rest["z"][[0, 4]].sum(), w, retain_graph=True)
    assert gradient.tolist() == [0.0] * 5
    (gradient,) = torch.autograd.grad(rest["z"].sum(), w)
    assert [math.isnan(g) for g in gradient.tolist()] == [False, True, True, True, False]


def test_a_rest_that_is_not_determined_is_refused() -> None:
    # x² + y is conserved, which is not a linear sum: the rest is one of a line
    model = sg.compile(sg.load("x' = -k*(x - 1); y' = 2*k*x*(x - 1); k = 1; x = 3; y = 0"))
    assert sg.steady_state(model).status == (Status.NOT_STEADY,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x' = sin(time) - x; x = 0", "the rate of 'x' depends on the time"),
        ("x' = -x; x = 1; at (x < 0.5): x = 2", "the model has events"),
    ],
)
def test_models_without_steady_states_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sg.steady_state(sg.compile(sg.load(text)))


def test_large_systems() -> None:
    steps = "\n".join(
        f"R{i}: X{i} -> X{i + 1}; k*X{i}*(1 + X{i}); B{i}: X{i + 1} -> X{i}; X{i + 1}" for i in range(150)
    )
    values = "; ".join(f"X{i} = {float(i == 0)}" for i in range(151))
    model = sg.compile(sg.load(f"{steps}\n{values}; k = 1.001"))
    k = torch.tensor(1.001, dtype=torch.float64, requires_grad=True)
    rest = sg.steady_state(model, {"k": k})
    assert rest.success and float(rest.states.detach().sum()) == pytest.approx(1.0, rel=1e-9)
    x = rest.states.detach().numpy()
    order = [model.state_ids.index(f"X{i}") for i in range(151)]
    assert x[order][1:] == pytest.approx(1.001 * x[order][:-1] * (1 + x[order][:-1]), rel=1e-8)
    (gradient,) = torch.autograd.grad(rest["X150"], k)
    with torch.no_grad():
        up, down = sg.steady_state(model, {"k": torch.tensor([1.0011, 1.0009], dtype=torch.float64)})["X150"]
    assert float(gradient) == pytest.approx(float(up - down) / 2e-4, rel=1e-4)


def test_biomodels_rest_where_roadrunner_says(data: Path) -> None:
    compared = 0
    for path in sorted((data / "biomodels").glob("*.xml"))[:40]:
        model = sg.compile(sg.load(path))
        if len(model.state_ids) > 60:
            continue
        try:
            rest = sg.steady_state(model)
        except ValueError:
            continue
        if not rest.success:
            continue
        runner = roadrunner.RoadRunner(str(path))
        runner.integrator.setValue("relative_tolerance", 1e-10)
        runner.integrator.setValue("absolute_tolerance", 1e-14)
        try:
            runner.simulate(0, 1e8, 2)
        except RuntimeError:
            continue
        theirs = np.array([runner.getValue(name) for name in model.state_ids])
        ours = np.array([float(rest[name]) for name in model.state_ids])
        compared += 1
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6 * max(1.0, float(np.abs(theirs).max()))), path.name
    assert compared >= 5
