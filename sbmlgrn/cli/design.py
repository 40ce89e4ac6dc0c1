"""`sbmlgrn design frequency`: a model changed until a species has the period asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sbmlgrn.cli.errors import ExitCode
from sbmlgrn.cli.options import FileOption, JsonOption, ModelArgument, PlotOption, free_parameters
from sbmlgrn.cli.output import err, number, out, print_json, table
from sbmlgrn.cli.progress import DesignProgress
from sbmlgrn.cli.simulate import value_label

if TYPE_CHECKING:
    from sbmlgrn.design import FrequencyDesign


def frequency(
    model: ModelArgument,
    species: Annotated[str, typer.Option(metavar="ID", help="The species whose period counts.", show_default=False)],
    period: Annotated[float, typer.Option(help="The period asked, in the model's unit of time.", show_default=False)],
    free: Annotated[
        list[str],
        typer.Option(
            metavar="ID:LOWER:UPPER",
            help="A parameter that may change within these bounds, on a logarithmic scale, or on a linear one with "
            ":linear after the bounds. Repeat for more.",
            show_default=False,
        ),
    ],
    tolerance: Annotated[float, typer.Option(help="Relative deviation of the period that counts as reached.")] = 1e-3,
    max_iterations: Annotated[int, typer.Option(help="The most trials.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the places where a search that is stuck begins anew.")] = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change parameters of an oscillating model, by gradient, until a species has the period asked.

    Where the bounds make that period unreachable, says so, takes the nearest found, and ends with exit code 1.

    Example: [cyan]sbmlgrn design frequency models/elowitz2000.xml --species p_lacI --period 30 --free alpha:20:2000
    --free beta:0.02:2 --out faster.xml[/cyan]
    """
    import sbmlgrn as sg
    from sbmlgrn.design import FrequencySpec, design_frequency
    from sbmlgrn.sbml import NotInPlaceError, flattened

    parameters = free_parameters(free)
    spec = FrequencySpec(
        species=species,
        period=period,
        parameters=parameters,
        tolerance=tolerance,
        max_iterations=max_iterations,
        seed=seed,
    )
    network = sg.load(model)
    bounds = {p.id: (p.lower, p.upper, p.scale) for p in parameters}
    with DesignProgress(err(), period, bounds) as display:
        design = design_frequency(network, spec, on_progress=display.show)
    if output is not None:
        try:
            sg.save(design.network, output)
        except NotInPlaceError as error:
            err().print(f"{output} is one flat model: {error}")
            sg.save(flattened(design.network), output)
    if plot is not None:
        _plot(design, species, plot)
    if as_json:
        print_json(
            {
                "file": str(model),
                "species": species,
                "reached": design.reached,
                "message": design.message,
                "period_asked": design.period_asked,
                "period_before": design.period_before,
                "period_found": design.period_found,
                "values_before": design.values_before,
                "values_after": design.values_after,
                "output": None if output is None else str(output),
                "provenance": design.provenance,
            }
        )
    else:
        _print(design, [path for path in (output, plot) if path is not None])
    raise typer.Exit(ExitCode.OK if design.reached else ExitCode.FAILED)


def _plot(design: FrequencyDesign, species: str, path: Path) -> None:
    import pandas as pd

    from sbmlgrn.plots import frequency_design

    network = design.network
    spectrum = {"before": design.spectrum.before, "after": design.spectrum.after}
    figure = frequency_design(
        pd.DataFrame(design.before.columns, index=design.before.t),
        pd.DataFrame(design.after.columns, index=design.after.t),
        pd.DataFrame(spectrum, index=design.spectrum.frequency),
        period_asked=design.period_asked,
        period_before=design.period_before,
        period_after=design.period_found,
        symbols=[species],
        title=f"{network.name or network.id}: a period of {design.period_asked:g}",
        time_unit=network.time_units,
        value_label=f"{species}, {value_label(network)}",
    )
    figure.savefig(path)


def _print(design: FrequencyDesign, written: list[Path]) -> None:
    console = out()
    rows = table("", "before", "after", numbers=("before", "after"))
    rows.add_row("period", number(design.period_before), f"[bold]{number(design.period_found)}[/]")
    for name, value in design.values_before.items():
        rows.add_row(name, number(value), number(design.values_after[name]))
    console.print(rows)
    verdict = "[green]reached[/]" if design.reached else "[yellow]not reached[/]"
    console.print(f"{verdict}: {design.message}")
    for path in written:
        console.print(f"wrote {path}")
