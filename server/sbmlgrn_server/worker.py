"""The life of a worker process: one task, one result.

The task is `task.json` in the process's folder. Messages to the server are JSON objects:

    {"progress": {…}}  fields of JobProgress
    {"log": {…}}       fields of JobLog
    {"result": {…}}    what the runner returned; the last message
    {"error": {…}}     fields of JobError; the last message
"""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any, Final, Protocol

INVALID_ARGUMENT: Final = 3
RESOURCE_EXHAUSTED: Final = 8
INTERNAL: Final = 13

_RUNNERS: Final = {
    "read": "sbmlgrn_server.runners.reading",
    "simulation": "sbmlgrn_server.runners.simulation",
    "frequency_design": "sbmlgrn_server.runners.frequency_design",
    "ode_fit": "sbmlgrn_server.runners.ode_fit",
    "stochastic_simulation": "sbmlgrn_server.runners.stochastic_simulation",
    "stochastic_tuning": "sbmlgrn_server.runners.stochastic_tuning",
}

_PROGRESS_SECONDS: Final = 0.1


class Sender(Protocol):
    """The worker's end of the pipe to the server."""

    def send_bytes(self, buf: bytes, /) -> None:
        """Sends one message."""

    def close(self) -> None:
        """Closes this end."""


class JobContext:
    """What a runner may use.

    Attributes:
        directory: the task's folder: its documents; the place for whatever must outlive the process.
        array_directory: the folder that arrays go to.
    """

    def __init__(self, directory: Path, array_directory: Path, sender: Sender) -> None:
        self.directory = directory
        self.array_directory = array_directory
        self._sender = sender
        self._started = time.monotonic()
        self._last_progress = -math.inf
        self._last_stage: str | None = None
        self._pending: Mapping[str, Any] | None = None

    def progress(self, stage: str, **fields: Any) -> None:
        """Reports progress; of reports in quick succession on one stage, the server gets the last.

        Args:
            stage: what goes on.
            fields: fields of JobProgress.
        """
        now = time.monotonic()
        self._pending = {"progress": {"stage": stage, "elapsed_seconds": now - self._started} | fields}
        if stage != self._last_stage or now - self._last_progress >= _PROGRESS_SECONDS:
            self._last_stage, self._last_progress = stage, now
            self._flush()

    def log(self, severity: str, message: str) -> None:
        """Reports a remark; `severity` is one of info, warning, error."""
        self.send({"log": {"severity": f"SEVERITY_{severity.upper()}", "message": message}})

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends a message, after the progress that waits."""
        self._flush()
        self._sender.send_bytes(json.dumps(to_json(message), allow_nan=False).encode())

    def _flush(self) -> None:
        if (pending := self._pending) is not None:
            self._pending = None
            self.send(pending)


def main(directory: str, sender: Sender) -> None:
    """Runs the task in `directory`. The target of every worker process."""
    # An interrupt from the terminal goes to the whole group; the server decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_server, daemon=True).start()
    # What libraries print must not mix with what the server prints for its caller.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    task = json.loads((Path(directory) / "task.json").read_text())
    _limit(task)
    context = JobContext(Path(directory), Path(task["array_directory"]), sender)
    try:
        import torch

        # Jobs run side by side, one core each.
        torch.set_num_threads(1)
        runner = importlib.import_module(_RUNNERS[task["kind"]])
        context.send({"result": runner.run(context, task)})
    except Exception as error:
        context.send({"error": _describe(error)})
    sender.close()


def to_json(value: Any) -> Any:
    """`value` with the numbers that JSON lacks written as protobuf's JSON mapping writes them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def _exit_with_server() -> None:
    server = parent_process()
    assert server is not None
    connection.wait([server.sentinel])
    os._exit(1)


def _limit(task: Mapping[str, Any]) -> None:
    # A loop in a C library may hold the interpreter's lock; these limits hold nevertheless.
    if (seconds := task.get("cpu_seconds")) is not None:
        _set_limit(resource.RLIMIT_CPU, math.ceil(seconds))
    if (size := task.get("memory_bytes")) is not None:
        _set_limit(resource.RLIMIT_DATA, size)
    _set_limit(resource.RLIMIT_CORE, 0)


def _set_limit(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _describe(error: Exception) -> dict[str, Any]:
    if isinstance(error, ValueError):
        return {"code": INVALID_ARGUMENT, "reason": "BAD_INPUT", "message": str(error)}
    if isinstance(error, MemoryError):
        message = "memory ran out: ask for fewer trajectories, times or symbols"
        return {"code": RESOURCE_EXHAUSTED, "reason": "OUT_OF_MEMORY", "message": message}
    traceback.print_exception(error)
    message = f"the computation failed ({type(error).__name__}: {error}); the server's log has the details"
    return {"code": INTERNAL, "reason": "INTERNAL", "message": message}
