"""How time grows with the batch and with the model (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import sbmlgrn as sg
from sbmlgrn.plots.style import INK, line_look, new_figure, quiet

from .conftest import Report
from .measure import CORES, QUICK, timed
from .networks import network
from .page import IMAGES
from .table import Row, Table

BATCHES: Final = (1, 10, 100) if QUICK else (1, 10, 100, 1_000, 10_000, 100_000)
SIZES: Final = (5, 50, 150) if QUICK else (5, 15, 50, 150, 500, 1500)
METHODS: Final = ("tsit5", "rodas5p", "auto")

pytestmark = pytest.mark.benchmark


def _grown(model: sg.Model, batch: int, t: np.ndarray, method: str = "auto") -> float:
    draw = np.random.default_rng(1).uniform(0.9, 1.1, (batch, len(model.parameter_ids)))
    p = model.parameters_default * torch.as_tensor(draw)

    def run() -> None:
        with torch.no_grad():
            assert sg.simulate(model, t, p, method=method).success

    return timed(run, 3 if batch <= 1000 else 1)[0] / batch


def test_batch(elowitz: Path, report: Report) -> None:
    model = sg.compile(sg.load(elowitz))
    t = np.linspace(0.0, 200.0, 21)
    _grown(model, 2, t)
    seconds = [_grown(model, batch, t) for batch in BATCHES]
    _save(
        "growth-batch.png",
        _draw({"repressilator, 6 states": (BATCHES, seconds)}, "trajectories", "time per trajectory (s)"),
    )
    report(
        Table(
            "growth-batch",
            "Growth with the batch",
            (f"Repressilators, t = 0…200 on {len(t)} times, rtol 1e-6, atol 1e-9, {CORES} cores.",),
            tuple(Row(f"{b:,} trajectories, each", ours=s) for b, s in zip(BATCHES, seconds, strict=True)),
            "A call costs something once; from some hundred trajectories on, a trajectory costs the same in any batch.",
            (("growth-batch.png", "Time per trajectory against the number of trajectories"),),
        )
    )


def test_states(report: Report) -> None:
    t = np.linspace(0.0, 100.0, 11)
    lines: dict[str, tuple[list[int], list[float]]] = {method: ([], []) for method in METHODS}
    rows = []
    for states in SIZES:
        model = sg.compile(sg.load(network(states, 2 * states)))
        for method in METHODS:
            _grown(model, 1, t, method)
            seconds = _grown(model, 1, t, method)
            lines[method][0].append(states)
            lines[method][1].append(seconds)
            rows.append(Row(f"{states} states, {2 * states} reactions, {method}", ours=seconds))
    _save("growth-states.png", _draw(lines, "states", "time of a trajectory (s)"))
    slopes = {
        method: np.polyfit(np.log(sizes[-3:]), np.log(times[-3:]), 1)[0] for method, (sizes, times) in lines.items()
    }
    told = ", ".join(f"{method} {slope:.1f}" for method, slope in slopes.items())
    report(
        Table(
            "growth-states",
            "Growth with the model",
            ("Networks made at random, t = 0…100 on 11 times, rtol 1e-6, atol 1e-9, one trajectory, compiled before.",),
            tuple(rows),
            f"Between the three largest, time grows as a power of the number of states: {told}. An explicit method "
            "pays for the reactions; an implicit one for the fill of the factors of its Jacobian, which in networks "
            "made at random is far larger than in models of cells.",
            (("growth-states.png", "Time of a trajectory against the number of states"),),
        )
    )


def _draw(lines: Mapping[str, tuple[Sequence[int], Sequence[float]]], horizontal: str, vertical: str) -> Figure:
    figure = new_figure(6.0, 3.8)
    axes = figure.add_subplot()
    quiet(axes)
    for i, (name, (x, y)) in enumerate(lines.items()):
        axes.loglog(x, y, marker="o", markersize=3.5, label=name, **line_look(i))
    axes.margins(x=0.04)
    axes.set_xlabel(horizontal, color=INK)
    axes.set_ylabel(vertical, color=INK)
    axes.legend(frameon=False, fontsize=9)
    return figure


def _save(name: str, figure: Figure) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / name)
