"""From what a caller hands over to the text of an SBML document that is safe to parse.

libSBML's parser expands entities, and recurses over the document; so a streaming pass that does neither
looks at every document first.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from sbmlgrn.sbml.issue import Issue, Severity

MAX_DOCUMENT_BYTES: Final = 32 * 2**20
"""Largest document that is read, in bytes."""

MAX_DEPTH: Final = 1_000
"""Deepest nesting of elements that is read."""

_XML_SUFFIXES: Final = {".xml", ".sbml"}
_DECLARED: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][\w.\-]*)["']""")
_DECLARATION: Final = re.compile(r"""^(<\?xml[^>]*?encoding\s*=\s*["'])[A-Za-z][\w.\-]*(["'])""")
_ANY_DECLARATION: Final = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class RefusedError(Exception):
    """The source cannot become a document; `issue` says why."""

    def __init__(self, code: str, message: str, hint: str, line: int | None = None) -> None:
        super().__init__(message)
        self.issue = Issue(severity=Severity.ERROR, code=code, message=message, hint=hint, line=line)


@dataclass(frozen=True)
class Document:
    """The text of a well-formed SBML document, in Unicode.

    Attributes:
        text: the document; an XML declaration names UTF-8.
        folder: where the document lies, if it was read from a file.
        lines: lines at which elements with an identifier start, ascending.
        ids: the identifiers (``id``, ``variable``, ``symbol`` or ``species``) of those elements.
    """

    text: str
    folder: Path | None = None
    lines: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def declared_text(self) -> str:
        """`text` with a complete XML declaration, which libSBML insists on; line numbers are the same."""
        return '<?xml version="1.0" encoding="UTF-8"?>' + _ANY_DECLARATION.sub("", self.text, count=1)

    def element_at(self, line: int) -> str | None:
        """Identifier of the last identified element that starts at or before `line`."""
        position = bisect.bisect_right(self.lines, line)
        return self.ids[position - 1] if position else None


def take(source: Path | str | bytes) -> Document:
    """Reads `source` as SBML, translating it first if it is Antimony.

    Args:
        source: a path; or the text of a document: SBML if it starts with ``<``, else Antimony.

    Raises:
        FileNotFoundError: the path does not exist.
        RefusedError: too large, not well-formed, not SBML, or an unsafe construct.
    """
    data, path = _fetch(source)
    folder = None if path is None else path.absolute().parent
    _check_size(len(data))
    text = _decode(data)
    if not text.strip("\x00 \t\r\n"):
        raise RefusedError("empty-document", "the document is empty", "Give an SBML or Antimony model.")
    if (path is None or path.suffix.lower() not in _XML_SUFFIXES) and not text.lstrip().startswith("<"):
        from sbmlgrn.sbml.antimony import to_sbml

        text = to_sbml(text)
    return _inspect(text, folder)


def _fetch(source: Path | str | bytes) -> tuple[bytes, Path | None]:
    if isinstance(source, bytes):
        return source, None
    if isinstance(source, str):
        if source.lstrip("\ufeff \t\r\n").startswith("<") or "\n" in source or not source.strip():
            return source.encode(), None
        if not Path(source).exists() and re.search(r"[=;]|->", source):
            return source.encode(), None
    path = Path(source)
    if path.is_dir():
        raise RefusedError("not-a-file", f"{str(path)!r} is a folder, a file was expected", "Name a file in it.")
    if not path.exists():
        raise FileNotFoundError(f"no file {str(path)!r}: give the path, or the text, of an SBML or Antimony model")
    _check_size(path.stat().st_size)
    return path.read_bytes(), path


def _check_size(size: int) -> None:
    if size > MAX_DOCUMENT_BYTES:
        raise RefusedError(
            "document-too-large",
            f"the document has {size:,} bytes, at most {MAX_DOCUMENT_BYTES:,} are read",
            "Remove embedded data or split the model.",
        )


def _decode(data: bytes) -> str:
    declared = _DECLARED.match(data)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    encoding = encoding or (declared[1].decode() if declared else "utf-8")
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise RefusedError(
            "xml-encoding",
            f"the document cannot be decoded as {encoding}: {error}",
            "Save it as UTF-8, and correct the encoding in the XML declaration.",
        ) from None
    return _DECLARATION.sub(r"\g<1>UTF-8\2", text.lstrip("\ufeff"))


def _inspect(text: str, folder: Path | None) -> Document:
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    document = Document(text, folder)
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if depth == 0:
            _require_sbml(name)
        depth += 1
        if depth > MAX_DEPTH:
            raise RefusedError(
                "nesting-too-deep",
                f"elements are nested deeper than {MAX_DEPTH} levels",
                "Split the formula, e.g. with assignment rules.",
                parser.CurrentLineNumber,
            )
        for key in ("id", "variable", "symbol", "species"):
            if key in attributes:
                document.lines.append(parser.CurrentLineNumber)
                document.ids.append(attributes[key])
                break

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise RefusedError(
            "xml-doctype",
            "the document has a document type declaration; entities are not expanded",
            "Remove the <!DOCTYPE …> declaration; SBML needs none.",
            parser.CurrentLineNumber,
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise RefusedError(
            "xml-not-well-formed",
            f"not XML: {expat.ErrorString(error.code)} in column {error.offset + 1}",
            "Correct the document at this place, or export it again from the tool that wrote it.",
            error.lineno,
        ) from None
    return document


def _require_sbml(name: str) -> None:
    namespace, _, local = name.rpartition(" ")
    if local != "sbml" or not namespace.startswith("http://www.sbml.org/sbml/level"):
        shown = f"{local!r}" + (f" of namespace {namespace!r}" if namespace else "")
        raise RefusedError(
            "not-sbml",
            f"the root element is {shown}, expected 'sbml' of a namespace http://www.sbml.org/sbml/level…",
            "Export the model as SBML; other formats are not read.",
            1,
        )
