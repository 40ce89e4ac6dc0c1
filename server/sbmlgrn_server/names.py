"""Names of resources, ids, pages and repeated requests: what both services do alike."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any, Final

from google.protobuf.message import Message

from sbmlgrn_server.errors import ServiceError, invalid, taken
from sbmlgrn_server.store import IdTakenError, Page, RequestKey, RequestReusedError

_ID: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_PAGE_SIZE: Final = 50
_MAX_PAGE_SIZE: Final = 1000
_MAX_TEXT: Final = 200


def new_id() -> str:
    """A fresh id."""
    # Ids start with a letter.
    return "x" + secrets.token_hex(8)


def parse_name(name: str, collection: str) -> str:
    """The id in `{collection}/{id}`.

    Raises:
        ServiceError: INVALID_ARGUMENT; it has another form.
    """
    head, _, resource_id = name.partition("/")
    if head != collection or not _ID.fullmatch(resource_id):
        raise invalid(f"name {clip(name)!r} is not that of a resource: expected '{collection}/{{id}}'")
    return resource_id


def choose_id(wanted: str) -> str:
    """The id that the caller wants, or a fresh one.

    Raises:
        ServiceError: INVALID_ARGUMENT; it is not an id.
    """
    if wanted and not _ID.fullmatch(wanted):
        raise invalid(
            f"id {clip(wanted)!r} is not allowed: expected at most 63 lower-case letters, digits and hyphens, starting "
            "with a letter and not ending with a hyphen; leave it empty to get one"
        )
    return wanted or new_id()


def check_display_name(text: str) -> None:
    """Checks a name for people.

    Raises:
        ServiceError: INVALID_ARGUMENT; it is too long.
    """
    if len(text) > _MAX_TEXT:
        raise invalid(f"display_name has {len(text)} characters: expected at most {_MAX_TEXT}")


def request_key(request: Any) -> RequestKey | None:
    """Recognises a repeated request by its `request_id` and content; None if it has no `request_id`.

    Raises:
        ServiceError: INVALID_ARGUMENT; the request_id is too long.
    """
    request_id: str = request.request_id
    if not request_id:
        return None
    if len(request_id) > _MAX_TEXT:
        raise invalid(f"request_id has {len(request_id)} characters: expected at most {_MAX_TEXT}; use a UUID")
    content: Message = type(request)()
    content.CopyFrom(request)
    content.ClearField("request_id")
    return RequestKey(
        request_id=request_id, digest=hashlib.sha256(content.SerializeToString(deterministic=True)).hexdigest()
    )


def conflict(error: IdTakenError | RequestReusedError, collection: str) -> ServiceError:
    """The error for a resource that cannot be made since another is in its place."""
    if isinstance(error, IdTakenError):
        return taken(f"'{collection}/{error}' exists: choose another id, or leave it empty to get one")
    return taken(f"request_id {clip(str(error))!r} was used for another request: use a new one, such as a fresh UUID")


def parse_page(page_size: int, page_token: str) -> Page:
    """The page that a list request asks for.

    Raises:
        ServiceError: INVALID_ARGUMENT; size or token are not valid.
    """
    if page_size < 0:
        raise invalid(f"page_size is {page_size}: expected 0 (the default of {_PAGE_SIZE}) to {_MAX_PAGE_SIZE}")
    size = min(page_size or _PAGE_SIZE, _MAX_PAGE_SIZE)
    if not page_token:
        return Page(size=size)
    if not re.fullmatch(r"p[0-9]{1,18}", page_token):
        raise invalid(f"page_token {clip(page_token)!r} is not one: expected next_page_token of the page before, or ''")
    return Page(size=size, before=int(page_token[1:]))


def page_token(following: int | None) -> str:
    """The token of the next page; empty if there is none."""
    return "" if following is None else f"p{following}"


def clip(text: str, limit: int = 100) -> str:
    """`text`, shortened for a message."""
    return text if len(text) <= limit else text[:limit] + "…"
