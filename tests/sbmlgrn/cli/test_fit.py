"""`sbmlgrn fit`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import sbmlgrn as sg
from sbmlgrn.cli import app

MODEL = "model decay; S = 8; k = 0.5; q = 0.1; idle = 1; S' = q - k*S; twice := 2*S; end"


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "160", "TERM": "dumb"}).invoke(app, ["fit", *map(str, arguments)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "decay.xml"
    sg.save(sg.load(MODEL), path)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng, t, path = np.random.default_rng(0), np.linspace(0, 5, 11), tmp_path / "data.csv"
    frames = []
    for start in (8.0, 4.0):
        s = 0.2 / 0.7 + (start - 0.2 / 0.7) * np.exp(-0.7 * t)
        noisy = {"S": s + 0.05 * rng.normal(size=len(t)), "twice": 10 * s + 1 + 0.5 * rng.normal(size=len(t))}
        frames.append(pd.DataFrame({"time": t, "condition": f"from {start:g}", "set:S": start, **noisy}))
    pd.concat(frames).to_csv(path, index=False)
    return path


def test_a_fit_is_told_drawn_and_saved(model: Path, data: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("fitted.xml", "courses.csv", "fit.png")]
    result = run(
        *(model, "--data", data, "--starts", 4, "--scale", "twice", "--offset", "twice", "--sigma", "S=0.05"),
        *("--profile", "k", "--out", files[0], "--csv", files[1], "--plot", files[2]),
    )
    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "(profile)" in rows["k"] and "(profile)" not in rows["q"]
    assert "0.05 (given)" in rows["S"]
    scale, offset = map(float, rows["twice"].split()[4:6])
    assert scale == pytest.approx(5, rel=0.05) and offset == pytest.approx(1, abs=0.5)
    assert "idle has no effect on what was measured" in result.stdout
    assert sg.load(files[0]).value("k") == pytest.approx(0.7, rel=0.05)
    courses = pd.read_csv(files[1])
    assert list(courses.columns) == ["condition", "time", "S", "twice"]
    assert set(courses["condition"]) == {"from 8", "from 4"}
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_json_holds_all_of_it(model: Path, data: Path) -> None:
    result = run(model, "--data", data, "--starts", 3, "--free", "k", "--free", "q", "--profile", "all", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    # S falls as measured, and twice S ten times as much: the noise of one of the two takes the blame
    assert told["symbols"][0]["sigma_estimated"] and told["symbols"][1]["scale"] is None
    assert [p["id"] for p in told["parameters"]] == ["k", "q"] and set(told["profiles"]) == {"k", "q"}
    assert told["parameters"][0]["lower"] == 0.005 and told["measurements"] == 44
    assert len(told["searches"]) == 3 and told["searches"][0]["loss"] == told["loss"]
    assert told["provenance"]["seed"] == "0" and len(told["provenance"]["model_sha256"]) == 64


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--sigma", "S=x"], "'x': expected a positive number"),
        (["--sigma", "0.1", "--sigma", "S=2"], "'0.1' is for all symbols"),
        (["--sigma", "S=1", "--sigma", "S=2"], "'S' is given twice"),
        (["--noise", "poisson"], "'poisson' is no kind of noise"),
        (["--bounds", "k:1"], "'k:1': expected ID:LOWER:UPPER"),
        (["--bounds", "k:2:1"], "the lower bound 2 must be below the upper bound 1"),
        (["--bounds", "k:1:2", "--bounds", "k:1:3"], "'k' has bounds twice"),
        (["--fix", "kk"], "unknown parameter 'kk': did you mean 'k'"),
        (["--scale", "Q"], "unknown column 'Q'"),
        (["--hold-out", "x"], "unknown condition 'x'"),
        (["--profile", "idle", "--fix", "idle"], "no profile of 'idle'"),
        (["--plot", "fit.txt"], "'fit.txt' is no picture"),
    ],
)
def test_bad_options(model: Path, data: Path, arguments: list[str], text: str) -> None:
    result = run(model, "--data", data, *arguments)
    assert result.exit_code == 2
    assert text in result.stderr.replace("│\n│ ", "")


def test_a_bad_table_is_an_error_in_words(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("time,S\n0,1\n-2,3\n")
    result = run(model, "--data", path)
    assert result.exit_code == 2 and "line 3: the time -2 is negative" in result.stderr
    assert run(model, "--data", tmp_path / "none.csv").exit_code == 2
