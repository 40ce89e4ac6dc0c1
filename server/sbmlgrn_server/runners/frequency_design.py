"""Redesigns a model so that a species oscillates with the period asked."""

from __future__ import annotations

from typing import Any, Final

from sbmlgrn.design import FrequencyDesign, FrequencySpec, Spectrum, design_frequency
from sbmlgrn.sbml import load
from sbmlgrn_server.arrays import ArrayWriter
from sbmlgrn_server.runners.shared import free_parameter, leave_model, reporter
from sbmlgrn_server.worker import JobContext

_PACKAGES: Final = ("sbmlgrn", "torch", "torchdiffeq", "numpy", "scipy")
_PLAIN_UNITS: Final = ("", "dimensionless")


def run(context: JobContext, task: dict[str, Any]) -> dict[str, Any]:
    """Designs from `document.xml`; leaves the new document in `result.xml`.

    Returns the fields of FrequencyDesignResult, the new Model's fields, the descriptors and the provenance.
    """
    context.progress("read")
    network = load(context.directory / "document.xml")

    design = design_frequency(network, _spec(task["spec"]), on_progress=reporter(context))
    if not design.reached:
        context.log("warning", design.message)
    return {
        "frequency_design_result": {
            "reached": design.reached,
            "message": design.message,
            "period_asked": float(design.period_asked),
            "period_before": float(design.period_before),
            "period_found": float(design.period_found),
            "values_before": floats(design.values_before),
            "values_after": floats(design.values_after),
        },
        "model": leave_model(
            context, design.network, f"{task['model_display_name']}; period {design.period_found:.6g}"
        ),
        "arrays": _write_arrays(context, task, design),
        "provenance": _provenance(task, design),
    }


def _spec(spec: dict[str, Any]) -> FrequencySpec:
    return FrequencySpec(species=spec["species"], period=float(spec["period"]), **search_options(spec))


def search_options(spec: dict[str, Any]) -> dict[str, Any]:
    """What the specs of both kinds of search for a frequency have in common."""
    options: dict[str, Any] = {"parameters": tuple(free_parameter(entry) for entry in spec.get("parameters", ()))}
    for name, kind in (("tolerance", float), ("max_iterations", int), ("seed", int)):
        if name in spec:
            options[name] = kind(spec[name])
    return options


def _write_arrays(context: JobContext, task: dict[str, Any], design: FrequencyDesign) -> list[dict[str, Any]]:
    writer = ArrayWriter(context.array_directory)
    symbols = {entry["id"]: entry for entry in task["symbols"]}
    for label, course in (("before", design.before), ("after", design.after)):
        writer.write(f"{label}/time", course.t, axes=["time"], unit=task["time_unit"])
        for name, values in course.columns.items():
            entry = symbols.get(name, {})
            writer.write(
                f"{label}/{name}",
                values,
                axes=["time"],
                unit=entry.get("unit", ""),
                quantity=entry.get("quantity", "VALUE").removeprefix("QUANTITY_").lower(),
                symbol=name,
            )
    write_spectrum(writer, task, design.spectrum)
    return writer.descriptors


def write_spectrum(writer: ArrayWriter, task: dict[str, Any], spectrum: Spectrum) -> None:
    """Writes the arrays ``spectrum/…`` of the species that the task names."""
    unit = next((entry.get("unit", "") for entry in task["symbols"] if entry["id"] == task["spec"]["species"]), "")
    time_unit = task["time_unit"]
    frequency_unit = time_unit if time_unit in _PLAIN_UNITS else f"1 / {time_unit}"
    power_unit = unit if unit in _PLAIN_UNITS else f"({unit})^2"
    writer.write("spectrum/frequency", spectrum.frequency, axes=["frequency"], unit=frequency_unit)
    writer.write("spectrum/power_before", spectrum.before, axes=["frequency"], unit=power_unit)
    writer.write("spectrum/power_after", spectrum.after, axes=["frequency"], unit=power_unit)


def _provenance(task: dict[str, Any], design: FrequencyDesign) -> dict[str, Any]:
    entries = dict(design.provenance)
    # That of the text that was parsed; the job's is that of the document stored.
    entries.pop("model_sha256", None)
    provenance: dict[str, Any] = {"model_sha256": task["model_sha256"], "solver": entries.pop("solver", "")}
    for field, key, kind in (("seed", "seed", int), ("relative_tolerance", "rtol", float)):
        if key in entries:
            provenance[field] = kind(entries.pop(key))
    if "atol" in entries:
        provenance["absolute_tolerance"] = float(entries.pop("atol"))
    provenance["versions"] = {name: entries.pop(name) for name in _PACKAGES if name in entries}
    provenance["entries"] = entries
    return provenance


def floats(values: Any) -> dict[str, float]:
    """Plain numbers, as JSON knows them."""
    return {name: float(value) for name, value in values.items()}
