from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sbmlgrn.suite import SuiteError, list_cases, load_case
from sbmlgrn.suite.case import read_settings
from sbmlgrn.suite.run import select_cases

from .tiny import settings


def test_a_case(tiny: Path) -> None:
    case = load_case(tiny, 1)
    assert case.id == "00001"
    assert case.settings.variables == ("S", "V", "k")
    assert case.settings.amount == {"S"}
    assert not case.settings.concentration
    np.testing.assert_allclose(case.settings.times(), np.linspace(0, 4, 9))
    assert list(case.documents) == ["3.2", "2.4"]
    assert case.document("newest") == case.document("3.2") == tiny / "00001" / "00001-sbml-l3v2.xml"
    assert case.description.component_tags == ("Reaction", "Species")
    assert case.description.test_tags == ("Amount",)
    assert case.expected is not None
    assert case.expected.names == case.settings.variables
    assert not case.is_flux_balance


def test_flux_balance_is_told_by_its_type_or_its_empty_settings(tiny: Path) -> None:
    assert load_case(tiny, "00010").is_flux_balance
    (tiny / "00001" / "00001-model.m").write_text("(*\ntestType: FluxBalanceSteadyState\n*)")
    assert load_case(tiny, "00001").is_flux_balance


def test_only_the_settings_are_needed(tiny: Path) -> None:
    for name in ("00001-model.m", "00001-results.csv"):
        (tiny / "00001" / name).unlink()
    case = load_case(tiny, "1")
    assert case.expected is None
    assert case.description.component_tags == ()


def test_what_is_not_there(tiny: Path) -> None:
    with pytest.raises(SuiteError, match="no case 00003"):
        load_case(tiny, 3)
    with pytest.raises(SuiteError, match=r"Level 2 Version 5; it has 3\.2, 2\.4"):
        load_case(tiny, 1).document("2.5")
    for document in (tiny / "00001").glob("*.xml"):
        document.unlink()
    with pytest.raises(SuiteError, match=r"00001-sbml-l3v2\.xml"):
        load_case(tiny, 1).document("newest")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("absolute: 1e-6", "absolute: small", "absolute is 'small'"),
        ("absolute: 1e-6", "", "absolute is ''"),
        ("relative: 1e-4", "relative: -1", "relative is '-1'"),
        ("steps: 8", "steps: 2.5", "2.5 steps"),
        ("steps: 8", "", "0 steps over a duration of 4"),
        ("duration: 4", "duration: inf", "duration is 'inf'"),
        ("variables: S", "variables:", "no variables"),
    ],
)
def test_bad_settings(tmp_path: Path, before: str, after: str, expected: str) -> None:
    path = tmp_path / "settings.txt"
    text = settings("S")
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(SuiteError, match=expected):
        read_settings(path)


def test_missing_settings(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="missing"):
        read_settings(tmp_path / "settings.txt")


def test_a_folder_without_cases_may_have_a_folder_with_them(tiny: Path) -> None:
    assert list_cases(tiny) == ("00001", "00002", "00004", "00010")
    with pytest.raises(SuiteError, match=r"did you mean .*semantic\?"):
        list_cases(tiny.parent)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (None, "1 2 4 10"),
        ("1-4", "1 2 4"),
        ("10, 1", "1 10"),
        ("00002", "2"),
        ("2,1-2,2", "1 2"),
        ("3-99", "4 10"),
    ],
)
def test_choosing_cases(wanted: str | None, chosen: str) -> None:
    available = ("00001", "00002", "00004", "00010")
    assert select_cases(available, wanted) == tuple(name.zfill(5) for name in chosen.split())


@pytest.mark.parametrize("wanted", ["3", "1,3", "11-20", "4-1", "", "1,", "a-b", "1-2-4", "-4"])
def test_cases_that_cannot_be_chosen(wanted: str) -> None:
    with pytest.raises(SuiteError, match="case"):
        select_cases(("00001", "00002", "00004", "00010"), wanted)
