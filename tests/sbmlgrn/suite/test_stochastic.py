"""Stochastic cases: how they are judged, and a sample of the public ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbmlgrn.suite import (
    Case,
    CaseStatus,
    Moments,
    Results,
    SuiteError,
    accept_moments,
    load_case,
    run_stochastic_case,
    run_suite,
)
from sbmlgrn.suite.case import Description, Settings

RUNS = 2000
SAMPLE = (1, 11, 19, 25, 28, 32, 34, 38, 41, 49, 53, 56, 58, 59, 65, 71, 100)
"""Every kind of process and most distributions: birth and death, boundaries, rules, events, dimers, draws, limits."""


def case(**settings: object) -> Case:
    values = {"variables": ("X",), "absolute": 0.0, "relative": 0.0, "output": ("X-mean", "X-sd"), **settings}
    expected = Results(("X-mean", "X-sd"), np.array([[5.0, 0.0], [5.0, 2.0], [5.0, 2.0]]), np.arange(3.0))
    return Case(
        id="00001",
        description=Description(),
        settings=Settings(duration=2.0, steps=2, **values),  # type: ignore[arg-type]
        documents={},
        expected=expected,
    )


def moments(mean: list[float], deviation: list[float], kurtosis: float = 3.0) -> Moments:
    values = np.stack([mean, deviation], -1)
    shape = values.shape
    results = Results(("X-mean", "X-sd"), values, np.arange(3.0))
    return Moments(results, np.repeat(values[:, 1:], 2, 1), np.full(shape, kurtosis), 10_000)


@pytest.mark.parametrize(
    ("mean", "deviation", "accepted"),
    [
        ([5.0, 5.0, 5.0], [0.0, 2.0, 2.0], True),
        ([5.0, 5.059, 4.941], [0.0, 2.0, 2.0], True),  # Z = ±2.95
        ([5.0, 5.061, 5.0], [0.0, 2.0, 2.0], True),  # one point of six may be out
        ([5.0, 5.061, 4.939], [0.0, 2.0, 2.0], False),
        ([5.0, 5.0, 5.0], [0.0, 2.0 * (1 + 4.9 / 70.7) ** 0.5, 2.0 * (1 - 4.9 / 70.7) ** 0.5], True),  # Y = ±4.9
        ([5.0, 5.0, 5.0], [0.0, 2.0 * (1 + 5.1 / 70.7) ** 0.5, 2.0 * (1 - 5.1 / 70.7) ** 0.5], False),
        ([5.0001, 5.0, 5.0], [0.0, 2.0, 2.0], False),  # where nothing is left to chance, exactly
        ([5.0, 5.0, 5.0], [0.1, 2.0, 2.0], False),
        ([5.0, np.nan, np.nan], [0.0, 2.0, 2.0], False),
    ],
)
def test_the_rule(mean: list[float], deviation: list[float], accepted: bool) -> None:
    verdict = accept_moments(case(), moments(mean, deviation))
    assert verdict.accepted is accepted and bool(verdict.reason) is not accepted


def test_ranges_are_the_cases_own() -> None:
    found = moments([5.0, 5.05, 4.95], [0.0, 2.0, 2.0])
    assert not accept_moments(case(mean_range=(-2.0, 2.0)), found).accepted


def test_variances_of_heavy_tails_are_judged_by_their_own_spread() -> None:
    deviation = [0.0, 2.0 * 1.1, 2.0 * 1.1]
    assert not accept_moments(case(), moments([5.0] * 3, deviation)).accepted
    assert accept_moments(case(), moments([5.0] * 3, deviation, kurtosis=88.0)).accepted
    assert not accept_moments(case(), moments([5.0] * 3, [0.0, 4.0, 4.0], kurtosis=88.0)).accepted


def test_a_birth_and_death_process_of_heavy_tails(tmp_path: Path) -> None:
    # as DSMTS 001-03 (Evans, Gillespie & Wilkinson 2008): λ = 1, μ = 1.1, 100 individuals
    import sbmlgrn as sg

    path = tmp_path / "model.xml"
    sg.save(sg.load("substanceOnly species X; R1: X -> 2 X; l*X; R2: X -> ; m*X; l = 1; m = 1.1; X = 100"), path)
    t = np.linspace(0.0, 50.0, 51)
    growth = np.exp(-0.1 * t)
    expected = np.stack([100 * growth, np.sqrt(100 * 2.1 / 0.1 * growth * (1 - growth))], -1)
    settings = replace(case().settings, duration=50.0, steps=50, amount=frozenset({"X"}))
    made = replace(case(), settings=settings, expected=Results(("X-mean", "X-sd"), expected, t))
    assert accept_moments(made, run_stochastic_case(made, path, runs=RUNS)).accepted


@pytest.mark.parametrize("number", SAMPLE)
def test_public_cases(number: int, data: Path) -> None:
    found = load_case(data / "sbml-test-suite" / "stochastic", number)
    verdict = accept_moments(found, run_stochastic_case(found, runs=RUNS))
    assert verdict.accepted, verdict.reason


def test_a_wrong_model_is_found_out(data: Path, tmp_path: Path) -> None:
    folder = data / "sbml-test-suite" / "stochastic"
    found = load_case(folder, 1)
    wrong = tmp_path / "wrong.xml"
    wrong.write_text(found.document("newest").read_text().replace('value="0.1"', 'value="0.1005"'))
    assert wrong.read_text() != found.document("newest").read_text()
    verdict = accept_moments(found, run_stochastic_case(found, wrong, runs=10_000))
    assert not verdict.accepted and "out of range" in verdict.reason


def test_a_run_of_stochastic_cases(data: Path, tmp_path: Path) -> None:
    folder = data / "sbml-test-suite" / "stochastic"
    results = run_suite(folder, cases="56", runs=1000, out=tmp_path, timeout=300)
    assert [r.status for r in results] == [CaseStatus.PASS]
    header = (tmp_path / "00056.csv").read_text().splitlines()[0]
    assert header == "time,ln(X)-mean,ln(X)-sd"
    with pytest.raises(SuiteError, match="1 runs"):
        run_suite(folder, cases="56", runs=1)


def test_settings_of_stochastic_cases(data: Path) -> None:
    settings = load_case(data / "sbml-test-suite" / "stochastic", 46).settings
    assert settings.output == ("X-mean", "X-sd") and settings.sd_range == (-4.0, 4.0)
