from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from sbmlgrn.cli.errors import issue_table
from sbmlgrn.sbml import Issue, Severity


def issue(severity: Severity, number: int) -> Issue:
    return Issue(severity=severity, code="kind", message=f"number {number}.", hint="Mend it.")


@pytest.mark.parametrize("errors", [(), (0,), (7,), (0, 3, 7)])
def test_a_table_of_issues_shows_all_errors_and_says_how_many_others_there_are(errors: tuple[int, ...]) -> None:
    issues = [issue(Severity.ERROR if i in errors else Severity.WARNING, i) for i in range(8)]
    page = StringIO()
    console = Console(width=120, file=page)
    console.print(issue_table(issues))
    text = page.getvalue()
    assert all(f"number {i}." in text for i in errors)
    assert f"… and {8 - len(errors) - 3} more of this kind" in text
    assert text.count("number") == len(errors) + 3
