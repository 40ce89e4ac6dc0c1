"""Fits to time courses as jobs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sbmlgrn.client import Client, JobCancelledError, JobFailedError, OdeFitResult
from sbmlgrn.client.v1 import job_pb2
from sbmlgrn.sbml import load


def table(k: float = 0.8, factor: float = 3.0) -> str:
    """Of the decay: S under two conditions, and A in arbitrary units, one value missing."""
    rng = np.random.default_rng(1)
    lines = ["time,condition,set:S,S,A"]
    for condition, start in (("low", 5.0), ("high", 10.0)):
        for t in np.linspace(0, 4, 9):
            s = start * np.exp(-k * t)
            a = factor * (3 + 2 * (start - s)) + 0.1 * rng.normal()
            lines.append(f"{t},{condition},{start},{s + 0.1 * rng.normal() if t != 1 else ''},{a}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def fitted(client: Client, model: str) -> OdeFitResult:
    return client.fit(
        model, table(), bounds={"k": (0.01, 10)}, sigma={"S": 0.1}, scale=["A"], starts=4, profiles=["k"], seed=5
    ).result()


def test_result(fitted: OdeFitResult) -> None:
    (k,) = fitted.parameters
    assert k.id == "k" and k.initial == 0.5
    assert k.interval_low < 0.8 < k.interval_high and k.interval_high - k.interval_low < 0.1
    assert fitted.values == {"k": k.value}
    symbols = {symbol.symbol: symbol for symbol in fitted.symbols}
    assert symbols["S"].count == 16 and symbols["S"].sigma == 0.1 and not symbols["S"].sigma_estimated
    assert symbols["A"].scale == pytest.approx(3, rel=0.03) and symbols["A"].sigma_estimated
    assert len(fitted.searches) == 4 and fitted.searches[0].loss == fitted.loss
    assert list(fitted.conditions) == ["low", "high"]
    assert fitted.job.provenance.seed == 5 and fitted.job.provenance.relative_tolerance == 1e-6


def test_new_model(client: Client, fitted: OdeFitResult) -> None:
    made = client.get_model(fitted.model)
    assert made.job == fitted.job.name
    assert load(client.export_model(fitted.model)).value("k") == pytest.approx(fitted.values["k"], rel=1e-15)


def test_arrays(fitted: OdeFitResult) -> None:
    t, s = fitted["curves/1/time"], fitted["curves/1/S"]
    assert s == pytest.approx(10 * np.exp(-fitted.values["k"] * t), rel=1e-4)
    assert fitted["curves/0/A"][0] == pytest.approx(9, rel=0.05)
    values, losses = fitted["profiles/k/value"], fitted["profiles/k/loss"]
    assert values[losses.argmin()] == pytest.approx(fitted.values["k"], rel=1e-3)


def test_progress(client: Client, fitted: OdeFitResult) -> None:
    events = list(client.get_job(fitted.job.name).watch())
    progress = [event.progress for event in events if event.HasField("progress")]
    assert any("k" in report.values for report in progress)
    assert all(a.elapsed_seconds <= b.elapsed_seconds for a, b in itertools.pairwise(progress))
    assert events[-1].state_change.state == job_pb2.JOB_STATE_SUCCEEDED


def test_cancel(client: Client, oscillator: str) -> None:
    lines = ["time,p_lacI", *(f"{t},{50 + 40 * np.sin(t / 7)}" for t in range(0, 1000))]
    handle = client.fit(oscillator, "\n".join(lines), starts=1000, max_iterations=1000)
    assert handle.cancel().state == job_pb2.JOB_STATE_CANCELLED
    with pytest.raises(JobCancelledError):
        handle.result()


def test_a_bad_table_fails_the_job_in_the_words_of_the_library(client: Client, model: str) -> None:
    with pytest.raises(JobFailedError, match="the time -1 is negative") as caught:
        client.fit(model, "time,S\n-1,10\n1,5\n").result()
    assert caught.value.reason == "BAD_INPUT"
