"""Simulates a model with trial values and listens to one species.

The transient is not differentiated. A limit cycle's frequency does not depend on where the trajectory entered it, so a
state near the cycle may be taken as given, and the derivative of the frequency shows in how the phase drifts over the
periods that follow. Only if the initial values themselves depend on what moves (totals of conserved moieties do then
as well) is the whole trajectory differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.objectives import Oscillation, diagnose_oscillation
from sbmlgrn.ode import simulate

SAMPLES_PER_PERIOD: Final = 32
_SEARCH_SAMPLES: Final = 1536
_SEARCHES: Final = 8
_MAX_STEPS: Final = 10_000
_MAX_STEPS_ROUGH: Final = 3_000


@dataclass(frozen=True)
class Effort:
    """How long and how exactly to simulate.

    Attributes:
        burn_in: periods before the window.
        periods: periods in the window.
        rtol: relative tolerance of the solver; the absolute one is a hundredth of it, times the size of the smallest
            state.
    """

    burn_in: int
    periods: int
    rtol: float


@dataclass(frozen=True, eq=False)
class Recording:
    """A window of the species' time course.

    Attributes:
        signal: samples [time].
        step: time between samples.
        oscillation: what the signal shows.
    """

    signal: Tensor
    step: float
    oscillation: Oscillation


class Probe:
    """One species of one model, as a function of the free parameters."""

    def __init__(self, model: Model, species: str, ids: Sequence[str]) -> None:
        self.model = model
        self.species = species
        self.index = torch.tensor([model.parameter_ids.index(name) for name in ids])
        self.default: Tensor = model.parameters_default
        self.size = _size(model.initial(self.default))
        self.moves_start = self._moves_start()

    def _moves_start(self) -> bool:
        values = self.default[self.index].clone().requires_grad_()
        start = self.model.initial(self.parameters(values))
        if not start.requires_grad:
            return False
        weights = torch.linspace(1.0, 2.0, start.shape[-1], dtype=start.dtype)
        (gradient,) = torch.autograd.grad((start * weights).sum(), values, allow_unused=True)
        return gradient is not None and bool((gradient != 0).any())

    def parameters(self, values: Tensor) -> Tensor:
        """All parameters [..., parameter] with the free ones set to `values` [..., free]."""
        full = self.default.expand(*values.shape[:-1], -1)
        return full.index_copy(-1, self.index, values)

    def record(self, values: Tensor, period: float, effort: Effort, min_persistence: float) -> Recording | str:
        """The species over `effort.periods` of the given `period`, after the transient.

        Differentiable in `values` [free].

        Returns:
            The recording, judged with `min_persistence` (see `diagnose_oscillation`), or why the solver failed.
        """
        step = period / SAMPLES_PER_PERIOD
        p = self.parameters(values)
        begin = effort.burn_in * period
        window = begin + step * torch.arange(effort.periods * SAMPLES_PER_PERIOD, dtype=torch.float64)
        with torch.set_grad_enabled(self.moves_start and torch.is_grad_enabled()):
            before = simulate(self.model, [0.0, begin], p, **self._tolerances(effort.rtol))
        if not before.success:
            return before.status[0].message
        solution = simulate(self.model, window, p, initial_state=before.states[-1], **self._tolerances(effort.rtol))
        if not solution.success:
            return solution.status[0].message
        signal = solution[self.species]
        return Recording(
            signal, step, diagnose_oscillation(signal, step, min_persistence=min_persistence, min_cycles=2.0)
        )

    @torch.no_grad()
    def search(self, values: Tensor, period: float) -> Oscillation:
        """Find an oscillation of unknown period, of which `period` is the first guess.

        Longer and longer spans are simulated until one shows at least four periods, or it is clear that there are none.
        """
        p = self.parameters(values)
        span = 12 * period
        found = Oscillation(False, "", math.nan, 0.0, math.nan, math.nan, math.nan)
        quiet = 0
        for _ in range(_SEARCHES):
            t = torch.linspace(0.0, span, _SEARCH_SAMPLES, dtype=torch.float64)
            solution = simulate(self.model, t, p, **self._tolerances(1e-4))
            if not solution.success:
                return replace(found, oscillates=False, reason=solution.status[0].message)
            self.size = _size(solution.states.abs().amax(0))
            late = solution[self.species][_SEARCH_SAMPLES // 3 :]
            found = diagnose_oscillation(late, span / (_SEARCH_SAMPLES - 1))
            if found.oscillates:
                return found
            quiet += found.cycles >= 4 or found.relative_amplitude < 1e-3
            if quiet > 2:
                break
            # Too fast for the grid: look closer; otherwise wait longer.
            span *= 0.1 if found.cycles > _SEARCH_SAMPLES / 12 else 3.0
        return found

    @torch.no_grad()
    def search_many(self, values: Tensor, period: float) -> list[Oscillation]:
        """A rough look at many `values` [candidate, free] over 12 of the given periods, all in one run.

        An oscillation more than three times as slow goes unseen.
        """
        p = self.parameters(values)
        t = torch.linspace(0.0, 12 * period, 768, dtype=torch.float64)
        solution = simulate(self.model, t, p, **self._tolerances(1e-3, _MAX_STEPS_ROUGH))
        late = solution[self.species][:, len(t) // 2 :]
        return [diagnose_oscillation(signal, float(t[1]), min_cycles=2.0, min_persistence=0.7) for signal in late]

    def atol(self, rtol: float) -> float:
        """Absolute tolerance that goes with a relative one."""
        return 1e-2 * rtol * self.size

    def _tolerances(self, rtol: float, max_steps: int = _MAX_STEPS) -> dict[str, Any]:
        return {"rtol": rtol, "atol": self.atol(rtol), "max_steps": max_steps}


def _size(largest: Tensor) -> float:
    """Size of the smallest state that counts, given the largest values [state] of each."""
    top = float(largest.abs().max())
    return float(largest[largest > 1e-4 * top].min()) if top > 0 else 1.0
