from __future__ import annotations

import itertools
import json
import math
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from sbmlgrn.client import Client, DesignResult
from sbmlgrn.client.v1 import job_pb2
from sbmlgrn.design import FrequencyDesign, FrequencySpec, Spectrum, TimeCourse
from sbmlgrn.fit import FreeParameter, OnProgress, Progress
from sbmlgrn.network import Network
from sbmlgrn.objectives import period_by_crossings
from sbmlgrn.sbml import load
from sbmlgrn_server.runners import frequency_design
from sbmlgrn_server.worker import JobContext


@pytest.fixture(scope="module")
def design(client: Client, oscillator: str) -> DesignResult:
    """A small step: one parameter moves, so that the test is quick."""
    handle = client.design_frequency(oscillator, "p_lacI", 42, {"beta": (0.15, 0.3)}, tolerance=0.02, seed=3)
    result = handle.result()
    assert result.reached, result.message
    return result


def test_result(design: DesignResult) -> None:
    assert design.period_asked == 42
    assert design.period_before == pytest.approx(43.447, rel=1e-3)
    assert design.period_found == pytest.approx(42, rel=0.02)
    assert design.values_before == {"beta": 0.2}
    assert 0.2 < design.values_after["beta"] < 0.3
    assert design.job.provenance.seed == 3
    assert design.job.provenance.HasField("relative_tolerance")
    assert design.job.provenance.versions["sbmlgrn"]


def test_new_model(client: Client, oscillator: str, design: DesignResult, repressilator: str) -> None:
    model = client.get_model(design.model)
    assert model.job == design.job.name
    assert model.sha256 != client.get_model(oscillator).sha256
    assert model.name in [entry.name for entry in client.list_models()]
    document = client.export_model(design.model)
    assert load(document).value("beta") == pytest.approx(design.values_after["beta"], rel=1e-15)
    # Notes and annotations survive.
    assert "10.1038/35002125" in document
    assert "10.1038/35002125" in repressilator


def test_new_model_has_the_period_by_a_simulation_of_its_own(client: Client, design: DesignResult) -> None:
    t = np.linspace(0, 400, 2001)
    course = client.simulate(design.model, t, symbols=["p_lacI"], rtol=1e-6)["p_lacI"]
    assert period_by_crossings(t, course) == pytest.approx(design.period_found, rel=1e-3)


def test_arrays(design: DesignResult) -> None:
    assert design["before/time"].shape == design["before/p_lacI"].shape == design["after/p_lacI"].shape
    assert design.arrays["after/p_lacI"].quantity == "amount"
    assert design.arrays["after/p_lacI"].symbol == "p_lacI"
    frequency = design["spectrum/frequency"]
    assert frequency.shape == design["spectrum/power_before"].shape == design["spectrum/power_after"].shape
    step = frequency[1] - frequency[0]
    assert abs(frequency[design["spectrum/power_before"].argmax()] - 1 / design.period_before) <= step
    assert abs(frequency[design["spectrum/power_after"].argmax()] - 1 / design.period_found) <= step


def test_progress(client: Client, design: DesignResult) -> None:
    events = list(client.get_job(design.job.name).watch())
    progress = [event.progress for event in events if event.HasField("progress")]
    assert len(progress) >= 3
    assert all(a.elapsed_seconds <= b.elapsed_seconds for a, b in itertools.pairwise(progress))
    assert any("period" in report.metrics for report in progress)
    assert any("beta" in report.values for report in progress)
    assert design.job.progress == progress[-1]
    assert events[-1].state_change.state == job_pb2.JOB_STATE_SUCCEEDED


def test_period_not_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repressilator: str) -> None:
    # How far a design gets is the library's business; here only what becomes of its answer.
    network = load(repressilator)
    course = TimeCourse(t=np.array([0.0, 1.0]), columns={"p_cI": np.array([2.0, 3.0])})
    nearest = FrequencyDesign(
        network=network.with_values({"beta": 0.21}),
        reached=False,
        message="the nearest found is 43",
        period_asked=500.0,
        period_before=43.4,
        period_found=43.0,
        values_before={"beta": 0.2},
        values_after={"beta": 0.21},
        history=(),
        before=course,
        after=course,
        spectrum=Spectrum(frequency=np.array([0.0]), before=np.array([1.0]), after=np.array([np.nan])),
        provenance={"seed": "7", "solver": "by hand", "rtol": "1e-8", "sbmlgrn": "0", "extra": "yes"},
    )

    def design(_network: Network, spec: FrequencySpec, *, on_progress: OnProgress) -> FrequencyDesign:
        assert spec.parameters == (FreeParameter("beta", 0.1, 0.4, "linear"),)
        assert (spec.tolerance, spec.max_iterations, spec.seed) == (0.5, 9, 7)
        for iteration in range(100):
            on_progress(Progress("approach", iteration, 100, math.inf, {"period": 43.0}, {"beta": 0.21}, 0.0))
        return nearest

    monkeypatch.setattr(frequency_design, "design_frequency", design)
    (tmp_path / "document.xml").write_text(repressilator)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    spec = job_pb2.FrequencyDesignSpec(
        species="p_cI", period=500, parameters=[{"id": "beta", "lower": 0.1, "upper": 0.4, "scale": 2}]
    )
    spec.tolerance, spec.max_iterations, spec.seed = 0.5, 9, 7
    task = {
        "spec": json_format.MessageToDict(spec, preserving_proto_field_name=True),
        "symbols": [{"id": "p_cI", "unit": "item", "quantity": "QUANTITY_AMOUNT"}],
        "time_unit": "second",
        "model_sha256": "0",
        "model_display_name": "mine",
    }
    context = JobContext(tmp_path, tmp_path / "arrays", sender)
    result = frequency_design.run(context, task)
    context.send({"result": result})
    messages = []
    while receiver.poll():
        messages.append(json.loads(receiver.recv_bytes()))
    fields = messages.pop()["result"]
    job = json_format.ParseDict({k: v for k, v in fields.items() if k != "model"}, job_pb2.Job())
    assert not job.frequency_design_result.reached
    assert job.frequency_design_result.period_found == 43
    assert fields["model"]["display_name"] == "mine; period 43"
    assert load(tmp_path / "result.xml").value("beta") == 0.21
    assert job.provenance.seed == 7
    assert job.provenance.solver == "by hand"
    assert dict(job.provenance.entries) == {"extra": "yes"}
    assert {array.name: array.unit for array in job.arrays} == {
        "before/time": "second",
        "before/p_cI": "item",
        "after/time": "second",
        "after/p_cI": "item",
        "spectrum/frequency": "1 / second",
        "spectrum/power_before": "(item)^2",
        "spectrum/power_after": "(item)^2",
    }
    # Reports in quick succession are thinned, but the last one arrives, before the remark.
    assert len(messages) < 50
    assert messages[-2]["progress"]["iteration"] == 99
    assert messages[-2]["progress"]["loss"] == "Infinity"
    assert messages[-1]["log"] == {"severity": "SEVERITY_WARNING", "message": nearest.message}
