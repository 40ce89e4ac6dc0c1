"""Linear programmes small enough to be solved by hand, and the same against every vertex of what is feasible."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf, nan

import numpy as np
import pytest

from sbmlgrn.expr import constant, symbol
from sbmlgrn.flux import FluxBalanceError, InfeasibleError, UnboundedError, balance_fluxes
from sbmlgrn.network import (
    AssignmentRule,
    Compartment,
    FluxBalance,
    FluxBound,
    FluxObjective,
    InitialAssignment,
    Network,
    Objective,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
    UnknownElementError,
    UserDefinedConstraint,
    UserDefinedConstraintComponent,
)


def reaction(id: str, equation: str, reversible: bool = False, **fields: str) -> Reaction:
    """A reaction of an equation such as ``2 A -> B``."""
    left, right = ([side.split() for side in half.split("+") if side.strip()] for half in equation.split("->"))
    references = [
        tuple(SpeciesReference(species=side[-1], stoichiometry=float(side[0]) if side[1:] else 1.0) for side in sides)
        for sides in (left, right)
    ]
    return Reaction(id=id, reactants=references[0], products=references[1], reversible=reversible, **fields)  # type: ignore[arg-type]


def objective(id: str, type: str, **weights: float) -> Objective:
    return Objective(
        id=id,
        type=type,
        flux_objectives=tuple(FluxObjective(reaction=r, coefficient=c) for r, c in weights.items()),
    )


@pytest.fixture
def branched() -> Network:
    """X, which is outside, is taken up as A, which becomes 2 B or 1 C; both are given off to the outside."""
    return Network(
        flux_balance=FluxBalance(
            objectives=(objective("most", "maximize", dB=1, dC=3), objective("least", "minimize", dB=1, dC=3)),
            active_objective="most",
        )
    ).with_elements(
        Compartment(id="V", size=2.0),
        *(Species(id=s, compartment="V") for s in "ABC"),
        Species(id="X", compartment="V", boundary_condition=True),
        Parameter(id="zero", value=0.0),
        Parameter(id="one", value=1.0),
        Parameter(id="ten", value=10.0),
        reaction("uptake", "X -> A", lower_flux_bound="one", upper_flux_bound="ten"),
        reaction("toB", "A -> 2 B", lower_flux_bound="zero"),
        reaction("toC", "A -> C", lower_flux_bound="zero", upper_flux_bound="one"),
        reaction("dB", "B ->"),
        reaction("dC", "C -> X"),
    )


def test_both_ends_of_the_objective(branched: Network) -> None:
    # Per A, C is worth 3 and B is worth 2, and at most one A becomes C.
    solution = balance_fluxes(branched)
    assert solution.objective == "most"
    assert solution.value == pytest.approx(9 * 2 + 3)
    assert solution.fluxes == pytest.approx({"uptake": 10, "toB": 9, "toC": 1, "dB": 18, "dC": 1})
    assert solution.objectives == pytest.approx({"most": 21, "least": 21})
    assert balance_fluxes(branched, "least").value == pytest.approx(2)


def test_the_only_objective_needs_not_be_active(branched: Network) -> None:
    assert branched.flux_balance is not None
    only = replace(branched.flux_balance, objectives=branched.flux_balance.objectives[:1], active_objective=None)
    assert balance_fluxes(replace(branched, flux_balance=only)).value == pytest.approx(21)


def test_bounds_of_version_1_narrow_each_other(branched: Network) -> None:
    assert branched.flux_balance is not None
    bounds = [("uptake", "lessEqual", 8), ("uptake", "lessEqual", 9), ("toC", "equal", 0.5), ("dB", "greaterEqual", 15)]
    bound = tuple(FluxBound(reaction=r, operation=o, value=v) for r, o, v in bounds)
    network = replace(branched, flux_balance=replace(branched.flux_balance, version=1, flux_bounds=bound))
    assert balance_fluxes(network).value == pytest.approx(2 * 7.5 + 3 * 0.5)
    assert balance_fluxes(network, "least").fluxes == pytest.approx(
        {"uptake": 8, "toB": 7.5, "toC": 0.5, "dB": 15, "dC": 0.5}
    )


def test_bounds_and_stoichiometries_are_those_of_the_start(branched: Network) -> None:
    computed = SpeciesReference(species="B", stoichiometry=None, id="n", constant=False)
    network = branched.with_elements(
        replace(branched.element("toB"), products=(computed,)),  # type: ignore[arg-type]
        InitialAssignment(symbol="n", math=symbol("ten") / 4),
        Parameter(id="limit", value=3.0, constant=False),
        AssignmentRule(variable="limit", math=symbol("ten") * 2),
        replace(branched.element("uptake"), upper_flux_bound="limit"),  # type: ignore[arg-type]
        # rules without mathematics change nothing
        InitialAssignment(symbol="one", math=None),
        AssignmentRule(variable="ten", math=None),
    )
    assert balance_fluxes(network).value == pytest.approx(19 * 2.5 + 3)


def test_without_bounds_only_reversible_reactions_run_backwards() -> None:
    network = Network(flux_balance=FluxBalance(objectives=(objective("o", "minimize", out=1),))).with_elements(
        Compartment(id="V"),
        Species(id="A", compartment="V"),
        Parameter(id="low", value=-4.0),
        Parameter(id="none", value=-inf),
        reaction("in", "-> A", reversible=True, lower_flux_bound="low"),
        reaction("out", "A ->", lower_flux_bound="none"),
    )
    assert balance_fluxes(network).fluxes == pytest.approx({"in": -4, "out": -4})
    forward = network.with_elements(reaction("out", "A ->"))
    assert balance_fluxes(forward).fluxes == pytest.approx({"in": 0, "out": 0})


def test_what_reactions_leave_alone_is_not_balanced(branched: Network) -> None:
    constant_species = branched.with_elements(Species(id="A", compartment="V", constant=True))
    with pytest.raises(UnboundedError, match="'most' can be maximized without limit"):
        balance_fluxes(constant_species)
    assert balance_fluxes(constant_species, "least").value == pytest.approx(0)


def test_user_defined_constraints(branched: Network) -> None:
    assert branched.flux_balance is not None

    def constraint(id: str, lower: str, upper: str, **coefficients: str) -> UserDefinedConstraint:
        terms = tuple(UserDefinedConstraintComponent(coefficient=c, variable=v) for v, c in coefficients.items())
        return UserDefinedConstraint(id=id, lower_bound=lower, upper_bound=upper, components=terms)

    constraints = (
        constraint("c", "zero", "ten", dB="one", dC="two"),
        constraint("d", "ten", "much", slack="one", dB="one"),
        constraint("e", "less", "one", slack="one"),
    )
    network = replace(
        branched, flux_balance=replace(branched.flux_balance, version=3, user_defined_constraints=constraints)
    ).with_elements(
        Parameter(id="two", value=2.0),
        Parameter(id="much", value=inf),
        Parameter(id="less", value=-inf),
        Parameter(id="slack", constant=False),
    )
    # dB + 2 dC ≤ 10, dB + slack ≥ 10, slack ≤ 1: dB ≥ 9, and so dC = 0.5
    solution = balance_fluxes(network)
    assert solution.value == pytest.approx(9 + 1.5)
    assert solution.variables == pytest.approx({"slack": 1})
    assert "slack" not in solution.fluxes


def test_against_every_vertex() -> None:
    """A bounded linear programme is best at a vertex; with few variables all of them can be listed."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        network, steady, low, high, weights = random_network(rng)
        best = best_vertex(steady, low, high, weights)
        if best is None:
            with pytest.raises(InfeasibleError):
                balance_fluxes(network)
        else:
            solution = balance_fluxes(network)
            assert solution.value == pytest.approx(best, abs=1e-7)
            fluxes = np.array(list(solution.fluxes.values()))
            assert np.abs(steady @ fluxes).max() < 1e-6
            assert np.all(fluxes >= low - 1e-6)
            assert np.all(fluxes <= high + 1e-6)


def random_network(rng: np.random.Generator) -> tuple[Network, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    steady = rng.integers(-2, 3, (2, 5)).astype(float)
    low, high = np.sort(rng.integers(-3, 4, (2, 5)), axis=0).astype(float)
    weights = rng.normal(size=5)
    reactions = [
        Reaction(
            id=f"R{i}",
            products=tuple(SpeciesReference(species=f"S{k}", stoichiometry=steady[k, i]) for k in range(2)),
            lower_flux_bound=f"low{i}",
            upper_flux_bound=f"high{i}",
        )
        for i in range(5)
    ]
    flux_balance = FluxBalance(
        objectives=(objective("o", "maximize", **{f"R{i}": w for i, w in enumerate(weights)}),), strict=True
    )
    network = Network(flux_balance=flux_balance).with_elements(
        Compartment(id="V"),
        *(Species(id=f"S{k}", compartment="V") for k in range(2)),
        *(Parameter(id=f"low{i}", value=v) for i, v in enumerate(low)),
        *(Parameter(id=f"high{i}", value=v) for i, v in enumerate(high)),
        *reactions,
    )
    return network, steady, low, high, weights


def best_vertex(steady: np.ndarray, low: np.ndarray, high: np.ndarray, weights: np.ndarray) -> float | None:
    """At a vertex all variables but as many as there are independent equations are at a bound."""
    best = None
    size = len(weights)
    for ends in product((-1, 0, 1), repeat=size):  # at the lower bound, free, at the upper bound
        free = np.array(ends) == 0
        columns = steady[:, free]
        if np.linalg.matrix_rank(columns) < free.sum():
            continue
        point = np.where(np.array(ends) < 0, low, high)
        point[free] = 0
        point[free] = np.linalg.lstsq(columns, -steady @ point, rcond=None)[0] if free.any() else 0
        inside = np.all(point >= low - 1e-9) and np.all(point <= high + 1e-9)
        if inside and np.abs(steady @ point).max() < 1e-9:
            best = max(-inf if best is None else best, float(weights @ point))
    return best


def with_bound(network: Network, name: str, value: float | None) -> Network:
    return network.with_elements(Parameter(id=name, value=value))


def test_no_fluxes(branched: Network) -> None:
    with pytest.raises(InfeasibleError, match="'most' has no solution: the bounds of 'uptake' are 20 from below"):
        balance_fluxes(with_bound(branched, "one", 20))
    blocked = branched.with_elements(reaction("dB", "B ->", lower_flux_bound="zero", upper_flux_bound="zero"))
    assert balance_fluxes(blocked).value == pytest.approx(3)
    with pytest.raises(InfeasibleError, match="'most' has no solution: no fluxes of a steady state"):
        balance_fluxes(with_bound(blocked, "one", 2).with_elements(reaction("toC", "A -> C", upper_flux_bound="zero")))
    endless = with_bound(branched, "one", inf).with_elements(reaction("uptake", "-> A", lower_flux_bound="one"))
    with pytest.raises(InfeasibleError, match="inf from below"):
        balance_fluxes(endless)


def test_no_limit(branched: Network) -> None:
    with pytest.raises(UnboundedError, match="'most' can be maximized without limit"):
        balance_fluxes(with_bound(branched, "ten", inf))
    assert balance_fluxes(with_bound(branched, "ten", inf), "least").value == pytest.approx(2)


@pytest.mark.parametrize("value", [None, nan])
def test_a_bound_without_value(branched: Network, value: float | None) -> None:
    with pytest.raises(FluxBalanceError, match="'ten', to which the upper flux bound of reaction 'uptake' refers"):
        balance_fluxes(with_bound(branched, "ten", value))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"objectives": ()}, "no objective"),
        ({"active_objective": None}, "none is active: choose one of 'most', 'least'"),
        ({"strict": True}, "the upper flux bound of reaction 'toB' is missing"),
        ({"flux_bounds": (FluxBound(id="b", reaction="dB", operation="equal", value=nan),)}, "'b' of reaction 'dB'"),
        ({"flux_bounds": (FluxBound(id="b", reaction="dB", operation="less", value=1),)}, "is less 1, expected"),
        ({"objectives": (objective("o", "improve", dB=1),), "active_objective": "o"}, "the type 'improve'"),
        (
            {"objectives": (objective("o", "maximize", dB=inf),), "active_objective": "o"},
            "'dB' in the objective 'o'",
        ),
        (
            {
                "objectives": (Objective(id="o", type="maximize", flux_objectives=(FluxObjective(reaction="dB"),)),),
                "active_objective": "o",
            },
            "is nan, expected a finite number",
        ),
        (
            {
                "objectives": (
                    Objective(
                        id="o",
                        type="minimize",
                        flux_objectives=(FluxObjective(reaction="dB", coefficient=1, variable_type="quadratic"),),
                    ),
                ),
                "active_objective": "o",
            },
            "quadratic",
        ),
        (
            {
                "user_defined_constraints": (
                    UserDefinedConstraint(
                        id="c",
                        lower_bound="zero",
                        upper_bound="V",
                        components=(UserDefinedConstraintComponent(coefficient="one", variable="dB"),),
                    ),
                )
            },
            "'V', to which the constraint 'c' refers, is no parameter",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_optimised(branched: Network, change: dict[str, object], expected: str) -> None:
    assert branched.flux_balance is not None
    with pytest.raises(FluxBalanceError, match=expected):
        balance_fluxes(replace(branched, flux_balance=replace(branched.flux_balance, **change)))  # type: ignore[arg-type]


def test_a_model_without_objectives(branched: Network) -> None:
    with pytest.raises(FluxBalanceError, match="no objective"):
        balance_fluxes(replace(branched, flux_balance=None))
    with pytest.raises(FluxBalanceError, match="no reactions"):
        balance_fluxes(Network(flux_balance=FluxBalance(objectives=(objective("o", "maximize"),))))


def test_names_that_nothing_has(branched: Network) -> None:
    assert branched.flux_balance is not None
    with pytest.raises(UnknownElementError, match="unknown objective 'mst': did you mean 'most'"):
        balance_fluxes(branched, "mst")
    bound = FluxBound(reaction="toD", operation="equal", value=1)
    with pytest.raises(UnknownElementError, match="'toD'"):
        balance_fluxes(replace(branched, flux_balance=replace(branched.flux_balance, flux_bounds=(bound,))))
    with pytest.raises(UnknownElementError, match="'eleven'"):
        balance_fluxes(branched.with_elements(reaction("dB", "B ->", upper_flux_bound="eleven")))


def test_a_stoichiometry_that_is_no_number(branched: Network) -> None:
    reference = SpeciesReference(species="B", stoichiometry=None, id="n")
    network = branched.with_elements(
        replace(branched.element("toB"), products=(reference,)),  # type: ignore[arg-type]
        InitialAssignment(symbol="n", math=constant(nan)),
    )
    with pytest.raises(FluxBalanceError, match="the stoichiometry of 'B' in reaction 'toB' is nan"):
        balance_fluxes(network)


def test_kinetic_laws_do_not_count(branched: Network) -> None:
    lawful = branched.with_elements(replace(branched.element("toB"), kinetic_law=symbol("A") * 5))  # type: ignore[arg-type]
    assert balance_fluxes(lawful).value == pytest.approx(21)
