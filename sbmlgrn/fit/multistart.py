"""`fit`: the best of many searches from starts all over the box, and how certain it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.fit.adam import run_adam
from sbmlgrn.fit.lbfgs import run_lbfgs
from sbmlgrn.fit.parameters import BoundsError
from sbmlgrn.fit.problem import Evaluation, Problem, in_unit_cube
from sbmlgrn.fit.profile import Profile, profile
from sbmlgrn.fit.progress import OnProgress, Progress
from sbmlgrn.fit.result import FitStatus
from sbmlgrn.fit.run import Run, Stopping
from sbmlgrn.fit.trust_region import Searches, begin, trust_region
from sbmlgrn.fit.uncertainty import Estimate, estimates, flat_directions, idle_parameters

OPTIMIZERS: Final = ("auto", "trust-region", "adam", "lbfgs")
_RADIUS: Final = 0.2
_LEARNING_RATE: Final = 0.02
_ROUNDS: Final = 8
"""How often starts that cannot be simulated are drawn again."""
_FALL: Final = 0.05
"""What a profile may find below the optimum without casting doubt on it."""
_SAME: Final = 1.0
"""A search reached the best optimum if its loss is not larger by more: that is a likelihood ratio of e."""

AnyProblem = TypeVar("AnyProblem", bound=Problem)


class FitError(ValueError):
    """A problem that cannot be fitted as it stands."""


@dataclass(frozen=True, eq=False)
class Start:
    """How one search went.

    Attributes:
        begun_at, values: parameters at its begin and end ``[parameter]``, in their own units.
        loss_before, loss: negative log-likelihood there; infinite if no start that can be simulated was found.
        status: why it ended.
        iterations: steps tried.
    """

    begun_at: np.ndarray
    values: np.ndarray
    loss_before: float
    loss: float
    status: FitStatus
    iterations: int


@dataclass(frozen=True, eq=False)
class Fit(Generic[AnyProblem]):
    """A fitted problem.

    Attributes:
        problem: what was fitted, without the parameters that turned out to have no effect.
        values: best parameters by name, in their own units.
        loss: negative log-likelihood at `values`.
        status: why the best search ended.
        message: the same for people.
        estimates: each parameter with bounds, standard error and interval.
        covariance: of the parameters in the coordinates of ``problem.box`` (unit cube) ``[parameter, parameter]``.
        starts: the searches, best first.
        agreeing: how many of them ended at the same loss as the best, within a likelihood ratio of e.
        profiles: profile likelihoods by parameter, where asked for.
        warnings: what to know before trusting the values.
        history: the progress reports.
        evaluations: simulations of all conditions.
        seconds: how long it took.
    """

    problem: AnyProblem
    values: dict[str, float]
    loss: float
    status: FitStatus
    message: str
    estimates: tuple[Estimate, ...]
    covariance: np.ndarray
    starts: tuple[Start, ...]
    agreeing: int
    profiles: dict[str, Profile]
    warnings: tuple[str, ...]
    history: tuple[Progress, ...]
    evaluations: int
    seconds: float


@dataclass
class _Books:
    """What is told meanwhile."""

    on_progress: OnProgress | None
    total: int = 0
    history: list[Progress] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    before: int = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def tell(self, stage: str, iteration: int, loss: float, values: dict[str, float], **metrics: float) -> None:
        self.history.append(
            Progress(stage, self.before + iteration, self.total, loss, metrics, values, elapsed=self.seconds)
        )
        if self.on_progress is not None:
            self.on_progress(self.history[-1])


def fit(
    problem: AnyProblem,
    starts: int = 20,
    optimizer: str = "auto",
    *,
    seed: int = 0,
    max_iterations: int = 100,
    windows: int = 1,
    profiles: Sequence[str] = (),
    level: float = 0.95,
    on_progress: OnProgress | None = None,
) -> Fit[AnyProblem]:
    """Finds the values of parameters that make the data most likely.

    Main arguments:
        problem: from `sbmlgrn.time_courses`, or built by hand (`sbmlgrn.fit.Problem`).
        starts: how many searches, all at once: the first from the model's own values, the others from a Latin hypercube
            over the bounds. A start that cannot be simulated is drawn anew.
        optimizer: ``"trust-region"``, which ``"auto"`` takes: second derivatives by the Fisher information;
            ``"adam"`` or ``"lbfgs"``: by gradient alone.
        on_progress: called after each round of steps. What it raises ends the fit and goes to the caller.

    Other Arguments:
        seed: of the starts.
        max_iterations: most steps of a search, in each window.
        windows: how many growing windows: the first searches see the beginning of the data alone, the last see all.
            Helps with oscillations, whose likelihood has many optima over many periods.
        profiles: parameters whose profile likelihood is computed.
        level: of the intervals.

    Raises:
        FitError: no start can be simulated; no parameter has an effect.
        ValueError: an unknown optimiser, a number of starts, windows or steps below 1, a level not between 0 and 1.
        BoundsError: a profile of something that is no parameter of the problem.
    """
    _check(problem, starts, optimizer, max_iterations, windows, profiles, level)
    books = _Books(on_progress, total=max_iterations * windows)
    begun, first = _usable_starts(problem, starts, seed)
    evaluations = len(begun)
    idle = idle_parameters(first, problem.box)
    warnings = [
        f"{name} has no effect on what was measured: it stays at {value:g}"
        for name, value in zip(problem.box.ids, problem.start.tolist(), strict=True)
        if name in idle
    ]
    if len(idle) == len(problem.box.ids):
        raise FitError(f"no parameter has an effect on what was measured: {', '.join(idle)}; let others move")
    if idle:
        kept = [i for i, name in enumerate(problem.box.ids) if name not in idle]
        problem, begun = problem.without(idle), begun[:, kept]
        first = in_unit_cube(problem, begun)
        evaluations += len(begun)
    searches = begin(begun, first, _RADIUS)
    for number, window in enumerate(problem.windows(windows)):
        stage = "fit" if windows == 1 else f"window {number + 1} of {windows}"
        if number or windows > 1:
            searches = _anew(window, searches)
        _search(window, searches, optimizer, max_iterations, seed, books, stage)
        books.before += max_iterations
    ended = _ended(problem, begun, first.loss, searches)
    best = int(np.argmin(searches.loss))
    unit = searches.unit[best]
    settled = problem.with_noise_at(problem.box.from_unit(torch.as_tensor(unit)).numpy())
    curvature = in_unit_cube(settled, unit[None]).curvature[0]
    found, covariance = estimates(problem, unit, curvature, level)
    warnings += flat_directions(problem.box, unit, curvature)
    warnings += [f"{e.id} ended at its bound: {e.at_bound}" for e in found if e.at_bound]
    wanted = [name for name in dict.fromkeys(profiles) if name not in idle]

    def tell_profile(done: int, total: int) -> None:
        books.tell("profile", 0, ended[0].loss, found_values, done=float(done), of=float(total))

    found_values = {e.id: e.value for e in found}
    curves = profile(problem, unit, covariance, wanted, level, tell_profile)
    better = [name for name, curve in curves.items() if curve.fall > _FALL]
    if better:
        warnings.append(f"the profile of {', '.join(better)} found a better fit than the searches did: use more starts")
    agreeing = sum(start.loss <= ended[0].loss + _SAME for start in ended)
    if starts > 1 and agreeing == 1:
        warnings.append("only one search found the best fit; more starts might find a better one")
    return Fit(
        problem=problem,
        values=found_values,
        loss=ended[0].loss,
        status=ended[0].status,
        message=_message(ended[0], agreeing, len(ended), max_iterations),
        estimates=found,
        covariance=covariance,
        starts=ended,
        agreeing=agreeing,
        profiles=curves,
        warnings=tuple(warnings),
        history=tuple(books.history),
        evaluations=evaluations + searches.evaluations,
        seconds=books.seconds,
    )


def _check(
    problem: Problem,
    starts: int,
    optimizer: str,
    max_iterations: int,
    windows: int,
    profiles: Sequence[str],
    level: float,
) -> None:
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"unknown optimiser {optimizer!r}; choose one of {', '.join(OPTIMIZERS)}")
    for name, value in (("starts", starts), ("max_iterations", max_iterations), ("windows", windows)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    if not 0 < level < 1:
        raise ValueError(f"the level of the intervals is {level:g}; it must lie between 0 and 1, such as 0.95")
    for name in profiles:
        if name not in problem.box.ids:
            raise BoundsError(f"no profile of {name!r}: it is not fitted; fitted are {', '.join(problem.box.ids)}")


def _usable_starts(problem: Problem, count: int, seed: int) -> tuple[np.ndarray, Evaluation]:
    """Starts ``[start, parameter]`` in the unit cube, and what is found there."""
    box = problem.box
    unit = box.to_unit(box.latin_hypercube(count, seed)).numpy()
    unit[0] = box.to_unit(torch.as_tensor(problem.start)).numpy()
    found = in_unit_cube(problem, unit)
    own = found.reasons[0]
    for attempt in range(1, _ROUNDS + 1):
        lost = np.flatnonzero(~found.usable)
        if not len(lost):
            break
        again = box.to_unit(box.latin_hypercube(len(lost), seed + 7919 * attempt)).numpy()
        unit[lost] = again
        found = _merged(found, in_unit_cube(problem, again), lost)
    if not found.usable.any():
        raise FitError(
            f"none of {count * (_ROUNDS + 1)} starts can be simulated. At the model's own values: "
            f"{own or 'the loss is not finite'}. Otherwise narrow the bounds"
        )
    return unit, found


def _merged(old: Evaluation, new: Evaluation, places: np.ndarray) -> Evaluation:
    loss, gradient, curvature, reasons = old.loss.copy(), old.gradient.copy(), old.curvature.copy(), list(old.reasons)
    loss[places], gradient[places], curvature[places] = new.loss, new.gradient, new.curvature
    for place, reason in zip(places, new.reasons, strict=True):
        reasons[place] = reason
    return Evaluation(loss, gradient, curvature, reasons)


def _anew(problem: Problem, searches: Searches) -> Searches:
    """The searches where they stand, with the losses of another problem."""
    renewed = begin(searches.unit, in_unit_cube(problem, searches.unit), _RADIUS)
    renewed.evaluations += searches.evaluations
    renewed.iterations = searches.iterations
    return renewed


def _search(
    problem: Problem,
    searches: Searches,
    optimizer: str,
    max_iterations: int,
    seed: int,
    books: _Books,
    stage: str,
) -> None:
    box = problem.box
    done = searches.iterations.copy()
    rounds = 0

    def named(unit: np.ndarray) -> dict[str, float]:
        return box.named(box.from_unit(torch.as_tensor(unit)))

    def tell(now: Searches) -> None:
        nonlocal rounds
        rounds += 1
        best = int(np.argmin(now.loss))
        books.tell(stage, rounds, float(now.loss[best]), named(now.unit[best]), searching=float(len(now.active)))

    if optimizer in ("auto", "trust-region"):
        searches.iterations[:] = 0
        trust_region(
            lambda unit, _: in_unit_cube(problem, unit),
            searches,
            max_iterations=max_iterations,
            held_out=lambda unit: problem.held_out_loss(box.from_unit(torch.as_tensor(unit)).numpy()),
            on_iteration=tell,
        )
        searches.iterations += done
        return
    _by_gradient(problem, searches, optimizer, max_iterations, seed, books, stage)


def _by_gradient(
    problem: Problem,
    searches: Searches,
    optimizer: str,
    max_iterations: int,
    seed: int,
    books: _Books,
    stage: str,
) -> None:
    """Carries the searches on by optimisers that know losses and gradients."""
    usable = np.flatnonzero(np.isfinite(searches.loss))
    run = Run(
        problem.box,
        Stopping(max_iterations, -np.inf, patience=max_iterations, min_improvement=0.0),
        stage,
        lambda told: books.tell(stage, told.iteration, told.loss, told.values),
    )

    def loss(unit: Tensor) -> Tensor:
        found = in_unit_cube(problem, unit.detach().numpy())
        gradient = torch.as_tensor(np.where(found.usable[:, None], found.gradient, np.nan))
        moved = ((unit - unit.detach()) * gradient).sum(-1)
        return torch.as_tensor(np.where(found.usable, found.loss, np.inf)) + moved

    begun = torch.as_tensor(searches.unit[usable])
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        found = run_adam(loss, begun, run, _LEARNING_RATE) if optimizer == "adam" else run_lbfgs(loss, begun, run)
    unit = problem.box.to_unit(found.all_values).numpy()
    ended = begin(unit, in_unit_cube(problem, unit), _RADIUS)
    for name in ("unit", "loss", "gradient", "curvature"):
        getattr(searches, name)[usable] = getattr(ended, name)
    for i in usable:
        searches.status[i] = found.status
    searches.iterations[usable] += run.iterations
    searches.evaluations += run.evaluations


def _ended(problem: Problem, begun: np.ndarray, before: np.ndarray, searches: Searches) -> tuple[Start, ...]:
    def values(unit: np.ndarray) -> np.ndarray:
        return problem.box.from_unit(torch.as_tensor(unit)).numpy()

    made = [
        Start(
            values(begun[i]),
            values(searches.unit[i]),
            float(before[i]) if np.isfinite(before[i]) else np.inf,
            float(searches.loss[i]),
            searches.status[i] or FitStatus.ITERATION_LIMIT,
            int(searches.iterations[i]),
        )
        for i in range(len(begun))
    ]
    return tuple(sorted(made, key=lambda start: start.loss))


def _message(best: Start, agreeing: int, count: int, max_iterations: int) -> str:
    how = {
        FitStatus.CONVERGED: "no step within the bounds improves the fit",
        FitStatus.STALLED: "the fit hardly improved any more",
        FitStatus.ITERATION_LIMIT: f"stopped after {max_iterations} steps; allow more if the loss was still falling",
        FitStatus.HELD_OUT: "ended where the held-out data were fitted best",
    }
    told = how.get(best.status, str(best.status))
    return told if count == 1 else f"{told}; {agreeing} of {count} searches ended there"
