"""The tasks that have a name: stripe, pulse, oscillator, switch, counter, gate.

Inputs supply the first genes and the last gene is the output; those between are hidden. The stripe is that of Hiscock
2019 (constants of its program GeneNet); the others are stated here, since the paper gives them as pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from sbmlgrn.grn import batch
from sbmlgrn.grn.circuit import Circuit, CircuitError
from sbmlgrn.grn.task import Task

LOGIC: Final[Mapping[str, Callable[[bool, bool], bool]]] = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "nand": lambda a, b: not (a and b),
    "nor": lambda a, b: not (a or b),
    "xor": lambda a, b: a != b,
    "xnor": lambda a, b: a == b,
}
"""Two-input gates by name."""

_REPRESSION: Final = 14.0
_SETTLED: Final = 2.0
"""Time after a pulse from which on the answer counts."""
_PULSE: Final = 1.0


def gene_names(count: int, least: int = 1) -> tuple[str, ...]:
    """The names ``g1``, ``g2`` … of so many genes.

    Raises:
        CircuitError: `count` is less than the task needs.
    """
    if count < least:
        raise CircuitError(f"{count} nodes are too few: this task needs at least {least}, for its inputs and output")
    return tuple(f"g{i + 1}" for i in range(count))


def stripe(nodes: int = 3) -> Task:
    """French flag: the output is 1 where the dose is between 0.5 and 1.5, else 0, at time 3, from 0.1.

    Trained on 64 doses from 0 to 2, judged on 401.
    """
    genes = gene_names(nodes, 2)

    def task(doses: np.ndarray, judged: Task | None) -> Task:
        inside = (doses > 0.5) & (doses < 1.5)
        return Task(
            "stripe",
            genes,
            {genes[-1]: inside.astype(float)[:, None]},
            times=np.array([3.0]),
            inputs={"dose": genes[0]},
            levels=doses[:, None, None],
            learned={"production": genes[-1:]},
            judged=judged,
            sweep=("dose", doses),
        )

    return task((np.arange(64) + 0.5) / 32, task(np.linspace(0.0, 2.0, 401), None))


def pulse(nodes: int = 3) -> Task:
    """Pulse detector: a step of the input at time 4, of whatever height, is answered by one pulse and then by nothing.

    The output is wanted at 0 up to the step, at 1 from 1 to 2 after it, and at 0 from 4 after it; and at 0 where there
    is no step.
    """
    genes = gene_names(nodes, 2)
    times = np.arange(0.5, 12.01, 0.5)
    begin, heights = 4.0, np.array([0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0])
    wanted = np.full((len(heights), len(times)), np.nan)
    wanted[:, (times >= _SETTLED) & (times <= begin)] = 0.0
    wanted[:, times >= begin + 4] = 0.0
    peak = (times >= begin + 1) & (times <= begin + 2)
    wanted[:, peak] = 1.0
    wanted[0, times > begin] = 0.0
    return Task(
        "pulse",
        genes,
        {genes[-1]: wanted},
        times=times,
        inputs={"signal": genes[0]},
        switches=np.array([0.0, begin]),
        levels=np.stack([np.zeros_like(heights), heights], axis=1)[:, None, :],
        tolerance=0.01,
        learned=_learned(genes),
        labels=tuple(f"step to {h:g}" for h in heights),
    )


def oscillator(nodes: int = 3) -> Task:
    """One protein of a repressilator is seen, over two and a half periods; the other genes are hidden.

    The course is that of `repressilator`, and the hidden genes start where those of the repressilator do, at 0.1.
    """
    genes = gene_names(nodes, 2)
    ring = repressilator()
    times = np.arange(0.2, 12.01, 0.2)
    unasked = Task("", ring.genes, {"g3": np.zeros((1, len(times)))}, times, initial=ring.initial[None], step=0.05)
    states = batch.paths(unasked.course(), ring.theta[None], ring.kept[None])[0]
    course = states[np.rint(times / 0.05).astype(int), 2, 0]
    initial = np.full((1, nodes), 0.1)
    initial[0, -1] = ring.initial[-1]
    return Task(
        "oscillator",
        genes,
        {genes[-1]: course[None]},
        times,
        initial=initial,
        tolerance=0.002,
        learned={"bias": "all"},
        windows=(0.25, 0.5, 1.0),
    )


def repressilator() -> Circuit:
    """Three genes in a ring of repressions, two of which start at 0.1 and the third at 0.9."""
    weights = np.zeros((3, 3))
    weights[[1, 2, 0], [0, 1, 2]] = -_REPRESSION
    ones = np.ones(3)
    bias = np.full(3, 0.5 * _REPRESSION)
    return Circuit(gene_names(3), weights, bias, ones, ones, ones, {}, ("g3",), np.array([0.1, 0.1, 0.9]))


def switch(nodes: int = 3) -> Task:
    """Memory: the output is 0 until a pulse of `set`, stays 1 from there to a pulse of `reset`, and so on.

    Pulses have height 1 and length 1; the output counts from 2 after the beginning of one, or of the run.
    """
    genes = gene_names(nodes, 3)
    runs = (
        (),
        ((3, "set"),),
        ((6, "set"),),
        ((4, "reset"),),
        ((3, "set"), (7, "reset")),
        ((3, "set"), (10, "reset")),
        ((4, "reset"), (8, "set")),
        ((3, "set"), (6, "set"), (10, "reset")),
        ((3, "set"), (7, "reset"), (11, "set")),
    )
    return _pulsed("switch", genes, {"set": genes[0], "reset": genes[1]}, runs, lambda past: past[-1:] == ["set"], 15.0)


def counter(nodes: int = 4) -> Task:
    """Counts to two: the output is 0, 0.5 or 1 after no, one or two pulses, whenever they come.

    Pulses have height 1 and length 1; the output counts from 2 after the beginning of one, or of the run.
    """
    genes = gene_names(nodes, 2)
    at = ((), (3,), (5,), (7,), (3, 6), (3, 8), (3, 10), (5, 8), (5, 10))
    runs = tuple(tuple((t, "signal") for t in run) for run in at)
    return _pulsed("counter", genes, {"signal": genes[0]}, runs, lambda past: 0.5 * len(past), 15.0)


def gate(nodes: int = 3, logic: str = "and") -> Task:
    """A gate of two inputs at steady state; an input is 0 up to 0.2 and 1 from 0.8.

    Raises:
        CircuitError: no gate has this name.
    """
    if logic not in LOGIC:
        raise CircuitError(f"{logic!r} is no gate; expected one of {', '.join(LOGIC)}")
    genes = gene_names(nodes, 3)
    levels = np.array([[a, b] for a in (0.0, 0.2, 0.8, 1.0) for b in (0.0, 0.2, 0.8, 1.0)])
    wanted = np.array([float(LOGIC[logic](a > 0.5, b > 0.5)) for a, b in levels])
    return Task(
        f"gate {logic}",
        genes,
        {genes[-1]: np.repeat(wanted[:, None], 2, axis=1)},
        times=np.array([6.0, 12.0]),
        inputs={"a": genes[0], "b": genes[1]},
        levels=levels[:, :, None],
        tolerance=0.01,
        learned=_learned(genes),
        steady=True,
        labels=tuple(f"a {a:g}, b {b:g}" for a, b in levels),
    )


def _pulsed(
    name: str,
    genes: tuple[str, ...],
    inputs: dict[str, str],
    runs: Sequence[Sequence[tuple[int, str]]],
    answer: Callable[[list[str]], float],
    end: float,
) -> Task:
    """A task of pulses: the output wanted is the `answer` to the inputs that have had theirs."""
    times = np.arange(1.0, end + 0.01, 0.5)
    switches = np.arange(0.0, end, _PULSE)
    levels = np.zeros((len(runs), len(inputs), len(switches)))
    wanted = np.full((len(runs), len(times)), np.nan)
    for c, run in enumerate(runs):
        for begin, which in run:
            levels[c, list(inputs).index(which), round(begin / _PULSE)] = 1.0
        begins = [0, *(begin for begin, _ in run)]
        for k, (low, high) in enumerate(zip(begins, [*begins[1:], end + 1], strict=True)):
            wanted[c, (times >= low + _SETTLED) & (times <= high)] = float(answer([which for _, which in run[:k]]))
    labels = tuple(", ".join(f"{which} at {begin}" for begin, which in run) or "no pulse" for run in runs)
    return Task(
        name,
        genes,
        {genes[-1]: wanted},
        times,
        inputs,
        switches,
        levels,
        tolerance=0.01,
        learned=_learned(genes),
        labels=labels,
    )


def _learned(genes: tuple[str, ...]) -> dict[str, tuple[str, ...] | str]:
    return {"bias": "all", "production": genes[-1:]}
