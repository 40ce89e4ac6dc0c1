"""What an optimiser tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """One report of a run.

    Attributes:
        stage: what the run is doing, for people.
        iteration: iterations done, over all stages.
        total: most iterations there can be.
        loss: best loss so far in this stage.
        metrics: other numbers of the current iterate, by name.
        values: parameters of the best iterate, in their own units.
        elapsed: seconds since the start of the run.
    """

    stage: str
    iteration: int
    total: int
    loss: float
    metrics: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    elapsed: float = 0.0


OnProgress: TypeAlias = Callable[[Progress], None]
