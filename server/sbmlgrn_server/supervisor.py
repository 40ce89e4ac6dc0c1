"""Worker processes, each watched by a thread of the server.

Computations never run in the server itself, and documents are never parsed there: both may crash, hang or eat memory.
A fork server that has imported the heavy libraries makes the processes, in about 0.02 s each; the server itself must
not fork, since gRPC does not survive that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

from sbmlgrn_server import worker

_LOG: Final = logging.getLogger(__name__)

# multiprocessing keeps a table of processes that start() sweeps; two threads that ask for the exit status of the same
# process at once would get a wrong one.
_TABLE_LOCK: Final = threading.Lock()

_START_ATTEMPTS: Final = 3
# What multiprocessing reports as the exit code when the fork server died before the process.
_FORK_SERVER_DIED: Final = 255

_PRELOADED: Final = ["torch", "sbmlgrn", "sbmlgrn.sbml", "sbmlgrn.design", "sbmlgrn_server.worker"]

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a worker process ended.

    Attributes:
        exit_code: its exit code; minus the signal's number if a signal ended it.
        timed_out: whether it was killed for exceeding its time limit.
    """

    exit_code: int
    timed_out: bool = False

    def describe(self) -> str:
        """The end in words, for a worker that sent neither result nor error."""
        if self.timed_out:
            return "the worker process exceeded its time limit"
        if self.exit_code == -signal.SIGKILL:
            return "the worker process was killed (SIGKILL); usually that means that memory ran out"
        if self.exit_code < 0:
            try:
                name = signal.Signals(-self.exit_code).name
            except ValueError:
                name = f"signal {-self.exit_code}"
            return f"the worker process crashed ({name})"
        return f"the worker process ended unexpectedly (exit code {self.exit_code})"


def start_fork_server() -> None:
    """Starts the process that makes the workers. Its imports go on in the background."""
    multiprocessing.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()


class WorkerProcess:
    """One worker process. Iterate over `messages`; then `outcome` is set.

    Attributes:
        outcome: how it ended; None before that.
    """

    def __init__(self, directory: Path, *, time_limit: float | None = None, grace: float = 2.0) -> None:
        """Prepares a worker for the task in `directory`.

        Args:
            directory: holds `task.json` and what that names.
            time_limit: seconds after which the process is killed.
            grace: seconds between asking the process to end and killing it.
        """
        self.outcome: Outcome | None = None
        self._directory = directory
        self._time_limit = time_limit
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Message | Outcome | BaseException] = asyncio.Queue()
        self._stop = threading.Event()
        self._wake_receiver, self._wake_sender = multiprocessing.Pipe(duplex=False)
        threading.Thread(target=self._supervise, name=f"worker {directory.name}", daemon=True).start()

    async def messages(self) -> AsyncIterator[Message]:
        """What the process sends, until it has ended."""
        while True:
            item = await self._inbox.get()
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, Outcome):
                self.outcome = item
                return
            yield item

    def stop(self) -> None:
        """Tells the process to end, and kills it if it does not. `messages` ends when it has."""
        if not self._stop.is_set():
            self._stop.set()
            self._wake_sender.send_bytes(b"stop")

    def _supervise(self) -> None:
        """Runs in a thread from before the process starts until it has ended."""
        try:
            item: Outcome | BaseException = self._watch()
        except BaseException as error:
            _LOG.exception("cannot supervise the worker of %s", self._directory)
            item = error
        self._post(item)

    def _watch(self) -> Outcome:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = self._start(sender)
        sender.close()
        pid = process.pid
        assert pid is not None
        deadline = time.monotonic() + self._time_limit if self._time_limit is not None else None
        timed_out = False
        sources: list[Any] = [receiver, self._wake_receiver, process.sentinel]
        while process.sentinel in sources:
            ready = connection.wait(sources, None if deadline is None else max(0.0, deadline - time.monotonic()))
            if receiver in ready and not self._receive(receiver):
                sources.remove(receiver)
            if self._wake_receiver in ready:
                sources.remove(self._wake_receiver)
                process.terminate()
                deadline = time.monotonic() + self._grace
            if process.sentinel in ready:
                sources.remove(process.sentinel)
            elif deadline is not None and time.monotonic() >= deadline:
                timed_out = not self._stop.is_set()
                process.kill()
                deadline = None
        # What it sent last may still lie in the pipe.
        while receiver in sources and receiver.poll() and self._receive(receiver):
            pass
        receiver.close()
        with _TABLE_LOCK:
            process.join()
            exit_code = process.exitcode
            process.close()
        if exit_code == _FORK_SERVER_DIED:
            # Then nobody saw how the process ended, or whether it did.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return Outcome(exit_code=exit_code if exit_code is not None else _FORK_SERVER_DIED, timed_out=timed_out)

    def _start(self, sender: Any) -> ForkServerProcess:
        context = multiprocessing.get_context("forkserver")
        for attempt in range(_START_ATTEMPTS):
            process = context.Process(target=worker.main, args=(str(self._directory), sender), daemon=True)
            try:
                with _TABLE_LOCK:
                    process.start()
            except (EOFError, OSError):
                # The fork server has just died; the next start makes a new one.
                if attempt == _START_ATTEMPTS - 1:
                    raise
            else:
                return process
        raise AssertionError("unreachable")

    def _receive(self, receiver: Any) -> bool:
        try:
            self._post(json.loads(receiver.recv_bytes()))
        except (EOFError, OSError):
            return False
        return True

    def _post(self, item: Message | Outcome | BaseException) -> None:
        try:
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, item)
        except RuntimeError:
            _LOG.debug("the event loop is closed; dropped a message of a worker")
