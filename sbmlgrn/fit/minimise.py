"""Minimise a differentiable loss within bounds, from one start or several."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from sbmlgrn.fit.adam import run_adam
from sbmlgrn.fit.lbfgs import run_lbfgs
from sbmlgrn.fit.parameters import FreeParameter, ParameterBox
from sbmlgrn.fit.progress import OnProgress
from sbmlgrn.fit.result import FitResult
from sbmlgrn.fit.run import Run, Stopping


def minimise(
    loss: Callable[[Tensor], Tensor],
    start: Mapping[str, float] | Sequence[float] | Tensor,
    parameters: Sequence[FreeParameter],
    optimizer: Literal["adam", "lbfgs"] = "adam",
    *,
    max_iterations: int = 200,
    target_loss: float = -math.inf,
    patience: int = 50,
    min_improvement: float = 1e-4,
    learning_rate: float = 0.02,
    seed: int = 0,
    stage: str = "fit",
    on_progress: OnProgress | None = None,
) -> FitResult:
    """Find values within bounds that make `loss` small.

    Both optimisers work in the unit cube of `ParameterBox`: Adam is projected onto it after each step, L-BFGS-B has
    bounds of its own. A loss or gradient that is not finite makes the step be halved, never the run fail.

    Args:
        loss: maps values [batch, parameter] in their own units to losses [batch], differentiable by autograd, each row
            on its own. Adam calls it with all starts at once, L-BFGS with a batch of one.
        start: values by name, or [parameter], or [start, parameter] (see `ParameterBox.sample`).
        parameters: what may move, in the order of the last axis.
        optimizer: ``"adam"`` for noisy or rugged losses, ``"lbfgs"`` for smooth ones.
        max_iterations: most steps; of each start for ``"lbfgs"``.
        target_loss: a loss at or below this ends the run.
        patience: steps without an improvement by `min_improvement` (relative) after which a run ends.
        learning_rate: Adam's step, as a fraction of each parameter's range.
        seed: of torch's random numbers during the run, for a loss that draws some. The caller's generator is left as it
            was.
        stage: name of the run in progress reports.
        on_progress: called after each step. What it raises ends the run and goes to the caller.

    Raises:
        BoundsError: a start outside its bounds, or without a value for a parameter.
        ValueError: unknown optimiser, or a loss of the wrong shape.
    """
    box = ParameterBox(tuple(parameters))
    starts = box.to_unit(box.start(start)).reshape(-1, len(box.ids))
    run = Run(box, Stopping(max_iterations, target_loss, patience, min_improvement), stage, on_progress)

    def unit_loss(unit: Tensor) -> Tensor:
        value = loss(box.from_unit(unit))
        if value.shape != unit.shape[:1]:
            raise ValueError(
                f"the loss has the shape {tuple(value.shape)}; expected one number a row: [{unit.shape[0]}]"
            )
        return value

    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        match optimizer:
            case "adam":
                return run_adam(unit_loss, starts, run, learning_rate)
            case "lbfgs":
                return run_lbfgs(unit_loss, starts, run)
    raise ValueError(f"unknown optimiser {optimizer!r}; choose 'adam' or 'lbfgs'")
