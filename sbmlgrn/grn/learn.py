"""`learn`: circuits that do what a task asks, from many seeds at once, with as few edges as will do."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sbmlgrn import __version__
from sbmlgrn.fit import OnProgress, Progress
from sbmlgrn.grn import batch
from sbmlgrn.grn.circuit import Circuit, CircuitError
from sbmlgrn.grn.descend import descend
from sbmlgrn.grn.prior import Prior
from sbmlgrn.grn.prune import Member, ladder, thin
from sbmlgrn.grn.refine import refine
from sbmlgrn.grn.result import CircuitDesign, Learned, Rung
from sbmlgrn.grn.task import Task

_FEW_PARAMETERS: Final = 80
"""Free parameters up to which steps that take all derivatives into account are the cheaper way."""
_HIGHEST: Final = 1.5
"""Part of the tolerance up to which a loss is worth going on with while edges go in groups."""
_WORST: Final = 12.0
"""The same while they go one by one: what a choice has spoilt another may mend."""
_GLANCE: Final = 0.3
"""Part of a refit that tells which circuits deserve the whole."""
_LONG: Final = 3
"""Length of the descent that follows the first one where there are many parameters."""
_GENTLE: Final = 0.3
"""Rate of a refit by Adam, as part of that of the descent."""
_GOOD: Final = 0.25
"""Part of the tolerance below which a circuit needs no better parameters."""


@dataclass(frozen=True)
class Training:
    """How circuits are learned.

    Attributes:
        draws: random beginnings of a seed; the best `carried` of them after the descent go on.
        carried: see `draws`.
        spread: standard deviation of the first weights.
        descent: steps of Adam.
        rate: their length at first.
        sparsity: what the mean size of the weights adds to the loss while descending.
        minibatch: conditions in a step of Adam; all if not given. They are the same for all circuits, which saves time,
            but one unlucky choice then leads many of them astray together.
        decays: what the squares of the parameters add to the loss in the stages that follow; the last, while pruning.
        fading: the same in the stages after pruning.
        stage: steps of Levenberg–Marquardt in each of them.
        refit: steps of a refit after edges have gone.
        beam: circuits of a seed that go on when edges go one by one.
    """

    draws: int = 8
    carried: int = 2
    spread: float = 0.1
    descent: int = 150
    rate: float = 0.1
    sparsity: float = 0.0
    minibatch: int | None = None
    decays: tuple[float, ...] = (3e-5, 1e-5)
    fading: tuple[float, ...] = (3e-6, 1e-6, 0.0)
    stage: int = 40
    refit: int = 25
    beam: int = 3

    def __post_init__(self) -> None:
        for name in ("draws", "carried", "descent", "stage", "refit", "beam"):
            if getattr(self, name) < 1:
                raise CircuitError(f"{name} is {getattr(self, name)}; it must be at least 1")


LARGE: Final = Training(draws=4, spread=1.0, rate=0.05, carried=1, minibatch=32)
"""For circuits with many parameters: weights so different at first that some gene does something useful."""


def learn(
    task: Task,
    prior: Prior | None = None,
    *,
    seeds: int = 32,
    seed: int = 0,
    edges: int | None = None,
    training: Training | None = None,
    on_progress: OnProgress | None = None,
) -> CircuitDesign:
    """Learns circuits from several seeds and prunes each as far as it still does what is asked.

    Adam leads away from random weights, Levenberg–Marquardt on from there, held back by a decay so that logistic
    functions do not saturate at once. Then edges go, and what is left is refitted (see `prune`); in the end the decay
    fades. Where there are very many parameters, Adam does all of it until enough edges are gone.

    Args:
        task: what is asked.
        prior: what is known; nothing if not given.
        seeds: how many circuits to learn.
        seed: of the random numbers. A circuit depends on it and on its own number, not on how many others there are.
        edges: with how many edges each circuit should do, instead of with as few as it can.
        training: how.
        on_progress: called after each stage. What it raises ends the run and goes to the caller.

    Raises:
        CircuitError: the task and the prior do not fit, or a number is out of range.
        UnknownElementError: they name a gene that there is not.
    """
    prior = task.check(prior or Prior())
    if seeds < 1:
        raise CircuitError(f"{seeds} seeds are too few; it takes at least 1")
    possible = int(prior.allowed(len(task.genes)).sum())
    if edges is not None and not 1 <= edges <= possible:
        raise CircuitError(f"{edges} edges were asked for; expected 1 to {possible}, as many as are allowed")
    if training is None:
        training = Training() if prior.free(task.genes).sum() <= _FEW_PARAMETERS else LARGE
    work = _Work(task, prior, training, seed, on_progress)
    started = time.perf_counter()
    members = work.trained(seeds)
    found = work.pruned(members, edges)
    runs = tuple(work.learned(s, found[s], edges) for s in range(seeds))
    return CircuitDesign(
        task=task,
        prior=prior,
        runs=runs,
        edges_asked=edges,
        seconds=time.perf_counter() - started,
        provenance={
            "seed": str(seed),
            "seeds": str(seeds),
            "solver": f"classical Runge–Kutta with steps of {task.step:g}",
            "training": str(work.training),
            "sbmlgrn": __version__,
            "numpy": np.__version__,
        },
    )


class _Work:
    """One call of `learn`."""

    def __init__(self, task: Task, prior: Prior, training: Training, seed: int, on_progress: OnProgress | None) -> None:
        self.task, self.prior, self.training, self.seed = task, prior, training, seed
        self.course = task.course()
        self.judging = task.judging()
        self.size = len(task.genes)
        self.bounds = prior.bounds(self.size)
        self.may_move = prior.free(task.genes)
        self.rng = np.random.default_rng(seed)
        self.blank = _blank(task)
        self._tell = on_progress
        self._started = time.perf_counter()
        self._told = 0

    def trained(self, seeds: int) -> list[Member]:
        """Circuits with all edges that are allowed, the `carried` best of each seed."""
        training = self.training
        allowed = self.prior.allowed(self.size)
        few = self._few(self._free(allowed[None]))
        owner = np.repeat(np.arange(seeds), training.draws)
        theta = np.concatenate([self._drawn(s) for s in range(seeds)])
        kept = np.tile(allowed, (len(owner), 1, 1))
        free = self._free(kept)
        for window in self.task.windows:
            course = self.task.course(window=window)
            theta = descend(
                *(course, theta, kept, free, self.bounds),
                iterations=max(1, round(training.descent / len(self.task.windows))),
                rate=training.rate,
                sparsity=training.sparsity,
                minibatch=training.minibatch,
                rng=self.rng,
            )
            self._report(f"descent, {window:.0%} of the time", batch.losses(course, theta, kept))
            if few:
                theta, _ = refine(course, theta, kept, free, self.bounds, training.stage, decay=training.decays[0])
        loss = batch.losses(self.course, theta, kept)
        loss = np.where(np.isfinite(loss), loss, np.inf)
        best = np.concatenate(
            [np.flatnonzero(owner == s)[np.argsort(loss[owner == s])[: training.carried]] for s in range(seeds)]
        )
        theta, kept, free, owner = theta[best], kept[best], free[best], owner[best]
        self._report("the best draws", loss[best])
        if not few:
            given = (self.course, theta, kept, free, self.bounds)
            theta = descend(
                *given,
                iterations=_LONG * training.descent,
                rate=0.5 * training.rate,
                sparsity=training.sparsity,
                minibatch=training.minibatch,
                rng=self.rng,
            )
            self._report("long descent", batch.losses(self.course, theta, kept))
        else:
            for decay in training.decays[1:]:
                theta, loss = refine(self.course, theta, kept, free, self.bounds, training.stage, decay=decay)
                self._report(f"refinement, decay {decay:g}", loss)
        found = batch.losses(self.course, theta, kept)
        return [Member(int(s), t, k, float(v), float(v)) for s, t, k, v in zip(owner, theta, kept, found, strict=True)]

    def pruned(self, members: Sequence[Member], edges: int | None) -> dict[int, list[Member]]:
        """Circuits of each seed, from those with all edges downwards."""
        tolerance = self.task.tolerance
        few = thin(self.course, members, self.refitted, _HIGHEST * tolerance)
        rungs = ladder(
            *(self.course, few, self._glanced, self.refitted),
            *(self.training.beam, edges or 1, _WORST * tolerance),
        )
        for seed, own in rungs.items():
            own[0] += [m for m in members if m.seed == seed and m.edges > own[0][0].edges]
        kept = {seed: [*(rung[0] for rung in own[:-1]), *own[-1]] for seed, own in rungs.items()}
        done = iter(self._finished([m for own in kept.values() for m in own]))
        return {seed: [next(done) for _ in own] for seed, own in kept.items()}

    def _finished(self, members: Sequence[Member]) -> list[Member]:
        """The members once more, without any decay in the end."""
        theta, kept = np.stack([m.theta for m in members]), np.stack([m.kept for m in members])
        free = self._free(kept)
        some = free.sum(1) <= _FEW_PARAMETERS
        for decay in self.training.fading:
            theta[some], _ = refine(
                *(self.course, theta[some], kept[some], free[some], self.bounds),
                *(self.training.stage, _GOOD * self.task.tolerance, decay),
            )
            self._report(f"finish, decay {decay:g}", batch.losses(self.course, theta, kept))
        return [replace(m, theta=t) for m, t in zip(members, theta, strict=True)]

    def _glanced(self, members: Sequence[Member]) -> list[Member]:
        return self.refitted(members, _GLANCE)

    def refitted(self, members: Sequence[Member], length: float = 1.0) -> list[Member]:
        """The members with the best parameters found for their edges, in the whole or a part of the steps."""
        theta, kept = np.stack([m.theta for m in members]), np.stack([m.kept for m in members])
        free = self._free(kept)
        loss = np.empty(len(members))
        few = free.sum(1) <= _FEW_PARAMETERS
        for some in (few, ~few):
            if not some.any():
                continue
            given = (self.course, theta[some], kept[some], free[some], self.bounds)
            if some is few:
                theta[some], loss[some] = refine(
                    *given, math.ceil(length * self.training.refit), decay=self.training.decays[-1]
                )
            else:
                rate = _GENTLE * self.training.rate
                theta[some] = descend(
                    *given, iterations=math.ceil(length * self.training.descent), rate=rate, rng=self.rng
                )
                loss[some] = batch.losses(self.course, theta[some], kept[some])
        self._report(f"pruning, down to {min(m.edges for m in members)} edges", loss)
        off = batch.losses(self.course, theta, kept)
        return [
            replace(m, theta=t, loss=float(v), deviation=float(d))
            for m, t, v, d in zip(members, theta, loss, off, strict=True)
        ]

    def learned(self, seed: int, members: Sequence[Member], edges: int | None) -> Learned:
        """What became of a seed."""
        best: dict[int, Rung] = {}
        for member in members:
            rung = Rung(self.blank.with_theta(member.theta, member.kept), member.edges, self._judged(member))
            if member.edges not in best or rung.loss < best[member.edges].loss:
                best[member.edges] = rung
        ordered = tuple(best[e] for e in sorted(best, reverse=True))
        able = [r for r in ordered if r.loss <= self.task.tolerance and (edges is None or r.edges <= edges)]
        wanted = [r for r in ordered if edges is None or r.edges <= edges] or list(ordered)
        chosen = able[-1] if able else min(wanted, key=lambda r: r.loss)
        return Learned(seed, ordered, chosen, bool(able))

    def _judged(self, member: Member) -> float:
        given = member.theta[None], member.kept[None]
        losses = [float(batch.losses(course, *given)[0]) for course in self.judging]
        return max(losses) if all(map(math.isfinite, losses)) else math.inf

    def _drawn(self, number: int) -> np.ndarray:
        """The beginnings of a seed ``[draw, parameter]``."""
        rng = np.random.default_rng([self.seed, number])
        theta = np.tile(self.blank.theta, (self.training.draws, 1))
        weights = self.training.spread * rng.standard_normal((self.training.draws, self.size**2))
        low, high = (b[: self.size**2] for b in self.bounds)
        # where the sign is known, that of the draw is not asked
        weights = np.where(low == 0, np.abs(weights), np.where(high == 0, -np.abs(weights), weights))
        theta[:, : self.size**2] = np.where(self.may_move[: self.size**2], weights, 0.0)
        return theta

    def _free(self, kept: np.ndarray) -> np.ndarray:
        free = np.tile(self.may_move, (len(kept), 1))
        free[:, : self.size**2] &= kept.reshape(len(kept), -1)
        return free

    def _few(self, free: np.ndarray) -> bool:
        return int(free.sum(1).max()) <= _FEW_PARAMETERS

    def _report(self, stage: str, losses: np.ndarray) -> None:
        if self._tell is not None:
            self._told += 1
            done = float((losses <= self.task.tolerance).mean()) if len(losses) else 0.0
            elapsed = time.perf_counter() - self._started
            best = float(np.min(losses, initial=math.inf))
            metrics = {"median_loss": float(np.median(losses)), "done": done}
            self._tell(Progress(stage, self._told, 0, best, metrics, elapsed=elapsed))


def _blank(task: Task) -> Circuit:
    n = len(task.genes)
    ones = np.ones(n)
    initial = np.broadcast_to(task.initial, (task.conditions, n))[0].astype(float)
    return Circuit(
        *(task.genes, np.zeros((n, n)), np.zeros(n), ones, ones, ones),
        *(dict(task.inputs), task.outputs, initial),
    )
