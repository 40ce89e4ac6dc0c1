"""`sbmlgrn crosscheck`: the same simulation here and in libRoadRunner."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sbmlgrn.cli.errors import ExitCode, show_error
from sbmlgrn.cli.options import JsonOption, ModelArgument
from sbmlgrn.cli.output import err, number, out, print_json, table

if TYPE_CHECKING:
    from sbmlgrn.crosscheck import CrosscheckReport


def crosscheck(
    model: ModelArgument,
    end: Annotated[
        float, typer.Option(help="Last time, in the model's unit of time. The first is 0.", show_default=False)
    ],
    points: Annotated[int, typer.Option(min=2, help="Number of times, both ends included.")] = 201,
    tolerance: Annotated[float, typer.Option(help="Largest relative difference that counts as agreement.")] = 1e-4,
    as_json: JsonOption = False,
) -> None:
    """Compare our simulation with libRoadRunner's, variable by variable and time by time.

    Exit code 0 if they agree, 1 if they do not.

    Example: [cyan]sbmlgrn crosscheck models/elowitz2000.xml --end 200[/cyan]
    """
    import numpy as np

    import sbmlgrn as sg
    from sbmlgrn.crosscheck import CrosscheckError
    from sbmlgrn.crosscheck import crosscheck as compare

    if not end > 0:
        raise typer.BadParameter(f"the end {end:g} must be after the start 0", param_hint="--end")
    network = sg.load(model)
    try:
        with err().status("simulating here and in libRoadRunner"):
            report = compare(network, np.linspace(0.0, end, points))
    except CrosscheckError as error:
        show_error(error)
        raise typer.Exit(ExitCode.FAILED) from None
    agrees = report.agrees(tolerance)
    if as_json:
        print_json(
            {
                "file": str(model),
                "agrees": agrees,
                "tolerance": tolerance,
                "worst_relative": report.worst_relative,
                "worst_absolute": report.worst_absolute,
                "variables": {name: asdict(agreement) for name, agreement in report.variables.items()},
                "versions": dict(report.versions),
            }
        )
    else:
        _print(report, tolerance, agrees)
    raise typer.Exit(ExitCode.OK if agrees else ExitCode.FAILED)


def _print(report: CrosscheckReport, tolerance: float, agrees: bool) -> None:
    rows = table(
        "variable",
        "worst relative",
        "worst absolute",
        "at time",
        numbers=("worst relative", "worst absolute", "at time"),
    )
    for name, agreement in sorted(report.variables.items(), key=lambda item: -item[1].relative):
        colour = "green" if agreement.relative <= tolerance else "red"
        rows.add_row(
            name, f"[{colour}]{agreement.relative:.2g}[/]", f"{agreement.absolute:.2g}", number(agreement.time)
        )
    console = out()
    console.print(rows)
    verdict = "[green]agrees[/]" if agrees else "[red]disagrees[/]"
    version = report.versions["libroadrunner"]
    console.print(
        f"{verdict} with libRoadRunner {version}: worst relative difference {report.worst_relative:.2g}, "
        f"{tolerance:g} allowed, over {len(report.t)} times"
    )
