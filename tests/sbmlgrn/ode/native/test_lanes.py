"""Trajectories in lanes: the same as by themselves but for rounding, and the same to the last bit in any company."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.ode import Status
from sbmlgrn.ode.native import adjoint, ensemble, lanes, portions, simd, tape
from sbmlgrn.ode.native.loop import lean

NEVER: Final = 10**9
STIFF: Final = "x' = -k*(x - cos(time)); y' = x - y; x = 0; y = 0; k = 1"
ROBERTSON: Final = """
    a -> b; 0.04*k*a
    2 b -> b + c; 3e7*b^2
    b + c -> a + c; 1e4*b*c
    a = 1; b = 0; c = 0; k = 1
"""
HILL: Final = """
    -> x; a/(1 + y^n) + exp(-z/3)
    -> y; a*x^n/(K^n + x^n)
    -> z; tanh(x - y) + 1
    x -> ; d*x
    y -> ; d*y*max(y, 0.5)
    z -> ; d*log(1 + z)
    x = 0; y = 0.3; z = 1; a = 2; n = 2.3; K = 0.7; d = 0.9
"""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Turns lanes off."""

    def off() -> None:
        monkeypatch.setattr(lanes, "WORTH_IT", NEVER)
        monkeypatch.setattr(adjoint, "WORTH_IT", NEVER)

    return off


def states(model: sg.Model, grid: np.ndarray, p: np.ndarray, method: str = "auto", **options: float) -> np.ndarray:
    return sg.simulate(model, grid, torch.as_tensor(p), method=method, rtol=1e-8, atol=1e-10, **options).states.numpy()  # pyright: ignore[reportArgumentType]


def spread(model: sg.Model, count: int, by: float = 0.2) -> np.ndarray:
    factors = np.random.default_rng(7).uniform(1 - by, 1 + by, (count, len(model.parameter_ids)))
    return model.parameters_default.numpy() * factors


@pytest.mark.parametrize("method", ["auto", "tsit5", "rodas5p"])
@pytest.mark.parametrize(("text", "end"), [(HILL, 30.0), (STIFF, 6.0), (ROBERTSON, 50.0)])
def test_values_are_those_of_the_loop_for_one(text: str, end: float, method: str, alone: Callable[[], None]) -> None:
    model = sg.compile(sg.load(text))
    p = spread(model, 21)
    if text == STIFF:
        p[:, model.parameter_ids.index("k")] *= np.logspace(0, 5 if method != "tsit5" else 2, 21)
    grid = np.linspace(0.0, end if method != "tsit5" or text != ROBERTSON else 1.0, 31)
    together = states(model, grid, p, method)
    alone()
    apart = states(model, grid, p, method)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together, apart, rtol=2e-7, atol=2e-9)


def test_a_trajectory_is_the_same_in_any_company(monkeypatch: pytest.MonkeyPatch) -> None:
    model = sg.compile(sg.load(STIFF))
    grid = np.linspace(0.0, 5.0, 23)
    p = np.repeat(model.parameters_default.numpy()[None], 37, 0)
    k = model.parameter_ids.index("k")
    p[:, k] = np.logspace(-1, 5, 37)  # some never, some soon stiff
    reference = states(model, grid, p)
    order = np.random.default_rng(2).permutation(37)
    np.testing.assert_array_equal(states(model, grid, p[order]), reference[order])
    np.testing.assert_array_equal(states(model, grid, p[:9]), reference[:9])
    bad = np.concatenate([p, p])
    bad[::2, k] = np.resize([math.nan, -50.0, math.inf], 37)
    bad[1::2] = p
    np.testing.assert_array_equal(states(model, grid, bad)[1::2], reference)
    for cores in (1, 3, 64):
        monkeypatch.setattr(portions, "cores", lambda cores=cores: cores)
        monkeypatch.setattr(lanes, "cores", lambda cores=cores: cores)
        np.testing.assert_array_equal(states(model, grid, p), reference)


def test_each_trajectory_ends_as_it_does_by_itself(alone: Callable[[], None]) -> None:
    model = sg.compile(sg.load("x' = k*x^2; x = 1; k = -1"))
    k = torch.tensor([-1.0, math.nan, 2.1, -3.0, 0.1, 30.0, math.inf, -2.0, 0.0, 5.0]).double()
    grid = np.linspace(0.0, 4.0, 9)
    together = sg.simulate(model, grid, {"k": k}, max_steps=300)
    short = sg.simulate(model, grid, {"k": k}, max_steps=6)
    alone()
    apart = sg.simulate(model, grid, {"k": k}, max_steps=300)
    assert together.status == apart.status
    assert short.status == sg.simulate(model, grid, {"k": k}, max_steps=6).status
    assert {Status.SUCCESS, Status.NOT_FINITE} < set(together.status) and Status.MAX_STEPS in short.status
    np.testing.assert_allclose(together.states.numpy(), apart.states.numpy(), rtol=1e-9)


def test_each_trajectory_has_its_own_grid_and_beginning() -> None:
    model = sg.compile(sg.load("x' = -k*x; x = 1; k = 1"))
    draw = np.random.default_rng(5)
    k, x0 = torch.as_tensor(draw.uniform(0.1, 3.0, 19)), torch.as_tensor(draw.uniform(0.5, 2.0, (19, 1)))
    grids = torch.as_tensor(np.cumsum(draw.uniform(0.01, 1.0, (19, 40)), 1))
    found = sg.simulate(model, grids, {"k": k}, initial_state=x0, rtol=1e-9, atol=1e-12).states[..., 0]
    exact = x0 * torch.exp(-k[:, None] * (grids - grids[:, :1]))
    torch.testing.assert_close(found, exact, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("method", ["auto", "tsit5"])
def test_tapes_and_gradients_are_those_of_the_loop_for_one(method: str, alone: Callable[[], None]) -> None:
    model = sg.compile(sg.load(HILL))
    p = spread(model, 19)
    grid = np.linspace(0.0, 25.0, 26)
    y0, tolerance = ensemble.beginnings(model.system, p, 1e-9)
    asked = (model.system, y0, p, grid, method, 1e-6, tolerance, 100_000, range(p.shape[1]), True)
    found, status, tapes = tape.taped(*asked)
    weights = np.random.default_rng(8).standard_normal(found.shape)
    weights[::3, 12:] = 0.0
    weights[4] = 0.0
    together = adjoint.pullback(model.system, p, grid, tapes, weights)
    alone()
    apart = adjoint.pullback(model.system, p, grid, tapes, weights)
    for mine, theirs in zip(together, apart, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())
    again, ends, _ = tape.taped(*asked)
    assert status == ends == [Status.SUCCESS] * 19
    np.testing.assert_allclose(found, again, rtol=1e-4, atol=1e-6)  # one has shorter steps, for its derivatives


def test_gradients_of_long_trajectories_are_analytic() -> None:
    # some 15,000 steps: segments between checkpoints are longer than what is kept at once
    model = sg.compile(sg.load("x' = w*y; y' = -w*x; x = 1; y = 0; w = 1"))
    w = torch.linspace(0.5, 1.5, 11, dtype=torch.float64, requires_grad=True)
    end = 900.0
    last = sg.simulate(model, [0.0, end], {"w": w}, rtol=1e-10, atol=1e-12).states[:, -1, 0]
    (found,) = torch.autograd.grad(last.sum(), w)
    torch.testing.assert_close(last, torch.cos(w * end), rtol=0, atol=1e-5)
    torch.testing.assert_close(found, -end * torch.sin(w * end), rtol=0, atol=1e-2)


def test_gradients_agree_with_central_differences(elowitz: Path) -> None:
    model = sg.compile(sg.load(elowitz))
    p = torch.as_tensor(spread(model, 9, 0.1))
    names = ["alpha", "n", "beta"]
    grid = np.linspace(0.0, 20.0, 11)

    def total(values: torch.Tensor) -> torch.Tensor:
        return sg.simulate(model, grid, values, rtol=1e-10, atol=1e-12).states[:, :, 3].mean(1)

    leaf = p.clone().requires_grad_()
    (found,) = torch.autograd.grad(total(leaf).sum(), leaf)
    for name in names:
        i = model.parameter_ids.index(name)
        step = torch.zeros_like(p)
        step[:, i] = 1e-5 * p[:, i]
        with torch.no_grad():
            difference = (total(p + step) - total(p - step)) / (2 * step[:, i])
        torch.testing.assert_close(found[:, i], difference, rtol=1e-5, atol=1e-6)


@lean
def _compute(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> int:
    a, b = simd.load(x, 0), simd.load(y, 0)
    low = a < b
    simd.store(out, 0, simd.select(low & ~(a == 0.0), simd.fma(a, b, 1.0), 2.0 - a / b))
    simd.store(out, 1, simd.root(simd.size(a)) * b + 0.5)
    return simd.bits(low)


def test_vectors_in_loops_are_vectors() -> None:
    x, y, out = simd.lanes(1), simd.lanes(1), simd.lanes(2)
    x[:], y[:] = np.random.default_rng(1).standard_normal((2, 1, lanes.LANES))
    x[0, 3] = 0.0
    mask = _compute(x, y, out)
    assert [bool(mask >> k & 1) for k in range(lanes.LANES)] == (x[0] < y[0]).tolist()
    np.testing.assert_allclose(out[0], np.where((x < y) & (x != 0), x * y + 1, 2 - x / y)[0], rtol=1e-15)
    np.testing.assert_allclose(out[1], np.sqrt(np.abs(x[0])) * y[0] + 0.5, rtol=1e-15)
    assert x.ctypes.data % (8 * lanes.LANES) == 0
