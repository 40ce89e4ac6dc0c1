"""Trajectories on the uniformised clock, forwards and backwards, on all cores."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.expr import free_symbols
from sbmlgrn.lower import Quantity
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ssa.direct import seeded
from sbmlgrn.ssa.jumps import whole_numbers
from sbmlgrn.ssa.native.tangent import DGA, GUMBEL, STRAIGHT_THROUGH, pullback, tangents
from sbmlgrn.ssa.native.uniform import FEWEST_TICKS, TICKS_PER_REACTION, check_differentiable, network

WARM: Final = 0.5
"""Temperature above which Gumbel-softmax gradients are off by more than they are worth (τ = 1: by 76 to 130 %)."""
_FEW: Final = 8
"""Parameters up to which tangents are carried along; of more, gradients come from a tape."""
_MOST: Final = 1 << 27
"""Numbers of tangents that are kept at most."""
_TICKS_PER_REACTION_GUMBEL: Final = 2.0
"""More than 1, since the softmax needs a probability of nothing that is not 0."""


class Estimator(StrEnum):
    """How a gradient through a jump process is estimated; `ssa.native.tangent` and `ssa.native.coupled` say more."""

    STRAIGHT_THROUGH = "straight_through"
    """Straight-through on the probabilities of the uniformised clock; the least variance."""
    GUMBEL = "gumbel"
    """Gumbel-softmax, straight-through, on the uniformised clock."""
    SCORE = "score"
    """Score function with leave-one-out baseline and causal weights: no bias at all, much variance."""
    COUPLED_FD = "coupled_fd"
    """Central differences of coupled trajectories; for tests."""
    DGA = "dga"
    """The differentiable Gillespie algorithm as published; for comparison."""
    AUTO = "auto"
    """Straight-through, and the score function for parameters for which the two disagree."""


METHODS: Final = {
    Estimator.STRAIGHT_THROUGH: STRAIGHT_THROUGH,
    Estimator.AUTO: STRAIGHT_THROUGH,
    Estimator.SCORE: STRAIGHT_THROUGH,
    Estimator.GUMBEL: GUMBEL,
    Estimator.DGA: DGA,
}


def annealed(step: int, steps: int, first: float = 0.5, last: float = 0.1) -> float:
    """Temperature at a step of an optimisation: from `first` to `last`, by the same factor each step."""
    share = min(step / max(steps - 1, 1), 1.0)
    return first * (last / first) ** share


def check_temperature(estimator: Estimator, temperature: float) -> None:
    """Refuses what is no temperature, and warns of one that is too warm.

    Raises:
        ValueError: it is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}, expected a positive number, such as 0.1")
    if estimator is Estimator.GUMBEL and temperature > WARM:
        warnings.warn(
            f"at a temperature of {temperature:g} gradients by Gumbel-softmax may be off by half their size or more; "
            "take 0.1, or anneal towards it",
            stacklevel=3,
        )


def relevant(model: Model) -> tuple[str, ...]:
    """Ids of the parameters on which rates depend; initial amounts and concentrations are none."""
    names = free_symbols(*(jump.rate for jump in model.system.jumps))
    return tuple(q.id for q in model.system.parameters if str(q.leaf.value) in names and q.quantity is Quantity.VALUE)


@dataclass(frozen=True)
class Run:
    """What came out of trajectories.

    Attributes:
        states: ``[trajectory, time, state]``, the trajectories of the first parameter vector first.
        sensitivities: ``[trajectory, time, state, column]``; no columns if not asked for.
        scores: ``[trajectory, time, column]``; no columns if not asked for.
        status, events, ticks: ``[trajectory]``.
    """

    states: np.ndarray
    sensitivities: np.ndarray
    scores: np.ndarray
    status: np.ndarray
    events: np.ndarray
    ticks: np.ndarray


class Paths:
    """Trajectories of a model for given parameters, which can be walked forwards and backwards.

    Args:
        model: the model.
        grid: increasing times ``[time]``.
        p: ``[row, parameter]``.
        columns: the parameters θ of the derivatives, by position.
        trajectories: of each row.
        seed: any integer.
        estimator: whose clock and tangents.
        temperature: of `GUMBEL` and `DGA`.
        max_events: most ticks of a trajectory.

    Raises:
        JumpError: the model is not only jumps, or an initial amount is no whole number.
    """

    def __init__(
        self,
        model: Model,
        grid: np.ndarray,
        p: np.ndarray,
        columns: Sequence[int],
        trajectories: int,
        seed: int,
        estimator: Estimator,
        temperature: float,
        max_events: int,
    ) -> None:
        check_differentiable(model.system)
        self._method = METHODS[estimator]
        self._pace = _TICKS_PER_REACTION_GUMBEL if estimator is Estimator.GUMBEL else TICKS_PER_REACTION
        self._grid, self._p = grid, p
        self.columns = tuple(columns)
        self._net = network(model.system, self.columns)
        self._trajectories, self._seed = trajectories, seed
        self._temperature, self._most = temperature, max_events
        with torch.no_grad():
            x0 = model.initial(torch.as_tensor(p)).numpy()
        self._x0 = whole_numbers(model.system, x0.reshape(len(p), -1).astype(np.float64))
        self.start = self._slopes(model)
        self._least = FEWEST_TICKS / float(grid[-1] - grid[0]) if len(grid) > 1 else 1.0

    @property
    def count(self) -> int:
        """Trajectories of all rows."""
        return len(self._p) * self._trajectories

    def forward(self, sensitivities: bool, scores: bool) -> Run:
        """Simulates them, with what is asked for."""
        shape = (self.count, len(self._grid))
        wide, scored = (len(self.columns) if wanted else 0 for wanted in (sensitivities, scores))
        ends = [np.empty(self.count, np.int64) for _ in range(3)]
        states = np.empty((*shape, self._x0.shape[1]))
        run = Run(states, np.empty((*states.shape, wide)), np.empty((*shape, scored)), *ends)

        def part(bounds: tuple[int, int]) -> None:
            at = slice(*bounds)
            x0, p, generators = self._rows(bounds)
            s0 = np.ascontiguousarray(self.start[self._row(bounds)])
            clock = (self._net, self._method, self._temperature, self._pace, self._least, self._grid)
            outputs = (run.states[at], run.sensitivities[at], run.scores[at])
            tangents(*clock, x0, s0, p, generators, self._most, *outputs, *(end[at] for end in ends))

        in_threads(part, portions(self.count))
        return run

    def backward(self, weights: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Products of `weights` ``[trajectory, time, state]`` with straight-through tangents ``[trajectory, θ]``."""
        found = np.empty((self.count, len(self.columns)))

        def part(bounds: tuple[int, int]) -> None:
            at = slice(*bounds)
            x0, p, generators = self._rows(bounds)
            by_start = np.empty_like(x0)
            clock = (self._net, self._pace, self._least, self._grid)
            pullback(*clock, x0, p, generators, ticks[at], weights[at], by_start, found[at])
            found[at] += np.einsum("bi,bik->bk", by_start, self.start[self._row(bounds)])

        in_threads(part, portions(self.count))
        return found

    @property
    def carries(self) -> bool:
        """Whether tangents are carried along rather than found by a tape."""
        if self._method != STRAIGHT_THROUGH:
            return True
        numbers = self.count * len(self._grid) * self._x0.shape[1] * len(self.columns)
        return len(self.columns) <= _FEW and numbers <= _MOST

    def _row(self, bounds: tuple[int, int]) -> np.ndarray:
        return np.arange(*bounds) // self._trajectories

    def _rows(self, bounds: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        row = self._row(bounds)
        numbers = np.arange(*bounds) % self._trajectories
        first = int(numbers.min())
        generators = seeded(self._seed, first, int(numbers.max()) - first + 1)[numbers - first]
        return self._x0[row], self._p[row], generators

    def _slopes(self, model: Model) -> np.ndarray:
        """∂x0/∂θ ``[row, state, column]``."""
        p = torch.as_tensor(self._p)
        slopes = np.zeros((*self._x0.shape, len(self.columns)))
        if not free_symbols(*model.system.initial):
            return slopes
        for i in range(self._x0.shape[1]):
            leaf = p.clone().requires_grad_()
            value = model.initial(leaf)[..., i].sum()
            if value.requires_grad:
                (by,) = torch.autograd.grad(value, leaf)
                slopes[:, i] = by.numpy()[:, list(self.columns)]
        return slopes


def pathwise(paths: Paths, run: Run, weights: Tensor) -> Tensor:
    """Products of `weights` ``[trajectory, time, state]`` with the tangents of the run ``[trajectory, column]``."""
    if run.sensitivities.shape[-1]:
        return torch.einsum("bti,btik->bk", weights, torch.as_tensor(run.sensitivities))
    return torch.as_tensor(paths.backward(np.ascontiguousarray(weights.numpy()), run.ticks))
