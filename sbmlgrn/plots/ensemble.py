"""What stochastic trajectories have in common: means with bands, the last distribution, the spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbmlgrn.plots.style import INK, line_look, named_unit, new_figure, quiet, with_unit

if TYPE_CHECKING:
    from sbmlgrn.ssa import Statistics

_MOST_SYMBOLS: Final = 6
"""More bands than these hide each other."""
_MOST_BARS: Final = 60
_BAND: Final = (0.05, 0.95)


def ensemble(statistics: Statistics, *, title: str | None = None, time_unit: str | None = None) -> Figure:
    """Means and bands of 90 % over time, the distribution at the last time, and the spectrum on a regular grid.

    Args:
        statistics: of at least one trajectory; its first six symbols are drawn.
        title: text above the axes.
        time_unit: unit of the times, for the labels.
    """
    names = statistics.ids[:_MOST_SYMBOLS]
    figure = new_figure(9.0, 7.0)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.2, 1.0), squeeze=False)[:, 0]
    courses = upper.subplots()
    _draw_courses(courses, statistics, names)
    courses.set_xlabel(with_unit("time", time_unit), color=INK)
    regular = len(statistics.t) > 2 and np.ptp(np.diff(statistics.t)) < 1e-9 * np.diff(statistics.t).mean()
    panels = lower.subplots(1, 2 if regular else 1, squeeze=False)[0]
    _draw_distributions(panels[0], statistics, names)
    if regular:
        _draw_spectra(panels[1], statistics, names)
        panels[1].set_xlabel(with_unit("frequency", f"1 / {named_unit(time_unit) or 'time'}"), color=INK)
    upper.legend(loc="outside right upper", frameon=False, fontsize=9)
    heading = f"{title}: {statistics.count:,} trajectories" if title else f"{statistics.count:,} trajectories"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def _draw_courses(axes: Axes, statistics: Statistics, names: tuple[str, ...]) -> None:
    for i, name in enumerate(names):
        look = line_look(i)
        low, high = (statistics.quantile(name, q) for q in _BAND)
        axes.fill_between(statistics.t, low, high, color=look["color"], alpha=0.15, linewidth=0)
        axes.plot(statistics.t, statistics.mean(name), linewidth=1.8, label=name, **look)
    quiet(axes)
    axes.set_ylabel("value", color=INK)
    axes.set_title("mean, and band of 90 %", loc="left", fontsize=11, color=INK)


def _draw_distributions(axes: Axes, statistics: Statistics, names: tuple[str, ...]) -> None:
    for i, name in enumerate(names):
        edges, density = _density(statistics, name)
        axes.stairs(density, edges, fill=True, color=line_look(i)["color"], alpha=0.35)
        axes.stairs(density, edges, **line_look(i), linewidth=1.0)
    quiet(axes)
    axes.set_xlabel("value at the last time", color=INK)
    axes.set_ylabel("probability density", color=INK)
    axes.set_title("distribution at the end", loc="left", fontsize=11, color=INK)


def _density(statistics: Statistics, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Edges ``[bin + 1]`` and density ``[bin]`` at the last time, with several bins of the histogram in one."""
    histogram = statistics.histogram(name)
    counts = histogram.counts[-1]
    shown = np.flatnonzero(counts)
    first, count = shown[0], shown[-1] + 1 - shown[0]
    together = -(-count // _MOST_BARS)
    bars = -(-count // together)
    merged = np.pad(counts[first : first + count], (0, bars * together - count)).reshape(bars, together).sum(1)
    width = (histogram.edges[1] - histogram.edges[0]) * together
    return histogram.edges[first] + np.arange(bars + 1) * width, merged / (statistics.count * width)


def _draw_spectra(axes: Axes, statistics: Statistics, names: tuple[str, ...]) -> None:
    for i, name in enumerate(names):
        frequency, power = statistics.spectrum(name)
        largest = power[1:].max()
        axes.plot(frequency[1:], power[1:] / (largest or 1.0), linewidth=1.4, **line_look(i))
    quiet(axes)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("relative power", color=INK)
    axes.set_title("mean spectrum", loc="left", fontsize=11, color=INK)
