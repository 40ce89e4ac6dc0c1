"""Tunes a stochastic oscillator to the frequency asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from sbmlgrn.design import FrequencyTuning, TuningSpec, tune_frequency
from sbmlgrn.sbml import load
from sbmlgrn.ssa import Estimator
from sbmlgrn_server.arrays import ArrayWriter
from sbmlgrn_server.runners.frequency_design import floats, search_options, write_spectrum
from sbmlgrn_server.runners.shared import leave_model, reporter
from sbmlgrn_server.worker import JobContext


def run(context: JobContext, task: dict[str, Any]) -> dict[str, Any]:
    """Tunes `document.xml`; leaves the new document in `result.xml`.

    Returns the fields of StochasticTuningResult, the new Model's fields, the descriptors and the provenance.
    """
    context.progress("read")
    network = load(context.directory / "document.xml")
    tuning = tune_frequency(network, _spec(task["spec"]), on_progress=reporter(context))
    if not tuning.reached:
        context.log("warning", tuning.message)
    return {
        "stochastic_tuning_result": {
            "reached": tuning.reached,
            "message": tuning.message,
            "frequency_asked": float(tuning.frequency_asked),
            "frequency_before": float(tuning.frequency_before),
            "frequency_found": float(tuning.frequency_found),
            "values_before": floats(tuning.values_before),
            "values_after": floats(tuning.values_after),
        },
        "model": leave_model(
            context, tuning.network, f"{task['model_display_name']}; frequency {tuning.frequency_found:.6g}"
        ),
        "arrays": _write_arrays(context, task, tuning),
        "provenance": _provenance(task, tuning),
    }


def _spec(spec: dict[str, Any]) -> TuningSpec:
    options = search_options(spec)
    if "trajectories" in spec:
        options["trajectories"] = int(spec["trajectories"])
    if spec.get("estimator"):
        options["estimator"] = Estimator(spec["estimator"])
    return TuningSpec(species=spec["species"], frequency=float(spec["frequency"]), **options)


def _write_arrays(context: JobContext, task: dict[str, Any], tuning: FrequencyTuning) -> list[dict[str, Any]]:
    writer = ArrayWriter(context.array_directory)
    species = task["spec"]["species"]
    entry = next(entry for entry in task["symbols"] if entry["id"] == species)
    quantity = entry.get("quantity", "VALUE").removeprefix("QUANTITY_").lower()
    for label, course in (("before", tuning.before), ("after", tuning.after)):
        writer.write(f"{label}/time", course.t, axes=["time"], unit=task["time_unit"])
        values = np.stack(list(course.columns.values()))
        axes, unit = ["trajectory", "time"], entry.get("unit", "")
        writer.write(f"{label}/{species}", values, axes=axes, unit=unit, quantity=quantity, symbol=species)
    write_spectrum(writer, task, tuning.spectrum)
    return writer.descriptors


def _provenance(task: dict[str, Any], tuning: FrequencyTuning) -> dict[str, Any]:
    entries = dict(tuning.provenance)
    # That of the text that was parsed; the job's is that of the document stored.
    entries.pop("model_sha256")
    return {
        "model_sha256": task["model_sha256"],
        "solver": entries.pop("method"),
        "seed": int(entries.pop("seed")),
        "versions": {name: entries.pop(name) for name in ("sbmlgrn", "torch")},
        "entries": entries,
    }
