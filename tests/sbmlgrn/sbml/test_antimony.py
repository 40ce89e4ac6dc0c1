"""Antimony text: no file is read, whatever the text, and every failure has an issue."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbmlgrn.sbml import read


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


def test_the_word_may_be_in_texts_and_comments() -> None:
    result = read('model m()\n  k = 1; k is "nuclear import"; // of import\n  j = 2; j is "import"\nend\n')
    assert result.network is not None


def test_a_character_that_is_no_antimony_is_an_issue() -> None:
    (issue,) = read("\N{MICRO SIGN} = 3").issues
    assert issue.code == "not-sbml-or-antimony"
