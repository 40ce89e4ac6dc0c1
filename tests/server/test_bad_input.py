"""Bad input: one clear error each, and nothing is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from sbmlgrn.client import Client, InvalidArgumentError, JobFailedError, NotFoundError
from sbmlgrn.client.v1 import job_pb2, job_service_pb2

BOMB = """<?xml version="1.0"?>
<!DOCTYPE sbml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="&d;"/></sbml>"""


@pytest.fixture(autouse=True)
def nothing_is_stored(client: Client, model: str, oscillator: str) -> Iterator[None]:
    def stored() -> list[str]:
        return [entry.name for entry in client.list_models()] + [entry.name for entry in client.list_jobs()]

    before = stored()
    yield
    assert stored() == before


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"", "empty"),
        (b"S -> ; k*S", "not XML"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "utf-8"),
        (b"<html><body/></html>", "'html'"),
        (b"<sbml><model>", "'sbml'"),
        (BOMB.encode(), "DOCTYPE"),
        (b"x" * 100 * 2**20, "104,857,600 bytes"),
    ],
    ids=["empty", "not XML", "binary", "not SBML", "not closed", "entity expansion", "100 MB"],
)
def test_documents(client: Client, document: bytes, text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text) as caught:
        client.create_model(document)
    (issue,) = caught.value.issues
    assert text in issue.message + issue.hint
    assert issue.hint
    assert not client.validate(document).valid


def test_inconsistent_document(client: Client, decay: str) -> None:
    with pytest.raises(InvalidArgumentError, match="nowhere") as caught:
        client.create_model(decay.replace('id="S" compartment="c"', 'id="S" compartment="nowhere"'))
    assert caught.value.issues[0].line > 0


def test_more_errors_than_an_answer_holds(client: Client, decay: str) -> None:
    flags = 'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"'
    many = "".join(f'<species id="X{index}" compartment="nowhere" {flags}/>' for index in range(400))
    with pytest.raises(InvalidArgumentError) as caught:
        client.create_model(decay.replace("</listOfSpecies>", many + "</listOfSpecies>"))
    assert caught.value.issues
    assert len(caught.value.issues) + caught.value.issues_left_out >= 400


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({}, ["time_points"]),
        ({"explicit": {"times": [0, -1, 2]}}, ["times", "-1", "negative"]),
        ({"explicit": {"times": [-1, 2]}}, ["times", "-1", "negative"]),
        ({"explicit": {"times": [0, 2, 2]}}, ["2 after 2", "strictly increasing"]),
        ({"explicit": {"times": [0]}}, ["1 entries", "at least 2"]),
        ({"explicit": {"times": [0, math.nan]}}, ["nan", "finite"]),
        ({"uniform": {"start": -1, "end": 2, "points": 3}}, ["start", "-1"]),
        ({"uniform": {"start": 3, "end": 2, "points": 3}}, ["end is 2", "start is 3"]),
        ({"uniform": {"end": 2, "points": 1}}, ["points is 1"]),
        ({"uniform": {"end": 2, "points": 2_000_000_000}}, ["4,000,000,000 numbers"]),
        ({"explicit": {"times": range(600_000)}}, ["bytes", "4,194,304", "uniform"]),
        ({"uniform": {"end": 2, "points": 3}, "symbols": ["SS"]}, ["'SS'", "did you mean 'S'"]),
        ({"uniform": {"end": 2, "points": 3}, "symbols": ["S", "S"]}, ["'S' twice"]),
        ({"uniform": {"end": 2, "points": 3}, "values": {"kk": {"values": [1]}}}, ["'kk'", "did you mean 'k'"]),
        ({"uniform": {"end": 2, "points": 3}, "values": {"J": {"values": [1]}}}, ["'J'", "adjustable"]),
        ({"uniform": {"end": 2, "points": 3}, "values": {"k": {}}}, ["'k'", "empty"]),
        ({"uniform": {"end": 2, "points": 3}, "values": {"k": {"values": [math.inf]}}}, ["'k'", "inf"]),
        (
            {"uniform": {"end": 2, "points": 3}, "values": {"k": {"values": [1, 2]}, "c": {"values": [1, 2, 3]}}},
            ["'k'", "'c'", "3", "2"],
        ),
        ({"uniform": {"end": 2, "points": 3}, "relative_tolerance": -1}, ["relative_tolerance is -1"]),
        ({"uniform": {"end": 2, "points": 3}, "absolute_tolerance": 0}, ["absolute_tolerance is 0"]),
    ],
)
def test_simulations(stubs, model: str, change: dict, texts: list[str]) -> None:
    request = job_service_pb2.CreateJobRequest(
        job=job_pb2.Job(simulation=job_pb2.SimulationSpec(model=model, **change))
    )
    _refused(stubs, request, texts)


GOOD = {"id": "alpha", "lower": 100, "upper": 300}


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"species": "p_Lacl"}, ["'p_Lacl'", "did you mean 'p_lacI'"]),
        ({"species": "alpha"}, ["species 'alpha'"]),
        ({"species": ""}, ["species is not set"]),
        ({"period": 0}, ["period is 0"]),
        ({"period": -3}, ["period is -3"]),
        ({"period": math.nan}, ["period is nan"]),
        ({"parameters": []}, ["parameters is empty"]),
        ({"parameters": [GOOD | {"id": "alhpa"}]}, ["'alhpa'", "did you mean 'alpha'"]),
        ({"parameters": [GOOD | {"lower": 250}]}, ["'alpha'", "250 and 300", "exclude the start", "216"]),
        ({"parameters": [GOOD | {"lower": 400}]}, ["'alpha'", "400 and 300", "lower bound below"]),
        ({"parameters": [GOOD | {"lower": 0}]}, ["'alpha'", "logarithmic", "PARAMETER_SCALE_LINEAR"]),
        ({"parameters": [GOOD | {"upper": math.inf}]}, ["'alpha'", "finite"]),
        ({"parameters": [GOOD, GOOD]}, ["'alpha' twice"]),
        ({"tolerance": 2}, ["tolerance is 2"]),
        ({"max_iterations": 0}, ["max_iterations is 0"]),
        ({"seed": -1}, ["seed is -1"]),
    ],
)
def test_frequency_designs(stubs, oscillator: str, change: dict, texts: list[str]) -> None:
    fields = {"species": "p_lacI", "period": 30, "parameters": [GOOD]} | change
    spec = job_pb2.FrequencyDesignSpec(model=oscillator, **fields)
    _refused(stubs, job_service_pb2.CreateJobRequest(job=job_pb2.Job(frequency_design=spec)), texts)


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"data": " "}, ["data is empty"]),
        ({"fix": ["kk"]}, ["'kk'", "did you mean 'k'"]),
        ({"free": ["nothing"]}, ["'nothing'"]),
        ({"bounds": [{"id": "k", "lower": 2, "upper": 1}]}, ["'k'", "2 and 1", "lower bound below"]),
        ({"bounds": [{"id": "k", "lower": 1, "upper": 2}] * 2}, ["'k' twice"]),
        ({"symbols": [{"symbol": "B"}]}, ["'B'"]),
        ({"symbols": [{"symbol": "S", "sigma": 0}]}, ["sigma of 'S' is 0"]),
        ({"sigma": math.inf}, ["sigma is inf"]),
        ({"span": 0.5}, ["span is 0.5"]),
        ({"optimizer": "newton"}, ["optimizer is 'newton'", "trust-region"]),
        ({"starts": 0}, ["starts is 0"]),
        ({"windows": -1}, ["windows is -1"]),
        ({"level": 1}, ["level is 1"]),
        ({"seed": -1}, ["seed is -1"]),
    ],
)
def test_fits(stubs, model: str, change: dict, texts: list[str]) -> None:
    fields: dict[str, Any] = {"data": "time,S\n1,5\n"} | change
    spec = job_pb2.OdeFitSpec(model=model, **fields)
    _refused(stubs, job_service_pb2.CreateJobRequest(job=job_pb2.Job(ode_fit=spec)), texts)


def test_no_spec(stubs) -> None:
    _refused(stubs, job_service_pb2.CreateJobRequest(), ["no spec"])


def test_unknown_model(client: Client) -> None:
    with pytest.raises(NotFoundError, match="models/none"):
        client.simulate("models/none", [0, 1])


def test_species_that_does_not_oscillate(client: Client, model: str) -> None:
    # Only the job can know this one; it fails and leaves no model.
    handle = client.design_frequency(model, "S", 3, {"k": (0.1, 1)})
    with pytest.raises(JobFailedError, match="oscillat") as caught:
        handle.result()
    assert caught.value.job.error.code == 3
    assert caught.value.reason == "BAD_INPUT"
    assert "'S'" in caught.value.message
    handle.delete()


def _refused(stubs, request: job_service_pb2.CreateJobRequest, texts: list[str]) -> None:
    for validate_only in (True, False):
        request.validate_only = validate_only
        with pytest.raises(Exception, match="INVALID_ARGUMENT") as caught:
            stubs.jobs.CreateJob(request, timeout=60)
        details = caught.value.details()  # pyright: ignore[reportAttributeAccessIssue]
        assert all(text in details for text in texts), details
