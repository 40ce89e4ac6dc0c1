"""Single trajectories and ensembles of models from BioModels, beside libRoadRunner's CVODE (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import pytest
import roadrunner
import torch

import sbmlgrn as sg

from .conftest import Report
from .measure import CORES, QUICK, per_call, timed, versions
from .reference import error
from .table import Row, Table

# Of the public set, for each of 20 sizes from 5 to 500 states in equal ratios, the model without delays that is nearest
# and that libRoadRunner simulates; there are few with more than 200.
MODELS: Final = (4, 121, 10, 22, 55, 85, 97, 139, 463, 730, 220, 334, 49, 175, 628, 457, 205, 574, 595, 235)
# Those with amounts and events, or rates that jump, which were the slowest beside libRoadRunner while Python executed
# what happens
EVENTFUL: Final = (97, 148, 256, 265, 301, 436, 586, 616, 640, 718, 721, 736, 808, 814, 829, 856, 949, 955, 994, 1006)
GRID: Final = np.linspace(0.0, 100.0, 101)
RTOL, ATOL = 1e-8, 1e-12
BATCH: Final = 256
PATIENCE: Final = 1.0 if QUICK else 8.0
"""Seconds for one side of a row; of a longer ensemble a part is run, and its time multiplied."""

pytestmark = pytest.mark.benchmark


@dataclass(frozen=True)
class Case:
    name: str
    model: sg.Model
    runner: roadrunner.RoadRunner
    selections: list[str]
    columns: list[int]  # states in the order of `selections`

    def ours(self, parameters: torch.Tensor | None = None) -> np.ndarray:
        with torch.no_grad():
            return sg.simulate(self.model, GRID, parameters, rtol=RTOL, atol=ATOL).states.numpy()

    def theirs(self, values: Mapping[str, float] | None = None) -> np.ndarray:
        self.runner.resetAll()  # events may have changed parameters
        for name, value in (values or {}).items():
            self.runner.setValue(name, value)
        if values:
            self.runner.reset()  # what follows from them at the start
        return np.array(self.runner.simulate(GRID[0], GRID[-1], len(GRID)))


@dataclass(frozen=True)
class Sample:
    key: str  # of its tables
    title: str
    cases: list[Case]


@pytest.fixture(scope="module", params=[("", "", MODELS), ("-events", " with events or jumping rates", EVENTFUL)])
def sample(data: Path, request: pytest.FixtureRequest) -> Sample:
    roadrunner.Logger.disableLogging()
    key, title, models = request.param
    found = []
    for number in models[::6] if QUICK else models:
        path = data / "biomodels" / f"BIOMD{number:010d}.xml"
        model = sg.compile(sg.load(path))
        runner = roadrunner.RoadRunner(str(path))
        runner.integrator.setValue("maximum_num_steps", 1_000_000)
        floating = set(runner.model.getFloatingSpeciesIds())
        # amounts, which both have: what else is a state has no common unit
        names = [s.id for s in model.system.states if s.id in floating and s.quantity == "amount"]
        runner.timeCourseSelections = names
        columns = [model.state_ids.index(name) for name in names]
        found.append(Case(path.stem, model, runner, names, columns))
    return Sample(key, title, found)


def _tolerances(case: Case, rtol: float, atol: float) -> None:
    case.runner.integrator.setValue("relative_tolerance", rtol)
    case.runner.integrator.setValue("absolute_tolerance", atol)


def test_single(sample: Sample, report: Report) -> None:
    rows = []
    for case in sample.cases:
        note = "with events" if case.model.system.transitions else ""
        try:
            _tolerances(case, 1e-12, 1e-16)
            reference = case.theirs()
        except RuntimeError:
            reference, note = None, "libRoadRunner fails at 1e-12, so there is no reference"
        _tolerances(case, RTOL, ATOL)
        theirs, ours = case.theirs(), case.ours()[:, case.columns]
        mine_off, other_off = (None if reference is None else error(v, reference, ATOL / RTOL) for v in (ours, theirs))
        mine, other = per_call(case.ours), per_call(case.theirs)
        if not np.isfinite(ours).all():
            note, mine = "ours fails", None
        what = f"{case.name}, {len(case.model.state_ids)} states"
        rows.append(Row(what, "libRoadRunner", mine, other, mine_off, other_off, note))
    ratios = [row.ratio for row in rows if row.ratio]
    report(
        Table(
            f"trajectories{sample.key}",
            f"One trajectory{sample.title}",
            (
                f"t = 0…100 on {len(GRID)} times, rtol {RTOL:g}, atol {ATOL:g}, default solvers of both; one core.",
                "Errors: largest difference in amounts from libRoadRunner at rtol 1e-12, relative to the largest value "
                "of the species, or to atol/rtol if that is more. Where it is large, look at `make conformance`, which "
                "finds out which of the two is wrong.",
            ),
            tuple(rows),
            "Models, simulated once: what a user waits for who moves a slider. In the median, "
            f"libRoadRunner takes {median(ratios):.2g}× as long as ours; at worst for us, {min(ratios):.2g}×.",
        ),
        versions("libroadrunner"),
    )


def test_ensembles(sample: Sample, report: Report) -> None:
    rows = []
    draw = np.random.default_rng(5)
    for case in sample.cases:
        _tolerances(case, RTOL, ATOL)
        known = set(case.runner.model.getGlobalParameterIds())
        names = [name for name in case.model.parameter_ids if name in known][:20]
        factors = np.exp(0.05 * draw.standard_normal((BATCH, len(names))))
        positions = [case.model.parameter_ids.index(name) for name in names]
        rowwise = case.model.parameters_default.repeat(BATCH, 1)
        rowwise[:, positions] *= torch.as_tensor(factors)
        values = [dict(zip(names, row, strict=True)) for row in rowwise[:, positions].tolist()]

        def theirs(count: int, case: Case = case, values: list[dict[str, float]] = values) -> np.ndarray:
            return np.array([case.theirs(row) for row in values[:count]])

        def ours(count: int, case: Case = case, rows: torch.Tensor = rowwise) -> np.ndarray:
            return case.ours(rows[:count])

        what = f"{case.name}, {len(case.model.state_ids)} states"
        note = "with events" if case.model.system.transitions else ""
        try:
            mine, part = _ensemble(ours)
            other, other_part = _ensemble(theirs)
        except RuntimeError as failure:
            rows.append(Row(what, "libRoadRunner", note=f"libRoadRunner fails: {str(failure)[:80]}"))
            continue
        both = min(part[1], other_part[1])
        difference = error(part[0][:both][..., case.columns], other_part[0][:both], ATOL / RTOL)
        notes = [
            note,
            *(f"{who} from {n} of them" for who, n in (("ours", part[1]), ("theirs", other_part[1])) if n < BATCH),
        ]
        notes.append(f"differ by {difference:.0e}")
        rows.append(Row(what, "libRoadRunner", mine, other, note="; ".join(n for n in notes if n)))
    ratios = [row.ratio for row in rows if row.ratio]
    report(
        Table(
            f"ensembles{sample.key}",
            f"Ensembles of {BATCH}{sample.title}",
            (
                "The same models, grid and tolerances; up to 20 global parameters of each, times exp(0.05 z), z "
                f"normal; ours on {CORES} cores, libRoadRunner in a loop on one.",
                f"An ensemble that would take longer than {PATIENCE:g} s is run in part and its time multiplied, as "
                "its row says. *Differ* is the largest difference in amounts, relative to the species' largest value "
                "or atol/rtol; where it is large, trajectories are sensitive, or one of the two is wrong.",
            ),
            tuple(rows),
            f"Parameter sets of one model. In the median, the loop takes {median(ratios):.2g}× as long as ours.",
        ),
        versions("libroadrunner"),
    )


def _ensemble(work: Callable[[int], np.ndarray]) -> tuple[float, tuple[np.ndarray, int]]:
    """Seconds for `BATCH` trajectories, by running as many as fit into `PATIENCE`; those, and their number."""
    few = 2 * CORES
    seconds, values = timed(lambda: work(few), 1)
    count = BATCH if seconds * BATCH / few < PATIENCE else max(few, int(few * PATIENCE / seconds) // few * few)
    if count > few:
        seconds, values = timed(lambda: work(count), 2 if seconds * count / few < 1 else 1)
    return seconds * BATCH / count, (values, count)
