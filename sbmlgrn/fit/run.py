"""What every optimiser here shares: when to stop, and what to tell meanwhile."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from torch import Tensor

from sbmlgrn.fit.parameters import ParameterBox
from sbmlgrn.fit.progress import OnProgress, Progress
from sbmlgrn.fit.result import FitResult, FitStatus


@dataclass(frozen=True)
class Stopping:
    """When a run ends.

    Attributes:
        max_iterations: most steps of the optimiser.
        target_loss: a loss at or below this ends the run.
        patience: steps without an improvement by `min_improvement` after which the run ends.
        min_improvement: relative decrease of the best loss that counts as one.
    """

    max_iterations: int
    target_loss: float
    patience: int
    min_improvement: float


@dataclass
class Run:
    """Keeps the books of one run."""

    box: ParameterBox
    stopping: Stopping
    stage: str
    on_progress: OnProgress | None
    evaluations: int = 0
    iterations: int = 0
    history: list[Progress] = field(default_factory=list)
    _started: float = field(default_factory=time.perf_counter)
    _best: float = math.inf
    _reference: float = math.inf
    _idle: int = 0

    def step(self, loss: float, values: Tensor, total: int | None = None) -> FitStatus | None:
        """Report one step that ended at `loss` with `values` [parameter]; a status if the run should end now."""
        self.iterations += 1
        self._best = min(self._best, loss)
        progress = Progress(
            stage=self.stage,
            iteration=self.iterations,
            total=self.stopping.max_iterations if total is None else total,
            loss=self._best,
            metrics={"loss": loss},
            values=self.box.named(values),
            elapsed=time.perf_counter() - self._started,
        )
        self.history.append(progress)
        if self.on_progress is not None:
            self.on_progress(progress)
        if loss <= self.stopping.target_loss:
            return FitStatus.TARGET_REACHED
        if loss < self._reference - self.stopping.min_improvement * abs(self._reference) or not math.isfinite(
            self._reference
        ):
            self._reference, self._idle = loss, 0
            return None
        self._idle += 1
        return FitStatus.STALLED if self._idle >= self.stopping.patience else None

    def begin(self, loss: float) -> None:
        """Take note of the loss at the start, where it is known before the first step."""
        self._best = self._reference = loss

    def new_start(self) -> None:
        """Forget the patience spent on the start before."""
        self._reference, self._idle = math.inf, 0

    def result(self, values: Tensor, losses: Tensor, status: FitStatus) -> FitResult:
        """The result, given the best values [start, parameter] and losses [start]."""
        best = int(losses.argmin())
        loss = float(losses[best])
        if not math.isfinite(loss):
            status = FitStatus.NOT_FINITE
        return FitResult(
            values=self.box.named(values[best]),
            loss=loss,
            status=status,
            message=self._message(status, loss, values[best]),
            iterations=self.iterations,
            evaluations=self.evaluations,
            history=tuple(self.history),
            all_values=values,
            all_losses=losses,
        )

    def _message(self, status: FitStatus, loss: float, values: Tensor) -> str:
        bounds = self.box.at_bounds(values)
        active = f"; {', '.join(bounds)}" if bounds else ""
        match status:
            case FitStatus.TARGET_REACHED:
                return f"reached the loss asked for after {self.iterations} iterations: {loss:.6g}"
            case FitStatus.CONVERGED:
                return f"no step within the bounds lowers the loss further: {loss:.6g}{active}"
            case FitStatus.STALLED:
                return f"the loss {loss:.6g} hardly improved over the last {self.stopping.patience} iterations{active}"
            case FitStatus.ITERATION_LIMIT:
                return (
                    f"stopped at the limit of {self.stopping.max_iterations} iterations with the loss {loss:.6g}"
                    f"{active}; raise the limit if it was still falling"
                )
            case FitStatus.NOT_FINITE:
                return "the loss was never finite; start elsewhere or narrow the bounds"
            case FitStatus.HELD_OUT:
                return f"ended where the loss on held-out data was least, at {loss:.6g}{active}"
