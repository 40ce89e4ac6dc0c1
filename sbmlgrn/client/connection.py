"""The channel to a server, and calls on it that survive a restart."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Final

import grpc

from sbmlgrn.client.errors import GONE
from sbmlgrn.client.v1 import (
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    model_service_pb2_grpc,
)

KEEPALIVE_SECONDS: Final = 30.0
"""Quiet time after which the connection is probed; the server's default."""

_KEEPALIVE_TIMEOUT_SECONDS: Final = 10.0
_MAX_RECEIVE_BYTES: Final = 64 * 2**20
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0

# Calls that find no server are tried again: none of them does harm when it runs twice, since creating a resource
# carries a request_id.
_SERVICE_CONFIG: Final = {
    "methodConfig": [
        {
            "name": [{"service": "sbmlgrn.v1.ModelService"}, {"service": "sbmlgrn.v1.JobService"}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


class Connection:
    """A channel and the stubs on it.

    Attributes:
        models: stub of ModelService.
        jobs: stub of JobService.
        reconnect_seconds: how long to try to reach a server that does not answer before giving up.
    """

    def __init__(self, address: str, reconnect_seconds: float) -> None:
        """Opens a channel to `address`."""
        options: list[tuple[str, int | str]] = [
            ("grpc.max_receive_message_length", _MAX_RECEIVE_BYTES),
            ("grpc.keepalive_time_ms", round(KEEPALIVE_SECONDS * 1000)),
            ("grpc.keepalive_timeout_ms", round(_KEEPALIVE_TIMEOUT_SECONDS * 1000)),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
            # The server may come back; by default the channel would wait two minutes in the end.
            ("grpc.max_reconnect_backoff_ms", round(_LONGEST_PAUSE_SECONDS * 1000)),
            ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
            # Loopback has nothing to do with a proxy that the environment names.
            ("grpc.enable_http_proxy", 0),
        ]
        self.reconnect_seconds = reconnect_seconds
        self._closed = False
        self._channel = grpc.insecure_channel(address, options=options)
        self.models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self._channel)

    def close(self) -> None:
        """Closes the channel."""
        self._closed = True  # what this cancels is not to be taken up again
        self._channel.close()

    def events(self, name: str, after: int = 0) -> Iterator[job_pb2.JobEvent]:
        """Events of a job until it is finished; takes a broken stream up again where it broke off.

        Raises:
            grpc.RpcError: the call failed, or the server was out of reach for `reconnect_seconds`.
        """
        pause = _FIRST_PAUSE_SECONDS
        deadline: float | None = None
        while True:
            try:
                call = self.jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name, after_sequence=after))
                try:
                    for response in call:
                        after = response.event.sequence
                        pause, deadline = _FIRST_PAUSE_SECONDS, None
                        yield response.event
                finally:
                    call.cancel()
                return
            except grpc.RpcError as error:
                if self._closed or not isinstance(error, grpc.Call) or error.code() not in GONE:
                    raise
                deadline = deadline or time.monotonic() + self.reconnect_seconds
                if time.monotonic() >= deadline:
                    raise
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
