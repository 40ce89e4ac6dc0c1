"""Faults of the user's input and how they are told: one panel on standard error and exit code 2, no traceback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

import typer
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from sbmlgrn.cli.output import err, table

_ISSUES_SHOWN = 10

_OF_A_KIND = 3
"""Warnings of one kind that are shown; documents without units have hundreds."""

SEVERITIES = {"error": "red", "warning": "yellow", "info": "dim"}
"""How much an issue matters, and in which colour it is shown."""


class ExitCode(IntEnum):
    """What the command returns."""

    OK = 0
    FAILED = 1
    """The job failed, its aim was not reached, or two simulators disagree."""
    BAD_INPUT = 2


class Commands(TyperGroup):
    """The commands of the program. Bad input that one of them meets ends it with a panel and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (ValueError, OSError) as error:
            # A ValueError that NumPy or torch raises is a fault of this program and keeps its traceback. A reader of
            # our output that has had enough is no fault at all.
            if isinstance(error, BrokenPipeError) or not (isinstance(error, OSError) or _raised_here(error)):
                raise
            show_error(error)
            raise typer.Exit(ExitCode.BAD_INPUT) from None


_ERRORS: Final = ("error", 3)
"""The severity as the library writes it, and as the server does (`SEVERITY_ERROR` of issue.proto)."""


def show_error(error: BaseException | str) -> None:
    """Prints a panel on standard error that says what `error` says."""
    issues = [issue for issue in getattr(error, "issues", ()) if issue.severity in _ERRORS]
    parts: list[Text] = [Text(_describe(error))] if not issues else []
    parts += map(issue_text, issues[:_ISSUES_SHOWN])
    if len(issues) > _ISSUES_SHOWN:
        parts.append(Text(f"… and {len(issues) - _ISSUES_SHOWN} more: `sbmlgrn validate` shows all", style="dim"))
    err().print(Panel(Group(*parts), title="Error", title_align="left", border_style="red"))


def issue_text(issue: Any) -> Text:
    """An `sbmlgrn.sbml.Issue` as text: where, what, and what to do."""
    where = [f"line {issue.line}"] if issue.line else []
    where += [issue.element_id] if issue.element_id else []
    text = Text(", ".join(where) + (": " if where else ""), style="bold")
    text.append(issue.message.removesuffix("."), style="not bold").append(". ", style="not bold")
    text.append(f"{issue.hint} " if issue.hint else "", style="not bold dim")
    text.append(f"[{issue.code}]", style="not bold dim")
    return text


def issue_table(issues: Sequence[Any]) -> Table:
    """Findings as a table, each with how much it matters: all errors, and the first of each kind of the others."""
    others = Counter(issue.code for issue in issues if issue.severity.value != "error")
    seen = Counter[str]()
    rows = table("severity", "finding")
    for issue in issues:
        severity = issue.severity.value
        seen[issue.code] += severity != "error"
        text = None
        if severity == "error" or seen[issue.code] <= _OF_A_KIND:
            text = issue_text(issue)
        elif seen[issue.code] == others[issue.code]:
            more = others[issue.code] - _OF_A_KIND
            text = Text(f"… and {more} more of this kind: --json lists all [{issue.code}]", style="dim")
        if text is not None:
            rows.add_row(f"[{SEVERITIES[severity]}]{severity}[/]", text)
    return rows


def _describe(error: BaseException | str) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename!s}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)


def _raised_here(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("sbmlgrn")
