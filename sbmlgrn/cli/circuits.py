"""`sbmlgrn design stripe|pulse|oscillator|switch|counter|gate`: gene circuits learned from what they should do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbmlgrn.cli.errors import ExitCode
from sbmlgrn.cli.options import FileOption, JsonOption, PlotOption
from sbmlgrn.cli.output import err, number, out, print_json, table

if TYPE_CHECKING:
    from sbmlgrn.fit import Progress
    from sbmlgrn.grn import CircuitDesign, Task

_SHOWN = 8

NodesOption = Annotated[int, typer.Option(help="Genes, those with inputs and the output included.")]
SeedsOption = Annotated[int, typer.Option(help="Circuits to learn, all at once.")]
SeedOption = Annotated[int, typer.Option(help="Seed of the random numbers.")]
EdgesOption = Annotated[
    int | None,
    typer.Option(help="With how many edges circuits should do. \\[default: as few as they can]", show_default=False),
]
EdgeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--edge",
        metavar="SOURCE:TARGET:SIGN",
        help="What is known of an edge: + activating, - inhibiting, 0 absent, ? free. Genes are g1, g2 …; the inputs "
        "go into the first, the output is the last. Repeat for more.",
        show_default=False,
    ),
]


def stripe(
    nodes: NodesOption = 3,
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """French flag: an output that is on between two doses of a morphogen, and off elsewhere.

    Example: [cyan]sbmlgrn design stripe --nodes 3 --edges 5 --out stripe.xml --plot stripe.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.stripe(nodes), seeds, edges, edge, seed, output, plot, as_json)


def pulse(
    nodes: NodesOption = 3,
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pulse detector: an output that answers a step of its input, of any height, with one pulse.

    Example: [cyan]sbmlgrn design pulse --out pulse.xml --plot pulse.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.pulse(nodes), seeds, edges, edge, seed, output, plot, as_json)


def oscillator(
    nodes: NodesOption = 3,
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Oscillator: an output with the time course of one protein of a repressilator, whose other genes are not seen.

    Example: [cyan]sbmlgrn design oscillator --edge g1:g1:0 --edge g2:g2:0 --edge g3:g3:0 --plot ring.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.oscillator(nodes), seeds, edges, edge, seed, output, plot, as_json)


def switch(
    nodes: NodesOption = 3,
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch: an output that a pulse of one input sets and a pulse of another resets, and that stays in between.

    Example: [cyan]sbmlgrn design switch --out switch.xml --plot switch.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.switch(nodes), seeds, edges, edge, seed, output, plot, as_json)


def counter(
    nodes: NodesOption = 3,
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Counter: an output at 0, 0.5 or 1 after no, one or two pulses of the input.

    Example: [cyan]sbmlgrn design counter --out counter.xml --plot counter.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.counter(nodes), seeds, edges, edge, seed, output, plot, as_json)


def gate(
    nodes: NodesOption = 4,
    logic: Annotated[str, typer.Option(help="and, or, nand, nor, xor or xnor.")] = "and",
    seeds: SeedsOption = 32,
    edges: EdgesOption = None,
    edge: EdgeOption = None,
    seed: SeedOption = 0,
    output: FileOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gate: an output that is a logical function of two inputs at steady state.

    Example: [cyan]sbmlgrn design gate --logic xor --out xor.xml --plot xor.png[/cyan]
    """
    from sbmlgrn import grn

    _learn(grn.gate(nodes, logic), seeds, edges, edge, seed, output, plot, as_json)


def _learn(
    task: Task,
    seeds: int,
    edges: int | None,
    known: list[str] | None,
    seed: int,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    import sbmlgrn as sg
    from sbmlgrn import grn
    from sbmlgrn.sbml.layout import with_layout

    prior = grn.Prior.of_edges(task.genes, _known(known or []))
    console = err()
    with console.status("learning") as status:

        def show(progress: Progress) -> None:
            told = f"{progress.stage}: best {progress.loss:.3g}, {progress.metrics['done']:.0%} within the tolerance"
            if console.is_terminal:
                status.update(f"{told}, {progress.elapsed:.0f} s")
            else:
                console.print(f"  {told}", soft_wrap=True)

        design = grn.learn(task, prior, seeds=seeds, seed=seed, edges=edges, on_progress=show)
    circuit = design.best.chosen.circuit.pruned()
    if output is not None:
        sg.save(with_layout(grn.to_network(circuit, task, task.telling), grn.places(circuit)), output)
    if plot is not None:
        from sbmlgrn.plots import circuit_design

        circuit_design(design).savefig(plot)
    if as_json:
        print_json(summary(design) | {"output": None if output is None else str(output)})
    else:
        _print(design, [path for path in (output, plot) if path is not None])
    raise typer.Exit(ExitCode.OK if design.reached else ExitCode.FAILED)


def _known(texts: list[str]) -> list[tuple[str, str, str]]:
    edges = []
    for text in texts:
        parts = text.split(":")
        if len(parts) != 3:
            raise typer.BadParameter(f"{text!r}: expected SOURCE:TARGET:SIGN, such as g1:g3:+", param_hint="--edge")
        edges.append((parts[0], parts[1], parts[2]))
    return edges


def summary(design: CircuitDesign) -> dict[str, Any]:
    """The design as JSON knows it."""
    from sbmlgrn.grn import topology

    circuit = design.best.chosen.circuit.pruned()
    sizes = sorted({r.edges for run in design.runs for r in run.rungs})
    return {
        "task": design.task.name,
        "genes": len(design.task.genes),
        "reached": design.reached,
        "message": design.message,
        "tolerance": design.task.tolerance,
        "success": design.success,
        "seconds": design.seconds,
        "seeds_by_edges_at_most": {str(e): design.fewest(e) for e in sizes},
        "topologies": [
            {"topology": t.topology, "edges": t.edges, "seeds": list(t.seeds), "loss": t.loss}
            for t in design.topologies
        ],
        "runs": [
            {
                "seed": r.seed,
                "reached": r.reached,
                "edges": r.chosen.edges,
                "loss": r.chosen.loss,
                "topology": topology(r.chosen.circuit),
            }
            for r in design.runs
        ],
        "best": {
            "edges": [{"source": e.source, "target": e.target, "weight": e.weight} for e in circuit.edges],
            "genes": {
                g: {k: float(getattr(circuit, k)[i]) for k in ("bias", "production", "degradation", "time_scale")}
                for i, g in enumerate(circuit.genes)
            },
        },
        "provenance": design.provenance,
    }


def _print(design: CircuitDesign, written: list[Path]) -> None:
    console = out()
    rows = table("edges", "seeds", "least deviation", "topology", numbers=("edges", "seeds", "least deviation"))
    for t in design.topologies[:_SHOWN]:
        rows.add_row(str(t.edges), str(len(t.seeds)), number(t.loss), t.topology)
    if design.topologies:
        console.print(rows)
        if len(design.topologies) > _SHOWN:
            console.print(f"and {len(design.topologies) - _SHOWN} more")
    for edge in design.best.chosen.circuit.pruned().edges:
        word = "[green]activates[/]" if edge.weight > 0 else "[red]inhibits[/]"
        console.print(f"  {edge.source} {word} {edge.target} ({edge.weight:+.3g})")
    verdict = "[green]reached[/]" if design.reached else "[yellow]not reached[/]"
    console.print(f"{verdict}: {design.message}; {design.seconds:.1f} s")
    for path in written:
        console.print(f"wrote {path}")
