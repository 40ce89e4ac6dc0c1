"""Fits of BioModels to data that libRoadRunner simulated: known parameters are found, and intervals hold them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import sbmlgrn as sg
from tests.conformance.biomodels import report
from tests.conformance.fits import EXPERIMENTS, Experiment, course, problem, truth

REPETITIONS = 50
LEVELS = (0.68, 0.95)


@pytest.mark.conformance
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: f"{e.number}-{e.kind}")
def test_known_parameters_are_found(experiment: Experiment) -> None:
    known = truth(experiment)
    given = problem(experiment, course(experiment), seed=1)
    there = given.evaluate(given.row(known)).loss[0]
    fit = sg.fit(given, starts=20)
    lines = [f"{experiment.number} {experiment.kind}: {fit.message}; loss {fit.loss:.2f}, at the truth {there:.2f}"]
    for e in fit.estimates:
        error = e.standard_error or np.inf
        lines.append(f"  {e.id:14} {e.value:11.4g} ± {error:.2g}, truth {known[e.id]:.4g}")
    report(f"fit_{experiment.number}", lines)
    assert fit.loss <= there + 0.1
    for e in fit.estimates:
        assert e.standard_error is not None and e.standard_error < 0.5 * e.value
        assert abs(np.log(e.value / known[e.id])) < 4 * e.standard_error / e.value
    # the searches that found it did so from elsewhere
    assert fit.agreeing >= 2


@pytest.mark.conformance
@pytest.mark.parametrize("noise", ["known", "estimated"])
def test_intervals_cover_the_truth_at_their_rate(noise: str) -> None:
    """Of the receptor model: by the Fisher information and by the profile likelihood."""
    (experiment,) = (e for e in EXPERIMENTS if e.number == 271)
    known, clean = truth(experiment), course(experiment)
    covered = {(kind, level): 0 for kind in ("Fisher", "profile") for level in LEVELS}
    for seed in range(REPETITIONS):
        given = problem(experiment, clean, seed, moved=False, known_noise=noise == "known")
        for level in LEVELS:
            fit = sg.fit(given, starts=1, profiles=given.box.ids, level=level)
            for e in fit.estimates:
                for kind, interval in (("Fisher", e.interval), ("profile", fit.profiles[e.id].interval)):
                    low, high = interval
                    covered[kind, level] += (low is None or low < known[e.id]) and (high is None or known[e.id] < high)
    count = REPETITIONS * len(known)
    told = [f"{k} {level:.0%}: {n} of {count} ({n / count:.1%})" for (k, level), n in covered.items()]
    report(f"fit_coverage_{noise}", [f"noise {noise}", *told])
    for (_, level), hits in covered.items():
        # the parameters of one fit are not independent: the least number of independent ones is that of the fits
        assert stats.binomtest(round(hits / len(known)), REPETITIONS, level).pvalue > 0.01
