"""Units of the server that the calls do not show: limits on errors, readers and imports."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from sbmlgrn.client.v1 import issue_pb2, job_pb2, model_pb2
from sbmlgrn_server.arrays import ArrayWriter, array_path, read_chunks
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.errors import detail, shorten
from sbmlgrn_server.reader import DocumentReader
from sbmlgrn_server.store import IdTakenError, RequestKey, Store
from sbmlgrn_server.supervisor import Outcome
from sbmlgrn_server.worker import to_json


def test_details_fit() -> None:
    issues = [issue_pb2.Issue(message="x" * 90, code=str(index)) for index in range(1000)]
    made = detail(issues)
    assert made.ByteSize() <= 2700
    assert len(made.issues) > 20
    assert len(made.issues) + made.issues_left_out == 1000
    assert detail(issues[:2]).issues_left_out == 0
    assert len(detail(issues[:2]).issues) == 2


def test_one_huge_issue_is_counted() -> None:
    made = detail([issue_pb2.Issue(message="x" * 9000)])
    assert not made.issues
    assert made.issues_left_out == 1


@pytest.mark.parametrize("text", ["x" * 9000, "ü" * 9000, "\n" * 9000, "a\u20ac " * 3000])
def test_messages_fit(text: str) -> None:
    short = shorten(text)
    assert len(quote(short, safe=" ")) <= 2000
    assert short.endswith("…")
    assert text.startswith(short[:-1])
    assert len(short) > 200
    assert shorten("as it is") == "as it is"


@pytest.mark.parametrize("limit", [{"reading_seconds": 0.01}, {"reading_memory_bytes": 2**20}], ids=["time", "memory"])
def test_a_reader_beyond_its_limits_is_stopped(tmp_path: Path, decay: str, limit: dict) -> None:
    async def read():
        return await DocumentReader(ServerConfig(data_dir=tmp_path, **limit), tmp_path).read(decay.encode())

    reading = asyncio.run(read())
    assert reading.model is None
    (issue,) = reading.issues
    assert issue.code == "reading-failed"
    assert "could not be read within" in issue.message
    assert not list(tmp_path.iterdir())


def test_numbers_that_json_lacks() -> None:
    assert to_json({"a": [float("nan"), float("inf"), -float("inf"), 1.5, 2, "x", None]}) == {
        "a": ["NaN", "Infinity", "-Infinity", 1.5, 2, "x", None]
    }


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome(exit_code=-9), "memory"),
        (Outcome(exit_code=-9, timed_out=True), "time limit"),
        (Outcome(exit_code=-11), "SIGSEGV"),
        (Outcome(exit_code=3), "exit code 3"),
    ],
)
def test_ends_of_workers_in_words(outcome: Outcome, text: str) -> None:
    assert text in outcome.describe()


def test_array_files(tmp_path: Path) -> None:
    writer = ArrayWriter(tmp_path)
    writer.write("empty", [], axes=["time"])
    writer.write("numbers", [[1, 2, 3]], axes=["batch", "time"], unit="mole", quantity="amount", symbol="S")
    with pytest.raises(TypeError, match="'wrong'"):
        writer.write("wrong", [1.0], axes=[])
    assert [(entry["data_type"], entry["shape"]) for entry in writer.descriptors] == [
        ("DATA_TYPE_FLOAT64", [0]),
        ("DATA_TYPE_INT64", [1, 3]),
    ]
    assert list(read_chunks(array_path(tmp_path, 0))) == []
    assert b"".join(read_chunks(array_path(tmp_path, 1))) == b"".join(n.to_bytes(8, "little") for n in (1, 2, 3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.npy", "00001.npy"]


def test_a_change_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    store = Store(tmp_path / "test.sqlite")
    store.insert_model(model_pb2.Model(name="models/a"), b"document")
    job = job_pb2.Job(name="jobs/j", state=job_pb2.JOB_STATE_QUEUED)
    store.insert_job(job, "a", job_pb2.JobEvent(), RequestKey(request_id="r", digest="d"))
    running = frozenset({job_pb2.JOB_STATE_QUEUED})

    def change(changed: job_pb2.Job) -> list[job_pb2.JobEvent]:
        changed.state = job_pb2.JOB_STATE_SUCCEEDED
        return [job_pb2.JobEvent()]

    with pytest.raises(IdTakenError):
        store.change_job("j", running, change, (model_pb2.Model(name="models/a"), b"other"))
    kept = store.get_job("j")
    assert kept is not None
    assert kept.state == job_pb2.JOB_STATE_QUEUED
    assert len(store.list_events("j", 0)) == 1
    assert store.get_document("a") == b"document"
    assert store.change_job("j", frozenset({job_pb2.JOB_STATE_RUNNING}), change) is None
    store.close()


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "test.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(RuntimeError, match="schema version 99"):
        Store(tmp_path / "test.sqlite")


def test_the_server_itself_stays_light() -> None:
    code = "import sys, sbmlgrn_server.app; sys.exit('torch' in sys.modules or 'roadrunner' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_workers_do_not_import_grpc() -> None:
    code = (
        "import sys, sbmlgrn_server.__main__, sbmlgrn_server.runners.frequency_design; sys.exit('grpc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
