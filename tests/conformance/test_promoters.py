"""Measured means and Fano factors of two strains (Rijal & Mehta 2025), fitted by stochastic simulation alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sbmlgrn.promoter import exact_fano, fit, optimum

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("strain", ["lacUD5", "5DL1"])
def test_the_global_optimum_is_found(data: Path, strain: str) -> None:
    rows = np.loadtxt(data / "seeds" / f"rijal2025_{strain}.csv", delimiter=",")
    _, kept = np.unique(rows[:, 0], return_index=True)
    means, fano = rows[kept].T
    wanted = optimum(means, fano)
    found = fit(means, fano, np.log([1.5 * means.max(), 3.0]), trajectories=500, iterations=9, last=40_000)
    least, reached = (float(((exact_fano(v, means) - fano) ** 2).sum()) for v in (wanted, found.values))
    print(f"{strain}: r/γ, γ = {np.exp(found.values)} ± {np.exp(found.values) * found.errors}", end=" ")
    print(f"where the formula says {np.exp(wanted)}; sums of squares {reached:.5f}, {least:.5f}")
    assert (np.abs(found.values - wanted) <= 4 * found.errors).all()
    assert reached <= 1.05 * least
