"""Handles of jobs, and their results in Python's types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from sbmlgrn.client.arrays import NamedArray, assemble
from sbmlgrn.client.connection import Connection
from sbmlgrn.client.errors import JobCancelledError, JobFailedError, translated
from sbmlgrn.client.v1 import job_pb2, job_service_pb2

_Handle = TypeVar("_Handle", bound="JobHandle")

_FINAL_STATES: Final = frozenset({job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED})


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulationResult:
    """Courses over time.

    Attributes:
        job: the job as the server describes it: provenance, failed trajectories.
        t: times, shape [time].
        arrays: every symbol's course with its unit and quantity, by symbol id.
    """

    job: job_pb2.Job
    t: np.ndarray
    arrays: Mapping[str, NamedArray]

    def __getitem__(self, symbol: str) -> np.ndarray:
        """The course of a symbol: [time], or [batch, time] for a batch.

        Raises:
            KeyError: the job did not report the symbol.
        """
        return self.arrays[symbol].values


@dataclass(frozen=True, kw_only=True, eq=False)
class DesignResult:
    """A finished frequency design. Periods are in the model's unit of time.

    Attributes:
        job: the job as the server describes it, with its provenance.
        model: name of the redesigned model, for `Client.export_model`.
        reached: whether the period asked was reached; if not, the model is the nearest found.
        message: how it went, in words.
        period_asked: the period asked.
        period_before: the period of the model that went in.
        period_found: the period of the redesigned model.
        values_before: values of the free parameters that went in.
        values_after: values of the free parameters that came out.
        arrays: courses and spectra by name: ``before/time``, ``before/{species}``, ``after/…``, ``spectrum/…``.
    """

    job: job_pb2.Job
    model: str
    reached: bool
    message: str
    period_asked: float
    period_before: float
    period_found: float
    values_before: Mapping[str, float]
    values_after: Mapping[str, float]
    arrays: Mapping[str, NamedArray]

    def __getitem__(self, name: str) -> np.ndarray:
        """The numbers of an array.

        Raises:
            KeyError: there is no array of this name.
        """
        return self.arrays[name].values


@dataclass(frozen=True, kw_only=True, eq=False)
class OdeFitResult:
    """A finished fit to time courses.

    Attributes:
        job: the job as the server describes it, with its provenance.
        model: name of the fitted model, for `Client.export_model`.
        message: how it went, in words.
        loss: the negative log-likelihood.
        values: fitted values by id.
        parameters: the same with bounds, standard errors and intervals.
        symbols: how each measured symbol is fitted.
        searches: how each search went, best first.
        warnings: what to know before trusting the values.
        conditions: names of the conditions, in the order of their numbers.
        arrays: ``curves/{condition}/time``, ``curves/{condition}/{symbol}``, ``profiles/{id}/value``, ``…/loss``.
    """

    job: job_pb2.Job
    model: str
    message: str
    loss: float
    values: Mapping[str, float]
    parameters: Sequence[job_pb2.FittedParameter]
    symbols: Sequence[job_pb2.FittedSymbol]
    searches: Sequence[job_pb2.FitSearch]
    warnings: Sequence[str]
    conditions: Sequence[str]
    arrays: Mapping[str, NamedArray]

    def __getitem__(self, name: str) -> np.ndarray:
        """The numbers of an array.

        Raises:
            KeyError: there is no array of this name.
        """
        return self.arrays[name].values


@dataclass(frozen=True, kw_only=True, eq=False)
class StochasticResult:
    """Statistics of an ensemble over time, of the trajectories that reached the end.

    Attributes:
        job: the job as the server describes it: provenance, how trajectories ended.
        t: times, shape [time].
        arrays: by name, ``{statistic}/{symbol}`` where the statistic is mean, variance, q05, median or q95, [time].
    """

    job: job_pb2.Job
    t: np.ndarray
    arrays: Mapping[str, NamedArray]

    def __getitem__(self, name: str) -> np.ndarray:
        """The numbers of an array, such as ``mean/prey``.

        Raises:
            KeyError: there is no array of this name.
        """
        return self.arrays[name].values


@dataclass(frozen=True, kw_only=True, eq=False)
class TuningResult:
    """A finished tuning of a stochastic oscillator. Frequencies are in cycles per unit of the model's time.

    Attributes:
        job: the job as the server describes it, with its provenance.
        model: name of the tuned model, for `Client.export_model`.
        reached: whether the frequency asked was reached; if not, the model is the nearest found.
        message: how it went, in words.
        frequency_asked, frequency_before, frequency_found: the last is that of trajectories the tuning did not see.
        values_before: values of the free parameters that went in.
        values_after: values of the free parameters that came out.
        arrays: ``before/time``, ``before/{species}`` [trajectory, time], ``after/…``, ``spectrum/…`` by name.
    """

    job: job_pb2.Job
    model: str
    reached: bool
    message: str
    frequency_asked: float
    frequency_before: float
    frequency_found: float
    values_before: Mapping[str, float]
    values_after: Mapping[str, float]
    arrays: Mapping[str, NamedArray]


class JobHandle:
    """A job on a server.

    Attributes:
        name: the job's name, ``jobs/{id}``.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        """Makes a handle of a job that exists; use the methods of `Client` to get one."""
        self.name = name
        self._connection = connection

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def job(self) -> job_pb2.Job:
        """The job as the server describes it now.

        Raises:
            ServerError: the call failed.
        """
        with translated():
            return self._connection.jobs.GetJob(job_service_pb2.GetJobRequest(name=self.name)).job

    def watch(self, after_sequence: int = 0) -> Iterator[job_pb2.JobEvent]:
        """Events in order until the job is finished. Survives a restart of the server.

        Args:
            after_sequence: only events after this one; 0 for all.

        Raises:
            ServerError: the call failed, or the server was out of reach for too long.
        """
        with translated():
            yield from self._connection.events(self.name, after_sequence)

    def wait(self) -> job_pb2.Job:
        """Waits until the job is finished, and returns it.

        Raises:
            ServerError: the call failed, or the server was out of reach for too long.
        """
        job = self.job()
        if job.state in _FINAL_STATES:
            return job
        for _ in self.watch(job.last_sequence):
            pass
        return self.job()

    def cancel(self) -> job_pb2.Job:
        """Cancels the job and waits until its worker is gone.

        Raises:
            PreconditionError: it has succeeded or failed already.
            ServerError: the call failed.
        """
        with translated():
            return self._connection.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=self.name)).job

    def delete(self) -> None:
        """Deletes the finished job with its events and arrays.

        Raises:
            PreconditionError: it is unfinished.
            ServerError: the call failed.
        """
        with translated():
            self._connection.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=self.name))

    def arrays(self, names: Sequence[str] = ()) -> dict[str, NamedArray]:
        """Downloads arrays of the succeeded job; all when no `names` are given.

        Raises:
            PreconditionError: the job has not succeeded.
            ServerError: the call failed.
        """
        request = job_service_pb2.StreamJobArraysRequest(name=self.name, arrays=names)
        with translated():
            responses = self._connection.jobs.StreamJobArrays(request)
            return {array.name: array for array in assemble(response.chunk for response in responses)}

    def _succeeded(self) -> job_pb2.Job:
        job = self.wait()
        if job.state == job_pb2.JOB_STATE_CANCELLED:
            raise JobCancelledError(job)
        if job.state == job_pb2.JOB_STATE_FAILED:
            raise JobFailedError(job)
        return job


class SimulationHandle(JobHandle):
    """A simulation on a server."""

    def result(self) -> SimulationResult:
        """Waits for the job and downloads its result.

        Raises:
            JobFailedError: the job failed.
            JobCancelledError: the job was cancelled.
            ServerError: a call failed.
        """
        job = self._succeeded()
        arrays = self.arrays()
        courses = {array.symbol: array for array in arrays.values() if array.symbol}
        return SimulationResult(job=job, t=arrays["time"].values, arrays=courses)


class DesignHandle(JobHandle):
    """A frequency design on a server."""

    def result(self) -> DesignResult:
        """Waits for the job and downloads its result.

        Raises:
            JobFailedError: the job failed.
            JobCancelledError: the job was cancelled.
            ServerError: a call failed.
        """
        job = self._succeeded()
        result = job.frequency_design_result
        return DesignResult(
            job=job,
            model=result.model,
            reached=result.reached,
            message=result.message,
            period_asked=result.period_asked,
            period_before=result.period_before,
            period_found=result.period_found,
            values_before=dict(result.values_before),
            values_after=dict(result.values_after),
            arrays=self.arrays(),
        )


class OdeFitHandle(JobHandle):
    """A fit to time courses on a server."""

    def result(self) -> OdeFitResult:
        """Waits for the job and downloads its result.

        Raises:
            JobFailedError: the job failed.
            JobCancelledError: the job was cancelled.
            ServerError: a call failed.
        """
        job = self._succeeded()
        result = job.ode_fit_result
        return OdeFitResult(
            job=job,
            model=result.model,
            message=result.message,
            loss=result.loss,
            values={parameter.id: parameter.value for parameter in result.parameters},
            parameters=tuple(result.parameters),
            symbols=tuple(result.symbols),
            searches=tuple(result.searches),
            warnings=tuple(result.warnings),
            conditions=tuple(result.conditions),
            arrays=self.arrays(),
        )


class StochasticHandle(JobHandle):
    """A stochastic simulation on a server."""

    def result(self) -> StochasticResult:
        """Waits for the job and downloads its result.

        Raises:
            JobFailedError: the job failed.
            JobCancelledError: the job was cancelled.
            ServerError: a call failed.
        """
        job = self._succeeded()
        arrays = self.arrays()
        return StochasticResult(job=job, t=arrays.pop("time").values, arrays=arrays)


class TuningHandle(JobHandle):
    """A tuning of a stochastic oscillator on a server."""

    def result(self) -> TuningResult:
        """Waits for the job and downloads its result.

        Raises:
            JobFailedError: the job failed.
            JobCancelledError: the job was cancelled.
            ServerError: a call failed.
        """
        job = self._succeeded()
        result = job.stochastic_tuning_result
        return TuningResult(
            job=job,
            model=result.model,
            reached=result.reached,
            message=result.message,
            frequency_asked=result.frequency_asked,
            frequency_before=result.frequency_before,
            frequency_found=result.frequency_found,
            values_before=dict(result.values_before),
            values_after=dict(result.values_after),
            arrays=self.arrays(),
        )


def handle_for(connection: Connection, job: job_pb2.Job) -> JobHandle:
    """A handle of the type that fits the job's kind."""
    kinds = {
        "simulation": SimulationHandle,
        "frequency_design": DesignHandle,
        "ode_fit": OdeFitHandle,
        "stochastic_simulation": StochasticHandle,
        "stochastic_tuning": TuningHandle,
    }
    return kinds.get(job.WhichOneof("spec") or "", JobHandle)(connection, job.name)
