"""Events in the compiled loops: batches, ties, executions without number, and what ends a trajectory."""

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.ode import Status
from sbmlgrn.ode.callbacks import Callbacks
from sbmlgrn.ode.native import portions

CYCLES = "S' = -k*S; k = 1; S = 2; top = 2; low = 1; n = 0; at (S < low): S = top, n = n + 1"
BALL = "x' = v; v' = -g; g = 9.81; x = 1; v = 0; e = 0.5; at (x < 0): v = -e*v, x = 0*v"
# of a pulse every 0.5, each executed 20 later
LATE = (
    "S' = 1; S = 0; n = 0; c = 0; at (S > 0.5): S = 0, c = c + 1; at 20 after (S > 0.5), fromTrigger = false: n = n + 1"
)
JUMPING = "x' = piecewise(a, x < th, a/3); x = 0; a = 1; th = 1; at (time > 3), t0 = true: a = 2, th = 9"
TIES = "x = 1; u' = 1; u = 0;" + "".join(
    f"at (time >= {at}), fromTrigger = false: x = 10*x + {k};" for at in (1, 2) for k in (1, 2, 3)
)


def bits(values: torch.Tensor) -> bytes:
    return values.numpy().tobytes()


@pytest.mark.parametrize("text", [CYCLES, JUMPING, "species A, B; A -> B; k*A; k = 1; A = 2; B = 0; at (A < k): A = 3"])
def test_a_trajectory_does_not_depend_on_the_batch(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = sg.compile(sg.load(text))
    factors = torch.linspace(0.6, 1.7, 23, dtype=torch.float64)
    rows = model.parameters_default * factors[:, None]
    grid = np.linspace(0.0, 9.0, 31)
    monkeypatch.setattr(portions, "cores", lambda: 3)
    whole = sg.simulate(model, grid, rows)
    assert whole.success
    monkeypatch.setattr(portions, "cores", lambda: 1)
    assert bits(sg.simulate(model, grid, rows[5:9]).states) == bits(whole.states[5:9])
    for i in (0, 11, 22):
        assert bits(sg.simulate(model, grid, rows[i]).states) == bits(whole.states[i])


def test_a_trajectory_that_fails_leaves_the_others_alone() -> None:
    model = sg.compile(sg.load(BALL))
    grid = np.linspace(0.0, 1.3, 14)
    e = torch.tensor([0.9, 0.5, math.nan, 0.9], dtype=torch.float64)
    batch = sg.simulate(model, grid, {"e": e}, max_steps=400)
    alone = sg.simulate(model, grid, {"e": 0.9})
    assert batch.status[0] == batch.status[3] == Status.SUCCESS
    assert bits(batch.states[0]) == bits(batch.states[3]) == bits(alone.states)
    assert batch.status[2] == Status.NOT_FINITE
    assert torch.isnan(batch.states[2, -1]).all() and torch.isfinite(batch.states[2, 0]).all()


def test_events_that_follow_each_other_ever_faster_are_a_status() -> None:
    # with e = 0.5 the ball comes to rest after √(2/g) (1 + e) / (1 − e) = 1.355
    model = sg.compile(sg.load(BALL))
    solution = sg.simulate(model, [0.0, 0.5, 1.3, 1.5], rtol=1e-9, atol=1e-12)
    assert solution.status == (Status.EVENT_CASCADE,) and "faster" in solution.status[0].message
    assert torch.isfinite(solution["x"][:3]).all() and torch.isnan(solution["x"][3])


def test_more_executions_may_wait_than_there_was_room_for() -> None:
    solution = sg.simulate(sg.compile(sg.load(LATE)), [0.0, 19.0, 40.2])
    assert solution["c"].tolist() == [0, 37, 80]
    assert solution["n"].tolist() == [0, 0, 40]  # those of the first 20.2


def test_gradients_pass_through_more_events_than_a_log_has_room_for() -> None:
    model = sg.compile(sg.load(CYCLES))
    end = 30.0

    def final(low: torch.Tensor) -> torch.Tensor:
        return sg.simulate(model, [0.0, end], {"low": low}, rtol=1e-11, atol=1e-13)["S"][-1]

    low = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    value = final(low)
    # n cycles of ln(top/low) have passed: S = top exp(−(end − n ln(top/low)))
    n = math.floor(end / math.log(2.0))
    assert n > 40
    assert value.item() == pytest.approx(2 * math.exp(-(end - n * math.log(2.0))), rel=1e-7)
    value.backward()
    assert low.grad is not None and low.grad.item() == pytest.approx(-n * value.item(), rel=1e-6)


@pytest.mark.parametrize("seed", [0, 7])
def test_ties_are_broken_by_a_stream_of_each_trajectory(seed: int) -> None:
    model = sg.compile(sg.load(TIES))
    rows = model.parameters_default.repeat(4, 1)
    found = sg.simulate(model, [0.0, 3.0], rows, seed=seed)["x"][:, -1].tolist()
    assert len(set(found)) > 1
    for i, x in enumerate(found):
        chooser, digits = random.Random(f"{seed}/{i}"), [1]
        for _ in range(2):
            due = [1, 2, 3]
            while due:
                # the last one is not drawn
                digits.append(due.pop(due.index(chooser.choice(due))) if len(due) > 1 else due.pop())
        assert x == int("".join(map(str, digits)))


def test_each_trajectory_may_have_a_grid_of_its_own() -> None:
    model = sg.compile(sg.load(CYCLES))
    grids = np.array([[0.0, 1.0, 2.0], [0.0, 0.3, 5.0]])
    batch = sg.simulate(model, grids)
    for grid, states in zip(grids, batch.states, strict=True):
        assert bits(sg.simulate(model, grid).states) == bits(states)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_species_stay_non_negative_between_events(method: str) -> None:
    # the reaction goes on at the same rate where there is no A
    text = "species A; A -> ; k; k = 1; A = 0.7; at (time >= 2): A = 1.5"
    held = sg.simulate(sg.compile(sg.load(text)), np.linspace(0, 4, 41), method=method, non_negative=True)
    assert held.success and float(held["A"].min()) >= 0.0
    expected = [0.7 - t if t < 0.7 else 0.0 if t < 2 else max(3.5 - t, 0.0) for t in np.linspace(0, 4, 41)]
    assert held["A"].numpy() == pytest.approx(expected, abs=1e-6)


def test_what_a_function_of_python_raises_reaches_the_caller() -> None:
    from sbmlgrn.ode.native.approach import values

    def failing(t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError

    def adding(t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        return np.array([y.sum() + p[0]])

    def called(function: Callable[[float, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        callbacks = Callbacks(2, 1)
        found = values(callbacks.address(function, 1), 1, np.array([[1.0, 2.0]]), np.array([[0.5]]))
        callbacks.check()
        return found

    assert called(adding).tolist() == [[3.5]]
    with pytest.raises(ZeroDivisionError):
        called(failing)
