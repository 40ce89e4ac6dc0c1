"""Gradients through jump processes against exact derivatives, finite state projection and coupled differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import lil_array
from scipy.sparse.linalg import expm_multiply

import sbmlgrn as sg
from sbmlgrn.objectives import DistributionMatch, Functional, MeanSpectrum, Moments, TimeAverage, mean_at
from sbmlgrn.ssa import Estimator, Gradient, GradientWarning, JumpError, annealed, gradient

IMMIGRATION = "R1: -> X; k; R2: X -> ; mu*X; k = 1; mu = 0.1; X = 0"
DSMTS_1 = "R1: X -> 2 X; l*X; R2: X -> ; m*X; l = 0.1; m = 0.11; X = 100"
LOTKA = "R1: X -> 2 X; a*X; R2: X + Y -> 2 Y; b*X*Y; R3: Y -> ; c*Y; a = 1; b = 0.0025; c = 0.6; X = 100; Y = 200"
TIGHT = "R1: A + B -> C; kf*A*B; R2: C -> A + B; kr*C; kf = 10; kr = 1; A = 10; B = 10; C = 0"
AUTOREPRESSION = (
    "R1: G -> G + P; r*G; R2: P -> ; g*P; R3: G + P -> B; kon*G*P; R4: B -> G + P; koff*B; "
    "r = 20; g = 1; kon = 5; koff = 1; G = 1; B = 0; P = 0"
)


def compiled(text: str) -> sg.Model:
    return sg.compile(sg.load(text))


def assert_close(found: Gradient, exact: dict[str, float], errors: float = 4.0, relative: float = 0.02) -> None:
    for name, value in exact.items():
        error = float(found.errors[found.ids.index(name)])
        assert abs(found[name] - value) <= errors * error + 1e-9 * abs(value), name
        assert abs(found[name] - value) <= relative * abs(value), name


def immigration_slopes(time: float) -> dict[str, float]:
    k, mu, decay = 1.0, 0.1, np.exp(-0.1 * time)
    return {"k": (1 - decay) / mu, "mu": k * (time * decay / mu - (1 - decay) / mu**2)}


@pytest.mark.parametrize("time", [1.0, 10.0])
def test_immigration_and_death(time: float) -> None:
    found = gradient(compiled(IMMIGRATION), mean_at("X", time), wrt=["k", "mu"], trajectories=20_000, seed=1)
    assert_close(found, immigration_slopes(time))
    assert found.audit is not None and found.audit.agrees
    assert abs(found.loss - (1 - np.exp(-0.1 * time)) / 0.1) <= 4 * found.loss_error


@pytest.mark.parametrize(
    ("text", "exact", "trajectories"),
    [
        (DSMTS_1, {"l": 3032.653, "m": -3032.653}, 4000),
        ("R1: -> X; a; R2: X -> ; m*X; a = 1; m = 0.1; X = 0", {"a": 9.93262, "m": -95.9572}, 4000),
        ("R1: -> X; a; a = 2; X = 0", {"a": 50.0}, 4000),
    ],
    ids=["DSMTS 00001", "DSMTS 00020", "pure birth"],
)
def test_published_derivatives(text: str, exact: dict[str, float], trajectories: int) -> None:
    objective = mean_at("X", 50.0)
    found = gradient(compiled(text), objective, wrt=list(exact), trajectories=trajectories, seed=2)
    assert_close(found, exact)


@pytest.mark.parametrize("estimator", ["gumbel", "score", "coupled_fd", "auto"])
def test_other_estimators(estimator: str) -> None:
    found = gradient(
        compiled(IMMIGRATION),
        mean_at("X", 10.0),
        wrt=["k", "mu"],
        trajectories=30_000,
        seed=3,
        estimator=estimator,
        temperature=0.05,
        step=0.1,
    )
    assert_close(found, immigration_slopes(10.0), relative=0.1)


def test_a_parameter_of_zero_and_a_state_at_rest() -> None:
    # nothing ever happens, but it would with another k; and after extinction the tangent goes on
    found = gradient(compiled("R1: -> X; k; k = 0; X = 0"), mean_at("X", 3.0), trajectories=2000)
    assert_close(found, {"k": 3.0})
    assert found.audit is not None and found.audit.agrees and torch.isnan(found.audit.discrepancy[0])
    dying = gradient(compiled("R1: X -> ; m*X; m = 1; X = 3"), mean_at("X", 6.0), wrt=["m"], trajectories=20_000)
    assert_close(dying, {"m": -6 * 3 * np.exp(-6.0)}, relative=0.2)


def test_an_initial_amount_is_a_parameter() -> None:
    found = gradient(compiled(DSMTS_1), mean_at("X", 5.0), wrt=["X", "l"], trajectories=500)
    assert_close(found, {"X": np.exp(-0.05)})
    assert found.audit is not None and torch.isnan(found.audit.discrepancy[0])
    with pytest.raises(ValueError, match="knows nothing of X"):
        gradient(compiled(DSMTS_1), mean_at("X", 5.0), wrt=["X"], trajectories=500, estimator="score")


def test_variances_and_time_averages() -> None:
    # Var X = E X from 0; its derivative, of squares and means together, is that of the mean
    model = compiled(IMMIGRATION)
    variance = Moments("X", [0.0, 10.0], lambda m: m[1, -1, 0] - m[0, -1, 0] ** 2, order=2)
    found = gradient(model, variance, wrt=["k"], trajectories=40_000, seed=4, estimator="score")
    assert_close(found, {"k": (1 - np.exp(-1.0)) / 0.1}, relative=0.1)
    with pytest.warns(GradientWarning, match="biased"):
        gradient(model, variance, wrt=["k"], trajectories=4000, seed=4)
    grid = np.linspace(0, 10, 101)
    average = gradient(model, TimeAverage("X", grid), wrt=["k"], trajectories=4000, seed=5)
    assert_close(average, {"k": float(np.trapezoid((1 - np.exp(-0.1 * grid)) / 0.1, grid)) / 10})


def test_errors_are_those_of_repetitions() -> None:
    """The standard error of 60 gradients of a nonlinear loss is the one that each reports, within 3.5 of its own."""
    model = compiled(IMMIGRATION)
    square = Moments("X", [0.0, 10.0], lambda m: (m[0, -1, 0] - 6.3) ** 2)
    for estimator in ("straight_through", "score"):
        found = [
            gradient(model, square, wrt=["k"], trajectories=200, seed=s, estimator=estimator, audit=False)
            for s in range(60)
        ]
        spread = np.std([g["k"] for g in found], ddof=1)
        told = np.mean([float(g.errors[0]) for g in found])
        assert abs(spread / told - 1) < 3.5 / np.sqrt(2 * 59)


def finite_state_slopes(
    model: sg.Model, start: tuple[int, ...], time: float, weight: Any, caps: Any
) -> dict[str, float]:
    """∂E[weight(x)]/∂θ by central differences of the finite state projection."""
    states, index = [start], {start: 0}
    nets = [
        tuple(int(j.stoichiometry[i].number or 0) if i in j.stoichiometry else 0 for i in range(len(start)))
        for j in model.system.jumps
    ]
    for state in states:
        for net in nets:
            new = tuple(a + b for a, b in zip(state, net, strict=True))
            if new not in index and all(0 <= v <= c for v, c in zip(new, caps, strict=True)):
                index[new] = len(states)
                states.append(new)
    x = torch.tensor(states, dtype=torch.float64)
    weights = np.array([weight(s) for s in states])

    def expectation(p: torch.Tensor) -> float:
        rates = model.propensities(0.0, x, p).numpy()
        generator = lil_array((len(states), len(states)))
        for s, state in enumerate(states):
            for j, net in enumerate(nets):
                new = index.get(tuple(a + b for a, b in zip(state, net, strict=True)))
                if new is not None and rates[s, j] > 0:
                    generator[new, s] += rates[s, j]
                    generator[s, s] -= rates[s, j]
        begin = np.zeros(len(states))
        begin[0] = 1
        return float(weights @ expm_multiply(generator.tocsc() * time, begin))

    slopes = {}
    for i, name in enumerate(model.parameter_ids):
        p = model.parameters_default.repeat(2, 1)
        half = 1e-4 * float(p[0, i])
        if name in start_free(model) and half:
            p[0, i] -= half
            p[1, i] += half
            slopes[name] = (expectation(p[1]) - expectation(p[0])) / (2 * half)
    return slopes


def start_free(model: sg.Model) -> set[str]:
    return set(model.parameter_ids) - set(model.state_ids) - {"default_compartment"}


@pytest.mark.parametrize(
    ("text", "symbol", "start", "caps"),
    [(TIGHT, "A", (10, 10, 0), (10, 10, 10)), (AUTOREPRESSION, "P", (1, 0, 0), (1, 1, 60))],
    ids=["tight binding", "autorepressed single copy"],
)
def test_single_copies_are_flagged_and_right_under_auto(
    text: str, symbol: str, start: tuple[int, ...], caps: tuple[int, ...]
) -> None:
    model = compiled(text)
    position = model.state_ids.index(symbol)
    order = {
        name: value for name, value in zip(("A", "B", "C") if symbol == "A" else ("G", "B", "P"), start, strict=True)
    }
    first = tuple(order[name] for name in model.state_ids)
    limits = dict(zip(order, caps, strict=True))
    exact = finite_state_slopes(
        model, first, 2.0, lambda s: s[position], tuple(limits[name] for name in model.state_ids)
    )
    wanted = sorted(exact)
    objective = mean_at(symbol, 2.0)
    with pytest.warns(GradientWarning, match=r"biased: .* take estimator='score' or 'auto'"):
        default = gradient(model, objective, wrt=wanted, trajectories=10_000, seed=6)
    assert default.audit is not None and not default.audit.agrees
    worst = max(abs(default[name] / exact[name] - 1) for name in wanted)
    assert worst > 0.4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = gradient(model, objective, wrt=wanted, trajectories=10_000, seed=6, estimator="auto")
    assert Estimator.SCORE in chosen.chosen
    assert_close(chosen, exact, relative=0.25)


@pytest.mark.parametrize("what", ["level", "frequency"])
def test_direction_for_lotka_and_volterra(what: str) -> None:
    model = compiled(LOTKA)
    grid = np.linspace(0, 20, 201)
    spectrum = MeanSpectrum("X", grid)
    objective = mean_at("X", 10.0) if what == "level" else MeanSpectrum("X", grid, spectrum.centroid)
    scale = torch.tensor([1.0, 0.0025, 0.6])
    rates = ["a", "b", "c"]
    reference = gradient(model, objective, wrt=rates, trajectories=500, estimator="coupled_fd", step=0.03, seed=7)
    found = gradient(model, objective, wrt=rates, trajectories=200, seed=8)
    cosine = torch.nn.functional.cosine_similarity(found.values * scale, reference.values * scale, 0)
    assert cosine >= 0.98
    wrong = gradient(model, objective, wrt=rates, trajectories=50, seed=8, estimator="dga", audit=False)
    assert torch.nn.functional.cosine_similarity(wrong.values * scale, reference.values * scale, 0) < 0.9


def test_distributions() -> None:
    """MMD² between two Poisson laws, by the score function: distributions are what pathwise tangents do not know."""
    model = compiled(IMMIGRATION)
    samples = np.random.default_rng(0).poisson(10.0, 4000)
    objective = DistributionMatch("X", 60.0, samples)

    def exact(mean: float) -> float:
        counts = torch.arange(60.0, dtype=torch.float64)
        law = torch.exp(torch.distributions.Poisson(torch.tensor(mean, dtype=torch.float64)).log_prob(counts))
        bells = objective.features(counts[:, None, None].expand(-1, 2, 1))
        return float(objective.loss(law @ bells))

    reached = 10 * (1 - np.exp(-6.0))
    found = gradient(model, objective, {"k": 1.5}, wrt=["k"], trajectories=20_000, estimator="score")
    assert abs(found.loss - exact(1.5 * reached)) <= 4 * found.loss_error
    slope = (exact(1.501 * reached) - exact(1.499 * reached)) / 0.002
    assert_close(found, {"k": slope}, relative=0.2)
    near = gradient(model, objective, {"k": 1.0}, wrt=["k"], trajectories=2000, estimator="score")
    assert near.loss < 0.02 * found.loss


def test_functions_of_users() -> None:
    model = compiled(IMMIGRATION)
    ratio = Functional(["X"], [0.0, 5.0, 10.0], lambda v: v[:, 1:, 0], lambda m: m[1] / m[0])
    found = gradient(model, ratio, wrt=["mu"], trajectories=20_000, seed=9)

    def exact(mu: float) -> float:
        return (1 - np.exp(-10 * mu)) / (1 - np.exp(-5 * mu))

    assert_close(found, {"mu": (exact(0.1001) - exact(0.0999)) / 0.0002})
    with pytest.raises(ValueError, match=r"features have shape \(3, 1\)"):
        gradient(model, Functional("X", [0.0, 1.0], lambda v: v[:3, -1, 0]), trajectories=10)


def test_autograd_is_the_gradient() -> None:
    model = compiled(LOTKA)
    grid = np.linspace(0, 2, 5)
    for estimator in ("straight_through", "gumbel"):
        values = torch.tensor([1.0, 0.0025, 0.6], dtype=torch.float64, requires_grad=True)
        named: dict[str, Any] = dict(zip(("a", "b", "c"), values, strict=True))
        runs = sg.simulate_ssa(model, grid, named, trajectories=50, seed=10, estimator=estimator)
        (runs["X"][:, -1].mean() ** 2).backward()
        objective = Moments("X", grid, lambda m: m[0, -1, 0] ** 2)
        found = gradient(
            model, objective, wrt=["a", "b", "c"], trajectories=50, seed=10, estimator=estimator, audit=False
        )
        assert values.grad is not None
        torch.testing.assert_close(values.grad, found.values)


def test_autograd_of_a_batch_and_of_weights() -> None:
    model = compiled(IMMIGRATION)
    k = torch.tensor([1.0, 4.0], dtype=torch.float64, requires_grad=True)
    runs = sg.simulate_ssa(model, [0.0, 10.0], {"k": k}, trajectories=4000, seed=11, estimator="straight_through")
    assert runs.states.shape == (2, 4000, 2, 1)
    runs["X"][..., -1].mean(1).sum().backward()
    assert k.grad is not None
    np.testing.assert_allclose(k.grad.numpy(), (1 - np.exp(-1.0)) / 0.1, rtol=0.02)
    k = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    runs = sg.simulate_ssa(model, [0.0, 10.0], {"k": k}, trajectories=20_000, seed=11, estimator="score")
    assert runs.weights is not None and not runs.states.requires_grad
    x = runs["X"].detach()[:, -1]
    ((x - x.mean()) * runs.weights[:, -1]).mean().backward()
    assert k.grad is not None
    np.testing.assert_allclose(k.grad.numpy(), (1 - np.exp(-1.0)) / 0.1, rtol=0.05)


def test_the_tape_is_the_tangents() -> None:
    """A chain of twelve species has more parameters than tangents are carried along for."""
    text = "".join(f"R{i}: S{i} -> S{i + 1}; k{i}*S{i}/(1 + S{i}/50); k{i} = {1 + 0.1 * i}; " for i in range(12))
    model = compiled(text + "".join(f"S{i} = {40 if i == 0 else 3}; " for i in range(13)))
    grid = np.linspace(0, 3, 4)
    objective = Moments(["S5", "S12"], grid, lambda m: (m[0] ** 2).sum())
    names = [f"k{i}" for i in range(12)]
    taped = gradient(model, objective, wrt=names, trajectories=30, seed=12)
    carried = [
        gradient(model, objective, wrt=names[i : i + 6], trajectories=30, seed=12, audit=False).values for i in (0, 6)
    ]
    torch.testing.assert_close(taped.values, torch.cat(carried), rtol=1e-10, atol=1e-12)


def test_a_seed_gives_the_same_gradient() -> None:
    model = compiled(IMMIGRATION)
    first, second = (gradient(model, mean_at("X", 5.0), trajectories=300, seed=-(10**30)) for _ in range(2))
    assert torch.equal(first.values, second.values) and torch.equal(first.errors, second.errors)


def test_temperatures() -> None:
    model = compiled(IMMIGRATION)
    with pytest.warns(UserWarning, match="temperature of 0.8"):
        gradient(model, mean_at("X", 1.0), trajectories=10, estimator="gumbel", temperature=0.8, audit=False)
    with pytest.raises(ValueError, match="temperature is 0"):
        gradient(model, mean_at("X", 1.0), trajectories=10, estimator="gumbel", temperature=0.0)
    assert annealed(0, 11) == 0.5 and annealed(10, 11) == pytest.approx(0.1) and annealed(50, 11) == pytest.approx(0.1)


def test_what_has_no_gradient() -> None:
    model = compiled(IMMIGRATION)
    with pytest.raises(ValueError, match="'median' is not a valid Estimator"):
        gradient(model, mean_at("X", 1.0), estimator="median")
    with pytest.raises(ValueError, match="at least 4"):
        gradient(model, mean_at("X", 1.0), trajectories=2)
    with pytest.raises(sg.network.UnknownElementError):
        gradient(model, mean_at("X", 1.0), wrt=["nothing"])
    with pytest.raises(ValueError, match=r"ssa\.gradient"):
        sg.simulate_ssa(model, [0.0, 1.0], trajectories=10, estimator="auto")
    with pytest.raises(JumpError, match="whole number"):
        gradient(compiled("R1: 0.5 X -> ; k*X; k = 1; X = 10"), mean_at("X", 1.0))
    negative = compiled("R1: X -> ; k*(X - 5); k = 1; X = 5; R2: X -> ; X")
    with pytest.raises(ValueError, match="propensity became negative"):
        gradient(negative, mean_at("X", 50.0), trajectories=20)
