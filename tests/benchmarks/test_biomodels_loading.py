"""How long it takes from SBML text to the first evaluation and the first trajectory, on every BioModel that is read.

Only the median is asserted: at most 0.2 s more than libRoadRunner takes to load the model.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import roadrunner
import torch

import sbmlgrn as sg
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.lower import lower
from sbmlgrn.sbml import read

SLOWEST = 10
MOST_MORE_THAN_ROADRUNNER = 0.2
"""Seconds, in the median."""

pytestmark = pytest.mark.benchmark


def readable(data: Path) -> list[Path]:
    return [path for path in sorted((data / "biomodels").glob("*.xml")) if read(path).network is not None]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_loading_and_compiling_against_roadrunner(data: Path) -> None:
    roadrunner.Logger.disableLogging()
    torch.set_num_threads(1)
    rows = []
    for path in readable(data):

        def ours(path: Path = path) -> None:
            model = sg.compile(sg.load(path))
            p = model.parameters_default
            past = p.new_zeros(len(model.system.delays))
            model.rhs(0.0, model.initial(p), torch.cat([p, past]))

        if not rows:  # a warm process
            ours()
        here = seconds(ours)
        try:
            there = seconds(lambda path=path: roadrunner.RoadRunner(str(path)))
        except RuntimeError:  # libRoadRunner cannot load the model
            continue
        rows.append((here - there, here, there, path.stem))
    median = statistics.median(row[0] for row in rows)
    print(f"\n{len(rows)} models: load, compile for torch and evaluate, less libRoadRunner's time to load")
    print(f"median {median:+.3f} s ({statistics.median(r[1] for r in rows):.3f} s here, ", end="")
    print(f"{statistics.median(r[2] for r in rows):.3f} s there); the slowest:")
    for difference, here, there, name in sorted(rows, reverse=True)[:SLOWEST]:
        print(f"  {name}  {difference:+7.3f} s   here {here:6.3f} s   there {there:6.3f} s")
    assert median <= MOST_MORE_THAN_ROADRUNNER


class Stopwatch:
    """Time spent in functions, by the name of a stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                self.spent[stage] = self.spent.get(stage, 0.0) + time.perf_counter() - began

        return timed


FIELD, EVALUATOR = (import_module(f"sbmlgrn.backends.kernel.{name}") for name in ("field", "evaluator"))
STAGES = ("read", "lower", "derive", "emit", "LLVM")


def test_time_to_the_first_trajectory(data: Path) -> None:
    torch.set_num_threads(1)
    limit = float(os.environ.get("SBMLGRN_BENCH_SECONDS", "150"))
    began, rows = time.perf_counter(), []
    first = sg.compile(sg.load("x' = piecewise(-x, time < 1, x); x = 1"))
    sg.simulate(first, [0.0, 2.0])  # the solver loops come from the disk
    for path in readable(data):
        watch = Stopwatch()
        with (
            mock.patch.object(FIELD, "jacobian", watch.around("derive", FIELD.jacobian)),
            mock.patch.object(Source, "add", watch.around("emit", Source.add)),
            mock.patch.object(FIELD, "Library", watch.around("LLVM", FIELD.Library)),
            mock.patch.object(EVALUATOR, "Library", watch.around("LLVM", EVALUATOR.Library)),
        ):
            start = time.perf_counter()
            network = watch.around("read", sg.load)(path)
            system = watch.around("lower", lower)(network)
            with torch.no_grad():
                sg.simulate(sg.Model(system), np.linspace(0.0, 100.0, 11), max_steps=20_000)
            whole = time.perf_counter() - start
        rows.append((whole, path.stem, len(system.states), watch.spent))
        if time.perf_counter() - began > limit:
            break
    print(f"\n{len(rows)} models from text to the first trajectory over 0…100: ", end="")
    print(f"median {statistics.median(r[0] for r in rows):.3f} s; the slowest:")
    print(f"  {'':16} states   whole  " + "".join(f"{stage:>8}" for stage in STAGES) + "    rest")
    for whole, name, states, spent in sorted(rows, key=lambda row: row[0], reverse=True)[:SLOWEST]:
        parts = [spent.get(stage, 0.0) for stage in STAGES]
        told = "".join(f"{part:8.3f}" for part in (*parts, whole - sum(parts)))
        print(f"  {name} {states:6d} {whole:7.3f}  {told}")
    assert rows
