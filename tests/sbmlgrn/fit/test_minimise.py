from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import torch
from scipy.optimize import minimize as scipy_minimize
from torch import Tensor

from sbmlgrn.fit import FitStatus, FreeParameter, ParameterBox, Progress, minimise

PARAMETERS = (FreeParameter("a", 0.1, 100), FreeParameter("b", -5, 5, "linear"))
START = {"a": 0.5, "b": 4.0}
Optimizer = Literal["adam", "lbfgs"]


def rosenbrock(values: Tensor) -> Tensor:
    """Minimum 0 at a = e, b = 1."""
    a, b = values[:, 0].log(), values[:, 1]
    return (1 - a) ** 2 + 100 * (b - a**2) ** 2


def bowl(values: Tensor) -> Tensor:
    """Minimum 0 at a = e, b = 3."""
    return (values[:, 0].log() - 1) ** 2 + (values[:, 1] - 3) ** 2


def test_lbfgs_runs_through_the_valley() -> None:
    result = minimise(rosenbrock, START, PARAMETERS, "lbfgs", target_loss=1e-12)
    assert result.status is FitStatus.TARGET_REACHED
    assert result.values == pytest.approx({"a": math.e, "b": 1.0}, rel=1e-5)
    assert result.loss <= 1e-12


def test_adam_runs_down_the_bowl() -> None:
    result = minimise(bowl, START, PARAMETERS, "adam", target_loss=1e-8, max_iterations=1000, patience=200)
    assert result.status is FitStatus.TARGET_REACHED
    assert result.values == pytest.approx({"a": math.e, "b": 3.0}, abs=1e-3)


@pytest.mark.filterwarnings("ignore:delta_grad")
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_minimum_on_a_bound_agrees_with_scipy_in_other_coordinates(optimizer: Optimizer) -> None:
    narrow = (FreeParameter("a", 0.1, 2.0), FreeParameter("b", -5, 5, "linear"))
    ours = minimise(rosenbrock, START, narrow, optimizer, max_iterations=3000, patience=300)
    reference = scipy_minimize(
        lambda x: (1 - np.log(x[0])) ** 2 + 100 * (x[1] - np.log(x[0]) ** 2) ** 2,
        [0.5, 4.0],
        bounds=[(0.1, 2.0), (-5, 5)],
        method="trust-constr",
        options={"gtol": 1e-10, "xtol": 1e-12},
    )
    assert ours.values["a"] == pytest.approx(2.0, rel=1e-6)
    assert ours.loss == pytest.approx(reference.fun, rel=1e-3)
    assert "a at its upper bound 2" in ours.message


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_holes_are_stepped_back_from(optimizer: Optimizer) -> None:
    met = 0

    def with_hole(values: Tensor) -> Tensor:
        nonlocal met
        hole = values[:, 1] > 3.2
        met += int(hole.sum())
        return torch.where(hole, math.nan, bowl(values))

    result = minimise(
        with_hole, {"a": 0.5, "b": -4}, PARAMETERS, optimizer, max_iterations=1000, target_loss=1e-6, learning_rate=0.2
    )
    assert met > 0
    assert result.status is FitStatus.TARGET_REACHED
    assert result.values["b"] == pytest.approx(3, abs=2e-3)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_gradient_that_is_not_finite_is_no_crash(optimizer: Optimizer) -> None:
    def root(values: Tensor) -> Tensor:
        """Minimum at b = 0, with an infinite gradient there."""
        return (values[:, 1] ** 2).sqrt().sqrt() + 0 * values[:, 0]

    result = minimise(root, {"a": 1, "b": 0.0}, PARAMETERS, optimizer)
    assert result.status is FitStatus.NOT_FINITE
    assert "never finite" in result.message


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_never_finite_is_a_status(optimizer: Optimizer) -> None:
    result = minimise(lambda v: v.sum(-1) * math.nan, START, PARAMETERS, optimizer)
    assert result.status is FitStatus.NOT_FINITE
    assert result.values == pytest.approx(START)
    assert result.loss == math.inf


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_starts_together(optimizer: Optimizer) -> None:
    """Two wells; only starts on the right find the deeper one. One start never yields a number, and harms no other."""

    def wells(values: Tensor) -> Tensor:
        b = values[:, 1]
        loss = 0.05 * (b**2 - 4) ** 2 - 0.2 * b
        return torch.where(b < -4.9, math.nan, loss) + 0 * values[:, 0]

    starts = torch.tensor([[1.0, -3.0], [1.0, 3.0], [1.0, -4.95]])
    result = minimise(wells, starts, PARAMETERS, optimizer, max_iterations=400, patience=100)
    left, _, right = sorted(np.roots([0.2, 0, -0.8, -0.2]).real)
    # L-BFGS' first line search may leap from one well into the other, Adam may not.
    ends = result.all_values[:2, 1].tolist()
    assert sorted(ends) == pytest.approx([left, right], abs=1e-2)
    assert optimizer == "lbfgs" or ends == sorted(ends)
    assert result.all_losses[2] == math.inf
    assert result.values["b"] == pytest.approx(right, abs=1e-2)


def test_patience_ends_a_run_on_a_plateau() -> None:
    result = minimise(lambda v: bowl(v) * 0 + 1, START, PARAMETERS, "adam", patience=7, max_iterations=100)
    assert result.status is FitStatus.STALLED
    assert result.iterations == 8


def test_iteration_limit() -> None:
    result = minimise(rosenbrock, START, PARAMETERS, "adam", max_iterations=5)
    assert result.status is FitStatus.ITERATION_LIMIT
    assert result.iterations == len(result.history) == 5


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_progress_is_told_and_can_end_the_run(optimizer: Optimizer) -> None:
    told: list[Progress] = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimise(rosenbrock, START, PARAMETERS, optimizer, stage="hunt", on_progress=listen)
    assert [p.iteration for p in told] == [1, 2, 3, 4]
    assert all(p.stage == "hunt" and set(p.values) == {"a", "b"} for p in told)
    assert [p.loss for p in told] == sorted((p.loss for p in told), reverse=True)


def test_a_seed_makes_a_noisy_loss_repeatable_and_leaves_the_generator_alone() -> None:
    def noisy(values: Tensor) -> Tensor:
        return bowl(values) + 0.1 * torch.randn(len(values), dtype=values.dtype) * values[:, 1]

    state = torch.random.get_rng_state()
    runs = [minimise(noisy, START, PARAMETERS, "adam", max_iterations=20, seed=s).values for s in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert runs[0] == runs[1] != runs[2]


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="unknown optimiser 'sgd'; choose 'adam' or 'lbfgs'"):
        minimise(bowl, START, PARAMETERS, "sgd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"the loss has the shape \(\); expected one number a row: \[1\]"):
        minimise(lambda v: v.sum(), START, PARAMETERS)
    with pytest.raises(ValueError, match="outside its bounds"):
        minimise(bowl, {"a": 1000, "b": 0}, PARAMETERS)


def test_sampled_starts_fit_in() -> None:
    starts = ParameterBox(PARAMETERS).sample(8, seed=3)
    result = minimise(bowl, starts, PARAMETERS, "lbfgs")
    torch.testing.assert_close(result.all_values[:, 1], torch.full((8,), 3.0, dtype=torch.float64), rtol=1e-4, atol=0)
