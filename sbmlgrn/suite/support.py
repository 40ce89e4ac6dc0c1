"""The page that says what of SBML is supported: for each feature the cases that have it, and how many pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sbmlgrn import __version__
from sbmlgrn.suite.case import VERSION
from sbmlgrn.suite.features import ASPECTS, COMPONENTS
from sbmlgrn.suite.report import CaseResult, CaseStatus, TagCounts, by_tag, count

_TEXT: Final = ("", "feature", "what it is", "case", "document", "result", "why")
_REASON_SHOWN: Final = 200


def support_page(ours: Sequence[CaseResult], theirs: Sequence[CaseResult], roadrunner: str) -> str:
    """The page, as Markdown.

    Args:
        ours: results of a run of the suite.
        theirs: libRoadRunner's results of the same cases.
        roadrunner: its version.
    """
    all_cases = {"sbmlgrn": TagCounts("all", count(ours)), "libRoadRunner": TagCounts("all", count(theirs))}
    totals = [(name, *_counts(row), f"{100 * row.share_passed:.1f} %") for name, row in all_cases.items()]
    tags = {row.tag: row for row in by_tag(ours)}
    peer = {row.tag: row for row in by_tag(theirs)}
    others = {tag: "" for tag in sorted(tags) if tag not in COMPONENTS and tag not in ASPECTS}
    parts = [
        "# Support of SBML",
        "",
        "<!-- Made by `make support`; a change by hand is lost. -->",
        "",
        f"What sbmlgrn {__version__} makes of {len(ours)} semantic cases of the [SBML Test Suite]"
        f"(https://sbml.org/software/sbml-test-suite) {VERSION}, each in its newest Level",
        f"and Version and judged by the suite's own rule; beside it libRoadRunner {roadrunner}, run on the same cases.",
        "*Declined* is a case that needs what is not supported and was refused for it; *failed* one whose results",
        "are not the expected ones, or that has none.",
        "",
        *_table(("", "cases", "passed", "declined", "failed", "share passed"), totals),
        "",
        "A case counts in each row whose feature it has.",
    ]
    for title, meanings in (("Constructs", COMPONENTS), ("Aspects", ASPECTS), ("Other tags", others)):
        rows = [
            (f"`{tag}`", meaning, *_counts(tags[tag]), str(peer[tag].counts[CaseStatus.PASS]))
            for tag, meaning in meanings.items()
            if tag in tags
        ]
        if rows:
            columns = ("feature", "what it is", "cases", "passed", "declined", "failed", "libRoadRunner passed")
            parts += ["", f"## {title}", "", *_table(columns, rows)]
    failed = [r for r in ours if r.status is not CaseStatus.PASS]
    parts += ["", "## Cases that do not pass", ""]
    if failed:
        parts += _table(("case", "document", "result", "why"), [_failure(r) for r in failed])
    else:
        parts += ["None."]
    return "\n".join([*parts, ""])


def _counts(row: TagCounts) -> tuple[str, ...]:
    """Cases in all, passed, declined and failed."""
    passed, declined = row.counts[CaseStatus.PASS], row.counts[CaseStatus.DECLINED]
    failed = row.total - passed - declined
    return str(row.total), str(passed), str(declined or "–"), str(failed or "–")


def _failure(result: CaseResult) -> tuple[str, ...]:
    reason = result.reason if len(result.reason) <= _REASON_SHOWN else f"{result.reason[:_REASON_SHOWN]} …"
    return result.case, f"l{result.level_version.replace('.', 'v')}", result.status.value, reason


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table whose columns are of numbers but for those that `_TEXT` names."""
    rule = ("---" if column in _TEXT else "---:" for column in columns)
    lines = (" | ".join(columns), " | ".join(rule), *(" | ".join(map(_cell, row)) for row in rows))
    return [f"| {line} |" for line in lines]


def _cell(text: str) -> str:
    """Text without what Markdown or HTML would take for its own."""
    words = " ".join(text.split())
    for sign, replacement in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("*", "\\*"), ("_", "\\_")):
        words = words if words.startswith("`") else words.replace(sign, replacement)
    return words
