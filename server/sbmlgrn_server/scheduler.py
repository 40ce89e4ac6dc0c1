"""Takes jobs from queued to done: who computes when, and what becomes of what the workers send."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from google.protobuf import json_format

from sbmlgrn.client.v1 import job_pb2, model_pb2
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.names import new_id
from sbmlgrn_server.store import ACTIVE_STATES, Store, StoreThread
from sbmlgrn_server.supervisor import Message, WorkerProcess
from sbmlgrn_server.worker import INTERNAL

_LOG: Final = logging.getLogger(__name__)

_QUEUED: Final = frozenset({job_pb2.JOB_STATE_QUEUED})
_RUNNING: Final = frozenset({job_pb2.JOB_STATE_RUNNING})

_UNAVAILABLE: Final = 14


class _Run:
    """A job that a consumer of the queue has taken up."""

    def __init__(self) -> None:
        self.process: WorkerProcess | None = None
        self.cancelled = False
        self.ended = asyncio.Event()

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()


class Scheduler:
    """Runs queued jobs, each in a worker process, `max_workers` at once, the oldest first."""

    def __init__(self, config: ServerConfig, store: Store, thread: StoreThread) -> None:
        """Prepares; `start` begins."""
        self.array_root = config.data_dir / "arrays"
        self.work_root = config.data_dir / "work"
        self._config = config
        self._store = store
        self._thread = thread
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._runs: dict[str, _Run] = {}
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._consumers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Settles what an earlier server left behind and takes up the queue."""
        for job_id in await self._thread.run(self._store.jobs_in_state, job_pb2.JOB_STATE_RUNNING):
            error = job_pb2.JobError(
                code=_UNAVAILABLE,
                reason="INTERRUPTED",
                message="interrupted: the server stopped while the job was running; create it again",
            )
            await self._end(job_id, job_pb2.JOB_STATE_FAILED, error)
        await asyncio.to_thread(_make_empty, self.work_root)
        self.array_root.mkdir(exist_ok=True)
        for job_id in await self._thread.run(self._store.jobs_in_state, job_pb2.JOB_STATE_QUEUED):
            self._queue.put_nowait(job_id)
        self._consumers = [asyncio.create_task(self._consume()) for _ in range(self._config.max_workers)]

    async def stop(self) -> None:
        """Ends the workers. Their jobs stay RUNNING in the store: the next start settles them."""
        self._stopping = True
        runs = list(self._runs.values())
        for run in runs:
            run.stop()
        await asyncio.gather(*(run.ended.wait() for run in runs))
        for consumer in self._consumers:
            consumer.cancel()
        await asyncio.gather(*self._consumers, return_exceptions=True)

    def submit(self, job_id: str) -> None:
        """Queues a job that the store holds as QUEUED."""
        self._queue.put_nowait(job_id)

    async def cancel(self, job_id: str) -> bool:
        """Cancels a job and waits until its worker is gone; whether that changed its state."""
        if await self._change(job_id, _QUEUED, _to(job_pb2.JOB_STATE_CANCELLED)):
            return True
        run = self._runs.get(job_id)
        if run is None:
            return False
        run.cancelled = True
        run.stop()
        await run.ended.wait()
        job = await self._thread.run(self._store.get_job, job_id)
        return job is not None and job.state == job_pb2.JOB_STATE_CANCELLED

    @contextlib.contextmanager
    def watch(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job's record has changed."""
        changed = asyncio.Event()
        self._watchers[job_id].add(changed)
        try:
            yield changed
        finally:
            self._watchers[job_id].discard(changed)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    def notify(self, job_id: str) -> None:
        """Wakes those who watch the job."""
        for changed in self._watchers.get(job_id, ()):
            changed.set()

    async def _consume(self) -> None:
        while not self._stopping:
            job_id = await self._queue.get()
            run = self._runs[job_id] = _Run()
            try:
                await self._run(job_id, run)
            except Exception as error:
                _LOG.exception("job %s failed in the server", job_id)
                await self._fail_internally(job_id, error)
            finally:
                del self._runs[job_id]
                run.ended.set()

    async def _run(self, job_id: str, run: _Run) -> None:
        job = await self._change(job_id, _QUEUED, _to(job_pb2.JOB_STATE_RUNNING))
        if job is None:
            return
        directory = self.work_root / job_id
        try:
            task = await self._prepare(job, directory)
            run.process = WorkerProcess(directory, grace=self._config.stop_grace_seconds)
            if run.cancelled or self._stopping:
                run.stop()
            last: Message = {}
            async for message in run.process.messages():
                if "result" in message or "error" in message:
                    last = message
                else:
                    await self._change(job_id, _RUNNING, _record(message))
            if self._stopping:
                return
            if run.cancelled:
                await self._end(job_id, job_pb2.JOB_STATE_CANCELLED)
            elif "result" in last:
                await self._succeed(job_id, task, last["result"])
            else:
                outcome = run.process.outcome
                assert outcome is not None
                died = {"code": INTERNAL, "reason": "WORKER_DIED", "message": outcome.describe()}
                error = json_format.ParseDict(last.get("error", died), job_pb2.JobError())
                await self._end(job_id, job_pb2.JOB_STATE_FAILED, error)
        finally:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    async def _prepare(self, job: job_pb2.Job, directory: Path) -> dict[str, Any]:
        """Lays out the worker's folder: `task.json` and `document.xml`."""
        kind = job.WhichOneof("spec")
        assert kind is not None
        spec = getattr(job, kind)
        model_id = spec.model.partition("/")[2]
        model = await self._thread.run(self._store.get_model, model_id)
        document = await self._thread.run(self._store.get_document, model_id)
        assert model is not None and document is not None, "a model cannot be deleted while a job needs it"
        task = {
            "kind": kind,
            "array_directory": str(self.array_root / job.name.partition("/")[2]),
            "spec": json_format.MessageToDict(spec, preserving_proto_field_name=True),
            "symbols": [json_format.MessageToDict(entry, preserving_proto_field_name=True) for entry in model.symbols],
            "time_unit": model.time_unit,
            "model_sha256": model.sha256,
            "model_display_name": model.display_name,
        }
        await asyncio.to_thread(_lay_out, directory, task, document)
        return task

    async def _succeed(self, job_id: str, task: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        outcome = job_pb2.Job()
        kind = f"{task['kind']}_result"
        fields = {key: value for key, value in result.items() if key in (kind, "arrays", "provenance")}
        json_format.ParseDict(fields, outcome)
        new_model: tuple[model_pb2.Model, bytes] | None = None
        if "model" in result:
            model = json_format.ParseDict(result["model"], model_pb2.Model())
            model.name = f"models/{new_id()}"
            model.job = f"jobs/{job_id}"
            document = await asyncio.to_thread((self.work_root / job_id / "result.xml").read_bytes)
            new_model = (model, document)
            getattr(outcome, kind).model = model.name

        def change(job: job_pb2.Job) -> Iterable[job_pb2.JobEvent]:
            job.MergeFrom(outcome)
            return _to(job_pb2.JOB_STATE_SUCCEEDED)(job)

        await self._change(job_id, _RUNNING, change, new_model)

    async def _end(self, job_id: str, state: job_pb2.JobState, error: job_pb2.JobError | None = None) -> None:
        """Ends a job without a result."""
        await asyncio.to_thread(shutil.rmtree, self.array_root / job_id, ignore_errors=True)
        await self._change(job_id, ACTIVE_STATES, _to(state, error))

    async def _fail_internally(self, job_id: str, error: Exception) -> None:
        message = f"internal error of the server ({type(error).__name__}); its log has the details"
        try:
            await self._end(
                job_id,
                job_pb2.JOB_STATE_FAILED,
                job_pb2.JobError(code=INTERNAL, reason="INTERNAL", message=message),
            )
        except Exception:
            _LOG.exception("cannot record the failure of job %s", job_id)

    async def _change(
        self,
        job_id: str,
        from_states: frozenset[job_pb2.JobState],
        change: Callable[[job_pb2.Job], Iterable[job_pb2.JobEvent]],
        new_model: tuple[model_pb2.Model, bytes] | None = None,
    ) -> job_pb2.Job | None:
        job = await self._thread.run(self._store.change_job, job_id, from_states, change, new_model)
        if job is not None:
            self.notify(job_id)
        return job


def _to(
    state: job_pb2.JobState, error: job_pb2.JobError | None = None
) -> Callable[[job_pb2.Job], Iterable[job_pb2.JobEvent]]:
    def change(job: job_pb2.Job) -> Iterable[job_pb2.JobEvent]:
        job.state = state
        if error is not None:
            job.error.CopyFrom(error)
        time = job.start_time if state == job_pb2.JOB_STATE_RUNNING else job.end_time
        time.GetCurrentTime()
        return [job_pb2.JobEvent(state_change=job_pb2.JobStateChange(state=state, error=error))]

    return change


def _record(message: Message) -> Callable[[job_pb2.Job], Iterable[job_pb2.JobEvent]]:
    event = json_format.ParseDict(message, job_pb2.JobEvent())

    def change(job: job_pb2.Job) -> Iterable[job_pb2.JobEvent]:
        if event.HasField("progress"):
            job.progress.CopyFrom(event.progress)
        return [event]

    return change


def _lay_out(directory: Path, task: Mapping[str, Any], document: bytes) -> None:
    directory.mkdir(parents=True)
    (directory / "document.xml").write_bytes(document)
    (directory / "task.json").write_text(json.dumps(task))


def _make_empty(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
