"""d(final state)/d(parameters) of one BioModel against central differences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch

import sbmlgrn as sg
from sbmlgrn.backends.torch import Model
from sbmlgrn.network import Network
from sbmlgrn.sbml import read

ENDS = (100.0, 10.0, 1.0)
"""Times of the final state: the first at which there is something to compare."""
PARAMETERS = 5
CANDIDATES = 60
"""Parameters, evenly spaced in the model's own order, among which those of the largest effect are looked for."""
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
"""Relative; a difference quotient counts where two of these in a row agree to `CONVERGED`."""
TIGHT = (1e-11, 1e-16)
"""Tolerances of the differences."""
TOLERANCES = (1e-10, 1e-14)
"""Of the gradients."""
SMALLEST = 1e-30
"""States that stay smaller do not determine the unit of absolute tolerances."""

KINK = 1e-2
"""By how much quotients to either side may differ, relative; further apart, there is a jump or a kink between them."""

AGREEMENT = 1e-4
CONVERGED = 1e-5
FLOOR = 1e-3
"""Of a parameter's largest effect: smaller ones are compared on that scale."""
MOST_STEPS = 300_000
WEIGHTS = 8
"""Random sums of the final states that are differentiated where there are more states than that."""


class Verdict(StrEnum):
    """How gradients and differences compare."""

    AGREE = "agree"
    AGREE_BY_RODAS5P = "agree by rodas5p"
    DIFFER = "differ"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Comparison:
    """What came of one model.

    Attributes:
        error: largest difference, relative.
        compared, not_converged: entries of the Jacobian; the second kind have no reference.
    """

    name: str
    verdict: Verdict
    detail: str
    error: float = np.nan
    compared: int = 0
    not_converged: int = 0

    def __str__(self) -> str:
        told = f"{self.error:.0e} over {self.compared} entries, {self.not_converged} without a reference; "
        return f"{self.name}  {self.verdict}: {told if self.compared else ''}{self.detail}"


def changes_by_itself(path: Path) -> bool:
    """Whether a model has events or rules."""
    network = read(path).network
    return network is not None and bool(network.events or network.rules)


def lost(path: Path, reason: str) -> Comparison:
    """The comparison that came to no end."""
    return Comparison(path.stem, Verdict.SKIPPED, reason)


def compare(path: Path) -> Comparison:
    """Compares one file."""
    torch.set_num_threads(1)
    network = read(path).network
    assert network is not None
    model = sg.compile(network)
    reason = _unfit(network, model)
    if reason:
        return Comparison(path.stem, Verdict.SKIPPED, reason)
    reasons = []
    for end in ENDS:
        comparison = _compare_at(model, path.stem, end)
        if comparison.verdict is not Verdict.SKIPPED:
            return comparison
        reasons.append(f"{comparison.detail} at {end:g}")
    return Comparison(path.stem, Verdict.SKIPPED, "; ".join(reasons))


def _compare_at(model: Model, name: str, end: float) -> Comparison:
    found = _scale(model, end)
    if isinstance(found, str):
        return Comparison(name, Verdict.SKIPPED, found)
    scale, unit = found
    chosen = _influential(model, scale, end)
    if not chosen:
        return Comparison(name, Verdict.SKIPPED, "no parameter matters")
    weights = _weights(len(scale)) / scale
    reference, converged, floor = _reference(*_differences(model, chosen, weights, unit, end))
    if not converged.any():
        return Comparison(name, Verdict.SKIPPED, "no difference quotient converges")
    ids, verdict = [model.parameter_ids[i] for i in chosen], Verdict.AGREE
    errors = _errors(_gradient(model, chosen, weights, unit, end, "auto"), reference, converged, floor)
    if errors.max() > AGREEMENT:
        verdict = Verdict.AGREE_BY_RODAS5P
        errors = _errors(_gradient(model, chosen, weights, unit, end, "rodas5p"), reference, converged, floor)
    if errors.max() > AGREEMENT:
        verdict = Verdict.DIFFER
        ids = [name for name, row in zip(ids, errors, strict=True) if row.max() > AGREEMENT]
    detail = ", ".join(ids) if end == ENDS[0] else f"{', '.join(ids)}, at {end:g}"
    return Comparison(name, verdict, detail, float(errors.max()), int(converged.sum()), int((~converged).sum()))


def _scale(model: Model, end: float) -> tuple[np.ndarray, float] | str:
    """How large states become, and the unit of absolute tolerances; or why there is no trajectory.

    The unit is the size of the state that stays smallest, or of a larger one if rounding errors are too large for it.
    """
    grid, p = np.linspace(0, end, 51), model.parameters_default
    with torch.no_grad():
        solution = sg.simulate(model, grid, p, "auto", 1e-8, 1e-12, max_steps=MOST_STEPS)
        if not solution.success:
            return f"no trajectory: {solution.status[0].name}"
        scale = solution.states.abs().amax(0).numpy()
        sizes = scale[scale > SMALLEST] if (scale > SMALLEST).any() else np.ones(1)
        scale[scale == 0] = 1.0
        for unit in (min(1.0, sizes.min()), *np.quantile(sizes, (0.25, 0.5, 1.0))):
            solution = sg.simulate(model, grid, p, "auto", TIGHT[0], TIGHT[1] * unit, max_steps=MOST_STEPS)
            if solution.success:
                return scale, float(unit)
    return f"no trajectory at tight tolerances: {solution.status[0].name}"


def _unfit(network: Network, model: Model) -> str:
    if model.system.delays:
        return "delays have no gradients"
    return "" if model.state_ids else "nothing is integrated"


def _influential(model: Model, scale: np.ndarray, end: float) -> list[int]:
    """Of the candidates the parameters on which the final state depends most, by a step of 0.1 %."""
    p = model.parameters_default
    usable = [i for i, value in enumerate(p.tolist()) if np.isfinite(value) and value != 0]
    if len(usable) > CANDIDATES:
        usable = [usable[k] for k in np.linspace(0, len(usable) - 1, CANDIDATES).astype(int)]
    rows = p.repeat(len(usable) + 1, 1)
    for row, i in zip(rows, usable, strict=False):
        row[i] *= 1.001
    with torch.no_grad():
        solution = sg.simulate(model, [0.0, end], rows, "auto", 1e-8, 1e-13, max_steps=MOST_STEPS)
    final = solution.states[:, -1].numpy()
    effects = np.nan_to_num(np.abs((final[:-1] - final[-1]) / scale).max(1))
    order = np.argsort(-effects, kind="stable")[:PARAMETERS]
    return [usable[k] for k in order if effects[k] > 1e-7]


def _weights(states: int) -> np.ndarray:
    if states <= WEIGHTS:
        return np.eye(states)
    return np.random.default_rng(0).choice([-1.0, 1.0], (WEIGHTS, states))


def _differences(
    model: Model, chosen: list[int], weights: np.ndarray, unit: float, end: float
) -> tuple[np.ndarray, np.ndarray]:
    """Central difference quotients ``[parameter, step, weighted sum]`` per relative change of the parameter, and half
    of what those to either side differ by."""
    p = model.parameters_default
    rows = p.repeat(len(chosen) * len(STEPS) * 2 + 1, 1)
    moved = rows[1:].reshape(len(chosen), len(STEPS), 2, -1)
    for k, i in enumerate(chosen):
        for s, step in enumerate(STEPS):
            moved[k, s, 0, i] *= 1 + step
            moved[k, s, 1, i] *= 1 - step
    with torch.no_grad():
        solution = sg.simulate(model, [0.0, end], rows, "auto", TIGHT[0], TIGHT[1] * unit, max_steps=MOST_STEPS)
    sums = solution.states[:, -1].numpy() @ weights.T
    there = sums[1:].reshape(len(chosen), len(STEPS), 2, -1)
    widths = np.stack([(moved[k, :, 0, i] - moved[k, :, 1, i]).numpy() for k, i in enumerate(chosen)])
    factor = (p[chosen].abs().numpy()[:, None] / widths)[:, :, None]
    return (there[:, :, 0] - there[:, :, 1]) * factor, (there[:, :, 0] + there[:, :, 1] - 2 * sums[0]) * factor


def _reference(quotients: np.ndarray, bends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The quotient that two steps agree on best, whether they agree, and the scale ``[parameter, weighted sum]``.

    Once quotients move apart again, rounding errors have taken over, and where they meet later is chance.
    """
    size = np.nan_to_num(np.median(np.abs(quotients), 1))
    floor = np.maximum(np.maximum(size, FLOOR * size.max(1, keepdims=True)), 1e-300)
    apart = np.nan_to_num(np.abs(np.diff(quotients, axis=1)) / floor[:, None], nan=np.inf)
    closer = np.logical_and.accumulate(apart[:, 1:] <= apart[:, :-1], axis=1)
    apart[:, 1:][~closer] = np.inf
    best = apart.argmin(1)[:, None]
    reference = np.take_along_axis(quotients[:, 1:], best, 1)[:, 0]
    smooth = np.nan_to_num(np.abs(bends), nan=np.inf).min(1) <= KINK * floor
    return reference, smooth & (np.take_along_axis(apart, best, 1)[:, 0] <= CONVERGED), floor


def _errors(gradient: np.ndarray, reference: np.ndarray, converged: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Relative differences; infinite where the gradient is not finite, 0 where there is no reference."""
    return np.where(converged, np.nan_to_num(np.abs(gradient - reference) / floor, nan=np.inf), 0.0)


def _gradient(model: Model, chosen: list[int], weights: np.ndarray, unit: float, end: float, method: str) -> np.ndarray:
    """The same by automatic differentiation ``[parameter, weighted sum]``."""
    p = model.parameters_default
    leaves = {model.parameter_ids[i]: p[i].clone().requires_grad_() for i in chosen}
    solution = sg.simulate(model, [0.0, end], leaves, method, TOLERANCES[0], TOLERANCES[1] * unit, max_steps=MOST_STEPS)
    if not solution.success:
        return np.full((len(chosen), len(weights)), np.nan)
    sums = torch.tensor(weights) @ solution.states[-1]
    rows = [
        torch.autograd.grad(s, list(leaves.values()), retain_graph=True, allow_unused=True, materialize_grads=True)
        for s in sums
    ]
    return np.array([[g.item() for g in row] for row in rows]).T * p[chosen].abs().numpy()[:, None]
