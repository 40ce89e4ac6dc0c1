"""What came of a run: a result for each case, counts, and the tags that fare worst."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sbmlgrn.suite.acceptance import WorstPoint


class CaseStatus(StrEnum):
    """What came of a case."""

    PASS = "pass"
    WRONG = "wrong"
    """The results differ from the expected ones."""
    DECLINED = "declined"
    """The case needs what is not supported, and was refused for it."""
    ERROR = "error"
    """No results: the document was refused as invalid, the solver failed, or the process died."""
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """What came of one document of a case.

    Attributes:
        case: the five digits.
        level_version: of the document, such as ``"3.2"``.
        file: the document's path; empty if the case has none.
        status: what came of it.
        reason: why it did not pass; empty if it did.
        worst: where the results differ most from the expected ones; ``None`` without results.
        seconds: from reading the files to the verdict.
        tags: the case's component tags, then its test tags.
    """

    case: str
    level_version: str
    file: str
    status: CaseStatus
    reason: str = ""
    worst: WorstPoint | None = None
    seconds: float = 0.0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagCounts:
    """How the cases with one tag fared.

    Attributes:
        tag: the tag.
        counts: of each status.
    """

    tag: str
    counts: Counter[CaseStatus]

    @property
    def total(self) -> int:
        """Number of cases with this tag."""
        return self.counts.total()

    @property
    def share_passed(self) -> float:
        """Fraction of them that pass."""
        return self.counts[CaseStatus.PASS] / self.total


def count(results: Iterable[CaseResult]) -> Counter[CaseStatus]:
    """How many results have each status."""
    return Counter(result.status for result in results)


def by_tag(results: Iterable[CaseResult]) -> list[TagCounts]:
    """Counts for each tag, the one with the smallest share of passes first; a case counts for each of its tags."""
    counts: dict[str, Counter[CaseStatus]] = {}
    for result in results:
        for tag in dict.fromkeys(result.tags):
            counts.setdefault(tag, Counter())[result.status] += 1
    rows = [TagCounts(tag, c) for tag, c in counts.items()]
    return sorted(rows, key=lambda row: (row.share_passed, row.counts[CaseStatus.PASS] - row.total, row.tag))


def as_data(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The run for JSON: counts, counts by tag, and every result, with the keys of `CaseResult`.

    Numbers that JSON does not know become ``None``.
    """
    counts = count(results)
    return {
        "total": len(results),
        "counts": {status.value: counts[status] for status in CaseStatus},
        "tags": {row.tag: {status.value: row.counts[status] for status in CaseStatus} for row in by_tag(results)},
        "cases": [_as_data(result) for result in results],
    }


def _as_data(result: CaseResult) -> dict[str, Any]:
    data = asdict(result)
    if data["worst"] is not None:
        for key, value in data["worst"].items():
            if isinstance(value, float) and not math.isfinite(value):
                data["worst"][key] = None
    return data
