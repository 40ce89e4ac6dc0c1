"""`sbmlgrn study circuits`: the studies of this project as a whole, with their figures and results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbmlgrn.cli.circuits import summary
from sbmlgrn.cli.output import err

if TYPE_CHECKING:
    from sbmlgrn.grn import CircuitDesign


def circuits(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where figures and results go.", show_default=False)],
    seeds: Annotated[int, typer.Option(help="Circuits of each task.")] = 32,
    growth_seeds: Annotated[int, typer.Option(help="Circuits of each number of genes; 0 to leave this part out.")] = 4,
    most: Annotated[int, typer.Option(help="Largest number of genes.")] = 100,
) -> None:
    """Learn a stripe, an oscillator, a switch, a pulse detector, a counter and gates, and a stripe of many genes.

    Writes a picture and an SBML file of each, and circuits.json.

    Example: [cyan]sbmlgrn study circuits docs/images/circuits[/cyan]
    """
    import sbmlgrn as sg
    from sbmlgrn import grn
    from sbmlgrn.grn.study import classics, growth
    from sbmlgrn.plots import circuit_design, draw_growth
    from sbmlgrn.plots.style import new_figure
    from sbmlgrn.sbml.layout import with_layout

    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"classics": {}, "growth": []}

    def keep() -> None:
        (folder / "circuits.json").write_text(json.dumps(results, indent=1) + "\n")

    for name, design in classics(seeds):
        err().print(f"{name}: {design.message}; {design.seconds:.1f} s", soft_wrap=True)
        results["classics"][name] = summary(design)
        circuit_design(design).savefig(folder / f"{name}.png")
        circuit = design.best.chosen.circuit.pruned()
        network = grn.to_network(circuit, design.task, design.task.telling)
        sg.save(with_layout(network, grn.places(circuit)), folder / f"{name}.xml")
        keep()
    rows: dict[str, list[tuple[int, float, float]]] = {}
    for name, genes, design in growth(growth_seeds, most) if growth_seeds else ():
        err().print(f"{name} of {genes} genes: {design.message}; {design.seconds:.1f} s", soft_wrap=True)
        learned = _learned(design)
        rows.setdefault(name, []).append((genes, learned, design.seconds / len(design.runs)))
        results["growth"].append({"task": name, "genes": genes, "learned": learned, **summary(design)})
        figure = new_figure(9.0, 3.6)
        draw_growth(figure, rows)
        figure.savefig(folder / "growth.png")
        keep()


def _learned(design: CircuitDesign) -> float:
    """The part of the seeds with a circuit of whatever size that does what is asked."""
    return sum(any(r.loss <= design.task.tolerance for r in run.rungs) for run in design.runs) / len(design.runs)
