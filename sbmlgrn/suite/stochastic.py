"""A stochastic case → means and standard deviations over many trajectories, and whether they are right.

Sources: Evans, Gillespie & Wilkinson 2008, Bioinformatics 24:285 (the statistics Z and Y and their ranges); for heavy
tails, the variance of a sample variance, σ⁴ (κ − 1)/n for a kurtosis κ, in place of the 2σ⁴/n of a normal distribution
(Kendall & Stuart, The Advanced Theory of Statistics, vol. 1, section 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sbmlgrn.suite.acceptance import Verdict, WorstPoint
from sbmlgrn.suite.case import Case, SuiteError
from sbmlgrn.suite.results import Results
from sbmlgrn.suite.simulate import SimulationError, loaded

_OUTPUT: Final = re.compile(r"(?:ln\((?P<logarithm>.+)\)|(?P<plain>.+))-(?P<kind>mean|sd)")
_EXACT: Final = 1e-9
"""Relative error of a mean where nothing is left to chance."""
_FINE: Final = 1
"""Points that may be out of range in a run: so many are to be expected among a hundred."""
_HEAVY: Final = 20.0
"""Kurtosis from which the statistic of the variance would leave its range by chance alone at one point of ten."""


@dataclass(frozen=True, eq=False)
class Moments:
    """What was found over all runs.

    Attributes:
        results: means and standard deviations, columns as the case's settings ask for them.
        deviations: standard deviation of each column's variable ``[time, column]``.
        kurtosis: of each column's variable ``[time, column]``; NaN where it does not vary.
        runs: number of trajectories.
    """

    results: Results
    deviations: np.ndarray
    kurtosis: np.ndarray
    runs: int


def run_stochastic_case(case: Case, document: Path | None = None, runs: int = 10_000, seed: int = 0) -> Moments:
    """Simulates a stochastic case.

    Args:
        case: what to simulate.
        document: one of its documents; the newest if not given.
        runs: number of trajectories.
        seed: of their random numbers.

    Raises:
        SuiteError: the case is not stochastic.
        DeclinedError: the case needs what is not supported.
        SBMLError: the document is refused as invalid.
        ValueError: the network is no jump process, or has no such variable.
        SimulationError: a trajectory did not reach the end.
    """
    import sbmlgrn as sg
    from sbmlgrn.ssa import StochasticStatus

    settings = case.settings
    if not settings.output:
        raise SuiteError(f"case {case.id} is not stochastic: its settings ask for no output such as X-mean")
    network = loaded(case, document)
    times = settings.times()
    grid = times if settings.start == 0 else np.concatenate([[0.0], times])  # a model starts at 0
    ensemble = sg.simulate_ssa(sg.compile(network), grid, trajectories=runs, seed=seed)
    failed = ensemble.status[ensemble.status != 0]
    if len(failed):
        raise SimulationError(f"{len(failed)} of {runs} trajectories: {StochasticStatus(failed[0]).message}")
    species = {s.id for s in network.species}
    columns, deviations, kurtosis = [], [], []
    for output in settings.output:
        match = _OUTPUT.fullmatch(output)
        if match is None:
            raise SuiteError(f"case {case.id}: the output {output!r} is neither NAME-mean nor NAME-sd")
        name = match["plain"] or match["logarithm"]
        if name in species and name in settings.amount:
            found = ensemble.amount(name)
        elif name in species and name in settings.concentration:
            found = ensemble.concentration(name)
        else:
            found = ensemble[name]
        values = found.numpy()[:, -len(times) :]
        if match["logarithm"]:
            with np.errstate(divide="ignore"):
                # what is not drawn yet is 0, of which the suite expects 0
                values = np.where(values == 0, 0.0, np.log(np.abs(values)))
        mean = values.mean(0)
        centred = values - mean
        variance = (centred**2).sum(0) / max(runs - 1, 1)
        columns.append(mean if match["kind"] == "mean" else np.sqrt(variance))
        deviations.append(np.sqrt(variance))
        with np.errstate(divide="ignore", invalid="ignore"):
            kurtosis.append((centred**4).mean(0) / variance**2)
    results = Results(settings.output, np.stack(columns, -1), times)
    return Moments(results, np.stack(deviations, -1), np.stack(kurtosis, -1), runs)


def accept_moments(case: Case, found: Moments) -> Verdict:
    """Judges means and standard deviations by the suite's rule.

    With the mean μ and the standard deviation σ that are expected, and those of n runs, X and S, at each time
    Z = √n (X − μ)/σ and Y = √(n/2) (S²/σ² − 1) have to be in the ranges that the case gives. One point may be out of
    range. Where σ is 0, X has to be μ. Where no σ is given, that of the runs takes its place. Of distributions with so
    heavy tails that Y is useless, it is divided by its standard deviation, √((κ − 1)/2).
    """
    settings, expected = case.settings, case.expected
    if expected is None:
        raise SuiteError(f"case {case.id} has no expected results")
    missing = [name for name in settings.output if name not in expected.names]
    if missing:
        return Verdict(False, f"the expected results have no column {missing[0]!r}")
    if len(found.results.values) < len(expected.values):
        return Verdict(False, f"{len(found.results.values)} rows, expected {len(expected.values)}")
    outside: list[WorstPoint] = []
    worst: WorstPoint | None = None
    for column, output in enumerate(settings.output):
        statistics, allowed = _statistics(case, found, column)
        low, high = allowed
        for row, value in enumerate(statistics):
            point = WorstPoint(
                variable=output,
                row=row,
                time=None if expected.time is None else float(expected.time[row]),
                expected=float(expected.values[row, expected.names.index(output)]),
                found=float(found.results.values[row, column]),
                error=float(max(value / high, value / low)),
            )
            if not low <= value <= high:
                outside.append(point)
            if worst is None or not point.error <= worst.error:
                worst = point
    if len(outside) <= _FINE and not any(np.isinf(point.error) for point in outside):
        return Verdict(True, "", worst)
    assert worst is not None
    count = len(expected.values) * len(settings.output)
    return Verdict(
        False,
        f"{len(outside)} of {count} points out of range in {found.runs} runs; {worst.variable} at time {worst.time:g} "
        f"is {worst.found:.6g}, expected {worst.expected:.6g}, {worst.error:.2g} times as far off as is allowed",
        worst,
    )


def _statistics(case: Case, found: Moments, column: int) -> tuple[np.ndarray, tuple[float, float]]:
    """Z or Y of a column ``[time]``, and the range for it."""
    settings, expected = case.settings, case.expected
    assert expected is not None
    output = settings.output[column]
    name, _, kind = output.rpartition("-")
    rows = len(expected.values)
    values = found.results.values[:rows, column]
    sigma = expected.column(f"{name}-sd")
    known = found.deviations[:rows, column] if sigma is None else sigma
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "mean":
            mu = expected.values[:, expected.names.index(output)]
            exact = np.abs(values - mu) <= _EXACT * np.maximum(1.0, np.abs(mu))
            z = np.sqrt(found.runs) * (values - mu) / known
            return np.where(known == 0, np.where(exact, 0.0, np.inf), z), settings.mean_range
        y = np.sqrt(found.runs / 2) * (values**2 / known**2 - 1)
        kurtosis = found.kurtosis[:rows, column]
        y = np.where(kurtosis > _HEAVY, y / np.sqrt((kurtosis - 1) / 2), y)
        return np.where(known == 0, np.where(values == 0, 0.0, np.inf), y), settings.sd_range
