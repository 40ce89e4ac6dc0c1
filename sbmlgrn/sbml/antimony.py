"""Antimony text in and out, through libAntimony. One translation at a time: the library has global state."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Final

from sbmlgrn.sbml.digits import literals, restore
from sbmlgrn.sbml.intake import RefusedError
from sbmlgrn.sbml.issue import Issue, Severity
from sbmlgrn.sbml.scan import MAX_OPERANDS, operations

_lock = threading.Lock()
_DEFINED: Final = re.compile(r"<comp:modelDefinition\b[^>]*?\bid=\"([^\"]*)\"")
_COMMENT: Final = re.compile(r'''""".*?"""|"[^"\n]*"|//[^\n]*|\#[^\n]*|/\*.*?\*/''', re.DOTALL)
"""Comments, and the texts within which there are none."""

_IMPORT: Final = re.compile(
    r"""^\s*(?P<first>import)\b|\b(?P<within>import)(?:\s|\\|/\*.*?\*/)*(?:"[^"\n]*"|```)""", re.DOTALL | re.MULTILINE
)
"""Imports, wherever on a line; found without regard to comments and texts, which libAntimony may see otherwise."""


def to_sbml(text: str) -> tuple[str, tuple[Issue, ...]]:
    """The SBML (L3V2) of the main module of Antimony `text`, as one flat model, and what of the text it does not hold.

    Raises:
        RefusedError: the text is not Antimony, or it imports files.
    """
    import antimony

    found = _IMPORT.search(text)
    if found:
        raise RefusedError(
            "antimony-import",
            "the Antimony text imports another file; a model must not read files",
            "Paste the imported text into the model.",
            text.count("\n", 0, found.start(found.lastgroup or 0)) + 1,
        )
    longest = max(map(operations, re.split(r"[;\n]", text)))
    if longest > MAX_OPERANDS:
        raise RefusedError(
            "formula-too-long",
            f"a statement has {longest:,} operations, at most {MAX_OPERANDS:,} are read",
            "Split the formula, e.g. with assignment rules.",
        )
    with _lock:
        try:
            if antimony.loadAntimonyString(text) < 0:
                raise RefusedError(
                    "not-sbml-or-antimony",
                    "neither SBML (it does not start with '<') nor Antimony: " + _last_error(),
                    "Give an SBML document, or correct the Antimony text.",
                )
            main = antimony.getMainModuleName() or ""
            document = restore(antimony.getSBMLString(main) or "", literals(text))
            return document, tuple(_lost(text, main))
        finally:
            antimony.clearPreviousLoads()


def from_sbml(text: str) -> str:
    """Antimony text of an SBML document.

    Raises:
        RefusedError: libAntimony cannot express the document.
    """
    import antimony

    with _lock:
        try:
            if antimony.loadSBMLString(text) < 0:
                raise RefusedError(
                    "no-antimony",
                    "libAntimony cannot express the document: " + _last_error(),
                    "Keep it as SBML.",
                )
            return antimony.getAntimonyString(antimony.getMainModuleName()) or ""
        finally:
            antimony.clearPreviousLoads()


def _lost(text: str, main: str) -> Iterator[Issue]:
    import antimony

    used = set(_DEFINED.findall(antimony.getCompSBMLString(main) or ""))
    if used:
        shown = ", ".join(map(repr, sorted(used)))
        yield Issue(
            severity=Severity.WARNING,
            code="antimony-flattened",
            message=f"the modules {shown} became part of one flat model",
            hint="Ids begin with the name of the module's instance.",
        )
    for name in {antimony.getNthModuleName(i) for i in range(antimony.getNumModules())} - used - {main}:
        if antimony.getNumSymbolsOfType(name, 0):  # all symbols; '__main' stands for what is outside of modules
            where = "what stands outside of modules" if name == "__main" else f"the module {name!r}"
            yield Issue(
                severity=Severity.WARNING,
                code="antimony-module",
                message=f"{where} is not part of the main module {main!r}, and is not read",
                hint="Mark the module that is meant with '*', as in 'model *name()'.",
                element_id=name,
            )
    comments = sum(1 for found in _COMMENT.finditer(text) if not found[0].startswith('"'))
    if comments:
        yield Issue(
            severity=Severity.INFO,
            code="antimony-comments",
            message=f"{comments} comment(s) of the Antimony text are not kept",
            hint="SBML has notes for them.",
        )


def _last_error() -> str:
    import antimony

    try:
        told = antimony.getLastError()
    except UnicodeDecodeError as error:  # libAntimony quotes a single byte of a character that it does not know
        told = error.object.decode(errors="replace")
    return " ".join((told or "no reason given").split())
