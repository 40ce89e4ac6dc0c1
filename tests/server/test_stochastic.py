"""Stochastic simulations and tunings as jobs: results, progress, cancellation, refusals."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.client import Client, InvalidArgumentError, JobCancelledError
from sbmlgrn.client.v1 import job_pb2

IMMIGRATION = "R1: -> X; k; R2: X -> ; mu*X; k = 10; mu = 0.1; X = 30"
LOTKA = "R1: X -> 2 X; a*X; R2: X + Y -> 2 Y; b*X*Y; R3: Y -> ; c*Y; a = 10; b = 0.02; c = 10; X = 500; Y = 500"


def sbml(text: str) -> str:
    from sbmlgrn.sbml import write

    return write(sg.load(text))


@pytest.fixture(scope="module")
def immigration(client: Client) -> str:
    return client.create_model(sbml(IMMIGRATION)).name


@pytest.fixture(scope="module")
def lotka(client: Client) -> str:
    return client.create_model(sbml(LOTKA)).name


def test_a_simulation_is_that_of_the_library(client: Client, immigration: str) -> None:
    t = np.linspace(0, 20, 11)
    handle = client.start_stochastic_simulation(
        immigration, t, values={"k": 5.0}, symbols=["X"], trajectories=3000, seed=7
    )
    result = handle.result()
    here = sg.summarise_ssa(sg.compile(sg.load(IMMIGRATION)), t, {"k": 5.0}, 3000, 7, ids=["X"])
    np.testing.assert_array_equal(result.t, t)
    np.testing.assert_array_equal(result["mean/X"], here.mean("X"))
    np.testing.assert_array_equal(result["q95/X"], here.quantile("X", 0.95))
    np.testing.assert_array_equal(result["variance/X"], here.variance("X"))
    summary = result.job.stochastic_simulation_result
    assert (summary.trajectory_count, summary.reaction_count) == (3000, here.events)
    assert [(end.status, end.count) for end in summary.ends] == [("success", 3000)]
    assert result.job.provenance.seed == 7
    reports = [event.progress for event in handle.watch() if event.HasField("progress")]
    counts = [report.iteration for report in reports if report.stage == "simulate"]
    assert counts and counts[-1] <= 3000 and all(a <= b for a, b in itertools.pairwise(counts))


def test_failed_trajectories_are_counted(client: Client, immigration: str) -> None:
    handle = client.start_stochastic_simulation(immigration, [0.0, 100.0], trajectories=20, max_events=5)
    result = handle.result()
    (end,) = result.job.stochastic_simulation_result.ends
    assert (end.status, end.count) == ("max_events", 20) and "max_events" in end.message
    assert np.isnan(result["mean/X"]).all()


def test_a_simulation_can_be_cancelled(client: Client, immigration: str) -> None:
    handle = client.start_stochastic_simulation(immigration, [0.0, 1e7], trajectories=100_000)
    for event in handle.watch():
        if event.progress.stage in ("compile", "simulate"):
            break
    began = time.monotonic()
    assert handle.cancel().state == job_pb2.JOB_STATE_CANCELLED
    assert time.monotonic() - began < 10
    with pytest.raises(JobCancelledError):
        handle.result()


def test_a_tuning(client: Client, lotka: str) -> None:
    handle = client.tune_frequency(
        lotka, "X", 2.0, {"a": (2, 50), "c": (2, 50)}, trajectories=30, tolerance=0.05, seed=3
    )
    result = handle.result()
    assert result.reached, result.message
    assert result.frequency_found == pytest.approx(2.0, rel=0.05)
    assert result.frequency_before < 1.9
    assert result.values_after["a"] > result.values_before["a"] == 10
    assert "frequency" in client.get_model(result.model).display_name
    assert sg.load(client.export_model(result.model)).value("a") == pytest.approx(result.values_after["a"], rel=1e-15)
    before = result.arrays["before/X"].values
    assert before.shape[1:] == result.arrays["before/time"].values.shape
    reports = [event.progress for event in handle.watch() if event.HasField("progress")]
    assert any(report.metrics.get("frequency", 0) > 1 and "a" in report.values for report in reports)
    assert result.job.provenance.seed == 3 and result.job.provenance.entries["estimator"] == "straight_through"


def test_a_tuning_can_be_cancelled(client: Client, lotka: str) -> None:
    handle = client.tune_frequency(lotka, "X", 2.0, trajectories=100_000)
    for event in handle.watch():
        if event.progress.stage:
            break
    assert handle.cancel().state == job_pb2.JOB_STATE_CANCELLED


def test_bad_input(client: Client, immigration: str, lotka: str) -> None:
    with pytest.raises(InvalidArgumentError, match="trajectories is 0"):
        client.start_stochastic_simulation(immigration, [0.0, 1.0], trajectories=0)
    with pytest.raises(InvalidArgumentError, match="unknown observable symbol 'Z'"):
        client.start_stochastic_simulation(immigration, [0.0, 1.0], symbols=["Z"])
    with pytest.raises(InvalidArgumentError, match="value of 'k' is nan"):
        client.start_stochastic_simulation(immigration, [0.0, 1.0], values={"k": float("nan")})
    with pytest.raises(InvalidArgumentError, match="frequency is 0"):
        client.tune_frequency(lotka, "X", 0.0)
    with pytest.raises(InvalidArgumentError, match="'dga': expected 'straight_through' or 'gumbel'"):
        client.tune_frequency(lotka, "X", 1.0, estimator="dga")
    with pytest.raises(InvalidArgumentError, match="unknown species 'prey'"):
        client.tune_frequency(lotka, "prey", 1.0)
