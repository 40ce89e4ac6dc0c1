"""Conserved sums against those that can be seen, and against random states."""

from __future__ import annotations

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.expr import evaluate
from sbmlgrn.lower import conserved, lower

ENZYME = "E + S -> ES; k*E*S; ES -> E + S; k*ES/2; ES -> E + 2 P; 0.3*ES; 2 P -> S; -k*P^2; k = 2; E = 1; S = 3; P = 0"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (ENZYME, 2),
        ("A -> B; k*A; B -> C; k*B; -> D; k; k = 1; A = 1; B = 0; C = 0; D = 0", 1),
        ("A -> ; k*A; k = 1; A = 1", 0),
        ("x' = 0; y' = 2*z; z' = -6*z/3; x = 1; y = 1; z = 1", 2),
        ("compartment a = 2, b = 3; species S in a, T in b; S -> T; k*S; k = 1; S = 1; T = 1", 1),
    ],
)
def test_sums_do_not_change(text: str, count: int) -> None:
    system = lower(sg.load(text))
    laws = conserved(system)
    assert len(laws) == count and len({law.dependent for law in laws}) == count
    random = np.random.default_rng(1)
    for _ in range(3):
        leaves = [v.leaf for v in (*system.states, *system.parameters)]
        rates = evaluate(system.rhs, {str(leaf.value): float(random.uniform(0.5, 2)) for leaf in leaves})
        for law in laws:
            assert law.weights[law.dependent] == 1
            assert sum(w * rates[i] for i, w in law.weights.items()) == pytest.approx(0, abs=1e-12)
