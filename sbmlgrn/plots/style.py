"""What all pictures have in common: colours, sizes, quiet axes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Colours that people with any colour vision can tell apart (Okabe & Ito 2008, Color Universal Design; without yellow,
which is too faint for lines on white)."""

LINE_STYLES: Final = ("-", "--", "-.", ":")
DPI: Final = 160
INK: Final = "#222222"
FAINT: Final = "#8a8a8a"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, laid out so that labels do not collide."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def line_look(index: int) -> dict[str, Any]:
    """Colour and dashes of the line number `index`; the dashes change when the colours are used up."""
    return {
        "color": PALETTE[index % len(PALETTE)],
        "linestyle": LINE_STYLES[index // len(PALETTE) % len(LINE_STYLES)],
    }


def quiet(axes: Axes) -> None:
    """Takes away from `axes` what carries no information."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9, color=FAINT)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0)


def named_unit(unit: str | None) -> str | None:
    """The unit if it is worth telling."""
    return None if unit == "dimensionless" else unit or None


def with_unit(label: str, unit: str | None) -> str:
    """`label`, followed by the unit in parentheses if there is one worth telling."""
    return f"{label} ({unit})" if (unit := named_unit(unit)) else label


def from_zero(axes: Axes) -> None:
    """Lets the vertical axis begin at 0 where no line goes below."""
    lines = axes.get_lines()
    if lines and all(np.nanmin(np.asarray(line.get_ydata(), dtype=float), initial=0.0) >= 0 for line in lines):
        axes.set_ylim(bottom=0)
