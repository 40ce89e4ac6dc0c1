from __future__ import annotations

import numpy as np
import pytest

from sbmlgrn.objectives import period_by_crossings


def test_sinusoid_on_an_uneven_grid() -> None:
    t = np.sort(np.random.default_rng(1).uniform(0, 100, 2000))
    assert period_by_crossings(t, 5 + np.sin(2 * np.pi * t / 7.3)) == pytest.approx(7.3, rel=1e-6)


def test_the_transient_is_left_out() -> None:
    t = np.linspace(0, 100, 2001)
    x = np.where(t < 40, np.sin(t**2 / 5), np.sin(2 * np.pi * t / 7.3))
    assert period_by_crossings(t, x) == pytest.approx(7.3, rel=1e-6)
    assert period_by_crossings(t, x, discard=0.0) != pytest.approx(7.3, rel=1e-2)


def test_ripple_about_the_mid_level_is_no_period() -> None:
    t = np.linspace(0, 100, 4001)
    x = np.sin(2 * np.pi * t / 10) + 0.2 * np.sin(2 * np.pi * t / 0.5)
    assert period_by_crossings(t, x) == pytest.approx(10, rel=1e-3)


def test_nothing_crosses() -> None:
    t = np.linspace(0, 10, 101)
    assert np.isnan(period_by_crossings(t, np.ones_like(t)))
    assert np.isnan(period_by_crossings(t, t))


@pytest.mark.parametrize(
    ("t", "x", "says"),
    [
        ([0, 1, 2], [0, 1], "one length"),
        ([0, 1, 1, 2], [0, 1, 0, 1], "increasing"),
        ([0, 1, 2, 3], [0, 1, np.nan, 1], "finite"),
    ],
)
def test_bad_arguments(t: list[float], x: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        period_by_crossings(t, x)
