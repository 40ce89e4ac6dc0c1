"""`sbmlgrn suite`: the cases of the SBML Test Suite, all of them or one for the suite's own runner."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sbmlgrn.cli.errors import ExitCode, show_error
from sbmlgrn.cli.output import err, out, table

if TYPE_CHECKING:
    from sbmlgrn.suite import CaseResult
    from sbmlgrn.suite.run import Simulate

_TAGS_SHOWN: Final = 20
_CASES_SHOWN: Final = 20
_REASON_SHOWN: Final = 300
_COLOURS: Final = {"pass": "green", "wrong": "red", "declined": "yellow", "error": "red", "timeout": "red"}


def suite(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of cases, each a folder such as 00001.", show_default=False)
    ],
    case: Annotated[
        str | None, typer.Argument(metavar="CASE", help="Run one case as a wrapper of the official test runner.")
    ] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="OUTDIR", help="Where its CASE.csv is written.")] = None,
    level: Annotated[int | None, typer.Argument(metavar="LEVEL", help="Level of its document.")] = None,
    version: Annotated[int | None, typer.Argument(metavar="VERSION", help="Version of its document.")] = None,
    cases: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Numbers and ranges, such as 1-100,205. \\[default: all]", show_default=False
        ),
    ] = None,
    level_version: Annotated[
        str, typer.Option(metavar="L.V", help="Each case's newest document, all of them, or those of, say, 3.2.")
    ] = "newest",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes at a time. \\[default: one for each core]", show_default=False)
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every result as JSON.", show_default=False)
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Write FOLDER/CASE.csv for each case.", show_default=False),
    ] = None,
    support: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write what passes by feature, beside libRoadRunner, as Markdown.", show_default=False
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one case.")] = 60.0,
    stochastic: Annotated[
        bool, typer.Option("--stochastic", help="The cases are stochastic ones: means and spread over many runs.")
    ] = False,
    runs: Annotated[int, typer.Option(min=2, help="Trajectories of each stochastic case.")] = 10_000,
) -> None:
    """Run the SBML Test Suite, and judge the results by its own rule.

    Exit code 0 if all cases pass, 1 if some do not.

    Example: [cyan]sbmlgrn suite cases/semantic --cases 1-100 --json suite.json[/cyan]

    Stochastic cases: [cyan]sbmlgrn suite cases/stochastic --stochastic --runs 10000 --out means[/cyan]

    With CASE OUTDIR LEVEL VERSION it writes OUTDIR/CASE.csv and judges nothing,
    as the suite's test runner expects of a wrapper.
    Arguments for it there: [cyan]suite %d %n %o %l %v[/cyan]
    """
    if stochastic and (case is not None or support is not None):
        raise typer.BadParameter("goes with neither CASE nor --support", param_hint="--stochastic")
    if case is None:
        many = runs if stochastic else None
        _run(directory, cases, level_version, jobs, json_file, results, support, timeout, many)
    elif folder is None or level is None or version is None:
        raise typer.BadParameter("expected all of CASE OUTDIR LEVEL VERSION, or none of them")
    else:
        _wrap(directory, case, folder, f"{level}.{version}")


def _run(
    directory: Path,
    cases: str | None,
    level_version: str,
    jobs: int | None,
    json_file: Path | None,
    folder: Path | None,
    support: Path | None,
    timeout: float,
    runs: int | None,
) -> None:
    from sbmlgrn.suite import CaseStatus, run_case, run_case_in_roadrunner, run_suite, support_page
    from sbmlgrn.suite.report import as_data

    for option, path in (("--json", json_file), ("--support", support)):
        if path is not None and not path.parent.is_dir():
            raise typer.BadParameter(f"the folder {str(path.parent)!r} does not exist", param_hint=option)

    def run(simulate: Simulate, label: str, out: Path | None) -> tuple[CaseResult, ...]:
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=err(), transient=True, disable=not err().is_terminal) as progress:
            shown = progress.add_task("", total=None)
            return run_suite(
                directory,
                cases=cases,
                level_version=level_version,
                jobs=jobs or _cores(),
                timeout=timeout,
                out=out,
                simulate=simulate,
                runs=runs,
                on_result=lambda _, total: progress.update(shown, total=total, advance=1),
            )

    results = run(run_case, "running the suite", folder)
    if json_file is not None:
        json_file.write_text(json.dumps(as_data(results), indent=1, allow_nan=False) + "\n")
    _print(results)
    if support is not None:
        theirs = run(run_case_in_roadrunner, "the same in libRoadRunner", None)
        support.write_text(support_page(results, theirs, package_version("libroadrunner")))
    all_pass = all(result.status is CaseStatus.PASS for result in results)
    raise typer.Exit(ExitCode.OK if all_pass else ExitCode.FAILED)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _wrap(directory: Path, name: str, folder: Path, level_version: str) -> None:
    from sbmlgrn.suite import DeclinedError, SimulationError, load_case, run_case
    from sbmlgrn.suite.results import write_results

    case = load_case(directory, name)
    path = folder / f"{case.id}.csv"
    path.unlink(missing_ok=True)
    try:
        results = run_case(case, case.document(level_version))
    except DeclinedError as declined:
        show_error(f"case {case.id} needs what is not supported: {declined}")
        raise typer.Exit(ExitCode.FAILED) from None
    except SimulationError as error:
        show_error(f"case {case.id}: {error}")
        raise typer.Exit(ExitCode.FAILED) from None
    write_results(results, path)


def _print(results: Sequence[CaseResult]) -> None:
    from textwrap import shorten

    from rich.markup import escape
    from rich.table import Table

    from sbmlgrn.suite.report import CaseStatus, TagCounts, by_tag, count

    console = out()
    total = TagCounts("all", count(results))
    statuses = [status for status in CaseStatus if total.counts[status] or status is CaseStatus.PASS]
    numbers = ("cases", *statuses, "share")
    rows = table("tag", *numbers, numbers=numbers)
    # Numbers are shown whole, however narrow the terminal; tags are cut.
    first, *others = rows.columns
    for column in others:
        column.no_wrap, column.min_width = True, len(str(column.header))
    others[-1].min_width = len("100.0 %")
    first.no_wrap, first.overflow = True, "ellipsis"
    first.max_width = max(8, console.width - 2 - sum((column.min_width or 0) + 2 for column in others))
    tags = [row for row in by_tag(results) if row.share_passed < 1]
    for row in (*tags[:_TAGS_SHOWN], total):
        counted = [f"[{_COLOURS[s]}]{row.counts[s]}[/]" if row.counts[s] else "[dim]–[/]" for s in statuses]
        rows.add_row(escape(row.tag), str(row.total), *counted, f"{100 * row.share_passed:.1f} %")
    console.print(rows)
    rest = [r for r in results if r.status is not CaseStatus.PASS]
    rest.sort(key=lambda r: r.status is CaseStatus.DECLINED)
    if not rest:
        return
    told = Table.grid(padding=(0, 2, 0, 0))
    for result in rest[:_CASES_SHOWN]:
        where = f"{result.case} l{result.level_version.replace('.', 'v')}"
        reason = escape(shorten(result.reason, _REASON_SHOWN, placeholder=" …"))
        told.add_row(f"[{_COLOURS[result.status]}]{result.status.value}[/]", where, reason)
    console.print()
    console.print(told)
    more = [f"{len(tags) - _TAGS_SHOWN} more tags with cases" if len(tags) > _TAGS_SHOWN else ""]
    more += [f"{len(rest) - _CASES_SHOWN} more cases" if len(rest) > _CASES_SHOWN else ""]
    if any(more):
        console.print(f"[dim]… and {', '.join(filter(None, more))} that do not pass: --json FILE writes all[/]")
