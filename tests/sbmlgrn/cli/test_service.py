"""The commands that need the service, with a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import libsbml
import pytest
from typer.testing import CliRunner

from sbmlgrn.cli import app
from sbmlgrn.client import Client


def test_demo_redesigns_the_repressilator_and_libroadrunner_confirms_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--period", "30", "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["reached"]
    assert told["confirmed"]
    assert told["period_before"] == pytest.approx(43.447, rel=1e-3)
    assert told["period_in_libroadrunner"] == pytest.approx(30, rel=1e-2)
    assert told["worst_relative_disagreement"] < 1e-4
    assert set(told["values_after"]) == {"alpha", "alpha0", "n", "beta"}
    document, picture = map(Path, told["files"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    parameters = libsbml.readSBMLFromFile(str(document)).getModel()
    for name, value in told["values_after"].items():
        assert parameters.getParameter(name).getValue() == pytest.approx(value)
    assert "loss" in result.stderr


def test_demo_refuses_a_period_that_makes_no_sense(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--period", "-3", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "-3" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a process at once on Windows")
def test_serve_tells_its_address_and_ends_with_its_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sbmlgrn.cli", "serve", "--port", "0", "--data", str(tmp_path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        with Client(told["address"]) as client:
            assert list(client.list_models()) == []
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 30
    while _is_running(told["pid"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(told["pid"])


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
