"""Failed calls: one exception type, and its way onto the wire."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar, cast
from urllib.parse import quote

import grpc
from grpc.aio import ServicerContext

from sbmlgrn.client.v1 import issue_pb2

_LOG: Final = logging.getLogger(__name__)

ERROR_DETAIL_KEY: Final = "sbmlgrn-error-bin"
"""Trailing metadatum that carries a serialized `ErrorDetail`."""

# gRPC drops trailers above 8 KiB at random. The message travels percent-encoded and the details base64-encoded, so
# these two limits make at most 5.6 KiB.
_MESSAGE_BYTES: Final = 2000
_DETAIL_BYTES: Final = 2700

_Method = TypeVar("_Method", bound=Callable[..., Any])


class ServiceError(Exception):
    """A call that cannot be served.

    Attributes:
        code: gRPC status code.
        message: what was wrong, what was expected and what to do.
        issues: findings about a document, where these are the reason.
    """

    def __init__(self, code: grpc.StatusCode, message: str, issues: Sequence[issue_pb2.Issue] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.issues = tuple(issues)

    @classmethod
    def from_worker(cls, error: Mapping[str, Any]) -> ServiceError:
        """The error that a worker process reports, see `sbmlgrn_server.worker`."""
        code = next(code for code in grpc.StatusCode if code.value[0] == error["code"])
        return cls(code, error["message"])


def invalid(message: str, issues: Sequence[issue_pb2.Issue] = ()) -> ServiceError:
    """The request is at fault."""
    return ServiceError(grpc.StatusCode.INVALID_ARGUMENT, message, issues)


def not_found(name: str) -> ServiceError:
    """There is no resource of this name."""
    collection = name.partition("/")[0]
    return ServiceError(
        grpc.StatusCode.NOT_FOUND,
        f"{name!r} does not exist: it may have been deleted; list {collection} to see which do",
    )


def precondition(message: str) -> ServiceError:
    """The request does not fit the state that the resource is in."""
    return ServiceError(grpc.StatusCode.FAILED_PRECONDITION, message)


def exhausted(message: str) -> ServiceError:
    """A limit of the server is reached."""
    return ServiceError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)


def unavailable(message: str) -> ServiceError:
    """The server cannot serve the call now; the same call may succeed later."""
    return ServiceError(grpc.StatusCode.UNAVAILABLE, message)


def taken(message: str) -> ServiceError:
    """The id or request_id is in use."""
    return ServiceError(grpc.StatusCode.ALREADY_EXISTS, message)


def shorten(text: str, limit: int = _MESSAGE_BYTES) -> str:
    """The beginning of `text` that takes at most `limit` bytes percent-encoded."""
    if len(quote(text, safe=" ")) <= limit:
        return text
    size = 0
    for position, character in enumerate(text):
        size += len(quote(character, safe=" "))
        if size > limit - 9:
            return text[:position] + "…"
    return text


def detail(issues: Sequence[issue_pb2.Issue], limit: int = _DETAIL_BYTES) -> issue_pb2.ErrorDetail:
    """As many issues as fit into `limit` bytes; the others are counted."""
    result = issue_pb2.ErrorDetail()
    for position, issue in enumerate(issues):
        result.issues.append(issue)
        if result.ByteSize() > limit - 16:
            del result.issues[-1]
            result.issues_left_out = len(issues) - position
            break
    return result


def unary(method: _Method) -> _Method:
    """Makes a method that answers once turn exceptions into status codes."""

    @functools.wraps(method)
    async def handler(self: Any, request: Any, context: ServicerContext[Any, Any]) -> Any:
        try:
            return await method(self, request, context)
        except Exception as error:
            await _abort(context, error)

    return cast(_Method, handler)


def streaming(method: _Method) -> _Method:
    """Makes a method that answers with a stream turn exceptions into status codes."""

    @functools.wraps(method)
    async def handler(self: Any, request: Any, context: ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async for response in method(self, request, context):
                yield response
        except Exception as error:
            await _abort(context, error)

    return cast(_Method, handler)


async def _abort(context: ServicerContext[Any, Any], error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if not isinstance(error, ServiceError):
        _LOG.error("internal error", exc_info=error)
        error = ServiceError(
            grpc.StatusCode.INTERNAL, f"internal error of the server ({type(error).__name__}); its log has the details"
        )
    trailers = ((ERROR_DETAIL_KEY, detail(error.issues).SerializeToString()),) if error.issues else ()
    await context.abort(error.code, shorten(error.message), trailers)
