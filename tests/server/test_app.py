"""A server inside the test's own process, for what cannot be reached from outside."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from sbmlgrn.client.v1 import (
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    model_pb2,
    model_service_pb2,
    model_service_pb2_grpc,
)
from sbmlgrn_server.app import Server
from sbmlgrn_server.config import ServerConfig


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"host": "192.168.0.1"}, "'192.168.0.1' is not a loopback address"),
        ({"host": "example.org"}, "'example.org' is not a loopback address"),
        ({"port": 70000}, "port 70000"),
        ({"max_workers": 0}, "max_workers is 0"),
    ],
)
def test_bad_configuration(tmp_path: Path, options: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ServerConfig(data_dir=tmp_path, **options)


def test_addresses(tmp_path: Path) -> None:
    assert ServerConfig(data_dir=tmp_path, port=1).address == "127.0.0.1:1"
    assert ServerConfig(data_dir=tmp_path, host="::1", port=1).address == "[::1]:1"


async def test_full_queue(tmp_path: Path) -> None:
    server = await Server.start(ServerConfig(data_dir=tmp_path, max_queued_jobs=0))
    try:
        symbol = model_pb2.Symbol(id="S", observable=True, reported_by_default=True)
        await server._thread.run(
            server._store.insert_model, model_pb2.Model(name="models/m", symbols=[symbol]), b"<sbml/>"
        )
        spec = job_pb2.SimulationSpec(model="models/m", uniform=job_pb2.UniformTimes(end=1, points=2))
        request = job_service_pb2.CreateJobRequest(job=job_pb2.Job(simulation=spec))
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = job_service_pb2_grpc.JobServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError, match="try again later") as caught:
                await stub.CreateJob(request)
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert not (await stub.ListJobs(job_service_pb2.ListJobsRequest())).jobs
    finally:
        await server.stop()


async def test_errors_of_the_server_itself_tell_no_details(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await Server.start(ServerConfig(data_dir=tmp_path))
    try:

        def fail(*_: object) -> None:
            raise OSError("the secret path")

        monkeypatch.setattr(server._store, "list_models", fail)
        monkeypatch.setattr(server._store, "get_model", fail)
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            for call in (
                stub.ListModels(model_service_pb2.ListModelsRequest()),
                stub.ExportModel(model_service_pb2.ExportModelRequest(name="models/m")).read(),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call
                assert caught.value.code() is grpc.StatusCode.INTERNAL
                assert "OSError" in (caught.value.details() or "")
                assert "secret" not in (caught.value.details() or "")
    finally:
        await server.stop()


async def test_a_document_that_has_become_unreadable_fails_its_jobs(tmp_path: Path) -> None:
    server = await Server.start(ServerConfig(data_dir=tmp_path))
    try:
        symbol = model_pb2.Symbol(id="S", observable=True, reported_by_default=True)
        await server._thread.run(
            server._store.insert_model, model_pb2.Model(name="models/m", symbols=[symbol]), b"<sbml/>"
        )
        spec = job_pb2.SimulationSpec(model="models/m", uniform=job_pb2.UniformTimes(end=1, points=2))
        request = job_service_pb2.CreateJobRequest(job=job_pb2.Job(simulation=spec))
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = job_service_pb2_grpc.JobServiceStub(channel)
            for _ in range(2):
                name = (await stub.CreateJob(request)).job.name
                async for _response in stub.WatchJob(job_service_pb2.WatchJobRequest(name=name)):
                    pass
                job = (await stub.GetJob(job_service_pb2.GetJobRequest(name=name))).job
                assert job.state == job_pb2.JOB_STATE_FAILED
                assert job.error.reason == "BAD_INPUT"
    finally:
        await server.stop()
