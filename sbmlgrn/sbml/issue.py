"""Validation as data: everything worth saying about a document is an `Issue`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much an issue matters: an error means that no network can be made of the document."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One finding about a document.

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
