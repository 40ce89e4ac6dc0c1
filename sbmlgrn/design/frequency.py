"""`design_frequency`: give a network the period asked for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final

import torch
import torchdiffeq
from torch import Tensor

from sbmlgrn import __version__
from sbmlgrn.backends.torch import Model
from sbmlgrn.design.probe import Probe
from sbmlgrn.design.result import FrequencyDesign, Spectrum, TimeCourse
from sbmlgrn.design.retune import CHECK, Found, Retuning
from sbmlgrn.design.spec import DesignError, FrequencySpec, NotOscillatingError, check_against
from sbmlgrn.fit import OnProgress, ParameterBox
from sbmlgrn.lower import lower
from sbmlgrn.network import Network
from sbmlgrn.objectives import power_spectrum
from sbmlgrn.ode import simulate
from sbmlgrn.sbml import write

_SHOWN_PERIODS: Final = 8
_SHOWN_SAMPLES: Final = (801, 4001)
_SHOWN_HARMONICS: Final = 6
_SHOWN_RTOL: Final = 1e-6


def design_frequency(
    network: Network, spec: FrequencySpec, *, on_progress: OnProgress | None = None
) -> FrequencyDesign:
    """Change parameters of `network` until one of its species has the period asked for.

    The objective is spectral alone, (log f̂ − log f*)² with f̂ by `dominant_frequency`, and its gradient comes through
    the solver. The shortest way within the bounds is preferred, distances being measured in ranges of the bounds; so
    the tighter a parameter's bounds, the less it moves. If the direct way ends short of the period, the search begins
    once more at the best of a seeded sample of the box, if that is nearer. Periods before and after are measured on
    long runs from the model's own initial values.

    Args:
        network: a network in which `spec.species` oscillates.
        spec: what is asked for.
        on_progress: called after each trial. What it raises ends the design and goes to the caller.

    Returns:
        The design. A period that could not be reached is no error: `FrequencyDesign.reached` is false and the
        network with the nearest period found is returned.

    Raises:
        UnknownElementError: the network has no such species or parameter.
        BoundsError: bounds exclude the network's own values.
        NotOscillatingError: the species does not oscillate at the start.
        DesignError: a name of the wrong kind, or a parameter without a value or with one that is computed.
        LoweringError: the network has no equations.
    """
    check_against(spec, network)
    model = Model(lower(network))
    box = ParameterBox(spec.parameters)
    probe = Probe(model, spec.species, box.ids)
    values = box.start(_own_values(model, box.ids))

    retuning = Retuning(spec, probe, box, on_progress)
    start = _start(spec, probe, retuning, values)
    found = [start]
    if not _reached(spec, start.period):
        found += retuning.towards(start)
        nearest = _nearest(found, retuning)
        if not _reached(spec, nearest.period) and not retuning.spent:
            anew = retuning.elsewhere(nearest)
            if anew is not None:
                found += retuning.towards(anew)
    best = _nearest(found, retuning)
    before, after, spectrum = _pictures(network, model, probe, spec, start, best)
    return FrequencyDesign(
        network=network.with_values(box.named(best.values)) if best is not start else network,
        reached=_reached(spec, best.period),
        message=_message(spec, box, start, best, retuning),
        period_asked=spec.period,
        period_before=start.period,
        period_found=best.period,
        values_before=box.named(values),
        values_after=box.named(best.values),
        history=tuple(retuning.history),
        before=before,
        after=after,
        spectrum=spectrum,
        provenance=_provenance(network, spec, probe),
    )


def _own_values(model: Model, ids: Sequence[str]) -> dict[str, float]:
    own = dict(zip(model.parameter_ids, model.parameters_default.tolist(), strict=True))
    for name in ids:
        if name not in own:
            raise DesignError(f"parameter {name!r} cannot be changed: a rule determines its value")
        if math.isnan(own[name]):
            raise DesignError(f"parameter {name!r} has no value in the model; set one to start from")
    return {name: own[name] for name in ids}


def _start(spec: FrequencySpec, probe: Probe, retuning: Retuning, values: Tensor) -> Found:
    first = probe.search(values, spec.period)
    measured = retuning.measure(values, first.period, "start") if first.oscillates else first.reason
    if isinstance(measured, Found):
        return measured
    raise NotOscillatingError(
        f"species {spec.species!r} does not oscillate with the model's own values: {measured}. Start from values with "
        "which it does, or from initial values that are not a steady state"
    )


def _reached(spec: FrequencySpec, period: float) -> bool:
    return abs(period / spec.period - 1) <= spec.tolerance


def _nearest(found: Sequence[Found], retuning: Retuning) -> Found:
    return min(found, key=lambda f: retuning.off(f.period))


def _message(spec: FrequencySpec, box: ParameterBox, start: Found, best: Found, retuning: Retuning) -> str:
    if _reached(spec, best.period):
        if best is start:
            return f"the period is {start.period:.6g} already; nothing was changed"
        change = f"from {start.period:.6g} to {best.period:.6g}"
        return f"the period of {spec.species} went {change}; {spec.period:g} was asked for"
    parts = [
        f"a period of {spec.period:g} was not reached: the nearest found for {spec.species} is {best.period:.6g} "
        f"({start.period:.6g} before)"
    ]
    bounds = box.at_bounds(best.values)
    if bounds:
        parts.append("in the way: " + ", ".join(bounds))
    if retuning.weakened:
        parts.append("the search kept away from where the oscillation fades")
    if retuning.lost:
        parts.append(f"{len(retuning.lost)} trials were taken back, the last because {retuning.lost[-1]}")
    if retuning.spent:
        parts.append(f"the limit of {spec.max_iterations} iterations was used up")
    parts.append("widen the bounds, let another parameter move, or ask for a period nearer to this one")
    return "; ".join(parts)


def _pictures(
    network: Network, model: Model, probe: Probe, spec: FrequencySpec, start: Found, best: Found
) -> tuple[TimeCourse, TimeCourse, Spectrum]:
    span = _SHOWN_PERIODS * max(start.period, best.period)
    fewest, most = _SHOWN_SAMPLES
    samples = min(max(math.ceil(32 * span / min(start.period, best.period)), fewest), most)
    t = torch.linspace(0.0, span, samples, dtype=torch.float64)
    frequency = torch.empty(0)
    shown = dict.fromkeys([*(s.id for s in network.species), *model.state_ids, spec.species])
    courses, powers = [], []
    for point in (start, best):
        with torch.no_grad():
            solution = simulate(
                model, t, probe.parameters(point.values), rtol=_SHOWN_RTOL, atol=probe.atol(_SHOWN_RTOL)
            )
            columns = {name: solution[name].numpy() for name in shown}
            frequency, power = power_spectrum(solution[spec.species][samples // 4 :], span / (samples - 1))
        courses.append(TimeCourse(t.numpy(), columns))
        powers.append(power)
    kept = frequency <= _SHOWN_HARMONICS / min(start.period, best.period)
    spectrum = Spectrum(*(a[kept].numpy() for a in (frequency, *powers)))
    return courses[0], courses[1], spectrum


def _provenance(network: Network, spec: FrequencySpec, probe: Probe) -> dict[str, str]:
    document = network.source if network.source is not None else write(network)
    return {
        "seed": str(spec.seed),
        "solver": "dopri5 of torchdiffeq with gradients, LSODA of SciPy for the periods reported",
        "rtol": f"{CHECK.rtol:g}",
        "atol": f"{probe.atol(CHECK.rtol):g}",
        "sbmlgrn": __version__,
        "torch": str(torch.__version__),
        "torchdiffeq": str(torchdiffeq.__version__),
        "model_sha256": hashlib.sha256(document.encode()).hexdigest(),
    }
