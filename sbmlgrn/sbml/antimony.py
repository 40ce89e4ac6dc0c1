"""Antimony text in and out, through libAntimony. One translation at a time: the library has global state."""

from __future__ import annotations

import re
import threading
from typing import Final

from sbmlgrn.sbml.intake import RefusedError

_lock = threading.Lock()
_IMPORT: Final = re.compile(r"^\s*(import)\b", re.MULTILINE)


def to_sbml(text: str) -> str:
    """The SBML (L3V2) of the main module of Antimony `text`.

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
            text.count("\n", 0, found.start(1)) + 1,
        )
    with _lock:
        try:
            if antimony.loadAntimonyString(text) < 0:
                raise RefusedError(
                    "not-sbml-or-antimony",
                    "neither SBML (it does not start with '<') nor Antimony: " + _last_error(),
                    "Give an SBML document, or correct the Antimony text.",
                )
            return antimony.getSBMLString(antimony.getMainModuleName()) or ""
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


def _last_error() -> str:
    import antimony

    return " ".join((antimony.getLastError() or "no reason given").split())
