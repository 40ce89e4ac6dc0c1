from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from sbmlgrn import __version__
from sbmlgrn.cli import app
from sbmlgrn.cli.errors import show_error

DECAY = "model decay; species S; S = 8; k = 0.5; S' = -k*S; end"
# A linear oscillator: its period is 2 pi / w whatever the amplitude.
OSCILLATOR = "model oscillator; species x, y; x = 3; y = 1; w = 1; x' = w*(y - 1); y' = -w*(x - 2); end"
CORE = "http://www.sbml.org/sbml/level3/version2/core"
BAD = {
    "not-xml.xml": ("hello <", "not XML"),
    "html.xml": ("<html><body/></html>", "web page"),
    "entities.xml": (
        '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        f'<sbml xmlns="{CORE}" level="3" version="2"><model name="&b;"/></sbml>',
        "document type",
    ),
    "inconsistent.xml": (
        f'<sbml xmlns="{CORE}" level="3" version="2"><model><listOfSpecies><species id="S" compartment="nowhere" '
        'hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/></listOfSpecies></model></sbml>',
        "nowhere",
    ),
    "literal.xml": (
        f'<sbml xmlns="{CORE}" level="3" version="2"><model><listOfParameters><parameter id="k" value="1,5" '
        'constant="true"/></listOfParameters></model></sbml>',
        "'1,5'",
    ),
    "import.ant": ('import "other.ant"\nmodel m; S = 1; end', "imports another file"),
}


def run(*arguments: object) -> Result:
    # A fixed width, so that messages break in the same places everywhere.
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: object, code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def decay(tmp_path: Path) -> Path:
    path = tmp_path / "decay.ant"
    path.write_text(DECAY)
    return path


@pytest.fixture
def oscillator(tmp_path: Path) -> Path:
    path = tmp_path / "oscillator.ant"
    path.write_text(OSCILLATOR)
    return path


@pytest.mark.parametrize(
    "command",
    ["validate", "convert", "simulate", "crosscheck", "suite", "serve", "demo", "fit", "design frequency", "tune"],
    ids=str,
)
def test_every_command_has_help_with_an_example_and_json(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: sbmlgrn {command}" in result.stdout
    assert "--json" in result.stdout


def test_version() -> None:
    assert run("--version").stdout == f"sbmlgrn {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom sbmlgrn.cli import app\n"
        "heavy = {'torch', 'grpc', 'roadrunner', 'matplotlib', 'numpy', 'pandas', 'libsbml'}\n"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_validate_tells_what_is_in_a_valid_model(elowitz: Path) -> None:
    told = run_json("validate", elowitz)
    assert told["valid"]
    assert told["model"]["species"] == 6
    assert told["model"]["reactions"] == 12
    result = run("validate", elowitz)
    assert result.exit_code == 0
    assert "6 species" in result.stdout


@pytest.mark.parametrize("name", BAD)
def test_bad_documents_end_with_code_2_and_one_clear_panel(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    text, expected = BAD[name]
    path.write_text(text)
    told = run_json("validate", path, code=2)
    assert not told["valid"]
    assert any(expected in issue["message"] for issue in told["issues"] if issue["severity"] == "error")
    result = run("simulate", path, "--end", 1)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert expected in result.stderr
    assert "Error" in result.stderr
    assert "Traceback" not in result.stderr


def test_validate_tells_of_models_without_equations_and_of_each_kind_of_warning_a_few(tmp_path: Path) -> None:
    path = tmp_path / "model.ant"
    path.write_text("model m; " + " ".join(f"k{i} = {i};" for i in range(9)) + " end")
    result = run("validate", path)
    assert result.exit_code == 0
    assert "and 6 more of this kind" in result.stdout and "9 parameters)" in result.stdout
    codes = [issue["code"] for issue in run_json("validate", path)["issues"]]
    assert max(map(codes.count, codes)) == 9
    path.write_text("model m; compartment c = 1; species S in c, P in c; k = 1; S -> P; k; x = 1; end")
    text = run("convert", path, tmp_path / "model.xml")
    assert text.exit_code == 0
    document = (tmp_path / "model.xml").read_text().replace(' stoichiometry="1"', "")
    (tmp_path / "model.xml").write_text(document)
    result = run("validate", tmp_path / "model.xml")
    assert result.exit_code == 2 and "has no value" in result.stdout and "not-computable" in result.stdout


def test_a_missing_file_is_bad_input() -> None:
    result = run("simulate", "nowhere.xml", "--end", 1)
    assert result.exit_code == 2
    assert "nowhere.xml" in result.stderr


def test_simulate_agrees_with_the_exact_solution(decay: Path, tmp_path: Path) -> None:
    csv, plot = tmp_path / "course.csv", tmp_path / "course.png"
    arguments = ("simulate", decay, "--end", 4, "--points", 9, "--set", "k=0.25", "--csv", csv, "--plot", plot)
    told = run_json(*arguments, "--rtol", 1e-9)
    exact = 8 * np.exp(-0.25 * np.linspace(0, 4, 9))
    np.testing.assert_allclose(told["values"]["S"], exact, rtol=1e-7)
    np.testing.assert_allclose(pd.read_csv(csv)["S"], exact, rtol=1e-7)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert told["set"] == {"k": 0.25}


def test_simulate_prints_a_table(decay: Path) -> None:
    result = run("simulate", decay, "--end", 4, "--rtol", 1e-9)
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("S ")]
    assert row.split()[:3] == ["S", "8", "1.08268"]
    assert "█" in row


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--end", 4, "--set", "kk=1"), "'k'"),
        (("--end", 4, "--set", "k=fast"), "NAME=NUMBER"),
        (("--end", 4, "--set", "k=1", "--set", "k=2"), "twice"),
        (("--end", 4, "--start", -1), "negative"),
        (("--end", 0), "after the start"),
        (("--end", 4, "--points", 1), "2"),
        (("--end", 4, "--rtol", 0), "rtol"),
        (("--end", 4, "--symbol", "T"), "'T'"),
        (("--end", 4, "--plot", "course.gif"), "course.gif"),
        (("--end", 4, "--csv", "nowhere/course.csv"), "nowhere"),
    ],
    ids=str,
)
def test_bad_options_of_simulate(decay: Path, arguments: tuple[object, ...], expected: str) -> None:
    result = run("simulate", decay, *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_solution_that_ends_early_is_a_failed_job(tmp_path: Path) -> None:
    path = tmp_path / "root.ant"
    path.write_text("model early; species S; S = 1; S' = sqrt(1 - time); end")
    told = run_json("simulate", path, "--end", 2, code=1)
    assert told["status"] == "not_finite"
    assert told["values"]["S"][-1] is None


def test_convert_there_and_back_keeps_the_mathematics(elowitz: Path, tmp_path: Path) -> None:
    antimony, back = tmp_path / "e.ant", tmp_path / "e.xml"
    assert run_json("convert", elowitz, antimony)["format"] == "Antimony"
    assert run_json("convert", antimony, back)["format"] == "SBML L3V2"
    before, after = (run_json("simulate", path, "--end", 20, "--points", 5)["values"] for path in (elowitz, back))
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6)


def test_convert_lists_what_is_lost(elowitz: Path, tmp_path: Path) -> None:
    target = tmp_path / "old.xml"
    told = run_json("convert", elowitz, target, "--level-version", "2.4")
    assert told["format"] == "SBML L2V4" and target.stat().st_size == told["bytes"]
    lost = {(issue["code"], issue["element_id"]) for issue in told["issues"]}
    assert ("lost-in-formula", "transcription_cI") in lost and ("convert-changed-units", "model") in lost
    printed = run("convert", elowitz, target, "--level-version", "2.4").stdout
    assert "timeUnits of 'model' changes from dimensionless" in printed and "(SBML L2V4)" in printed


def test_convert_writes_nothing_that_means_something_else(tmp_path: Path) -> None:
    source, target = tmp_path / "event.ant", tmp_path / "event.xml"
    source.write_text("model m; S = 1; k = 2; E: at (time > 1): k = 3; S' = -k*S; end")
    told = run_json("convert", source, target, "--level-version", "1.2", code=2)
    assert told["output"] is None and not target.exists()
    assert any(issue["element_id"] == "E" and "is lost" in issue["message"] for issue in told["issues"])
    assert "not converted" in run("convert", source, target, "--level-version", "1.2").stdout


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [("m.xml", "two", "LEVEL.VERSION"), ("m.ant", "2.4", "no Levels"), ("m.xml", "9.9", "choose one of 1.2")],
)
def test_convert_refuses_a_level_and_version_that_is_none(decay: Path, name: str, text: str, expected: str) -> None:
    result = run("convert", decay, decay.parent / name, "--level-version", text)
    assert result.exit_code == 2 and expected in result.stderr


def test_convert_refuses_an_unknown_format(decay: Path) -> None:
    result = run("convert", decay, "model.json")
    assert result.exit_code == 2
    assert ".xml" in result.stderr


def test_crosscheck(decay: Path) -> None:
    told = run_json("crosscheck", decay, "--end", 4)
    assert told["agrees"]
    assert told["worst_relative"] <= 1e-6
    assert run_json("crosscheck", decay, "--end", 4, "--tolerance", 1e-18, code=1)["agrees"] is False
    assert "agrees with libRoadRunner" in run("crosscheck", decay, "--end", 4).stdout


def test_design_reaches_the_period_asked(oscillator: Path, tmp_path: Path) -> None:
    output, plot = tmp_path / "faster.xml", tmp_path / "faster.png"
    told = run_json(
        "design",
        "frequency",
        oscillator,
        "--species",
        "x",
        "--period",
        4,
        "--free",
        "w:0.2:5",
        "--out",
        output,
        "--plot",
        plot,
    )
    assert told["reached"]
    assert told["values_after"]["w"] == pytest.approx(2 * np.pi / 4, rel=2e-3)
    assert told["period_before"] == pytest.approx(2 * np.pi, rel=2e-3)
    assert plot.read_bytes().startswith(b"\x89PNG")
    after = run_json("simulate", output, "--end", 4, "--points", 2, "--rtol", 1e-8)["values"]["x"]
    assert after[-1] == pytest.approx(after[0], rel=1e-2)


def test_design_that_misses_its_aim_says_so_and_keeps_the_nearest(oscillator: Path) -> None:
    arguments = ("design", "frequency", oscillator, "--species", "x", "--period", 4, "--free", "w:0.9:1.1")
    told = run_json(*arguments, code=1)
    assert not told["reached"]
    assert told["period_found"] == pytest.approx(2 * np.pi / 1.1, rel=5e-3)
    result = run(*arguments)
    assert result.exit_code == 1
    assert "not reached" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--species", "z", "--free", "w:0.2:5"), "'z'"),
        (("--species", "x", "--free", "v:0.2:5"), "'v'"),
        (("--species", "x", "--free", "w:2:5"), "bounds"),
        (("--species", "x", "--free", "w:5:2"), "below the upper bound"),
        (("--species", "x", "--free", "w:5"), "ID:LOWER:UPPER"),
        (("--species", "x", "--free", "w:0.2:5", "--period", -3), "period"),
        (("--species", "x", "--free", "w:0.2:5", "--out", "nowhere/x.xml"), "nowhere"),
    ],
    ids=str,
)
def test_bad_options_of_design(oscillator: Path, arguments: tuple[object, ...], expected: str) -> None:
    result = run("design", "frequency", oscillator, "--period", 4, *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_design_of_a_species_that_does_not_oscillate(decay: Path) -> None:
    result = run("design", "frequency", decay, "--species", "S", "--period", 4, "--free", "k:0.1:1")
    assert result.exit_code == 2
    assert "does not oscillate" in result.stderr


LOTKA = "R1: X -> 2 X; a*X; R2: X + Y -> 2 Y; b*X*Y; R3: Y -> ; c*Y; a = 10; b = 0.02; c = 10; X = 500; Y = 500"


def test_tune_reaches_the_frequency_asked(tmp_path: Path) -> None:
    model, output, plot = tmp_path / "lotka.ant", tmp_path / "faster.xml", tmp_path / "faster.png"
    model.write_text(LOTKA)
    options = ("--trajectories", 10, "--tolerance", 0.1, "--compare", "gumbel", "--out", output, "--plot", plot)
    told = run_json("tune", model, "--species", "X", "--frequency", 2, *options)
    assert told["reached"] and told["frequency_before"] < 1.6
    assert told["frequency_found"] == pytest.approx(2.0, rel=0.1)
    assert set(told["values_after"]) == {"a", "b", "c"}
    assert set(told["ways"]) == {"straight_through", "gumbel"}
    assert told["ways"]["gumbel"]["loss"][-1] < told["ways"]["gumbel"]["loss"][0]
    assert plot.read_bytes().startswith(b"\x89PNG")
    after = run_json("tune", output, "--species", "X", "--frequency", 2, "--tolerance", 0.15)
    assert "already" in after["message"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--species", "z", "--frequency", 2), "'z'"),
        (("--species", "X", "--frequency", -2), "frequency is -2"),
        (("--species", "X", "--frequency", 2, "--free", "a:1:2"), "outside its bounds"),
        (("--species", "X", "--frequency", 2, "--estimator", "score"), "'score' is not one of"),
    ],
    ids=str,
)
def test_bad_options_of_tune(tmp_path: Path, arguments: tuple[object, ...], expected: str) -> None:
    model = tmp_path / "lotka.ant"
    model.write_text(LOTKA)
    result = run("tune", model, *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_of_the_program_keeps_its_traceback(decay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sbmlgrn.sbml.load", lambda _: np.broadcast_shapes((3,), (4,)))
    result = run("simulate", decay, "--end", 1)
    assert isinstance(result.exception, ValueError)


def test_errors_of_the_system_are_told_in_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(PermissionError(13, "Permission denied", "model.xml"))
    assert "model.xml: Permission denied" in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    program = f"{sys.executable} -m sbmlgrn.cli simulate --help | head -1"
    done = subprocess.run(program, shell=True, check=False, capture_output=True, text=True)
    assert done.stderr == ""


def test_ssa_reports_the_ensemble(tmp_path: Path) -> None:
    path = tmp_path / "immigration.ant"
    path.write_text("model immigration; R1: -> X; k; R2: X -> ; m*X; k = 10; m = 0.1; X = 0; end")
    made = [tmp_path / "course.csv", tmp_path / "ensemble.png"]
    arguments = ("ssa", path, "--end", 100, "--points", 11, "--trajectories", 400, "--seed", 3)
    result = run(*arguments, "--csv", made[0], "--plot", made[1])
    assert result.exit_code == 0, result.stderr
    assert "400 trajectories" in result.stdout
    frame = pd.read_csv(made[0], index_col=["symbol", "time"])
    data = run_json(*arguments)
    assert frame.loc[("X", 100.0), "mean"] == pytest.approx(100, abs=5 * (100 / 400) ** 0.5)
    np.testing.assert_allclose(frame["q95"], data["values"]["X"]["q95"])
    assert data["ends"] == {"success": 400} and made[1].stat().st_size > 10_000
    capped = run(*arguments, "--max-events", 10)
    assert capped.exit_code == 1 and "max_events" in capped.stderr
    assert run(*arguments, "--set", "X=0.5").exit_code == 2


def test_issues_of_a_server_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    import grpc

    from sbmlgrn.client.errors import ServerError
    from sbmlgrn.client.v1 import issue_pb2

    issue = issue_pb2.Issue(severity=issue_pb2.SEVERITY_ERROR, code="not-sbml", message="no model", element_id="k9")
    show_error(ServerError(grpc.StatusCode.INVALID_ARGUMENT, "refused", (issue,)))
    told = capsys.readouterr().err
    assert "no model" in told and "k9" in told and "not-sbml" in told
