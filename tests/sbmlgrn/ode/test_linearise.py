"""Derivatives of observables, beside central differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.ode import Status, linearise

SMOOTH = """
model smooth
  compartment c = 2
  species A in c, B in c
  A = a0; a0 = 3; B = 0.5; k = 0.7; q = 0.3
  J: A -> B; c*k*A/(1 + A)
  K: B -> ; c*q*B
  total := A + k*B
end
"""
STIFF = """
model stiff
  species $X; A = 1; B = 0; C = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4
  J1: A -> B; k1*A
  J2: 2 B -> B + C; k2*B^2
  J3: B + C -> A + C; k3*B*C
end
"""
EVENTS = """
model events
  A = 5; B = 0; k = 0.5; dose = 2; limit = 1
  J: A -> B; k*A
  E: at (A < limit): A = A + dose
  total := A + B
end
"""
LATE = """
model late
  A = 5; B = 0; k = 0.5; dose = 2; limit = 1; wait = 0.6; c = 0
  J: A -> B; k*A
  E: at wait after (A < limit), fromTrigger=false: A = A + dose*k
  F: at 2*wait after (A < 1.5*limit), fromTrigger=true: B = A + wait
  total := A + B
end
"""
JUMPS = """
model jumps
  A = 0; k = 0.5; when = 2; rate = 1
  A' = piecewise(rate, time < when, 0) - k*A
end
"""
STILL = """
model still
  k = 2; p = 3
  x := k*time + p
end
"""
CASES = {
    "smooth": (SMOOTH, ["A", "B", "total"], ["a0", "k", "q", "B", "c"], np.linspace(0, 5, 6)),
    "stiff": (STIFF, ["A", "B", "C"], ["k1", "k2", "k3"], np.array([0.0, 0.4, 4.0, 40.0])),
    "events": (EVENTS, ["A", "total"], ["k", "dose", "limit", "A"], np.linspace(0, 7.3, 5)),
    "delayed events": (LATE, ["A", "B"], ["k", "dose", "limit", "wait"], np.linspace(0, 7.3, 5)),
    "jumps": (JUMPS, ["A"], ["k", "when", "rate"], np.linspace(0, 5, 4)),
    "no states": (STILL, ["x"], ["k", "p"], np.linspace(0, 2, 3)),
}


@pytest.mark.parametrize("case", CASES)
def test_jacobian_is_that_of_central_differences(case: str) -> None:
    text, symbols, names, t = CASES[case]
    model = sg.compile(sg.load(text))
    directions = [model.parameter_ids.index(name) for name in names]
    default = model.parameters_default.numpy()
    rows = np.stack([default, default])
    rows[1, directions] *= 1.1
    found = linearise(model, t, rows, symbols, directions, rtol=1e-9, atol=1e-13)
    assert set(found.status) == {Status.SUCCESS}

    def values(p: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            solution = sg.simulate(model, t, torch.as_tensor(p), rtol=1e-11, atol=1e-15)
        return torch.stack([solution[name].expand(len(p), -1) for name in symbols], -1).numpy()

    reference = values(rows)
    assert found.values == pytest.approx(reference, rel=1e-6, abs=1e-9)
    for k, i in enumerate(directions):
        step = np.zeros_like(rows)
        step[:, i] = 1e-5 * rows[:, i] + (rows[:, i] == 0) * 1e-6
        difference = (values(rows + step) - values(rows - step)) / (2 * step[:, i, None, None])
        # what the differences resolve, where they ought to be 0
        floor = max(1e-5 * np.abs(difference).max(), 1e-6 * np.abs(reference).max() / np.abs(rows[:, i]).max())
        assert found.jacobian[..., k] == pytest.approx(difference, rel=1e-4, abs=floor)


def test_delays_are_differentiated_by_differences() -> None:
    model = sg.compile(sg.load("model m; A = 1; k = 0.5; tau = 1; A' = -k*delay(A, tau); end"))
    t, p = np.array([0.0, 0.5, 1.0]), model.parameters_default.numpy()[None]
    i = model.parameter_ids.index("k")
    found = linearise(model, t, p, ["A"], [i])
    # as long as the past is the constant start, A = 1 - k t
    assert found.jacobian[0, :, 0, 0] == pytest.approx(-t, abs=1e-5)


def test_a_trajectory_that_fails_leaves_the_others_alone() -> None:
    model = sg.compile(sg.load("model m; A = 1; k = 1; A' = k*A^2; end"))
    i = model.parameter_ids.index("k")
    p = np.repeat(model.parameters_default.numpy()[None], 2, 0)
    p[1, i] = 0.1
    found = linearise(model, np.array([0.0, 1.0, 2.0]), p, ["A"], [i])
    assert found.status[0] is not Status.SUCCESS and found.status[1] is Status.SUCCESS
    assert np.isnan(found.values[0, -1, 0])
    assert found.values[1, :, 0] == pytest.approx(1 / (1 - 0.1 * np.array([0, 1, 2])), rel=1e-5)
    assert found.jacobian[1, -1, 0, 0] == pytest.approx(2 / 0.8**2, rel=1e-5)


def test_an_event_at_the_last_time_happens_once() -> None:
    model = sg.compile(sg.load("model m; A = 1; k = 0.5; A' = -k; at (time >= 2): A = A + 3*k; end"))
    i, t = model.parameter_ids.index("k"), np.array([0.0, 1.0, 2.0])
    found = linearise(model, t, model.parameters_default.numpy()[None], ["A"], [i])
    assert found.values[0, :, 0] == pytest.approx([1.0, 0.5, 1.5])
    assert found.jacobian[0, :, 0, 0] == pytest.approx([0.0, -1.0, 1.0])
    k = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    last = sg.simulate(model, t, {"k": k})["A"][-1]
    assert last.item() == pytest.approx(1.5)
    assert torch.autograd.grad(last, k)[0].item() == pytest.approx(1.0)
