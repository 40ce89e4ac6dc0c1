"""Stiff classics: error against work, beside SciPy and CVODE (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
import roadrunner
import torch
from matplotlib.figure import Figure
from scipy.integrate import solve_ivp

import sbmlgrn as sg
from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.plots.style import INK, line_look, new_figure, quiet

from ..sbmlgrn.ode.native.classics import CLASSICS, Classic
from .conftest import Report
from .measure import QUICK, per_call, versions
from .page import IMAGES
from .table import Row, Table

TOLERANCES: Final = (1e-4, 1e-8) if QUICK else (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
SHOWN: Final = (1e-4, 1e-6, 1e-8)
PEERS: Final = ("SciPy Radau", "SciPy BDF", "CVODE (libRoadRunner)")

pytestmark = pytest.mark.benchmark

Point = tuple[float, float, float]  # rtol, error, seconds


def _accuracy(values: np.ndarray, reference: np.ndarray, floor: float) -> float:
    """Largest relative difference; of values below `floor`, relative to that."""
    return float((np.abs(values - reference) / np.maximum(np.abs(reference), floor)).max())


def _solvers(problem: Classic) -> tuple[dict[str, Callable[[float], np.ndarray]], np.ndarray]:
    model = sg.compile(sg.load(problem.path))
    grid = np.array(problem.times)
    evaluator = Evaluator(model.system)
    p = model.parameters_default.numpy()
    y0 = model.initial(model.parameters_default).numpy()
    runner = roadrunner.RoadRunner(str(problem.path))
    runner.integrator.setValue("maximum_num_steps", 1_000_000)
    runner.timeCourseSelections = list(model.state_ids)

    def ours(rtol: float) -> np.ndarray:
        with torch.no_grad():
            return sg.simulate(model, grid, rtol=rtol, atol=rtol * problem.floor, max_steps=1_000_000).states.numpy()

    def scipy(method: str, rtol: float) -> np.ndarray:
        found = solve_ivp(
            lambda t, y: evaluator.rhs(t, y, p),
            (grid[0], grid[-1]),
            y0,
            method=method,
            t_eval=grid,
            rtol=rtol,
            atol=rtol * problem.floor,
        )
        if not found.success:
            raise RuntimeError(found.message)
        return found.y.T

    def cvode(rtol: float) -> np.ndarray:
        runner.integrator.setValue("relative_tolerance", rtol)
        runner.integrator.setValue("absolute_tolerance", rtol * problem.floor)
        runner.reset()
        return np.array(runner.simulate(times=grid.tolist()))

    solvers: dict[str, Callable[[float], np.ndarray]] = {
        "ours": ours,
        "SciPy Radau": lambda rtol: scipy("Radau", rtol),
        "SciPy BDF": lambda rtol: scipy("BDF", rtol),
        "CVODE (libRoadRunner)": cvode,
    }
    return solvers, scipy("Radau", 1e-12)


def test_stiff(report: Report) -> None:
    roadrunner.Logger.disableLogging()
    rows: list[Row] = []
    figures: dict[str, dict[str, list[Point]]] = {}
    for problem in CLASSICS[:2] if QUICK else CLASSICS:
        solvers, reference = _solvers(problem)
        points: dict[str, list[Point]] = {name: [] for name in solvers}
        for name, solve in solvers.items():
            for rtol in TOLERANCES:
                try:
                    values = solve(rtol)
                except RuntimeError:
                    continue
                if np.isfinite(values).all():
                    seconds = per_call(lambda solve=solve, rtol=rtol: solve(rtol), 0.1)
                    points[name].append((rtol, _accuracy(values, reference, 1e-3 * problem.floor), seconds))
        figures[problem.title] = points
        mine = {point[0]: point for point in points["ours"]}
        for peer in PEERS:
            theirs = {point[0]: point for point in points[peer]}
            for rtol in TOLERANCES:
                if rtol not in SHOWN:
                    continue
                ours, other = mine.get(rtol), theirs.get(rtol)
                note = "" if ours and other else f"{'ours' if not ours else peer} fails"
                rows.append(
                    Row(
                        f"{problem.title}, rtol {rtol:.0e}",
                        peer,
                        ours and ours[2],
                        other and other[2],
                        ours and ours[1],
                        other and other[1],
                        note,
                    )
                )
    IMAGES.mkdir(parents=True, exist_ok=True)
    _draw(figures).savefig(IMAGES / "stiff.png")
    report(
        Table(
            "stiff",
            "Stiff classics",
            (
                "Robertson to t = 10¹¹, HIRES, the Oregonator, van der Pol, POLLU and E5 to t = 10¹³, from the test "
                "set for IVP solvers, as SBML (`tests/data`). Absolute tolerance: rtol times the smallest scale of the "
                "problem.",
                "Errors: largest relative difference, at all times of output, from SciPy's Radau at rtol 1e-12. Where "
                "a front moves fast that is large for every solver.",
                "SciPy's solvers call our compiled right-hand side, and differentiate it numerically.",
            ),
            tuple(rows),
            "What matters is the time at an *error*, which the picture shows, not at a tolerance, which every solver "
            "takes its own way: the further to the lower left, the better.",
            (("stiff.png", "Error against time of each solver on each problem"),),
        ),
        versions("scipy", "libroadrunner"),
    )


def _draw(figures: dict[str, dict[str, list[Point]]]) -> Figure:
    columns = 3
    lines = -(-len(figures) // columns)
    figure = new_figure(10.0, 3.2 * lines)
    handles = []
    for k, (name, points) in enumerate(figures.items()):
        axes = figure.add_subplot(lines, columns, k + 1)
        quiet(axes)
        handles = [
            axes.loglog([p[1] for p in found], [1e3 * p[2] for p in found], marker="o", markersize=3.5, **line_look(i))[
                0
            ]
            for i, found in enumerate(points.values())
        ]
        axes.margins(x=0.05)
        axes.set_title(name, loc="left", fontsize=11, fontweight="bold", color=INK)
        axes.set_xlabel("error", color=INK)
        if k % columns == 0:
            axes.set_ylabel("time (ms)", color=INK)
    names = list(next(iter(figures.values())))
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)
    return figure
