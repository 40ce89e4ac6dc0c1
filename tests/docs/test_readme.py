"""The examples of the README run as they stand, and what it refers to is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import libsbml
import pytest
from typer.testing import CliRunner

from sbmlgrn.cli import app

from ..sbmlgrn.suite.tiny import fluxes

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = sorted(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL), key=lambda e: "flux" in e)
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "architecture.md")


def run(example: str, folder: Path) -> str:
    """What an example prints."""
    done = subprocess.run([sys.executable, "-c", example], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(3))
def test_examples_run(number: int, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(ROOT / "models")
    assert run(EXAMPLES[number], tmp_path)
    (written,) = tmp_path.glob("*.xml")
    before, after = (
        libsbml.readSBMLFromFile(str(path)).getModel().getParameter("alpha").getValue()
        for path in (ROOT / "models" / "elowitz2000.xml", written)
    )
    assert before != after


def test_the_example_of_fluxes_runs(tmp_path: Path) -> None:
    (tmp_path / "e_coli_core.xml").write_text(fluxes(high=5).replace("R1", "R_PGI"))
    printed = run(EXAMPLES[3], tmp_path)
    assert printed.startswith("7.5 5.0\n") and "package 'fbc'" in printed


def test_there_are_examples_of_library_design_service_and_fluxes() -> None:
    names = ("compile", "FrequencySpec", "Client", "balance_fluxes")
    assert [name in example for name, example in zip(names, EXAMPLES, strict=True)] == [True] * 4


def test_the_commands_named_are_those_there_are() -> None:
    named = set(re.findall(r"^\| `sbmlgrn (\w+)", README, flags=re.MULTILINE))
    listed = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--help"]).stdout
    assert named == set(re.findall(r"^│ (\w+) ", listed, flags=re.MULTILINE))


def test_the_make_targets_named_exist() -> None:
    named = {
        name for path in DOCUMENTS for name in re.findall(r"(?:`|^)make ([a-z-]+)", path.read_text(), re.MULTILINE)
    }
    assert "demo" in named
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_the_architecture_describes_nothing_that_is_gone() -> None:
    text = DOCUMENTS[1].read_text()
    rooms = {path.parent.name for path in (ROOT / "sbmlgrn").rglob("__init__.py")}
    described = set(re.findall(r"^\*\*`(?:backends\.)?(\w+)`\*\*", text, flags=re.MULTILINE))
    assert "lower" in described
    assert described <= rooms
    folders = (ROOT / "sbmlgrn", ROOT / "server" / "sbmlgrn_server", ROOT / "proto")
    files = {path.name for folder in folders for path in folder.rglob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", text)) <= files


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not link.startswith("http"):
            assert (document.parent / link).exists(), link
