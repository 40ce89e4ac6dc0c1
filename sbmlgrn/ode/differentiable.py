"""Trajectories of compiled loops as nodes of the autograd graph.

Gradients are those of the numbers that were computed: the accepted steps at the lengths that they had, and the dense
output at the times of the grid. Step control is not differentiated; its effect is within the tolerance.

There are two ways to the same gradient. *Forward*, sensitivities in each of a few directions are computed once, and all
backward passes are products with them; they take as much memory as the states for each direction. *Adjoint*, every
backward pass costs as much, a few times the trajectory, whatever the number of parameters, in memory that is bounded:
16 bytes a step and `CHECKPOINTS` states for each trajectory, and for each thread what `adjoint` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.lower import System
from sbmlgrn.ode.native.adjoint import pullback
from sbmlgrn.ode.native.sensitivity import sensitivities
from sbmlgrn.ode.native.tape import Tape, taped
from sbmlgrn.ode.status import Status

_FEW: Final = 2
"""Directions in which sensitivities cost no more than a backward pass of the adjoint, measured."""
_MORE: Final = 5
"""Directions for which each further pass would pay."""
_MOST: Final = 2**28
"""Bytes that sensitivities may take."""


class Mode(Enum):
    """How gradients are computed; AUTO: as is cheaper for as many backward passes as there have been."""

    AUTO = auto()
    FORWARD = auto()
    ADJOINT = auto()


@dataclass(frozen=True)
class Directions:
    """What gradients are asked for.

    Attributes:
        parameters: positions of parameters; gradients of the others need not be right.
        own_start: whether the initial state is the system's own, as a function of the parameters; otherwise initial
            values are directions too.
    """

    parameters: Sequence[int]
    own_start: bool


def trajectories(
    system: System,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    method: str,
    rtol: float,
    atol: Tensor,
    max_steps: int,
    directions: Directions,
    mode: Mode = Mode.AUTO,
) -> tuple[Tensor, list[Status]]:
    """Integrates as `ensemble` does, with gradients.

    Args:
        system: without events and delays.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``.
        method: a method of `ensemble`.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory, rejected ones included.
        directions: which gradients are asked for.
        mode: how they are computed.

    Returns:
        States ``[batch, time, state]``, NaN from where a trajectory failed, and a status per trajectory. A trajectory
        that failed has the gradient of what it reached; if more is asked for, its gradient is NaN.
    """
    start, parameters, grid, tolerance = (_array(v) for v in (y0, p, t, atol))
    wanted = (directions.parameters, directions.own_start)
    states, status, tapes = taped(system, start, parameters, grid, method, rtol, tolerance, max_steps, *wanted)
    run = _Run(system, grid, tapes, torch.as_tensor(states).to(y0), directions, mode)
    return _Trajectories.apply(y0, p, run), status  # pyright: ignore[reportReturnType]


@dataclass
class _Run:
    system: System
    grid: np.ndarray
    tapes: list[Tape]
    states: Tensor
    directions: Directions
    mode: Mode
    passes: int = 0
    sensitivities: Tensor | None = None

    def gradients(self, weights: Tensor, y0: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """Products of `weights` ``[batch, time, state]`` with the derivatives by `y0` and `p`."""
        self.passes += 1
        if not self._is_worth_it():
            pulled = pullback(self.system, _array(p), self.grid, self.tapes, _array(weights))
            by_start, by_parameter = torch.as_tensor(pulled[0]).to(y0), torch.as_tensor(pulled[1]).to(p)
            if self.mode is Mode.ADJOINT or not self._fits() or self._is_finite(by_start, by_parameter):
                return by_start, by_parameter
            # an infinite slope, by which what is 0 would be multiplied: forwards it is seen that nothing changes there
        products = torch.einsum("bti,btik->bk", weights, self._sensitivities_at(y0, p))
        reached = self._reached()
        if not bool(reached.all()):
            beyond = (weights != 0) & ~reached[..., None]
            products = products + torch.where(beyond, torch.nan, 0.0).sum((1, 2)).unsqueeze(-1)
        first = 0 if self.directions.own_start else y0.shape[-1]
        by_start, by_parameter = torch.zeros_like(y0), torch.zeros_like(p)
        by_start[:, :first] = products[:, :first]
        by_parameter[:, list(self.directions.parameters)] = products[:, first:]
        return by_start, by_parameter

    def _is_worth_it(self) -> bool:
        if self.mode is not Mode.AUTO or self.sensitivities is not None:
            return self.mode is not Mode.ADJOINT
        return self._fits() and self._count <= _FEW + _MORE * (self.passes - 1)

    @property
    def _count(self) -> int:
        """How many directions there are."""
        return len(self.directions.parameters) + (0 if self.directions.own_start else self.states.shape[-1])

    def _fits(self) -> bool:
        """Whether there is memory for sensitivities."""
        return self.states.numel() * 8 * self._count <= _MOST

    def _is_finite(self, by_start: Tensor, by_parameter: Tensor) -> bool:
        """Whether those derivatives are finite that were asked for."""
        wanted = by_parameter[:, list(self.directions.parameters)]
        start = self.directions.own_start or bool(torch.isfinite(by_start).all())
        return start and bool(torch.isfinite(wanted).all())

    def _sensitivities_at(self, y0: Tensor, p: Tensor) -> Tensor:
        """``[batch, time, state, direction]``; 0 at times that were not reached."""
        if self.sensitivities is None:
            wanted = (self.directions.parameters, self.directions.own_start)
            found = sensitivities(self.system, _array(y0), _array(p), self.grid, self.tapes, *wanted)
            self.sensitivities = torch.as_tensor(found).to(y0).masked_fill_(~self._reached()[..., None, None], 0.0)
        return self.sensitivities

    def _reached(self) -> Tensor:
        """Which times of the grid each trajectory reached ``[batch, time]``."""
        written = np.concatenate([tape.written for tape in self.tapes])
        return torch.as_tensor(np.arange(len(self.grid)) < written[:, None]).to(self.states.device)


class _Trajectories(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y0: Tensor, p: Tensor, run: _Run) -> Tensor:
        ctx.save_for_backward(y0, p)
        ctx.run = run
        return run.states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        y0, p = ctx.saved_tensors
        (weights,) = grad_outputs
        with torch.no_grad():
            gradients = ctx.run.gradients(weights, y0, p)
        # not torch's once_differentiable, which objects only where the weights have a history, not where y0 and p do
        return (*Once.apply(weights, y0, p, *gradients), None) if torch.is_grad_enabled() else (*gradients, None)  # pyright: ignore[reportGeneralTypeIssues]


class Once(torch.autograd.Function):
    """Gradients that depend on `weights`, `y0` and `p` in a way that is not known."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, y0: Tensor, p: Tensor, *gradients: Tensor) -> tuple[Tensor, ...]:
        """The gradients."""
        return gradients

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Raises RuntimeError."""
        raise RuntimeError(
            "steady states and trajectories of compiled loops have first derivatives only; for second ones simulate "
            "with method='dopri5'"
        )


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()
