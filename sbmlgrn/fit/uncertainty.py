"""How well data determine parameters: standard errors, intervals, and what they leave open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from scipy import stats

from sbmlgrn.fit.parameters import ParameterBox
from sbmlgrn.fit.problem import Evaluation, Problem

_SLIGHT: Final = 1e-14
"""Smallest eigenvalue of the Fisher information that counts, relative to the largest."""
_OPEN: Final = 0.5
"""A direction is open if its standard error is as large, in ranges of the bounds."""
_NAMED: Final = 0.25
"""Parts of a direction that are told, relative to the largest."""
_EDGE: Final = 1e-6


@dataclass(frozen=True)
class Estimate:
    """One fitted parameter.

    Attributes:
        id: its name.
        value: best value, in its own unit.
        initial: value of the model that went in.
        lower, upper, scale: its bounds.
        standard_error: in its own unit; infinite where the data leave it open, ``None`` at a bound.
        interval: of the level asked for, on the parameter's scale; an end beyond a bound is ``None``.
        at_bound: which bound it ended at, in words; empty if at none.
    """

    id: str
    value: float
    initial: float
    lower: float
    upper: float
    scale: Literal["log", "linear"]
    standard_error: float | None
    interval: tuple[float | None, float | None]
    at_bound: str


def degrees_of_freedom(problem: Problem) -> int | None:
    """Measurements beyond what is estimated from them, where the noise is estimated too; ``None`` if it is known."""
    if problem.knows_noise:
        return None
    return problem.measurements - len(problem.box.ids) - problem.estimated_aside


def estimates(
    problem: Problem, unit: np.ndarray, curvature: np.ndarray, level: float
) -> tuple[tuple[Estimate, ...], np.ndarray]:
    """Parameters with errors and intervals by the Fisher information, and the covariance in the unit cube.

    Where the noise was estimated, intervals are those of Student's distribution.

    Args:
        problem: what was fitted.
        unit: the optimum ``[parameter]``.
        curvature: Fisher information there ``[parameter, parameter]``, with the noise estimated without bias.
        level: of the intervals.
    """
    box = problem.box
    values = box.from_unit(torch.as_tensor(unit))
    slopes = box.slopes(values).numpy()
    free = (unit > _EDGE) & (unit < 1 - _EDGE)
    degrees = degrees_of_freedom(problem)
    covariance = np.full(curvature.shape, np.nan)
    if free.any():
        covariance[np.ix_(free, free)] = _inverse(curvature[np.ix_(free, free)])
    if degrees is not None and degrees < 1:
        covariance *= math.inf
    errors = np.sqrt(np.diagonal(covariance))
    reach = quantile(level, degrees) * errors
    bounds = {name: text for text in box.at_bounds(values, _EDGE) for name in [text.split(" at its ")[0]]}

    def end(i: int, at: float) -> float | None:
        if not 0 <= at <= 1:
            return None
        point = unit.copy()
        point[i] = at
        return float(box.from_unit(torch.as_tensor(point))[i])

    found = []
    for i, p in enumerate(box.parameters):
        error = float(errors[i] * slopes[i]) if free[i] else None
        interval = (end(i, unit[i] - reach[i]), end(i, unit[i] + reach[i])) if free[i] else (None, None)
        found.append(
            Estimate(
                p.id,
                float(values[i]),
                float(problem.start[i]),
                p.lower,
                p.upper,
                p.scale,
                error,
                interval,
                bounds.get(p.id, "").removeprefix(f"{p.id} at its ") if not free[i] else "",
            )
        )
    return tuple(found), covariance


def quantile(level: float, degrees: int | None) -> float:
    """How many standard errors an interval of this level reaches to either side."""
    if degrees is None:
        return float(stats.norm.ppf(0.5 + 0.5 * level))
    return float(stats.t.ppf(0.5 + 0.5 * level, degrees)) if degrees > 0 else math.inf


def _inverse(curvature: np.ndarray) -> np.ndarray:
    """The inverse, with variances that are infinite for all purposes where the curvature is flat."""
    size = np.sqrt(np.maximum(np.diagonal(curvature), 0.0))
    size = np.where(size > 0, size, 1.0)
    eigenvalues, vectors = np.linalg.eigh(curvature / np.outer(size, size))
    raised = np.maximum(eigenvalues, _SLIGHT * max(float(eigenvalues[-1]), 1e-300))
    return (vectors / raised) @ vectors.T / np.outer(size, size)


def idle_parameters(found: Evaluation, box: ParameterBox) -> tuple[str, ...]:
    """Parameters on which the loss does not depend at any of the points of `found`."""
    diagonals = np.diagonal(found.curvature, axis1=1, axis2=2)[found.usable]
    return tuple(name for name, column in zip(box.ids, diagonals.T, strict=True) if not column.any())


def flat_directions(box: ParameterBox, unit: np.ndarray, curvature: np.ndarray) -> list[str]:
    """What the data leave open, in words: parameters, or combinations of them, that hardly change the fit.

    Args:
        box: the parameters.
        unit: the optimum ``[parameter]`` in the unit cube.
        curvature: Fisher information there ``[parameter, parameter]``.
    """
    free = np.flatnonzero((unit > _EDGE) & (unit < 1 - _EDGE))
    if not len(free):
        return []
    eigenvalues, vectors = np.linalg.eigh(curvature[np.ix_(free, free)])
    told = []
    for value, vector in zip(eigenvalues, vectors.T, strict=True):
        if value * _OPEN**2 > 1:
            continue
        largest = int(np.argmax(np.abs(vector)))
        parts = sorted(
            np.flatnonzero(np.abs(vector) >= _NAMED * np.abs(vector[largest])), key=lambda i: -abs(vector[i])
        )
        named = [box.parameters[free[i]] for i in parts]
        if len(named) == 1:
            told.append(f"{named[0].id} is not determined: the data fit equally well over most of its range")
            continue
        rise = [p.id for p, i in zip(named, parts, strict=True) if vector[i] * vector[largest] > 0]
        fall = [p.id for p, i in zip(named, parts, strict=True) if vector[i] * vector[largest] < 0]
        other = f" while {_listed(fall)} {'falls' if len(fall) == 1 else 'fall'}" if fall else ""
        told.append(
            f"{_listed([p.id for p in named])} are not determined separately: the fit hardly changes when "
            f"{_listed(rise)} {'rises' if len(rise) == 1 else 'rise together'}{other}"
        )
    return told


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
