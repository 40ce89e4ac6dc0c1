"""Designs and fits while they run: how far, how near, and where the parameters are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import log
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sbmlgrn.cli.output import number

if TYPE_CHECKING:
    from sbmlgrn.fit import Progress


_FEW: Final = 10


class LiveProgress:
    """Shows reports in place, for as long as the `with` statement lasts."""

    def __init__(self, console: Console) -> None:
        """Makes a display on `console`."""
        self._console = console
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
        if not self._console.is_terminal and report.values:
            self._console.print(f"  {self._told(report)}", soft_wrap=True)

    def _told(self, report: Progress) -> str:
        """One report as one line."""
        raise NotImplementedError

    def _head(self, unit: str) -> Table:
        """What is done, how many of how many, and for how long."""
        report = self._report
        head = Table.grid(padding=(0, 1))
        elapsed = Text(f"{time.monotonic() - self._began:.0f} s", style="dim")
        if report is None or not report.values:
            head.add_row(self._spinner, report.stage if report else "waiting", elapsed)
            return head
        bar = ProgressBar(total=max(report.total, 1), completed=report.iteration, width=24)
        done = Text(f"{unit} {report.iteration} of at most {report.total},", style="dim")
        head.add_row(self._spinner, Text(f"{report.stage:<10}", style="bold"), bar, done, elapsed)
        return head

    def _picture(self) -> RenderableType:
        raise NotImplementedError


class DesignProgress(LiveProgress):
    """The reports of a frequency design."""

    def __init__(
        self,
        console: Console,
        asked: float,
        bounds: Mapping[str, tuple[float, float, str]],
        quantity: Literal["period", "frequency"] = "period",
    ) -> None:
        """Makes a display.

        Args:
            console: where to show it.
            asked: the period or frequency asked.
            bounds: lower bound, upper bound and scale of the parameters, by id.
            quantity: which of the two it is.
        """
        super().__init__(console)
        self._asked, self._quantity = asked, quantity
        self._bounds = dict(bounds)

    def _told(self, report: Progress) -> str:
        values = ", ".join(f"{name} {number(report.values[name])}" for name in self._bounds)
        told = f"loss {report.loss:.3g}, {self._quantity} {number(report.metrics.get(self._quantity))}, {values}"
        return f"{report.stage}, trial {report.iteration}: {told}"

    def _picture(self) -> RenderableType:
        report, head = self._report, self._head("trial")
        if report is None or not report.values:
            return head
        body = Table.grid(padding=(0, 1))
        reached = number(report.metrics.get(self._quantity))
        for name, value, place in (
            ("loss", f"{report.loss:.3g}", ()),
            (self._quantity, reached, ("", f"asked for: {self._asked:g}")),
            *((name, number(report.values[name]), _place(report.values[name], b)) for name, b in self._bounds.items()),
        ):
            body.add_row(f"  {name}", Text(f"{value:>9}", style="cyan"), *(Text(p, style="dim") for p in place))
        return Group(head, body)


class FitProgress(LiveProgress):
    """The reports of a fit; below each other only some of them, since there are many."""

    def show(self, report: Progress) -> None:
        """Shows `report`."""
        told = report.metrics
        ended = told["done"] == told["of"] if "of" in told else told.get("searching") == 0
        if self._console.is_terminal or ended or ("of" not in told and report.iteration % _FEW == 0):
            super().show(report)

    def _told(self, report: Progress) -> str:
        return f"{report.stage}, step {report.iteration}: {self._standing(report)}"

    def _standing(self, report: Progress) -> str:
        if "of" in report.metrics:
            return f"{report.metrics['done']:.0f} of {report.metrics['of']:.0f} sides found"
        searching = f", {report.metrics['searching']:.0f} searches go on" if "searching" in report.metrics else ""
        return f"loss {number(report.loss)}{searching}"

    def _picture(self) -> RenderableType:
        report, head = self._report, self._head("step")
        if report is None or not report.values:
            return head
        return Group(head, Text(f"  {self._standing(report)}", style="cyan"))


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
