import pytest

from sbmlgrn.expr import symbol
from sbmlgrn.network import (
    AssignmentRule,
    Change,
    Compartment,
    InitialAssignment,
    LocalParameter,
    Network,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
    UnknownElementError,
    diff,
)


@pytest.fixture
def network() -> Network:
    return Network(id="decay").with_elements(
        Compartment(id="cell", size=2.0),
        Species(id="A", compartment="cell", initial_concentration=3.0),
        Species(id="B", compartment="cell", initial_amount=1.0),
        Parameter(id="total", constant=False),
        Reaction(
            id="R",
            reactants=(SpeciesReference(species="A", id="sA"),),
            kinetic_law=symbol("R.k") * symbol("A"),
            local_parameters=(LocalParameter(id="k", value=0.5),),
        ),
        AssignmentRule(variable="total", math=symbol("A") + symbol("B")),
    )


def test_values_are_read_and_changed_by_name(network: Network) -> None:
    changed = network.with_values({"cell": 4, "A": 5, "B": 6, "R.k": 7, "sA": 8})
    assert [changed.value(n) for n in ("cell", "A", "B", "R.k", "sA")] == [4, 5, 6, 7, 8]
    assert network.value("R.k") == 0.5  # the original is untouched
    first, second = changed.species
    assert first.initial_concentration == 5 and second.initial_amount == 6


def test_difference_lists_every_changed_attribute(network: Network) -> None:
    changed = (
        network.with_values({"R.k": 7.0, "cell": 4.0}).without("total").with_elements(Parameter(id="new", value=1.0))
    )
    assert diff(network, changed) == [
        Change(element="cell", attribute="size", before=2.0, after=4.0),
        Change(element="total", attribute=None, before=network.element("total"), after=None),
        Change(element="R.k", attribute="value", before=0.5, after=7.0),
        Change(element="rule(total)", attribute=None, before=network.rules[0], after=None),
        Change(element="new", attribute=None, before=None, after=Parameter(id="new", value=1.0)),
    ]
    assert diff(network, network.with_values({"cell": 2.0})) == []


def test_unknown_names_come_with_a_suggestion(network: Network) -> None:
    with pytest.raises(UnknownElementError, match=r"unknown element 'totl': did you mean 'total'"):
        network.with_values({"totl": 1.0})
    with pytest.raises(UnknownElementError, match="'zzz'"):
        network.without("zzz")


def test_computed_values_cannot_be_set(network: Network) -> None:
    with pytest.raises(ValueError, match=r"'total' cannot be set to 1.0: an assignment rule"):
        network.with_values({"total": 1.0})
    assigned = network.with_elements(InitialAssignment(symbol="A", math=symbol("B")))
    with pytest.raises(ValueError, match=r"'A' cannot be set to 1.0: an initial assignment"):
        assigned.with_values({"A": 1.0})
    with pytest.raises(ValueError, match="Reaction 'R' has no value of its own"):
        network.with_values({"R": 1.0})


def test_an_element_replaces_its_namesake_but_not_another_kind(network: Network) -> None:
    changed = network.with_elements(Species(id="A", compartment="cell", initial_amount=9.0))
    assert [s.id for s in changed.species] == ["A", "B"] and changed.value("A") == 9.0
    with pytest.raises(ValueError, match="cannot add Parameter 'A': the id is taken by a Species"):
        network.with_elements(Parameter(id="A", value=1.0))
