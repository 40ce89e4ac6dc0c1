"""One BioModel's time course here and in libRoadRunner, and, where they differ, what settles who is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch

import sbmlgrn as sg
from sbmlgrn.backends.torch import Model
from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner
from sbmlgrn.expr import TIME, constant, postorder, relation
from sbmlgrn.network import Event, Network
from sbmlgrn.ode import Status
from sbmlgrn.ode.hybrid import hybrid
from sbmlgrn.ode.log import Triggered
from sbmlgrn.sbml import Severity, read, write

GRID = np.linspace(0.0, 100.0, 51)
TOLERANCES = ((1e-8, 1e-12), (1e-9, 1e-15), (1e-11, 1e-22))
"""Tried in turn, in both simulators: amounts in mole are as small as 1e-20, and some models amplify what a solver
leaves."""
REFERENCE = (1e-11, 1e-18)
"""For the third solver, SciPy's Radau."""

AGREEMENT = 1e-4
NEGLIGIBLE = 1e-15
"""Of the model's largest value: smaller ones are rounding errors of others."""
PERTURBATION = 1e-14
"""Relative, of parameters: some fifty times the rounding of a double."""
DRAWS = 5

Course = dict[str, np.ndarray]


class Verdict(StrEnum):
    """How the two compare, and what was found where they differ."""

    AGREE = "agree"
    NOT_READ = "not read"
    NO_STATE = "nothing is integrated"
    THEY_FAIL = "libRoadRunner fails"
    BOTH_FAIL = "both fail"
    MOMENTS = "libRoadRunner agrees once it is told the moments of events whose triggers hold for a moment only"
    THEY_ARE_OFF = "SciPy's Radau agrees with us"
    ILL_CONDITIONED = "rounding errors of the parameters change the result as much"
    WE_FAIL = "we fail"
    DIFFER = "differ"


FAILURES = (Verdict.WE_FAIL, Verdict.DIFFER)


@dataclass(frozen=True)
class Comparison:
    """What came of one model; `evidence` has the numbers."""

    name: str
    verdict: Verdict
    evidence: str

    def __str__(self) -> str:
        return f"{self.name}  {self.verdict}: {self.evidence}"


def compare(path: Path) -> Comparison:
    """Compares one file."""
    import roadrunner

    torch.set_num_threads(1)
    roadrunner.Logger.disableLogging()
    result = read(path)
    if result.network is None:
        error = next(i for i in result.issues if i.severity is Severity.ERROR)
        return Comparison(path.stem, Verdict.NOT_READ, f"{error.message} [{error.code}]")
    verdict, evidence = _judge(result.network)
    return Comparison(path.stem, verdict, evidence)


def lost(path: Path, reason: str) -> Comparison:
    """The comparison that came to no end."""
    return Comparison(path.stem, Verdict.WE_FAIL, reason)


def _judge(network: Network) -> tuple[Verdict, str]:
    model = sg.compile(network)
    names = list(dict.fromkeys((*model.system.amounts, *model.state_ids)))
    if not names:
        return Verdict.NO_STATE, "no species and no rate"
    differences = []
    for rtol, atol in TOLERANCES:
        ours, status = course(model, names, "auto", rtol, atol)
        try:
            theirs, _ = simulate_in_roadrunner(network.source or "", GRID, names, rtol=rtol, atol=atol)
        except CrosscheckError as error:
            if differences:  # that one of the two fails at tighter tolerances settles nothing
                break
            verdict = Verdict.THEY_FAIL if status is Status.SUCCESS else Verdict.BOTH_FAIL
            return verdict, f"{str(error)[:120]}; here: {status.name}"
        if status is not Status.SUCCESS:
            if differences:
                break
            return Verdict.WE_FAIL, status.message
        differences.append(worst(ours, theirs))
        if differences[-1][0] <= AGREEMENT:
            return Verdict.AGREE, f"to {differences[-1][0]:.0e} at rtol {rtol:g}"
    return _settle(network, model, names, min(differences))


def _settle(network: Network, model: Model, names: list[str], least: tuple[float, str]) -> tuple[Verdict, str]:
    """Who is right where the two differ."""
    told = f"{least[1]} differs by {least[0]:.1e}"
    rtol, atol = TOLERANCES[1]
    ours, _ = course(model, names, "auto", rtol, atol)
    moments = _moments(network, model)
    if moments:
        grid = np.unique([*GRID, *(time for times in moments.values() for time in times)])
        theirs, _ = simulate_in_roadrunner(write(_scheduled(network, moments)), grid, names, rtol=rtol, atol=atol)
        found = worst(ours, {name: values[np.searchsorted(grid, GRID)] for name, values in theirs.items()})
        if found[0] <= AGREEMENT:
            return Verdict.MOMENTS, f"{told}; then to {found[0]:.0e}"
    spread = max(worst(_perturbed(model, names, seed), ours) for seed in range(DRAWS))
    if spread[0] > AGREEMENT:
        return Verdict.ILL_CONDITIONED, f"{told}; {spread[1]} by {spread[0]:.0e} for parameters {PERTURBATION:g} off"
    third, status = course(model, names, "Radau", *REFERENCE)
    found = worst(ours, third)
    if status is Status.SUCCESS and found[0] <= AGREEMENT:
        return Verdict.THEY_ARE_OFF, f"{told}; Radau at {REFERENCE[0]:g} by {found[0]:.0e}"
    return Verdict.DIFFER, f"{told}; Radau by {found[0]:.0e}"


def worst(ours: Course, theirs: Course) -> tuple[float, str]:
    """Largest relative difference, and of what; relative to 1e-6 of a variable's largest value where it is less."""
    largest = max(float(np.nanmax(np.abs(v), initial=0.0)) for v in theirs.values())
    found = (0.0, "")
    for name, expected in theirs.items():
        own = float(np.nanmax(np.abs(expected), initial=0.0))
        scale = np.maximum(np.abs(expected), max(1e-6 * own, NEGLIGIBLE * largest, 1e-300))
        off = np.where(np.isnan(ours[name]) & np.isnan(expected), 0.0, np.abs(ours[name] - expected) / scale)
        found = max(found, (float(np.nan_to_num(off, nan=np.inf).max()), name))
    return found


def course(
    model: Model, names: list[str], method: str, rtol: float, atol: float, parameters: torch.Tensor | None = None
) -> tuple[Course, Status]:
    """Our time course on `GRID`."""
    with torch.no_grad():
        solution = sg.simulate(model, GRID, parameters, method, rtol, atol, max_steps=1_000_000)
    frame = solution.to_dataframe(names)
    return {name: frame[name].to_numpy() for name in names}, solution.status[0]


def _perturbed(model: Model, names: list[str], seed: int) -> Course:
    p = model.parameters_default
    factors = 1 + PERTURBATION * np.random.default_rng(seed).uniform(-1, 1, len(p))
    return course(model, names, "auto", *TOLERANCES[1], p * torch.tensor(factors))[0]


def _moments(network: Network, model: Model) -> dict[int, list[float]]:
    """When, in our simulation, events with an equality in their trigger were triggered, by their position."""
    momentary = {
        i
        for i, e in enumerate(e for e in network.events if e.trigger is not None)
        if any(n.op in ("eq", "neq") for n in postorder([model.system.transitions[i].trigger]))
    }
    p = model.parameters_default
    start, rtol, atol = model.initial(p)[None].numpy(), *TOLERANCES[1]
    bound = np.full(start.shape, atol)
    *_, (log,) = hybrid(model.system, start, p[None].numpy(), GRID, "auto", rtol, bound, 1_000_000, 0, record=True)
    moments: dict[int, list[float]] = {}
    for entry in log:
        if isinstance(entry, Triggered) and entry.event in momentary:
            moments.setdefault(entry.event, []).append(entry.time)
    return moments


def _scheduled(network: Network, moments: dict[int, list[float]]) -> Network:
    """The network with each occurrence of a momentary event as an event of its own, triggered by the time."""
    events: list[Event] = []
    for i, event in enumerate(e for e in network.events if e.trigger is not None):
        if i not in moments:
            events.append(event)
            continue
        for k, time in enumerate(moments[i]):
            trigger = relation("geq", TIME, constant(time))
            events.append(replace(event, id=f"moment_{i}_{k}", trigger=trigger, initial_value=time > 0))
    return replace(network, events=tuple(events), source=None, flat_source=None)
