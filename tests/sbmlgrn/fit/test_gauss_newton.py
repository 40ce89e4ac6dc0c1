from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sbmlgrn.fit import FitStatus, FreeParameter, ParameterBox, gauss_newton
from sbmlgrn.fit.gauss_newton import _bounded_step

PARAMETERS = (FreeParameter("a", 0.1, 100), FreeParameter("b", -5, 5, "linear"))
START = {"a": 0.5, "b": 4.0}


def test_square_system() -> None:
    def rosenbrock(v: Tensor) -> Tensor:
        return torch.stack([1 - v[0].log(), 10 * (v[1] - v[0].log() ** 2)])

    result = gauss_newton(rosenbrock, START, PARAMETERS, target_loss=1e-20, max_iterations=100)
    assert result.status is FitStatus.TARGET_REACHED
    assert result.values == pytest.approx({"a": math.e, "b": 1.0})


def test_one_residual_takes_the_shortest_way() -> None:
    """One linear equation in the unit cube: the nearest point that solves it is the foot of the perpendicular."""
    box = ParameterBox(PARAMETERS)
    normal = torch.tensor([3.0, 1.0], dtype=torch.float64)
    start = torch.tensor([0.2, 0.3], dtype=torch.float64)

    def plane(v: Tensor) -> Tensor:
        return (box.to_unit(v) @ normal - 2.1)[None]

    result = gauss_newton(plane, box.from_unit(start), PARAMETERS, target_loss=1e-20, radius=2.0)
    foot = start - normal * (start @ normal - 2.1) / (normal @ normal)
    torch.testing.assert_close(box.to_unit(result.all_values[0]), foot, rtol=1e-6, atol=1e-9)


def test_out_of_reach_ends_at_the_bounds() -> None:
    result = gauss_newton(lambda v: (v[0].log() + v[1] - 30)[None], START, PARAMETERS)
    assert result.status is FitStatus.CONVERGED
    assert result.values == {"a": 100.0, "b": 5.0}
    assert "a at its upper bound 100, b at its upper bound 5" in result.message


def test_forbidden_ground_is_not_entered() -> None:
    """The root lies behind a wall of NaN; the run ends in front of it."""

    def walled(v: Tensor) -> Tensor:
        return torch.where(v[1] < 1, math.nan, v[1] + 0 * v[0])[None]

    result = gauss_newton(walled, START, PARAMETERS, max_iterations=50)
    assert result.status is FitStatus.STALLED
    assert 1 <= result.values["b"] < 1.05


def test_a_local_minimum_ends_the_run() -> None:
    result = gauss_newton(lambda v: (1 + (v[1] - 1.0) ** 2 + 0 * v[0])[None], START, PARAMETERS, max_iterations=60)
    assert result.status in (FitStatus.STALLED, FitStatus.CONVERGED)
    assert result.values["b"] == pytest.approx(1, abs=0.1)
    assert result.iterations < 30


def test_start_that_is_not_finite() -> None:
    result = gauss_newton(lambda v: v * math.nan, START, PARAMETERS)
    assert result.status is FitStatus.NOT_FINITE
    assert result.values == pytest.approx(START)


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("seed", range(10))
def test_free_step_is_that_of_the_pseudoinverse(seed: int) -> None:
    jacobian, value = random(2, 4, seed=seed), 0.01 * random(2, seed=seed + 100)
    centre = torch.full((4,), 0.5, dtype=torch.float64)
    torch.testing.assert_close(
        _bounded_step(jacobian, value, centre, 10.0), -torch.linalg.pinv(jacobian) @ value, rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("seed", range(10))
def test_step_in_the_box_and_the_radius_beats_random_ones(seed: int) -> None:
    jacobian, value = random(3, 2, seed=seed), random(3, seed=seed + 100)
    unit = torch.rand(2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    radius = 0.3
    step = _bounded_step(jacobian, value, unit, radius)
    assert float(step.norm()) <= radius * (1 + 1e-9)
    assert bool(((unit + step >= -1e-12) & (unit + step <= 1 + 1e-12)).all())
    others = radius * (2 * torch.rand(5000, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1)
    allowed = (others.norm(dim=-1) <= radius) & ((unit + others >= 0) & (unit + others <= 1)).all(-1)
    best = (value + others[allowed] @ jacobian.mT).square().sum(-1).min()
    assert float((value + jacobian @ step).square().sum()) <= float(best) + 1e-9
