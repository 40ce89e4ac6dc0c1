"""The study of circuits as a whole: every task with few genes, and two of them with more and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sbmlgrn.fit import OnProgress
from sbmlgrn.grn import tasks
from sbmlgrn.grn.learn import learn
from sbmlgrn.grn.prior import Prior
from sbmlgrn.grn.result import CircuitDesign
from sbmlgrn.grn.task import Task

GROWTH: Final = (3, 5, 10, 20, 50, 100)
"""Numbers of genes with which a stripe and an oscillator are learned."""
_GROWN: Final[dict[str, Callable[[int], Task]]] = {"stripe": tasks.stripe, "oscillator": tasks.oscillator}


def classics(seeds: int, on_progress: OnProgress | None = None) -> Iterator[tuple[str, CircuitDesign]]:
    """Each task once; the stripe with the 5 edges of Hiscock 2019, a repressilator without and with prior knowledge."""
    ring = tasks.oscillator(3)
    no_loops = Prior.of_edges(ring.genes, [(g, g, "0") for g in ring.genes])
    asked: tuple[tuple[str, Task, Prior | None, int | None], ...] = (
        ("stripe", tasks.stripe(3), None, 5),
        ("oscillator", ring, None, None),
        ("repressilator", ring, no_loops, None),
        ("switch", tasks.switch(3), None, None),
        ("pulse", tasks.pulse(3), None, None),
        ("counter", tasks.counter(3), None, None),
        ("gate-and", tasks.gate(3, "and"), None, None),
        ("gate-xor", tasks.gate(4, "xor"), None, None),
    )
    for name, task, prior, edges in asked:
        yield name, learn(task, prior, seeds=seeds, edges=edges, on_progress=on_progress)


def growth(seeds: int, most: int, on_progress: OnProgress | None = None) -> Iterator[tuple[str, int, CircuitDesign]]:
    """The stripe and the oscillator with up to `most` genes, each pruned to twice as many edges as three genes need."""
    for genes in (n for n in GROWTH if n <= most):
        for name, make in _GROWN.items():
            few = 10 if genes > 3 else None
            yield name, genes, learn(make(genes), seeds=seeds, edges=few, on_progress=on_progress)
