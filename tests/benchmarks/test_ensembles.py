"""1000 repressilators over t = 0…200 on 201 times at rtol 1e-6, and their gradient, beside libRoadRunner in one run.

Nothing here depends on how fast it is: the numbers are printed, and only the agreement of the two is asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import roadrunner
import torch

import sbmlgrn as sg

TRAJECTORIES = 1000
GRID = np.linspace(0.0, 200.0, 201)

pytestmark = pytest.mark.benchmark


def timed(label: str, work: Callable[[], np.ndarray]) -> np.ndarray:
    """The result of the faster of two runs, whose time is printed."""

    def once() -> tuple[float, np.ndarray]:
        began = time.perf_counter()
        result = work()
        return time.perf_counter() - began, result

    seconds, result = min((once() for _ in range(2)), key=lambda run: run[0])
    print(f"{label:<44} {seconds:7.2f} s")
    return result


def test_elowitz_ensemble(elowitz: Path) -> None:
    network = sg.load(elowitz)
    model = sg.compile(network)
    runner = roadrunner.RoadRunner(str(elowitz))
    runner.integrator.setValue("relative_tolerance", 1e-6)
    runner.integrator.setValue("absolute_tolerance", 1e-9)
    runner.timeCourseSelections = ["p_lacI"]
    alpha = np.random.default_rng(1).uniform(150.0, 300.0, TRAJECTORIES)

    def theirs() -> np.ndarray:
        courses = []
        for value in alpha:
            runner.reset()
            runner.setValue("alpha", float(value))
            courses.append(np.array(runner.simulate(GRID[0], GRID[-1], len(GRID)))[:, 0])
        return np.array(courses)

    def ours() -> np.ndarray:
        with torch.no_grad():
            return sg.simulate(model, GRID, {"alpha": torch.tensor(alpha)})["p_lacI"].numpy()

    def gradient() -> np.ndarray:
        leaf = torch.tensor(alpha, requires_grad=True)
        sg.simulate(model, GRID, {"alpha": leaf})["p_lacI"].mean().backward()
        assert leaf.grad is not None
        return leaf.grad.numpy()

    print(f"\n{TRAJECTORIES} repressilators")
    reference = timed("libRoadRunner, one after the other", theirs)
    found = timed("sbmlgrn, one batch", ours)
    gradients = timed("sbmlgrn, one batch with its gradient", gradient)
    print(f"worst difference from libRoadRunner {np.abs(found - reference).max():.1e} of {reference.max():.0f}")
    assert np.abs(found - reference).max() < 1e-3 * reference.max()
    assert np.isfinite(gradients).all()
    assert (gradients != 0).all()
