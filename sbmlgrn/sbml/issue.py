"""Validation as data: everything worth saying about a document is an `Issue`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_LONGEST_ID: Final = 100
_LONGEST_TEXT: Final = 1_000


class Severity(StrEnum):
    """How much an issue matters: an error means that no network can be made of the document."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def shown(text: str, most: int = _LONGEST_ID) -> str:
    """Text of a document as it may be shown: control characters escaped, the middle of a long text left out."""
    if len(text) > most:
        text = f"{text[: most * 2 // 3]}…{text[-(most // 4) :]}"
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def ring(names: Iterable[str]) -> str:
    """Names that lead from one to the next and back to the first, as they may be shown."""
    quoted = [repr(shown(name)) for name in names]
    return " → ".join(quoted if len(quoted) <= 12 else [*quoted[:8], "…", *quoted[-3:]])


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One finding about a document. Texts are made fit to be shown (see `shown`), since they may quote the document.

    Attributes:
        severity: how much it matters.
        code: stable identifier of the kind of finding, e.g. ``unsupported-event`` or ``sbml-20101``, the number
            of libSBML's rule.
        message: what was found, with the value and what was expected.
        hint: what to do about it.
        element_id: id (or variable, or symbol) of the element concerned, if it has one.
        line: line of the document, from 1, if known.
    """

    severity: Severity
    code: str
    message: str
    hint: str
    element_id: str | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", shown(self.message, _LONGEST_TEXT))
        object.__setattr__(self, "hint", shown(self.hint, _LONGEST_TEXT))
        if self.element_id:
            object.__setattr__(self, "element_id", shown(self.element_id))

    def __str__(self) -> str:
        where = "".join([f" line {self.line}" if self.line else "", f" {self.element_id!r}" if self.element_id else ""])
        return f"{self.severity}{where}: {self.message} [{self.code}] {self.hint}".rstrip()


class SBMLError(ValueError):
    """A document from which no network can be made.

    Attributes:
        issues: every finding, errors first.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(sorted(issues, key=lambda i: list(Severity).index(i.severity)))
        errors = [i for i in self.issues if i.severity is Severity.ERROR]
        shown = "\n".join(map(str, errors[:10]))
        more = f"\n… and {len(errors) - 10} more errors" if len(errors) > 10 else ""
        super().__init__(shown + more)
