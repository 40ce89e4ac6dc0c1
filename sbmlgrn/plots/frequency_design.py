"""A frequency design at a glance: the oscillation before, the oscillation after, and both spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbmlgrn.plots.style import FAINT, INK, PALETTE, from_zero, named_unit, new_figure, quiet, with_unit
from sbmlgrn.plots.time_course import draw_lines

_PERIODS_SHOWN = 6
_MOST_PERIODS_SHOWN = 24
_FAR = 4.0
"""Factor between two periods, or two heights, from which one linear axis does not serve both."""


def frequency_design(
    before: pd.DataFrame,
    after: pd.DataFrame,
    spectrum: pd.DataFrame,
    *,
    period_asked: float,
    period_before: float,
    period_after: float,
    symbols: Sequence[str] | None = None,
    title: str | None = None,
    time_unit: str | None = None,
    value_label: str = "value",
) -> Figure:
    """Three panels: the time course before, the time course after on the same axes, and both spectra.

    The asked frequency is marked in the spectrum, and a bar over each time course is as long as its period. Where
    heights or frequencies lie far apart, the time courses have vertical axes of their own and the frequency a
    logarithmic one.

    Args:
        before: time course of the model that went in, indexed by time, a column for each symbol.
        after: time course of the redesigned model, likewise.
        spectrum: columns ``before`` and ``after``, indexed by frequency: power in any unit.
        period_asked: the period asked, in the unit of time.
        period_before: the period of the model that went in.
        period_after: the period of the redesigned model.
        symbols: the columns to draw; the first is the one that was designed. All when None.
        title: text above the panels.
        time_unit: unit of the times, for the labels.
        value_label: what the values are, with their unit.
    """
    names = list(before.columns) if symbols is None else list(symbols)
    figure = new_figure(11.0, 5.6)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.4, 1.0))
    left, right = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    heights = [float(course[names].to_numpy().max()) for course in (before, after)]
    alike = max(heights) < _FAR * min(heights)
    top, bottom = left.subplots(2, 1, sharex=True, sharey=alike)
    time_unit = named_unit(time_unit)
    unit = f" {time_unit}" if time_unit else ""
    for axes, course, word, period in ((top, before, "before", period_before), (bottom, after, "after", period_after)):
        draw_lines(axes, course, names)
        axes.set_ylabel(value_label, color=INK)
        axes.set_title(f"{word}: period {period:.4g}{unit}", loc="left", fontsize=11, color=INK)
    bottom.set_xlabel(with_unit("time", time_unit), color=INK)
    shorter, longer = sorted((period_before, period_after))
    span = min(_PERIODS_SHOWN * longer, max(1.5 * longer, _MOST_PERIODS_SHOWN * shorter))
    start = max(before.index[0], after.index[0])
    top.set_xlim(start, min(before.index[-1], after.index[-1], start + span))
    for axes in (top,) if alike else (top, bottom):
        from_zero(axes)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.1 * (high - low))
    _mark_period(top, before, names[0], period_before)
    _mark_period(bottom, after, names[0], period_after)
    spectra = right.subplots()
    _draw_spectra(spectra, spectrum, names[0], (period_asked, period_before, period_after), time_unit)
    # Below the panels, where no line is; the left one even if it has one line, so that the panels end at one height.
    for part, axes in ((left, top), (right, spectra)):
        handles, labels = axes.get_legend_handles_labels()
        part.legend(handles, labels, loc="outside lower left", ncols=min(len(labels), 6), frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def _mark_period(axes: Axes, course: pd.DataFrame, name: str, period: float) -> None:
    """Draws a bar one period long, from one peak in view to where the next must be."""
    t, x = course.index.to_numpy(), course[name].to_numpy()
    end = axes.get_xlim()[1]
    view = (t >= end - 2.2 * period) & (t <= end - 1.1 * period)
    if not view.any():
        return
    low, high = axes.get_ylim()
    peak = float(t[view][x[view].argmax()])
    height = min(float(x[view].max()) + 0.07 * (high - low), high - 0.03 * (high - low))
    bar = {"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": INK, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (peak + period, height), (peak, height), arrowprops=bar)


def _draw_spectra(
    axes: Axes, spectrum: pd.DataFrame, name: str, periods: tuple[float, float, float], time_unit: str | None
) -> None:
    for column, colour, dashes in (("before", FAINT, "--"), ("after", PALETTE[0], "-")):
        relative = spectrum[column] / max(spectrum[column].max(), np.finfo(float).tiny)
        axes.plot(relative.index, relative, color=colour, linestyle=dashes, linewidth=1.8, label=column)
        axes.fill_between(relative.index, relative, color=colour, alpha=0.13, linewidth=0)
    axes.axvline(1 / periods[0], color=INK, linewidth=1.4, linestyle=":", label=f"asked: 1 / {periods[0]:g}")
    quiet(axes)
    if max(periods) > _FAR * min(periods):
        axes.set_xscale("log")
        axes.set_xlim(0.4 / max(periods), 4.0 / min(periods))
    else:
        axes.set_xlim(0, 2.6 / min(periods))
    axes.set_ylim(0, 1.05)
    axes.set_xlabel(with_unit("frequency", f"1 / {time_unit or 'time'}"), color=INK)
    axes.set_ylabel("power, relative to the highest peak", color=INK)
    axes.set_title(f"spectrum of {name}", loc="left", fontsize=11, color=INK)
