"""Work in parallel processes, each of which does many items and is replaced when it dies or hangs."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from typing import Any, Final, Generic, TypeVar

_START_LIMIT: Final = 300.0
"""Seconds that a process may take to start and warm up, on a busy machine."""

_GRACE: Final = 5.0
"""Seconds that a process may take to end by itself."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done(Generic[Result]):
    """The item was done, and this is what the function returned."""

    result: Result


@dataclass(frozen=True)
class Lost:
    """The item came to nothing, because its process hung or died.

    Attributes:
        seconds: how long it took.
        exit_code: of the process that died, minus the signal's number if a signal ended it; ``None`` if it hung.
    """

    seconds: float
    exit_code: int | None

    @property
    def reason(self) -> str:
        """What happened, in words."""
        if self.exit_code is None:
            return f"no result after {self.seconds:.0f} s"
        if self.exit_code >= 0:
            return f"the process ended with exit code {self.exit_code}"
        name = signal.Signals(-self.exit_code).name
        return f"the process was ended by {name}" + ("; memory may have run out" if name == "SIGKILL" else "")


class PoolError(RuntimeError):
    """A process ended before it took its first item."""


def run_parallel(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int,
    timeout: float,
    warm_up: Callable[[], object] | None = None,
) -> Generator[tuple[int, Done[Result] | Lost]]:
    """Applies a function to items in processes.

    Args:
        function: what to do; a function of a module, like `warm_up`, since processes find both by name. An exception
            from it ends its process.
        items: what to do it to.
        jobs: most processes at a time.
        timeout: seconds after which an item is given up and its process killed.
        warm_up: called once in each process, before any time counts.

    Yields:
        The index of an item and what became of it, in the order in which they end.

    Raises:
        PoolError: a process ended before it took its first item.
    """
    waiting = deque(enumerate(items))
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while len(workers) < jobs and sum(w.index is None for w in workers) < len(waiting):
                workers.append(_Worker(function, warm_up))
            pause = min(w.deadline(timeout) for w in workers) - time.monotonic()
            ready = connection.wait([w.pipe for w in workers], max(0.0, pause))
            for worker in tuple(workers):
                if worker.pipe in ready:
                    answer = worker.receive()
                elif time.monotonic() >= worker.deadline(timeout):
                    answer = worker.give_up()
                else:
                    continue
                if worker.index is not None:
                    yield worker.index, answer
                elif isinstance(answer, Lost):
                    raise PoolError(f"a worker process could not start: {answer.reason}")
                if isinstance(answer, Done) and waiting:
                    worker.give(*waiting.popleft())
                else:
                    workers.remove(worker)
                    worker.stop()
    finally:
        for worker in workers:
            worker.give_up()


class _Worker:
    """One process, seen from outside.

    Attributes:
        pipe: to talk to it; something to read is its word that it is ready, then a result for each item.
        index: of the item that it works on; ``None`` before the first.
    """

    def __init__(self, function: Callable[[Any], Any], warm_up: Callable[[], object] | None) -> None:
        # Not a fork: this process may have threads.
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, function, warm_up), daemon=True)
        self.process.start()
        theirs.close()
        self.index: int | None = None
        self._since = time.monotonic()

    def deadline(self, timeout: float) -> float:
        return self._since + (_START_LIMIT if self.index is None else timeout)

    def give(self, index: int, item: object) -> None:
        self.index, self._since = index, time.monotonic()
        with contextlib.suppress(OSError):  # it is dead already, as the next `receive` will tell
            self.pipe.send(item)

    def receive(self) -> Done[Any] | Lost:
        try:
            return Done(self.pipe.recv())
        except (EOFError, OSError):
            seconds = time.monotonic() - self._since
            self.stop()
            return Lost(seconds, self.process.exitcode or 0)

    def give_up(self) -> Lost:
        self.process.kill()
        self.process.join()
        return Lost(time.monotonic() - self._since, None)

    def stop(self) -> None:
        self.pipe.close()
        self.process.join(_GRACE)
        self.process.kill()
        self.process.join()


def _serve(pipe: Connection, function: Callable[[Any], Any], warm_up: Callable[[], object] | None) -> None:
    # An interrupt from the keyboard reaches all processes; the one that gave the work out ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if warm_up is not None:
        warm_up()
    pipe.send(None)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send(function(item))
