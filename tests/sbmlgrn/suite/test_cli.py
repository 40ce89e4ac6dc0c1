"""`sbmlgrn suite`, as people and the suite's own test runner call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from sbmlgrn.cli import app
from sbmlgrn.suite import accept, load_case
from sbmlgrn.suite.results import read_results


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["suite", *map(str, arguments)])


def test_help() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "Example: sbmlgrn suite" in result.stdout


def test_all_that_come_in_a_level_and_version_pass(tiny: Path) -> None:
    result = run(tiny, "--level-version", "2.4")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].split() == ["all", "1", "1", "100.0", "%"]


def test_some_do_not_pass(tiny: Path, tmp_path: Path) -> None:
    told, out = tmp_path / "suite.json", tmp_path / "new" / "out"
    result = run(tiny, "--json", told, "--out", out, "--jobs", 2)
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["tag", "cases", "pass", "wrong", "declined", "share"]
    assert ["Reaction", "3", "2", "1", "–", "66.7", "%"] in lines
    assert ["all", "4", "2", "1", "1", "50.0", "%"] in lines
    assert not any("Species" in line for line in lines)
    assert result.stdout.splitlines()[-1].split()[:4] == ["declined", "00004", "l3v2", "the"]
    data = json.loads(told.read_text())
    assert data["counts"] == {"pass": 2, "wrong": 1, "declined": 1, "error": 0, "timeout": 0}
    assert [case["case"] for case in data["cases"]] == ["00001", "00002", "00004", "00010"]
    assert sorted(path.name for path in out.iterdir()) == ["00001.csv", "00002.csv", "00010.csv"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--cases", "1-"), "'1-'"),
        (("--cases", "3"), "no case 3"),
        (("--level-version", "4"), "'4'"),
        (("--jobs", "0"), "jobs"),
        (("--timeout", "-1"), "timeout"),
        (("--json", "nowhere/suite.json"), "nowhere"),
        (("--support", "nowhere/support.md"), "nowhere"),
        (("1",), "CASE OUTDIR LEVEL VERSION"),
        (("1", ".", "3"), "CASE OUTDIR LEVEL VERSION"),
    ],
    ids=str,
)
def test_bad_options(tiny: Path, arguments: tuple[str, ...], expected: str) -> None:
    result = run(tiny, *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_folder_that_is_not_there() -> None:
    result = run("nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


@pytest.mark.parametrize(("level", "version"), [(3, 2), (2, 4)])
def test_the_wrapper_writes_the_results_of_one_case(tiny: Path, tmp_path: Path, level: int, version: int) -> None:
    (tiny / "00001" / "00001-results.csv").rename(tmp_path / "expected.csv")
    result = run(tiny, "00001", tmp_path, level, version)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    lines = (tmp_path / "00001.csv").read_text().splitlines()
    assert lines[0] == "time,S,V,k"
    assert len(lines) == 1 + 9
    np.testing.assert_allclose([float(n) for n in lines[1].split(",")], [0, 8, 2, 0.5])
    settings = load_case(tiny, 1).settings
    expected, found = read_results(tmp_path / "expected.csv"), read_results(tmp_path / "00001.csv")
    assert accept(expected, found, settings.absolute, settings.relative).accepted


def test_the_wrapper_leaves_no_file_for_a_case_that_is_declined(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "00004.csv").write_text("of another run")
    result = run(tiny, "00004", tmp_path, 3, 2)
    assert result.exit_code == 1
    assert "'qual'" in result.stderr
    assert not (tmp_path / "00004.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((3, ".", 3, 2), "no case 00003"), ((1, ".", 2, 5), "Level 2 Version 5"), ((1, "nowhere", 3, 2), "nowhere")],
)
def test_the_wrapper_says_what_is_not_there(tiny: Path, arguments: tuple[object, ...], expected: str) -> None:
    result = run(tiny, *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
