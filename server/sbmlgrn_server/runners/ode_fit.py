"""Fits parameters of a model to measured time courses."""

from __future__ import annotations

from typing import Any, Final, Literal

from sbmlgrn.calibrate import TimeCourseProblem, TimeCourses, read_time_courses, symbol_fits, time_courses
from sbmlgrn.fit import Fit, fit
from sbmlgrn.network import Network
from sbmlgrn.sbml import load
from sbmlgrn_server.arrays import ArrayWriter
from sbmlgrn_server.runners.shared import free_parameter, leave_model, reporter
from sbmlgrn_server.worker import JobContext

_KINDS: Final[dict[str, Literal["parameters", "initial", "both"]]] = {
    "FITTED_KIND_INITIAL": "initial",
    "FITTED_KIND_BOTH": "both",
}
_NOISE: Final[dict[str, Literal["normal", "lognormal"]]] = {
    "NOISE_KIND_NORMAL": "normal",
    "NOISE_KIND_LOGNORMAL": "lognormal",
}


def run(context: JobContext, task: dict[str, Any]) -> dict[str, Any]:
    """Fits the model of `document.xml`; leaves the new document in `result.xml`.

    Returns the fields of OdeFitResult, the new Model's fields, the descriptors and the provenance.
    """
    context.progress("read")
    network, spec = load(context.directory / "document.xml"), task["spec"]

    problem = _problem(network, spec)
    seed = int(spec.get("seed", 0))
    options = {name: int(spec[name]) for name in ("starts", "max_iterations", "windows") if name in spec}
    found = fit(
        problem,
        optimizer=spec.get("optimizer") or "auto",
        seed=seed,
        profiles=spec.get("profiles", ()),
        level=float(spec.get("level", 0.95)),
        on_progress=reporter(context),
        **options,
    )
    warnings = [*problem.notes, *found.warnings]
    for warning in warnings:
        context.log("warning", warning)
    fitted = problem.network_at(found.values)
    return {
        "ode_fit_result": _result(found) | {"warnings": warnings},
        "model": leave_model(context, fitted, f"{task['model_display_name']}; fitted"),
        "arrays": _write_arrays(context, task, found),
        "provenance": _provenance(task, problem, seed),
    }


def _problem(network: Network, spec: dict[str, Any]) -> TimeCourseProblem:
    # a table without a line break would be taken for the name of a file
    data = read_time_courses(spec["data"] + "\n")
    options: dict[str, Any] = {}
    if "relative_tolerance" in spec:
        options["rtol"] = float(spec["relative_tolerance"])
    if "span" in spec:
        options["span"] = float(spec["span"])
    symbols = spec.get("symbols", [])
    return time_courses(
        network,
        data,
        estimate=_KINDS.get(spec.get("estimate", ""), "parameters"),
        free=spec.get("free") or None,
        fix=spec.get("fix", ()),
        bounds={p.id: (p.lower, p.upper, p.scale) for p in map(free_parameter, spec.get("bounds", []))},
        noise=_by_symbol(data, symbols, "noise", spec.get("noise"), lambda kind: _NOISE.get(kind, "normal")),
        sigma=_by_symbol(data, symbols, "sigma", spec.get("sigma"), float),
        scale=[entry["symbol"] for entry in symbols if entry.get("scale")],
        offset=[entry["symbol"] for entry in symbols if entry.get("offset")],
        hold_out=spec.get("hold_out", ()),
        **options,
    )


def _by_symbol(data: TimeCourses, symbols: list[dict[str, Any]], field: str, common: Any, read: Any) -> dict[str, Any]:
    """What holds for each measured symbol: its own, or else what holds for all; those without either are left out."""
    own = {entry["symbol"]: entry[field] for entry in symbols if field in entry}
    # the deviations in the table are each symbol's own too
    names = {column.symbol for column in data.columns if field != "sigma" or column.sd is None}
    given = own | {name: common for name in names if name not in own and common is not None}
    return {name: read(value) for name, value in given.items()}


def _result(found: Fit[TimeCourseProblem]) -> dict[str, Any]:
    parameters = []
    for e in found.estimates:
        curve = found.profiles.get(e.id)
        low, high = e.interval if curve is None else curve.interval
        entry = {
            "id": e.id,
            "value": e.value,
            "initial": e.initial,
            "lower": e.lower,
            "upper": e.upper,
            "scale": f"PARAMETER_SCALE_{e.scale.upper()}",
            "standard_error": e.standard_error,
            "interval_low": low,
            "interval_high": high,
            "at_bound": e.at_bound,
        }
        parameters.append({name: value for name, value in entry.items() if value is not None})
    symbols = []
    for s in symbol_fits(found.problem, found.values):
        entry = {
            "symbol": s.symbol,
            "count": s.count,
            "sigma": s.sigma,
            "sigma_estimated": s.sigma_estimated,
            "scale": s.scale,
            "offset": s.offset,
            "misfit": s.misfit,
            "explained": s.explained,
        }
        symbols.append({name: value for name, value in entry.items() if value is not None})
    return {
        "message": found.message,
        "loss": found.loss,
        "parameters": parameters,
        "symbols": symbols,
        "searches": [
            {"loss": start.loss, "status": str(start.status), "iterations": start.iterations} for start in found.starts
        ],
        "agreeing": found.agreeing,
        "conditions": [condition.name for condition in found.problem.data.conditions],
    }


def _write_arrays(context: JobContext, task: dict[str, Any], found: Fit[TimeCourseProblem]) -> list[dict[str, Any]]:
    writer = ArrayWriter(context.array_directory)
    symbols = {entry["id"]: entry for entry in task["symbols"]}
    scaled = {m.name for m in found.problem.measured if m.scale or m.offset}
    for i, course in enumerate(found.problem.curves(found.values)):
        writer.write(f"curves/{i}/time", course.index, axes=["time"], unit=task["time_unit"])
        for name, values in course.items():
            entry = {} if name in scaled else symbols.get(str(name), {})
            writer.write(
                f"curves/{i}/{name}",
                values,
                axes=["time"],
                unit=entry.get("unit", ""),
                quantity=entry.get("quantity", "VALUE").removeprefix("QUANTITY_").lower(),
                symbol=str(name),
            )
    for name, curve in found.profiles.items():
        writer.write(f"profiles/{name}/value", curve.values, axes=["point"], unit=symbols.get(name, {}).get("unit", ""))
        writer.write(f"profiles/{name}/loss", curve.losses, axes=["point"])
    return writer.descriptors


def _provenance(task: dict[str, Any], problem: TimeCourseProblem, seed: int) -> dict[str, Any]:
    made = problem.provenance
    return {
        "model_sha256": task["model_sha256"],
        "solver": made["solver"],
        "relative_tolerance": problem.rtol,
        "absolute_tolerance": problem.atol,
        "seed": seed,
        "versions": {name: made[name] for name in ("sbmlgrn", "torch")},
    }
