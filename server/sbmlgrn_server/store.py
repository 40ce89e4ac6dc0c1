"""Models, jobs and events in SQLite.

A resource is kept as the serialized message of the contract, beside the few columns that are searched.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import sqlalchemy as sa
import sqlalchemy.event
from google.protobuf.timestamp_pb2 import Timestamp

from sbmlgrn.client.v1 import job_pb2, model_pb2

SCHEMA_VERSION: Final = 1

ACTIVE_STATES: Final = frozenset({job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING})

_P = ParamSpec("_P")
_T = TypeVar("_T")

_METADATA: Final = sa.MetaData()


def _resource_columns() -> list[sa.Column]:
    return [
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("request_id", sa.String, unique=True),
        sa.Column("request_digest", sa.String),
        sa.Column("summary", sa.LargeBinary, nullable=False),
        sa.Column("resource", sa.LargeBinary, nullable=False),
    ]


_MODELS: Final = sa.Table(
    "models",
    _METADATA,
    *_resource_columns(),
    sa.Column("document", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
_JOBS: Final = sa.Table(
    "jobs",
    _METADATA,
    *_resource_columns(),
    sa.Column("model_id", sa.String, nullable=False, index=True),
    sa.Column("state", sa.Integer, nullable=False, index=True),
    sqlite_autoincrement=True,
)
_EVENTS: Final = sa.Table(
    "events",
    _METADATA,
    sa.Column("job_id", sa.String, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("event", sa.LargeBinary, nullable=False),
)


class IdTakenError(Exception):
    """A resource of this id exists."""


class RequestReusedError(Exception):
    """The request_id was used before, for a request of other content."""


class InUseError(Exception):
    """The resource cannot be deleted: `user` needs it."""

    def __init__(self, user: str) -> None:
        super().__init__(user)
        self.user = user


@dataclass(frozen=True, kw_only=True)
class RequestKey:
    """What makes a repeated request recognisable.

    Attributes:
        request_id: the caller's string.
        digest: hash of the request's content.
    """

    request_id: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """A stretch of a list, the newest first.

    Attributes:
        size: at most this many entries.
        before: only entries stored before this position; None for the newest.
    """

    size: int
    before: int | None = None


class Store:
    """The database. Its methods block, and are called from one thread at a time: see `StoreThread`."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sqlalchemy.event.listen(self._engine, "connect", _configure)
        with self._engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if found not in (0, SCHEMA_VERSION):
                raise RuntimeError(
                    f"{path} has schema version {found}, this server reads {SCHEMA_VERSION}: use the version of the "
                    "server that made it, or another data folder"
                )
            _METADATA.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Closes the database."""
        self._engine.dispose()

    def find_model_request(self, key: RequestKey) -> model_pb2.Model | None:
        """The model that this request made before."""
        with self._engine.connect() as connection:
            data = _find_request(connection, _MODELS, key)
        return model_pb2.Model.FromString(data) if data is not None else None

    def find_job_request(self, key: RequestKey) -> job_pb2.Job | None:
        """The job that this request made before."""
        with self._engine.connect() as connection:
            data = _find_request(connection, _JOBS, key)
        return job_pb2.Job.FromString(data) if data is not None else None

    def insert_model(self, model: model_pb2.Model, document: bytes, key: RequestKey | None = None) -> model_pb2.Model:
        """Stores a model; gives the one there is if the request was served before.

        Raises:
            IdTakenError: a model has its id.
            RequestReusedError: the request_id was used for another request.
        """
        with self._engine.begin() as connection:
            if key and (data := _find_request(connection, _MODELS, key)) is not None:
                return model_pb2.Model.FromString(data)
            _insert_model(connection, model, document, key)
        return model

    def get_model(self, model_id: str) -> model_pb2.Model | None:
        """The model, or None."""
        with self._engine.connect() as connection:
            data = connection.scalar(sa.select(_MODELS.c.resource).where(_MODELS.c.id == model_id))
        return model_pb2.Model.FromString(data) if data is not None else None

    def get_document(self, model_id: str) -> bytes | None:
        """The model's document, or None."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_MODELS.c.document).where(_MODELS.c.id == model_id))

    def list_models(self, page: Page) -> tuple[list[model_pb2.Model], int | None]:
        """Summaries of models, and the `before` of the next page."""
        rows, following = self._list(_MODELS, page)
        return [model_pb2.Model.FromString(row) for row in rows], following

    def delete_model(self, model_id: str) -> bool:
        """Deletes a model; whether there was one.

        Raises:
            InUseError: an unfinished job uses it.
        """
        with self._engine.begin() as connection:
            user = connection.scalar(
                sa.select(_JOBS.c.id).where(_JOBS.c.model_id == model_id, _JOBS.c.state.in_(ACTIVE_STATES)).limit(1)
            )
            if user is not None:
                raise InUseError(f"jobs/{user}")
            return connection.execute(sa.delete(_MODELS).where(_MODELS.c.id == model_id)).rowcount > 0

    def insert_job(
        self, job: job_pb2.Job, model_id: str, event: job_pb2.JobEvent, key: RequestKey | None = None
    ) -> tuple[job_pb2.Job, bool]:
        """Stores a job with its first event; gives the one there is, and False, if the request was served before.

        Raises:
            IdTakenError: a job has its id.
            RequestReusedError: the request_id was used for another request.
            KeyError: the model is gone.
        """
        with self._engine.begin() as connection:
            if key and (data := _find_request(connection, _JOBS, key)) is not None:
                return job_pb2.Job.FromString(data), False
            if connection.scalar(sa.select(_MODELS.c.position).where(_MODELS.c.id == model_id)) is None:
                raise KeyError(model_id)
            _check_free(connection, _JOBS, _id(job.name))
            _append(connection, job, [event])
            job.create_time.CopyFrom(job.update_time)
            _insert(connection, _JOBS, _id(job.name), key, _job_columns(job) | {"model_id": model_id})
        return job, True

    def get_job(self, job_id: str) -> job_pb2.Job | None:
        """The job, or None."""
        with self._engine.connect() as connection:
            return _get_job(connection, job_id)

    def list_jobs(self, page: Page) -> tuple[list[job_pb2.Job], int | None]:
        """Summaries of jobs, and the `before` of the next page."""
        rows, following = self._list(_JOBS, page)
        return [job_pb2.Job.FromString(row) for row in rows], following

    def jobs_in_state(self, state: job_pb2.JobState) -> list[str]:
        """Ids of the jobs in a state, the oldest first."""
        with self._engine.connect() as connection:
            return list(
                connection.scalars(sa.select(_JOBS.c.id).where(_JOBS.c.state == state).order_by(_JOBS.c.position))
            )

    def count_jobs(self, state: job_pb2.JobState) -> int:
        """How many jobs are in a state."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(_JOBS.c.state == state)) or 0

    def change_job(
        self,
        job_id: str,
        from_states: Collection[job_pb2.JobState],
        change: Callable[[job_pb2.Job], Iterable[job_pb2.JobEvent]],
        new_model: tuple[model_pb2.Model, bytes] | None = None,
    ) -> job_pb2.Job | None:
        """Changes a job in one transaction.

        Args:
            job_id: the job.
            from_states: states in which the change applies.
            change: changes the message in place and returns the events to record.
            new_model: a model to store along with it, and its document.

        Returns:
            The changed job, or None if it does not exist or is in another state.
        """
        with self._engine.begin() as connection:
            job = _get_job(connection, job_id)
            if job is None or job.state not in from_states:
                return None
            _append(connection, job, change(job))
            connection.execute(sa.update(_JOBS).where(_JOBS.c.id == job_id).values(_job_columns(job)))
            if new_model:
                _insert_model(connection, *new_model)
        return job

    def delete_job(self, job_id: str) -> bool:
        """Deletes a job and its events; whether there was one.

        Raises:
            InUseError: it is unfinished.
        """
        with self._engine.begin() as connection:
            state = connection.scalar(sa.select(_JOBS.c.state).where(_JOBS.c.id == job_id))
            if state in ACTIVE_STATES:
                raise InUseError(f"jobs/{job_id}")
            connection.execute(sa.delete(_EVENTS).where(_EVENTS.c.job_id == job_id))
            return connection.execute(sa.delete(_JOBS).where(_JOBS.c.id == job_id)).rowcount > 0

    def list_events(self, job_id: str, after: int, limit: int = 500) -> list[job_pb2.JobEvent]:
        """A job's next events after a sequence number."""
        with self._engine.connect() as connection:
            rows = connection.scalars(
                sa.select(_EVENTS.c.event)
                .where(_EVENTS.c.job_id == job_id, _EVENTS.c.sequence > after)
                .order_by(_EVENTS.c.sequence)
                .limit(limit)
            )
            return [job_pb2.JobEvent.FromString(row) for row in rows]

    def _list(self, table: sa.Table, page: Page) -> tuple[list[bytes], int | None]:
        query = sa.select(table.c.position, table.c.summary).order_by(table.c.position.desc()).limit(page.size + 1)
        if page.before is not None:
            query = query.where(table.c.position < page.before)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        shown = rows[: page.size]
        return [row.summary for row in shown], shown[-1].position if len(rows) > page.size else None


class StoreThread:
    """Lets coroutines call a `Store`: all calls run in order in one thread of their own."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Runs `function` in the thread."""
        future = self._executor.submit(function, *args, **kwargs)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Ends the thread after the calls under way."""
        self._executor.shutdown()


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # In WAL mode NORMAL keeps the database consistent through a crash; a power loss may cost the last commits.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _id(name: str) -> str:
    return name.partition("/")[2]


def _now() -> Timestamp:
    now = Timestamp()
    now.GetCurrentTime()
    return now


def _find_request(connection: sa.Connection, table: sa.Table, key: RequestKey) -> bytes | None:
    row = connection.execute(
        sa.select(table.c.resource, table.c.request_digest).where(table.c.request_id == key.request_id)
    ).first()
    if row is None:
        return None
    if row.request_digest != key.digest:
        raise RequestReusedError(key.request_id)
    return row.resource


def _check_free(connection: sa.Connection, table: sa.Table, resource_id: str) -> None:
    if connection.scalar(sa.select(table.c.position).where(table.c.id == resource_id)) is not None:
        raise IdTakenError(resource_id)


def _insert(
    connection: sa.Connection, table: sa.Table, resource_id: str, key: RequestKey | None, columns: Mapping[str, object]
) -> None:
    _check_free(connection, table, resource_id)
    values = {"id": resource_id, **columns}
    if key:
        values |= {"request_id": key.request_id, "request_digest": key.digest}
    connection.execute(sa.insert(table).values(values))


def _insert_model(
    connection: sa.Connection, model: model_pb2.Model, document: bytes, key: RequestKey | None = None
) -> None:
    model.create_time.CopyFrom(_now())
    summary = model_pb2.Model()
    summary.CopyFrom(model)
    summary.ClearField("symbols")
    summary.ClearField("issues")
    columns = {
        "summary": summary.SerializeToString(),
        "resource": model.SerializeToString(),
        "document": document,
    }
    _insert(connection, _MODELS, _id(model.name), key, columns)


def _get_job(connection: sa.Connection, job_id: str) -> job_pb2.Job | None:
    data = connection.scalar(sa.select(_JOBS.c.resource).where(_JOBS.c.id == job_id))
    return job_pb2.Job.FromString(data) if data is not None else None


def _job_columns(job: job_pb2.Job) -> dict[str, object]:
    summary = job_pb2.Job()
    summary.CopyFrom(job)
    summary.ClearField("arrays")
    if summary.HasField("simulation"):
        summary.simulation.ClearField("explicit")
        summary.simulation.ClearField("values")
    return {"summary": summary.SerializeToString(), "resource": job.SerializeToString(), "state": job.state}


def _append(connection: sa.Connection, job: job_pb2.Job, events: Iterable[job_pb2.JobEvent]) -> None:
    now = _now()
    rows: list[dict[str, object]] = []
    for event in events:
        job.last_sequence += 1
        event.sequence = job.last_sequence
        event.create_time.CopyFrom(now)
        rows.append({"job_id": _id(job.name), "sequence": event.sequence, "event": event.SerializeToString()})
    job.update_time.CopyFrom(now)
    if rows:
        connection.execute(sa.insert(_EVENTS), rows)
