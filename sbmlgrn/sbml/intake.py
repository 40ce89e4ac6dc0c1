"""From what a caller hands over to the text of an SBML document that is safe to parse.

libSBML's parser expands entities, and recurses over the document; so a streaming pass that does neither
looks at every document first.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from xml.parsers import expat

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.sbml import stray
from sbmlgrn.sbml.issue import Issue, Severity, shown
from sbmlgrn.sbml.scan import Scanner

MAX_DOCUMENT_BYTES: Final = 32 * 2**20
"""Largest document that is read, in bytes."""

MAX_DEPTH: Final = 1_000
"""Deepest nesting of elements that is read."""

_XML_SUFFIXES: Final = {".xml", ".sbml"}
_DECLARED: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][\w.\-]*)["']""")
_DECLARATION: Final = re.compile(r"""^(<\?xml[^>]*?encoding\s*=\s*["'])[A-Za-z][\w.\-]*(["'])""")
_HTML: Final = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(?:!doctype\s+)?html\b", re.IGNORECASE | re.DOTALL)
_ANY_DECLARATION: Final = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_MARKS: Final = (
    *((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")),
    *((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")),
)
_PACKED: Final = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"PK\x03\x04": "zip, as a COMBINE archive is"}
_PUBLISHED: Final = {
    "http://www.sbml.org/sbml/level1": (1, (1, 2)),
    "http://www.sbml.org/sbml/level2": (2, (1,)),
    **{f"http://www.sbml.org/sbml/level2/version{v}": (2, (v,)) for v in (2, 3, 4, 5)},
    **{f"http://www.sbml.org/sbml/level3/version{v}/core": (3, (v,)) for v in (1, 2)},
}
"""Namespaces of SBML, with the Level and the Versions of each."""

_LEVEL_1: Final = "http://www.sbml.org/sbml/level1 "
_KEYS: Final = ("id", "variable", "symbol", "species")
_KEYS_OF_LEVEL_1: Final = ("name", "species", "specie", "compartment")
"""Attributes that tell which element it is, or to which it belongs."""


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
        ids: the identifiers of those elements (``id``, ``variable``, ``symbol`` or ``species``; ``name`` in Level 1).
        scanner: what was found on the way through the document.
        issues: what was lost where `text` was made of Antimony.
    """

    text: str
    folder: Path | None = None
    lines: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    scanner: Scanner = field(default_factory=Scanner)
    issues: tuple[Issue, ...] = ()

    @property
    def declared_text(self) -> str:
        """`text` with a complete XML declaration; see `declared`."""
        return declared(self.text)

    def element_at(self, line: int) -> str | None:
        """Identifier of the last identified element that starts at or before `line`."""
        position = bisect.bisect_right(self.lines, line)
        return self.ids[position - 1] if position else None


def declared(text: str) -> str:
    """A document with a complete XML declaration, which libSBML insists on; line numbers are the same."""
    return '<?xml version="1.0" encoding="UTF-8"?>' + _ANY_DECLARATION.sub("", text, count=1)


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
    issues: tuple[Issue, ...] = ()
    _check_size(len(data))
    text = _decode(data)
    if not text.strip("\x00 \t\r\n"):
        raise RefusedError("empty-document", "the document is empty", "Give an SBML or Antimony model.")
    if (path is None or path.suffix.lower() not in _XML_SUFFIXES) and not text.lstrip().startswith("<"):
        from sbmlgrn.sbml.antimony import to_sbml

        text, issues = to_sbml(text)
    return replace(_inspect(text, folder), issues=issues)


def _fetch(source: Path | str | bytes) -> tuple[bytes, Path | None]:
    if isinstance(source, bytes):
        return source, None
    if isinstance(source, str):
        if source.lstrip("\ufeff \t\r\n").startswith("<") or "\n" in source or not source.strip():
            return _encode(source), None
        if not _exists(Path(source)) and re.search(r"[=;]|->", source):
            return _encode(source), None
    path = Path(source)
    if not _exists(path):
        raise FileNotFoundError(
            f"no file {shown(str(path))!r}: give the path, or the text, of an SBML or Antimony model"
        )
    if path.is_dir():
        raise RefusedError("not-a-file", f"{str(path)!r} is a folder, a file was expected", "Name a file in it.")
    _check_size(path.stat().st_size)
    with path.open("rb") as file:
        return file.read(MAX_DOCUMENT_BYTES + 1), path  # what is no plain file may be endless


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(
            "xml-encoding",
            f"the text holds {text[error.start]!a}, half of a character that is written as two",
            "Read the file as bytes, or by its path, instead of decoding it.",
            text.count("\n", 0, error.start) + 1,
        ) from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long
        return False


def _check_size(size: int) -> None:
    if size > MAX_DOCUMENT_BYTES:
        raise RefusedError(
            "document-too-large",
            f"the document has {size:,} bytes, at most {MAX_DOCUMENT_BYTES:,} are read",
            "Remove embedded data or split the model.",
        )


def _decode(data: bytes) -> str:
    packed = next((name for mark, name in _PACKED.items() if data.startswith(mark)), None)
    if packed is not None:
        raise RefusedError(
            "compressed",
            f"the document is compressed ({packed})",
            "Unpack it, and give the SBML file that it holds.",
        )
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
    if _HTML.match(text):
        raise RefusedError(
            "not-sbml",
            "the root element is 'html': a web page, expected an SBML document",
            "Download the model itself; a server that does not find a file often answers with a page that says so.",
        )
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    document = Document(text, folder)
    scanner = document.scanner
    depth = 0
    keys = _KEYS

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, keys
        if depth == 0:
            _require_sbml(name, attributes)
            keys = _KEYS_OF_LEVEL_1 if name.startswith(_LEVEL_1) else _KEYS
        depth += 1
        if depth > MAX_DEPTH:
            raise RefusedError(
                "nesting-too-deep",
                f"elements are nested deeper than {MAX_DEPTH} levels",
                "Split the formula, e.g. with assignment rules.",
                parser.CurrentLineNumber,
            )
        for key in keys:
            if key in attributes:
                document.lines.append(parser.CurrentLineNumber)
                document.ids.append(attributes[key])
                break
        scanner.start(name, attributes, document.ids[-1] if document.ids else None, parser.CurrentLineNumber)
        parser.CharacterDataHandler = scanner.text if scanner.wants_text else None

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        scanner.end(name, parser.CurrentLineNumber)
        parser.CharacterDataHandler = scanner.text if scanner.wants_text else None

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
        raise _not_xml(f"{expat.ErrorString(error.code)} in column {error.offset + 1}", error.lineno) from None
    try:  # it looks at the declaration and at names of namespaces as well, and documents are edited with it
        parsing = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        scanner.issues += stray.told(etree.fromstring(text.encode(), parsing))
    except etree.XMLSyntaxError as error:
        raise _not_xml(error.msg.partition(", line")[0], error.lineno) from None
    return document


def _not_xml(reason: str, line: int | None) -> RefusedError:
    hint = "Correct the document at this place, or export it again from the tool that wrote it."
    return RefusedError("xml-not-well-formed", f"not XML: {reason}", hint, line)


def _require_sbml(name: str, attributes: dict[str, str]) -> None:
    namespace, _, local = name.rpartition(" ")
    if local != "sbml" or not namespace.startswith("http://www.sbml.org/sbml/level"):
        what = f"{shown(local)!r}" + (f" of namespace {shown(namespace)!r}" if namespace else "")
        raise RefusedError(
            "not-sbml",
            f"the root element is {what}, expected 'sbml' of a namespace http://www.sbml.org/sbml/level…",
            "Export the model as SBML; other formats are not read.",
            1,
        )
    if namespace not in _PUBLISHED:
        raise RefusedError(
            "unknown-level-version",
            f"the namespace {shown(namespace)!r} is that of no published Level and Version of SBML",
            "Export the model in a published one, such as Level 3 Version 2 "
            "(http://www.sbml.org/sbml/level3/version2/core).",
            1,
        )
    level, versions = _PUBLISHED[namespace]
    given = attributes.get("level", "").strip(), attributes.get("version", "").strip()
    if given not in [(str(level), str(v)) for v in versions]:
        raise RefusedError(
            "unknown-level-version",
            f"level and version are {shown(given[0])!r} and {shown(given[1])!r}, but the namespace {namespace!r} is "
            f"that of Level {level} Version {' or '.join(map(str, versions))}",
            "Let the attributes and the namespace of the 'sbml' element agree.",
            1,
        )
