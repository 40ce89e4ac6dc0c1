"""Everything that can be set about a server."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 2**20


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Settings of a server.

    Attributes:
        data_dir: folder of the database, the arrays and the working folders of running jobs. Made if missing. One
            server at a time may use it.
        host: loopback address to listen on. There is neither encryption nor authentication, so that no other is taken.
        port: TCP port; 0 takes a free one.
        max_workers: how many jobs compute at once; further ones wait in the queue.
        max_readers: how many documents are read at once.
        max_queued_jobs: how many jobs may wait; CreateJob is refused with RESOURCE_EXHAUSTED beyond.
        reading_seconds: time limit for reading and checking one document.
        reading_memory_bytes: limit on the data memory of a process that reads a document.
        max_array_values: limit on the numbers in the result of one simulation.
        stop_grace_seconds: how long a worker may take to end when told to, before it is killed, and how long open
            calls may take when the server stops.
        max_receive_bytes: largest message taken in. Above the largest document, so that a document that is too large
            gets an error that says so.
        keepalive_seconds: quiet time after which a connection is probed. Must match the client's.
        keepalive_timeout_seconds: how long the answer to a probe may take.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    max_workers: int = os.cpu_count() or 1
    max_readers: int = 2
    max_queued_jobs: int = 1000
    reading_seconds: float = 30.0
    reading_memory_bytes: int = 4096 * MEBIBYTE
    max_array_values: int = 128 * MEBIBYTE
    stop_grace_seconds: float = 2.0
    max_receive_bytes: int = 128 * MEBIBYTE
    keepalive_seconds: float = 30.0
    keepalive_timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        try:
            loopback = self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ValueError(
                f"host {self.host!r} is not a loopback address, and without encryption the server listens on loopback "
                "only: use 127.0.0.1, ::1 or localhost"
            )
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is out of range: expected 0 (any free port) to 65535")
        if self.max_workers < 1:
            raise ValueError(f"max_workers is {self.max_workers}: expected at least 1")

    @property
    def address(self) -> str:
        """Host and port in the form that gRPC expects."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
