"""Values of the past for delay differential equations, by the method of steps.

Source: SBML L3V2 Core, section 3.4.6 (``delay``); Bellen & Zennaro, Numerical Methods for Delay Differential Equations
(Oxford 2003), section 3.3.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model

_DEEPEST = 100
"""Delays within delays that are followed."""

Interpolant: TypeAlias = Callable[[float], Tensor]


class History:
    """The parameters of one trajectory, followed by the values of its past.

    Args:
        model: what is simulated.
        parameters: ``[parameter]``.
        start: time at which the trajectory starts.
    """

    def __init__(self, model: Model, parameters: Tensor, start: float) -> None:
        self._model = model
        self._own = parameters
        self._count = len(model.system.delays)
        self._ends: list[float] = []
        self._pieces: list[Interpolant] = []
        self._start = start

    def record(self, begin: float, end: float, at: Interpolant) -> None:
        """Adds the trajectory between two times."""
        if not self._count or end <= begin:
            return
        self._ends.append(end)
        self._pieces.append(at)

    def at(self, t: float, y: Tensor) -> Tensor:
        """Parameters and values of the past ``[parameter + delay]`` for a time and the state then."""
        if not self._count:
            return self._own
        return torch.cat([self._own, self.past(t, y)])

    def past(self, t: float, y: Tensor, depth: int = 0) -> Tensor:
        """Values of the past ``[delay]``; `depth` counts the delays within delays."""
        if not self._count:
            return self._own.new_zeros(0)
        known = torch.cat([self._own, self._own.new_full((self._count,), torch.nan)])
        lags = self._model.lags(t, y, known).tolist()
        return torch.stack([self._value(k, t, y, t - max(lag, 0.0), known, depth) for k, lag in enumerate(lags)])

    def shortest_lag(self, t: float, y: Tensor) -> float:
        """The shortest positive lag, within which a step may go; infinite if there is none."""
        if not self._count:
            return torch.inf
        known = torch.cat([self._own, self._own.new_full((self._count,), torch.nan)])
        return min((lag for lag in self._model.lags(t, y, known).tolist() if lag > 0), default=torch.inf)

    def _value(self, delay: int, t: float, y: Tensor, then: float, known: Tensor, depth: int) -> Tensor:
        if then >= t:
            return self._model.past_values(t, y, known)[delay]
        if then < self._start:
            return self._model.values_before(then, y, known)[delay]
        before, state = self._state(then, t, y)
        values = self._model.past_values(before, state, known)
        if torch.isnan(values[delay]) and depth < _DEEPEST:  # a delay within the delay
            values = self._model.past_values(before, state, torch.cat([self._own, self.past(before, state, depth + 1)]))
        return values[delay]

    def _state(self, then: float, t: float, y: Tensor) -> tuple[float, Tensor]:
        if not self._ends:
            return then, y
        i = bisect.bisect_right(self._ends, then)
        if i < len(self._ends):
            return then, self._pieces[i](then)
        last = self._ends[-1]
        reached = self._pieces[-1](last)
        return then, reached + (y - reached) * ((then - last) / (t - last) if t > last else 0.0)
