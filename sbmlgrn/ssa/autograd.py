"""Trajectories of the uniformised clock as nodes of the autograd graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from sbmlgrn.backends.torch import Model
from sbmlgrn.expr import free_symbols
from sbmlgrn.ode import time_grid
from sbmlgrn.ssa.ensemble import Ensemble
from sbmlgrn.ssa.paths import Estimator, Paths, Run, check_temperature, pathwise


def differentiable_ensemble(
    model: Model,
    t: Tensor | np.ndarray | Sequence[float],
    parameters: Tensor | Mapping[str, Tensor | float] | None,
    trajectories: int,
    seed: int,
    estimator: Estimator | str,
    temperature: float,
    max_events: int,
) -> Ensemble:
    """Trajectories with autograd history; see `simulate_ssa`, whose arguments these are.

    Raises:
        ValueError: the estimator has no history to give.
    """
    estimator = Estimator(estimator)
    if estimator in (Estimator.AUTO, Estimator.COUPLED_FD):
        raise ValueError(
            f"estimator {estimator.value!r} compares or repeats whole simulations, which autograd cannot; call "
            "ssa.gradient with an objective"
        )
    check_temperature(estimator, temperature)
    given = model.parameter_vector(parameters).double().cpu()
    p = given.reshape(-1, given.shape[-1])
    grid = time_grid(t, p.detach())
    names = free_symbols(*(jump.rate for jump in model.system.jumps), *model.system.initial)
    columns = [i for i, q in enumerate(model.system.parameters) if str(q.leaf.value) in names]
    rows = np.ascontiguousarray(p.detach().numpy())
    paths = Paths(model, grid.numpy(), rows, columns, trajectories, seed, estimator, temperature, max_events)
    shape = (*given.shape[:-1], trajectories)
    weights = None
    if estimator is Estimator.SCORE:
        weights, run = weighed(paths, p)
        weights = weights.reshape(*shape, len(grid))
        states = torch.as_tensor(run.states)
    else:
        states, run = differentiable(paths, p)
    return Ensemble(
        t=grid,
        states=states.reshape(*shape, *states.shape[1:]),
        draws=states.new_empty((*shape, len(grid), 0)),
        parameters=given,
        status=run.status.reshape(shape),
        events=run.events.reshape(shape),
        model=model,
        weights=weights,
    )


def differentiable(paths: Paths, p: Tensor) -> tuple[Tensor, Run]:
    """States ``[trajectory, time, state]`` with the autograd history of `p` ``[row, parameter]``, and the run itself.

    The history is that of the estimator's tangents: carried along for few parameters, by a tape for many.
    """
    run = paths.forward(sensitivities=paths.carries, scores=False)
    return _States.apply(p, paths, run), run  # pyright: ignore[reportReturnType]


def weighed(paths: Paths, p: Tensor) -> tuple[Tensor, Run]:
    """Weights ``[trajectory, time]``, all 1, whose gradients are the scores up to each time, and the run itself.

    Source: Foerster et al. 2018, ICML, eq. 5 (the infinitely differentiable Monte Carlo estimator).
    """
    run = paths.forward(sensitivities=False, scores=True)
    return _Weights.apply(p, paths, run), run  # pyright: ignore[reportReturnType]


class _States(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, p: Tensor, paths: Paths, run: Run) -> Tensor:
        ctx.save_for_backward(p)
        ctx.paths, ctx.run = paths, run
        return torch.as_tensor(run.states)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (weights,) = grad_outputs
        (p,) = ctx.saved_tensors
        products = pathwise(ctx.paths, ctx.run, weights)
        return _summed(products, p, ctx.paths.columns), None, None


class _Weights(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, p: Tensor, paths: Paths, run: Run) -> Tensor:
        ctx.save_for_backward(p)
        ctx.paths, ctx.run = paths, run
        return torch.ones(run.scores.shape[:2], dtype=torch.float64)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (weights,) = grad_outputs
        (p,) = ctx.saved_tensors
        products = torch.einsum("bt,btk->bk", weights, torch.as_tensor(ctx.run.scores))
        return _summed(products, p, ctx.paths.columns), None, None


def _summed(products: Tensor, p: Tensor, columns: Sequence[int]) -> Tensor:
    """Gradients ``[row, parameter]`` of products ``[trajectory, column]``."""
    gradient = torch.zeros_like(p)
    gradient[:, list(columns)] = products.reshape(len(p), -1, len(columns)).sum(1).to(p)
    return gradient
