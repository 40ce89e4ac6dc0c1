"""Edges taken away, those first that hardly matter, and the rest refitted.

An edge's size says little: a small weight may decide where a stripe ends. What counts is what the loss becomes. While
there are many edges, whole groups go, chosen by the curvature of the loss (Y. LeCun, J. S. Denker and S. A. Solla,
"Optimal brain damage", NIPS 1989, with the Gauss–Newton approximation); a group without which the refit fails is put
back and halved. When there are few, every single one is taken away and the rest refitted, and of what comes out the
best few go on, so that a choice that proves wrong later can be overcome by another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from sbmlgrn.grn import batch
from sbmlgrn.grn.native.march import Course

_PROBES: Final = 6
_FEW: Final = 16
"""Edges from which on each is tried."""
_TRIED: Final = 12
_TRIED_OF_MANY: Final = 3
_SECOND_LOOK: Final = 2
"""Circuits of a seed that are refitted at length, for each that goes on."""
_GROUP: Final = 0.4
"""Largest part of the edges that goes at once."""


@dataclass(frozen=True, eq=False)
class Member:
    """A circuit while it is pruned.

    Attributes:
        seed: number of the seed that it comes from.
        theta: parameters ``[parameter]``.
        kept: whether there is an edge ``[target, source]``.
        loss: on the conditions of training, with what decay there was.
        deviation: the same without decay.
    """

    seed: int
    theta: np.ndarray
    kept: np.ndarray
    loss: float
    deviation: float

    @property
    def edges(self) -> int:
        """How many there are."""
        return int(self.kept.sum())

    def without(self, edges: np.ndarray) -> Member:
        """The same without these edges ``[edge, (target, source)]``, not refitted."""
        kept, theta = self.kept.copy(), self.theta.copy()
        kept[tuple(edges.T)] = False
        theta[: kept.size][~kept.ravel()] = 0.0
        return replace(self, theta=theta, kept=kept)


Refit: TypeAlias = Callable[[Sequence[Member]], list[Member]]
"""Gives circuits the parameters that are best for their edges, and their losses."""


def thin(course: Course, members: Sequence[Member], refit: Refit, highest: float) -> list[Member]:
    """Takes away groups of edges until few are left, or no group can go.

    Args:
        course: what circuits are given, and what is wanted.
        members: circuits, refitted.
        refit: see there.
        highest: deviation that a refit must not exceed; of circuits that are worse already, a tenth more than theirs.
    """
    done: dict[int, Member] = {}
    going = dict(enumerate(members))
    part = dict.fromkeys(going, _GROUP)
    while going:
        trials = {}
        for key, member in list(going.items()):
            count = min(int(part[key] * member.edges), member.edges - _FEW)
            if count < 1:
                done[key] = going.pop(key)
                continue
            edges = np.argwhere(member.kept)
            trials[key] = member.without(edges[np.argsort(salience(course, member))[:count]])
        for key, trial in zip(trials, refit(list(trials.values())) if trials else (), strict=True):
            if trial.deviation <= max(highest, 1.1 * going[key].deviation):
                going[key] = trial
            else:
                part[key] /= 2
    return [done[key] for key in range(len(members))]


def salience(course: Course, member: Member) -> np.ndarray:
    """About how much the loss would rise without each edge ``[edge]``, were the others to stay.

    That is w² Σ_r (∂r/∂w)² over the residuals r; the sum is the mean of (Σ_r ±∂r/∂w)² over random signs, each of which
    costs one adjoint run, however many residuals there are.
    """
    rng = np.random.default_rng(0)
    theta, kept = member.theta[None], member.kept[None]
    states = batch.paths(course, theta, kept)[0]
    seen = states[course.look >= 0][:, course.observed]
    squares = np.zeros(member.kept.size)
    for _ in range(_PROBES):
        signs = rng.choice((-1.0, 1.0), seen.shape)
        with np.errstate(divide="ignore"):
            target = np.where(course.share > 0, seen - 0.5 * signs / np.sqrt(course.share), 0.0)
        _, slopes = batch.gradients(course._replace(target=target), theta, kept)
        squares += slopes[0, : member.kept.size] ** 2 / _PROBES
    return (member.theta[: member.kept.size] ** 2 * squares)[member.kept.ravel()]


def ladder(
    course: Course, members: Sequence[Member], look: Refit, refit: Refit, beam: int, fewest: int, worst: float
) -> dict[int, list[list[Member]]]:
    """Takes away one edge after the other.

    Args:
        course: what circuits are given, and what is wanted.
        members: circuits, refitted.
        look: a short refit, which tells who is worth a long one.
        refit: see there.
        beam: circuits of a seed that go on.
        fewest: edges at which to end.
        worst: loss beyond which a circuit does not go on.

    Returns:
        For each seed the rungs, from the first: circuits with the same number of edges, best first.
    """
    rungs: dict[int, list[list[Member]]] = {}
    for member in members:
        rungs.setdefault(member.seed, [[]])[0].append(member)
    going = list(members)
    while going:
        trials: dict[tuple[int, bytes], Member] = {}
        for member in going:
            edges = np.argwhere(member.kept)
            if len(edges) > _TRIED:
                tried = _TRIED if len(edges) <= _FEW + 1 else _TRIED_OF_MANY
                edges = edges[np.argsort(salience(course, member))[:tried]]
            for edge in edges:
                trial = member.without(edge[None])
                known = trials.setdefault((member.seed, trial.kept.tobytes()), trial)
                if member.loss < known.loss:
                    trials[member.seed, trial.kept.tobytes()] = trial
        glanced = _best(look(list(trials.values())) if trials else [], _SECOND_LOOK * beam)
        refitted = _best(refit(glanced) if glanced else [], beam)
        going = []
        for seed, own in rungs.items():
            best = [m for m in refitted if m.seed == seed]
            if best:
                own.append(best)
            going += [m for m in best if m.edges > fewest and m.loss <= worst]
    return rungs


def _best(members: Sequence[Member], count: int) -> list[Member]:
    """The best so many of each seed, best first."""
    ordered = sorted(members, key=lambda m: m.loss)
    seeds = dict.fromkeys(m.seed for m in members)
    return [m for seed in seeds for m in [m for m in ordered if m.seed == seed][:count]]
