"""Simulates a model, once or for a batch of values."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

import numpy as np
import torch

import sbmlgrn as sg
from sbmlgrn_server.arrays import ArrayWriter
from sbmlgrn_server.worker import JobContext

RELATIVE_TOLERANCE: Final = 1e-6
ABSOLUTE_TOLERANCE: Final = 1e-9

_MAX_FAILURES: Final = 100
# What `simulate` documents for method="auto" without gradients.
_SOLVERS: Final = {
    False: "LSODA of SciPy",
    True: "dopri5 of torchdiffeq, LSODA of SciPy for trajectories on which that fails",
}


def run(context: JobContext, task: dict[str, Any]) -> dict[str, Any]:
    """Simulates `document.xml`; returns the fields of SimulationResult, the descriptors and the provenance."""
    spec = task["spec"]
    context.progress("compile")
    model = sg.compile(sg.load(context.directory / "document.xml"))
    rtol = float(spec.get("relative_tolerance", RELATIVE_TOLERANCE))
    atol = float(spec.get("absolute_tolerance", ABSOLUTE_TOLERANCE))
    columns = {name: entry["values"] for name, entry in spec.get("values", {}).items()}
    batched = any(len(values) > 1 for values in columns.values())
    parameters = {
        name: torch.tensor(values if batched else values[0], dtype=torch.float64) for name, values in columns.items()
    }
    grid = torch.tensor(times(spec), dtype=torch.float64)
    context.progress("simulate")
    with torch.no_grad():
        solution = sg.simulate(model, grid, parameters or None, rtol=rtol, atol=atol)
    summary = _summary(solution)
    if summary["failures"]:
        failed, count = summary["failure_count"], summary["trajectory_count"]
        context.log(
            "warning", f"{failed} of {count} trajectories failed; the first: {summary['failures'][0]['message']}"
        )
    context.progress("store")
    writer = ArrayWriter(context.array_directory)
    symbols = {entry["id"]: entry for entry in task["symbols"]}
    writer.write("time", np.asarray(solution.t), axes=["time"], unit=task["time_unit"])
    axes = ["batch", "time"] if batched else ["time"]
    for name in spec.get("symbols") or [name for name, entry in symbols.items() if entry.get("reported_by_default")]:
        entry = symbols[name]
        quantity = entry["quantity"].removeprefix("QUANTITY_").lower()
        values = solution[name].numpy()
        writer.write(f"values/{name}", values, axes=axes, unit=entry.get("unit", ""), quantity=quantity, symbol=name)
    return {
        "simulation_result": summary,
        "arrays": writer.descriptors,
        "provenance": {
            "model_sha256": task["model_sha256"],
            "solver": _SOLVERS[batched],
            "relative_tolerance": rtol,
            "absolute_tolerance": atol,
            "versions": {name: version(name) for name in ("sbmlgrn", "torch", "torchdiffeq")},
        },
    }


def times(spec: dict[str, Any]) -> Any:
    """The times that a simulation asks for."""
    if "explicit" in spec:
        return spec["explicit"]["times"]
    uniform = spec["uniform"]
    return np.linspace(float(uniform.get("start", 0.0)), float(uniform["end"]), int(uniform["points"]))


def _summary(solution: Any) -> dict[str, Any]:
    failed = [(index, status) for index, status in enumerate(solution.status) if status.name != "SUCCESS"]
    return {
        "trajectory_count": len(solution.status),
        "failure_count": len(failed),
        "failures": [
            {"index": index, "status": status.name.lower(), "message": status.message}
            for index, status in failed[:_MAX_FAILURES]
        ],
    }
