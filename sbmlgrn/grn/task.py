"""`Task`: what a circuit is given and what it should do, checked before anything is learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from sbmlgrn.grn.circuit import CircuitError
from sbmlgrn.grn.native.march import Course
from sbmlgrn.grn.prior import Prior
from sbmlgrn.network import UnknownElementError

_LANES: Final = 8
_ALIGNED: Final = 1e-9
_STEADY_SPAN: Final = 10


@dataclass(frozen=True, eq=False)
class Task:
    """Values wanted of some genes, under some conditions.

    Attributes:
        name: of the task.
        genes: names of all genes; those without targets are hidden.
        inputs: the gene that an input supplies, by name of the input.
        switches: times at which inputs change ``[switch]``; the first is 0.
        levels: the inputs from a switch on ``[condition, input, switch]``.
        times: when values are wanted ``[time]``, positive and increasing.
        targets: what is wanted ``[condition, time]`` by gene; NaN where nothing is.
        initial: values at the start: of all genes, or ``[condition, gene]``.
        step: length of a step; switches and times are multiples of it.
        tolerance: mean squared deviation from which on the task counts as done.
        learned: what is learned beside weights where prior knowledge does not say; see `Prior`.
        windows: parts of the time that training begins with, one after the other; the whole is the last.
        steady: whether the last values should last: they are judged once more after ten times as long.
        judged: the same on conditions that training does not see; the task itself if not given.
        labels: texts for people, by condition.
        sweep: for pictures: the values of the one thing that varies between conditions ``[condition]``, and its name.

    Raises:
        CircuitError: sizes that do not fit, times that are no multiples of the step, or values that no circuit has.
        UnknownElementError: an input or target for a gene that there is not.
    """

    name: str
    genes: tuple[str, ...]
    targets: Mapping[str, np.ndarray]
    times: np.ndarray
    inputs: Mapping[str, str] = field(default_factory=dict)
    switches: np.ndarray = field(default_factory=lambda: np.zeros(1))
    levels: np.ndarray = field(default_factory=lambda: np.zeros((1, 0, 1)))
    initial: float | np.ndarray = 0.1
    step: float = 0.1
    tolerance: float = 0.004
    learned: Mapping[str, Sequence[str] | str] = field(default_factory=dict)
    windows: tuple[float, ...] = (1.0,)
    steady: bool = False
    judged: Task | None = None
    labels: tuple[str, ...] = ()
    sweep: tuple[str, np.ndarray] | None = None

    def __post_init__(self) -> None:
        self._check_names()
        count = len(self.levels)
        shape = count, len(self.inputs), len(self.switches)
        if np.shape(self.levels) != shape:
            raise CircuitError(f"the levels are {np.shape(self.levels)}; expected [condition, input, switch], {shape}")
        if not (np.isfinite(self.levels).all() and (self.levels >= 0).all()):
            raise CircuitError("a level of an input is negative or not finite; an input is a supply, 0 or more")
        if not (math.isfinite(self.step) and self.step > 0):
            raise CircuitError(f"the step is {self.step:g}; it must be a positive, finite number")
        for what, values in (("switch", self.switches), ("time", self.times)):
            if not (np.diff(values) > 0).all():
                raise CircuitError(f"{what} follows {what} in no increasing order")
            steps = values / self.step
            for value in values[np.abs(steps - steps.round()) > _ALIGNED * np.maximum(steps, 1)][:1]:
                raise CircuitError(f"{what} {value:g} is no multiple of the step {self.step:g}: choose a shorter step")
        if self.switches[0] != 0 or not len(self.times) or self.times[0] <= 0:
            raise CircuitError("the first switch must be at 0 and there must be a time wanted after 0")
        for gene, values in self.targets.items():
            if np.shape(values) != (count, len(self.times)):
                raise CircuitError(
                    f"the targets of {gene!r} are {np.shape(values)}; expected [condition, time], "
                    f"{(count, len(self.times))}"
                )
            if np.isinf(values).any() or np.isnan(values).all():
                raise CircuitError(f"the targets of {gene!r} are infinite or all missing; give values or leave it out")
        if np.ndim(self.initial) and np.shape(self.initial) != (count, len(self.genes)):
            raise CircuitError(
                f"the initial values are {np.shape(self.initial)}; expected one, or [condition, gene], "
                f"{(count, len(self.genes))}"
            )
        if not (np.isfinite(self.initial).all() and (np.asarray(self.initial) >= 0).all()):
            raise CircuitError("an initial value is negative or not finite")

    def _check_names(self) -> None:
        names = [*self.genes, *self.inputs]
        doubled = {n for n in names if names.count(n) > 1}
        if doubled:
            raise CircuitError(f"{min(doubled)!r} names more than one gene or input: rename one")
        for name in names:
            if not (name.isascii() and name.isidentifier()):
                raise CircuitError(f"{name!r} is no name for SBML: use letters, digits and _, without a digit first")
        for name in (*self.targets, *self.inputs.values()):
            if name not in self.genes:
                raise UnknownElementError(name, self.genes, "gene")
        if not self.targets:
            raise CircuitError("no gene has a target: say what the circuit should do")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Genes with targets."""
        return tuple(self.targets)

    @property
    def conditions(self) -> int:
        """How many there are."""
        return len(self.levels)

    @property
    def telling(self) -> int:
        """The condition to look at where one must do: the middle of a sweep, else the last, in which most happens."""
        return self.conditions // 2 if self.sweep is not None else self.conditions - 1

    def check(self, prior: Prior) -> Prior:
        """Refuses a `prior` that does not fit, and targets that no circuit within it reaches.

        A gene lies between 0 and (largest production + supply) / least degradation, or on the way there from where it
        started: its logistic function is between 0 and 1.

        Returns:
            The prior with what is learned.

        Raises:
            CircuitError, UnknownElementError: as told there.
        """
        kinds = self.learned if prior.learned is None else prior.learned
        prior = replace(prior, learned=kinds)
        prior.check(self.genes, self.outputs)

        def learned(kind: str, gene: str) -> bool:
            names = kinds.get(kind, ())
            return names == "all" or gene in names

        for gene, values in self.targets.items():
            most = prior.value_range[1] if learned("production", gene) else 1.0
            least = prior.value_range[0] if learned("degradation", gene) else 1.0
            supplied = [m for m, g in enumerate(self.inputs.values()) if g == gene]
            supply = float(self.levels[:, supplied].sum(1).max(initial=0.0))
            start = np.asarray(self.initial)
            start = start[:, self.genes.index(gene)] if start.ndim else start
            top = max((most + supply) / least, float(start.max()))
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            if low < 0 or high > top:
                raise CircuitError(
                    f"gene {gene!r} is to reach {low if low < 0 else high:g}, but its logistic function keeps it "
                    f"between 0 and {top:g}: scale the targets, or let its production or degradation be learned"
                )
        return prior

    def course(self, lasting: int = 1, window: float = 1.0) -> Course:
        """The task as the loops take it, conditions filled up to whole SIMD vectors with some that do not count.

        Args:
            lasting: how many times as long it goes on; longer than once, only the last values are looked at.
            window: the part of the time after which it ends.
        """
        h = self.step
        width = -(-self.conditions // _LANES) * _LANES
        fill = np.minimum(np.arange(width), self.conditions - 1)
        times = self.times[self.times <= window * self.times[-1] + h / 2]
        if lasting > 1:
            times = self.times[-1:] * lasting
        steps = round(float(times[-1]) / h)
        look = np.full(steps + 1, -1)
        look[np.rint(times / h).astype(np.int64)] = np.arange(len(times))
        which = np.searchsorted(self.switches, (np.arange(steps) + 0.5) * h, side="right") - 1
        at = slice(0, len(times)) if lasting == 1 else slice(-1, None)
        target = np.stack([v[:, at].T for v in self.targets.values()], axis=1)[:, :, fill]
        wanted = np.isfinite(target)
        wanted[:, :, self.conditions :] = False
        start = np.broadcast_to(self.initial, (self.conditions, len(self.genes)))
        return Course(
            h,
            np.ascontiguousarray(start[fill].T, dtype=np.float64),
            np.ascontiguousarray(self.levels[fill][:, :, which].transpose(2, 1, 0), dtype=np.float64),
            np.array([self.genes.index(g) for g in self.inputs.values()], np.int64),
            look,
            np.array([self.genes.index(g) for g in self.targets], np.int64),
            np.ascontiguousarray(np.where(wanted, target, 0.0)),
            np.ascontiguousarray(wanted / max(wanted.sum(), 1)),
        )

    def judging(self) -> tuple[Course, ...]:
        """The courses by which a circuit is judged; the worst deviation counts."""
        task = self.judged or self
        return (task.course(), task.course(_STEADY_SPAN)) if self.steady else (task.course(),)


def part(course: Course, lanes: np.ndarray) -> Course:
    """The same course with some of its conditions, which count alike: a minibatch."""
    share = course.share[:, :, lanes]
    return course._replace(
        y0=np.ascontiguousarray(course.y0[:, lanes]),
        supply=np.ascontiguousarray(course.supply[:, :, lanes]),
        target=np.ascontiguousarray(course.target[:, :, lanes]),
        share=np.ascontiguousarray(share / max(float(share.sum()), 1e-300)),
    )
