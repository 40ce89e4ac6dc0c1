"""Projected Adam over a batch of starts (D. P. Kingma and J. Ba, ICLR 2015, arXiv:1412.6980, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from sbmlgrn.fit.result import FitResult, FitStatus
from sbmlgrn.fit.run import Run

_MAX_HALVINGS: Final = 30


def run_adam(loss: Callable[[Tensor], Tensor], starts: Tensor, run: Run, learning_rate: float) -> FitResult:
    """Descend from all `starts` [start, parameter] (unit cube) together; `loss` maps [start, parameter] to [start].

    A start whose loss or gradient is not finite goes back to its last good point and takes half the step, again and
    again; the other starts go on.
    """
    good = list(starts.clone())
    # One tensor a start: torch's Adam leaves alone what has no gradient, so that a start can step back on its own.
    ahead = [row.clone().requires_grad_() for row in good]
    optimizer = torch.optim.Adam(ahead, lr=learning_rate)
    halvings = [0] * len(good)
    best = torch.full((len(good),), torch.inf, dtype=torch.float64)
    best_at = starts.clone()
    status = None
    while status is None:
        losses = loss(torch.stack(ahead))
        run.evaluations += 1
        usable = torch.isfinite(losses.detach())
        gradient = _gradients(losses, ahead, usable)
        for i, row in enumerate(ahead):
            row.grad = gradient[i] if usable[i] and bool(torch.isfinite(gradient[i]).all()) else None
            if row.grad is not None:
                good[i], halvings[i] = row.detach().clone(), 0
                if losses[i] < best[i]:
                    best[i], best_at[i] = losses[i].detach(), good[i]
        optimizer.step()
        with torch.no_grad():
            for i, row in enumerate(ahead):
                if row.grad is None:
                    halvings[i] += 1
                    row.copy_(good[i] + 0.5 * (row - good[i]))
                    if row in optimizer.state:
                        # Momentum would lead to the same place again.
                        optimizer.state[row]["exp_avg"].zero_()
                else:
                    row.clamp_(0.0, 1.0)
        status = run.step(float(best.min()), run.box.from_unit(best_at[int(best.argmin())]))
        if all(h > _MAX_HALVINGS for h in halvings) or not bool(torch.isfinite(best).any()):
            status = status or FitStatus.NOT_FINITE
        if run.iterations >= run.stopping.max_iterations:
            status = status or FitStatus.ITERATION_LIMIT
    if status is FitStatus.NOT_FINITE and bool(torch.isfinite(best).any()):
        status = FitStatus.STALLED
    return run.result(run.box.from_unit(best_at), best, status)


def _gradients(losses: Tensor, rows: list[Tensor], usable: Tensor) -> list[Tensor]:
    if not bool(usable.any()):
        return [torch.full_like(row, torch.nan) for row in rows]
    found = torch.autograd.grad(losses[usable].sum(), rows, allow_unused=True)
    return [torch.zeros_like(row) if g is None else g for row, g in zip(rows, found, strict=True)]
