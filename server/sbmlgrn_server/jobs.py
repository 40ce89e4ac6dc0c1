"""JobService: the rpcs."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from typing import Any, Final

import sbmlgrn.client.v1.job_service_pb2 as pb
from sbmlgrn.client.v1 import array_pb2, job_pb2, job_service_pb2_grpc, model_pb2
from sbmlgrn_server.arrays import array_path, read_chunks
from sbmlgrn_server.checks import (
    check_frequency_design,
    check_ode_fit,
    check_simulation,
    check_stochastic_simulation,
    check_stochastic_tuning,
)
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.errors import exhausted, invalid, not_found, precondition, streaming, unary, unavailable
from sbmlgrn_server.names import (
    check_display_name,
    choose_id,
    clip,
    conflict,
    page_token,
    parse_name,
    parse_page,
    request_key,
)
from sbmlgrn_server.scheduler import Scheduler
from sbmlgrn_server.store import ACTIVE_STATES, IdTakenError, InUseError, RequestReusedError, Store, StoreThread

_MAX_JOB_BYTES: Final = 4 * 2**20


class JobService(job_service_pb2_grpc.JobServiceServicer):
    """Runs computations; each rpc is documented in the contract."""

    def __init__(self, config: ServerConfig, store: Store, thread: StoreThread, scheduler: Scheduler) -> None:
        self._config = config
        self._store = store
        self._thread = thread
        self._scheduler = scheduler
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ends the open streams of WatchJob with UNAVAILABLE, so that clients take them up again later."""
        self._stopping.set()

    @unary
    async def CreateJob(self, request: pb.CreateJobRequest, context: Any) -> pb.CreateJobResponse:
        """Checks a job and queues it."""
        check_display_name(request.job.display_name)
        job_id = choose_id(request.job_id)
        key = None if request.validate_only else request_key(request)
        try:
            if key and (made := await self._thread.run(self._store.find_job_request, key)):
                return pb.CreateJobResponse(job=made)
            job, model_id = await self._checked(request.job)
            if request.validate_only:
                return pb.CreateJobResponse(job=job)
            queued = await self._thread.run(self._store.count_jobs, job_pb2.JOB_STATE_QUEUED)
            if queued >= self._config.max_queued_jobs:
                raise exhausted(f"{queued} jobs wait already, as many as this server allows: try again later")
            job.name = f"jobs/{job_id}"
            job.state = job_pb2.JOB_STATE_QUEUED
            event = job_pb2.JobEvent(state_change=job_pb2.JobStateChange(state=job.state))
            job, new = await self._thread.run(self._store.insert_job, job, model_id, event, key)
        except (IdTakenError, RequestReusedError) as error:
            raise conflict(error, "jobs") from None
        except KeyError as error:
            raise not_found(f"models/{error.args[0]}") from None
        if new:
            self._scheduler.submit(job_id)
        return pb.CreateJobResponse(job=job)

    @unary
    async def GetJob(self, request: pb.GetJobRequest, context: Any) -> pb.GetJobResponse:
        """Looks a job up."""
        return pb.GetJobResponse(job=await self._get(request.name))

    @unary
    async def ListJobs(self, request: pb.ListJobsRequest, context: Any) -> pb.ListJobsResponse:
        """Lists jobs, the newest first."""
        page = parse_page(request.page_size, request.page_token)
        jobs, following = await self._thread.run(self._store.list_jobs, page)
        return pb.ListJobsResponse(jobs=jobs, next_page_token=page_token(following))

    @unary
    async def CancelJob(self, request: pb.CancelJobRequest, context: Any) -> pb.CancelJobResponse:
        """Stops a job and its worker process."""
        job_id = parse_name(request.name, "jobs")
        changed = await self._scheduler.cancel(job_id)
        job = await self._get(request.name)
        if not changed and job.state != job_pb2.JOB_STATE_CANCELLED:
            state = job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_")
            raise precondition(f"'{job.name}' is {state}: only a queued or running job can be cancelled")
        return pb.CancelJobResponse(job=job)

    @unary
    async def DeleteJob(self, request: pb.DeleteJobRequest, context: Any) -> pb.DeleteJobResponse:
        """Deletes a finished job with its events and arrays."""
        job_id = parse_name(request.name, "jobs")
        try:
            deleted = await self._thread.run(self._store.delete_job, job_id)
        except InUseError:
            raise precondition(f"'{request.name}' is unfinished: cancel it first or wait for it") from None
        if not deleted:
            raise not_found(request.name)
        await asyncio.to_thread(shutil.rmtree, self._scheduler.array_root / job_id, ignore_errors=True)
        self._scheduler.notify(job_id)
        return pb.DeleteJobResponse()

    @streaming
    async def WatchJob(self, request: pb.WatchJobRequest, context: Any) -> AsyncIterator[pb.WatchJobResponse]:
        """Streams a job's events in order until it is finished."""
        job_id = parse_name(request.name, "jobs")
        after = request.after_sequence
        if after < 0:
            raise invalid(
                f"after_sequence is {after}: expected 0 (all events) or the sequence of the last one received"
            )
        with self._scheduler.watch(job_id) as changed:
            while True:
                changed.clear()
                job = await self._get(request.name)
                while after < job.last_sequence:
                    events = await self._thread.run(self._store.list_events, job_id, after)
                    if not events:
                        raise not_found(request.name)
                    for event in events:
                        yield pb.WatchJobResponse(event=event)
                    after = events[-1].sequence
                if job.state not in ACTIVE_STATES:
                    return
                await self._wait(changed)

    @streaming
    async def StreamJobArrays(
        self, request: pb.StreamJobArraysRequest, context: Any
    ) -> AsyncIterator[pb.StreamJobArraysResponse]:
        """Downloads the arrays of a succeeded job."""
        job_id = parse_name(request.name, "jobs")
        job = await self._get(request.name)
        if job.state != job_pb2.JOB_STATE_SUCCEEDED:
            state = job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_")
            raise precondition(f"'{job.name}' is {state}: only a succeeded job has arrays; watch it until it ends")
        indices = {descriptor.name: index for index, descriptor in enumerate(job.arrays)}
        if unknown := [name for name in request.arrays if name not in indices]:
            raise invalid(
                f"'{job.name}' has no array {clip(unknown[0])!r}: GetJob lists the {len(indices)} that there are"
            )
        for name in request.arrays or indices:
            index = indices[name]
            yield _chunk(array_pb2.ArrayChunk(descriptor=job.arrays[index]))
            pieces = read_chunks(array_path(self._scheduler.array_root / job_id, index))
            while (data := await asyncio.to_thread(_next, pieces, request.name)) is not None:
                yield _chunk(array_pb2.ArrayChunk(data=data))

    async def _get(self, name: str) -> job_pb2.Job:
        job = await self._thread.run(self._store.get_job, parse_name(name, "jobs"))
        if job is None:
            raise not_found(name)
        return job

    async def _checked(self, wanted: job_pb2.Job) -> tuple[job_pb2.Job, str]:
        """A new job of the fields that the caller may set, and the id of its model."""
        if (size := wanted.ByteSize()) > _MAX_JOB_BYTES:
            raise invalid(
                f"the job has {size:,} bytes: expected at most {_MAX_JOB_BYTES:,}; use 'uniform' times, or several "
                "jobs with fewer values each"
            )
        job = job_pb2.Job(display_name=wanted.display_name)
        match wanted.WhichOneof("spec"):
            case "simulation":
                job.simulation.CopyFrom(wanted.simulation)
                model = await self._model(wanted.simulation.model)
                await asyncio.to_thread(check_simulation, wanted.simulation, model, self._config)
            case "frequency_design":
                job.frequency_design.CopyFrom(wanted.frequency_design)
                model = await self._model(wanted.frequency_design.model)
                check_frequency_design(wanted.frequency_design, model)
            case "ode_fit":
                job.ode_fit.CopyFrom(wanted.ode_fit)
                model = await self._model(wanted.ode_fit.model)
                check_ode_fit(wanted.ode_fit, model)
            case "stochastic_simulation":
                job.stochastic_simulation.CopyFrom(wanted.stochastic_simulation)
                model = await self._model(wanted.stochastic_simulation.model)
                check_stochastic_simulation(wanted.stochastic_simulation, model, self._config)
            case "stochastic_tuning":
                job.stochastic_tuning.CopyFrom(wanted.stochastic_tuning)
                model = await self._model(wanted.stochastic_tuning.model)
                check_stochastic_tuning(wanted.stochastic_tuning, model)
            case _:
                raise invalid(
                    "the job has no spec: set 'simulation', 'frequency_design', 'ode_fit', 'stochastic_simulation' or "
                    "'stochastic_tuning'"
                )
        return job, parse_name(model.name, "models")

    async def _model(self, name: str) -> model_pb2.Model:
        model = await self._thread.run(self._store.get_model, parse_name(name, "models"))
        if model is None:
            raise not_found(name)
        return model

    async def _wait(self, changed: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (changed, self._stopping)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._stopping.is_set():
            raise unavailable("the server is stopping: watch the job again after its last event")


def _chunk(chunk: array_pb2.ArrayChunk) -> pb.StreamJobArraysResponse:
    return pb.StreamJobArraysResponse(chunk=chunk)


def _next(pieces: Any, name: str) -> bytes | None:
    with contextlib.suppress(FileNotFoundError):
        return next(pieces, None)
    raise not_found(name)
