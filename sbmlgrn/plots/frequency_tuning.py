"""A stochastic oscillator before and after its frequency was tuned, and the way there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from sbmlgrn.plots.style import FAINT, INK, PALETTE, from_zero, named_unit, new_figure, quiet, with_unit

_MOST_CYCLES_SHOWN = 8
_LEAST_LOSS = 1e-8


def frequency_tuning(
    before: pd.DataFrame,
    after: pd.DataFrame,
    spectrum: pd.DataFrame,
    ways: Mapping[str, pd.DataFrame],
    *,
    frequency_asked: float,
    frequency_before: float,
    frequency_after: float,
    symbol: str,
    title: str | None = None,
    time_unit: str | None = None,
    value_label: str = "value",
) -> Figure:
    """Trajectories before and after on the same axes, both mean spectra, and losses against steps and seconds.

    Args:
        before: trajectories of the model that went in, indexed by time, a column each.
        after: those of the tuned model, likewise.
        spectrum: columns ``before`` and ``after``, indexed by frequency: mean power in any unit.
        ways: for each estimator, by name, a row a trial with columns ``step``, ``seconds`` and ``loss``.
        frequency_asked, frequency_before, frequency_after: in cycles per unit of time.
        symbol: what was tuned.
        title: text above the panels.
        time_unit: unit of the times, for the labels.
        value_label: what the values are, with their unit.
    """
    figure = new_figure(11.0, 7.6)
    rows = figure.add_gridspec(2, 1, height_ratios=(1.7, 1.0))
    upper, lower = figure.add_subfigure(rows[0]), figure.add_subfigure(rows[1])
    grid = upper.add_gridspec(1, 2, width_ratios=(1.4, 1.0))
    left, right = upper.add_subfigure(grid[0]), upper.add_subfigure(grid[1])
    time_unit = named_unit(time_unit)
    unit = f" per {time_unit or 'unit of time'}"
    top, bottom = left.subplots(2, 1, sharex=True, sharey=True)
    pairs = ((top, before, "before", frequency_before), (bottom, after, "after", frequency_after))
    span = _MOST_CYCLES_SHOWN / min(frequency_before, frequency_after)
    for axes, course, word, frequency in pairs:
        shown = course[course.index <= course.index[0] + span]
        for k, name in enumerate(shown.columns):
            look = (
                {"color": PALETTE[0], "linewidth": 1.5} if k == 0 else {"color": FAINT, "linewidth": 0.8, "alpha": 0.7}
            )
            axes.plot(shown.index, shown[name], zorder=2 - 0.1 * k, **look)
        quiet(axes)
        axes.set_ylabel(value_label, color=INK)
        axes.set_title(f"{word}: {frequency:.4g} cycles{unit}", loc="left", fontsize=11, color=INK)
    from_zero(top)
    bottom.set_xlabel(with_unit("time", time_unit), color=INK)
    _draw_spectra(right.subplots(), spectrum, symbol, (frequency_asked, frequency_before, frequency_after), time_unit)
    _draw_ways(lower, ways)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def _draw_spectra(
    axes: Axes, spectrum: pd.DataFrame, symbol: str, frequencies: tuple[float, float, float], time_unit: str | None
) -> None:
    for column, colour, dashes in (("before", FAINT, "--"), ("after", PALETTE[0], "-")):
        relative = spectrum[column] / max(spectrum[column].to_numpy().max(), np.finfo(float).tiny)
        axes.plot(relative.index, relative, color=colour, linestyle=dashes, linewidth=1.8, label=column)
        axes.fill_between(relative.index, relative, color=colour, alpha=0.13, linewidth=0)
    axes.axvline(frequencies[0], color=INK, linewidth=1.4, linestyle=":", label=f"asked: {frequencies[0]:g}")
    quiet(axes)
    axes.set_xlim(0, min(2.2 * max(frequencies), float(spectrum.index.to_numpy()[-1])))
    axes.set_ylim(0, 1.05)
    axes.set_xlabel(with_unit("frequency", f"1 / {time_unit or 'time'}"), color=INK)
    axes.set_ylabel("mean power, relative to its peak", color=INK)
    axes.set_title(f"mean spectrum of {symbol}", loc="left", fontsize=11, color=INK)
    axes.legend(frameon=False, fontsize=9, loc="upper right")


def _draw_ways(figure: SubFigure, ways: Mapping[str, pd.DataFrame]) -> None:
    """Losses against steps and against seconds."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, column, label in zip(panels, ("step", "seconds"), ("trial", "seconds"), strict=True):
        for k, (name, way) in enumerate(ways.items()):
            loss = np.maximum(way["loss"], _LEAST_LOSS)
            axes.plot(way[column], loss, color=PALETTE[k], marker="o", markersize=4.5, linewidth=1.6, label=name)
        axes.set_yscale("log")
        quiet(axes)
        axes.margins(x=0.04)
        axes.set_xlabel(label, color=INK)
    panels[1].set_xlim(left=0)
    panels[0].xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_ylabel("(log f − log asked)²", color=INK)
    panels[0].set_title("loss against trials", loc="left", fontsize=11, color=INK)
    panels[1].set_title("loss against seconds", loc="left", fontsize=11, color=INK)
    panels[1].legend(frameon=False, fontsize=9, loc="upper right")
