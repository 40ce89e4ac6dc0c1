from __future__ import annotations

import threading
import uuid

import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sbmlgrn.client import AlreadyExistsError, Client, InvalidArgumentError, NotFoundError, PreconditionError
from sbmlgrn.client.v1 import array_pb2, job_pb2, job_service_pb2


def simulation(model: str, **fields) -> job_pb2.Job:
    times = job_pb2.UniformTimes(end=4, points=9)
    return job_pb2.Job(simulation=job_pb2.SimulationSpec(model=model, uniform=times, **fields))


def finished(stubs, name: str) -> job_pb2.Job:
    for _ in stubs.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name), timeout=60):
        pass
    return stubs.jobs.GetJob(job_service_pb2.GetJobRequest(name=name), timeout=60).job


@pytest.fixture(scope="module")
def done(stubs, model: str) -> job_pb2.Job:
    """A succeeded simulation."""
    job = stubs.jobs.CreateJob(job_service_pb2.CreateJobRequest(job=simulation(model)), timeout=60).job
    return finished(stubs, job.name)


def test_simulation(client: Client, stubs, model: str) -> None:
    wanted = simulation(model, relative_tolerance=1e-9, absolute_tolerance=1e-12)
    wanted.display_name = "a decay"
    wanted.state = job_pb2.JOB_STATE_SUCCEEDED
    job = stubs.jobs.CreateJob(job_service_pb2.CreateJobRequest(job=wanted), timeout=60).job
    assert job.state == job_pb2.JOB_STATE_QUEUED
    assert job.display_name == "a decay"
    assert job.create_time.seconds > 0
    job = finished(stubs, job.name)
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    assert job.simulation_result.trajectory_count == 1
    assert job.simulation_result.failure_count == 0
    assert job.create_time.ToNanoseconds() <= job.start_time.ToNanoseconds() <= job.end_time.ToNanoseconds()
    assert job.provenance.model_sha256 == client.get_model(model).sha256
    assert job.provenance.relative_tolerance == 1e-9
    assert job.provenance.solver == "LSODA of SciPy"
    assert {"sbmlgrn", "torch"} <= set(job.provenance.versions)
    arrays = client.get_job(job.name).arrays()
    np.testing.assert_array_equal(arrays["time"].values, np.linspace(0, 4, 9))
    np.testing.assert_allclose(arrays["values/S"].values, 10 * np.exp(-0.5 * np.linspace(0, 4, 9)), rtol=1e-7)


def test_array_descriptors(done: job_pb2.Job) -> None:
    described = {array.name: array for array in done.arrays}
    assert list(described) == ["time", "values/S", "values/A"]
    assert described["time"] == array_pb2.ArrayDescriptor(
        name="time",
        data_type=array_pb2.DATA_TYPE_FLOAT64,
        shape=[9],
        axes=["time"],
        unit="second",
        quantity=array_pb2.QUANTITY_VALUE,
    )
    assert described["values/S"].quantity == array_pb2.QUANTITY_CONCENTRATION
    assert described["values/S"].unit == "mole / litre"
    assert described["values/S"].symbol == "S"
    assert described["values/A"].quantity == array_pb2.QUANTITY_AMOUNT
    assert described["values/A"].unit == "mole"


def test_batch(client: Client, model: str) -> None:
    rates = [0.1, 0.5, 2.0]
    result = client.simulate(model, [0, 1, 2], values={"k": rates, "S": 4}, symbols=["S", "J", "k"], rtol=1e-9)
    assert result.arrays["S"].axes == ("batch", "time")
    expected = 4 * np.exp(-np.outer(rates, [0, 1, 2]))
    np.testing.assert_allclose(result["S"], expected, rtol=1e-6)
    np.testing.assert_allclose(result["J"], 2 * np.array(rates)[:, None] * expected, rtol=1e-6)
    np.testing.assert_array_equal(result["k"], np.repeat(np.array(rates)[:, None], 3, axis=1))
    assert set(result.arrays) == {"S", "J", "k"}


def test_arrays_travel_in_pieces(client: Client, stubs, model: str) -> None:
    points = 100_001
    spec = job_pb2.SimulationSpec(model=model, uniform=job_pb2.UniformTimes(end=10, points=points), symbols=["S"])
    name = stubs.jobs.CreateJob(job_service_pb2.CreateJobRequest(job=job_pb2.Job(simulation=spec)), timeout=60).job.name
    finished(stubs, name)
    request = job_service_pb2.StreamJobArraysRequest(name=name, arrays=["values/S"])
    descriptor, *pieces = [response.chunk for response in stubs.jobs.StreamJobArrays(request, timeout=60)]
    assert descriptor.descriptor.shape == [points]
    assert len(pieces) == 2
    assert max(len(piece.data) for piece in pieces) <= 2**20
    values = np.frombuffer(b"".join(piece.data for piece in pieces), "<f8")
    assert values.shape == (points,)
    assert values[0] == 10
    np.testing.assert_array_equal(values, client.get_job(name).arrays(["values/S"])["values/S"].values)


def test_unknown_array(client: Client, done: job_pb2.Job) -> None:
    with pytest.raises(InvalidArgumentError, match="'values/Q'"):
        client.get_job(done.name).arrays(["values/Q"])


def test_watch_in_order_and_again_from_any_point(stubs, done: job_pb2.Job) -> None:
    def watch(after: int) -> list[job_pb2.JobEvent]:
        request = job_service_pb2.WatchJobRequest(name=done.name, after_sequence=after)
        return [response.event for response in stubs.jobs.WatchJob(request, timeout=60)]

    events = watch(0)
    assert [event.sequence for event in events] == list(range(1, done.last_sequence + 1))
    states = [event.state_change.state for event in events if event.HasField("state_change")]
    assert states == [job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING, job_pb2.JOB_STATE_SUCCEEDED]
    assert [event.progress.stage for event in events if event.HasField("progress")] == ["compile", "simulate", "store"]
    assert events[-1].state_change.state == job_pb2.JOB_STATE_SUCCEEDED
    for after in range(done.last_sequence + 2):
        assert watch(after) == events[after:]


def test_request_id_makes_creation_idempotent(client: Client, stubs, model: str) -> None:
    request = job_service_pb2.CreateJobRequest(job=simulation(model), request_id=str(uuid.uuid4()))
    first = stubs.jobs.CreateJob(request, timeout=60).job
    assert stubs.jobs.CreateJob(request, timeout=60).job.name == first.name
    assert [job.name for job in client.list_jobs()].count(first.name) == 1
    finished(stubs, first.name)
    assert stubs.jobs.CreateJob(request, timeout=60).job.state == job_pb2.JOB_STATE_SUCCEEDED
    with pytest.raises(AlreadyExistsError, match=request.request_id):
        client.start_simulation(model, [0, 1], request_id=request.request_id)


def test_chosen_id(client: Client, stubs, model: str) -> None:
    request = job_service_pb2.CreateJobRequest(job=simulation(model), job_id="my-job")
    assert stubs.jobs.CreateJob(request, timeout=60).job.name == "jobs/my-job"
    with pytest.raises(Exception, match="ALREADY_EXISTS"):
        stubs.jobs.CreateJob(request, timeout=60)


def test_validate_only_queues_nothing(client: Client, stubs, model: str) -> None:
    before = [job.name for job in client.list_jobs()]
    request = job_service_pb2.CreateJobRequest(job=simulation(model), validate_only=True)
    job = stubs.jobs.CreateJob(request, timeout=60).job
    assert job.name == ""
    assert job.simulation == request.job.simulation
    assert [job.name for job in client.list_jobs()] == before


def test_pages(client: Client, stubs, model: str) -> None:
    made = [
        stubs.jobs.CreateJob(job_service_pb2.CreateJobRequest(job=simulation(model)), timeout=60).job.name
        for _ in range(5)
    ]
    first = stubs.jobs.ListJobs(job_service_pb2.ListJobsRequest(page_size=3), timeout=60)
    second = stubs.jobs.ListJobs(
        job_service_pb2.ListJobsRequest(page_size=2, page_token=first.next_page_token), timeout=60
    )
    assert [job.name for job in (*first.jobs, *second.jobs)] == made[::-1]
    assert not any(job.arrays or job.simulation.values for job in client.list_jobs())
    for name in made:
        finished(stubs, name)


def test_delete(client: Client, server, stubs, model: str) -> None:
    handle = client.start_simulation(model, [0, 1])
    handle.result()
    folder = server.data_dir / "arrays" / handle.name.partition("/")[2]
    assert sorted(path.name for path in folder.iterdir()) == ["00000.npy", "00001.npy", "00002.npy"]
    handle.delete()
    assert not folder.exists()
    for call in (handle.job, handle.delete, handle.cancel, lambda: list(handle.watch()), handle.arrays):
        with pytest.raises(NotFoundError, match=handle.name):
            call()


def test_unfinished_and_finished_jobs_refuse_what_does_not_fit(
    client: Client, stubs, model: str, oscillator: str, endless
) -> None:
    name = stubs.jobs.CreateJob(endless(oscillator), timeout=60).job.name
    handle = client.get_job(name)
    with pytest.raises(PreconditionError, match="unfinished"):
        handle.delete()
    with pytest.raises(PreconditionError, match="succeeded"):
        handle.arrays()
    assert handle.cancel().state == job_pb2.JOB_STATE_CANCELLED
    assert handle.cancel().state == job_pb2.JOB_STATE_CANCELLED
    handle.delete()
    other = client.start_simulation(model, [0, 1])
    other.result()
    with pytest.raises(PreconditionError, match="SUCCEEDED"):
        other.cancel()


def test_server_answers_while_it_computes(
    client: Client, stubs, oscillator: str, decay: str, endless, eventually
) -> None:
    # One worker: the second job waits in the queue, and is cancelled there.
    handle = client.get_job(stubs.jobs.CreateJob(endless(oscillator), timeout=60).job.name)
    waiting = client.get_job(stubs.jobs.CreateJob(endless(oscillator), timeout=60).job.name)
    eventually(lambda: handle.job().progress.stage == "simulate")
    events: list[job_pb2.JobEvent] = []
    watchers = [threading.Thread(target=lambda: events.extend(handle.watch())) for _ in range(20)]
    for watcher in watchers:
        watcher.start()
    check = health_pb2_grpc.HealthStub(stubs.channel).Check  # pyright: ignore[reportAttributeAccessIssue]
    for _ in range(20):
        assert check(health_pb2.HealthCheckRequest(), timeout=30).status == health_pb2.HealthCheckResponse.SERVING
    assert client.validate(decay).valid
    assert handle.job().state == job_pb2.JOB_STATE_RUNNING
    assert waiting.job().state == job_pb2.JOB_STATE_QUEUED
    assert waiting.cancel().state == job_pb2.JOB_STATE_CANCELLED
    handle.cancel()
    for watcher in watchers:
        watcher.join(60)
    assert not any(watcher.is_alive() for watcher in watchers)
    cancelled = [event for event in events if event.state_change.state == job_pb2.JOB_STATE_CANCELLED]
    assert len(cancelled) == 20
