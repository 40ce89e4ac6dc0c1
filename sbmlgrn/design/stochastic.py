"""`tune_frequency`: give a stochastic oscillator the frequency asked for.

The frequency is the place of the highest peak of the mean over trajectories of a species' power spectra; its gradient
comes through the jump process. There is one residual, log f̂ − log f*, and so Gauss-Newton reaches it in a few steps.
The residual is that of many trajectories of the direct method, which are cheap, its slope that of fewer on the
uniformised clock. What was reached is measured on trajectories that no trial saw.
"""

from __future__ import annotations

import hashlib
import math
import time
import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sbmlgrn import __version__
from sbmlgrn.backends.torch import Model
from sbmlgrn.design.result import Spectrum, TimeCourse
from sbmlgrn.design.spec import DesignError, FrequencySpec, NotOscillatingError, check_against
from sbmlgrn.fit import FreeParameter, OnProgress, ParameterBox, Progress, gauss_newton
from sbmlgrn.lower import lower
from sbmlgrn.network import LocalParameter, Network, Parameter
from sbmlgrn.objectives import MeanSpectrum
from sbmlgrn.sbml import write
from sbmlgrn.ssa import Estimator, GradientWarning, StochasticStatus, annealed, gradient, simulate_ssa
from sbmlgrn.ssa.paths import relevant

_SAMPLES_PER_CYCLE: Final = 20
_TRANSIENT: Final = 2.0
"""Cycles before the window in which the oscillation is listened to."""
_CYCLES: Final = 8.0
_SEARCHES: Final = 7
_FEWEST_CYCLES: Final = 4.0
_PROMINENCE: Final = 2.0
"""Height of the spectral peak over the power at a third to half of its frequency from which it is one: what fluctuates
without a frequency of its own has all the more power there."""
_CHECKED: Final = 1000
"""Trajectories of a measurement."""
_SHOWN: Final = 3
"""Trajectories in the pictures."""
_ROUNDS: Final = 4
_BOUNDS: Final = 10.0
_FIRST_EVENTS: Final = 300_000
_MOST_EVENTS: Final = 1_000_000_000
_CLIP: Final = 20.0
_RADIUS: Final = 0.15
_RUNAWAY: Final = 5.0
"""Reactions of a trajectory that is given up, over those of the others."""


@dataclass(frozen=True)
class TuningSpec:
    """A frequency asked for.

    Attributes:
        species: id of the species whose frequency counts.
        frequency: the frequency asked for, in cycles per unit of the model's time.
        parameters: what may move, and how far; if empty, every parameter on which a rate depends, by up to a
            factor of ten.
        tolerance: largest relative deviation of the frequency that counts as reached.
        trajectories: of each trial's gradient.
        max_iterations: most trials.
        estimator: of the gradient.
        seed: any integer.

    Raises:
        DesignError: a frequency, tolerance or limit that is not positive; an estimator that autograd does not have.
        BoundsError: a parameter named twice.
    """

    species: str
    frequency: float
    parameters: tuple[FreeParameter, ...] = ()
    tolerance: float = 0.015
    trajectories: int = 100
    max_iterations: int = 20
    estimator: Estimator = Estimator.STRAIGHT_THROUGH
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("frequency", self.frequency), ("tolerance", self.tolerance)):
            if not (math.isfinite(value) and value > 0):
                raise DesignError(f"the {name} is {value:g}; it must be a positive, finite number")
        for name, value, least in (("max_iterations", self.max_iterations, 1), ("trajectories", self.trajectories, 4)):
            if value < least:
                raise DesignError(f"{name} is {value}; it must be at least {least}")
        if self.estimator not in (Estimator.STRAIGHT_THROUGH, Estimator.GUMBEL, Estimator.DGA):
            raise DesignError(
                f"the estimator is {self.estimator.value!r}; expected 'straight_through' or 'gumbel', since spectra "
                "have gradients along trajectories only"
            )
        if self.parameters:
            ParameterBox(self.parameters)


@dataclass(frozen=True, eq=False)
class FrequencyTuning:
    """A stochastic network retuned.

    Attributes:
        network: the network with the new values; written as SBML, its source document is edited in place.
        reached: whether `frequency_found` deviates from `frequency_asked` by the tolerance or less.
        message: how it went.
        frequency_asked, frequency_before, frequency_found: in cycles per unit of time. The last two are measured on
            trajectories of the direct method with seeds of their own.
        values_before, values_after: the free parameters by id.
        history: the progress reports; ``metrics`` have the loss and the frequency of each trial.
        before, after: single trajectories; the columns are ``1``, ``2`` …
        spectrum: mean power spectra before and after.
        provenance: seed, estimator, versions and the SHA-256 of the model that was given.
    """

    network: Network
    reached: bool
    message: str
    frequency_asked: float
    frequency_before: float
    frequency_found: float
    values_before: dict[str, float]
    values_after: dict[str, float]
    history: tuple[Progress, ...]
    before: TimeCourse
    after: TimeCourse
    spectrum: Spectrum
    provenance: dict[str, str]


def tune_frequency(network: Network, spec: TuningSpec, *, on_progress: OnProgress | None = None) -> FrequencyTuning:
    """Change parameters of the jump process of `network` until a species has the frequency asked for.

    Of all steps towards the frequency the shortest within the bounds is taken, distances being measured in ranges of
    the bounds.

    Args:
        network: a network in which `spec.species` oscillates as a jump process.
        spec: what is asked for.
        on_progress: called after each trial. What it raises ends the tuning and goes to the caller.

    Returns:
        The tuning. A frequency that could not be reached is no error: `FrequencyTuning.reached` is false and the
        network with the nearest one found is returned.

    Raises:
        UnknownElementError: the network has no such species or parameter.
        BoundsError: bounds exclude the network's own values.
        NotOscillatingError: no peak stands out of the mean spectrum at the start.
        DesignError: a name of the wrong kind, or a parameter without a value or with one that is computed.
        JumpError: the network cannot be read as a jump process with gradients.
        LoweringError: the network has no equations.
    """
    model = Model(lower(network))
    parameters = spec.parameters or free_rates(network, model)
    check_against(FrequencySpec(spec.species, 1 / spec.frequency, parameters), network)
    tuning = _Tuning(model, replace(spec, parameters=parameters), on_progress)
    start = tuning.own_values()
    first = tuning.search(start)
    best, found = start, first
    for round_ in range(_ROUNDS):
        if abs(found / spec.frequency - 1) <= spec.tolerance or tuning.trials >= spec.max_iterations:
            break
        values = tuning.towards(best, found, round_)
        measured = tuning.measure(values, found)
        if abs(math.log(measured / spec.frequency)) >= abs(math.log(found / spec.frequency)):
            break
        best, found = values, measured
    reached = abs(found / spec.frequency - 1) <= spec.tolerance
    before, after, spectrum = tuning.pictures(start, best, min(first, found), max(first, found))
    box = tuning.box
    return FrequencyTuning(
        network=network.with_values(box.named(best)) if best is not start else network,
        reached=reached,
        message=_message(spec, box, best, (first, found), reached),
        frequency_asked=spec.frequency,
        frequency_before=first,
        frequency_found=found,
        values_before=box.named(start),
        values_after=box.named(best),
        history=tuple(tuning.history),
        before=before,
        after=after,
        spectrum=spectrum,
        provenance=_provenance(network, spec),
    )


def free_rates(network: Network, model: Model | None = None) -> tuple[FreeParameter, ...]:
    """Every parameter of `network` on which a rate depends, by up to a factor of ten from its value.

    Raises:
        DesignError: there is none with a positive value.
    """
    model = Model(lower(network)) if model is None else model
    computed = {a.symbol for a in network.initial_assignments}
    own = dict(zip(model.parameter_ids, model.parameters_default.tolist(), strict=True))
    free = [
        FreeParameter(name, own[name] / _BOUNDS, own[name] * _BOUNDS)
        for name in relevant(model)
        if isinstance(network.by_id.get(name), Parameter | LocalParameter) and name not in computed and own[name] > 0
    ]
    if not free:
        raise DesignError("no rate depends on a parameter with a positive value; name the parameters that may move")
    return tuple(free)


class _Tuning:
    def __init__(self, model: Model, spec: TuningSpec, on_progress: OnProgress | None) -> None:
        self._model, self._spec, self._tell = model, spec, on_progress
        self.box = ParameterBox(spec.parameters)
        self._index = torch.tensor([model.parameter_ids.index(name) for name in self.box.ids])
        own = model.parameters_default[self._index]
        self._began = time.perf_counter()
        self._most = _FIRST_EVENTS
        self._slopes = (torch.zeros_like(own), torch.zeros_like(own))
        self.trials = 0
        self.history: list[Progress] = []

    def own_values(self) -> Tensor:
        """The network's own ``[free]``."""
        own = self._model.parameters_default[self._index]
        for name, value in self.box.named(own).items():
            if math.isnan(value):
                raise DesignError(f"parameter {name!r} has no value in the model; set one to start from")
        return self.box.start(own)

    def search(self, values: Tensor) -> float:
        """The frequency at `values`, of which nothing is known but that asked for."""
        guess = self._spec.frequency
        cycles = 0.0
        for _ in range(_SEARCHES):
            objective, _, power = self._listened(values, guess, 4.0 * _SAMPLES_PER_CYCLE, 0.25 * _CHECKED)
            found = float(objective.peak(power))
            cycles = _CYCLES * found / guess
            if (
                _stands_out(objective.frequencies, power, found)
                and cycles >= _FEWEST_CYCLES
                and found < _SAMPLES_PER_CYCLE * guess
            ):
                return self.measure(values, found)
            guess = guess / 3 if cycles < _FEWEST_CYCLES else 3 * guess
        raise NotOscillatingError(
            f"species {self._spec.species!r} shows no frequency that stands out of its mean spectrum with the model's "
            "own values; start from values with which it oscillates"
        )

    def measure(self, values: Tensor, near: float) -> float:
        """The frequency at `values`, by the direct method and trajectories that no trial has seen."""
        found = near
        for _ in range(2):
            objective, _, power = self._listened(values, found, _SAMPLES_PER_CYCLE, _CHECKED)
            found = float(objective.peak(power))
        return found

    def towards(self, values: Tensor, frequency: float, round_: int) -> Tensor:
        """Values nearer to what is asked for; each round sees other trajectories."""
        spec, heard = self._spec, frequency
        target = (0.5 * spec.tolerance) ** 2
        before = self.trials

        def residuals(at: Tensor) -> Tensor:
            nonlocal heard
            self.trials += 1
            objective, _, power = self._listened(at.detach(), heard, _SAMPLES_PER_CYCLE, _CHECKED, 2 + round_)
            heard = float(objective.peak(power))
            residual = math.log(heard / spec.frequency)
            self._report(residual**2, heard, at.detach())
            slope = self._slope(at.detach(), heard) if residual**2 > target else torch.zeros_like(at)
            return (residual + (at - at.detach()) @ slope)[None]

        result = gauss_newton(
            residuals,
            values,
            spec.parameters,
            max_iterations=max(spec.max_iterations - before - 1, 1),
            target_loss=target,
            radius=_RADIUS,
            stage="tuning",
        )
        return torch.tensor([result.values[name] for name in self.box.ids], dtype=torch.float64)

    def _slope(self, at: Tensor, heard: float) -> Tensor:
        """∂log f/∂θ ``[free]``, averaged with those of earlier trials, by certainty, and half as much as the next each.

        What is averaged is the change by the logarithm of a parameter, where its scale is that: the frequency is nearly
        a power of the rates.
        """
        spec = self._spec
        seed = hashlib.sha256(f"{spec.seed} {self.trials}".encode()).digest()
        with warnings.catch_warnings():
            # trajectories that run away are left out on purpose
            warnings.simplefilter("ignore", GradientWarning)
            found = gradient(
                self._model,
                _spectrum(spec.species, heard, asked=spec.frequency),
                self._model.parameters_default.index_copy(0, self._index, at),
                estimator=spec.estimator,
                wrt=self.box.ids,
                trajectories=spec.trajectories,
                seed=int.from_bytes(seed[:8], "little"),
                temperature=annealed(self.trials - 1, max(spec.max_iterations // 2, 1), first=0.3),
                audit=False,
                clip=_CLIP,
                max_events=self._most,
            )
        logarithmic = torch.tensor([p.scale == "log" for p in spec.parameters])
        unit = torch.where(logarithmic, at, 1.0)
        errors = (found.errors * unit).clamp_min(torch.finfo(torch.float64).tiny ** 0.25)
        weights = torch.where(found.values.isfinite() & errors.isfinite(), errors**-2, 0.0)
        slopes = torch.where(weights > 0, found.values * unit, 0.0)
        before, certainty = self._slopes
        certainty = 0.5 * certainty + weights
        before = before + (slopes - before) * weights / certainty.clamp_min(torch.finfo(torch.float64).tiny)
        self._slopes = before, certainty
        return before / unit

    def pictures(
        self, start: Tensor, best: Tensor, slower: float, faster: float
    ) -> tuple[TimeCourse, TimeCourse, Spectrum]:
        """Single trajectories and mean spectra, on the same grids."""
        frequency: Tensor = torch.empty(0)
        courses: list[TimeCourse] = []
        powers: list[NDArray[np.float64]] = []
        for values in (start, best):
            objective, runs, power = self._listened(values, slower, _SAMPLES_PER_CYCLE * faster / slower, _CHECKED)
            frequency = objective.frequencies
            columns = {str(k + 1): runs[k].numpy() for k in range(min(_SHOWN, len(runs)))}
            courses.append(TimeCourse(objective.t.numpy(), columns))
            powers.append(power.numpy())
        return courses[0], courses[1], Spectrum(frequency.numpy(), *powers)

    @torch.no_grad()
    def _listened(
        self, values: Tensor, frequency: float, samples: float, trajectories: float, seed: int = 1
    ) -> tuple[MeanSpectrum, Tensor, Tensor]:
        """An exact ensemble over cycles of `frequency`: its trajectories ``[trajectory, time]`` and mean spectrum."""
        objective = _spectrum(self._spec.species, frequency, samples)
        p = self._model.parameters_default.index_copy(0, self._index, values)
        stream = int.from_bytes(hashlib.sha256(f"{self._spec.seed} listen {seed}".encode()).digest()[:8], "little")
        while True:
            runs = simulate_ssa(self._model, objective.t, p, int(trajectories), stream, max_events=self._most)
            good = runs.status == StochasticStatus.SUCCESS
            if good.any() or self._most >= _MOST_EVENTS or (runs.status != StochasticStatus.MAX_EVENTS).any():
                break
            self._most *= 10
        signal = runs[self._spec.species][torch.as_tensor(good)]
        if not len(signal):
            reason = StochasticStatus(int(runs.status[0])).message
            raise NotOscillatingError(f"no trajectory reached the end of {float(objective.t[-1]):g}: {reason}")
        # where one population dies out another may explode, and take all the time for itself
        self._most = max(self._most, int(_RUNAWAY * np.median(runs.events[good])))
        return objective, signal, objective.features(signal[..., None]).mean(0)

    def _report(self, loss: float, frequency: float, values: Tensor) -> None:
        best = min([loss, *(report.loss for report in self.history)])
        report = Progress(
            stage="tuning",
            iteration=self.trials,
            total=self._spec.max_iterations,
            loss=best,
            metrics={"loss": loss, "frequency": frequency},
            values=self.box.named(values),
            elapsed=time.perf_counter() - self._began,
        )
        self.history.append(report)
        if self._tell is not None:
            self._tell(report)


def _stands_out(frequencies: Tensor, power: Tensor, peak: float) -> bool:
    below = (frequencies > peak / 3) & (frequencies < peak / 2)
    height = power[(frequencies - peak).abs().argmin()]
    return bool(below.any()) and float(height) > _PROMINENCE * float(power[below].mean())


def _spectrum(
    species: str, frequency: float, samples: float = _SAMPLES_PER_CYCLE, asked: float | None = None
) -> MeanSpectrum:
    """Some cycles of `frequency`, after a transient; the loss is that of the peak, or log(peak/asked)."""
    step = 1 / (samples * frequency)
    transient = round(_TRANSIENT * samples)
    t = step * torch.arange(transient + round(_CYCLES * samples) + 1, dtype=torch.float64)
    since = (transient - 0.5) * step
    plain = MeanSpectrum(species, t, since=since)
    if asked is None:
        return plain
    return MeanSpectrum(species, t, lambda power: (plain.peak(power) / asked).log(), since=since)


def _message(spec: TuningSpec, box: ParameterBox, best: Tensor, frequencies: tuple[float, float], reached: bool) -> str:
    before, found = frequencies
    if reached:
        change = f"from {before:.4g} to {found:.4g}" if before != found else f"is {found:.4g} already"
        return f"the frequency of {spec.species} went {change}; {spec.frequency:g} was asked for"
    parts = [
        f"a frequency of {spec.frequency:g} was not reached: the nearest found for {spec.species} is {found:.4g} "
        f"({before:.4g} before)"
    ]
    bounds = box.at_bounds(best)
    if bounds:
        parts.append("in the way: " + ", ".join(bounds))
    parts.append("widen the bounds, let another parameter move, or allow more trials or trajectories")
    return "; ".join(parts)


def _provenance(network: Network, spec: TuningSpec) -> dict[str, str]:
    document = network.source if network.source is not None else write(network)
    return {
        "seed": str(spec.seed),
        "estimator": spec.estimator.value,
        "trajectories": str(spec.trajectories),
        "method": "uniformised clock for trials, direct method for the frequencies reported",
        "sbmlgrn": __version__,
        "torch": str(torch.__version__),
        "model_sha256": hashlib.sha256(document.encode()).hexdigest(),
    }
