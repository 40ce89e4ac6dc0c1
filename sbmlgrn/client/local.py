"""A server of one's own, as long as a ``with`` statement lasts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0


@contextlib.contextmanager
def local_server(data_dir: Path | str | None = None) -> Iterator[str]:
    """Runs a server on a free loopback port.

    Args:
        data_dir: where it keeps models and jobs; a temporary folder, deleted in the end, when None.

    Yields:
        The address for `Client`.

    Raises:
        RuntimeError: the server did not start; the text says why.
    """
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sbmlgrn-")))
        data = scratch / "data" if data_dir is None else Path(data_dir)
        log_path, port_file = scratch / "server.log", scratch / "address"
        command = [sys.executable, "-m", "sbmlgrn_server", "--port", "0", "--data", str(data)]
        command += ["--port-file", str(port_file), "--stop-with-stdin"]
        log = stack.enter_context(log_path.open("w"))
        # Standard input stays open as long as this process lives, so that the server never outlives it. A session of
        # its own keeps an interrupt from the terminal away: the server is stopped here, in order.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield _await_health(process, port_file, log_path)
        finally:
            _stop(process)


def _await_health(process: subprocess.Popen[bytes], port_file: Path, log_path: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while not port_file.exists():
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once (exit code {process.returncode}): {_tail(log_path)}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start within {_START_SECONDS:g} s: {_tail(log_path)}")
        time.sleep(0.02)
    address = port_file.read_text().strip()
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # pyright: ignore[reportAttributeAccessIssue]
        try:
            response = check(health_pb2.HealthCheckRequest(), timeout=_START_SECONDS, wait_for_ready=True)
        except grpc.RpcError as error:
            raise RuntimeError(f"the server on {address} does not answer: {_tail(log_path)}") from error
    if response.status != health_pb2.HealthCheckResponse.SERVING:
        raise RuntimeError(f"the server on {address} is not serving: {_tail(log_path)}")
    return address


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _tail(path: Path) -> str:
    return path.read_text(errors="replace").strip()[-2000:] or "it printed nothing"
