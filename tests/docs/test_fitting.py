"""The examples of docs/fitting.md run as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sbmlgrn as sg
from sbmlgrn.calibrate import read_time_courses
from sbmlgrn.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fitting.md").read_text()
(COMMAND,) = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
(TABLE,) = re.findall(r"```csv\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_runs(here: Path) -> None:
    program, *arguments = shlex.split(COMMAND.replace("\\\n", ""))
    assert program == "sbmlgrn"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert (here / "fit.png").exists()
    # the values of which the table says that it was simulated with them
    fitted = sg.load(here / "fitted.xml")
    for name, value in (("alpha", 150), ("n", 2.2), ("beta", 0.25)):
        assert fitted.value(name) == pytest.approx(value, rel=0.2)


def test_the_code_runs(here: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=here, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("alpha ") and (here / "fitted.xml").exists()


def test_the_table_is_one() -> None:
    data = read_time_courses(TABLE)
    assert [c.values for c in data.conditions] == [{"dose": 0.1}, {"dose": 10.0}] and data.count == 6
