"""Exceptions of the client. Each carries the server's text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from sbmlgrn.client.v1 import issue_pb2, job_pb2

_ERROR_DETAIL_KEY: Final = "sbmlgrn-error-bin"


class ServerError(Exception):
    """A call failed.

    Attributes:
        code: gRPC status code.
        message: the server's text: what was wrong, what was expected and what to do.
        issues: findings about a document, where these were the reason.
        issues_left_out: how many further findings did not fit into the answer.
    """

    def __init__(
        self, code: grpc.StatusCode, message: str, issues: tuple[issue_pb2.Issue, ...] = (), issues_left_out: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.issues = issues
        self.issues_left_out = issues_left_out


class InvalidArgumentError(ServerError, ValueError):
    """The request was at fault: a bad document, an unknown name, bounds or times that make no sense."""


class NotFoundError(ServerError, LookupError):
    """There is no resource of this name."""


class AlreadyExistsError(ServerError):
    """The id or request_id is in use."""


class PreconditionError(ServerError):
    """The request does not fit the state that the resource is in."""


class UnavailableError(ServerError, ConnectionError):
    """The server cannot be reached."""


class JobFailedError(Exception):
    """A job failed.

    Attributes:
        job: the job as the server describes it.
        reason: stable short name of the kind of failure.
        message: the server's text.
    """

    def __init__(self, job: job_pb2.Job) -> None:
        super().__init__(job.error.message)
        self.job = job
        self.reason = job.error.reason
        self.message = job.error.message


class JobCancelledError(Exception):
    """A job was cancelled.

    Attributes:
        job: the job as the server describes it.
    """

    def __init__(self, job: job_pb2.Job) -> None:
        super().__init__(f"{job.name} was cancelled")
        self.job = job


GONE: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})
"""What calls end with that find no server, or one that is stopping: it cancels those that arrive too late."""

_TYPES: Final = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExistsError,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionError,
    **dict.fromkeys(GONE, UnavailableError),
}


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turns errors of gRPC into those of this module."""
    try:
        yield
    except grpc.RpcError as error:
        raise _translate(error) from error


def _translate(error: grpc.RpcError) -> Exception:
    if not isinstance(error, grpc.Call):
        return error
    detail = issue_pb2.ErrorDetail()
    trailers: Any = error.trailing_metadata()
    for key, value in trailers or ():
        if key == _ERROR_DETAIL_KEY:
            with contextlib.suppress(DecodeError):
                detail.ParseFromString(value)
    code = error.code()
    message = error.details() or code.name
    return _TYPES.get(code, ServerError)(code, message, tuple(detail.issues), detail.issues_left_out)
