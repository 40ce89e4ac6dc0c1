"""The package fbc: read, written, and edited in place."""

from __future__ import annotations

from dataclasses import replace

import libsbml
import pytest

from sbmlgrn.network import (
    Compartment,
    FluxBalance,
    FluxBound,
    FluxObjective,
    GeneAnd,
    GeneOr,
    GeneProduct,
    GeneProductAssociation,
    Network,
    Objective,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
    UserDefinedConstraint,
    UserDefinedConstraintComponent,
    diff,
)
from sbmlgrn.sbml import load, read, write


def document(version: int, inside: str = "", reaction: str = "", species: str = "", strict: str = "false") -> str:
    """A document of one reaction R, which makes S."""
    strict = f'fbc:strict="{strict}"' if version > 1 else ""
    return (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" '
        f'xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version{version}" '
        f'level="3" version="1" fbc:required="false"><model id="m" {strict}>'
        '<listOfCompartments><compartment id="V" size="1" constant="true"/></listOfCompartments><listOfSpecies>'
        '<species id="S" compartment="V" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false" '
        f"{species}/></listOfSpecies><listOfParameters>"
        '<parameter id="low" value="0" constant="true"/><parameter id="high" value="INF" constant="true"/>'
        '<parameter id="x" constant="false"/></listOfParameters><listOfReactions>'
        f'<reaction id="R" reversible="false" fast="false" {reaction.partition("|")[0]}><listOfProducts>'
        '<speciesReference species="S" stoichiometry="1" constant="true"/></listOfProducts>'
        f"{reaction.partition('|')[2]}</reaction></listOfReactions>{inside}</model></sbml>"
    )


OBJECTIVES = (
    '<fbc:listOfObjectives fbc:activeObjective="o"><fbc:objective fbc:id="o" fbc:type="maximize">'
    '<!-- kept --><notes><p xmlns="http://www.w3.org/1999/xhtml">growth</p></notes>'
    '<fbc:listOfFluxObjectives><fbc:fluxObjective fbc:reaction="R" fbc:coefficient="0.1"/></fbc:listOfFluxObjectives>'
    '</fbc:objective><fbc:objective fbc:id="p" fbc:type="minimize" fbc:name="P"><fbc:listOfFluxObjectives>'
    '<fbc:fluxObjective fbc:reaction="R" fbc:coefficient="2"/></fbc:listOfFluxObjectives></fbc:objective>'
    "</fbc:listOfObjectives>"
)
BOUNDS = (
    '<fbc:listOfFluxBounds><fbc:fluxBound fbc:id="b" fbc:reaction="R" fbc:operation="greaterEqual" fbc:value="-INF"/>'
    '<fbc:fluxBound fbc:reaction="R" fbc:operation="lessEqual" fbc:value="3"/></fbc:listOfFluxBounds>'
)
GENES = (
    '<fbc:listOfGeneProducts><fbc:geneProduct fbc:id="g1" fbc:label="b1"/>'
    '<fbc:geneProduct fbc:id="g2" fbc:label="b2" fbc:associatedSpecies="S"/></fbc:listOfGeneProducts>'
)
ASSOCIATION = (
    'fbc:lowerFluxBound="low" fbc:upperFluxBound="high"|<fbc:geneProductAssociation><fbc:or>'
    '<fbc:geneProductRef fbc:geneProduct="g1"/><fbc:and><fbc:geneProductRef fbc:geneProduct="g1"/>'
    '<fbc:geneProductRef fbc:geneProduct="g2"/></fbc:and></fbc:or></fbc:geneProductAssociation>'
)
VERSION_1 = document(1, BOUNDS + OBJECTIVES, species='fbc:charge="-2" fbc:chemicalFormula="C2H6O"')
VERSION_2 = document(2, OBJECTIVES + GENES, ASSOCIATION, species='fbc:charge="-2"')
_CONSTRAINTS = (
    '<fbc:listOfUserDefinedConstraints><fbc:userDefinedConstraint fbc:id="u" fbc:lowerBound="low" '
    'fbc:upperBound="high"><fbc:listOfUserDefinedConstraintComponents><fbc:userDefinedConstraintComponent '
    'fbc:coefficient="low" fbc:variable="R" fbc:variableType="linear"/><fbc:userDefinedConstraintComponent '
    'fbc:coefficient="low" fbc:variable="x" fbc:variableType="quadratic" fbc:variable2="R"/>'
    "</fbc:listOfUserDefinedConstraintComponents></fbc:userDefinedConstraint></fbc:listOfUserDefinedConstraints>"
)
VERSION_3 = document(
    3,
    OBJECTIVES.replace("<fbc:fluxObjective", '<fbc:fluxObjective fbc:variableType="linear"') + GENES + _CONSTRAINTS,
    ASSOCIATION,
    species='fbc:charge="-1.5"',
)


def test_version_1() -> None:
    network = load(VERSION_1)
    flux = network.flux_balance
    assert flux is not None
    assert (flux.version, flux.strict, flux.active_objective) == (1, False, "o")
    assert flux.flux_bounds == (
        FluxBound(id="b", reaction="R", operation="greaterEqual", value=float("-inf")),
        FluxBound(reaction="R", operation="lessEqual", value=3.0),
    )
    assert flux.objectives == (
        Objective(id="o", type="maximize", flux_objectives=(FluxObjective(reaction="R", coefficient=0.1),)),
        Objective(id="p", name="P", type="minimize", flux_objectives=(FluxObjective(reaction="R", coefficient=2.0),)),
    )
    assert (network.species[0].charge, network.species[0].chemical_formula) == (-2, "C2H6O")


def test_version_2() -> None:
    network = load(VERSION_2)
    flux, reaction = network.flux_balance, network.reactions[0]
    assert flux is not None
    assert (flux.version, flux.strict) == (2, False)
    assert flux.gene_products == (
        GeneProduct(id="g1", label="b1"),
        GeneProduct(id="g2", label="b2", associated_species="S"),
    )
    assert (reaction.lower_flux_bound, reaction.upper_flux_bound) == ("low", "high")
    needed = GeneOr(operands=("g1", GeneAnd(operands=("g1", "g2"))))
    assert reaction.gene_product_association == GeneProductAssociation(association=needed)


def test_version_3() -> None:
    network = load(VERSION_3)
    assert network.flux_balance is not None
    assert network.species[0].charge == -1.5
    assert network.flux_balance.user_defined_constraints == (
        UserDefinedConstraint(
            id="u",
            lower_bound="low",
            upper_bound="high",
            components=(
                UserDefinedConstraintComponent(coefficient="low", variable="R"),
                UserDefinedConstraintComponent(
                    coefficient="low", variable="x", variable_type="quadratic", variable2="R"
                ),
            ),
        ),
    )


def test_a_document_without_the_package() -> None:
    assert load(write(Network())).flux_balance is None


@pytest.mark.parametrize("source", [VERSION_1, VERSION_2, VERSION_3], ids=["1", "2", "3"])
def test_nothing_is_lost(source: str) -> None:
    network = load(source)
    assert write(network) == source
    again = write(replace(network, source=None, version=2))
    assert not errors(again)
    assert diff(load(again), replace(network, version=2)) == []


def errors(text: str) -> list[str]:
    parsed = libsbml.readSBMLFromString(text)
    parsed.checkConsistency()
    found = map(parsed.getError, range(parsed.getNumErrors()))
    return [e.getMessage() for e in found if e.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]


def test_a_network_made_in_python() -> None:
    network = Network(
        flux_balance=FluxBalance(
            strict=True,
            active_objective="o",
            gene_products=(GeneProduct(id="g", label="G"),),
            objectives=(
                Objective(id="o", type="maximize", flux_objectives=(FluxObjective(reaction="R", coefficient=1 / 3),)),
            ),
        )
    ).with_elements(
        Compartment(id="V"),
        Species(id="S", compartment="V", charge=1.0, chemical_formula="C2H6O"),
        Parameter(id="low", value=-1.0),
        Parameter(id="high", value=1.0),
        Reaction(
            id="R",
            products=(SpeciesReference(species="S"),),
            lower_flux_bound="low",
            upper_flux_bound="high",
            gene_product_association=GeneProductAssociation(id="a", association="g"),
        ),
    )
    assert not errors(write(network))
    assert diff(network, load(write(network))) == []
    only_bounds = replace(network, flux_balance=None)
    only_bounds = only_bounds.with_elements(replace(network.reactions[0], gene_product_association=None))
    assert load(write(only_bounds)) == replace(only_bounds, flux_balance=FluxBalance())


def test_only_what_changes_is_edited() -> None:
    network = load(VERSION_2)
    flux = network.flux_balance
    assert flux is not None
    term = FluxObjective(reaction="R", coefficient=3.0)
    changed = replace(
        network,
        flux_balance=replace(
            flux,
            active_objective="p",
            objectives=(flux.objectives[0], replace(flux.objectives[1], flux_objectives=(term,))),
        ),
    )
    expected = VERSION_2.replace('activeObjective="o"', 'activeObjective="p"').replace(
        'coefficient="2"', 'coefficient="3"'
    )
    # the objective that differs is written anew, so that its attributes may come in another order
    assert canonical(write(changed)) == canonical(expected)


def canonical(text: str) -> str:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    return etree.tostring(etree.fromstring(text.encode()), method="c14n").decode()


def test_fields_of_species_and_reactions_are_edited() -> None:
    network = load(VERSION_2)
    reaction, species = network.reactions[0], network.species[0]
    genes = GeneProductAssociation(association="g2")
    changed = network.with_elements(
        replace(reaction, lower_flux_bound=None, upper_flux_bound="low", gene_product_association=genes),
        replace(species, charge=None, chemical_formula="CO2"),
        replace(reaction, id="Q"),
    )
    again = load(write(changed))
    assert diff(changed, again) == []
    assert "kept" in write(changed)
    bare = again.with_elements(replace(again.reactions[0], gene_product_association=None))
    assert diff(load(write(bare)), bare) == []


def test_a_flux_balance_is_removed() -> None:
    network = replace(load(VERSION_2), flux_balance=FluxBalance())
    text = write(network.with_elements(replace(network.reactions[0], gene_product_association=None)))
    assert load(text).flux_balance == FluxBalance()
    assert "listOf" not in text.partition("</listOfReactions>")[2]


def test_a_document_that_does_not_declare_the_package_is_not_extended_in_silence() -> None:
    network = load(write(Network().with_elements(Compartment(id="V"), Species(id="S", compartment="V"))))
    with pytest.raises(ValueError, match="does not declare the package fbc"):
        write(replace(network, flux_balance=FluxBalance()))
    with pytest.raises(ValueError, match="does not declare the package fbc"):
        write(network.with_elements(replace(network.species[0], charge=1.0)))
    with pytest.raises(ValueError, match="version 1 of fbc"):
        write(replace(load(VERSION_1), flux_balance=FluxBalance(version=2)))


@pytest.mark.parametrize(
    "source",
    [
        VERSION_1.replace('fbc:reaction="R" fbc:operation="lessEqual"', 'fbc:reaction="Q" fbc:operation="lessEqual"'),
        VERSION_1.replace('"lessEqual"', '"about"'),
        VERSION_1.replace('fbc:value="3"', 'fbc:value="many"'),
        VERSION_1.replace('fbc:value="3"', ""),
        VERSION_2.replace('activeObjective="o"', 'activeObjective="q"'),
        VERSION_2.replace('"maximize"', '"improve"'),
        VERSION_2.replace('fbc:upperFluxBound="high"', 'fbc:upperFluxBound="S"'),
        VERSION_2.replace('fbc:geneProduct="g2"', 'fbc:geneProduct="g3"'),
        VERSION_2.replace('fbc:id="p"', 'fbc:id="R"'),
        VERSION_2.replace("<fbc:objective", "<fbc:objektive"),
        document(2, OBJECTIVES, strict="true"),
        document(2, OBJECTIVES, 'fbc:lowerFluxBound="high" fbc:upperFluxBound="low"', strict="true"),
    ],
)
def test_wrong_documents_are_issues(source: str) -> None:
    result = read(source)
    assert result.network is None
    assert all(issue.message for issue in result.issues)


def test_gene_products_nested_too_deeply_are_an_issue() -> None:
    leaf = '<fbc:geneProductRef fbc:geneProduct="g1"/>'
    nested = f"<fbc:or>{leaf}" * 150 + leaf + "</fbc:or>" * 150
    association = f"|<fbc:geneProductAssociation>{nested}</fbc:geneProductAssociation>"
    result = read(document(2, GENES, association))
    assert result.network is None
    assert [i.code for i in result.issues if i.severity == "error"] == ["unsupported-fbc"]
