"""Gauss-Newton with a trust region and bounds, for few residuals and costly evaluations.

A step minimises ‖r + J d‖² over ‖d‖ ≤ radius, with the shortest such d where there are several (fewer residuals than
parameters), so that the run ends near its start: parameters that hardly matter hardly move.

Sources: J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630,
105-116 (1978) for the radius and its update; P. B. Stark and R. L. Parker, "Bounded-variable least squares",
Computational Statistics 10, 129-141 (1995), by SciPy, for the bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from sbmlgrn.fit.parameters import FreeParameter, ParameterBox
from sbmlgrn.fit.progress import OnProgress
from sbmlgrn.fit.result import FitResult, FitStatus
from sbmlgrn.fit.run import Run, Stopping

_SMALLEST_GAIN: Final = 1e-3
"""A step whose model promises a smaller relative decrease of the loss is not worth an evaluation."""
_BISECTIONS: Final = 30
_SLIGHT_DAMPING: Final = 1e-6
"""Damping, relative to the Jacobian, that picks the shortest of equivalent steps."""
_PATIENCE: Final = 6
_MIN_IMPROVEMENT: Final = 0.02


def gauss_newton(
    residuals: Callable[[Tensor], Tensor],
    start: Mapping[str, float] | Sequence[float] | Tensor,
    parameters: Sequence[FreeParameter],
    *,
    max_iterations: int = 30,
    target_loss: float = 0.0,
    radius: float = 0.4,
    smallest_radius: float = 1e-3,
    stage: str = "fit",
    on_progress: OnProgress | None = None,
) -> FitResult:
    """Find values within bounds that make the sum of squared residuals small.

    Args:
        residuals: maps values [parameter] in their own units to residuals [residual], differentiable by autograd; their
            number may differ from point to point, where some are 0. Values that are not finite mark a point that must
            not be entered; the step there is taken back and halved.
        start: values by name, or [parameter].
        parameters: what may move.
        max_iterations: most evaluations of the residuals after the first.
        target_loss: a sum of squares at or below this ends the run.
        radius: length of the longest step, in the unit cube of `ParameterBox`.
        smallest_radius: the run ends when the trust region has shrunk to this.
        stage: name of the run in progress reports.
        on_progress: called after each evaluation. What it raises ends the run and goes to the caller.

    Raises:
        BoundsError: a start outside its bounds, or without a value for a parameter.
    """
    box = ParameterBox(tuple(parameters))
    unit = box.to_unit(box.start(start)).reshape(len(box.ids))
    run = Run(box, Stopping(max_iterations, target_loss, _PATIENCE, _MIN_IMPROVEMENT), stage, on_progress)

    def evaluate(at: Tensor) -> tuple[Tensor, Tensor, float]:
        point = at.clone().requires_grad_()
        found = residuals(box.from_unit(point))
        run.evaluations += 1
        loss = float(found.detach().square().sum())
        return point, found, loss if math.isfinite(loss) else math.inf

    def finish(status: FitStatus) -> FitResult:
        return run.result(box.from_unit(unit)[None], torch.tensor([loss], dtype=torch.float64), status)

    point, found, loss = evaluate(unit)
    if loss <= target_loss or loss == math.inf:
        return finish(FitStatus.TARGET_REACHED)
    run.begin(loss)
    jacobian = _jacobian(found, point)
    longest = radius
    while run.iterations < max_iterations:
        if jacobian is None:
            return finish(FitStatus.STALLED)
        value = found.detach()
        step = _bounded_step(jacobian, value, unit, radius)
        predicted = loss - float((value + jacobian @ step).square().sum())
        if predicted <= _SMALLEST_GAIN * loss and float(step.norm()) < 0.99 * radius:
            return finish(FitStatus.CONVERGED)
        trial = (unit + step).clamp(0.0, 1.0)
        trial_point, trial_found, trial_loss = evaluate(trial)
        gain = (loss - trial_loss) / predicted
        length = float(step.norm())
        if gain < 0.25:
            radius = 0.5 * length
        elif gain > 0.75 and length > 0.9 * radius:
            radius = min(2 * radius, longest)
        if trial_loss < loss:
            unit, point, found, loss = trial, trial_point, trial_found, trial_loss
            jacobian = _jacobian(found, point) if loss > target_loss else jacobian
        ended = run.step(trial_loss, box.from_unit(unit))
        if ended is not None:
            return finish(ended)
        if radius < smallest_radius:
            return finish(FitStatus.STALLED)
    return finish(FitStatus.ITERATION_LIMIT)


def _jacobian(found: Tensor, point: Tensor) -> Tensor | None:
    """Derivatives [residual, parameter]; ``None`` if some are not finite."""
    last = len(found) - 1
    jacobian = torch.stack([torch.autograd.grad(r, point, retain_graph=i < last)[0] for i, r in enumerate(found)])
    return jacobian if bool(torch.isfinite(jacobian).all()) else None


def _bounded_step(jacobian: Tensor, value: Tensor, unit: Tensor, radius: float) -> Tensor:
    """The step [parameter] with ‖value + jacobian · step‖ least, no longer than `radius` and within the unit cube.

    Where the radius does not bind it is the shortest such step, to rounding; where it does, Levenberg's damping is
    raised until the step is short enough.
    """
    stiffness = float(torch.linalg.matrix_norm(jacobian, 2))
    if stiffness == 0:
        return torch.zeros_like(unit)
    targets = np.concatenate([-value.numpy(), np.zeros(len(unit))])
    bounds = (-unit.numpy(), 1 - unit.numpy())

    def step(damping: float) -> Tensor:
        damped = np.concatenate([jacobian.numpy(), damping * np.eye(len(unit))])
        return torch.from_numpy(lsq_linear(damped, targets, bounds, method="bvls", tol=1e-14).x)

    shortest = step(_SLIGHT_DAMPING * stiffness)
    if float(shortest.norm()) <= radius:
        return shortest
    low, high = math.log(_SLIGHT_DAMPING), math.log(max(float(value.norm()) / (radius * stiffness), 1.0))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if float(step(math.exp(middle) * stiffness).norm()) > radius:
            low = middle
        else:
            high = middle
    return step(math.exp(high) * stiffness)
