"""Gradients through events and rules: d(state at 100)/d(5 parameters) of BioModels against central differences."""

from __future__ import annotations

from collections import Counter

import pytest

from .biomodels import documents, each, report
from .gradients import Comparison, Verdict, compare, kind, lost

MODELS = 125
"""Looked at: those with events, then those with rules, by name."""

DIFFER = frozenset(f"BIOMD0000000{n}" for n in ("127", "130", "208", "214", "220", "277", "451", "943", "994"))
"""Faults of ours that are not mended. In 127, 130, 208 and 220 gradients are off by 1e-4 to 8e-3: in 127 step control
does not see the sensitivities of a state at rest, in the others the cause is not shown. In 277 and 451 derivatives of
formulas that overflow or have a pole are NaN; in 214, 943 and 994 NaN has no known cause yet."""

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def found() -> list[Comparison]:
    kinds = {path: kind(path) for path in documents()}
    paths = [path for wanted in (0, 1) for path, of in kinds.items() if of == wanted][:MODELS]
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


def test_gradients_of_a_hundred_models_agree_with_central_differences(found: list[Comparison]) -> None:
    assert sum(c.verdict in (Verdict.AGREE, Verdict.AGREE_BY_RODAS5P) for c in found) >= 100


def test_only_known_gradients_differ(found: list[Comparison]) -> None:
    told = [str(c) for c in found if c.verdict is Verdict.DIFFER and c.name not in DIFFER]
    assert not told, "\n".join(told)
