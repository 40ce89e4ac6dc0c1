from pathlib import Path

import pytest

from sbmlgrn.examine import examine
from sbmlgrn.sbml import Severity


def test_a_valid_model_has_a_network(elowitz: Path) -> None:
    network, issues = examine(elowitz)
    assert network is not None and network.species
    assert not any(i.severity is Severity.ERROR for i in issues)


@pytest.mark.parametrize("source", ["S -> ; k*S; S = 1; k = = 2", b"<sbml"])
def test_what_cannot_be_read_has_issues(source: str | bytes) -> None:
    network, issues = examine(source)
    assert network is None and issues[-1].severity is Severity.ERROR


def test_a_model_without_equations_has_an_issue_that_names_the_element() -> None:
    stoichiometry = (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model><listOfCompartments>'
        '<compartment id="V" constant="true"/></listOfCompartments><listOfSpecies><species id="S" compartment="V" '
        'hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/></listOfSpecies><listOfReactions>'
        '<reaction id="R" reversible="false"><listOfReactants><speciesReference species="S" constant="true"/>'
        "</listOfReactants></reaction></listOfReactions></model></sbml>"
    )
    network, issues = examine(stoichiometry)
    assert network is None
    (error,) = [i for i in issues if i.severity is Severity.ERROR]
    assert error.code == "not-computable" and error.element_id == "R" and "'S'" in error.message and error.hint
