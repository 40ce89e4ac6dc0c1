"""Limited-memory BFGS with bounds (Byrd, Lu, Nocedal & Zhu, SIAM J. Sci. Comput. 16, 1190-1208 (1995)), by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from sbmlgrn.fit.result import FitResult, FitStatus
from sbmlgrn.fit.run import Run

_SMALLEST_RADIUS: Final = 1e-6


class _NotFinite(Exception):
    """The line search met a loss or gradient that is not finite."""


class _Ended(Exception):
    """The run should end."""

    def __init__(self, status: FitStatus) -> None:
        self.status = status


def run_lbfgs(loss: Callable[[Tensor], Tensor], starts: Tensor, run: Run) -> FitResult:
    """Descend from each of `starts` [start, parameter] (unit cube) in turn; `loss` maps [1, parameter] to [1].

    SciPy's line search cannot recover from a value that is not finite. So when one turns up, the search begins anew
    from the best point so far, in a box around it of half the size.
    """
    best = torch.full((len(starts),), torch.inf, dtype=torch.float64)
    best_at = starts.clone()
    statuses: list[FitStatus] = []
    for i, start in enumerate(starts):
        run.new_start()
        descent = _Descent(loss, start.numpy(), run, total=run.stopping.max_iterations * len(starts))
        statuses.append(descent.run_to_end())
        best[i], best_at[i] = descent.best, torch.from_numpy(descent.best_at)
        if statuses[-1] is FitStatus.TARGET_REACHED:
            break
    return run.result(run.box.from_unit(best_at), best, statuses[int(best[: len(statuses)].argmin())])


class _Descent:
    """One start."""

    def __init__(self, loss: Callable[[Tensor], Tensor], start: NDArray[Any], run: Run, total: int) -> None:
        self.loss, self.run, self.total = loss, run, total
        self.best, self.best_at = np.inf, start.copy()
        self.iterations = 0

    def run_to_end(self) -> FitStatus:
        radius = 1.0
        while True:
            low, high = np.maximum(self.best_at - radius, 0.0), np.minimum(self.best_at + radius, 1.0)
            try:
                minimize(
                    self._value_and_gradient,
                    self.best_at,
                    jac=True,
                    method="L-BFGS-B",
                    bounds=np.stack([low, high], -1),
                    callback=self._after_step,
                    options={"maxiter": self.run.stopping.max_iterations, "gtol": 1e-10, "ftol": 1e-14},
                )
            except _NotFinite:
                radius /= 2
                if not np.isfinite(self.best):
                    return FitStatus.NOT_FINITE
                if radius < _SMALLEST_RADIUS:
                    return FitStatus.STALLED
            except _Ended as end:
                return end.status
            else:
                if radius == 1.0 or not self._at_edge(low, high):
                    return FitStatus.CONVERGED
                # The halved box itself stopped the search; let it move on from there.

    def _at_edge(self, low: NDArray[Any], high: NDArray[Any]) -> bool:
        x = self.best_at
        return bool((((x <= low) & (low > 0)) | ((x >= high) & (high < 1))).any())

    def _value_and_gradient(self, x: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = self.loss(point[None])[0]
        self.run.evaluations += 1
        if not bool(torch.isfinite(value)):
            raise _NotFinite
        (gradient,) = torch.autograd.grad(value, point)
        if not bool(torch.isfinite(gradient).all()):
            raise _NotFinite
        loss = float(value.detach())
        if loss < self.best:
            self.best, self.best_at = loss, x.copy()
        return loss, gradient.numpy()

    def _after_step(self, _x: NDArray[Any]) -> None:
        self.iterations += 1
        status = self.run.step(self.best, self.run.box.from_unit(torch.from_numpy(self.best_at)), self.total)
        if status is None and self.iterations >= self.run.stopping.max_iterations:
            status = FitStatus.ITERATION_LIMIT
        if status is not None:
            raise _Ended(status)
