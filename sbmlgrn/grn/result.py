"""What `learn` returns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from sbmlgrn.grn.circuit import Circuit
from sbmlgrn.grn.prior import Prior
from sbmlgrn.grn.task import Task
from sbmlgrn.grn.topology import topology


@dataclass(frozen=True, eq=False)
class Rung:
    """The best circuit of a seed with so many edges.

    Attributes:
        circuit: it.
        edges: how many it has.
        loss: mean squared deviation on the conditions that judge; infinite where values are not finite.
    """

    circuit: Circuit
    edges: int
    loss: float


@dataclass(frozen=True, eq=False)
class Learned:
    """What became of one seed.

    Attributes:
        seed: its number.
        rungs: the best circuits by number of edges, from the most on.
        chosen: the one with the fewest edges that does what is asked, or the best there is.
        reached: whether it does what is asked.
    """

    seed: int
    rungs: tuple[Rung, ...]
    chosen: Rung
    reached: bool

    def at(self, edges: int) -> Rung | None:
        """The best circuit with so many edges, if one was seen."""
        return next((r for r in self.rungs if r.edges == edges), None)


@dataclass(frozen=True)
class TopologyCount:
    """One way to do it.

    Attributes:
        topology: signed edges, as `topology` writes them.
        edges: how many.
        seeds: the seeds whose circuit it is, the best first.
        loss: the least of theirs.
    """

    topology: str
    edges: int
    seeds: tuple[int, ...]
    loss: float


@dataclass(frozen=True, eq=False)
class CircuitDesign:
    """Circuits learned.

    Attributes:
        task, prior: what was asked, and what was known.
        runs: one for each seed.
        edges_asked: the number of edges asked for, if there was one.
        seconds: how long it took.
        provenance: seeds, solver, training and versions.
    """

    task: Task
    prior: Prior
    runs: tuple[Learned, ...]
    edges_asked: int | None
    seconds: float
    provenance: dict[str, str]

    @property
    def reached(self) -> bool:
        """Whether a circuit does what is asked."""
        return any(r.reached for r in self.runs)

    @property
    def success(self) -> float:
        """The part of the seeds that led to such a circuit."""
        return sum(r.reached for r in self.runs) / len(self.runs)

    @property
    def best(self) -> Learned:
        """The run whose circuit has the fewest edges of those that do what is asked, and of these the least loss."""
        return min(self.runs, key=lambda r: (not r.reached, r.chosen.edges if r.reached else 0, r.chosen.loss))

    @cached_property
    def topologies(self) -> tuple[TopologyCount, ...]:
        """The different circuits chosen, of the seeds that reached the aim: fewest edges first, then the most often."""
        found = sorted((r for r in self.runs if r.reached), key=lambda r: r.chosen.loss)
        texts = {r.seed: topology(r.chosen.circuit) for r in found}
        counts = [
            TopologyCount(
                text, int(own[0].chosen.circuit.pruned().kept.sum()), tuple(r.seed for r in own), own[0].chosen.loss
            )
            for text in Counter(texts.values())
            if (own := [r for r in found if texts[r.seed] == text])
        ]
        return tuple(sorted(counts, key=lambda c: (c.edges, -len(c.seeds), c.loss)))

    @property
    def message(self) -> str:
        """How it went, for people."""
        done = [r for r in self.runs if r.reached]
        asked = f" with {self.edges_asked} edges" if self.edges_asked else ""
        told = f"{len(done)} of {len(self.runs)} seeds learned the {self.task.name}{asked}"
        best = self.best.chosen
        ways = f"{len(self.topologies)} topolog{'y' if len(self.topologies) == 1 else 'ies'}"
        if not done:
            return (
                f"{told}: the nearest has a mean squared deviation of {best.loss:.3g} with {best.edges} edges, and "
                f"{self.task.tolerance:g} was asked for; try more nodes, more seeds, or fewer constraints"
            )
        return f"{told}, in {ways}; the smallest has {best.edges} edges and a mean squared deviation of {best.loss:.3g}"

    def fewest(self, edges: int) -> int:
        """How many seeds did what is asked with so many edges or fewer."""
        return sum(any(r.edges <= edges and r.loss <= self.task.tolerance for r in run.rungs) for run in self.runs)
