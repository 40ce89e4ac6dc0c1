from __future__ import annotations

import os
import signal
import threading
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from sbmlgrn.suite import CaseResult, CaseStatus, DeclinedError, SuiteError, load_case, run_case, run_suite
from sbmlgrn.suite.results import read_results

from .tiny import decayed, fluxes, settings

PASS, WRONG, DECLINED, ERROR, TIMEOUT = CaseStatus


def test_amounts_concentrations_and_values(tiny: Path) -> None:
    path = tiny / "00001" / "00001-settings.txt"
    exact = 8 * np.exp(-0.5 * np.linspace(0, 4, 9))
    for amount, concentration, expected in (("S", "", exact), ("", "S", exact / 2), ("", "", exact / 2)):
        path.write_text(settings("k, S, R1", amount, concentration))
        results = run_case(load_case(tiny, 1))
        assert results.names == ("k", "S", "R1")
        np.testing.assert_allclose(results.values[:, 1], expected, rtol=1e-8)
        np.testing.assert_allclose(results.values[:, 2], 0.5 * exact, rtol=1e-8)
        np.testing.assert_array_equal(results.values[:, 0], 0.5)


def test_a_report_may_start_late(tiny: Path) -> None:
    (tiny / "00001" / "00001-settings.txt").write_text(settings("S", amount="S", start=2))
    results = run_case(load_case(tiny, 1))
    assert results.time is not None
    np.testing.assert_allclose(results.time, np.linspace(2, 6, 9))
    np.testing.assert_allclose(results.values[:, 0], 8 * np.exp(-0.5 * results.time), rtol=1e-8)


def test_fluxes(tiny: Path) -> None:
    results = run_case(load_case(tiny, 10))
    assert (results.names, results.time) == (("R1", "O"), None)
    np.testing.assert_allclose(results.values, [[5, 7.5]])


def test_fluxes_that_do_not_exist(tiny: Path) -> None:
    document, path = tiny / "00010" / "00010-sbml-l3v2.xml", tiny / "00010" / "00010-settings.txt"
    document.write_text(fluxes(high=-1))
    np.testing.assert_array_equal(run_case(load_case(tiny, 10)).values, [[np.nan, np.nan]])
    path.write_text(path.read_text().replace("R1, O", "R1, S"))
    for high in (5, -1):
        document.write_text(fluxes(high))
        with pytest.raises(ValueError, match="no reaction and no objective 'S'"):
            run_case(load_case(tiny, 10))


def test_what_is_not_supported_is_declined(tiny: Path) -> None:
    with pytest.raises(DeclinedError, match="'qual'"):
        run_case(load_case(tiny, 4))


def test_random_values_are_declined(tiny: Path) -> None:
    path = tiny / "00001" / "00001-sbml-l3v2.xml"
    url = "http://www.sbml.org/sbml/symbols/distrib/exponential"
    draw = f'<apply><csymbol encoding="text" definitionURL="{url}">exponential</csymbol><ci>k</ci></apply>'
    package = 'xmlns:distrib="http://www.sbml.org/sbml/level3/version1/distrib/version1" distrib:required="true"'
    text = path.read_text().replace("<ci>k</ci>", draw).replace("<sbml", f"<sbml {package}")
    path.write_text(text)
    with pytest.raises(DeclinedError, match=r"'R1' draws a random value, exponential\(k\)"):
        run_case(load_case(tiny, 1))


def test_a_run(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "00004.csv").write_text("of another run")
    told: list[tuple[str, int]] = []
    results = run_suite(tiny, out=out, on_result=lambda result, total: told.append((result.case, total)))
    assert [(r.case, r.status) for r in results] == [
        ("00001", PASS),
        ("00002", WRONG),
        ("00004", DECLINED),
        ("00010", PASS),
    ]
    assert told == [(r.case, 4) for r in results]
    first, second, third, fourth = results
    assert first.level_version == "3.2"
    assert Path(first.file).name == "00001-sbml-l3v2.xml"
    assert first.tags == ("Reaction", "Species", "Amount")
    assert first.reason == ""
    assert first.worst is not None
    assert first.worst.error < 1e-3
    assert first.seconds > 0
    assert second.worst is not None
    assert second.worst.variable == "S"
    assert "expected" in second.reason
    assert "'qual'" in third.reason
    assert fourth.worst is not None
    assert fourth.worst.time is None
    assert sorted(path.name for path in out.iterdir()) == ["00001.csv", "00002.csv", "00010.csv"]
    assert (out / "00010.csv").read_text().splitlines()[0] == "R1,O"
    text = (out / "00001.csv").read_text()
    assert text.splitlines()[0] == "time,S,V,k"
    np.testing.assert_allclose(read_results(out / "00001.csv").values, decayed(0.5).values, rtol=1e-8)


def test_levels_and_versions(tiny: Path, tmp_path: Path) -> None:
    every = run_suite(tiny, cases="1-2", level_version="all", out=tmp_path / "out")
    assert [(r.case, r.level_version, r.status) for r in every] == [
        ("00001", "3.2", PASS),
        ("00001", "2.4", PASS),
        ("00002", "3.2", WRONG),
    ]
    written = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "out").rglob("*.csv"))
    assert written == ["out/l2v4/00001.csv", "out/l3v2/00001.csv", "out/l3v2/00002.csv"]


def test_faults_of_a_case_are_its_result(tiny: Path) -> None:
    (tiny / "00001" / "00001-settings.txt").write_text(settings("S, W"))
    (tiny / "00002" / "00002-results.csv").unlink()
    (tiny / "00004" / "00004-sbml-l3v2.xml").write_text("<sbml")
    (tiny / "00010" / "00010-sbml-l3v2.xml").unlink()
    (tiny / "00010" / "00010-settings.txt").write_text(settings("S"))
    results = run_suite(tiny)
    assert {r.status for r in results} == {ERROR}
    reasons = [r.reason for r in results]
    assert "'W'" in reasons[0]
    assert "no file 00002-results.csv" in reasons[1]
    assert "not XML" in reasons[2]
    assert "00010-sbml-l3v2.xml" in reasons[3]


def test_a_case_that_hangs_is_given_up(hanging: Path) -> None:
    results = run_suite(hanging, cases="2-4", timeout=4)
    assert [(r.case, r.status) for r in results] == [("00002", WRONG), ("00003", TIMEOUT), ("00004", DECLINED)]
    assert results[1].reason == "no result after 4 s"
    assert results[1].tags == ("Endless", "Amount")
    assert not active_children()


def test_a_case_whose_process_dies_is_an_error(hanging: Path) -> None:
    def shoot(result: CaseResult, _: int) -> None:
        if result.case == "00002":
            (process,) = active_children()
            assert process.pid is not None
            threading.Timer(1.0, os.kill, (process.pid, signal.SIGKILL)).start()

    results = run_suite(hanging, cases="2-4", timeout=120, on_result=shoot)
    assert [(r.case, r.status) for r in results] == [("00002", WRONG), ("00003", ERROR), ("00004", DECLINED)]
    assert "SIGKILL" in results[1].reason


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"jobs": 0}, "0 jobs"),
        ({"timeout": 0}, "timeout of 0 s"),
        ({"level_version": "3"}, "'3' is no Level and Version"),
        ({"level_version": "2.5"}, "none of 4 cases comes in Level 2 Version 5"),
        ({"cases": "7"}, "no case 7"),
    ],
)
def test_bad_arguments(tiny: Path, options: dict[str, object], expected: str) -> None:
    with pytest.raises(SuiteError, match=expected):
        run_suite(tiny, **options)  # type: ignore[arg-type]
