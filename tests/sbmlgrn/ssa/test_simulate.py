"""Ensembles of jump processes against analytic moments and finite state projection; and what must not change them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.sparse import lil_array
from scipy.sparse.linalg import expm_multiply

import sbmlgrn as sg
from sbmlgrn.ssa import JumpError, StochasticStatus
from sbmlgrn.ssa.jumps import check_jumps
from sbmlgrn.ssa.native.network import is_large

IMMIGRATION = "R1: -> X; k; R2: X -> ; m*X; k = 10; m = 0.1; X = 30"
BIRTH_DEATH = "R1: X -> 2 X; l*X; R2: X -> ; m*X; l = 0.1; m = 0.11; X = 100"
TELEGRAPH = (
    "R1: off -> on; a*off; R2: on -> off; b*on; R3: on -> on + M; r*on; R4: M -> ; g*M; "
    "a = 0.5; b = 1; r = 10; g = 1; off = 1; on = 0; M = 0"
)
DIMERS = "R1: 2 A -> D; c*A*(A - 1)/2; R2: D -> 2 A; d*D; c = 0.02; d = 0.5; A = 60; D = 0"
GRID = np.linspace(0.0, 20.0, 11)
N = 4000


def compiled(text: str) -> sg.Model:
    return sg.compile(sg.load(text))


def assert_moments(samples: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Means and variances within 4.5 standard errors; false alarms once in 7,000 for each of some 20 numbers."""
    n = len(samples)
    centred = samples - samples.mean(0)
    fourth = (centred**4).mean(0)
    error = np.sqrt(samples.var(0) / n)
    assert (np.abs(samples.mean(0) - mean) <= 4.5 * error + 1e-9).all()
    error = np.sqrt(np.maximum(fourth - samples.var(0) ** 2, 0) / n)
    assert (np.abs(samples.var(0, ddof=1) - variance) <= 4.5 * error + 1e-9).all()


def test_immigration_and_death() -> None:
    samples = sg.simulate_ssa(compiled(IMMIGRATION), GRID, trajectories=N, seed=1)["X"].numpy()
    decay = np.exp(-0.1 * GRID)
    assert_moments(samples, 30 * decay + 100 * (1 - decay), 30 * decay * (1 - decay) + 100 * (1 - decay))


def test_linear_birth_and_death() -> None:
    # DSMTS 00001 (Evans, Gillespie & Wilkinson 2008, Bioinformatics 24:285)
    samples = sg.simulate_ssa(compiled(BIRTH_DEATH), GRID, trajectories=N, seed=2)["X"].numpy()
    growth = np.exp((0.1 - 0.11) * GRID)
    assert_moments(samples, 100 * growth, 100 * (0.1 + 0.11) / (0.1 - 0.11) * growth * (growth - 1))


def test_two_state_promoter_at_rest() -> None:
    # mean and Fano factor: Peccoud & Ycart 1995, Theor. Popul. Biol. 48:222
    samples = sg.simulate_ssa(compiled(TELEGRAPH), [0.0, 60.0], trajectories=N, seed=3)["M"][:, 1:].numpy()
    on = 0.5 / 1.5
    mean = np.array([10 * on])
    assert_moments(samples, mean, mean * (1 + 10 * (1 - on) / (0.5 + 1 + 1)))


@pytest.mark.parametrize("time", [0.2, 5.0])
def test_distribution_by_finite_state_projection(time: float) -> None:
    """χ², of 20,000 samples: they tell a mean that is off by 0.07 standard deviations in 99.9 of 100 cases."""
    size = 31  # dimers
    generator = lil_array((size, size))
    for d in range(size):
        a = 60 - 2 * d
        for target, rate in ((d + 1, 0.02 * a * (a - 1) / 2), (d - 1, 0.5 * d)):
            if 0 <= target < size and rate:
                generator[target, d] += rate
                generator[d, d] -= rate
    start = np.zeros(size)
    start[0] = 1
    expected = expm_multiply(generator.tocsc() * time, start) * 20_000
    samples = sg.simulate_ssa(compiled(DIMERS), [0.0, time], trajectories=20_000, seed=4)["D"][:, 1].numpy().astype(int)
    counts = np.bincount(samples, minlength=size)
    kept = expected >= 5
    observed = np.append(counts[kept], counts[~kept].sum())
    wanted = np.append(expected[kept], expected[~kept].sum())
    statistic = ((observed - wanted) ** 2 / np.maximum(wanted, 1e-9)).sum()
    assert stats.chi2.sf(statistic, len(observed) - 1) > 1e-4


def test_trajectories_depend_on_their_number_and_the_seed_alone() -> None:
    model = compiled(TELEGRAPH)
    many = sg.simulate_ssa(model, GRID, trajectories=700, seed=-(10**40))
    few = sg.simulate_ssa(model, GRID, trajectories=3, seed=-(10**40))
    assert torch.equal(few.states, many.states[:3]) and (few.events == many.events[:3]).all()
    batch = sg.simulate_ssa(model, GRID, {"r": torch.tensor([10.0, 40.0])}, trajectories=300, seed=-(10**40))
    assert torch.equal(batch.states[0], many.states[:300]) and batch["M"].shape == (2, 300, len(GRID))
    assert not torch.equal(sg.simulate_ssa(model, GRID, trajectories=3, seed=0).states, few.states)


def test_statistics_are_those_of_the_trajectories() -> None:
    model = compiled(TELEGRAPH)
    runs = sg.simulate_ssa(model, GRID, trajectories=1000, seed=5)
    summary = sg.summarise_ssa(model, GRID, trajectories=1000, seed=5)
    values = runs["M"].numpy()
    for statistics in (summary, runs.statistics()):
        np.testing.assert_allclose(statistics.mean("M"), values.mean(0), rtol=1e-12)
        np.testing.assert_allclose(statistics.variance("M"), values.var(0, ddof=1), rtol=1e-12)
        for q in (0.0, 0.05, 0.5, 0.9, 1.0):
            expected = np.quantile(values, q, axis=0, method="inverted_cdf")
            np.testing.assert_array_equal(statistics.quantile("M", q), expected)
    assert summary.events == runs.events.sum() and summary.ends == {StochasticStatus.SUCCESS: 1000}
    lags, covariance = summary.autocovariance("M")
    centred = values - values.mean(1, keepdims=True)
    direct = [(centred[:, : len(GRID) - k] * centred[:, k:]).mean() for k in range(len(GRID))]
    np.testing.assert_allclose(covariance, direct, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(lags, GRID)


def test_histograms_of_large_and_of_broken_numbers() -> None:
    model = compiled("R1: -> X; k; k = 1e5; X = 0; Y := X/3")
    runs = sg.simulate_ssa(model, [0.0, 1.0], trajectories=300, seed=6)
    summary = sg.summarise_ssa(model, [0.0, 1.0], trajectories=300, seed=6, ids=["X", "Y"])
    for name in ("X", "Y"):
        values, histogram = runs[name].numpy(), summary.histogram(name)
        assert len(histogram.edges) <= 4097 and (histogram.counts.sum(1) == 300).all()
        for k in range(2):
            counts, _ = np.histogram(values[:, k], histogram.edges)
            np.testing.assert_array_equal(histogram.counts[k], counts)
        width = np.diff(histogram.edges)[0]
        assert abs(summary.quantile(name, 0.5)[1] - np.median(values[:, 1])) <= width


def test_an_absorbing_state_is_kept() -> None:
    runs = sg.simulate_ssa(compiled("R1: X -> ; m*X; m = 1; X = 5"), [0.0, 1.0, 1000.0, 1e6], trajectories=100, seed=7)
    assert runs.success and (runs["X"][:, 2:] == 0).all() and (runs.events == 5).all()


def test_without_reactions_nothing_happens() -> None:
    runs = sg.simulate_ssa(compiled("species X; X = 5"), [0.0, 1.0], trajectories=3)
    assert runs.success and runs.states.shape[:2] == (3, 2)
    assert (sg.simulate_ssa(compiled(IMMIGRATION), [0.0], trajectories=3)["X"] == 30).all()


def test_an_empty_batch_has_an_empty_ensemble() -> None:
    model = sg.compile(sg.load("X -> ; X; X = 3"))
    ensemble = sg.simulate_ssa(model, [0.0, 1.0], torch.empty(0, len(model.parameter_ids)), trajectories=2)
    assert ensemble.states.shape == (0, 2, 2, 1) and ensemble.to_dataframe().shape == (0, 1)


@pytest.mark.filterwarnings("ignore:the rate law of 'R1' is a difference")
def test_failures_are_told_and_stay_alone() -> None:
    model = compiled(
        "R1: -> X; k - X; k = 1; X = 0"
    )  # negative above 1, which is reached for a k that is no whole number
    k = torch.tensor([0.0, 1.0, 1.5, float("nan")], dtype=torch.float64)
    runs = sg.simulate_ssa(model, GRID, {"k": k}, trajectories=20, seed=8)
    assert (runs.status[:2] == StochasticStatus.SUCCESS).all()
    assert (runs.status[2:] == StochasticStatus.BAD_PROPENSITY).all()
    assert bool(runs["X"][2:, :, -1].isnan().all()) and bool(runs.states[:2].isfinite().all())
    alone = sg.simulate_ssa(model, GRID, {"k": 1.0}, trajectories=20, seed=8)
    assert torch.equal(alone.states, runs.states[1])


def test_explosions_meet_the_cap() -> None:
    model = compiled("R1: 2 X -> 3 X; k*X*(X - 1); k = 1; X = 2")
    runs = sg.simulate_ssa(model, [0.0, 100.0], trajectories=40, seed=9, max_events=1000)
    assert (runs.status == StochasticStatus.MAX_EVENTS).all() and (runs.events == 1000).all()
    assert "max_events" in StochasticStatus.MAX_EVENTS.message
    large = sg.simulate_ssa(compiled("R1: -> X; k; k = 1; X = 0"), [0.0, 1.0], {"X": 2.0**53}, trajectories=2)
    assert (large.status == StochasticStatus.TOO_LARGE).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R1: X -> ; k*X; k = 1; X = 2.5", "initial amount of 'X' is 2.5"),
        ("R1: 0.5 X -> ; k*X; k = 1; X = 2", "reaction 'R1' changes 'X' by -0.5"),
        ("R1: X -> ; k*X; k = 1; X = -2", "initial amount of 'X' is -2"),
        ("R1: X -> ; k*delay(X, 1); k = 1; X = 2", r"delay\(\)"),
    ],
)
def test_models_that_are_no_jump_process_are_refused(text: str, message: str) -> None:
    with pytest.raises(JumpError, match=message):
        sg.simulate_ssa(compiled(text), GRID)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R1: 0.5 X -> ; k*X; k = 1; X = 2", "reaction 'R1' changes 'X' by -0.5"),
        ("R1: X -> ; k*X*time; k = 1; X = 2", "rate law of 'R1' depends on the time"),
        ("R1: X -> ; k*X; k' = 1; k = 1; X = 2", "'k' changes continuously"),
        ("R1: X -> ; k*X; k = 1; X = 2; E1: at time > 1: X = 5", r"events \('E1'\)"),
        ("R1: X -> ; k*delay(X, 1); k = 1; X = 2", r"delay\(\)"),
    ],
)
def test_leaps_need_a_network_in_which_nothing_happens_but_reactions(text: str, message: str) -> None:
    with pytest.raises(JumpError, match=message):
        check_jumps(compiled(text).system)
    with pytest.raises(JumpError):
        sg.simulate_ssa(compiled(text), GRID, method="tau")


@pytest.mark.parametrize("large", [False, True])
def test_more_molecules_taken_than_there_are(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sbmlgrn.ssa.simulate.is_large", lambda _: large)
    for text in ("R1: X -> ; k; k = 1; X = 2", "R1: 2 X -> ; k*X; k = 1; X = 3"):
        runs = sg.simulate_ssa(compiled(text), [0.0, 100.0], trajectories=20)
        assert (runs.status == StochasticStatus.BELOW_ZERO).all()


def test_the_loop_for_large_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sbmlgrn.ssa.simulate.is_large", lambda _: True)
    test_two_state_promoter_at_rest()
    for time in (0.2, 5.0):
        test_distribution_by_finite_state_projection(time)
    test_trajectories_depend_on_their_number_and_the_seed_alone()
    test_an_absorbing_state_is_kept()
    test_explosions_meet_the_cap()


def test_which_networks_are_large() -> None:
    chain = "\n".join(f"R{i}: S{i} -> S{i + 1}; k*S{i}; S{i} = 5" for i in range(1000))
    assert is_large(compiled(f"{chain}\nS1000 = 0; k = 1").system)
    assert not is_large(compiled(TELEGRAPH).system)


def test_leaps_keep_means_and_variances() -> None:
    samples = sg.simulate_ssa(compiled(IMMIGRATION), GRID, {"k": 1000.0}, N, seed=1, method="tau")
    assert samples.success
    decay = np.exp(-0.1 * GRID)
    mean = 30 * decay + 10_000 * (1 - decay)
    x = samples["X"].numpy()
    # an error of the first order in epsilon is allowed beside that of the sample
    assert (np.abs(x.mean(0) - mean) <= 4.5 * np.sqrt(mean / N) + 0.01 * mean).all()
    variance = mean - 30 * decay**2
    assert (np.abs(x.var(0) - variance) <= 4.5 * variance * np.sqrt(2 / N) + 0.05 * variance).all()
    finer = sg.simulate_ssa(compiled(IMMIGRATION), GRID, {"k": 1000.0}, 500, seed=1, method="tau", epsilon=0.003)
    assert np.abs(finer["X"].numpy().mean(0) - mean).max() <= 4.5 * np.sqrt(mean.max() / 500)
    assert finer.events.mean() == pytest.approx(samples.events.mean(), rel=0.02)


def test_leaps_are_single_reactions_where_molecules_are_few() -> None:
    assert_moments(
        sg.simulate_ssa(compiled(TELEGRAPH), [0.0, 60.0], trajectories=N, seed=3, method="tau")["M"][:, 1:].numpy(),
        np.array([10 / 3]),
        np.array([10 / 3 * (1 + 10 * (2 / 3) / 2.5)]),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trajectories": 0}, "trajectories is 0"),
        ({"max_events": 0}, "max_events is 0"),
        ({"method": "magic"}, "method is 'magic', expected one of direct, tau"),
        ({"method": "tau", "epsilon": 0.0}, "epsilon is 0"),
        ({"t": [0.0, 0.0]}, "must increase strictly"),
        ({"parameters": {"q": 1.0}}, "unknown parameter 'q'"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sg.simulate_ssa(compiled(IMMIGRATION), **{"t": GRID, **arguments})
