"""`Client`: the service in Python's types."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from sbmlgrn.client.connection import Connection
from sbmlgrn.client.errors import translated
from sbmlgrn.client.jobs import (
    DesignHandle,
    JobHandle,
    OdeFitHandle,
    SimulationHandle,
    SimulationResult,
    StochasticHandle,
    TuningHandle,
    handle_for,
)
from sbmlgrn.client.v1 import job_pb2, job_service_pb2, model_pb2, model_service_pb2

Bounds = tuple[float, float] | tuple[float, float, str]
"""Lower bound, upper bound and, if it is not logarithmic, the scale ``"linear"``."""


class Client:
    """A connection to an sbmlgrn server. Use it in a ``with`` statement, or call `close`.

    Every method raises a `ServerError` with the server's text when a call fails: `InvalidArgumentError` for bad input,
    `NotFoundError`, `PreconditionError`, `AlreadyExistsError`, `UnavailableError`.
    """

    def __init__(self, address: str, *, reconnect_seconds: float = 60.0) -> None:
        """Makes a client; the connection is opened by the first call.

        Args:
            address: host and port, such as ``127.0.0.1:50051``.
            reconnect_seconds: how long watching a job survives a server out of reach.
        """
        self._connection = Connection(address, reconnect_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def create_model(
        self, source: Path | str | bytes, *, display_name: str = "", model_id: str = "", request_id: str = ""
    ) -> model_pb2.Model:
        """Uploads an SBML document.

        Args:
            source: path, or the text of the document.
            display_name: a name for people; the document's own when empty.
            model_id: the id to give; the server chooses one when empty.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            FileNotFoundError: the path does not exist.
            InvalidArgumentError: the document has errors; nothing is stored.
        """
        request = model_service_pb2.CreateModelRequest(
            model=model_pb2.Model(display_name=display_name),
            document=_document(source),
            model_id=model_id,
            request_id=request_id or str(uuid.uuid4()),
        )
        with translated():
            return self._connection.models.CreateModel(request).model

    def get_model(self, name: str) -> model_pb2.Model:
        """Looks a model up."""
        with translated():
            return self._connection.models.GetModel(model_service_pb2.GetModelRequest(name=name)).model

    def list_models(self) -> Iterator[model_pb2.Model]:
        """All models, the newest first, page by page."""
        token = ""
        while True:
            with translated():
                page = self._connection.models.ListModels(model_service_pb2.ListModelsRequest(page_token=token))
            yield from page.models
            if not (token := page.next_page_token):
                return

    def delete_model(self, name: str) -> None:
        """Deletes a model."""
        with translated():
            self._connection.models.DeleteModel(model_service_pb2.DeleteModelRequest(name=name))

    def export_model(self, name: str) -> str:
        """Downloads a model's SBML document.

        Raises:
            ValueError: the download was damaged.
        """
        data = bytearray()
        header = model_service_pb2.DocumentHeader()
        with translated():
            for response in self._connection.models.ExportModel(model_service_pb2.ExportModelRequest(name=name)):
                if response.HasField("header"):
                    header = response.header
                data += response.data
        if hashlib.sha256(data).hexdigest() != header.sha256:
            raise ValueError(f"the download of {name!r} was damaged: {len(data)} bytes came; download it again")
        return data.decode()

    def validate(self, source: Path | str | bytes) -> model_service_pb2.ValidateModelResponse:
        """Checks an SBML document without storing it. Errors in it are in the answer, not exceptions.

        Args:
            source: path, or the text of the document.

        Raises:
            FileNotFoundError: the path does not exist.
        """
        request = model_service_pb2.ValidateModelRequest(document=_document(source))
        with translated():
            return self._connection.models.ValidateModel(request)

    def simulate(
        self,
        model: str,
        t: ArrayLike,
        *,
        values: Mapping[str, float | ArrayLike] | None = None,
        symbols: Sequence[str] = (),
        rtol: float | None = None,
        atol: float | None = None,
    ) -> SimulationResult:
        """Simulates a model and waits for the result. The arguments are those of `start_simulation`.

        Raises:
            InvalidArgumentError: unknown names, bad times or values.
            JobFailedError: the job failed.
        """
        return self.start_simulation(model, t, values=values, symbols=symbols, rtol=rtol, atol=atol).result()

    def start_simulation(
        self,
        model: str,
        t: ArrayLike,
        *,
        values: Mapping[str, float | ArrayLike] | None = None,
        symbols: Sequence[str] = (),
        rtol: float | None = None,
        atol: float | None = None,
        display_name: str = "",
        request_id: str = "",
    ) -> SimulationHandle:
        """Starts a simulation.

        Args:
            model: the model's name, ``models/{id}``.
            t: strictly increasing times, shape [time], none negative; the first is the start.
            values: values to use in place of the document's, by symbol id; sequences make a batch.
            symbols: the symbols to report; species and what a rate rule governs when empty.
            rtol: relative tolerance; the server's default (1e-6) when None.
            atol: absolute tolerance; the server's default (1e-9) when None.
            display_name: a name for people.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            InvalidArgumentError: unknown names, bad times or values.
        """
        spec = job_pb2.SimulationSpec(
            model=model,
            **_time_points(np.asarray(t, dtype=float)),
            values={
                name: job_pb2.SymbolValues(values=np.atleast_1d(np.asarray(value, dtype=float)).tolist())
                for name, value in (values or {}).items()
            },
            symbols=symbols,
            relative_tolerance=rtol,
            absolute_tolerance=atol,
        )
        job = self._create_job(job_pb2.Job(display_name=display_name, simulation=spec), request_id)
        return SimulationHandle(self._connection, job.name)

    def design_frequency(
        self,
        model: str,
        species: str,
        period: float,
        parameters: Mapping[str, Bounds],
        *,
        tolerance: float | None = None,
        max_iterations: int | None = None,
        seed: int | None = None,
        display_name: str = "",
        request_id: str = "",
    ) -> DesignHandle:
        """Starts a frequency design; ``.watch()`` shows its progress, ``.result()`` waits for it.

        Args:
            model: the model's name, ``models/{id}``.
            species: the species whose period counts.
            period: the period asked, in the model's unit of time.
            parameters: bounds of the parameters that may change, by id: ``(lower, upper)`` or
                ``(lower, upper, "linear")``.
            tolerance: relative deviation of the period at which it counts as reached; the server's default when None.
            max_iterations: the most iterations; the server's default when None.
            seed: seed of random choices; the server's default when None.
            display_name: a name for people.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            InvalidArgumentError: unknown names or bad bounds.
        """
        spec = job_pb2.FrequencyDesignSpec(
            model=model,
            species=species,
            period=period,
            parameters=[_free_parameter(name, bounds) for name, bounds in parameters.items()],
            tolerance=tolerance,
            max_iterations=max_iterations,
            seed=seed,
        )
        job = self._create_job(job_pb2.Job(display_name=display_name, frequency_design=spec), request_id)
        return DesignHandle(self._connection, job.name)

    def fit(
        self,
        model: str,
        data: Path | str,
        *,
        estimate: Literal["parameters", "initial", "both"] = "parameters",
        free: Sequence[str] = (),
        fix: Sequence[str] = (),
        bounds: Mapping[str, Bounds] | None = None,
        span: float | None = None,
        noise: Mapping[str, str] | str = "normal",
        sigma: Mapping[str, float] | float | None = None,
        scale: Sequence[str] = (),
        offset: Sequence[str] = (),
        hold_out: Sequence[str] = (),
        starts: int | None = None,
        optimizer: str = "",
        max_iterations: int | None = None,
        windows: int | None = None,
        profiles: Sequence[str] = (),
        level: float | None = None,
        seed: int | None = None,
        rtol: float | None = None,
        display_name: str = "",
        request_id: str = "",
    ) -> OdeFitHandle:
        """Starts a fit to time courses; ``.watch()`` shows its progress, ``.result()`` waits for it.

        The arguments mean what they mean to `sbmlgrn.time_courses` and `sbmlgrn.fit`, and have their defaults.

        Args:
            model: the model's name, ``models/{id}``.
            data: path, or the text, of the measurements as comma-separated values.
            estimate, free, fix, bounds, span: what is fitted, and within which bounds.
            noise, sigma, scale, offset, hold_out: how it was measured.
            starts, optimizer, max_iterations, windows, profiles, level, seed, rtol: how it is fitted.
            display_name: a name for people.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            InvalidArgumentError: unknown names, or options that make no sense.
            FileNotFoundError: the path does not exist.
        """
        kinds: Mapping[str, str] = noise if isinstance(noise, Mapping) else {}
        deviations: Mapping[str, float] = sigma if isinstance(sigma, Mapping) else {}
        spec = job_pb2.OdeFitSpec(
            model=model,
            data=data if isinstance(data, str) and "\n" in data else Path(data).read_text(encoding="utf-8-sig"),
            estimate=f"FITTED_KIND_{estimate.upper()}",
            free=free,
            fix=fix,
            bounds=[_free_parameter(name, given) for name, given in (bounds or {}).items()],
            span=span,
            noise="NOISE_KIND_NORMAL" if isinstance(noise, Mapping) else _noise(noise),
            sigma=None if isinstance(sigma, Mapping) else sigma,
            symbols=[
                job_pb2.MeasuredSymbol(
                    symbol=name,
                    noise=_noise(kinds[name]) if name in kinds else None,
                    sigma=deviations.get(name),
                    scale=name in scale,
                    offset=name in offset,
                )
                for name in dict.fromkeys([*kinds, *deviations, *scale, *offset])
            ],
            hold_out=hold_out,
            starts=starts,
            optimizer=optimizer,
            max_iterations=max_iterations,
            windows=windows,
            profiles=profiles,
            level=level,
            seed=seed,
            relative_tolerance=rtol,
        )
        job = self._create_job(job_pb2.Job(display_name=display_name, ode_fit=spec), request_id)
        return OdeFitHandle(self._connection, job.name)

    def start_stochastic_simulation(
        self,
        model: str,
        t: ArrayLike,
        *,
        values: Mapping[str, float] | None = None,
        symbols: Sequence[str] = (),
        trajectories: int | None = None,
        seed: int | None = None,
        max_events: int | None = None,
        display_name: str = "",
        request_id: str = "",
    ) -> StochasticHandle:
        """Starts an ensemble of stochastic trajectories; ``.watch()`` shows its progress, ``.result()`` waits for it.

        Args:
            model: the model's name, ``models/{id}``.
            t: strictly increasing times, shape [time], none negative; the first is the start.
            values: values to use in place of the document's, by symbol id.
            symbols: the symbols to report; species and what a rate rule governs when empty.
            trajectories: how many; the server's default (1000) when None.
            seed: of all random numbers; the server's default (0) when None.
            max_events: the most reactions of one trajectory; the server's default when None.
            display_name: a name for people.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            InvalidArgumentError: unknown names, bad times or numbers.
        """
        spec = job_pb2.StochasticSimulationSpec(
            model=model,
            **_time_points(np.asarray(t, dtype=float)),
            values=values,
            symbols=symbols,
            trajectories=trajectories,
            seed=seed,
            max_events=max_events,
        )
        job = self._create_job(job_pb2.Job(display_name=display_name, stochastic_simulation=spec), request_id)
        return StochasticHandle(self._connection, job.name)

    def tune_frequency(
        self,
        model: str,
        species: str,
        frequency: float,
        parameters: Mapping[str, Bounds] | None = None,
        *,
        tolerance: float | None = None,
        trajectories: int | None = None,
        max_iterations: int | None = None,
        estimator: str = "",
        seed: int | None = None,
        display_name: str = "",
        request_id: str = "",
    ) -> TuningHandle:
        """Starts a tuning of a stochastic oscillator; ``.watch()`` shows its progress, ``.result()`` waits for it.

        Args:
            model: the model's name, ``models/{id}``.
            species: the species whose frequency counts.
            frequency: the frequency asked, in cycles per unit of the model's time.
            parameters: bounds of the parameters that may change, as for `design_frequency`; all rates when empty.
            tolerance: relative deviation at which it counts as reached; the server's default when None.
            trajectories: of each trial; the server's default when None.
            max_iterations: the most trials; the server's default when None.
            estimator: ``straight_through`` or ``gumbel``; the server's default when empty.
            seed: seed of random choices; the server's default when None.
            display_name: a name for people.
            request_id: unique string by which the server recognises a repeated call; a fresh one when empty.

        Raises:
            InvalidArgumentError: unknown names, bad numbers or bounds.
        """
        spec = job_pb2.StochasticTuningSpec(
            model=model,
            species=species,
            frequency=frequency,
            parameters=[_free_parameter(name, bounds) for name, bounds in (parameters or {}).items()],
            tolerance=tolerance,
            trajectories=trajectories,
            max_iterations=max_iterations,
            estimator=estimator,
            seed=seed,
        )
        job = self._create_job(job_pb2.Job(display_name=display_name, stochastic_tuning=spec), request_id)
        return TuningHandle(self._connection, job.name)

    def get_job(self, name: str) -> JobHandle:
        """A handle of a job made before, by this client or another."""
        with translated():
            job = self._connection.jobs.GetJob(job_service_pb2.GetJobRequest(name=name)).job
        return handle_for(self._connection, job)

    def list_jobs(self) -> Iterator[job_pb2.Job]:
        """All jobs, the newest first, page by page."""
        token = ""
        while True:
            with translated():
                page = self._connection.jobs.ListJobs(job_service_pb2.ListJobsRequest(page_token=token))
            yield from page.jobs
            if not (token := page.next_page_token):
                return

    def delete_job(self, name: str) -> None:
        """Deletes a finished job with its events and arrays."""
        with translated():
            self._connection.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name))

    def _create_job(self, job: job_pb2.Job, request_id: str) -> job_pb2.Job:
        request = job_service_pb2.CreateJobRequest(job=job, request_id=request_id or str(uuid.uuid4()))
        with translated():
            return self._connection.jobs.CreateJob(request).job


def _document(source: Path | str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, str) and (source.lstrip("\ufeff \t\r\n").startswith("<") or "\n" in source):
        return source.encode()
    return Path(source).read_bytes()


def _time_points(t: np.ndarray) -> dict[str, Any]:
    if t.ndim != 1:
        raise ValueError(f"t has shape {t.shape}: expected a list of times, shape [time]")
    # Evenly spaced times travel as three numbers, if that gives the same times to the last bit.
    if len(t) >= 2 and np.array_equal(t, np.linspace(t[0], t[-1], len(t))):
        return {"uniform": job_pb2.UniformTimes(start=t[0], end=t[-1], points=len(t))}
    return {"explicit": job_pb2.ExplicitTimes(times=t.tolist())}


def _noise(kind: str) -> job_pb2.NoiseKind:
    if kind not in ("normal", "lognormal"):
        raise ValueError(f"the noise is {kind!r}: expected 'normal' or 'lognormal'")
    return job_pb2.NOISE_KIND_LOGNORMAL if kind == "lognormal" else job_pb2.NOISE_KIND_NORMAL


def _free_parameter(name: str, bounds: Bounds) -> job_pb2.FreeParameter:
    lower, upper, *rest = bounds
    scales = {"log": job_pb2.PARAMETER_SCALE_LOG, "linear": job_pb2.PARAMETER_SCALE_LINEAR}
    scale = str(rest[0]) if rest else "log"
    if scale not in scales:
        raise ValueError(f"scale of {name!r} is {scale!r}: expected 'log' or 'linear'")
    return job_pb2.FreeParameter(id=name, lower=float(lower), upper=float(upper), scale=scales[scale])
