"""The search for parameters with the period asked for.

One residual, log f̂ − log f*, of a few parameters: Gauss-Newton reaches its root in a handful of steps, and the shortest
of all steps that do so keeps the network near to what it was. Few periods at a loose tolerance lead the way; the period
they lead to is then measured on many periods at a tight tolerance, and if it is not yet the one asked for, more periods
at a tighter tolerance, corrected by what was measured, lead to the end.

The oscillation may die on the way (a Hopf bifurcation). Two more residuals, absent as long as the oscillation is
healthy, keep away from there: how far the amplitude has fallen below a fraction of what it was at the start, and how
fast it fades within the window. Where nothing oscillates at all the step is taken back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from sbmlgrn.design.probe import Effort, Probe, Recording
from sbmlgrn.design.spec import FrequencySpec
from sbmlgrn.fit import FitResult, FitStatus, OnProgress, ParameterBox, Progress, gauss_newton
from sbmlgrn.objectives import dominant_frequency, log_frequency_residual

COARSE: Final = Effort(burn_in=3, periods=5, rtol=1e-4)
FINE: Final = Effort(burn_in=6, periods=10, rtol=1e-5)
CHECK: Final = Effort(burn_in=8, periods=12, rtol=1e-7)

_FINEST: Final = 2e-5
"""Residual to which no search needs to go: the estimate itself is not much better."""
_WORTH_REFINING: Final = 0.05
_FADING: Final = 0.5
_SUSTAINED: Final = 0.95
_AMPLITUDE_KEPT: Final = 0.3
_PERSISTENCE_KEPT: Final = 0.9
_REGUESSES: Final = 3
_CANDIDATES: Final = 16
_CLEARLY: Final = 0.9
_CHECKS: Final = 4


@dataclass(frozen=True, eq=False)
class Found:
    """A point whose period has been measured on a long run.

    Attributes:
        values: free parameters [free].
        period: its period.
    """

    values: Tensor
    period: float


class Retuning:
    """One search."""

    def __init__(self, spec: FrequencySpec, probe: Probe, box: ParameterBox, on_progress: OnProgress | None) -> None:
        self.spec, self.probe, self.box, self.on_progress = spec, probe, box, on_progress
        self.history: list[Progress] = []
        self.lost: list[str] = []
        self.weakened = False
        self._iterations = 0
        self._period = spec.period
        self._amplitude: float | None = None
        self._heard: Recording | None = None
        self._trail: list[Found] = []
        self._started = time.perf_counter()

    @property
    def spent(self) -> bool:
        """Whether no iterations are left."""
        return self._iterations >= self.spec.max_iterations

    def off(self, period: float) -> float:
        """How far `period` is from the one asked for, as a logarithm without sign."""
        return abs(math.log(period / self.spec.period))

    @torch.no_grad()
    def measure(self, values: Tensor, period: float, stage: str = "check") -> Found | str:
        """Period at `values` [free] over a long run at a tight tolerance, given a guess; or why there is none.

        The transient counts as over when both halves of the window have the same period to a quarter of the tolerance.
        """
        effort = CHECK
        reason = ""
        for _ in range(_CHECKS):
            heard = self.probe.record(values, period, effort, _SUSTAINED)
            if isinstance(heard, str):
                return heard
            reason = heard.oscillation.reason
            if heard.oscillation.oscillates:
                half = heard.signal.shape[-1] // 2
                first, second = dominant_frequency(heard.signal.unfold(-1, half, half)[:2], heard.step).tolist()
                period = heard.oscillation.period
                if abs(math.log(first / second)) < 0.25 * self.spec.tolerance:
                    self._report(stage, period, values)
                    return Found(values, period)
                reason = f"its period still changes, from {1 / first:.6g} to {1 / second:.6g}"
            effort = replace(effort, burn_in=2 * effort.burn_in)
        return reason

    def towards(self, start: Found) -> list[Found]:
        """Search from `start`; what was found, measured. Nothing if the oscillation was lost."""
        self._trail = []
        aim, here = self.spec.period, start
        found: list[Found] = []
        for name, effort in (("approach", COARSE), ("refine", FINE), ("refine", FINE)):
            self._period = here.period
            result = self._stage(name, here.values, effort, aim)
            measured = self.measure(result.all_values[0], self._period)
            if not isinstance(measured, Found):
                self.lost.append(measured)
                break
            found.append(measured)
            here = measured
            off = self.off(here.period)
            if off <= self.spec.tolerance or off > _WORTH_REFINING or self.spent:
                break
            if result.status is FitStatus.TARGET_REACHED:
                # What the shorter window gets wrong is the same a little further on.
                aim *= self.spec.period / here.period
        return found or self._nearest_on_trail()

    def elsewhere(self, nearest: Found) -> Found | None:
        """A point of a seeded sample of the box whose period is nearer than the `nearest` so far, if there is one."""
        candidates = self.box.sample(_CANDIDATES, self.spec.seed)
        heard = self.probe.search_many(candidates, nearest.period)
        alive = [Found(v, o.period) for v, o in zip(candidates, heard, strict=True) if o.oscillates]
        best = min([nearest, *alive], key=lambda f: self.off(f.period))
        return best if self.off(best.period) < _CLEARLY * self.off(nearest.period) else None

    def _nearest_on_trail(self) -> list[Found]:
        """The nearest point of the way here whose oscillation lasts."""
        furthest = -math.inf
        checks = 0
        for point in sorted(self._trail, key=lambda f: self.off(f.period)):
            # One that died does not come back to life a hair's breadth away.
            if self.off(point.period) < furthest + 0.02:
                continue
            measured = self.measure(point.values, point.period)
            if isinstance(measured, Found):
                return [measured]
            self.lost.append(measured)
            furthest = self.off(point.period)
            checks += 1
            if checks == _CHECKS:
                break
        return []

    def _stage(self, name: str, start: Tensor, effort: Effort, aim: float) -> FitResult:
        done = self._iterations

        def relay(progress: Progress) -> None:
            self._iterations = done + progress.iteration
            self._emit(replace(progress, metrics=self._metrics()))

        return gauss_newton(
            self._residuals(effort, aim),
            start,
            self.spec.parameters,
            max_iterations=max(1, self.spec.max_iterations - done),
            target_loss=max(0.25 * self.spec.tolerance, _FINEST) ** 2,
            stage=name,
            on_progress=relay,
        )

    def _residuals(self, effort: Effort, aim: float) -> Callable[[Tensor], Tensor]:
        def residuals(values: Tensor) -> Tensor:
            heard = self._listen(values, effort)
            if isinstance(heard, str) or not heard.oscillation.oscillates:
                self.lost.append(heard if isinstance(heard, str) else heard.oscillation.reason)
                self._heard = None
                return values.new_full((1,), math.nan)
            self._heard = heard
            self._period = heard.oscillation.period
            self._trail.append(Found(values.detach().clone(), self._period))
            return torch.cat(
                [log_frequency_residual(heard.signal, heard.step, 1 / aim)[None], self._health(heard.signal)]
            )

        return residuals

    def _listen(self, values: Tensor, effort: Effort) -> Recording | str:
        """A recording whose window holds about as many periods as asked for; which takes a guess of the period."""
        period = self._period
        heard = self.probe.record(values, period, effort, _FADING)
        for _ in range(_REGUESSES):
            if isinstance(heard, str) or 0.65 < heard.oscillation.cycles / effort.periods < 1.6:
                break
            period = heard.oscillation.period if heard.oscillation.cycles >= 2 else 2.5 * period
            heard = self.probe.record(values, period, effort, _FADING)
        return heard

    def _health(self, signal: Tensor) -> Tensor:
        """Residuals [0 to 2] that are positive and there only where the oscillation threatens to die."""
        half = signal.shape[-1] // 2
        early, late = signal[:half], signal[half:]
        amplitude = late.std() / late.abs().mean()
        if self._amplitude is None:
            self._amplitude = float(amplitude.detach())
        faint = (_AMPLITUDE_KEPT * self._amplitude / amplitude).log()
        fading = (_PERSISTENCE_KEPT * early.std() / late.std()).log()
        threats = torch.stack([faint, fading])
        self.weakened = self.weakened or bool((threats > 0).any())
        # Each residual costs a backward pass through the solver, so one that is 0 is left out.
        return threats[threats > 0]

    def _metrics(self) -> dict[str, float]:
        if self._heard is None:
            return {}
        oscillation = self._heard.oscillation
        return {
            "period": oscillation.period,
            "frequency": 1 / oscillation.period,
            "relative_amplitude": oscillation.relative_amplitude,
        }

    def _report(self, stage: str, period: float, values: Tensor) -> None:
        loss = self.off(period) ** 2
        metrics = {"period": period, "frequency": 1 / period}
        self._emit(Progress(stage, self._iterations, 0, loss, metrics, self.box.named(values)))

    def _emit(self, progress: Progress) -> None:
        elapsed = time.perf_counter() - self._started
        progress = replace(progress, iteration=self._iterations, total=self.spec.max_iterations, elapsed=elapsed)
        self.history.append(progress)
        if self.on_progress is not None:
            self.on_progress(progress)
