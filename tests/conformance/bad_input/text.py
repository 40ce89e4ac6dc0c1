"""Mutations of a document as bytes: what a broken disk, a bad transfer or a wrong editor makes of it."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from typing import Final

Spoil = Callable[[bytes, random.Random], bytes]


def bit_flip(document: bytes, chance: random.Random) -> bytes:
    """One bit is another."""
    spoilt = bytearray(document)
    spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def byte_flips(document: bytes, chance: random.Random) -> bytes:
    """Several bytes are others, printable ones."""
    spoilt = bytearray(document)
    for _ in range(chance.randint(2, 8)):
        spoilt[chance.randrange(len(spoilt))] = chance.randint(32, 126)
    return bytes(spoilt)


def digit_flip(document: bytes, chance: random.Random) -> bytes:
    """One digit is another character that numbers have, which often is a right document."""
    places = [m.start() for m in re.finditer(rb"\d", document)]
    spoilt = bytearray(document)
    spoilt[chance.choice(places)] = chance.choice(b"0123456789.-+eE")
    return bytes(spoilt)


def truncation(document: bytes, chance: random.Random) -> bytes:
    """The rest is missing."""
    return document[: chance.randrange(1, len(document))]


def lost_block(document: bytes, chance: random.Random) -> bytes:
    """A stretch in the middle is missing."""
    start = chance.randrange(len(document))
    return document[:start] + document[start + chance.randint(1, 400) :]


def repeated_block(document: bytes, chance: random.Random) -> bytes:
    """A stretch of whole lines occurs twice."""
    lines = document.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    end = start + chance.randint(1, 4)
    return b"".join(lines[:end] + lines[start:])


def nul_bytes(document: bytes, chance: random.Random) -> bytes:
    """A block of zeros."""
    start = chance.randrange(len(document))
    return document[:start] + bytes(64) + document[start + 64 :]


def lost_case(document: bytes, chance: random.Random) -> bytes:
    """All is in small letters."""
    return document.lower()


SPOILERS: Final[tuple[Spoil, ...]] = (
    bit_flip,
    byte_flips,
    digit_flip,
    truncation,
    lost_block,
    repeated_block,
    nul_bytes,
    lost_case,
)
"""What may happen to the bytes of any document."""


def _declare(document: str, encoding: str) -> str:
    body = re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", document)
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{body}'


def byte_order_mark(document: str) -> bytes:
    """UTF-8 with a byte order mark: right."""
    return document.encode("utf-8-sig")


def utf_16(document: str) -> bytes:
    """UTF-16, declared: right."""
    return _declare(document, "UTF-16").encode("utf-16")


def utf_16_without_mark(document: str) -> bytes:
    """UTF-16 that begins with no mark, little end first: right, since the first bytes tell (XML 1.0, appendix F)."""
    return _declare(document, "UTF-16").encode("utf-16-le")


def utf_16_declared_utf_8(document: str) -> bytes:
    """UTF-16 with a mark, but another name in the declaration."""
    return _declare(document, "UTF-8").encode("utf-16")


def utf_8_declared_ascii(document: str) -> bytes:
    """Beyond ASCII, though ASCII is declared."""
    return _declare(document, "US-ASCII").replace("<model ", "<model name='Größe' ", 1).encode()


def latin_1_declared_utf_8(document: str) -> bytes:
    """Latin-1, though UTF-8 is declared."""
    return _declare(document, "UTF-8").replace("<model ", "<model name='Größe' ", 1).encode("latin-1")


def unknown_encoding(document: str) -> bytes:
    """An encoding that nobody knows."""
    return _declare(document, "klingon").encode()


def codec_that_is_no_encoding(document: str) -> bytes:
    """Python has a codec of this name, which does not make text of bytes."""
    return _declare(document, "base64").encode()


def ebcdic(document: str) -> bytes:
    """An encoding without ASCII's letters."""
    return _declare(document, "cp037").encode("cp037", errors="replace")


def gzipped(document: str) -> bytes:
    """Compressed, as .xml.gz would be."""
    return gzip.compress(document.encode(), mtime=0)


def empty(document: str) -> bytes:
    """Nothing."""
    return b""


def blanks(document: str) -> bytes:
    """Blanks and zeros."""
    return b" \n\t\x00\x00 \n"


def two_roots(document: str) -> bytes:
    """A document after the document."""
    return (document + _declare(document, "UTF-8")).encode()


def text_before(document: str) -> bytes:
    """Words before the XML declaration."""
    return ("The model is:\n" + document).encode()


def html(document: str) -> bytes:
    """A page that says that the model was not found."""
    return b"<!DOCTYPE html><html><head><title>404</title></head><body><p>Not found</p></body></html>"


WRAPPINGS: Final[dict[Callable[[str], bytes], str | None]] = {
    byte_order_mark: None,
    utf_16: None,
    utf_16_without_mark: None,
    utf_16_declared_utf_8: None,
    utf_8_declared_ascii: "ascii",
    latin_1_declared_utf_8: "utf-8",
    unknown_encoding: "klingon",
    codec_that_is_no_encoding: "base64",
    ebcdic: "",
    gzipped: "",
    empty: "empty",
    blanks: "empty",
    two_roots: "junk",
    text_before: "",
    html: "",
}
"""Ways to hand a document over; ``None`` for those that must be read, else what the refusal says."""
