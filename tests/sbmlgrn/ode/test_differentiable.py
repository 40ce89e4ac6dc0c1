"""Gradients of compiled loops against autograd through the same steps, and against central differences."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import sbmlgrn as sg
from sbmlgrn.ode import Status
from sbmlgrn.ode.differentiable import Directions, Mode, trajectories
from sbmlgrn.ode.native import tableau
from sbmlgrn.ode.native.adjoint import pullback
from sbmlgrn.ode.native.sensitivity import sensitivities
from sbmlgrn.ode.native.tape import CHECKPOINTS, taped

LOTKA = "R1: -> X; a*X; R2: X -> Y; b*X*Y; R3: Y -> ; c*Y; a = 1; b = 0.1; c = 0.8; X = 5; Y = 4*a + b^2"
ROBERTSON = """A -> B; k1*A; 2B -> C + B; k2*B*B; B + C -> A + C; k3*B*C
    k1 = 0.04; k2 = 3e7; k3 = 1e4; A = 1; B = 0; C = 0"""
FORCED = """S' = -k*(S - cos(w*time)) + piecewise(u*(S - 0.5), S > 0.5, u*(0.5 - S)); T' = S - g*T*sqrt(time)
    k = 400; w = 1.3; u = 2; g = 0.5; S = 0; T = 1"""
SWELLING = """compartment c = 2; species S in c, E in c; S -> E; c*v*S/(K + S); c' = r*c
    v = 1.5; K = 0.7; r = 0.1; S = 4; E = 0"""
HIRES = """y1' = -1.71*y1 + a*y2 + 8.32*y3 + 0.0007; y2' = 1.71*y1 - 8.75*y2; y3' = -10.03*y3 + a*y4 + 0.035*y5
    y4' = 8.32*y2 + 1.71*y3 - 1.12*y4; y5' = -1.745*y5 + a*y6 + a*y7
    y6' = -k*y6*y8 + 0.69*y4 + 1.71*y5 - a*y6 + 0.69*y7; y7' = k*y6*y8 - m*y7; y8' = -k*y6*y8 + m*y7
    a = 0.43; k = 280; m = 1.81; y1 = 1; y2 = 0; y3 = 0; y4 = 0; y5 = 0; y6 = 0; y7 = 0; y8 = 0.0057"""
MODELS = {
    "lotka": (LOTKA, [0.0, 0.7, 2.0, 5.0]),
    "robertson": (ROBERTSON, [0.0, 0.4, 4.0, 40.0, 400.0]),
    "forced": (FORCED, [0.2, 0.5, 1.0, 2.0]),
    "swelling": (SWELLING, [0.0, 1.0, 1.5, 4.0]),
    "hires": (HIRES, [0.0, 0.3, 1.0, 10.0]),
}


def model_of(name: str) -> tuple[sg.Model, np.ndarray]:
    text, grid = MODELS[name]
    return sg.compile(sg.load(text)), np.array(grid)


def arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [v.detach().numpy() for v in tensors]


def tolerance(model: sg.Model, batch: int, atol: float) -> np.ndarray:
    return np.full((batch, len(model.state_ids)), atol)


def weights_of(states: np.ndarray) -> np.ndarray:
    """Weights that let every entry count for about as much."""
    size = np.abs(states).max((0, 1)) + 1e-300
    return np.random.default_rng(3).normal(size=states.shape) / size


def tsit5(model: sg.Model, t: float, h: float, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """The state after a step, and ``[4, n]`` coefficients of θ, θ², θ³, θ⁴ within it, by plain tensor operations."""
    a, c, dense = (torch.tensor(v) for v in (tableau.TSIT5_A, tableau.TSIT5_C, tableau.TSIT5_DENSE))
    stages: list[Tensor] = []
    point = y
    for s in range(7):
        point = y + h * sum((a[s, j] * stages[j] for j in range(s)), torch.zeros_like(y))
        stages.append(model.rhs(t + float(c[s]) * h, point, p))
    return point, h * torch.einsum("jk,ji->ki", dense, torch.stack(stages))


def rodas5p(model: sg.Model, t: float, h: float, y: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    time = torch.tensor(t, dtype=y.dtype)

    def field(time: Tensor, y: Tensor) -> Tensor:
        return model.rhs(time, y, p)

    by_time, jacobian = torch.autograd.functional.jacobian(field, (time, y), create_graph=True)
    matrix = torch.eye(len(y), dtype=y.dtype) / (tableau.RODAS5P_GAMMA * h) - jacobian
    stages: list[Tensor] = []
    new = y
    for s in range(8):
        new = y + sum((tableau.RODAS5P_A[s, j] * stages[j] for j in range(s)), torch.zeros_like(y))
        right = model.rhs(t + tableau.RODAS5P_C[s] * h, new, p) + h * tableau.RODAS5P_D[s] * by_time
        right = right + sum((tableau.RODAS5P_M[s, j] / h * stages[j] for j in range(s)), torch.zeros_like(y))
        stages.append(torch.linalg.solve(matrix, right))
    new = new + stages[7]
    d = torch.einsum("rj,ji->ri", torch.tensor(tableau.RODAS5P_DENSE), torch.stack(stages))
    return new, torch.stack([new - y + d[0], d[1] - d[0], d[2] - d[1], -d[2]])


def replica(model: sg.Model, steps: np.ndarray, grid: np.ndarray, y: Tensor, p: Tensor) -> Tensor:
    """States ``[time, state]`` by the steps of a tape, with the history of every tensor operation."""
    rows = [y]
    for t, length in steps.tolist():
        h = abs(length)
        new, q = (tsit5 if length > 0 else rodas5p)(model, t, h, y, p)
        while len(rows) < len(grid) and grid[len(rows)] < t + h:
            theta = (grid[len(rows)] - t) / h
            rows.append(y + sum(theta ** (k + 1) * q[k] for k in range(4)))
        y = new
    rows += [y] * (len(grid) - len(rows))
    return torch.stack(rows)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p", "auto"])
@pytest.mark.parametrize("name", MODELS)
def test_both_gradients_are_those_of_the_steps_that_were_made(name: str, method: str) -> None:
    if method == "tsit5" and name == "robertson":
        method = "auto"  # stability would ask for more steps than a graph of tensors can hold
    model, grid = model_of(name)
    y0 = model.initial(model.parameters_default)[None].clone().requires_grad_()
    p = model.parameters_default[None].clone().requires_grad_()
    start, given = arrays(y0, p)
    options = (method, 1e-3, tolerance(model, 1, 1e-6), 100_000, range(given.shape[1]), False)
    run = taped(model.system, start, given, grid, *options)
    states, (status,), tapes = run
    assert status is Status.SUCCESS
    weights = weights_of(states)

    again = replica(model, tapes[0].steps, grid, y0[0], p[0])
    assert np.allclose(again.detach().numpy(), states[0], rtol=1e-10, atol=1e-13)
    expected = torch.autograd.grad((again * torch.tensor(weights[0])).sum(), (y0, p))
    expected = torch.cat(expected, -1)[0].numpy()

    adjoint = np.concatenate(pullback(model.system, given, grid, tapes, weights), -1)[0]
    carried = sensitivities(model.system, start, given, grid, tapes, range(given.shape[1]), False)
    forward = np.einsum("ti,tik->k", weights[0], carried[0])
    size = np.abs(expected).max() * 1e-14  # of directions along which next to nothing changes
    assert adjoint == pytest.approx(expected, rel=1e-8, abs=size)
    assert forward == pytest.approx(expected, rel=1e-8, abs=size)


@pytest.mark.parametrize("mode", [Mode.FORWARD, Mode.ADJOINT])
@pytest.mark.parametrize("name", MODELS)
def test_gradients_agree_with_central_differences(name: str, mode: Mode) -> None:
    model, grid = model_of(name)
    p = model.parameters_default.clone().requires_grad_()
    atol = torch.tensor(tolerance(model, 1, 1e-14))
    everything = Directions(range(len(p)), own_start=True)

    def states(q: Tensor) -> Tensor:
        arguments = (model.system, model.initial(q)[None], q[None], torch.tensor(grid), "auto", 1e-11, atol, 10**6)
        found, (status,) = trajectories(*arguments, everything, mode)
        assert status is Status.SUCCESS
        return found[0]

    found = states(p)
    weights = torch.tensor(weights_of(found.detach().numpy()[None])[0])
    (gradient,) = torch.autograd.grad((found * weights).sum(), p)
    for i, value in enumerate(p.tolist()):
        shift = torch.zeros_like(p)
        shift[i] = 2e-5 * value or 1e-6
        with torch.no_grad():
            slope = (states(p + shift) - states(p - shift)) * weights / (2 * shift[i])
        size = float(slope.abs().max())
        assert float(gradient[i]) == pytest.approx(float(slope.sum()), rel=2e-6, abs=2e-6 * size + 1e-9)


def test_the_repressilator(elowitz: Path) -> None:
    model = sg.compile(sg.load(elowitz))
    grid = np.linspace(0.0, 60.0, 31)
    p = model.parameters_default.clone().requires_grad_()
    sg.simulate(model, grid, p, rtol=1e-11, atol=1e-12)["p_lacI"].square().mean().backward()
    assert p.grad is not None
    for name in ("alpha", "alpha0", "n", "beta", "m_lacI"):
        i = model.parameter_ids.index(name)
        value = float(p.detach()[i])
        h = 1e-5 * max(value, 1.0)
        batch = torch.tensor([value + h, value - h], dtype=torch.float64)
        with torch.no_grad():
            up, down = sg.simulate(model, grid, {name: batch}, rtol=1e-11, atol=1e-12)["p_lacI"].square().mean(-1)
        assert float(p.grad[i]) == pytest.approx(float(up - down) / (2 * h), rel=1e-6)


def test_gradients_of_decay_are_analytic() -> None:
    model = sg.compile(sg.load("S -> T; k*S; k = 0.5; S = 3; T = 0"))
    for method in ("tsit5", "rodas5p", "auto"):
        k = torch.tensor([0.5, 1.0, 200.0], dtype=torch.float64, requires_grad=True)
        state = torch.tensor([3.0, 1.0], dtype=torch.float64, requires_grad=True)
        solution = sg.simulate(model, [0.0, 1.0], {"k": k}, method, 1e-9, 1e-12, initial_state=state)
        by_k, by_state = torch.autograd.grad(solution["S"][:, -1].sum(), (k, state))
        assert by_k.tolist() == pytest.approx([-3 * math.exp(-v) for v in (0.5, 1.0, 200.0)], rel=1e-6, abs=1e-9)
        decayed = sum(math.exp(-v) for v in (0.5, 1.0, 200.0))
        assert by_state.tolist() == pytest.approx([decayed, 0.0], rel=1e-6, abs=1e-9)


def test_times_of_the_grid_have_gradients() -> None:
    model = sg.compile(sg.load("S' = -k*S*time; k = 0.5; S = 3"))
    t = torch.tensor([1.0, 1.5, 2.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(sg.simulate(model, t, rtol=1e-9, atol=1e-12)["S"].sum(), t)
    later = [3 * math.exp(-0.25 * (v * v - 1)) for v in (1.5, 2.0)]
    assert gradient.tolist() == pytest.approx([0.5 * sum(later), -0.75 * later[0], -1.0 * later[1]], rel=1e-7)


AT_REST = """
    x' = y; y' = w*w*(x0 - x); big' = 0
    x = 1; y = 0; big = 0; x0 = 1; w = 3
"""
"""An oscillator in its middle, which does not move; but where it would be if x0 were another it would."""


@pytest.mark.parametrize("method", ["tsit5", "rodas5p", "auto"])
def test_derivatives_at_rest_are_as_accurate_as_states(method: str) -> None:
    model = sg.compile(sg.load(AT_REST))
    x0 = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    states = sg.simulate(model, [0.0, 7.0, 20.0], {"x0": x0}, method, 1e-8, 1e-10).states
    assert (states[..., 0] == 1).all() and (states[..., 1] == 0).all()
    for k, t in ((1, 7.0), (2, 20.0)):
        (by_x0,) = torch.autograd.grad(states[:, k, 0].sum(), x0, retain_graph=True)
        assert by_x0.tolist() == pytest.approx([1 - math.cos(3 * t)] * 2, abs=2e-5)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p", "auto"])
def test_what_events_magnify_was_accurate_at_rest(method: str) -> None:
    model = sg.compile(sg.load(AT_REST + "; at time > 8: big = 1e6*(x - 1)"))
    x0 = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    last = sg.simulate(model, [0.0, 20.0], {"x0": x0}, method, 1e-8, 1e-10)["big"][-1]
    (by_x0,) = torch.autograd.grad(last, x0)
    assert float(by_x0) == pytest.approx(1e6 * (1 - math.cos(24.0)), rel=2e-5)


@pytest.mark.parametrize("method", ["tsit5", "auto"])
@pytest.mark.parametrize("names", [["k"], ["k", "n", "c", "d"]])
def test_infinite_slopes_at_what_does_not_change_have_no_effect(method: str, names: list[str]) -> None:
    """B' = (A/c)^n with n < 1 and A = 0 at the start: its slope is infinite, but there A is 0 whatever k is."""
    model = sg.compile(sg.load("A' = k; B' = d*(A/c)^n; A = 0; B = 0; k = 2; n = 0.5; c = 1.5; d = 0.7"))
    k, n, c, d = values = [2.0, 0.5, 1.5, 0.7]
    leaves = {name: torch.tensor(v, dtype=torch.float64) for name, v in zip("kncd", values, strict=True)}
    for name in names:
        leaves[name].requires_grad_()
    last = sg.simulate(model, [0.0, 3.0], leaves, method, 1e-9, 1e-12)["B"][-1]
    gradient = torch.autograd.grad(last, [leaves[name] for name in names])
    size = d * (k / c) ** n * 3 ** (n + 1) / (n + 1)
    by_n = size * (math.log(k / c) + math.log(3) - 1 / (n + 1))
    expected = {"k": n * size / k, "n": by_n, "c": -n * size / c, "d": size / d}
    assert [float(g) for g in gradient] == pytest.approx([expected[name] for name in names], rel=1e-6)


def test_stability_bounds_the_steps_that_are_differentiated() -> None:
    """At steps that are a little too long the states stay right, and derivatives at fixed steps grow without bound."""
    model = sg.compile(sg.load(ROBERTSON))
    for method in ("auto", "tsit5"):
        k = torch.tensor(0.04, dtype=torch.float64, requires_grad=True)
        last = sg.simulate(model, [0.0, 0.4, 2.0], {"k1": k}, method, 1e-9, 1e-12).states
        gradients = [torch.autograd.grad(last[1, i], k, retain_graph=True)[0] for i in range(3)]
        exact = sg.simulate(model, [0.0, 0.4, 2.0], {"k1": k}, "rodas5p", 1e-11, 1e-14).states
        expected = [torch.autograd.grad(exact[1, i], k, retain_graph=True)[0] for i in range(3)]
        assert [float(g) for g in gradients] == pytest.approx([float(g) for g in expected], rel=1e-3)


def test_members_of_a_batch_do_not_touch_each_other() -> None:
    model = sg.compile(sg.load("x' = k*x^2 + 0*y; y' = -a*y*x; a = 2; k = -1; x = 1; y = 1"))
    k = torch.tensor([-1.0, 1.0, -2.0, math.nan, -0.5], dtype=torch.float64)  # blows up at 1/k for positive k
    grid = torch.linspace(0.0, 2.0, 8, dtype=torch.float64)
    p = model.parameter_vector({"k": k})
    atol = torch.full((5, 2), 1e-9, dtype=torch.float64)
    for mode in (Mode.FORWARD, Mode.ADJOINT):
        q = p.clone().requires_grad_()
        rows = Directions(range(p.shape[1]), own_start=True)
        states, status = trajectories(model.system, model.initial(q), q, grid, "auto", 1e-6, atol, 500, rows, mode)
        assert [s is Status.SUCCESS for s in status] == [True, False, True, False, True]
        (masked,) = torch.autograd.grad(torch.where(states.isnan(), 0.0, states).sum(), q, retain_graph=True)
        (gradient,) = torch.autograd.grad(states.sum(), q)
        assert bool(gradient[[1, 3]].isnan().all()) and bool(torch.isfinite(masked[[0, 1, 2, 4]]).all())
        index = model.parameter_ids.index("k")
        reached = int(states[1, :, 0].isfinite().sum())
        t = grid[:reached]
        x, by_k = 1 / (1 - t), t / (1 - t) ** 2
        y = (1 - t) ** 2  # exp(−2∫x) for k = 1
        by_y = 2 * (1 - t) ** 2 * (torch.log(1 - t) * -1 - t / (1 - t))
        assert states[1, :reached].detach().numpy() == pytest.approx(torch.stack([x, y], -1).numpy(), rel=1e-4)
        assert float(masked[1, index]) == pytest.approx(float((by_k + by_y).sum()), rel=1e-3)
        for i in (0, 2, 4):
            alone = p[i : i + 1].clone().requires_grad_()
            arguments = (model.system, model.initial(alone), alone, grid, "auto", 1e-6, atol[:1], 500)
            single, _ = trajectories(*arguments, rows, mode)
            (own,) = torch.autograd.grad(single.sum(), alone)
            assert torch.equal(single[0], states[i]) and torch.equal(own[0], gradient[i])
            assert torch.equal(masked[i], gradient[i])


def test_memory_is_bounded_and_the_way_back_is_found() -> None:
    model, _ = model_of("lotka")
    p = model.parameters_default[None]
    start, given = arrays(model.initial(p), p)
    grid = np.array([0.0, 30.0, 333.3])
    for method, rtol in (("tsit5", 1e-11), ("rodas5p", 1e-9)):
        options = (method, rtol, tolerance(model, 1, 1e-12), 10**6, range(given.shape[1]), False)
        states, _, tapes = taped(model.system, start, given, grid, *options)
        (tape,) = tapes
        count = len(tape.steps)
        assert count > 128 * CHECKPOINTS  # segments between checkpoints are longer than what is kept of one
        assert tape.kept[0] <= CHECKPOINTS and tape.nbytes <= 16 * count + 8 * CHECKPOINTS * (2 + 1) + 64
        weights = weights_of(states)
        adjoint = np.concatenate(pullback(model.system, given, grid, tapes, weights), -1)[0]
        carried = sensitivities(model.system, start, given, grid, tapes, range(given.shape[1]), False)
        assert adjoint == pytest.approx(np.einsum("ti,tik->k", weights[0], carried[0]), rel=1e-8, abs=1e-8)


def test_sensitivities_take_over_where_many_gradients_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from sbmlgrn.ode import differentiable

    calls: list[str] = []
    for name in ("pullback", "sensitivities"):
        real = getattr(differentiable, name)
        monkeypatch.setattr(differentiable, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1])
    model, grid = model_of("lotka")
    for names, expected in ((["a"], ["sensitivities"]), (["a", "b", "c"], ["pullback", "sensitivities"])):
        values = {name: torch.tensor(0.5, dtype=torch.float64, requires_grad=True) for name in names}
        states = sg.simulate(model, grid, values).states
        calls.clear()
        for i in range(2):
            torch.autograd.grad(states[-1, i], list(values.values()), retain_graph=True)
        torch.autograd.grad(states[-1, 0], list(values.values()), retain_graph=True)
        assert calls == expected


def test_second_derivatives_are_refused_or_right() -> None:
    model = sg.compile(sg.load("S' = -k*S; k = 0.5; S = 3"))
    k = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="first derivatives only; for second ones simulate with method='dopri5'"):
        (first,) = torch.autograd.grad(sg.simulate(model, [0.0, 2.0], {"k": k})["S"][-1], k, create_graph=True)
        torch.autograd.grad(first, k)
    last = sg.simulate(model, [0.0, 2.0], {"k": k}, "dopri5", 1e-9)["S"][-1]
    (first,) = torch.autograd.grad(last, k, create_graph=True)
    assert float(torch.autograd.grad(first, k)[0]) == pytest.approx(3 * 4 * math.exp(-1), rel=1e-6)


def test_values_that_change_after_the_run_are_noticed() -> None:
    model = sg.compile(sg.load("S' = -k*S; k = 0.5; S = 3"))
    p = model.parameters_default.clone().requires_grad_()
    last = sg.simulate(model, [0.0, 2.0], p)["S"][-1]
    with torch.no_grad():
        p += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        last.backward()
