from __future__ import annotations

import json
import math

from sbmlgrn.suite import CaseResult, CaseStatus, WorstPoint
from sbmlgrn.suite.report import as_data, by_tag

PASS, WRONG, DECLINED, ERROR, TIMEOUT = CaseStatus


def result(case: int, status: CaseStatus, *tags: str, worst: WorstPoint | None = None) -> CaseResult:
    return CaseResult(case=f"{case:05}", level_version="3.2", file="", status=status, tags=tags, worst=worst)


def test_the_worst_tags_come_first() -> None:
    results = [
        result(1, PASS, "Species", "Amount"),
        result(2, WRONG, "Species", "Event"),
        result(3, DECLINED, "Event", "Event"),
        result(4, TIMEOUT, "Delay"),
        result(5, PASS, "Amount"),
    ]
    rows = by_tag(results)
    assert [row.tag for row in rows] == ["Event", "Delay", "Species", "Amount"]
    assert [row.share_passed for row in rows] == [0, 0, 0.5, 1]
    assert rows[0].counts == {WRONG: 1, DECLINED: 1}
    assert rows[0].total == 2


def test_a_run_as_json() -> None:
    worst = WorstPoint("S", 1, None, math.nan, 1.5, math.inf)
    data = json.loads(json.dumps(as_data([result(1, PASS, "A"), result(2, WRONG, "A", worst=worst)]), allow_nan=False))
    assert data["total"] == 2
    assert data["counts"] == {"pass": 1, "wrong": 1, "declined": 0, "error": 0, "timeout": 0}
    assert data["tags"]["A"]["wrong"] == 1
    assert data["cases"][0]["worst"] is None
    assert data["cases"][1]["status"] == "wrong"
    assert data["cases"][1]["worst"] == {
        "variable": "S",
        "row": 1,
        "time": None,
        "expected": None,
        "found": 1.5,
        "error": None,
    }
