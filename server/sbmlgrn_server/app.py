"""A server from its parts: store, scheduler, services, health and reflection."""

from __future__ import annotations

import asyncio
import fcntl
from typing import IO, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from sbmlgrn.client.v1 import (
    job_service_pb2,
    job_service_pb2_grpc,
    model_service_pb2,
    model_service_pb2_grpc,
)
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.jobs import JobService
from sbmlgrn_server.models import ModelService
from sbmlgrn_server.reader import DocumentReader
from sbmlgrn_server.scheduler import Scheduler
from sbmlgrn_server.store import Store, StoreThread
from sbmlgrn_server.supervisor import start_fork_server

SERVICE_NAMES: Final = (
    model_service_pb2.DESCRIPTOR.services_by_name["ModelService"].full_name,
    job_service_pb2.DESCRIPTOR.services_by_name["JobService"].full_name,
)


class Server:
    """A running server. Make one with `start`."""

    def __init__(self, config: ServerConfig) -> None:
        """Opens the data folder.

        Raises:
            RuntimeError: another server uses it, or another version made it.
        """
        self._config = config
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(config)
        self._thread = StoreThread()
        self._store = Store(config.data_dir / "sbmlgrn.sqlite")
        self._scheduler = Scheduler(config, self._store, self._thread)
        self._reader = DocumentReader(config, self._scheduler.work_root)
        self._jobs = JobService(config, self._store, self._thread, self._scheduler)
        self._health = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
        self._server = grpc.aio.server(options=_options(config))
        self.port = 0

    @classmethod
    async def start(cls, config: ServerConfig) -> Server:
        """Starts a server that answers calls.

        Raises:
            RuntimeError: the data folder or the port cannot be had.
        """
        # Before any thread of gRPC exists, and while the rest starts: its imports take seconds.
        start_fork_server()
        self = cls(config)
        model_service = ModelService(self._store, self._thread, self._reader)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(model_service, self._server)
        job_service_pb2_grpc.add_JobServiceServicer_to_server(self._jobs, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            [*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )
        self.port = self._server.add_insecure_port(config.address)
        if self.port == 0:
            raise RuntimeError(f"cannot listen on {config.address}: choose another port, or 0 for a free one")
        await self._scheduler.start()
        await self._server.start()
        for name in ("", *SERVICE_NAMES):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return self

    @property
    def address(self) -> str:
        """Where it listens, in the form that a client takes."""
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        return f"{host}:{self.port}"

    async def stop(self) -> None:
        """Stops taking calls, ends the workers and closes the store."""
        await self._health.enter_graceful_shutdown()
        self._jobs.stop()
        await asyncio.gather(self._server.stop(self._config.stop_grace_seconds), self._scheduler.stop())
        self._thread.close()
        self._store.close()
        self._lock.close()


def _options(config: ServerConfig) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", config.max_receive_bytes),
        # Two servers on one port would share the calls by chance.
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", round(config.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", round(config.keepalive_timeout_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", round(config.keepalive_seconds * 500)),
    ]


def _lock(config: ServerConfig) -> IO[str]:
    """Takes the data folder for this process until the file is closed."""
    file = (config.data_dir / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RuntimeError(f"{config.data_dir} is in use by another server: choose another data folder") from None
    return file
