"""A fit at a glance: what was measured, the fitted courses, and how well the searches agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sbmlgrn.plots.style import FAINT, INK, PALETTE, from_zero, line_look, new_figure, quiet, with_unit

_MOST_PANELS: Final = 15
_MOST_CONDITIONS: Final = 12
_ABOVE: Final = 1e-3
"""Losses are drawn above the best one by at least as much."""


def time_course_fit(
    measured: pd.DataFrame,
    courses: Mapping[str, pd.DataFrame],
    losses: Sequence[float],
    *,
    title: str | None = None,
    time_unit: str | None = None,
    logarithmic: Sequence[str] = (),
) -> Figure:
    """A panel for each symbol, with a colour for each condition, and the losses of all searches.

    Args:
        measured: a row for each measurement: ``symbol``, ``condition``, ``time``, ``value``, and the ends ``low`` and
            ``high`` of what noise of one standard deviation makes of it.
        courses: fitted courses by condition, indexed by time, a column for each symbol.
        losses: of the searches, best first; infinite where one failed.
        title: text above the panels.
        time_unit: unit of the times, for the labels.
        logarithmic: symbols whose axis is logarithmic.
    """
    symbols = list(dict.fromkeys(measured["symbol"]))[:_MOST_PANELS]
    conditions = list(courses)[:_MOST_CONDITIONS]
    panels = len(symbols) + (len(losses) > 1)
    columns = min(panels, 3 if panels in (3, 5, 6) or panels > 8 else 4 if panels > 4 else 2)
    rows = -(-panels // columns)
    figure = new_figure(4.0 * columns if columns > 1 else 7.0, 2.9 * rows + 0.7)
    grid = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for axes in grid[panels:]:
        axes.set_axis_off()
    for axes, symbol in zip(grid, symbols, strict=False):
        rows = measured.loc[measured["symbol"] == symbol]
        _draw_symbol(axes, symbol, rows, {c: courses[c] for c in conditions})
        if symbol in logarithmic:
            axes.set_yscale("log")
        else:
            from_zero(axes)
        axes.set_xlabel(with_unit("time", time_unit), color=INK)
    if len(losses) > 1:
        _draw_losses(grid[len(symbols)], losses)
    if len(conditions) > 1:
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=min(len(labels), 6), frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def _draw_symbol(axes: Axes, symbol: str, measured: pd.DataFrame, courses: Mapping[str, pd.DataFrame]) -> None:
    for i, (condition, course) in enumerate(courses.items()):
        look = line_look(i)
        rows = measured.loc[measured["condition"] == condition]
        if not len(rows):
            continue
        low, value, high = (np.asarray(rows[name], dtype=float) for name in ("low", "value", "high"))
        bars = np.stack([value - low, high - value])
        axes.errorbar(
            np.asarray(rows["time"]), value, yerr=np.maximum(bars, 0.0), fmt="o", markersize=3.5, markeredgewidth=0,
            color=look["color"], ecolor=look["color"], elinewidth=0.8, alpha=0.65, zorder=2, label="_nolegend_",
        )  # fmt: skip
        axes.plot(course.index, course[symbol], linewidth=1.6, label=condition or symbol, zorder=3, **look)
    quiet(axes)
    axes.margins(x=0.02)
    axes.set_title(symbol, loc="left", fontsize=11, color=INK)


def _draw_losses(axes: Axes, losses: Sequence[float]) -> None:
    """The losses above the best, in order: searches that found the same optimum make a step."""
    above = np.maximum(np.array(losses) - losses[0], _ABOVE)
    shown = np.isfinite(above)
    numbers = np.arange(1, len(above) + 1)
    axes.plot(numbers[shown], above[shown], color=FAINT, linewidth=0.8, zorder=1)
    axes.scatter(numbers[shown], above[shown], s=18, color=PALETTE[0], zorder=2)
    quiet(axes)
    axes.margins(x=0.04)
    axes.set_yscale("log")
    axes.minorticks_off()
    axes.set_ylim(0.5 * _ABOVE, max(2.0 * float(above[shown].max()), 2.0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("search, best first", color=INK)
    failed = int((~shown).sum())
    axes.set_title("loss above the best" + (f"; {failed} failed" if failed else ""), loc="left", fontsize=11, color=INK)
