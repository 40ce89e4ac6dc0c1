"""From SBML text to the first trajectory, in a process that has done it before (docs/benchmarks.md)."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import pytest
import roadrunner
import torch

import sbmlgrn as sg
from sbmlgrn.sbml import read

from .conftest import Report
from .measure import QUICK, timed, versions
from .networks import network
from .peer import PeerMissing, ask
from .table import Row, Table

SIZES: Final = ((30, 60), (100, 200), (300, 800), (800, 2000), (1400, 4000))
GRID: Final = np.linspace(0.0, 100.0, 11)
PROBLEMS: Final = ("Boehm_JProteomeRes2014", "Bachmann_MSB2011")
SLOWEST: Final = 10

pytestmark = pytest.mark.benchmark


def _ours(document: str) -> np.ndarray:
    model = sg.compile(sg.load(document))
    with torch.no_grad():
        solution = sg.simulate(model, GRID)
    assert solution.success, solution.status
    return solution.states.numpy()


def _roadrunner(document: str) -> np.ndarray:
    runner = roadrunner.RoadRunner(document)
    runner.integrator.setValue("relative_tolerance", 1e-6)
    runner.integrator.setValue("absolute_tolerance", 1e-9)
    return np.array(runner.simulate(GRID[0], GRID[-1], len(GRID)))


def test_loading(data: Path, report: Report, tmp_path: Path) -> None:
    roadrunner.Logger.disableLogging()
    _ours(network(30, 60, seed=99))
    _roadrunner(network(30, 60, seed=99))
    rows: list[Row] = []
    for states, reactions in SIZES[:2] if QUICK else SIZES:
        # a document of its own for each run, since expressions that were met before are known
        repeats = 1 if QUICK or states > 500 else 3
        runs = [network(states, reactions, seed) for seed in range(repeats)]
        seconds = min(timed(lambda document=document: _ours(document), 1)[0] for document in runs)
        theirs = min(timed(lambda document=document: _roadrunner(document), 1)[0] for document in runs)
        rows.append(Row(f"{states} states, {reactions} reactions", "libRoadRunner", seconds, theirs))
    found = versions("libroadrunner")
    for problem in PROBLEMS[:1] if QUICK else PROBLEMS:
        path = data / "petab" / "benchmark" / problem / f"model_{problem}.xml"
        document = path.read_text(encoding="utf-8")
        began = time.perf_counter()
        _ours(document)
        seconds = time.perf_counter() - began
        rows.append(
            Row(problem, "libRoadRunner", seconds, timed(lambda document=document: _roadrunner(document), 1)[0])
        )
        try:
            reply = ask("amici_loading", tmp_path, document=str(path))
        except PeerMissing as missing:
            rows.append(Row(problem, "AMICI", seconds, note=str(missing)))
            continue
        rows.append(Row(problem, "AMICI", seconds, reply["seconds"], note="without code for sensitivities"))
        found |= reply["versions"]
    amici = [row.ratio for row in rows if row.peer == "AMICI" and row.ratio]
    fastest = f" AMICI, which calls a C++ compiler, takes at least {min(amici):.3g}× as long." if amici else ""
    report(
        Table(
            "loading",
            "From text to the first trajectory",
            (
                "SBML text is read, compiled, and simulated once over t = 0…100 on 11 times at rtol 1e-6, atol 1e-9, "
                "in a process that has done so before with another model. Networks of 30 to 1400 states are made at "
                "random (mass action, bindings, Michaelis–Menten), the fastest of three, of one from 800 states on.",
            ),
            tuple(rows),
            f"What it costs to change a model's structure, rather than its numbers.{fastest}",
        ),
        found,
    )


def _evaluated(path: Path) -> None:
    model = sg.compile(sg.load(path))
    p = model.parameters_default
    model.rhs(0.0, model.initial(p), torch.cat([p, p.new_zeros(len(model.system.delays))]))


def test_loading_biomodels(data: Path, report: Report) -> None:
    roadrunner.Logger.disableLogging()
    paths = [path for path in sorted((data / "biomodels").glob("*.xml")) if read(path).network is not None]
    _evaluated(paths[0])
    times: list[tuple[str, float, float]] = []
    for path in paths[:20] if QUICK else paths:
        ours = timed(lambda path=path: _evaluated(path), 1)[0]
        try:
            theirs = timed(lambda path=path: roadrunner.RoadRunner(str(path)), 1)[0]
        except RuntimeError:  # libRoadRunner cannot load the model
            continue
        times.append((path.stem, ours, theirs))
    slowest = sorted(times, key=lambda row: row[1] - row[2], reverse=True)[:SLOWEST]
    typical = Row(
        f"median of {len(times)}", "libRoadRunner", median(row[1] for row in times), median(row[2] for row in times)
    )
    difference = median(row[1] - row[2] for row in times)
    report(
        Table(
            "loading-biomodels",
            "Loading BioModels",
            (
                "Every public model of BioModels that both read: from the file to the first value of the right-hand "
                f"side in PyTorch, beside libRoadRunner's time to load it; the median, and the {SLOWEST} models for "
                "which we take longest beside libRoadRunner.",
            ),
            (typical, *(Row(name, "libRoadRunner", ours, theirs) for name, ours, theirs in slowest)),
            f"We take {abs(difference):.2g} s {'more' if difference > 0 else 'less'} in the median.",
        ),
        versions("libroadrunner"),
    )
