from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from sbmlgrn.client import Client, InvalidArgumentError, UnavailableError, local_server
from sbmlgrn.client.arrays import assemble
from sbmlgrn.client.connection import Connection
from sbmlgrn.client.v1 import array_pb2, job_pb2, job_service_pb2, job_service_pb2_grpc, model_service_pb2_grpc

ELOWITZ = Path(__file__).resolve().parents[3] / "models" / "elowitz2000.xml"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with local_server(tmp_path_factory.mktemp("data")) as address, Client(address) as made:
        yield made


@pytest.mark.parametrize("package", ["sbmlgrn", "sbmlgrn.sbml", "sbmlgrn.design", "sbmlgrn.api"])
def test_the_library_does_not_need_grpc(package: str) -> None:
    code = f"import sys, {package}; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("source", [ELOWITZ, str(ELOWITZ), ELOWITZ.read_text(), ELOWITZ.read_bytes()])
def test_sources(client: Client, source: Path | str | bytes) -> None:
    assert client.create_model(source).document_id == "elowitz2000"
    assert client.validate(source).valid


def test_missing_file(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.xml"):
        client.create_model(tmp_path / "none.xml")


def test_simulate(client: Client) -> None:
    model = client.create_model(ELOWITZ).name
    result = client.simulate(model, np.linspace(0, 100, 201), symbols=["p_cI", "m_cI"])
    np.testing.assert_array_equal(result.t, np.linspace(0, 100, 201))
    assert result["p_cI"].shape == (201,)
    assert result["p_cI"].max() > 10
    with pytest.raises(KeyError):
        result["p_lacI"]
    assert not result["p_cI"].flags.writeable


@pytest.mark.parametrize("t", [[0.5, 1.0, 4.0], np.linspace(0.1, 7.7, 4), np.arange(0, 1, 0.1), [0.0, 1.0]])
def test_times_arrive_to_the_last_bit(client: Client, t) -> None:
    model = client.create_model(ELOWITZ).name
    np.testing.assert_array_equal(client.simulate(model, t, symbols=["p_cI"]).t, np.asarray(t))


def test_times_of_the_wrong_shape(client: Client) -> None:
    with pytest.raises(ValueError, match=r"\(1, 2\)"):
        client.simulate("models/x", [[0, 1]])


def test_handles_are_found_again(client: Client) -> None:
    model = client.create_model(ELOWITZ).name
    handle = client.start_simulation(model, [0, 1], symbols=["p_cI"], display_name="short")
    handle.wait()
    again = client.get_job(handle.name)
    assert type(again) is type(handle)
    assert repr(again) == repr(handle)
    assert handle.name in [job.name for job in client.list_jobs() if job.display_name == "short"]
    client.delete_job(handle.name)


def test_errors_carry_the_servers_text_and_issues(client: Client) -> None:
    with pytest.raises(InvalidArgumentError, match="not XML") as caught:
        client.create_model(b"garbage")
    assert isinstance(caught.value, ValueError)
    assert caught.value.message == str(caught.value)
    assert caught.value.issues[0].code == "xml-not-well-formed"


def test_scale_of_a_parameter(client: Client) -> None:
    with pytest.raises(ValueError, match="'cubic'"):
        client.design_frequency("models/x", "S", 1, {"k": (1, 2, "cubic")})


def test_no_server() -> None:
    with Client("127.0.0.1:9", reconnect_seconds=0.0) as client, pytest.raises(UnavailableError):
        list(client.list_models())


def test_local_server_ends_with_the_statement(tmp_path: Path) -> None:
    with local_server(tmp_path / "data") as address, Client(address) as client:
        name = client.create_model(ELOWITZ).name
    with Client(address, reconnect_seconds=0.0) as client, pytest.raises(UnavailableError):
        client.get_model(name)
    with local_server(tmp_path / "data") as address, Client(address) as client:
        assert client.get_model(name).document_id == "elowitz2000"


def test_local_server_ends_with_its_process() -> None:
    code = (
        "import os\nfrom sbmlgrn.client import local_server\n"
        "with local_server() as address:\n    print(address, flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    address = process.stdout.strip()
    assert address.startswith("127.0.0.1:")
    deadline = time.monotonic() + 60
    while True:
        try:
            with Client(address, reconnect_seconds=0.0) as client:
                list(client.list_models())
        except UnavailableError:
            break
        assert time.monotonic() < deadline


def test_a_server_that_stops_cancels_late_calls() -> None:
    """Such a call found no server: it is refused as one that did not, and a broken stream is taken up again."""
    watched: list[int] = []

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        def ListModels(self, request: Any, context: grpc.ServicerContext) -> Any:
            context.abort(grpc.StatusCode.CANCELLED, "stopping")

    class Jobs(job_service_pb2_grpc.JobServiceServicer):
        def WatchJob(self, request: Any, context: grpc.ServicerContext) -> Any:
            watched.append(request.after_sequence)
            if len(watched) > 2:
                return
            yield job_service_pb2.WatchJobResponse(event=job_pb2.JobEvent(sequence=len(watched)))
            context.abort(grpc.StatusCode.CANCELLED, "stopping")

    server = grpc.server(ThreadPoolExecutor(2))
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(Jobs(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Client(f"127.0.0.1:{port}") as client, pytest.raises(UnavailableError, match="stopping"):
            list(client.list_models())
        connection = Connection(f"127.0.0.1:{port}", reconnect_seconds=30.0)
        assert [event.sequence for event in connection.events("jobs/j")] == [1, 2]
        connection.close()
    finally:
        server.stop(None)
    assert watched == [0, 1, 2]


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError, match="file") as caught, local_server(tmp_path / "file"):
        pass
    assert "Traceback" not in str(caught.value)


def descriptor(**fields) -> array_pb2.ArrayChunk:
    fields = {"name": "x", "data_type": array_pb2.DATA_TYPE_FLOAT64, "shape": [2], "axes": ["time"]} | fields
    return array_pb2.ArrayChunk(descriptor=array_pb2.ArrayDescriptor(**fields))


def data(content: bytes) -> array_pb2.ArrayChunk:
    return array_pb2.ArrayChunk(data=content)


def test_assembly() -> None:
    content = np.array([1.5, -2.0], "<f8").tobytes()
    integers = descriptor(
        name="y", data_type=array_pb2.DATA_TYPE_INT64, shape=[1, 1], quantity=array_pb2.QUANTITY_AMOUNT
    )
    first, second, third = assemble(
        [descriptor(), data(content[:8]), data(content[8:]), integers, data(b"\x07" + bytes(7)), descriptor(shape=[0])]
    )
    assert first.values.tolist() == [1.5, -2.0]
    assert second.values.tolist() == [[7]]
    assert second.quantity == "amount"
    assert third.values.size == 0


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([data(b"x")], "starts with data"),
        ([descriptor(), data(bytes(8))], "8 bytes, expected 16"),
        ([descriptor(), data(bytes(24))], "24 bytes, expected 16"),
        ([descriptor(data_type=9)], "unknown data type 9"),
    ],
)
def test_damaged_streams(chunks: list[array_pb2.ArrayChunk], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        list(assemble(chunks))
