"""An ensemble of Elowitz & Leibler's repressilators, and its gradient (docs/benchmarks.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import roadrunner
import torch
from torchdiffeq import odeint

import sbmlgrn as sg

from .conftest import Report
from .measure import CORES, QUICK, timed, versions
from .peer import PeerMissing, ask
from .reference import central_gradient, error, solve
from .table import Row, Table, compared

TRAJECTORIES: Final = 50 if QUICK else 1000
GRID: Final = np.linspace(0.0, 200.0, 201)
RTOL, ATOL = 1e-6, 1e-9
NAMES: Final = ("alpha", "alpha0", "n", "beta")
REFERENCES: Final = 5 if QUICK else 50
GRADIENT_REFERENCES: Final = 1 if QUICK else 6

pytestmark = pytest.mark.benchmark


@dataclass(frozen=True)
class Ensemble:
    document: Path
    model: sg.Model
    columns: list[int]  # of NAMES in the parameter vector
    p: np.ndarray  # [trajectory, NAMES]
    y0: np.ndarray  # [trajectory, state]

    def full(self, p: np.ndarray) -> np.ndarray:
        rows = np.tile(self.model.parameters_default.numpy(), (len(p), 1))
        rows[:, self.columns] = p
        return rows


@pytest.fixture(scope="module")
def ensemble(elowitz: Path) -> Ensemble:
    model = sg.compile(sg.load(elowitz))
    draw = np.random.default_rng(1).uniform(0.75, 1.25, (TRAJECTORIES, len(NAMES)))
    columns = [model.parameter_ids.index(name) for name in NAMES]
    y0 = model.initial(model.parameters_default).numpy()
    assert model.state_ids == ("m_lacI", "m_tetR", "m_cI", "p_lacI", "p_tetR", "p_cI")
    return Ensemble(
        elowitz, model, columns, draw * model.parameters_default.numpy()[columns], np.tile(y0, (TRAJECTORIES, 1))
    )


def test_forward(ensemble: Ensemble, report: Report, tmp_path: Path) -> None:
    parameters = torch.as_tensor(ensemble.full(ensemble.p))

    def ours() -> np.ndarray:
        with torch.no_grad():
            return sg.simulate(ensemble.model, GRID, parameters, rtol=RTOL, atol=ATOL).states.numpy()

    reference = np.array(
        [
            solve(ensemble.model.system, ensemble.y0[i], row, GRID)
            for i, row in enumerate(ensemble.full(ensemble.p[:REFERENCES]))
        ]
    )
    ours()
    seconds, found = timed(ours)
    mine = error(found[:REFERENCES], reference)
    rows: list[Row] = []

    def beside(peer: str, theirs: float, values: np.ndarray, note: str = "") -> None:
        rows.append(Row("forward", peer, seconds, theirs, mine, error(values[:REFERENCES], reference), note))

    found_versions: dict[str, str] = versions("libroadrunner", "torchdiffeq")
    for peer in ("diffrax", "torchode"):
        try:
            reply = _ask(ensemble, peer, tmp_path, "forward")
        except PeerMissing as missing:
            rows.append(Row("forward", peer, seconds, None, mine, None, str(missing)))
            continue
        found_versions |= reply["versions"]
        note = f"and {reply['forward_first']:.1f} s to compile, once" if peer == "diffrax" else ""
        beside(peer, reply["forward_seconds"], reply["forward"], note)
    with _threads():
        beside("torchdiffeq", *timed(lambda: _torchdiffeq(ensemble, torch.as_tensor(ensemble.p)).numpy(), 2))
    beside("libRoadRunner", *timed(lambda: _roadrunner(ensemble), 2), "one after the other, on one core")
    report(
        Table(
            "elowitz",
            f"{TRAJECTORIES} repressilators",
            (
                f"Elowitz & Leibler's repressilator (6 states), {TRAJECTORIES} parameter sets within ±25 % of the "
                f"published one, t = 0…200 on {len(GRID)} times, rtol {RTOL:g}, atol {ATOL:g}, float64.",
                "All states at all times are returned. Errors: largest difference from SciPy's DOP853 at rtol 1e-12 "
                f"over {REFERENCES} of the trajectories, relative to the largest value of the state.",
                f"Ours, diffrax and torchdiffeq may use {CORES} cores.",
            ),
            tuple(rows),
            f"A batch of parameter sets, as an optimiser or a sampler asks for. {compared(rows)}",
        ),
        found_versions,
    )
    assert mine < 1e-2


def test_gradient(ensemble: Ensemble, report: Report, tmp_path: Path) -> None:
    system = ensemble.model.system
    protein = ensemble.model.state_ids.index("p_lacI")

    def ours() -> np.ndarray:
        leaves = {name: torch.tensor(ensemble.p[:, i], requires_grad=True) for i, name in enumerate(NAMES)}
        states = sg.simulate(ensemble.model, GRID, leaves, rtol=RTOL, atol=ATOL).states
        states[:, :, protein].mean(1).sum().backward()
        return np.stack([leaf.grad.numpy() for leaf in leaves.values() if leaf.grad is not None], 1)

    def mean(p: np.ndarray) -> float:
        states = solve(system, ensemble.y0[0], ensemble.full(p[None])[0], GRID, rtol=3e-14)
        return float(states[:, protein].mean())

    reference = np.array([central_gradient(mean, p) for p in ensemble.p[:GRADIENT_REFERENCES]])
    ours()
    seconds, found = timed(ours)
    mine = error(found[:GRADIENT_REFERENCES], reference)
    rows: list[Row] = []
    found_versions: dict[str, str] = versions("torchdiffeq")

    def beside(peer: str, theirs: float, values: np.ndarray, note: str = "") -> None:
        rows.append(Row("gradient", peer, seconds, theirs, mine, error(values[:GRADIENT_REFERENCES], reference), note))

    def torchdiffeq() -> np.ndarray:
        leaf = torch.tensor(ensemble.p, requires_grad=True)
        _torchdiffeq(ensemble, leaf)[:, :, protein].mean(1).sum().backward()
        assert leaf.grad is not None
        return leaf.grad.numpy()

    for peer in ("diffrax", "torchode"):
        try:
            reply = _ask(ensemble, peer, tmp_path, "gradient")
        except PeerMissing as missing:
            rows.append(Row("gradient", peer, seconds, None, mine, None, str(missing)))
            continue
        found_versions |= reply["versions"]
        note = f"and {reply['gradient_first']:.1f} s to compile, once" if peer == "diffrax" else ""
        beside(peer, reply["gradient_seconds"], reply["gradient"], note)
    with _threads():
        beside("torchdiffeq", *timed(torchdiffeq, 2))
    report(
        Table(
            "elowitz-gradient",
            f"Gradients of {TRAJECTORIES} repressilators",
            (
                "The same ensemble; gradient of the mean of p_lacI over the times with respect to alpha, alpha0, n and "
                "beta of each trajectory, forward pass included.",
                "Errors: largest difference from central differences (fourth order) of SciPy's DOP853 at rtol 3e-14 "
                f"over {GRADIENT_REFERENCES} trajectories, relative to the largest derivative by that parameter.",
                "libRoadRunner has no gradients of time courses.",
            ),
            tuple(rows),
            f"What a step of gradient descent costs. {compared(rows)}",
        ),
        found_versions,
    )
    assert mine < 1e-1


class _threads:
    """All cores for torch, within a ``with`` statement."""

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        torch.set_num_threads(CORES)

    def __exit__(self, *_: object) -> None:
        torch.set_num_threads(self._before)


def _ask(ensemble: Ensemble, peer: str, folder: Path, wanted: str) -> dict[str, Any]:
    return ask(f"{peer}_elowitz", folder, t=GRID, y0=ensemble.y0, p=ensemble.p, rtol=RTOL, atol=ATOL, wanted=[wanted])


def _torchdiffeq(ensemble: Ensemble, p: torch.Tensor) -> torch.Tensor:
    alpha, leak, n, beta = (p[:, i : i + 1] for i in range(4))

    def field(t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        mrna, protein = y[:, :3], y[:, 3:]
        made = leak + alpha / (1 + protein.roll(1, 1) ** n)
        return torch.cat([made - mrna, beta * (mrna - protein)], 1)

    states = odeint(field, torch.as_tensor(ensemble.y0), torch.as_tensor(GRID), rtol=RTOL, atol=ATOL, method="dopri5")
    assert isinstance(states, torch.Tensor)
    return states.transpose(0, 1)


def _roadrunner(ensemble: Ensemble) -> np.ndarray:
    runner = roadrunner.RoadRunner(str(ensemble.document))
    runner.integrator.setValue("relative_tolerance", RTOL)
    runner.integrator.setValue("absolute_tolerance", ATOL)
    runner.timeCourseSelections = list(ensemble.model.state_ids)
    courses = []
    for row in ensemble.p:
        runner.reset()
        for name, value in zip(NAMES, row, strict=True):
            runner.setValue(name, float(value))
        courses.append(np.array(runner.simulate(GRID[0], GRID[-1], len(GRID))))
    return np.array(courses)
