"""Equations against values worked out by hand from the SBML specification."""

import math

import pytest

from sbmlgrn.expr import call, constant, evaluate, function, symbol
from sbmlgrn.lower import LoweringError, Quantity, System, lower
from sbmlgrn.network import (
    AssignmentRule,
    Compartment,
    FunctionDefinition,
    InitialAssignment,
    LocalParameter,
    Network,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
)
from sbmlgrn.sbml import load, write


def start(system: System, **changed: float) -> dict[str, float]:
    table = {str(p.leaf.value): changed.get(p.id, p.value) for p in system.parameters}
    values = evaluate(system.initial, table)
    return table | {str(s.leaf.value): v for s, v in zip(system.states, values, strict=True)}


def rates(system: System, time: float = 0.0, **changed: float) -> dict[str, float]:
    values = evaluate(system.rhs, start(system, **changed), time)
    return dict(zip((s.id for s in system.states), values, strict=True))


def test_reactions_move_amounts_between_compartments() -> None:
    system = lower(load("compartment a = 2, b = 5; A in a; B in b; R: 2A -> 3B; k*A; k = 0.5; A = 3; B = 0"))
    assert [(s.id, s.quantity) for s in system.states] == [("A", Quantity.AMOUNT), ("B", Quantity.AMOUNT)]
    assert evaluate(system.initial, start(system)) == [6.0, 0.0]
    assert rates(system) == {"A": -2 * 0.5 * 3, "B": 3 * 0.5 * 3}
    assert evaluate([system.observables["A"], system.amounts["A"]], start(system)) == [3.0, 6.0]


def test_substance_only_species_are_amounts_in_mathematics() -> None:
    system = lower(load("compartment c = 4; substanceOnly species S in c; S = 8; S -> ; k*S; k = 1"))
    assert rates(system) == {"S": -8.0}
    assert evaluate([system.amounts["S"], system.concentrations["S"]], start(system)) == [8.0, 2.0]


def test_a_compartment_that_grows_dilutes() -> None:
    system = lower(load("compartment c = 2; c' = 1; species S in c, T in c; S = 3; T' = -T; T = 5; S -> ; 0.5"))
    table = start(system)
    assert rates(system) == {"S": -0.5, "c": 1.0, "T": -5.0}
    table["y:c"] = 4.0
    assert evaluate([system.observables["S"], system.amounts["T"]], table) == [1.5, 20.0]


def test_boundary_and_constant_species_do_not_change() -> None:
    system = lower(load("$B + S -> ; k*B*S; k = 3; B = 2; S = 1"))
    assert [s.id for s in system.states] == ["S"]
    assert rates(system) == {"S": -6.0}


def test_initial_assignments_follow_each_other_and_time_zero() -> None:
    system = lower(load("a = b + 1; b = 2*c; c = 3; x = a; x' = -x + time; z := x + a; S = z; species S; S -> ; 1"))
    assert "a" not in {p.id for p in system.parameters}
    assert dict(zip((s.id for s in system.states), evaluate(system.initial, start(system)), strict=True)) == {
        "S": 14.0,
        "x": 7.0,
    }
    assert rates(system, time=10.0)["x"] == 3.0


def test_local_parameters_hide_global_ones() -> None:
    network = Network().with_elements(
        Compartment(id="c", size=1.0),
        Species(id="S", compartment="c", initial_amount=2.0),
        Parameter(id="k", value=9.0),
        Reaction(
            id="R",
            reactants=(SpeciesReference(species="S"),),
            kinetic_law=symbol("R.k") * symbol("S"),
            local_parameters=(LocalParameter(id="k", value=0.5),),
        ),
    )
    assert rates(lower(network)) == rates(lower(load(write(network)))) == {"S": -1.0}
    assert rates(lower(network), **{"R.k": 3.0, "k": 100.0}) == {"S": -6.0}


def test_conversion_factors_scale_extent() -> None:
    from dataclasses import replace

    network = load("S -> T; 2; S = 1; T = 0; f = 10; g = 100")
    network = replace(network, conversion_factor="f", source=None)
    network = network.with_elements(replace(network.species[1], conversion_factor="g"))
    assert rates(lower(network)) == {"S": -20.0, "T": 200.0}


def test_rate_of_is_the_derivative_of_the_symbol() -> None:
    system = lower(load("compartment c = 2; species S in c; S = 3; S -> ; 4; r := rateOf(S); x' = 2*rateOf(S); x = 0"))
    assert evaluate([system.observables["r"]], start(system)) == [-2.0]
    assert rates(system)["x"] == -4.0


def test_jumps_carry_net_stoichiometry() -> None:
    system = lower(load("R: 2A + B -> 3A; k*A*B; A = 1; B = 1; k = 1; Q: A -> A; k"))
    index = {s.id: i for i, s in enumerate(system.states)}
    table = start(system)
    first = {i: evaluate([e], table)[0] for i, e in system.jumps[0].stoichiometry.items()}
    assert first == {index["A"]: 1.0, index["B"]: -1.0} and [j.id for j in system.jumps] == ["R", "Q"]
    assert all(evaluate([e], table) == [0.0] for e in system.jumps[1].stoichiometry.values())


def test_unset_values_are_nan_and_unset_sizes_one() -> None:
    network = Network().with_elements(Compartment(id="c"), Parameter(id="k"))
    values = {p.id: p.value for p in lower(network).parameters}
    assert values["c"] == 1.0 and math.isnan(values["k"])


a, b = symbol("a"), symbol("b")
RULES = (AssignmentRule(variable="a", math=b), AssignmentRule(variable="b", math=a + 1))
STARTS = (InitialAssignment(symbol="a", math=b), InitialAssignment(symbol="b", math=a))
RATE_OF = (AssignmentRule(variable="a", math=function("rate_of", b)), AssignmentRule(variable="b", math=constant(2)))
CALLS = (
    FunctionDefinition(id="f", arguments=("x",), math=call("g", [symbol("x")])),
    FunctionDefinition(id="g", arguments=("x",), math=call("f", [symbol("x")])),
)
UNDEFINED = (AssignmentRule(variable="a", math=symbol("ghost")),)
MISCALLED = (CALLS[0], AssignmentRule(variable="a", math=call("f", [a, b])))


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (RULES, "the definitions of 'a' → 'b' → 'a' are circular|the definitions of 'b' → 'a' → 'b' are circular"),
        (STARTS, "are circular"),
        (RATE_OF, "rateOf 'b' is not defined: an assignment rule determines 'b'"),
        (CALLS, "the functions '[fg]' → '[fg]' → '[fg]' call each other in a circle"),
        (UNDEFINED, "the formula of 'a' mentions 'ghost', which the model does not define"),
        (MISCALLED[1:], "the formula of 'a' calls 'f', which no function definition declares"),
        (MISCALLED, "calls 'f' with 2 arguments; it takes 1"),
    ],
)
def test_definitions_that_mean_nothing_are_named(elements: tuple, message: str) -> None:
    parameters = [Parameter(id=n, constant=False) for n in "ab"]
    with pytest.raises(LoweringError, match=message) as caught:
        lower(Network().with_elements(*parameters, *elements))
    assert caught.value.element_id in {"a", "b", "f", "g"}


def test_dangling_references_are_named() -> None:
    reaction = Reaction(id="R", reactants=(SpeciesReference(species="ghost"),))
    with pytest.raises(LoweringError, match="reaction 'R' refers to 'ghost', which is no species"):
        lower(Network().with_elements(reaction))
    unset = Network().with_elements(
        Compartment(id="c"),
        Species(id="S", compartment="c"),
        Reaction(id="R", reactants=(SpeciesReference(species="S", stoichiometry=None),)),
    )
    with pytest.raises(LoweringError, match="stoichiometry of 'S' in reaction 'R' has no value"):
        lower(unset)
