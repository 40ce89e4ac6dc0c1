"""A fit by stochastic simulation alone ends where the formula says it must, within its sampling error."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sbmlgrn.promoter import exact_fano, fit, optimum


def test_the_formula() -> None:
    # k_on = .5, k_off = 1, r = 10, γ = 1: mean 6.6667, Fano factor 2.3333
    assert exact_fano(np.log([10.0, 1.0]), np.array([20 / 3])) == pytest.approx(7 / 3)


def test_two_state_promoter() -> None:
    means = np.array([0.2, 1.0, 3.0, 6.0])
    noise = np.array([0.1, -0.2, 0.3, -0.1])
    fano = exact_fano(np.log([8.0, 4.0]), means) + noise
    wanted = optimum(means, fano)
    found = fit(means, fano, np.log([12.0, 2.0]), trajectories=500, iterations=7, last=6000)
    assert (np.abs(found.values - wanted) <= 4 * found.errors).all()
    assert (found.errors < [0.03, 0.1]).all()
