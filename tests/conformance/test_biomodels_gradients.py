"""Gradients through events and rules: d(final state)/d(5 parameters) of BioModels against central differences."""

from __future__ import annotations

from collections import Counter

import pytest

from .biomodels import documents, each, report
from .gradients import Comparison, Verdict, changes_by_itself, compare, lost

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def found() -> list[Comparison]:
    paths = [path for path in documents() if changes_by_itself(path)]
    compare(paths[0])  # compiles the loops, which takes longer than a model may take
    comparisons = each(compare, paths, lost, timeout=100)
    counts = Counter(c.verdict for c in comparisons)
    others = sorted((c for c in comparisons if c.verdict is not Verdict.AGREE), key=lambda c: (c.verdict, c.name))
    without = sum(c.not_converged for c in comparisons)
    report(
        "biomodels-gradients",
        [
            *(f"{n:4d} {v}" for v, n in counts.most_common()),
            f"{without} of {without + sum(c.compared for c in comparisons)} entries have no reference",
            *map(str, others),
        ],
    )
    return comparisons


def test_gradients_of_nearly_all_models_agree_with_central_differences(found: list[Comparison]) -> None:
    assert sum(c.verdict in (Verdict.AGREE, Verdict.AGREE_BY_RODAS5P) for c in found) >= 0.9 * len(found)


def test_no_gradient_differs(found: list[Comparison]) -> None:
    told = [str(c) for c in found if c.verdict is Verdict.DIFFER]
    assert not told, "\n".join(told)
