"""Values over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbmlgrn.plots.style import INK, from_zero, line_look, new_figure, quiet, with_unit

_LINES_IN_LEGEND = 24


def time_course(
    values: pd.DataFrame,
    *,
    title: str | None = None,
    time_unit: str | None = None,
    value_label: str = "value",
) -> Figure:
    """One line for each column over time.

    Args:
        values: a column for each symbol; the index holds the times, or trajectories and times in two levels.
        title: text above the axes.
        time_unit: unit of the times, for the label.
        value_label: what the values are, with their unit.
    """
    figure = new_figure(8.0, 4.5)
    axes = figure.add_subplot()
    draw_lines(axes, values)
    from_zero(axes)
    axes.set_xlabel(with_unit("time", time_unit), color=INK)
    names = list(values.columns)
    axes.set_ylabel(names[0] if len(names) == 1 and value_label == "value" else value_label, color=INK)
    if title:
        axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK)
    if 1 < len(names) <= _LINES_IN_LEGEND:
        figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    return figure


def draw_lines(axes: Axes, values: pd.DataFrame, names: Sequence[str] | None = None) -> None:
    """Draws the columns `names` (all when None) of `values` into `axes`; several trajectories thin and translucent."""
    many = values.index.nlevels > 1
    trajectories = [frame.droplevel(0) for _, frame in values.groupby(level=0, sort=False)] if many else [values]
    look: dict[str, Any] = (
        {"linewidth": 0.8, "alpha": max(0.08, len(trajectories) ** -0.5)} if many else {"linewidth": 1.6}
    )
    for index, name in enumerate(values.columns if names is None else names):
        for number, frame in enumerate(trajectories):
            label = str(name) if number == 0 else "_nolegend_"
            axes.plot(frame.index, frame[name], label=label, **look, **line_look(index))
    quiet(axes)
