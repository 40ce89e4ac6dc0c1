"""The checked-in page of what is supported is one that `make support` makes."""

from __future__ import annotations

import re
from pathlib import Path

from sbmlgrn.suite.features import ASPECTS, COMPONENTS

from ..sbmlgrn.suite.markdown import tables

PAGE = Path(__file__).parents[2] / "docs" / "sbml-support.md"


def number(cell: str) -> int:
    return 0 if cell == "–" else int(cell)


def test_the_page_is_well_formed() -> None:
    text = PAGE.read_text()
    (head, ours, theirs), constructs, aspects, *rest = tables(text)
    assert head[1:5] == ["cases", "passed", "declined", "failed"]
    assert (ours[0], theirs[0]) == ("sbmlgrn", "libRoadRunner")
    assert f"of {ours[1]} semantic cases" in text
    for row in (ours, theirs):
        assert number(row[1]) == sum(map(number, row[2:5]))
    for rows, meanings in ((constructs, COMPONENTS), (aspects, ASPECTS)):
        for tag, meaning, cases, passed, declined, failed, roadrunner in rows[1:]:
            assert meanings[tag.strip("`")] == meaning
            assert number(cases) == number(passed) + number(declined) + number(failed)
            assert number(roadrunner) <= number(cases) <= number(ours[1])
    not_passed = rest[-1][1:] if rest else []
    assert len(not_passed) == number(ours[3]) + number(ours[4])
    assert all(re.fullmatch(r"\d{5}", row[0]) and row[3] for row in not_passed)


def test_the_whole_suite_was_run() -> None:
    assert number(tables(PAGE.read_text())[0][1][1]) >= 1_200
