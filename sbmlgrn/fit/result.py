"""What an optimiser returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from sbmlgrn.fit.progress import Progress


class FitStatus(StrEnum):
    """Why a run ended."""

    TARGET_REACHED = "target reached"
    CONVERGED = "converged"
    STALLED = "stalled"
    ITERATION_LIMIT = "iteration limit"
    NOT_FINITE = "not finite"
    HELD_OUT = "held-out loss rose"


@dataclass(frozen=True)
class FitResult:
    """End of a run.

    Attributes:
        values: best parameters, by name, in their own units.
        loss: loss at `values`.
        status: why the run ended.
        message: the same for people, with what to try next where that helps.
        iterations: steps of the optimiser, over all starts together for those that go one after the other.
        evaluations: calls of the loss.
        history: the progress reports.
        all_values: best parameters of each start [start, parameter].
        all_losses: loss of each start [start]; infinite where it was never finite.
    """

    values: dict[str, float]
    loss: float
    status: FitStatus
    message: str
    iterations: int
    evaluations: int
    history: tuple[Progress, ...]
    all_values: Tensor
    all_losses: Tensor
