"""`sbmlgrn fit`: parameters of a model from measured time courses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from sbmlgrn.cli.options import CsvOption, FileOption, JsonOption, ModelArgument, PlotOption
from sbmlgrn.cli.output import err, number, out, print_json, sparkline, table
from sbmlgrn.cli.progress import FitProgress

if TYPE_CHECKING:
    from sbmlgrn.calibrate import Bounds, TimeCourseProblem
    from sbmlgrn.fit import Estimate, Fit
    from sbmlgrn.network import Network

_Kind = Literal["parameters", "initial", "both"]
_Optimizer = Literal["auto", "trust-region", "adam", "lbfgs"]
_DATA = "What is measured"
_WHAT = "What is fitted"
_HOW = "How"


def _ids(flag: str, told: str, panel: str, metavar: str = "ID") -> Any:
    return typer.Option(
        flag, metavar=metavar, help=f"{told} Repeat for more.", rich_help_panel=panel, show_default=False
    )


def fit(
    model: ModelArgument,
    data: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The measurements, as CSV (see above).", show_default=False),
    ],
    noise: Annotated[
        list[str] | None, _ids("--noise", "normal (the default) or lognormal, of all or of one.", _DATA, "[ID=]KIND")
    ] = None,
    sigma: Annotated[
        list[str] | None,
        _ids(
            "--sigma",
            "Standard deviation of the noise, of all or of one; of the logarithm where the noise is lognormal. "
            "Without it and without a column sd:ID it is estimated.",
            _DATA,
            "[ID=]NUMBER",
        ),
    ] = None,
    scale: Annotated[
        list[str] | None, _ids("--scale", "Measured in arbitrary units: estimate a factor.", _DATA)
    ] = None,
    offset: Annotated[
        list[str] | None, _ids("--offset", "Measured with a background: estimate what is added.", _DATA)
    ] = None,
    hold_out: Annotated[
        list[str] | None,
        _ids("--hold-out", "Do not fit this condition; stop where it is predicted best.", _DATA, "CONDITION"),
    ] = None,
    estimate: Annotated[
        _Kind,
        typer.Option(
            help="Constant parameters, initial values of what changes, or both. Sizes of compartments only by --free "
            "or --bounds.",
            rich_help_panel=_WHAT,
        ),
    ] = "parameters",
    free: Annotated[list[str] | None, _ids("--free", "Fit this and nothing else.", _WHAT)] = None,
    fix: Annotated[list[str] | None, _ids("--fix", "Do not fit this.", _WHAT)] = None,
    bounds: Annotated[
        list[str] | None,
        _ids(
            "--bounds",
            "Fit this within bounds, on a logarithmic scale, or on a linear one with :linear after them.",
            _WHAT,
            "ID:LOWER:UPPER",
        ),
    ] = None,
    span: Annotated[
        float,
        typer.Option(
            help="Without bounds, a value may be divided and multiplied by this.",
            rich_help_panel=_WHAT,
        ),
    ] = 100.0,
    starts: Annotated[int, typer.Option(min=1, help="Number of searches.", rich_help_panel=_HOW)] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the places where they begin.", rich_help_panel=_HOW)] = 0,
    optimizer: Annotated[
        _Optimizer, typer.Option(help="How searches go on; auto is trust-region.", rich_help_panel=_HOW)
    ] = "auto",
    max_iterations: Annotated[int, typer.Option(min=1, help="Most steps of a search.", rich_help_panel=_HOW)] = 100,
    windows: Annotated[
        int,
        typer.Option(
            min=1,
            help="Fit longer and longer beginnings of the data, so many; helps with oscillations.",
            rich_help_panel=_HOW,
        ),
    ] = 1,
    profile: Annotated[
        list[str] | None, _ids("--profile", "Interval by profile likelihood; 'all' for all.", _HOW)
    ] = None,
    level: Annotated[float, typer.Option(help="Of the intervals.", rich_help_panel=_HOW)] = 0.95,
    rtol: Annotated[float, typer.Option(help="Relative tolerance of the solver.", rich_help_panel=_HOW)] = 1e-6,
    output: FileOption = None,
    csv: CsvOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit parameters of a model to measured time courses, by gradient.

    The data have a row for each time, with a column [cyan]time[/cyan] and columns named after symbols of the model: \
species, or whatever else it computes. Empty cells are missing values, equal times replicates. A column \
[cyan]condition[/cyan] tells experiments apart; in a column [cyan]set:ID[/cyan] stands what an experiment sets in \
place of the model's own value: a parameter, or what a species starts from. A column [cyan]sd:ID[/cyan] holds the \
standard deviation of the column ID. Lines that begin with # are comments.

    [cyan]time,condition,set:dose,A,B[/cyan]
    [cyan]0,low,0.1,2.1,[/cyan]
    [cyan]5,low,,1.7,0.3[/cyan]
    [cyan]5,high,10,0.2,1.9[/cyan]

    Example: [cyan]sbmlgrn fit model.xml --data data.csv --fix n --out fitted.xml --plot fit.png[/cyan]
    """
    import sbmlgrn as sg

    network = sg.load(model)
    problem = sg.time_courses(
        network,
        data,
        estimate=estimate,
        free=free or None,
        fix=fix or (),
        bounds=_bounds(bounds or ()),
        span=span,
        noise=_by_id(noise, "--noise", _kind, "normal"),  # pyright: ignore[reportArgumentType]
        sigma=_by_id(sigma, "--sigma", _positive, None),
        scale=scale or (),
        offset=offset or (),
        hold_out=hold_out or (),
        rtol=rtol,
    )
    profiles = problem.box.ids if profile and "all" in profile else tuple(profile or ())
    with FitProgress(err()) as display:
        found = sg.fit(
            problem,
            starts,
            optimizer,
            seed=seed,
            max_iterations=max_iterations,
            windows=windows,
            profiles=profiles,
            level=level,
            on_progress=display.show,
        )
    written = [path for path in (output, csv, plot) if path is not None]
    if output is not None:
        _save(problem.network_at(found.values), output)
    if csv is not None:
        _courses(found).to_csv(csv)
    if plot is not None:
        _plot(found, network, plot)
    warnings = [*problem.notes, *found.warnings]
    if as_json:
        print_json(
            _as_data(found, level)
            | {
                "file": str(model),
                "data": str(data),
                "warnings": warnings,
                "output": None if output is None else str(output),
                "provenance": problem.provenance | {"seed": str(seed)},
            }
        )
    else:
        _print(found, level, warnings, written)


def _by_id(texts: Iterable[str] | None, flag: str, read: Any, default: Any) -> Any:
    """What options VALUE or ID=VALUE say: one value for all, or values by id."""
    texts = list(texts or ())
    plain = [text for text in texts if "=" not in text]
    if not texts:
        return default
    if plain and len(texts) > 1:
        raise typer.BadParameter(
            f"{plain[0]!r} is for all symbols and stands beside others: give it alone, or one for each ID",
            param_hint=flag,
        )
    if plain:
        return read(plain[0], flag)
    pairs = [text.partition("=")[::2] for text in texts]
    for name, _ in pairs:
        if sum(other == name for other, _ in pairs) > 1:
            raise typer.BadParameter(f"{name!r} is given twice: give it once", param_hint=flag)
    return {name: read(value, flag) for name, value in pairs}


def _kind(text: str, flag: str) -> str:
    if text not in ("normal", "lognormal"):
        raise typer.BadParameter(f"{text!r} is no kind of noise: expected normal or lognormal", param_hint=flag)
    return text


def _positive(text: str, flag: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise typer.BadParameter(f"{text!r}: expected a positive number, such as 0.1", param_hint=flag)
    return value


def _bounds(texts: Iterable[str]) -> dict[str, Bounds]:
    from sbmlgrn.cli.options import free_parameters

    found = free_parameters(texts, "--bounds")
    for p in found:
        if sum(other.id == p.id for other in found) > 1:
            raise typer.BadParameter(f"{p.id!r} has bounds twice: give them once", param_hint="--bounds")
    return {p.id: (p.lower, p.upper, p.scale) for p in found}


def _save(network: Network, path: Path) -> None:
    import sbmlgrn as sg
    from sbmlgrn.sbml import NotInPlaceError, flattened

    try:
        sg.save(network, path)
    except NotInPlaceError as error:
        err().print(f"{path} is one flat model: {error}")
        sg.save(flattened(network), path)


def _courses(found: Fit[TimeCourseProblem]) -> Any:
    from sbmlgrn.calibrate import fitted_courses

    courses = fitted_courses(found.problem, found.values)
    return courses.droplevel(0) if list(courses.index.unique(0)) == [""] else courses


def _plot(found: Fit[TimeCourseProblem], network: Network, path: Path) -> None:
    from sbmlgrn.calibrate import measurement_table
    from sbmlgrn.plots import time_course_fit

    problem = found.problem
    names = [condition.name for condition in problem.data.conditions]
    figure = time_course_fit(
        measurement_table(problem, found.values),
        dict(zip(names, problem.curves(found.values), strict=True)),
        [start.loss for start in found.starts],
        title=f"{network.name or network.id}: fit to {problem.measurements} measurements",
        time_unit=network.time_units,
        logarithmic=[m.name for m in problem.measured if m.noise == "lognormal"],
    )
    figure.savefig(path)


def _as_data(found: Fit[TimeCourseProblem], level: float) -> dict[str, Any]:
    from dataclasses import asdict

    from sbmlgrn.calibrate import symbol_fits

    return {
        "loss": found.loss,
        "status": str(found.status),
        "message": found.message,
        "values": found.values,
        "level": level,
        "parameters": [asdict(estimate) for estimate in found.estimates],
        "profiles": {
            name: {
                "interval": curve.interval,
                "threshold": curve.threshold,
                "values": curve.values.tolist(),
                "losses": curve.losses.tolist(),
            }
            for name, curve in found.profiles.items()
        },
        "symbols": [asdict(symbol) for symbol in symbol_fits(found.problem, found.values)],
        "measurements": found.problem.measurements,
        "searches": [
            {
                "loss": start.loss,
                "loss_before": start.loss_before,
                "status": str(start.status),
                "iterations": start.iterations,
                "values": dict(zip(found.problem.box.ids, start.values.tolist(), strict=True)),
            }
            for start in found.starts
        ],
        "agreeing": found.agreeing,
        "evaluations": found.evaluations,
        "seconds": found.seconds,
    }


def _print(found: Fit[TimeCourseProblem], level: float, warnings: list[str], written: list[Path]) -> None:
    from sbmlgrn.calibrate import symbol_fits

    console = out()
    percent = f"{100 * level:g} % interval"
    rows = table("parameter", "value", "± error", percent, "before", "bounds", numbers=("value", "± error", "before"))
    for e in found.estimates:
        curve = found.profiles.get(e.id)
        rows.add_row(
            e.id,
            f"[bold]{_four(e.value)}[/]",
            _error(e),
            _interval(e.interval if curve is None else curve.interval) + (" (profile)" if curve else ""),
            _four(e.initial),
            Text(f"{e.lower:.4g} … {e.upper:.4g}", style="dim"),
        )
    console.print(rows)
    console.print()
    symbols = symbol_fits(found.problem, found.values)
    aside = [name for name in ("scale", "offset") if any(getattr(s, name) is not None for s in symbols)]
    numbers = ("measured", "σ", *aside, "misfit", "explained")
    rows = table("symbol", "measured", "noise", "σ", *aside, "misfit", "explained", numbers=numbers)
    for s in symbols:
        rows.add_row(
            s.symbol,
            str(s.count),
            s.noise,
            _four(s.sigma) + ("" if s.sigma_estimated else " (given)"),
            *("" if (v := getattr(s, name)) is None else _four(v) for name in aside),
            "–" if s.sigma_estimated else f"{s.misfit:.2f} σ",
            f"{100 * s.explained:.1f} %",
        )
    console.print(rows)
    console.print()
    losses = [start.loss for start in found.starts]
    shape = f"  [blue]{sparkline(losses)}[/]" if len(losses) > 1 else ""
    console.print(f"[green]loss {number(found.loss)}[/]: {found.message}{shape}", soft_wrap=True)
    for warning in warnings:
        console.print(Text("! ", style="yellow").append(warning, style="default"), soft_wrap=True)
    for path in written:
        console.print(f"wrote {path}")


def _four(value: float) -> str:
    return f"{value:.4g}"


def _error(estimate: Estimate) -> Text:
    if estimate.at_bound:
        return Text("at bound", style="yellow")
    error = estimate.standard_error
    if error is None or error > 10 * (estimate.upper - estimate.lower):
        return Text("open", style="yellow")
    return Text(f"{error:.2g}")


def _interval(interval: tuple[float | None, float | None]) -> str:
    low, high = ("" if end is None else _four(end) for end in interval)
    if not low and not high:
        return "open"
    return f"{low or 'open'} … {high or 'open'}"
