"""Stochastic trajectories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.ssa.statistics import Statistics
from sbmlgrn.ssa.status import StochasticStatus

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ensemble:
    """Trajectories of a jump process on a time grid.

    Attributes:
        t: the grid ``[time]``, in the network's unit of time.
        states: ``[trajectory, time, state]``, with a batch of parameter vectors ``[batch, trajectory, time, state]``;
            NaN from where a trajectory failed.
        draws: random values of the model (`System.draws`) as they were at these times, shaped as the states with the
            last axis ``[draw]``.
        parameters: ``[parameter]`` or ``[batch, parameter]``.
        status: how each trajectory ended, a `StochasticStatus` ``[trajectory]`` or ``[batch, trajectory]``.
        events: how many reactions fired in each, shaped as `status`.
        model: what was simulated.
        weights: of estimator ``score``, ``[trajectory, time]``: all 1, with the gradient of the log-probability of the
            trajectory up to each time as autograd history; a mean of weighted values has the gradient of its
            expectation.
    """

    t: Tensor
    states: Tensor
    draws: Tensor
    parameters: Tensor
    status: np.ndarray
    events: np.ndarray
    model: Model
    weights: Tensor | None = None

    @property
    def success(self) -> bool:
        """Whether every trajectory reached the end."""
        return bool((self.status == StochasticStatus.SUCCESS).all())

    def __getitem__(self, name: str) -> Tensor:
        """Value of the SBML symbol `name` ``[trajectory, time]``, or ``[batch, trajectory, time]``.

        Of a species that is its concentration, or its amount where ``hasOnlySubstanceUnits`` is true.

        Raises:
            UnknownElementError: the model has no such symbol.
        """
        return self.model.observe(self.t, self.states, self._rows(), [name])[..., 0]

    def amount(self, species: str) -> Tensor:
        """Amount of `species`, shaped as by indexing."""
        return self.model.amounts(self.t, self.states, self._rows(), [species])[..., 0]

    def concentration(self, species: str) -> Tensor:
        """Concentration of `species`, shaped as by indexing."""
        return self.model.concentrations(self.t, self.states, self._rows(), [species])[..., 0]

    def statistics(self, ids: Iterable[str] | None = None) -> Statistics:
        """Statistics of the symbols `ids` (the states if not given) over the trajectories that reached the end.

        Raises:
            ValueError: there is a batch of parameter vectors.
        """
        if self.parameters.ndim == 2:
            raise ValueError("statistics are those of one parameter vector; take them of each, by its own simulation")
        names = tuple(self.model.state_ids if ids is None else ids)
        statistics = Statistics(self.t.numpy(), names)
        values = self.model.observe(self.t, self.states, self._rows(), names).numpy()
        statistics.add(values[self.status == StochasticStatus.SUCCESS])
        statistics.count_ends(self.status, self.events)
        return statistics

    def to_dataframe(self, ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Symbols `ids` (the states if not given), a row per ``trajectory`` (and ``parameters``) and ``time``."""
        import pandas as pd

        names = list(self.model.state_ids if ids is None else ids)
        values = self.model.observe(self.t, self.states, self._rows(), names).numpy()
        axes = [np.arange(n) for n in values.shape[:-2]]
        levels = ["trajectory", "time"] if len(axes) == 1 else ["parameters", "trajectory", "time"]
        index = pd.MultiIndex.from_product([*axes, self.t.numpy()], names=levels)
        return pd.DataFrame(values.reshape(len(index), len(names)), index=index, columns=pd.Index(names))

    def _rows(self) -> Tensor:
        p = self.parameters if self.parameters.ndim == 1 else torch.unsqueeze(self.parameters[:, None], -2)
        return with_draws(p, self.draws)


def with_draws(p: Tensor, draws: Tensor) -> Tensor:
    """Parameters followed by random values, along the last axis."""
    if not draws.shape[-1]:
        return p
    return torch.cat([p.expand(*draws.shape[:-1], p.shape[-1]), draws], -1)
