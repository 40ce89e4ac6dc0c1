"""The choice between Tsit5 and Rodas5P: what it costs beside the better of the two."""

from __future__ import annotations

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.ode.native.ensemble import METHODS, beginnings, compiled
from sbmlgrn.ode.native.trajectory import SUCCESS, trajectory, workspace

from .classics import CLASSICS, Classic

OSCILLATOR = "x' = v; v' = -x; x = 1; v = 0"
STIFF_LATER = "x' = v; v' = (1 + 1e4/(1 + exp(-5*(time - 50))))*(-v) - x; x = 1; v = 0"


def steps(model: sg.Model, end: float, method: str, rtol: float, atol: float, points: int = 2) -> tuple[int, int, int]:
    """Steps by Tsit5, by Rodas5P, and rejected ones."""
    addresses, layout = compiled(model.system)
    p = model.parameters_default.numpy()
    y0, tolerance = beginnings(model.system, p[None], atol)
    n = len(layout.diagonal)
    out, counts = np.empty((points, n)), np.empty(3, np.int64)
    status = trajectory(
        *(addresses, np.linspace(0.0, end, points), y0[0], p, METHODS[method], rtol, tolerance[0], 100_000, layout),
        *(workspace(n, len(layout.place), len(layout.column)), out, counts),
    )
    assert status == SUCCESS
    explicit, stiff, rejected = counts.tolist()
    return explicit, stiff, rejected


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("classic", CLASSICS, ids=lambda c: c.name)
def test_stiffness_is_found_early(classic: Classic, rtol: float) -> None:
    model = sg.compile(sg.load(classic.path))
    price = compiled(model.system)[0].price
    atol = rtol * classic.floor
    explicit, stiff, rejected = steps(model, classic.times[-1], "auto", rtol, atol)
    _, alone, wasted = steps(model, classic.times[-1], "rodas5p", rtol, atol)
    assert explicit / price + stiff + rejected < 1.3 * (alone + wasted) + 50


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9])
def test_what_is_not_stiff_is_left_to_tsit5(rtol: float) -> None:
    model = sg.compile(sg.load(OSCILLATOR))
    price = compiled(model.system)[0].price
    explicit, stiff, rejected = steps(model, 500.0, "auto", rtol, 1e-3 * rtol)
    alone, _, wasted = steps(model, 500.0, "tsit5", rtol, 1e-3 * rtol)
    tries = stiff + max(rejected - wasted, 0)
    assert explicit + price * tries < 1.1 * alone


def test_methods_follow_what_changes_on_the_way() -> None:
    explicit, stiff, _ = steps(sg.compile(sg.load(STIFF_LATER)), 100.0, "auto", 1e-6, 1e-9)
    assert explicit > 50 and stiff > 10


def test_van_der_pol_goes_there_and_back() -> None:
    """μ = 5: neither method is best throughout, and a full period is followed to the tolerance."""
    model = sg.compile(sg.load("x' = v; v' = 5*(1 - x*x)*v - x; x = 2; v = 0"))
    tight = sg.simulate(model, [0.0, 30.0], method="tsit5", rtol=1e-12, atol=1e-13)
    for rtol in (1e-5, 1e-8):
        found = sg.simulate(model, [0.0, 30.0], rtol=rtol, atol=rtol)
        assert found["x"][-1].item() == pytest.approx(tight["x"][-1].item(), abs=1e3 * rtol)


def test_the_choice_does_not_depend_on_units() -> None:
    first = steps(sg.compile(sg.load("x' = 1e3*(cos(time) - x); x = 0; y' = x - y; y = 0")), 10.0, "auto", 1e-6, 1e-9)
    scaled = "x' = 1e3*(1e-12*cos(time) - x); x = 0; y' = 1e18*x - y; y = 0"
    model = sg.compile(sg.load(scaled))
    addresses, layout = compiled(model.system)
    counts = np.empty(3, np.int64)
    trajectory(
        *(addresses, np.array([0.0, 10.0]), np.zeros(2), np.zeros(0), METHODS["auto"], 1e-6, np.array([1e-21, 1e-3])),
        *(100_000, layout, workspace(2, len(layout.place), len(layout.column)), np.empty((2, 2)), counts),
    )
    assert counts.tolist() == pytest.approx(list(first), abs=3)
