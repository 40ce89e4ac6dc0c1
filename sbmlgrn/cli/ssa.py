"""`sbmlgrn ssa`: an ensemble of stochastic trajectories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from sbmlgrn.cli.errors import ExitCode, show_error
from sbmlgrn.cli.options import (
    CsvOption,
    JsonOption,
    ModelArgument,
    PlotOption,
    SetOption,
    SymbolOption,
    values_by_name,
)
from sbmlgrn.cli.output import number, out, print_json, sparkline, table

if TYPE_CHECKING:
    from sbmlgrn.ssa import Statistics

_QUANTILES: Final = {"q05": 0.05, "median": 0.5, "q95": 0.95}


def ssa(
    model: ModelArgument,
    end: Annotated[float, typer.Option(help="Last time, in the model's unit of time.", show_default=False)],
    start: Annotated[float, typer.Option(help="First time.")] = 0.0,
    points: Annotated[int, typer.Option(min=2, help="Number of times, both ends included.")] = 201,
    trajectories: Annotated[int, typer.Option(min=1, help="Number of trajectories.")] = 1000,
    seed: Annotated[int, typer.Option(help="Any integer; the same seed gives the same trajectories.")] = 0,
    method: Annotated[str, typer.Option(help="direct, which is exact, or tau, which leaps over reactions.")] = "direct",
    max_events: Annotated[int, typer.Option(min=1, help="Most reactions of one trajectory.")] = 1_000_000_000,
    split: Annotated[
        bool,
        typer.Option("--split-reversible", help="Make two reactions of each whose law is a difference of two rates."),
    ] = False,
    values: SetOption = None,
    symbols: SymbolOption = None,
    csv: CsvOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a model stochastically: its rate laws as propensities, its amounts as numbers of molecules.

    Exact (Gillespie's direct method) unless asked otherwise, with events, rules and random values.
    Means, spread and distributions over all trajectories are reported.

    Example: [cyan]sbmlgrn ssa models/lotka_volterra.xml --end 20 --trajectories 10000 --plot ensemble.png[/cyan]
    """
    import numpy as np

    import sbmlgrn as sg
    from sbmlgrn.ssa import StochasticStatus

    changed = values_by_name(values or [])
    if not end > start:
        raise typer.BadParameter(f"the end {end:g} must be after the start {start:g}", param_hint="--end")
    network = sg.load(model)
    if split:
        network = sg.split_reversible(network)
    statistics = sg.summarise_ssa(
        sg.compile(network),
        np.linspace(start, end, points),
        changed or None,
        trajectories,
        seed,
        ids=symbols,
        method=method,
        max_events=max_events,
    )
    if csv is not None:
        statistics.to_dataframe(_QUANTILES).to_csv(csv)
    if plot is not None and statistics.count:
        from sbmlgrn.plots import ensemble

        ensemble(statistics, title=network.name or network.id, time_unit=network.time_units).savefig(plot)
    if as_json:
        print_json(
            {
                "file": str(model),
                "model": network.id,
                "set": changed,
                "seed": seed,
                "trajectories": trajectories,
                "ends": {status.name.lower(): count for status, count in statistics.ends.items()},
                "reactions": statistics.events,
                "time_unit": network.time_units,
                "time": statistics.t.tolist(),
                "values": {name: _described(statistics, name) for name in statistics.ids} if statistics.count else {},
            }
        )
    else:
        _print(statistics)
        for path in (csv, plot if statistics.count else None):
            if path is not None:
                out().print(f"wrote {path}")
    failed = {s: n for s, n in statistics.ends.items() if s is not StochasticStatus.SUCCESS}
    if failed:
        reasons = "; ".join(f"{count} of {trajectories}: {status.message}" for status, count in failed.items())
        show_error(f"trajectories of {network.id!r} failed and are left out: {reasons}")
        raise typer.Exit(ExitCode.FAILED)


def _described(statistics: Statistics, name: str) -> dict[str, list[float]]:
    columns = {"mean": statistics.mean(name), "variance": statistics.variance(name)}
    columns |= {label: statistics.quantile(name, q) for label, q in _QUANTILES.items()}
    return {label: column.tolist() for label, column in columns.items()}


def _print(statistics: Statistics) -> None:
    numbers = ("mean at the end", "± its error", "standard deviation", "5 %", "95 %")
    rows = table("symbol", *numbers, "mean over time", numbers=numbers)
    for name in statistics.ids if statistics.count else ():
        mean = statistics.mean(name)
        ends = (
            mean[-1],
            statistics.standard_error(name)[-1],
            statistics.variance(name)[-1] ** 0.5,
            *(statistics.quantile(name, q)[-1] for q in (0.05, 0.95)),
        )
        rows.add_row(name, *map(number, ends), f"[blue]{sparkline(mean.tolist())}[/]")
    out().print(rows)
    out().print(f"{statistics.count:,} trajectories, {statistics.events:,} reactions")
