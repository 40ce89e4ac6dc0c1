"""Simulates an ensemble of stochastic trajectories and sums it up."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

import numpy as np

import sbmlgrn as sg
from sbmlgrn.ssa import Statistics, StochasticStatus
from sbmlgrn_server.arrays import ArrayWriter
from sbmlgrn_server.runners.simulation import times
from sbmlgrn_server.worker import JobContext

TRAJECTORIES: Final = 1000
MAX_EVENTS: Final = 1_000_000_000
_QUANTILES: Final = {"q05": 0.05, "median": 0.5, "q95": 0.95}


def run(context: JobContext, task: dict[str, Any]) -> dict[str, Any]:
    """Simulates `document.xml`; returns fields of StochasticSimulationResult, the descriptors and the provenance."""
    spec = task["spec"]
    context.progress("compile")
    model = sg.compile(sg.load(context.directory / "document.xml"))
    symbols = {entry["id"]: entry for entry in task["symbols"]}
    names = spec.get("symbols") or [name for name, entry in symbols.items() if entry.get("reported_by_default")]
    count, seed = int(spec.get("trajectories", TRAJECTORIES)), int(spec.get("seed", 0))
    most = int(spec.get("max_events", MAX_EVENTS))

    def on_progress(done: int) -> None:
        context.progress("simulate", iteration=done, total=count)

    statistics = sg.summarise_ssa(
        model, times(spec), spec.get("values"), count, seed, ids=names, max_events=most, on_progress=on_progress
    )
    failed = count - statistics.ends[StochasticStatus.SUCCESS]
    if failed:
        reason = next(s for s in statistics.ends if s is not StochasticStatus.SUCCESS)
        context.log("warning", f"{failed} of {count} trajectories failed and are left out: {reason.message}")
    context.progress("store")
    writer = ArrayWriter(context.array_directory)
    writer.write("time", statistics.t, axes=["time"], unit=task["time_unit"])
    for name in names:
        entry = symbols[name]
        unit, quantity = entry.get("unit", ""), entry["quantity"].removeprefix("QUANTITY_").lower()
        square = unit if unit in ("", "dimensionless") else f"({unit})^2"
        for label, values in _columns(statistics, name).items():
            of = square if label == "variance" else unit
            writer.write(f"{label}/{name}", values, axes=["time"], unit=of, quantity=quantity, symbol=name)
    return {
        "stochastic_simulation_result": {
            "trajectory_count": count,
            "reaction_count": statistics.events,
            "ends": [
                {"status": status.name.lower(), "count": number, "message": status.message}
                for status, number in sorted(statistics.ends.items())
            ],
        },
        "arrays": writer.descriptors,
        "provenance": {
            "model_sha256": task["model_sha256"],
            "solver": "direct method",
            "seed": seed,
            "versions": {name: version(name) for name in ("sbmlgrn", "numba", "numpy")},
        },
    }


def _columns(statistics: Statistics, name: str) -> dict[str, np.ndarray]:
    """What is reported of a symbol; NaN where no trajectory reached the end."""
    if not statistics.count:
        return dict.fromkeys(("mean", "variance", *_QUANTILES), np.full(len(statistics.t), np.nan))
    columns = {"mean": statistics.mean(name), "variance": statistics.variance(name)}
    return columns | {label: statistics.quantile(name, q) for label, q in _QUANTILES.items()}
