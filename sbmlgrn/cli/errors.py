"""Faults of the user's input and how they are told: one panel on standard error and exit code 2, no traceback."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import typer
from rich.console import Group
from rich.panel import Panel
from rich.text import Text
from typer.core import TyperGroup

from sbmlgrn.cli.output import err

_ISSUES_SHOWN = 10


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


def show_error(error: BaseException | str) -> None:
    """Prints a panel on standard error that says what `error` says."""
    issues = getattr(error, "issues", ())
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


def _describe(error: BaseException | str) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename!s}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)


def _raised_here(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("sbmlgrn")
