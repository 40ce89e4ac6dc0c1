"""Jump processes that move between jumps, have events or draw random values, against what is known of them exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import sbmlgrn as sg
from sbmlgrn.expr import constant, make, symbol
from sbmlgrn.network import (
    AssignmentRule,
    FunctionDefinition,
    InitialAssignment,
    Network,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
)
from sbmlgrn.ssa import Ensemble, JumpError, StochasticStatus

GRID = np.linspace(0.0, 10.0, 11)
N = 4000


def runs(text: str, grid: np.ndarray = GRID, n: int = N, seed: int = 1) -> Ensemble:
    ensemble = sg.simulate_ssa(sg.compile(sg.load(text)), grid, trajectories=n, seed=seed)
    assert ensemble.success
    return ensemble


def assert_counts(samples: np.ndarray, probability: Any) -> None:
    """χ² of counts against probabilities, from 0 on or of a distribution; false alarms once in 10,000."""
    size = int(samples.max()) + 2
    p = probability if isinstance(probability, np.ndarray) else probability.pmf(np.arange(size))
    counts = np.bincount(samples.astype(int), minlength=len(p))[: len(p)]
    expected = p * len(samples)
    kept = expected >= 5
    observed = np.append(counts[kept], len(samples) - counts[kept].sum())
    wanted = np.append(expected[kept], len(samples) - expected[kept].sum())
    statistic = ((observed - wanted) ** 2 / np.maximum(wanted, 1e-9))[wanted > 1e-6].sum()
    assert stats.chi2.sf(statistic, max(len(observed) - 1, 1)) > 1e-4


@pytest.mark.parametrize(
    ("text", "mean"),
    [
        ("R1: -> X; k*(1 + sin(time)); k = 2; X = 0", lambda t: 2 * (t + 1 - np.cos(t))),
        ("R1: -> X; r; r := k*time; k = 0.3; X = 0", lambda t: 0.15 * t**2),
        ("R1: -> X; r; r' = -r; r = 5; X = 0", lambda t: 5 * (1 - np.exp(-t))),
        # narrow pulses, which steps of any length must not pass over
        (
            "R1: -> X; piecewise(2000, (time > 5) && (time < 5.001), 0.1); X = 0",
            lambda t: 0.1 * t + (t > 5) * (2000 - 0.1) * 0.001,
        ),
        ("R1: -> X; r; r = 1; E1: at time >= 4: r = 3; X = 0", lambda t: t + 2 * np.maximum(t - 4, 0)),
        # stiff: a relaxation a thousand times as fast
        ("R1: -> X; r; r' = 1000*(cos(time) + 1 - r); r = 2; X = 0", lambda t: t + np.sin(t)),
    ],
)
def test_births_at_a_rate_that_changes_are_poisson_distributed(text: str, mean: object) -> None:
    samples = runs(text)["X"].numpy()
    for k in (3, 5, 10):
        assert_counts(samples[:, k], stats.poisson(mean(GRID[k])))  # type: ignore[operator]


def test_a_reaction_in_a_compartment_that_grows() -> None:
    # one pair in the volume 1 + t meets at the rate c/(1 + t): it is still there with probability (1 + t)^-c
    text = (
        "compartment V = 1; V' = 1; species A in V, B in V, C in V; A = 1; B = 1; C = 0;"
        "R1: A + B -> C; V*c*A*B; c = 0.7"
    )
    left = runs(text).amount("A").numpy().mean(0)
    expected = (1 + GRID) ** -0.7
    assert (np.abs(left - expected) <= 4 * np.sqrt(expected * (1 - expected) / N) + 1e-12).all()


def test_events_that_counts_trigger() -> None:
    # what is set to 0 at 3 counts births modulo 3
    samples = runs("R1: -> X; k; k = 1; X = 0; E1: at X > 2: X = 0")["X"].numpy()
    for k in (1, 10):
        p = stats.poisson.pmf(np.arange(60), GRID[k])
        assert_counts(samples[:, k], np.array([p[i::3].sum() for i in range(3)]))


def test_at_the_time_of_an_event_its_outcome_is_reported() -> None:
    ensemble = runs("R1: X -> ; m*X; m = 0.1; X = 100; E1: at time >= 4: X = 50; E2: at time > 7: X = 20")
    samples = ensemble["X"].numpy()
    assert (samples[:, 4] == 50).all() and (samples[:, 0] == 100).all()
    survivors = stats.binom(50, np.exp(-0.1 * 3))
    assert_counts(samples[:, 7], survivors)
    assert_counts(samples[:, 10], stats.binom(20, np.exp(-0.1 * 3)))


def test_delays_and_persistence() -> None:
    # X is switched on by chance; two time units later Y follows, Z only if X has stayed on
    text = (
        "R1: -> X; a*(1 - X); R2: X -> ; b*X; a = 0.4; b = 0.3; X = 0; Y = 0; Z = 0;"
        "E1: at 2 after X > 0, persistent=true: Y = Y + 1; E2: at 2 after X > 0, persistent=false: Z = Z + 1"
    )
    ensemble = runs(text, np.linspace(0, 4, 5), n=20_000)
    y, z = ensemble["Y"].numpy(), ensemble["Z"].numpy()
    started = 1 - np.exp(-0.4)  # by 1, so that it follows by 3
    assert abs((y[:, 3] > 0).mean() - started) < 4 * np.sqrt(started * (1 - started) / 20_000)
    assert (z <= y).all()
    # switched on by t, and not off for 2: at the rate a P(off at s), in equilibrium with relaxation a + b
    rate = 0.4 * np.exp(-0.6)
    times = np.linspace(0, 2, 2001)
    off = (0.3 + 0.4 * np.exp(-0.7 * times)) / 0.7
    expected = rate * np.trapezoid(off, times)
    assert abs(z[:, 4].mean() - expected) < 4 * np.sqrt(z[:, 4].var() / 20_000)


def test_more_events_wait_than_there_was_room_for() -> None:
    text = "c = 0; x = 0; x' = 1; E1: at 100 after sin(20*time) > 0, persistent=true, fromTrigger=false: c = c + 1"
    ensemble = runs(text, np.array([0.0, 50.0, 101.0, 130.0]), n=3)
    periods = 20 / (2 * np.pi)
    expected = [0, 0, np.floor(1 * periods) + 1, np.floor(30 * periods) + 1]
    np.testing.assert_array_equal(ensemble["c"].numpy(), [expected] * 3)


def test_ties_are_broken_by_chance_and_priorities_by_rank() -> None:
    text = "x = 0; y = 0; E1: at time >= 1: x = 1; E2: at time >= 1: x = 2; E3: at time >= 1, priority=5: y = x"
    ensemble = runs(text, np.array([0.0, 1.0]))
    share = (ensemble["x"][:, 1] == 2).double().mean()
    assert abs(float(share) - 0.5) < 4 * 0.5 / np.sqrt(N)
    text = "x = 0; E1: at time >= 1, priority=2: x = 1; E2: at time >= 1, priority=1: x = 2"
    assert (runs(text, np.array([0.0, 1.0]), n=50)["x"][:, 1] == 2).all()


def test_draws_before_the_start_are_remembered() -> None:
    network = Network().with_elements(
        Parameter(id="k"),
        Parameter(id="twice", constant=False),
        Parameter(id="x", value=0.0, constant=False),
        InitialAssignment(symbol="k", math=make("gamma", [constant(2), constant(3)], 0)),
        AssignmentRule(variable="twice", math=symbol("k") * 2),
    )
    ensemble = sg.simulate_ssa(sg.compile(network), GRID, trajectories=N, seed=3)
    k, twice = ensemble["k"].numpy(), ensemble["twice"].numpy()
    assert (k == k[:, :1]).all() and (twice == 2 * k).all()
    assert stats.kstest(k[:, 0], stats.gamma(2, scale=3).cdf).pvalue > 1e-4


def test_a_rule_that_draws_does_so_whenever_it_is_looked_at() -> None:
    network = Network().with_elements(
        Parameter(id="noise", constant=False),
        Parameter(id="shifted", constant=False),
        AssignmentRule(variable="noise", math=make("normal", [constant(1), constant(2)], 0)),
        AssignmentRule(variable="shifted", math=symbol("noise") + 1),
    )
    model = sg.compile(network)
    ensemble = sg.simulate_ssa(model, GRID, trajectories=N, seed=3)
    noise = ensemble["noise"].numpy()
    assert (ensemble["shifted"].numpy() == noise + 1).all()
    assert stats.kstest(noise.ravel(), stats.norm(1, 2).cdf).pvalue > 1e-4
    assert abs(np.corrcoef(noise[:, 3], noise[:, 4])[0, 1]) < 4 / np.sqrt(N)
    summary = sg.summarise_ssa(model, GRID, trajectories=N, seed=3, ids=["noise"])
    np.testing.assert_allclose(summary.mean("noise"), noise.mean(0), rtol=1e-12)


def test_every_call_of_a_function_draws_anew() -> None:
    noise = make("normal", [constant(0), constant(1)], 0)
    call = make("call", [], "noise")
    twice = make("call", [constant(1)], "pair")
    network = Network().with_elements(
        FunctionDefinition(id="noise", arguments=(), math=noise),
        FunctionDefinition(id="pair", arguments=("a",), math=call * symbol("a") - call),
        Parameter(id="difference"),
        Parameter(id="sum"),
        InitialAssignment(symbol="difference", math=call - call),
        InitialAssignment(symbol="sum", math=twice + twice),
    )
    ensemble = sg.simulate_ssa(sg.compile(network), [0.0, 1.0], trajectories=N, seed=4)
    for name, variance in (("difference", 2), ("sum", 4)):
        values = ensemble[name][:, 0].numpy()
        assert stats.kstest(values, stats.norm(0, np.sqrt(variance)).cdf).pvalue > 1e-4


def test_stoichiometries_that_change() -> None:
    # bursts of a size that an event changes, and of a size drawn at random
    network = Network().with_elements(
        *sg.load("compartment V = 1; k = 3; n = 2; E1: at time >= 5: n = 4").compartments,
        Species(id="X", compartment="V", initial_amount=0.0, has_only_substance_units=True),
        Parameter(id="k", value=3.0),
        Parameter(id="burst", constant=False),
        AssignmentRule(variable="burst", math=make("poisson", [constant(2)], 0)),
        Reaction(
            id="R",
            products=(SpeciesReference(id="n", species="X", constant=False),),
            kinetic_law=symbol("k"),
        ),
        AssignmentRule(variable="n", math=symbol("burst")),
    )
    samples = sg.simulate_ssa(sg.compile(network), [0.0, 2.0], trajectories=N, seed=5)["X"][:, 1].numpy()
    mean, variance = 3 * 2 * 2, 3 * 2 * (2 + 4)  # of a compound Poisson distribution
    assert abs(samples.mean() - mean) < 4.5 * np.sqrt(variance / N)
    assert abs(samples.var() - variance) < 0.15 * variance


def test_trajectories_depend_on_their_number_and_the_seed_alone() -> None:
    model = sg.compile(sg.load("R1: -> X; r*(1.1 + sin(time)); r' = 0.1; r = 1; X = 0; E1: at X > 9: X = 0"))
    many = sg.simulate_ssa(model, GRID, trajectories=600, seed=-(10**40))
    few = sg.simulate_ssa(model, GRID, trajectories=3, seed=-(10**40))
    assert torch.equal(few.states, many.states[:3]) and (few.events == many.events[:3]).all()
    batch = sg.simulate_ssa(model, GRID, {"r": torch.tensor([1.0, 4.0])}, trajectories=300, seed=-(10**40))
    assert torch.equal(batch.states[0], many.states[:300])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("R1: -> X; cos(time); X = 0", StochasticStatus.BAD_PROPENSITY),
        ("R1: -> X; r; r' = r*r; r = 1; X = 0", StochasticStatus.NOT_INTEGRATED),
        ("R1: -> X; k; k = 1; X = 0; E1: at time > 1: X = 1e17", StochasticStatus.TOO_LARGE),
        (
            "R1: -> X; k; k = 1; X = 0; y = 0; E1: at y < 1, t0=false: y = 2; E2: at y > 1: y = 0",
            StochasticStatus.EVENT_CASCADE,
        ),
        ("R1: 2 X -> 3 X; k*X*(X - 1); k = 1; X = 2; y' = 1; y = 0", StochasticStatus.MAX_EVENTS),
    ],
)
def test_failures_are_told(text: str, status: StochasticStatus) -> None:
    runs = sg.simulate_ssa(sg.compile(sg.load(text)), GRID, trajectories=5, seed=1, max_events=10_000)
    assert (runs.status == status).all() and bool(runs["X"][:, -1].isnan().all())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R1: X -> ; k*delay(X, 1); k = 1; X = 2", r"delay\(\)"),
        ("R1: 0.5 X -> ; k*X*time; k = 1; X = 2", "changes 'X' by -0.5"),
    ],
)
def test_what_has_no_meaning_as_jumps_is_refused(text: str, message: str) -> None:
    with pytest.raises(JumpError, match=message):
        sg.simulate_ssa(sg.compile(sg.load(text)), GRID)


def test_noise_at_every_moment_has_no_meaning_in_a_law() -> None:
    network = sg.load("R1: -> X; noise; X = 0; noise = 1").with_elements(
        AssignmentRule(variable="noise", math=make("uniform", [constant(1), constant(2)], 0)),
        Parameter(id="noise", constant=False),
    )
    with pytest.raises(JumpError, match="rate law of 'R1' depends on a random value"):
        sg.simulate_ssa(sg.compile(network), GRID)


def test_a_horizon_of_0_and_nothing_that_moves() -> None:
    model = sg.compile(
        sg.load("R1: X -> ; k*X; k = 1; X = 5; y = 1; E1: at X < 1: y = 2; E2: at y > 0, t0=false: X = 7")
    )
    assert (sg.simulate_ssa(model, [0.0], trajectories=3)["X"] == 7).all()  # after the event at the start
    absorbed = sg.simulate_ssa(model, [0.0, 1e6, 1e9], trajectories=3)
    assert (absorbed["X"][:, 1:] == 0).all() and (absorbed["y"][:, 1:] == 2).all() and (absorbed.events == 7).all()
