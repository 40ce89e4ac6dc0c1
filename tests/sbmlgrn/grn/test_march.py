"""The loops against SciPy and central differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit

from sbmlgrn.grn import Task, batch
from sbmlgrn.grn.native.logistic import logistic
from sbmlgrn.grn.native.march import Course, rows
from sbmlgrn.ode.native.loop import loop

GENES = ("g1", "g2", "g3")


@loop
def _logistics(z: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(z)):
        out[i] = logistic(z[i])


def test_the_logistic_function_is_that_of_scipy() -> None:
    z = np.concatenate([np.linspace(-800, 800, 4001), np.linspace(-3, 3, 1001)])
    found = np.empty_like(z)
    _logistics(z, found)
    near = np.abs(z) < 690
    np.testing.assert_allclose(found[near], expit(z[near]), rtol=2e-15)
    np.testing.assert_allclose(found, expit(z), atol=1e-300)


@pytest.fixture
def task() -> Task:
    rng = np.random.default_rng(3)
    times = np.array([0.5, 1.0, 2.0, 3.0])
    wanted = rng.uniform(0, 1, (5, 4))
    wanted[1, 2] = np.nan
    return Task(
        "any",
        GENES,
        {"g3": wanted, "g2": rng.uniform(0, 1, (5, 4))},
        times,
        inputs={"a": "g1", "b": "g2"},
        switches=np.array([0.0, 0.7]),
        levels=rng.uniform(0, 1, (5, 2, 2)),
        initial=rng.uniform(0, 1, (5, 3)),
        step=0.1,
    )


@pytest.fixture
def circuits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    kept = rng.uniform(size=(3, 3, 3)) < 0.8
    theta = rng.normal(0, 1, (3, rows(3).end))
    theta[:, :9] *= 3 * kept.reshape(3, 9)
    theta[:, 12:] *= 0.3
    return theta, kept


def test_paths_are_solutions_of_the_equation(task: Task, circuits: tuple[np.ndarray, np.ndarray]) -> None:
    theta, kept = circuits
    states = batch.paths(task.course(), theta, kept)
    for c in range(3):
        weights, (bias, *logs) = theta[c, :9].reshape(3, 3), np.split(theta[c, 9:], 4)
        production, degradation, scale = np.exp(logs)

        def rate(t: float, y: np.ndarray, c: int = c, condition: int = 0, p: tuple = ()) -> np.ndarray:
            weights, bias, production, degradation, scale = p
            supply = np.append(task.levels[condition, :, int(t >= 0.7)], 0.0)
            return (production * expit(weights @ y + bias) + supply - degradation * y) / scale

        for condition in range(5):
            y = np.asarray(task.initial)[condition]
            p = (weights, bias, production, degradation, scale)
            for low, high in ((0.0, 0.7 - 1e-12), (0.7, 3.0)):
                end = solve_ivp(rate, (low, high), y, args=(c, condition, p), rtol=1e-10, atol=1e-12)
                y = end.y[:, -1]
            np.testing.assert_allclose(states[c, -1, :, condition], y, atol=3e-5)


def _central(course: Course, theta: np.ndarray, kept: np.ndarray, row: int) -> np.ndarray:
    h = np.zeros(theta.shape[1])
    h[row] = 1e-5
    return (batch.losses(course, theta + h, kept) - batch.losses(course, theta - h, kept)) / 2e-5


def test_gradients_are_those_of_central_differences(task: Task, circuits: tuple[np.ndarray, np.ndarray]) -> None:
    theta, kept = circuits
    losses, slopes = batch.gradients(task.course(), theta, kept)
    np.testing.assert_allclose(losses, batch.losses(task.course(), theta, kept), rtol=1e-14)
    for row in range(theta.shape[1]):
        there = kept.reshape(3, 9)[:, row] if row < 9 else np.ones(3, bool)
        expected = np.where(there, _central(task.course(), theta, kept, row), 0.0)
        np.testing.assert_allclose(slopes[:, row], expected, rtol=1e-6, atol=1e-9)


def test_jacobians_agree_with_adjoints(task: Task, circuits: tuple[np.ndarray, np.ndarray]) -> None:
    theta, kept = circuits
    free = np.full((3, 21), -1)
    for c in range(3):
        own = np.concatenate([np.flatnonzero(kept[c]), np.arange(9, 21)])
        free[c, : len(own)] = own
    residuals, slopes = batch.jacobians(task.course(), theta, kept, free)
    losses, gradients = batch.gradients(task.course(), theta, kept)
    np.testing.assert_allclose((residuals**2).sum(1), losses, rtol=1e-13)
    for c in range(3):
        for k, row in enumerate(free[c]):
            expected = gradients[c, row] if row >= 0 else 0.0
            assert 2 * slopes[c, k] @ residuals[c] == pytest.approx(expected, abs=1e-13)
