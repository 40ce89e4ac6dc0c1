"""Simulated time courses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.ode.status import Status

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Solution:
    """Trajectories on a time grid. Tensors carry autograd history where the parameters did.

    Attributes:
        t: the grid ``[time]``, in the network's unit of time; or one for each trajectory ``[batch, time]``.
        states: ``[batch, time, state]``; ``[time, state]`` for one parameter vector. NaN where a trajectory failed.
        parameters: the parameter vectors ``[batch, parameter]`` or ``[parameter]``.
        past: values of the past on which the model depends ``[batch, time, delay]`` or ``[time, delay]``, in the order
            of `System.delays`.
        status: one per trajectory.
        model: what was simulated.
    """

    t: Tensor
    states: Tensor
    parameters: Tensor
    past: Tensor
    status: tuple[Status, ...]
    model: Model

    @property
    def success(self) -> bool:
        """Whether every trajectory reached the end."""
        return all(s is Status.SUCCESS for s in self.status)

    def __getitem__(self, name: str) -> Tensor:
        """Value of the SBML symbol `name` ``[batch, time]``, or ``[time]`` without a batch.

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

    def _rows(self) -> Tensor:
        """Parameters, and values of the past, that broadcast with `states`."""
        rows = self.parameters.unsqueeze(-2) if self.parameters.ndim == 2 else self.parameters
        if not self.model.system.delays:
            return rows
        return torch.cat([rows.expand(*self.past.shape[:-1], -1), self.past], -1)

    def to_dataframe(self, ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Symbols `ids` (all species and everything under a rule if not given) by ``time``.

        Returns:
            One row per time, a column per symbol; with a batch, rows are indexed by ``trajectory`` and ``time``.
        """
        import pandas as pd

        names = list(self.default_ids() if ids is None else ids)
        with torch.no_grad():
            values = self.model.observe(self.t, self.states, self._rows(), names).cpu().numpy()
        times = self.t.detach().cpu().numpy()
        if values.ndim == 2:
            return pd.DataFrame(values, index=pd.Index(times, name="time"), columns=pd.Index(names))
        grids = np.broadcast_to(times, values.shape[:2])
        numbers = np.repeat(np.arange(len(values)), values.shape[1])
        index = pd.MultiIndex.from_arrays([numbers, grids.reshape(-1)], names=["trajectory", "time"])
        return pd.DataFrame(values.reshape(len(index), len(names)), index=index, columns=pd.Index(names))

    def default_ids(self) -> tuple[str, ...]:
        """The symbols worth showing: species, and whatever else is a state."""
        return tuple(dict.fromkeys((*self.model.system.amounts, *self.model.state_ids)))

    def plot(self, ids: Iterable[str] | None = None) -> Figure:
        """Symbols `ids` (the states if not given) against time, as a matplotlib figure."""
        from sbmlgrn.plots import time_course

        return time_course(self.to_dataframe(self.model.state_ids if ids is None else ids))
