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

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "architecture.md")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_run(number: int, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(ROOT / "models")
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[number]], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    (written,) = tmp_path.glob("*.xml")
    before, after = (
        libsbml.readSBMLFromFile(str(path)).getModel().getParameter("alpha").getValue()
        for path in (ROOT / "models" / "elowitz2000.xml", written)
    )
    assert before != after


def test_there_are_examples_of_library_design_and_service() -> None:
    assert [
        name in example for name, example in zip(("compile", "FrequencySpec", "Client"), EXAMPLES, strict=True)
    ] == [True] * 3


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
