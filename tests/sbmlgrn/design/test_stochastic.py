"""Tuning of stochastic oscillators, judged by level crossings and spectra of trajectories that it did not see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.design import (
    DesignError,
    FrequencyTuning,
    NotOscillatingError,
    TuningSpec,
    free_rates,
    tune_frequency,
)
from sbmlgrn.fit import BoundsError, FreeParameter, Progress
from sbmlgrn.network import Network, UnknownElementError
from sbmlgrn.ssa import Estimator

LOTKA = "R1: X -> 2 X; a*X; R2: X + Y -> 2 Y; b*X*Y; R3: Y -> ; c*Y; a = 10; b = 0.02; c = 10; X = 500; Y = 500"
NATURAL = 1.5


@pytest.fixture(scope="module")
def lotka() -> Network:
    return sg.load(LOTKA)


def peak_of_the_periodogram(network: Network, symbol: str, near: float) -> float:
    """Place of the maximum of a plain periodogram, without the library's spectra, averaged over trajectories."""
    t = np.linspace(0, 12 / near, 481)
    # where predators die out prey explodes
    runs = sg.simulate_ssa(sg.compile(network), t, trajectories=1000, seed=987_654, max_events=2_000_000)
    signal = runs[symbol].numpy()[runs.status == 0, 80:]
    signal = (signal - signal.mean(1, keepdims=True)) * np.hanning(signal.shape[1])
    power = (np.abs(np.fft.rfft(signal, 2**15)) ** 2).mean(0)
    frequency = np.fft.rfftfreq(2**15, t[1])
    power[frequency < 0.3 * near] = 0
    top = power.argmax()
    lobe = slice(top - 60, top + 61)
    return float(np.polynomial.Polynomial.fit(frequency[lobe], power[lobe], 2).deriv().roots()[0])


@pytest.mark.parametrize("share", [0.6, 1.4])
def test_a_frequency_far_from_the_start_is_reached(lotka: Network, share: float) -> None:
    reports: list[Progress] = []
    asked = share * NATURAL
    tuning = tune_frequency(lotka, TuningSpec("X", asked, trajectories=40), on_progress=reports.append)
    assert tuning.reached, tuning.message
    assert abs(tuning.frequency_before / NATURAL - 1) < 0.06
    assert abs(tuning.frequency_found / asked - 1) <= 0.015
    assert abs(peak_of_the_periodogram(tuning.network, "X", asked) / asked - 1) <= 0.03
    assert {name: tuning.network.value(name) for name in "abc"} == tuning.values_after
    assert tuple(reports) == tuning.history and reports[-1].metrics["loss"] < 1e-3
    assert [report.iteration for report in reports] == list(range(1, len(reports) + 1))
    # the frequency of small oscillations is the root of a·c, so those two move, and alike
    moved = {name: np.log(tuning.values_after[name] / tuning.values_before[name]) for name in "abc"}
    assert moved["a"] == pytest.approx(moved["c"], rel=0.4) and abs(moved["b"]) < 0.5 * abs(moved["a"])


def test_a_seed_gives_the_same_tuning(lotka: Network) -> None:
    spec = TuningSpec("X", 1.3 * NATURAL, trajectories=10, max_iterations=2, seed=4)
    first, second = (tune_frequency(lotka, spec) for _ in range(2))
    assert first.values_after == second.values_after and first.frequency_found == second.frequency_found


def test_gumbel_leads_there_too(lotka: Network) -> None:
    spec = TuningSpec("X", 1.3 * NATURAL, trajectories=40, estimator=Estimator.GUMBEL, tolerance=0.04)
    tuning = tune_frequency(lotka, spec)
    assert tuning.reached, tuning.message


def test_bounds_stand_in_the_way(lotka: Network) -> None:
    parameters = (FreeParameter("a", 9.0, 11.0), FreeParameter("c", 9.0, 11.0))
    tuning = tune_frequency(lotka, TuningSpec("X", 2.0 * NATURAL, parameters, trajectories=20, max_iterations=6))
    assert not tuning.reached
    assert "a at its upper bound 11" in tuning.message and "widen the bounds" in tuning.message
    assert NATURAL < tuning.frequency_found < 1.2 * NATURAL


def test_pictures(lotka: Network) -> None:
    tuning: FrequencyTuning = tune_frequency(lotka, TuningSpec("X", NATURAL, trajectories=10, tolerance=0.2))
    assert tuning.reached and "already" in tuning.message and tuning.network is lotka
    assert tuning.history == ()
    assert set(tuning.before.columns) == {"1", "2", "3"}
    peak = tuning.spectrum.frequency[tuning.spectrum.after.argmax()]
    assert peak == pytest.approx(tuning.frequency_found, rel=0.1)


def test_what_can_be_wrong(lotka: Network) -> None:
    with pytest.raises(DesignError, match="frequency is -1"):
        TuningSpec("X", -1.0)
    with pytest.raises(DesignError, match="estimator is 'score'"):
        TuningSpec("X", 1.0, estimator=Estimator.SCORE)
    with pytest.raises(UnknownElementError):
        tune_frequency(lotka, TuningSpec("Z", 1.0))
    with pytest.raises(BoundsError, match="outside its bounds"):
        tune_frequency(lotka, TuningSpec("X", 1.0, (FreeParameter("a", 20.0, 30.0),)))
    with pytest.raises(NotOscillatingError, match="no frequency that stands out"):
        tune_frequency(sg.load("R1: -> X; k; R2: X -> ; m*X; k = 1; m = 1; X = 1"), TuningSpec("X", 1.0))
    with pytest.raises(DesignError, match="name the parameters"):
        free_rates(sg.load("R1: -> X; 2; X = 1"))
    assert {p.id for p in free_rates(lotka)} == {"a", "b", "c"}


def test_random_numbers_of_the_caller_are_left_alone(lotka: Network) -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    tune_frequency(lotka, TuningSpec("X", NATURAL, trajectories=5, tolerance=0.2))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.conformance
@pytest.mark.parametrize("share", [0.6, 0.8, 1.4])
def test_the_model_of_the_study(share: float) -> None:
    network = sg.load(Path(__file__).parents[3] / "models" / "lotka_volterra.xml")
    asked = share * 1.54
    tuning = tune_frequency(network, TuningSpec("prey", asked))
    assert tuning.reached, tuning.message
    assert abs(peak_of_the_periodogram(tuning.network, "prey", asked) / asked - 1) <= 0.03
