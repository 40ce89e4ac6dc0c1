"""Right-hand sides that jump, and triggers that hold for a moment, against solutions worked out by hand."""

import math

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.lower import with_modes

PULSE = "x' = piecewise(height, time >= on && time < off, 0) - x; on = 50; off = 50.001; height = 1000; x = 0"
SWITCH = "x' = piecewise(fast, x < th, slow); x = 0; th = 1; fast = 2; slow = 0.5"
STAIRS = "x' = floor(time/T) + k; x = 0; T = 3; k = 0.1"
SLIDING = "x' = piecewise(-1, x > 0, 1); x = 0.5"
ONCE = "x' = 1; x = 0; n = 0; at (time == 3): n = n + 1; at (x == 7.1): n = n + 10"
EVERY = "x' = 1; x = 0; n = 0; T = 4; at (time - T*floor(time/T) == 0), t0 = true: n = n + 1"
CROSSED = "x' = -k*x; x = 1; k = 1; half = 0.5; n = 0; at (x == half): n = n + 1; y' = n; y = 0"


def final(text: str, end: float, **values: torch.Tensor | float) -> torch.Tensor:
    model = sg.compile(sg.load(text))
    solution = sg.simulate(model, [0.0, end], values, rtol=1e-10, atol=1e-12)
    assert solution.success
    return solution.states[-1, 0] if model.state_ids[0] == "x" else solution["x"][-1]


@pytest.mark.parametrize("text", [PULSE, SWITCH, STAIRS])
def test_every_jump_becomes_a_mode(text: str) -> None:
    system = sg.compile(sg.load(text)).system
    smooth, modes = with_modes(system)
    assert len(modes) == 1 and len(smooth.states) == len(system.states) + 1
    assert all("floor" not in repr(f) for f in smooth.rhs)


def test_a_system_that_does_not_jump_stays_as_it_is() -> None:
    system = sg.compile(sg.load("x' = -x; x = 1")).system
    assert with_modes(system) == (system, ())


def test_a_short_pulse_is_not_missed() -> None:
    expected = 1000 * (1 - math.exp(-0.001)) * math.exp(-(60 - 50.001))
    assert final(PULSE, 60.0).item() == pytest.approx(expected, rel=1e-7)


def test_gradients_know_when_a_pulse_begins_and_ends() -> None:
    on, off = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (50.0, 50.001))
    final(PULSE, 60.0, on=on, off=off).backward()
    assert on.grad is not None and off.grad is not None
    assert on.grad.item() == pytest.approx(-1000 * math.exp(-10), rel=1e-6)
    assert off.grad.item() == pytest.approx(1000 * math.exp(-(60 - 50.001)), rel=1e-6)


def test_gradients_know_where_a_state_switches_its_own_rate() -> None:
    names = {"th": 1.0, "fast": 2.0, "slow": 0.5}
    leaves = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in names.items()}
    value = final(SWITCH, 10.0, **leaves)
    assert value.item() == pytest.approx(1 + 0.5 * 9.5, rel=1e-10)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    # x = th + slow (10 − th/fast)
    assert [g.item() for g in gradients] == pytest.approx([1 - 0.5 / 2, 0.5 * 1 / 4, 9.5], rel=1e-8)


def test_gradients_know_on_which_side_of_a_threshold_a_state_is() -> None:
    text = "x' = -x; z' = piecewise(c - x, x < c, 0); x = 1; z = 0; c = 0.5"
    c = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    final = sg.simulate(sg.compile(sg.load(text)), [0.0, 3.0], {"c": c}, rtol=1e-10, atol=1e-12)["z"][-1]
    # from t = −ln c on, z = c (3 + ln c) − (c − exp(−3))
    assert final.item() == pytest.approx(0.5 * (3 + math.log(0.5)) - 0.5 + math.exp(-3), rel=1e-8)
    final.backward()
    assert c.grad is not None and c.grad.item() == pytest.approx(3 + math.log(0.5), rel=1e-7)


def test_gradients_know_the_width_of_stairs() -> None:
    width = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    value = final(STAIRS, 10.0, T=width)
    value.backward()
    assert value.item() == pytest.approx(3 + 6 + 3 * 1 + 1, rel=1e-9)  # 0 until 3, 1 until 6, 2 until 9, 3 until 10
    assert width.grad is not None
    assert width.grad.item() == pytest.approx(-(1 + 2 + 3), rel=1e-8)


def test_a_rate_that_undoes_itself_is_integrated_as_it_is() -> None:
    model = sg.compile(sg.load(SLIDING))
    solution = sg.simulate(model, [0.0, 0.25, 0.6], rtol=1e-5, atol=1e-5)
    assert solution.success
    assert solution["x"].numpy() == pytest.approx([0.5, 0.25, 0.0], abs=1e-4)


def test_triggers_that_hold_for_a_moment() -> None:
    grid = np.linspace(0.0, 10.0, 8)  # neither 3 nor 7.1 is on it
    assert sg.simulate(sg.compile(sg.load(ONCE)), grid)["n"].tolist() == [0, 0, 0, 1, 1, 11, 11, 11]
    assert sg.simulate(sg.compile(sg.load(EVERY)), grid)["n"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("half", [0.5, 0.3, 1 / 7])
def test_an_equality_between_two_floating_point_numbers_is_seen(half: float) -> None:
    model = sg.compile(sg.load(CROSSED))
    where = torch.tensor(half, dtype=torch.float64, requires_grad=True)
    solution = sg.simulate(model, [0.0, 3.0], {"half": where}, rtol=1e-10, atol=1e-12)
    assert solution["n"].tolist() == [0, 1]
    assert solution["y"][-1].item() == pytest.approx(3 + math.log(half), rel=1e-8)
    solution["y"][-1].backward()
    assert where.grad is not None and where.grad.item() == pytest.approx(1 / half, rel=1e-7)
