"""The page of what is supported, and libRoadRunner's part in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sbmlgrn.suite import (
    CaseResult,
    CaseStatus,
    DeclinedError,
    SimulationError,
    load_case,
    run_case_in_roadrunner,
    run_suite,
    support_page,
)
from sbmlgrn.suite.case import read_description
from sbmlgrn.suite.features import ASPECTS, COMPONENTS

from .markdown import tables
from .tiny import decayed, settings

PASS, WRONG, DECLINED, ERROR, TIMEOUT = CaseStatus


def result(case: int, status: CaseStatus, *tags: str, reason: str = "") -> CaseResult:
    return CaseResult(case=f"{case:05}", level_version="3.2", file="", status=status, tags=tags, reason=reason)


@pytest.fixture
def page() -> str:
    ours = [
        result(1, PASS, "Species", "Amount"),
        result(2, WRONG, "Species", "Nonsense", reason="S is 1 | 2, <expected> *3*\nat all"),
        result(3, DECLINED, "CSymbolDelay", "Amount", reason="x" * 1000),
        result(4, TIMEOUT, "CSymbolDelay"),
        result(5, ERROR, "CSymbolDelay", reason="none"),
    ]
    theirs = [result(i + 1, PASS if i < 2 else ERROR, *r.tags) for i, r in enumerate(ours)]
    return support_page(ours, theirs, "2.10.0")


def test_a_page(page: str) -> None:
    totals, constructs, aspects, others, failed = tables(page)
    assert totals == [
        ["", "cases", "passed", "declined", "failed", "share passed"],
        ["sbmlgrn", "5", "1", "1", "3", "20.0 %"],
        ["libRoadRunner", "5", "2", "–", "3", "40.0 %"],
    ]
    assert constructs[1:] == [
        ["`Species`", "species", "2", "1", "–", "1", "2"],
        ["`CSymbolDelay`", "values of the past, `delay()`", "3", "0", "1", "2", "0"],
    ]
    assert aspects[1:] == [["`Amount`", "species reported as amounts", "2", "1", "1", "–", "1"]]
    assert others[1:] == [["`Nonsense`", "", "1", "0", "–", "1", "1"]]
    assert [row[:3] for row in failed[1:]] == [
        ["00002", "l3v2", "wrong"],
        ["00003", "l3v2", "declined"],
        ["00004", "l3v2", "timeout"],
        ["00005", "l3v2", "error"],
    ]
    assert failed[1][3] == "S is 1 \\| 2, &lt;expected> \\*3\\* at all"
    assert len(failed[2][3]) < 300
    assert "libRoadRunner 2.10.0" in page


def test_when_all_pass() -> None:
    page = support_page([result(1, PASS, "Species")], [result(1, PASS, "Species")], "2")
    assert page.endswith("## Cases that do not pass\n\nNone.\n")
    assert "Other tags" not in page


def test_every_tag_of_the_suite_has_words(data: Path) -> None:
    semantic = data / "sbml-test-suite" / "semantic"
    described = [read_description(folder) for folder in semantic.iterdir()]
    assert {tag for d in described for tag in d.component_tags} <= COMPONENTS.keys()
    assert {tag for d in described for tag in d.test_tags} <= ASPECTS.keys()


def test_the_same_in_roadrunner(tiny: Path) -> None:
    results = run_suite(tiny, cases="1-2,10", simulate=run_case_in_roadrunner)
    assert [r.status for r in results] == [PASS, WRONG, DECLINED]
    assert results[0].tags == ("Reaction", "Species", "Amount")


def test_roadrunner_reports_what_is_asked_for(tiny: Path) -> None:
    path = tiny / "00001" / "00001-settings.txt"
    exact = decayed(rate=0.5).values[:, 0]
    for amount, concentration, expected in (("S", "", exact), ("", "S", exact / 2), ("", "", exact / 2)):
        path.write_text(settings("k, S, V", amount, concentration))
        found = run_case_in_roadrunner(load_case(tiny, 1))
        assert found.names == ("k", "S", "V")
        np.testing.assert_allclose(found.values[:, 1], expected, rtol=1e-6)
    path.write_text(settings("S", amount="S", start=2))
    found = run_case_in_roadrunner(load_case(tiny, 1))
    np.testing.assert_allclose(found.values[:, 0], exact[0] * np.exp(-0.5 * np.linspace(2, 6, 9)), rtol=1e-6)


def test_roadrunner_declines_or_fails(tiny: Path) -> None:
    document = tiny / "00001" / "00001-sbml-l3v2.xml"
    text = document.read_text()
    delay = (
        '<apply><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">delay</csymbol>'
        "<ci>k</ci><cn>1</cn></apply>"
    )
    document.write_text(text.replace("<ci>k</ci>", delay))
    with pytest.raises(DeclinedError, match="delay"):
        run_case_in_roadrunner(load_case(tiny, 1))
    document.write_text(text.replace("<ci>k</ci>", "<ci>nowhere</ci>"))
    with pytest.raises(SimulationError, match="nowhere"):
        run_case_in_roadrunner(load_case(tiny, 1))
    with pytest.raises(DeclinedError, match="flux balance"):
        run_case_in_roadrunner(load_case(tiny, 10))
