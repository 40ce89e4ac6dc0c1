"""Learned circuits: who regulates whom, what comes of it, and how many edges it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from sbmlgrn.grn import Circuit, CircuitDesign, Task, places, respond
from sbmlgrn.plots.style import FAINT, INK, PALETTE, new_figure, quiet

ACTIVATING, INHIBITING = PALETTE[2], PALETTE[1]
_RADIUS: Final = 0.24
_SHOWN: Final = 4
_TARGET: Final = "#c9c9c9"


def circuit_design(design: CircuitDesign) -> Figure:
    """The smallest circuit that does what was asked, what it does, and how many seeds did it with how many edges."""
    figure = new_figure(12.4, 4.4)
    grid = figure.add_gridspec(1, 3, width_ratios=(1.0, 1.25, 0.85))
    left, middle, right = (figure.add_subfigure(grid[k]) for k in range(3))
    chosen = design.best.chosen
    draw_circuit(left.subplots(), chosen.circuit.pruned())
    left.suptitle(
        f"{chosen.edges} edges, mean squared deviation {chosen.loss:.2g}", x=0.04, ha="left", fontsize=11, color=INK
    )
    draw_response(middle, chosen.circuit, design.task)
    draw_ladder(right.subplots(), {design.task.name: design})
    figure.suptitle(design.message, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    return figure


def draw_circuit(axes: Axes, circuit: Circuit) -> None:
    """Genes as circles, outputs filled; arrows activate, bars inhibit, and a thicker one weighs more."""
    where = places(circuit)
    strongest = max((abs(e.weight) for e in circuit.edges), default=1.0)
    used = {g for e in circuit.edges for g in (e.source, e.target)} | {*circuit.outputs}
    used |= {g for g in circuit.inputs.values() if g in used}
    pairs = {(e.source, e.target) for e in circuit.edges}
    for e in circuit.edges:
        width = 1.0 + 2.4 * abs(e.weight) / strongest
        both = (e.target, e.source) in pairs
        _draw_edge(axes, where, e.source, e.target, e.weight > 0, width, both, e.source in circuit.inputs.values())
    for name, gene in circuit.inputs.items():
        if gene in used:
            (x, y), (gx, gy) = where[name], where[gene]
            far = math.hypot(gx - x, gy - y)
            tip = gx - (gx - x) / far * (_RADIUS + 0.03), gy - (gy - y) / far * (_RADIUS + 0.03)
            axes.add_patch(
                FancyArrowPatch(
                    (x, y), tip, arrowstyle="-|>", mutation_scale=13, color=FAINT, linewidth=1.4, shrinkA=16
                )
            )
            axes.text(x, y, name, ha="center", va="center", fontsize=10, color=INK, style="italic")
    for gene in circuit.genes:
        if gene in used:
            output = gene in circuit.outputs
            face = PALETTE[0] if output else "white"
            axes.add_patch(Circle(where[gene], _RADIUS, facecolor=face, edgecolor=PALETTE[0], linewidth=1.8, zorder=3))
            axes.text(
                *where[gene], gene, ha="center", va="center", fontsize=10, zorder=4, color="white" if output else INK
            )
    shown = [where[g] for g in used] + [where[n] for n, g in circuit.inputs.items() if g in used]
    xs, ys = zip(*shown, strict=True)
    axes.set_xlim(min(xs) - 0.75, max(xs) + 0.75)
    axes.set_ylim(min(ys) - 0.8, max(ys) + 0.8)
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_edge(
    axes: Axes,
    where: Mapping[str, tuple[float, float]],
    source: str,
    target: str,
    activates: bool,
    width: float,
    both: bool,
    supplied: bool,
) -> None:
    colour = ACTIVATING if activates else INHIBITING
    style = "-|>" if activates else "|-|,widthA=0,widthB=0.45"
    (x, y), (u, v) = where[source], where[target]
    gap = _RADIUS + 0.05
    if source == target:
        # a loop away from the middle of the drawing
        middle = math.atan2(y, x) if math.hypot(x, y) > 0.1 else math.pi / 2
        if supplied:
            # where no arrow of an input comes in
            middle -= math.copysign(math.pi / 2, y) if y else math.pi / 2
        begin, end = middle + 0.55, middle - 0.55
        start = x + gap * math.cos(begin), y + gap * math.sin(begin)
        stop = x + gap * math.cos(end), y + gap * math.sin(end)
        curve = "arc3,rad=-1.9"
    else:
        angle = math.atan2(v - y, u - x)
        turn = 0.36 if both else 0.2
        start = x + gap * math.cos(angle - turn), y + gap * math.sin(angle - turn)
        stop = u - gap * math.cos(angle + turn), v - gap * math.sin(angle + turn)
        curve = f"arc3,rad={0.22 if both else 0.1}"
    axes.add_patch(
        FancyArrowPatch(
            start,
            stop,
            connectionstyle=curve,
            arrowstyle=style,
            mutation_scale=14,
            color=colour,
            linewidth=width,
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )


def draw_response(figure: Figure | SubFigure, circuit: Circuit, task: Task) -> None:
    """What the outputs do under the conditions that judge, beside what was wanted."""
    judged = task.judged or task
    response = respond(circuit, judged)
    at = np.rint(judged.times / judged.step).astype(np.int64)
    if len(judged.times) > 2:
        _draw_courses(figure, circuit, judged)
        return
    axes = figure.subplots()
    for k, gene in enumerate(judged.outputs):
        reached = response.states[:, at[-1], circuit.genes.index(gene)]
        wanted = judged.targets[gene][:, -1]
        if judged.sweep is not None:
            name, values = judged.sweep
            axes.fill_between(values, wanted, step="mid", color=_TARGET, alpha=0.6, linewidth=0, label="wanted")
            axes.plot(values, reached, color=PALETTE[k], linewidth=2, label=gene)
            axes.set_xlabel(name, color=INK)
        else:
            rows = np.arange(len(wanted))
            axes.barh(rows, wanted, color=_TARGET, alpha=0.7, height=0.8, label="wanted")
            axes.plot(reached, rows, "o", color=PALETTE[k], markersize=5, label=gene)
            axes.set_yticks(rows, judged.labels or [str(r) for r in rows])
            axes.invert_yaxis()
    quiet(axes)
    if judged.sweep is None:
        axes.tick_params(axis="y", labelsize=7)
        axes.grid(visible=False)
        axes.margins(x=0.04)
        axes.set_xlabel(f"at time {judged.times[-1]:g}", color=INK)
    else:
        axes.set_ylim(-0.05, None)
    axes.legend(frameon=False, fontsize=9, loc="upper right", bbox_to_anchor=(1.0, 1.13), ncols=2)
    _title(axes, "response")


def _draw_courses(figure: Figure | SubFigure, circuit: Circuit, task: Task) -> None:
    response = respond(circuit, task)
    count = min(_SHOWN, task.conditions)
    shown = np.unique(np.linspace(0, task.conditions - 1, count).round().astype(int))
    panels = np.atleast_1d(figure.subplots(len(shown), 1, sharex=True, sharey=True))
    for axes, c in zip(panels, shown, strict=True):
        for m, name in enumerate(task.inputs):
            levels = response.supply[c, :, m]
            axes.fill_between(response.t, levels, step="pre", color=PALETTE[5 - m], alpha=0.25, linewidth=0, label=name)
        for k, gene in enumerate(task.outputs):
            axes.plot(task.times, task.targets[gene][c], ".", color=FAINT, markersize=5, label="wanted")
            axes.plot(
                response.t,
                response.states[c, :, circuit.genes.index(gene)],
                color=PALETTE[k],
                linewidth=1.8,
                label=gene,
            )
        quiet(axes)
        if task.labels:
            axes.set_title(task.labels[c], loc="left", fontsize=9, color=INK, pad=2)
    panels[-1].set_xlabel("time", color=INK)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)


def draw_ladder(axes: Axes, designs: Mapping[str, CircuitDesign]) -> None:
    """How many of the seeds did what was asked with so many edges or fewer."""
    for k, (name, design) in enumerate(designs.items()):
        edges = sorted({r.edges for run in design.runs for r in run.rungs})
        share = [100 * design.fewest(e) / len(design.runs) for e in edges]
        axes.plot(edges, share, "o-", color=PALETTE[k], linewidth=1.8, markersize=5, label=name)
    quiet(axes)
    axes.margins(x=0.06)
    axes.set_ylim(0, 105)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("edges at most", color=INK)
    axes.set_ylabel("seeds that reach the aim (%)", color=INK)
    if len(designs) > 1:
        axes.legend(frameon=False, fontsize=9)
    _title(axes, "success by size")


def draw_growth(figure: Figure, rows: Mapping[str, Sequence[tuple[int, float, float]]]) -> None:
    """Success and time against the number of genes.

    Args:
        figure: empty.
        rows: for each task ``(genes, part of the seeds that reached the aim, seconds a seed)``.
    """
    success, seconds = figure.subplots(1, 2)
    for k, (name, points) in enumerate(rows.items()):
        genes, part, time = zip(*points, strict=True)
        success.plot(genes, 100 * np.asarray(part), "o-", color=PALETTE[k], linewidth=1.8, label=name)
        seconds.plot(genes, time, "o-", color=PALETTE[k], linewidth=1.8, label=name)
    for axes, label in ((success, "seeds that reach the aim (%)"), (seconds, "seconds a seed")):
        quiet(axes)
        axes.set_xscale("log")
        axes.set_xticks(ticks := sorted({g for points in rows.values() for g, _, _ in points}), [str(g) for g in ticks])
        axes.minorticks_off()
        axes.margins(x=0.06)
        axes.set_xlabel("genes", color=INK)
        axes.set_ylabel(label, color=INK)
    success.set_ylim(0, 105)
    seconds.set_yscale("log")
    success.legend(frameon=False, fontsize=9, loc="lower left")


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=11, color=INK)
