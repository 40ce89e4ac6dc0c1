"""New values of attributes in the text of a document, which stays the same to the byte everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

_NAME: Final = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE: Final = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*(?:"[^"]*"|'[^']*')""")


def splice(text: str, root: Any, changes: Iterable[tuple[Any, str, str | None]]) -> str:
    """`text` with other values of attributes.

    Args:
        text: a well-formed document.
        root: its tree (lxml).
        changes: an element of the tree, the name of an attribute without a namespace, and its value, ``None`` to take
            it away; of several for one attribute, the last counts.
    """
    wanted: dict[Any, dict[str, str | None]] = {}
    for element, name, value in changes:
        wanted.setdefault(element, {})[name] = value
    places = {i: wanted[e] for i, e in enumerate(root.iter("*")) if e in wanted}
    data = text.encode()
    pieces, done = [], 0
    for start, attributes in _starts(data, places):
        tag, end = _retag(data, start, attributes)
        pieces += [data[done:start], tag]
        done = end
    return b"".join([*pieces, data[done:]]).decode()


def _starts(data: bytes, places: Mapping[int, dict[str, str | None]]) -> list[tuple[int, dict[str, str | None]]]:
    """Where the elements at these positions in document order start, in bytes."""
    parser = expat.ParserCreate(encoding="UTF-8")
    found: list[tuple[int, dict[str, str | None]]] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        if count in places:
            found.append((parser.CurrentByteIndex, places[count]))
        count += 1

    parser.StartElementHandler = start
    parser.Parse(data, True)
    return found


def _retag(data: bytes, start: int, attributes: Mapping[str, str | None]) -> tuple[bytes, int]:
    """The start tag at `start` with other attributes, up to its ``>`` or ``/>``, and where that is now."""
    name = _NAME.match(data, start)
    assert name is not None, "expat found an element here"
    tag, end = [name[0]], name.end()
    left = dict(attributes)
    while (attribute := _ATTRIBUTE.match(data, end)) is not None:
        end = attribute.end()
        key = attribute[1].decode()
        value = left.pop(key, None)
        if key not in attributes:
            tag.append(attribute[0])
        elif value is not None:
            before = attribute[0][: attribute[0].index(b"=")]
            tag.append(before + b"=" + quoteattr(value).encode())
    tag += [f" {key}={quoteattr(value)}".encode() for key, value in left.items() if value is not None]
    return b"".join(tag), end
