"""`sbmlgrn tune`: a stochastic model changed until a species has the frequency asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sbmlgrn.cli.errors import ExitCode
from sbmlgrn.cli.options import FileOption, JsonOption, ModelArgument, PlotOption, free_parameters
from sbmlgrn.cli.output import err, number, out, print_json, table
from sbmlgrn.cli.progress import DesignProgress
from sbmlgrn.cli.simulate import value_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sbmlgrn.design import FrequencyTuning


def tune(
    model: ModelArgument,
    species: Annotated[str, typer.Option(metavar="ID", help="The species whose frequency counts.", show_default=False)],
    frequency: Annotated[
        float, typer.Option(help="The frequency asked, in cycles per unit of the model's time.", show_default=False)
    ],
    free: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID:LOWER:UPPER",
            help="A parameter that may change within these bounds, on a logarithmic scale, or on a linear one with "
            ":linear after the bounds. Repeat for more. "
            "\\[default: all on which a rate depends, by up to a factor of ten]",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="Relative deviation of the frequency that counts as reached.")
    ] = 0.02,
    trajectories: Annotated[int, typer.Option(min=1, help="Trajectories of each trial.")] = 100,
    max_iterations: Annotated[int, typer.Option(help="The most trials.")] = 20,
    estimator: Annotated[
        Literal["straight_through", "gumbel"], typer.Option(help="How the gradient is estimated.")
    ] = "straight_through",
    compare: Annotated[
        Literal["straight_through", "gumbel"] | None,
        typer.Option(help="Tune with this estimator as well, and show its way beside.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Any integer; the same seed gives the same result.")] = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change parameters of a stochastic oscillator, by gradient, until a species has the frequency asked.

    The frequency is the peak of the mean spectrum of an ensemble of exact trajectories; what was reached is measured on
    trajectories that the tuning did not see. Where the bounds make it unreachable, says so, and ends with exit code 1.

    Example: [cyan]sbmlgrn tune models/lotka_volterra.xml --species prey --frequency 2 --compare gumbel
    --plot tuned.png[/cyan]
    """
    import sbmlgrn as sg
    from sbmlgrn.design import TuningSpec, free_rates, tune_frequency
    from sbmlgrn.sbml import NotInPlaceError, flattened
    from sbmlgrn.ssa import Estimator

    network = sg.load(model)
    parameters = free_parameters(free) if free else free_rates(network)
    spec = TuningSpec(
        species=species,
        frequency=frequency,
        parameters=parameters,
        tolerance=tolerance,
        trajectories=trajectories,
        max_iterations=max_iterations,
        estimator=Estimator(estimator),
        seed=seed,
    )
    specs = [spec] if compare is None else [spec, replace(spec, estimator=Estimator(compare))]
    bounds = {p.id: (p.lower, p.upper, p.scale) for p in parameters}
    tunings: dict[str, FrequencyTuning] = {}
    for each in specs:
        with DesignProgress(err(), frequency, bounds, "frequency") as display:
            tunings[each.estimator.value] = tune_frequency(network, each, on_progress=display.show)
    tuning = tunings[spec.estimator.value]
    if output is not None:
        try:
            sg.save(tuning.network, output)
        except NotInPlaceError as error:
            err().print(f"{output} is one flat model: {error}")
            sg.save(flattened(tuning.network), output)
    if plot is not None:
        _plot(tunings, tuning, species, plot)
    if as_json:
        print_json(
            {
                "file": str(model),
                "species": species,
                "reached": tuning.reached,
                "message": tuning.message,
                "frequency_asked": tuning.frequency_asked,
                "frequency_before": tuning.frequency_before,
                "frequency_found": tuning.frequency_found,
                "values_before": tuning.values_before,
                "values_after": tuning.values_after,
                "ways": {name: _way(each) for name, each in tunings.items()},
                "output": None if output is None else str(output),
                "provenance": tuning.provenance,
            }
        )
    else:
        _print(tunings, tuning, [path for path in (output, plot) if path is not None])
    raise typer.Exit(ExitCode.OK if tuning.reached else ExitCode.FAILED)


def _way(tuning: FrequencyTuning) -> dict[str, list[float]]:
    return {
        "step": [float(report.iteration) for report in tuning.history],
        "seconds": [report.elapsed for report in tuning.history],
        "loss": [report.metrics["loss"] for report in tuning.history],
    }


def _plot(tunings: Mapping[str, FrequencyTuning], tuning: FrequencyTuning, species: str, path: Path) -> None:
    import pandas as pd

    from sbmlgrn.plots import frequency_tuning

    network = tuning.network
    spectrum = {"before": tuning.spectrum.before, "after": tuning.spectrum.after}
    figure = frequency_tuning(
        pd.DataFrame(tuning.before.columns, index=tuning.before.t),
        pd.DataFrame(tuning.after.columns, index=tuning.after.t),
        pd.DataFrame(spectrum, index=tuning.spectrum.frequency),
        {name: pd.DataFrame(_way(each)) for name, each in tunings.items()},
        frequency_asked=tuning.frequency_asked,
        frequency_before=tuning.frequency_before,
        frequency_after=tuning.frequency_found,
        symbol=species,
        title=f"{network.name or network.id}: a frequency of {tuning.frequency_asked:g}",
        time_unit=network.time_units,
        value_label=f"{species}, {value_label(network)}",
    )
    figure.savefig(path)


def _print(tunings: Mapping[str, FrequencyTuning], tuning: FrequencyTuning, written: list[Path]) -> None:
    console = out()
    rows = table("", "before", "after", numbers=("before", "after"))
    rows.add_row("frequency", number(tuning.frequency_before), f"[bold]{number(tuning.frequency_found)}[/]")
    for name, value in tuning.values_before.items():
        rows.add_row(name, number(value), number(tuning.values_after[name]))
    console.print(rows)
    if len(tunings) > 1:
        columns = ("trials", "seconds", "frequency", "last loss")
        rows = table("estimator", *columns, numbers=columns)
        for name, each in tunings.items():
            last = each.history[-1] if each.history else None
            loss = None if last is None else last.metrics["loss"]
            seconds = 0.0 if last is None else last.elapsed
            rows.add_row(name, str(len(each.history)), f"{seconds:.1f}", number(each.frequency_found), number(loss))
        console.print(rows)
    verdict = "[green]reached[/]" if tuning.reached else "[yellow]not reached[/]"
    console.print(f"{verdict}: {tuning.message}")
    for path in written:
        console.print(f"wrote {path}")
