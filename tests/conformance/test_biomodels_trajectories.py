"""Time courses over 0…100, against libRoadRunner, on every BioModel: events, rules, delays and fast reactions too."""

from __future__ import annotations

from collections import Counter

import pytest

from .biomodels import documents, each, report
from .trajectories import FAILURES, Verdict, compare, lost


@pytest.mark.conformance
def test_time_courses_agree() -> None:
    found = each(compare, documents(), lost)
    counts = Counter(c.verdict for c in found)
    exceptions = sorted((c for c in found if c.verdict is not Verdict.AGREE), key=lambda c: (c.verdict, c.name))
    report("biomodels-trajectories", [*(f"{n:4d} {v}" for v, n in counts.most_common()), *map(str, exceptions)])
    assert not [str(c) for c in found if c.verdict in FAILURES]
    assert counts[Verdict.AGREE] >= 0.8 * len(found)
