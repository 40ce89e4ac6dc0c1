"""Antimony text: no file is read, whatever the text, and every failure has an issue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sbmlgrn.sbml import antimony, read
from sbmlgrn.sbml.intake import RefusedError


@pytest.mark.parametrize(
    "form",
    [
        'import "{}"',
        'x = 1; import "{}"',
        '/* why */ import "{}"',
        'import /* why */ "{}"',
        'x = 1\rimport "{}"',
        'model a()\n  y = 1\nend import "{}"',
        'model notes ```a " b```; import "{}"',
        "x = 1; import ```{}```",
        'x = 1; import \\\n"{}"',
    ],
)
def test_no_text_reads_a_file(form: str, tmp_path: Path) -> None:
    other = tmp_path / "other.ant"
    other.write_text("model other()\n  secret = 42\nend\n")
    result = read(form.format(other) + "\nA: other();\n")
    assert result.network is None
    assert [i.code for i in result.issues] == ["antimony-import"]


def test_libantimony_itself_opens_no_file(tmp_path: Path) -> None:
    """It would: the same text is a model of the same library in a process that may open files."""
    other = tmp_path / "other.ant"
    other.write_text("model other()\n  secret = 42\nend\n")
    text = f'import "{other}"\nA: other();\n'
    program = "import antimony, sys; sys.exit(antimony.loadAntimonyString(sys.argv[1]) < 0)"
    assert subprocess.run([sys.executable, "-c", program, text], check=False).returncode == 0
    assert antimony._translator.confined()
    answer = antimony._translator.ask("sbml", text)
    assert "secret" not in str(answer) and "cannot be read" in answer["error"]


def test_an_import_in_a_comment_imports_nothing() -> None:
    network = read('// import "other.ant"\nk = 1\n').network
    assert network is not None and network.value("k") == 1


def test_a_process_that_ends_is_an_issue_and_another_takes_its_place() -> None:
    assert antimony._translator.confined()
    process = antimony._translator._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    threading.Timer(0.3, process.kill).start()
    with pytest.raises(RefusedError, match="ended by SIGKILL") as refused:
        antimony.to_sbml("k = 1")
    assert refused.value.issue.code == "antimony-failed"
    assert read("k = 1").network is not None


def test_a_fork_has_a_process_of_its_own() -> None:
    assert read("k = 1").network is not None
    ours = antimony._translator._process
    assert ours is not None
    child = os.fork()
    if child == 0:
        network = read("k = 2").network
        mine = antimony._translator._process
        os._exit(0 if network is not None and mine is not None and mine.pid != ours.pid else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    network = read("k = 3").network
    assert network is not None and network.value("k") == 3


@pytest.mark.parametrize("text", ["k = 1\x00; j = 2", "k = \ud800"])
def test_a_character_at_which_reading_would_end_is_an_issue(text: str) -> None:
    (issue,) = read(text).issues
    assert issue.code in ("not-sbml-or-antimony", "xml-encoding") and issue.line == 1


def test_a_text_too_long_for_the_name_of_a_file() -> None:
    name = "k" * 10_000
    network = read(f"{name} = 1").network
    assert network is not None and network.value(name) == 1
    with pytest.raises(FileNotFoundError):
        read(name)


def test_the_word_may_be_in_texts_and_comments() -> None:
    result = read('model m()\n  k = 1; k is "nuclear import"; // of import\n  j = 2; j is "import"\nend\n')
    assert result.network is not None


def test_a_character_that_is_no_antimony_is_an_issue() -> None:
    (issue,) = read("\N{MICRO SIGN} = 3").issues
    assert issue.code == "not-sbml-or-antimony"
