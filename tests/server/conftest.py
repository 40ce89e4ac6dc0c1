"""Servers for the tests, as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from sbmlgrn.client import Client
from sbmlgrn.client.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, model_service_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]

DECAY = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
  <model id="decay" name="exponential decay" substanceUnits="mole" timeUnits="second" volumeUnits="litre"
      extentUnits="mole">
    <listOfCompartments>
      <compartment id="c" spatialDimensions="3" size="2" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="S" compartment="c" initialConcentration="10" hasOnlySubstanceUnits="false"
          boundaryCondition="false" constant="false"/>
      <species id="A" compartment="c" initialAmount="3" hasOnlySubstanceUnits="true" boundaryCondition="false"
          constant="false"/>
    </listOfSpecies>
    <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
    <listOfReactions>
      <reaction id="J" reversible="false">
        <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
        <listOfProducts><speciesReference species="A" stoichiometry="1" constant="true"/></listOfProducts>
        <kineticLaw>
          <math xmlns="http://www.w3.org/1998/Math/MathML">
            <apply><times/><ci>c</ci><ci>k</ci><ci>S</ci></apply>
          </math>
        </kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""


class RunningServer:
    """A server process on a data folder, which can be started again after it ended."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self._options = options
        self._port_file = data_dir.with_name(data_dir.name + "-address")
        self.log_path = data_dir.with_name(data_dir.name + ".log")
        self.address = ""
        self.start()

    def start(self) -> None:
        """Starts it, on the address that it had before if there was one."""
        self._port_file.unlink(missing_ok=True)
        port = self.address.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "sbmlgrn_server", "--data", str(self.data_dir), "--port", port]
        command += ["--port-file", str(self._port_file), "--stop-with-stdin", *self._options]
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        wait_until(lambda: self._port_file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log_path.read_text()
        self.address = self._port_file.read_text().strip()

    def workers(self) -> list[int]:
        """Process ids of the workers: the children of the fork server, which is the server's child."""
        return [pid for child in _children(self.process.pid) for pid in _children(child)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Returns as soon as `condition` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not come true"
        time.sleep(0.02)


class Stubs:
    """The generated stubs on one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.models = model_service_pb2_grpc.ModelServiceStub(channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(channel)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Waits until a condition holds."""
    return wait_until


@pytest.fixture(scope="session")
def decay() -> str:
    """A small model with an analytical solution: S(t) = 10 exp(-k t)."""
    return DECAY


@pytest.fixture(scope="session")
def repressilator() -> str:
    """A model that oscillates."""
    return (ROOT / "models" / "elowitz2000.xml").read_text()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers of one test."""
    servers: list[RunningServer] = []

    def start(*options: str) -> RunningServer:
        servers.append(RunningServer(tmp_path / f"data{len(servers)}", *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that tests share."""
    running = RunningServer(tmp_path_factory.mktemp("server") / "data", "--max-workers", "1")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server: RunningServer) -> Iterator[Client]:
    """A client of the shared server."""
    with Client(server.address) as made:
        yield made


@pytest.fixture(scope="session")
def stubs(server: RunningServer) -> Iterator[Stubs]:
    """The stubs on the shared server."""
    options = [("grpc.max_receive_message_length", 64 * 2**20)]
    with grpc.insecure_channel(server.address, options=options) as channel:
        yield Stubs(channel)


@pytest.fixture(scope="session")
def model(client: Client) -> str:
    """Name of the stored decay model."""
    return client.create_model(DECAY).name


@pytest.fixture(scope="session")
def oscillator(client: Client, repressilator: str) -> str:
    """Name of the stored repressilator."""
    return client.create_model(repressilator).name


@pytest.fixture(scope="session")
def endless() -> Callable[[str], job_service_pb2.CreateJobRequest]:
    """Makes requests for a simulation of the repressilator that would take hours."""

    def request(model: str) -> job_service_pb2.CreateJobRequest:
        spec = job_pb2.SimulationSpec(
            model=model,
            uniform=job_pb2.UniformTimes(end=1e7, points=2),
            values={"alpha": job_pb2.SymbolValues(values=[200 + 0.001 * index for index in range(20_000)])},
            symbols=["p_cI"],
        )
        return job_service_pb2.CreateJobRequest(job=job_pb2.Job(simulation=spec))

    return request


@pytest.fixture(scope="session")
def alive() -> Callable[[int], bool]:
    """Whether a process exists and is not a zombie."""

    def check(pid: int) -> bool:
        try:
            os.kill(pid, 0)
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return check
