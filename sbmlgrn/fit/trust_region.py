"""Many searches at once with a trust region and bounds, by gradient and Fisher information.

All searches propose a step, all proposals are evaluated together, and each search goes on or shortens its steps by
itself. In the quadratic model of the loss the Fisher information stands for the second derivatives, as Gauss and Newton
have it. A point without a finite loss is not entered; the step there is taken back and the radius reduced.

Sources: J. J. Moré and D. C. Sorensen, "Computing a trust region step", SIAM J. Sci. Stat. Comput. 4, 553-572 (1983),
for the step and the radius; active bounds after D. P. Bertsekas, "Projected Newton methods for optimization problems
with simple constraints", SIAM J. Control Optim. 20, 221-246 (1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sbmlgrn.fit.problem import Evaluation
from sbmlgrn.fit.result import FitStatus

_LONGEST: Final = 1.0
_SHORTEST: Final = 1e-7
_PATIENCE: Final = 20
"""Iterations over which the loss must fall by a hundred times the tolerance for a search to go on."""
_SHRINK: Final = 0.25
_FLAT: Final = 1e-10
"""Least damping, relative to the largest eigenvalue: of equivalent steps, along directions about which the data say
nothing, the shortest is taken."""
_SMALLEST_SHARE: Final = 1e-6
_HELD_OUT_PATIENCE: Final = 6


@dataclass(eq=False)
class Searches:
    """The state of all searches, one a row.

    Attributes:
        unit: best points ``[search, parameter]`` in the unit cube.
        loss: loss there ``[search]``; infinite where the start was not usable.
        gradient: its derivatives ``[search, parameter]``.
        curvature: Fisher information ``[search, parameter, parameter]``.
        radius: length of the longest step ``[search]``.
        status: why a search ended ``[search]``; ``None`` while it goes on.
        iterations: steps tried ``[search]``.
        evaluations: of the loss, over all searches.
    """

    unit: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray
    radius: np.ndarray
    status: list[FitStatus | None]
    iterations: np.ndarray
    evaluations: int

    @property
    def active(self) -> list[int]:
        """Which searches go on."""
        return [i for i, status in enumerate(self.status) if status is None]


def begin(unit: np.ndarray, found: Evaluation, radius: float) -> Searches:
    """Searches that begin at `unit` ``[search, parameter]``, where `found` was found."""
    usable = found.usable
    return Searches(
        unit.copy(),
        np.where(usable, found.loss, np.inf),
        np.where(usable[:, None], found.gradient, 0.0),
        np.where(usable[:, None, None], found.curvature, 0.0),
        np.full(len(unit), radius),
        [None if ok else FitStatus.NOT_FINITE for ok in usable],
        np.zeros(len(unit), dtype=int),
        len(unit),
    )


def trust_region(
    evaluate: Callable[[np.ndarray, list[int]], Evaluation],
    searches: Searches,
    *,
    max_iterations: int,
    tolerance: float = 1e-6,
    movable: np.ndarray | None = None,
    held_out: Callable[[np.ndarray], np.ndarray | None] | None = None,
    on_iteration: Callable[[Searches], None] | None = None,
) -> None:
    """Carries `searches` on until each has converged, is stuck, or has made `max_iterations` steps.

    Args:
        evaluate: loss, gradient and curvature at points of the unit cube ``[point, parameter]``, which belong to the
            searches whose numbers it is told.
        searches: where they stand; brought up to date.
        max_iterations: most steps of a search.
        tolerance: a search has converged when no step promises to lower its loss by more. The unit is that of the
            loss; for a negative log-likelihood 1e-6 is far below what matters statistically.
        movable: which parameters may move ``[search, parameter]``; all if not given.
        held_out: another loss ``[point]`` at points of the unit cube. A search then ends at the point where that one
            was least, as soon as it has not fallen for some steps.
        on_iteration: called after each round. What it raises ends the searches and goes to the caller.
    """
    may_move = np.ones(searches.unit.shape, dtype=bool) if movable is None else movable
    judge = _Judge(searches, held_out)
    trail: list[list[float]] = [[loss] for loss in searches.loss]
    while searches.active:
        proposed: list[int] = []
        steps, promises = [], []
        for i in searches.active:
            if searches.iterations[i] >= max_iterations:
                searches.status[i] = FitStatus.ITERATION_LIMIT
                continue
            step, promise = bounded_step(
                searches.gradient[i], searches.curvature[i], searches.unit[i], searches.radius[i], may_move[i]
            )
            if promise <= tolerance and np.linalg.norm(step) < 0.99 * searches.radius[i]:
                searches.status[i] = FitStatus.CONVERGED
                continue
            proposed.append(i)
            steps.append(step)
            promises.append(promise)
        if not proposed:
            break
        trials = np.clip(searches.unit[proposed] + np.array(steps), 0.0, 1.0)
        found = evaluate(trials, proposed)
        searches.evaluations += len(proposed)
        accepted = [
            i for j, i in enumerate(proposed) if _decide(searches, i, trials[j], steps[j], promises[j], found, j)
        ]
        for i in proposed:
            searches.iterations[i] += 1
            trail[i].append(float(searches.loss[i]))
            slow = len(trail[i]) > _PATIENCE and trail[i][-1 - _PATIENCE] - trail[i][-1] < 100 * tolerance
            if searches.status[i] is None and (slow or searches.radius[i] < _SHORTEST):
                searches.status[i] = FitStatus.STALLED
        judge.look(accepted)
        if on_iteration is not None:
            on_iteration(searches)
    judge.settle()


def _decide(
    searches: Searches, i: int, trial: np.ndarray, step: np.ndarray, promise: float, found: Evaluation, j: int
) -> bool:
    """Takes the step of search `i`, which led to point `j` of `found`, or shortens the next one."""
    length = float(np.linalg.norm(step))
    if not found.usable[j]:
        searches.radius[i] = _SHRINK * length
        return False
    gain = (searches.loss[i] - found.loss[j]) / promise if promise > 0 else -1.0
    if gain < 0.25:
        searches.radius[i] = _SHRINK * length
    elif gain > 0.75 and length > 0.9 * searches.radius[i]:
        searches.radius[i] = min(2 * searches.radius[i], _LONGEST * np.sqrt(len(step)))
    if not found.loss[j] < searches.loss[i]:
        return False
    searches.unit[i], searches.loss[i] = trial, found.loss[j]
    searches.gradient[i], searches.curvature[i] = found.gradient[j], found.curvature[j]
    return True


class _Judge:
    """Remembers where the held-out loss of each search was least, and ends searches that leave such a place."""

    def __init__(self, searches: Searches, held_out: Callable[[np.ndarray], np.ndarray | None] | None) -> None:
        self._searches = searches
        self._held_out = held_out
        self._idle = np.zeros(len(searches.unit), dtype=int)
        self._least = np.full(len(searches.unit), np.inf)
        self._kept: dict[int, tuple[np.ndarray, ...]] = {}
        self.look(searches.active)

    def look(self, moved: list[int]) -> None:
        searches = self._searches
        if self._held_out is None or not moved:
            return
        losses = self._held_out(searches.unit[moved])
        if losses is None:
            return
        for i, loss in zip(moved, losses, strict=True):
            self._idle[i] += 1
            if loss < self._least[i]:
                self._least[i], self._idle[i] = loss, 0
                here = searches.unit[i], searches.loss[i], searches.gradient[i], searches.curvature[i]
                self._kept[i] = tuple(np.copy(v) for v in here)
            if searches.status[i] is None and self._idle[i] >= _HELD_OUT_PATIENCE:
                searches.status[i] = FitStatus.HELD_OUT

    def settle(self) -> None:
        searches = self._searches
        for i, (unit, loss, gradient, curvature) in self._kept.items():
            searches.unit[i], searches.loss[i] = unit, loss
            searches.gradient[i], searches.curvature[i] = gradient, curvature


def bounded_step(
    gradient: np.ndarray, curvature: np.ndarray, unit: np.ndarray, radius: float, movable: np.ndarray
) -> tuple[np.ndarray, float]:
    """A step ``[parameter]`` within the unit cube, no longer than `radius`, and by how much it should lower the loss.

    Levenberg's damping is what makes the step short enough where there are no bounds, and more if it must be.
    """
    step = np.zeros_like(unit)
    if not movable.any():
        return step, 0.0
    slope, bend = gradient[movable], curvature[np.ix_(movable, movable)]
    low, high = -unit[movable], 1.0 - unit[movable]
    damping = _damping(slope, bend, radius)
    while True:
        damped = bend + damping * np.eye(len(slope))
        found = _within(slope, damped, low, high)
        if np.linalg.norm(found) <= 1.01 * radius:
            break
        damping *= 2.0
    step[movable] = found
    return step, -float(slope @ found + 0.5 * found @ bend @ found)


def _damping(gradient: np.ndarray, curvature: np.ndarray, radius: float) -> float:
    """The damping with which the minimum of the quadratic model is at most `radius` away, to 1 %."""
    eigenvalues, vectors = np.linalg.eigh(curvature)
    along, raised = vectors.T @ gradient, np.maximum(eigenvalues, 0.0)
    norm = float(np.linalg.norm(along))
    least = _FLAT * float(raised[-1])

    def length(damping: float) -> float:
        return float(np.linalg.norm(along / (raised + damping)))

    if norm == 0 or (least > 0 and length(least) <= radius):
        return max(least, np.finfo(float).tiny)
    low, high = max(least, 1e-16 * norm / radius), norm / radius
    for _ in range(60):
        middle = math.sqrt(low * high)
        reached = length(middle)
        if abs(reached - radius) < 0.01 * radius:
            return middle
        low, high = (middle, high) if reached > radius else (low, middle)
    return high


def _within(gradient: np.ndarray, curvature: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The minimum of the quadratic model between bounds, by projected steps of Newton (Bertsekas 1982)."""
    at = np.zeros_like(gradient)
    for _ in range(4 * len(at) + 10):
        slope = gradient + curvature @ at
        free = ~(((at <= low) & (slope > 0)) | ((at >= high) & (slope < 0)))
        if not free.any() or not slope[free].any():
            break
        newton = np.zeros_like(at)
        newton[free] = -np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
        share, moved = 1.0, np.clip(at + newton, low, high) - at
        while share > _SMALLEST_SHARE and slope @ moved + 0.5 * moved @ curvature @ moved > 1e-4 * slope @ moved:
            share *= 0.5
            moved = np.clip(at + share * newton, low, high) - at
        at = at + moved
        rest = gradient + curvature @ at
        released = ((at <= low) & (rest < 0)) | ((at >= high) & (rest > 0))
        if np.abs(moved).max() <= 1e-12 or (np.array_equal(moved, newton) and not released.any()):
            break
    return np.clip(at, low, high)
