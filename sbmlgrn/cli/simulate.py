"""`sbmlgrn simulate`: a time course of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    import pandas as pd

    from sbmlgrn.network import Network


def simulate(
    model: ModelArgument,
    end: Annotated[float, typer.Option(help="Last time, in the model's unit of time.", show_default=False)],
    start: Annotated[float, typer.Option(help="First time.")] = 0.0,
    points: Annotated[int, typer.Option(min=2, help="Number of times, both ends included.")] = 201,
    values: SetOption = None,
    symbols: SymbolOption = None,
    rtol: Annotated[float, typer.Option(help="Relative tolerance of the solver.")] = 1e-6,
    atol: Annotated[float, typer.Option(help="Absolute tolerance of the solver.")] = 1e-9,
    csv: CsvOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate a model over time.

    Example: [cyan]sbmlgrn simulate models/elowitz2000.xml --end 200 --plot course.png[/cyan]

    Or: [cyan]sbmlgrn simulate models/elowitz2000.xml --end 200 --set alpha=50 --csv course.csv[/cyan]
    """
    import numpy as np
    import torch

    import sbmlgrn as sg

    changed = values_by_name(values or [])
    if not end > start:
        raise typer.BadParameter(f"the end {end:g} must be after the start {start:g}", param_hint="--end")
    network = sg.load(model)
    with torch.no_grad():
        solution = sg.simulate(
            sg.compile(network), np.linspace(start, end, points), changed or None, rtol=rtol, atol=atol
        )
    frame = solution.to_dataframe(symbols)
    if csv is not None:
        frame.to_csv(csv)
    if plot is not None:
        _plot(frame, network, plot)
    status = solution.status[0]
    if as_json:
        print_json(
            {
                "file": str(model),
                "model": network.id,
                "set": changed,
                "status": status.name.lower(),
                "message": status.message,
                "time_unit": network.time_units,
                "time": frame.index.tolist(),
                "values": {name: column.tolist() for name, column in frame.items()},
            }
        )
    else:
        _print(frame)
        for path in (csv, plot):
            if path is not None:
                out().print(f"wrote {path}")
    if not solution.success:
        show_error(f"the simulation of {network.id!r} failed: {status.message}")
        raise typer.Exit(ExitCode.FAILED)


def value_label(network: Network) -> str:
    """What the species' values are, with their unit where the model has one for all."""
    quantities = {"amount" if s.has_only_substance_units else "concentration" for s in network.species}
    units = {s.substance_units or network.substance_units for s in network.species if s.has_only_substance_units}
    label = quantities.pop() if len(quantities) == 1 else "value"
    unit = units.pop() if label == "amount" and len(units) == 1 else None
    return f"{label} ({unit})" if unit and unit != "dimensionless" else label


def _plot(frame: pd.DataFrame, network: Network, path: Path) -> None:
    from sbmlgrn.plots import time_course

    title = network.name or network.id
    time_course(frame, title=title, time_unit=network.time_units, value_label=value_label(network)).savefig(path)


def _print(frame: pd.DataFrame) -> None:
    rows = table(
        "symbol", "first", "last", "least", "greatest", "course", numbers=("first", "last", "least", "greatest")
    )
    for name, column in frame.items():
        ends = (column.iloc[0], column.iloc[-1], column.min(), column.max())
        rows.add_row(str(name), *map(number, ends), f"[blue]{sparkline(column.tolist())}[/]")
    out().print(rows)
