"""Algebraic rules and fast reactions: solutions by hand, SciPy's roots, and SciPy's Radau on the reduced equations."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import sbmlgrn as sg
from sbmlgrn.expr import Expr, constant, evaluate, power, relation, symbol
from sbmlgrn.lower import LoweringError
from sbmlgrn.lower.algebraic import SingularError, match, solve, solve_linear
from sbmlgrn.network import (
    AlgebraicRule,
    Compartment,
    Event,
    EventAssignment,
    Network,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
)
from sbmlgrn.sbml import load, write

x, y, k = symbol("x"), symbol("y"), symbol("k")


def test_every_equation_gets_an_unknown() -> None:
    assert match([["a", "b"], ["a"]]) == ["b", "a"]
    with pytest.raises(SingularError) as caught:
        match([["a"], ["a"], ["b"]])
    assert caught.value.row == 1


def test_linear_systems_with_zero_pivots() -> None:
    generator = np.random.default_rng(1)
    dense = generator.normal(size=(4, 4))
    dense[0, 0] = dense[1, 1] = 0
    right = generator.normal(size=4)
    matrix = [[constant(v) for v in row] for row in dense.tolist()]
    solution = evaluate(solve_linear(matrix, [constant(v) for v in right.tolist()]))
    assert np.allclose(solution, np.linalg.solve(dense, right))


def test_nonlinear_equations_and_their_derivative() -> None:
    (root,) = solve([x**3 + k * x - 5], [x], [constant(1)])
    for value in (0.5, 2.0):
        assert evaluate([root], {"k": value})[0] == pytest.approx(brentq(lambda v, a=value: v**3 + a * v - 5, 0, 5))
    from sbmlgrn.expr import derivative

    at = evaluate([root], {"k": 2.0})[0]
    assert evaluate([derivative(root, k)], {"k": 2.0})[0] == pytest.approx(-at / (3 * at**2 + 2))


def network(rule: Expr, *elements: Event) -> Network:
    return Network().with_elements(
        Parameter(id="x", value=1.0, constant=False),
        Parameter(id="y", value=1.0, constant=False),
        Parameter(id="k", value=2.0),
        RateRule(variable="x", math=-0.5 * x),
        AlgebraicRule(math=rule),
        *elements,
    )


def test_a_linear_rule_eliminates_its_unknown() -> None:
    model = sg.compile(network(k * y + x - 3))
    assert model.state_ids == ("x",)
    solution = sg.simulate(model, [0.0, 2.0], rtol=1e-10)
    assert torch.allclose(solution["y"], (3 - solution["x"]) / 2)


@pytest.mark.parametrize("grad", [False, True])
def test_a_nonlinear_rule_holds_along_the_way_and_after_events(grad: bool) -> None:
    kick = Event(
        id="E",
        trigger=relation("lt", x, 0.6),
        assignments=(EventAssignment(variable="x", math=constant(2)),),
    )
    model = sg.compile(network(power(y, 3) + y - k * x, kick))
    p = model.parameters_default.clone().requires_grad_(grad)
    solution = sg.simulate(model, torch.linspace(0, 4, 41), p, rtol=1e-9, atol=1e-12)
    values = solution["y"]
    assert torch.allclose(values**3 + values, 2 * solution["x"], atol=1e-7)
    assert solution["x"].max() > 1.9


def test_an_overdetermined_model_is_named() -> None:
    with pytest.raises(LoweringError, match=r"overdetermined: algebraic rule 1 \(0 = x - 1\) leaves no variable"):
        sg.compile(network(x - 1))


def binding(fast: bool) -> Network:
    def reference(name: str) -> SpeciesReference:
        return SpeciesReference(species=name)

    return Network(level=3, version=1).with_elements(
        Compartment(id="c", size=2.0),
        *(Species(id=n, compartment="c", initial_concentration=v) for n, v in {"A": 3.0, "B": 1.0, "C": 0.5}.items()),
        Parameter(id="K", value=0.7),
        Parameter(id="d", value=0.3),
        Reaction(
            id="bind",
            reactants=(reference("A"), reference("B")),
            products=(reference("C"),),
            kinetic_law=symbol("A") * symbol("B") - symbol("K") * symbol("C"),
            fast=fast,
        ),
        Reaction(id="lose", reactants=(reference("C"),), kinetic_law=symbol("d") * symbol("C") * symbol("c")),
    )


def test_a_fast_reaction_is_the_limit_of_a_rapid_one() -> None:
    solution = sg.simulate(sg.compile(binding(fast=True)), [0.0, 1.0, 3.0], rtol=1e-10, atol=1e-12)
    a, b, c = (solution[n] for n in "ABC")
    assert torch.allclose(a * b, 0.7 * c, atol=1e-8)
    assert (a[0] + c[0]).item() == pytest.approx(3.5) and (b[0] + c[0]).item() == pytest.approx(1.5)

    def rapid(t: float, s: np.ndarray) -> list[float]:
        bind = 1e6 * (s[0] * s[1] - 0.7 * s[2])
        return [-bind, -bind, bind - 0.3 * s[2]]

    reference = solve_ivp(rapid, (0, 3), [3.0, 1.0, 0.5], method="Radau", rtol=1e-9, atol=1e-12)
    assert np.allclose([v[-1].item() for v in (a, b, c)], reference.y[:, -1], rtol=1e-5)


def test_dependent_fast_reactions_share_one_equilibrium() -> None:
    split = binding(fast=True)
    forward, backward = symbol("A") * symbol("B"), symbol("K") * symbol("C")
    bind = split.reactions[0]
    reverse = Reaction(id="part", reactants=bind.products, products=bind.reactants, kinetic_law=backward, fast=True)
    from dataclasses import replace

    split = split.with_elements(replace(bind, kinetic_law=forward), reverse)
    one, two = (sg.simulate(sg.compile(n), [0.0, 2.0]).states for n in (binding(fast=True), split))
    assert torch.allclose(one, two, rtol=1e-9)


def test_documents_keep_algebraic_rules() -> None:
    original = network(k * y + x - 3)
    document = load(write(original))
    assert AlgebraicRule(math=k * y + x - 3) in document.rules
    assert load(write(document.with_values({"k": 4.0}))).value("k") == 4.0
    with pytest.raises(ValueError, match="'bind' is fast, which Level 3 Version 2 does not know"):
        write(binding(fast=True))


@pytest.mark.parametrize(
    ("equation", "start", "expected"),
    [
        (lambda q: q * q + 1, 5.0, math.nan),  # no solution
        (lambda q: q * q - 2, 5.0, math.sqrt(2)),
        (lambda q: q * q - 2, math.sqrt(2), math.sqrt(2)),  # the guess is the solution
        (lambda q: (q - 3) * (q - 3), 5.0, 3.0),  # a double root, which Newton's method approaches slowly
        (lambda q: q * q * q, 1e-30, 0.0),
    ],
)
def test_newtons_method_ends_at_a_solution_or_nowhere(
    equation: Callable[[Expr], Expr], start: float, expected: float
) -> None:
    (root,) = solve([equation(symbol("q"))], [symbol("q")], [constant(start)])
    assert evaluate([root], {})[0] == pytest.approx(expected, abs=2e-3, nan_ok=True)
