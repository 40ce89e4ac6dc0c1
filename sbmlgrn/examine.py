"""Everything there is to say about a document, up to whether equations follow from it."""

from __future__ import annotations

from pathlib import Path

from sbmlgrn.lower import LoweringError, lower
from sbmlgrn.network import Network
from sbmlgrn.sbml import Issue, Severity, read, validate


def examine(source: Path | str | bytes) -> tuple[Network | None, tuple[Issue, ...]]:
    """Reads a document, checks it in full, and makes equations of it.

    Returns:
        The network, ``None`` if an issue is an error; and every finding.

    Raises:
        FileNotFoundError: the path does not exist.
    """
    network, issues = read(source).network, validate(source)
    if network is None:
        return None, issues
    try:
        lower(network, chance=True)
    except LoweringError as error:
        return None, (*issues, not_computable(error))
    return network, issues


def not_computable(error: LoweringError) -> Issue:
    """That no equations follow from a network, as a finding about its document."""
    return Issue(
        severity=Severity.ERROR,
        code="not-computable",
        message=str(error),
        hint="Complete or correct the model; no equations follow from it as it is.",
        element_id=error.element_id,
    )
