"""Profile likelihoods: how good the best fit is when one parameter is held at other values.

Source: A. Raue, C. Kreutz, T. Maiwald, J. Bachmann, M. Schilling, U. Klingmüller and J. Timmer, "Structural and
practical identifiability analysis of partially observed dynamical models by exploiting the profile likelihood",
Bioinformatics 25, 1923-1929 (2009).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from sbmlgrn.fit.problem import Problem, in_unit_cube
from sbmlgrn.fit.trust_region import begin, trust_region
from sbmlgrn.fit.uncertainty import degrees_of_freedom, quantile

_STEPS: Final = 24
"""Most points on either side of the optimum."""
_FIRST: Final = 0.4
"""Where the first point lies, in the half width of the interval that the Fisher information expects."""
_FARTHEST: Final = 0.1
"""Longest stride, in ranges of the bounds."""
_CLOSE: Final = 0.02
"""The end of an interval is found where the root of the rise of the loss is as near, relatively, to its threshold."""
_ITERATIONS: Final = 30


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of one parameter.

    Attributes:
        values: of the parameter, ascending ``[point]``, in its own unit; the best one is among them.
        losses: the least loss with the parameter held there ``[point]``, with the noise known.
        threshold: rise of the loss above the optimum at which the interval ends.
        interval: values where it does; ``None`` where the profile stays below the threshold up to the bound.
        fall: by how much the least loss that was met lies below the optimum; 0 if it was the optimum indeed.
    """

    values: np.ndarray
    losses: np.ndarray
    threshold: float
    interval: tuple[float | None, float | None]
    fall: float


@dataclass(eq=False)
class _Walk:
    """One side of one profile: points away from the optimum, each its coordinate, the root of the rise, and all others.

    The root of the rise of the loss is nearly proportional to the distance, so that the next point is where a straight
    line through the last one and the optimum, or the bracket, meets the threshold.
    """

    parameter: int
    sign: int
    start: float
    root: float
    points: list[tuple[float, float, np.ndarray]]
    stride: float
    done: bool = False
    end: float | None = None
    lowest: float = 0.0

    def proposal(self) -> float:
        """Coordinate of the next point."""
        inside, outside = self._bracket()
        if outside is None:
            far = inside[0] + self.sign * min(self.stride, _FARTHEST)
            return min(max(far, 0.0), 1.0)
        share = (self.root - inside[1]) / (outside[1] - inside[1]) if math.isfinite(outside[1]) else 0.5
        return inside[0] + min(max(share, 0.05), 0.95) * (outside[0] - inside[0])

    def take(self, at: float, rise: float, unit: np.ndarray) -> None:
        """Notes what was found there."""
        height = math.sqrt(max(rise, 0.0))
        self.points.append((at, height, unit))
        self.lowest = min(self.lowest, rise)
        if abs(height - self.root) < _CLOSE * self.root:
            self.done, self.end = True, at
        elif height < self.root and at in (0.0, 1.0):
            self.done = True
        elif len(self.points) > _STEPS:
            inside, outside = self._bracket()
            self.done, self.end = True, None if outside is None else 0.5 * (inside[0] + outside[0])
        gone = abs(at - self.start)
        self.stride = max(min(gone * (self.root / max(height, 1e-3) - 1), 2 * gone), 0.25 * gone)

    def _bracket(self) -> tuple[tuple[float, float], tuple[float, float] | None]:
        ordered = sorted([(self.start, 0.0), *((at, height) for at, height, _ in self.points)], key=self._distance)
        inside = ordered[0]
        for point in ordered[1:]:
            if point[1] > self.root:
                return inside, point
            inside = point
        return inside, None

    def _distance(self, point: tuple[float, float]) -> float:
        return abs(point[0] - self.start)

    def nearest(self, at: float, optimum: np.ndarray) -> np.ndarray:
        """Where the other parameters were at the nearest point."""
        known = [(self.start, 0.0, optimum), *self.points]
        return min(known, key=lambda point: abs(point[0] - at))[2]


def profile(
    problem: Problem,
    unit: np.ndarray,
    covariance: np.ndarray,
    names: Sequence[str],
    level: float,
    on_round: Callable[[int, int], None] | None = None,
) -> dict[str, Profile]:
    """Profiles parameters, both sides of all of them at once.

    Where the noise was estimated it is kept at that estimate, freed of bias, and the threshold is Student's: for linear
    models this is the F-test. With the noise estimated anew at each point, intervals would be too short.

    Args:
        problem: what was fitted.
        unit: the optimum ``[parameter]`` in the unit cube.
        covariance: there ``[parameter, parameter]``, which says where to look first.
        names: which parameters.
        level: of the intervals.
        on_round: told how many sides are done, and of how many.
    """
    reach = quantile(level, degrees_of_freedom(problem))
    threshold, root = 0.5 * reach**2, reach / math.sqrt(2)
    settled = problem.with_noise_at(problem.box.from_unit(torch.as_tensor(unit)).numpy()) if names else problem
    best = begin(unit[None], in_unit_cube(settled, unit[None]), 0.1)
    trust_region(lambda points, _: in_unit_cube(settled, points), best, max_iterations=_ITERATIONS)
    unit, loss = best.unit[0], float(best.loss[0])
    walks = []
    for name in names:
        i = problem.box.ids.index(name)
        error = math.sqrt(covariance[i, i]) if covariance[i, i] >= 0 else math.inf
        first = _FIRST * min(error * math.sqrt(2 * threshold), 1.0)
        for sign in (-1, 1):
            at_bound = unit[i] <= 0 if sign < 0 else unit[i] >= 1
            walks.append(_Walk(i, sign, float(unit[i]), root, [], max(first, 1e-6), done=at_bound))
    while waiting := [walk for walk in walks if not walk.done]:
        at = [walk.proposal() for walk in waiting]
        starts = np.array([walk.nearest(place, unit) for walk, place in zip(waiting, at, strict=True)])
        movable = np.ones(starts.shape, dtype=bool)
        for row, (walk, place) in enumerate(zip(waiting, at, strict=True)):
            starts[row, walk.parameter], movable[row, walk.parameter] = place, False
        searches = begin(starts, in_unit_cube(settled, starts), 0.1)
        trust_region(
            lambda points, _: in_unit_cube(settled, points),
            searches,
            max_iterations=_ITERATIONS,
            tolerance=1e-4,
            movable=movable,
        )
        for row, (walk, place) in enumerate(zip(waiting, at, strict=True)):
            walk.take(place, float(searches.loss[row]) - loss, searches.unit[row])
        if on_round is not None:
            on_round(sum(walk.done for walk in walks), len(walks))
    return {name: _made(problem, walks[2 * k : 2 * k + 2], unit, loss, threshold) for k, name in enumerate(names)}


def _made(problem: Problem, sides: Sequence[_Walk], unit: np.ndarray, loss: float, threshold: float) -> Profile:
    i = sides[0].parameter

    def value(at: float) -> float:
        point = unit.copy()
        point[i] = at
        return float(problem.box.from_unit(torch.as_tensor(point))[i])

    points = [(float(unit[i]), 0.0)]
    points += [(at, height**2) for walk in sides for at, height, _ in walk.points if math.isfinite(height)]
    points.sort()
    low, high = (None if walk.end is None else value(walk.end) for walk in sides)
    losses = loss + np.array([rise for _, rise in points])
    fall = -min(walk.lowest for walk in sides)
    return Profile(np.array([value(at) for at, _ in points]), losses, threshold, (low, high), fall)
