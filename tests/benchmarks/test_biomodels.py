"""20 BioModels of growing size beside libRoadRunner: one trajectory, and ensembles of 256, over t = 0…100 at rtol 1e-8.

Times are CPU seconds, the least of several runs; of ensembles, of both simulators on one core.
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
from sbmlgrn.ode.native import portions

pytestmark = pytest.mark.benchmark

GRID = np.linspace(0.0, 100.0, 101)
BATCH = 256
SIZES = {  # states without events; the public share of BioModels has none larger
    **{"004": 5, "010": 8, "022": 10, "055": 13, "028": 16, "268": 34, "730": 44, "151": 66, "334": 73, "412": 79},
    **{"223": 80, "559": 89, "049": 92, "544": 102, "667": 102, "175": 118, "457": 162, "574": 194, "205": 194},
    "595": 212,
}


def timed(run: Callable[[], object]) -> float:
    """Least CPU seconds of some runs, half a second in all."""
    times: list[float] = []
    while len(times) < 2 or (sum(times) < 0.5 and len(times) < 20):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def test_single_trajectories_and_ensembles(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "cores", lambda: 1)
    singles, ensembles = [], []
    print("\nmodel states   one: ours ms  libRoadRunner ms  ratio   256: ours s  libRoadRunner s  ratio")
    for number, size in SIZES.items():
        path = data / "biomodels" / f"BIOMD0000000{number}.xml"
        model = sg.compile(sg.load(path))
        assert len(model.state_ids) == size and not model.system.transitions
        runner = roadrunner.RoadRunner(str(path))
        runner.integrator.setValue("relative_tolerance", 1e-8)
        runner.integrator.setValue("absolute_tolerance", 1e-12)
        runner.integrator.setValue("maximum_num_steps", 1_000_000)
        spread = np.random.default_rng(1).uniform(0.9, 1.1, (BATCH, 1))
        start = model.initial(model.parameters_default)
        starts = start * torch.tensor(spread)

        def theirs(runner: roadrunner.RoadRunner = runner, count: int = 1) -> None:
            for _ in range(count):
                runner.reset()
                runner.simulate(GRID[0], GRID[-1], len(GRID))

        def ours(model: sg.Model = model, start: torch.Tensor = start) -> None:
            with torch.no_grad():
                solution = sg.simulate(model, GRID, rtol=1e-8, atol=1e-12, initial_state=start)
            assert solution.success

        ours()
        mine, other = timed(ours), timed(theirs)
        many = timed(lambda starts=starts, ours=ours: ours(start=starts))
        loop = other * BATCH  # of trajectories like the first
        singles.append(mine / other)
        ensembles.append(loop / many)
        print(
            f"{number:>5} {size:>6} {1e3 * mine:14.2f} {1e3 * other:17.2f} {singles[-1]:6.2f}"
            f" {many:12.3f} {loop:16.3f} {ensembles[-1]:6.1f}"
        )
    print(
        f"one: median {np.median(singles):.2f}, worst {max(singles):.2f} of libRoadRunner's time; "
        f"256 on one core: {np.median(ensembles):.1f} times as fast in the median"
    )
    assert np.median(singles) < 1.0
