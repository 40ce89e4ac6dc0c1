"""`sbmlgrn demo`: the whole way once, from an SBML file through the server to a new one, checked elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel

import sbmlgrn
from sbmlgrn.cli.errors import ExitCode, show_error
from sbmlgrn.cli.options import JsonOption
from sbmlgrn.cli.output import err, number, out, print_json, table
from sbmlgrn.cli.progress import DesignProgress, range_line

if TYPE_CHECKING:
    from sbmlgrn.client import Client, DesignResult
    from sbmlgrn.client.v1 import job_pb2
    from sbmlgrn.crosscheck import CrosscheckReport
    from sbmlgrn.fit import Progress

_MODEL: Final = "elowitz2000"
_SPECIES: Final = "p_lacI"
_PROTEINS: Final = ("p_lacI", "p_tetR", "p_cI")
_TIME_UNIT: Final = "mRNA lifetimes"
_BOUNDS: Final[dict[str, tuple[float, float, str]]] = {
    "alpha": (20.0, 2000.0, "log"),
    "alpha0": (0.02, 2.0, "log"),
    "n": (1.5, 4.0, "linear"),
    "beta": (0.02, 2.0, "log"),
}
_PERIODS_COMPARED: Final = 10
_PERIODS_MEASURED: Final = 40
_TIMES_A_PERIOD: Final = 64
_TRAJECTORY_TOLERANCE: Final = 1e-4
_PERIOD_TOLERANCE: Final = 1e-2


@dataclass(frozen=True)
class _Check:
    """What libRoadRunner says of the redesigned document."""

    report: CrosscheckReport
    period: float

    def confirms(self, found: float) -> bool:
        return self.report.agrees(_TRAJECTORY_TOLERANCE) and abs(self.period / found - 1) <= _PERIOD_TOLERANCE


def demo(
    period: Annotated[float, typer.Option(help="The period asked, in mRNA lifetimes. The model's own is 43.4.")] = 30.0,
    directory: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder for the picture and the redesigned model. Made if missing."),
    ] = Path("demo-output"),
    as_json: JsonOption = False,
) -> None:
    """Redesign a real network: the repressilator of Elowitz & Leibler (2000) gets another period.

    Starts a server of its own, uploads the model, asks for the period with four kinetic parameters free within bounds,
    shows the progress, downloads the new SBML, and checks it in libRoadRunner, which shares no code with this program.

    Example: [cyan]sbmlgrn demo --period 55[/cyan]
    """
    from sbmlgrn.client import Client, InvalidArgumentError, JobFailedError, ServerError, local_server
    from sbmlgrn.crosscheck import CrosscheckError

    console = err()
    directory.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        with console.status("starting a server"), local_server() as address:
            _done(console, f"server on {address}")
            with Client(address) as client:
                result, document = _design(console, client, period)
        path = directory / f"{_MODEL}-period-{period:g}.xml"
        path.write_text(document)
        _done(console, f"wrote {path}")
        with console.status("simulating in libRoadRunner"):
            check = _check(path, result.period_found)
        _done(console, f"simulated {path.name} in libRoadRunner {check.report.versions['libroadrunner']}")
    except InvalidArgumentError as error:
        show_error(error)
        raise typer.Exit(ExitCode.BAD_INPUT) from None
    except (ServerError, JobFailedError, CrosscheckError) as error:
        show_error(error)
        code = ExitCode.BAD_INPUT if getattr(error, "reason", "") == "BAD_INPUT" else ExitCode.FAILED
        raise typer.Exit(code) from None
    picture = path.with_suffix(".png")
    _draw(result, picture)
    _done(console, f"wrote {picture}")
    confirmed = check.confirms(result.period_found)
    seconds = time.monotonic() - started
    if as_json:
        print_json(
            _as_data(result, check) | {"confirmed": confirmed, "files": [str(path), str(picture)], "seconds": seconds}
        )
    else:
        _print(out(), result, check, seconds)
    raise typer.Exit(ExitCode.OK if result.reached and confirmed else ExitCode.FAILED)


def _done(console: Console, text: str) -> None:
    console.print(f"[green]✓[/] {escape(text)}", soft_wrap=True)


def _model_file() -> Path:
    """The model: inside the installed package, or beside it in a checkout."""
    package = Path(sbmlgrn.__file__).parent
    for folder in (package / "models", package.parent / "models"):
        if (path := folder / f"{_MODEL}.xml").is_file():
            return path
    raise FileNotFoundError(f"the model {_MODEL}.xml is missing from {package}: install sbmlgrn again")


def _design(console: Console, client: Client, period: float) -> tuple[DesignResult, str]:
    """The design as the service made it, and the redesigned document."""
    path = _model_file()
    model = client.create_model(path)
    species = sum(symbol.id.startswith(("m_", "p_")) for symbol in model.symbols)
    _done(console, f"uploaded {path.name}: {model.display_name}; {species} species, {model.reaction_count} reactions")
    handle = client.design_frequency(model.name, _SPECIES, period, _BOUNDS)
    began, trials = time.monotonic(), 0
    with DesignProgress(console, period, _BOUNDS) as display:
        for event in handle.watch():
            if event.WhichOneof("event") == "progress":
                trials = max(trials, event.progress.iteration)
                display.show(_progress(event.progress))
    result = handle.result()
    _done(console, f"designed by gradient of the spectrum: {trials} trials in {time.monotonic() - began:.1f} s")
    return result, client.export_model(result.model)


def _progress(told: job_pb2.JobProgress) -> Progress:
    from sbmlgrn.fit import Progress

    values, metrics = dict(told.values), dict(told.metrics)
    return Progress(told.stage, told.iteration, told.total, told.loss, metrics, values, told.elapsed_seconds)


def _check(path: Path, period: float) -> _Check:
    import numpy as np

    import sbmlgrn as sg
    from sbmlgrn.crosscheck import crosscheck, simulate_in_roadrunner
    from sbmlgrn.objectives import period_by_crossings

    def times(periods: int) -> np.ndarray:
        return np.linspace(0.0, periods * period, periods * _TIMES_A_PERIOD + 1)

    report = crosscheck(sg.load(path), times(_PERIODS_COMPARED))
    t = times(_PERIODS_MEASURED)
    theirs, _ = simulate_in_roadrunner(path.read_text(), t, [_SPECIES])
    return _Check(report, period_by_crossings(t, theirs[_SPECIES]))


def _draw(result: DesignResult, path: Path) -> None:
    import pandas as pd

    from sbmlgrn.plots import frequency_design

    def course(label: str) -> pd.DataFrame:
        return pd.DataFrame({name: result[f"{label}/{name}"] for name in _PROTEINS}, index=result[f"{label}/time"])

    spectrum = {"before": result["spectrum/power_before"], "after": result["spectrum/power_after"]}
    figure = frequency_design(
        course("before"),
        course("after"),
        pd.DataFrame(spectrum, index=result["spectrum/frequency"]),
        period_asked=result.period_asked,
        period_before=result.period_before,
        period_after=result.period_found,
        symbols=_PROTEINS,
        title=f"The repressilator, asked for a period of {result.period_asked:g} {_TIME_UNIT}",
        time_unit=_TIME_UNIT,
        value_label="protein ($K_M$)",
    )
    figure.savefig(path)


def _as_data(result: DesignResult, check: _Check) -> dict[str, Any]:
    return {
        "reached": result.reached,
        "message": result.message,
        "period_asked": result.period_asked,
        "period_before": result.period_before,
        "period_found": result.period_found,
        "period_in_libroadrunner": check.period,
        "worst_relative_disagreement": check.report.worst_relative,
        "values_before": dict(result.values_before),
        "values_after": dict(result.values_after),
    }


def _print(console: Console, result: DesignResult, check: _Check, seconds: float) -> None:
    periods = table("", "")
    periods.show_header = False
    periods.add_row(f"period before ({_TIME_UNIT})", number(result.period_before))
    periods.add_row("period asked", f"[bold]{result.period_asked:g}[/]")
    periods.add_row("period got", f"[bold]{number(result.period_found)}[/]")
    periods.add_row("period in libRoadRunner, by level crossings", f"[bold]{number(check.period)}[/]")
    periods.add_row("worst relative disagreement of the trajectories", f"{check.report.worst_relative:.1e}")
    if not result.reached:
        title, colour, said = "not reached", "yellow", result.message[:1].upper() + result.message[1:] + "."
    elif not check.confirms(result.period_found):
        title, colour, said = "not confirmed", "red", "libRoadRunner disagrees: see the numbers above."
    else:
        title, colour, said = "reached", "green", f"Confirmed in libRoadRunner, {seconds:.0f} s in all."
    console.print(
        Panel(
            Group(periods, "", _parameters(result.values_before, result.values_after), "", said),
            title=title,
            title_align="left",
            border_style=colour,
            expand=False,
            padding=(1, 2),
        )
    )


def _parameters(before: Mapping[str, float], after: Mapping[str, float]) -> Any:
    rows = table("parameter", "before ○", "after ●", "from", "", "to", numbers=("before ○", "after ●", "from"))
    for name, bounds in _BOUNDS.items():
        line = range_line(bounds, {before[name]: "○", after[name]: "●"})
        rows.add_row(name, number(before[name]), number(after[name]), f"{bounds[0]:g}", line, f"{bounds[1]:g}")
    return rows
