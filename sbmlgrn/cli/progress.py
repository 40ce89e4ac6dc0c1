"""A frequency design while it runs: how far, how near, and where the parameters are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import log
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sbmlgrn.cli.output import number

if TYPE_CHECKING:
    from sbmlgrn.fit import Progress


class DesignProgress:
    """Shows the reports of a frequency design in place, for as long as the `with` statement lasts."""

    def __init__(self, console: Console, period: float, bounds: Mapping[str, tuple[float, float, str]]) -> None:
        """Makes a display.

        Args:
            console: where to show it.
            period: the period asked.
            bounds: lower bound, upper bound and scale of the parameters, by id.
        """
        self._console = console
        self._period = period
        self._bounds = dict(bounds)
        self._report: Progress | None = None
        self._began = time.monotonic()
        self._spinner = Spinner("dots", style="green")
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, report: Progress) -> None:
        """Shows `report` in place of the one before, or below it where the console is no terminal."""
        self._report = report
        if self._console.is_terminal or not report.values:
            return
        values = ", ".join(f"{name} {number(report.values[name])}" for name in self._bounds)
        told = f"loss {report.loss:.3g}, period {number(report.metrics.get('period'))}, {values}"
        self._console.print(f"  {report.stage}, trial {report.iteration}: {told}", soft_wrap=True)

    def _picture(self) -> RenderableType:
        report = self._report
        head = Table.grid(padding=(0, 1))
        elapsed = Text(f"{time.monotonic() - self._began:.0f} s", style="dim")
        if report is None or not report.values:
            head.add_row(self._spinner, report.stage if report else "waiting", elapsed)
            return head
        bar = ProgressBar(total=max(report.total, 1), completed=report.iteration, width=24)
        trials = Text(f"trial {report.iteration} of at most {report.total},", style="dim")
        head.add_row(self._spinner, Text(f"{report.stage:<10}", style="bold"), bar, trials, elapsed)
        body = Table.grid(padding=(0, 1))
        period = number(report.metrics.get("period"))
        for name, value, place in (
            ("loss", f"{report.loss:.3g}", ()),
            ("period", period, ("", f"asked for: {self._period:g}")),
            *((name, number(report.values[name]), _place(report.values[name], b)) for name, b in self._bounds.items()),
        ):
            body.add_row(f"  {name}", Text(f"{value:>9}", style="cyan"), *(Text(p, style="dim") for p in place))
        return Group(head, body)


def _place(value: float, bounds: tuple[float, float, str]) -> tuple[str, str, str]:
    return f"{bounds[0]:>6g}", range_line(bounds, {value: "●"}), f"{bounds[1]:g}"


def range_line(bounds: tuple[float, float, str], marks: Mapping[float, str], width: int = 25) -> str:
    """A line from the lower bound to the upper one, with marks at values, on the scale ``"log"`` or ``"linear"``."""
    lower, upper, scale = bounds
    line = ["─"] * width
    for value, mark in marks.items():
        inside = min(max(value, lower), upper)
        share = log(inside / lower) / log(upper / lower) if scale == "log" else (inside - lower) / (upper - lower)
        line[round(share * (width - 1))] = mark
    return "".join(line)
