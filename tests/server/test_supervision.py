"""Workers that die, servers that die, and what is left of the jobs."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from sbmlgrn.client import Client, JobCancelledError, JobFailedError, local_server
from sbmlgrn.client.v1 import job_pb2, job_service_pb2


def start_endless(client: Client, repressilator: str, endless, eventually):
    """Starts an endless job and waits until it computes."""
    model = client.create_model(repressilator).name
    request: job_service_pb2.CreateJobRequest = endless(model)
    handle = client.get_job(client._connection.jobs.CreateJob(request, timeout=60).job.name)
    eventually(lambda: handle.job().progress.stage == "simulate")
    return handle


def test_cancel_kills_the_worker(client: Client, server, repressilator: str, endless, eventually, alive) -> None:
    handle = start_endless(client, repressilator, endless, eventually)
    (pid,) = server.workers()
    job = handle.cancel()
    assert job.state == job_pb2.JOB_STATE_CANCELLED
    assert job.HasField("end_time")
    assert not alive(pid)
    assert not (server.data_dir / "work" / handle.name.partition("/")[2]).exists()
    assert not (server.data_dir / "arrays" / handle.name.partition("/")[2]).exists()
    simulation = client.start_simulation(job.simulation.model, [0, 1])
    simulation.result()


def test_cancelled_result(client: Client, model: str, oscillator: str, endless, stubs) -> None:
    blocker = client.get_job(stubs.jobs.CreateJob(endless(oscillator), timeout=60).job.name)
    handle = client.start_simulation(model, [0, 1])
    handle.cancel()
    with pytest.raises(JobCancelledError, match=handle.name):
        handle.result()
    blocker.cancel()


@pytest.mark.parametrize(
    ("number", "text"), [(signal.SIGKILL, "memory"), (signal.SIGSEGV, "SIGSEGV")], ids=["SIGKILL", "SIGSEGV"]
)
def test_worker_that_dies_fails_its_job_alone(
    client: Client, server, repressilator: str, model: str, endless, eventually, number: signal.Signals, text: str
) -> None:
    handle = start_endless(client, repressilator, endless, eventually)
    (pid,) = server.workers()
    os.kill(pid, number)
    job = handle.wait()
    assert job.state == job_pb2.JOB_STATE_FAILED
    assert job.error.reason == "WORKER_DIED"
    assert text in job.error.message
    assert client.simulate(model, [0, 1])["S"][0] == 10


def test_killed_fork_server_is_replaced(
    start_server, repressilator: str, decay: str, endless, eventually, alive
) -> None:
    server = start_server("--max-workers", "1")
    with Client(server.address) as client:
        model = client.create_model(decay).name
        handle = start_endless(client, repressilator, endless, eventually)
        (worker,) = server.workers()
        os.kill(int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL)
        assert handle.wait().error.reason == "WORKER_DIED"
        eventually(lambda: not alive(worker))
        assert client.simulate(model, [0, 1])["S"][0] == 10


def test_restart_after_a_crash(start_server, repressilator: str, decay: str, endless, eventually, alive) -> None:
    server = start_server("--max-workers", "1")
    events: list[job_pb2.JobEvent] = []
    with Client(server.address) as client:
        running = start_endless(client, repressilator, endless, eventually)
        decay_model = client.create_model(decay).name
        queued = client.start_simulation(decay_model, [0, 1])
        watcher = threading.Thread(target=lambda: events.extend(running.watch()))
        watcher.start()
        eventually(lambda: events)
        (pid,) = server.workers()
        server.stop(signal.SIGKILL)
        eventually(lambda: not alive(pid))

        server.start()
        # The watcher has noticed nothing but the end of the job.
        watcher.join(60)
        assert not watcher.is_alive()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert events[-1].state_change.state == job_pb2.JOB_STATE_FAILED
        job = running.job()
        assert job.state == job_pb2.JOB_STATE_FAILED
        assert job.error.reason == "INTERRUPTED"
        assert "interrupted" in job.error.message
        with pytest.raises(JobFailedError, match="interrupted"):
            running._succeeded()
        assert queued.result()["S"][0] == 10
        assert client.export_model(decay_model) == decay


def test_orderly_stop_ends_workers(start_server, repressilator: str, endless, eventually, alive) -> None:
    server = start_server()
    with Client(server.address, reconnect_seconds=0) as client:
        start_endless(client, repressilator, endless, eventually)
        workers = server.workers()
        assert server.stop() == 0
        assert len(workers) == 1
        assert not any(map(alive, workers))
    assert "Traceback" not in server.log_path.read_text()


def test_a_data_folder_belongs_to_one_server(server) -> None:
    with pytest.raises(RuntimeError, match="in use by another server"), local_server(server.data_dir):
        pass


def test_listens_on_loopback_only(tmp_path, capsys) -> None:
    from sbmlgrn_server.__main__ import main

    assert main(["--data", str(tmp_path / "data"), "--host", "0.0.0.0"]) == 2
    assert "'0.0.0.0' is not a loopback address" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_port_in_use(server, tmp_path, capsys) -> None:
    from sbmlgrn_server.__main__ import main

    assert main(["--data", str(tmp_path / "data"), "--port", server.address.rpartition(":")[2]]) == 2
    assert server.address in capsys.readouterr().err
