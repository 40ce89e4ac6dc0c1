import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import TIME, constant, evaluate, function, make, piecewise, relation, symbol
from sbmlgrn.network import (
    AssignmentRule,
    Compartment,
    FunctionDefinition,
    InitialAssignment,
    LocalParameter,
    ModifierSpeciesReference,
    Network,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Unit,
    UnitDefinition,
    diff,
)
from sbmlgrn.sbml import load, save, write

from ..expr.strategies import Pair, expressions
from .test_read import L1, L2

MODELS = Path(__file__).parents[3] / "models"


def canonical(text: str) -> bytes:
    return etree.tostring(etree.fromstring(text.encode()), method="c14n")


@pytest.fixture
def built() -> Network:
    return Network(id="built", name="Built in Python", time_units="second").with_elements(
        UnitDefinition(id="per_second", units=(Unit(kind="second", exponent=-1.0),)),
        FunctionDefinition(id="twice", arguments=("x",), math=2 * symbol("x")),
        Compartment(id="cell", size=2.0),
        Species(id="A", compartment="cell", initial_amount=0.1 + 0.2, sbo_term="SBO:0000252"),
        Species(id="B", compartment="cell", initial_concentration=1e-300, has_only_substance_units=False),
        Parameter(id="k", value=1 / 3, units="per_second"),
        Parameter(id="x", value=1.0, constant=False),
        Parameter(id="total", constant=False),
        InitialAssignment(symbol="x", math=symbol("k") + 1),
        RateRule(variable="x", math=function("sin", TIME) * 2.5e-30),
        AssignmentRule(
            variable="total", math=piecewise(1, relation("gt", symbol("A"), 2), make("call", [symbol("B")], "twice"))
        ),
        Reaction(
            id="R",
            reactants=(SpeciesReference(species="A", stoichiometry=2.0, id="sA"),),
            products=(SpeciesReference(species="B"),),
            modifiers=(ModifierSpeciesReference(species="B"),),
            kinetic_law=symbol("R.v") * symbol("A") / (symbol("k") + symbol("A")),
            local_parameters=(LocalParameter(id="v", value=5.0),),
            reversible=True,
        ),
    )


def test_a_network_made_in_python_round_trips(built: Network) -> None:
    assert diff(built, load(write(built))) == []


def test_an_unchanged_network_is_its_document() -> None:
    text = (MODELS / "elowitz2000.xml").read_text()
    assert write(load(text)) == text


@pytest.mark.parametrize("source", [L1, L2, (MODELS / "elowitz2000.xml").read_text()])
def test_one_changed_value_is_the_only_difference(source: str) -> None:
    network = load(source)
    name = network.parameters[-1].id if network.level > 1 else "R.k2"
    old = re.search(rf'="{name.removeprefix("R.")}"[^>]*value="([^"]*)"', source)
    text = write(network.with_values({name: 1.2345678901234567}))
    assert old is not None and load(text).value(name) == 1.2345678901234567
    back = text.replace('value="1.2345678901234567"', f'value="{old[1]}"')
    assert canonical(back) == canonical(source)


def test_everything_around_a_value_survives() -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment --><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2" metaid="doc">
<model id="m"><notes><p xmlns="http://www.w3.org/1999/xhtml">Käse &amp; Brot</p></notes>
<annotation><tool:x xmlns:tool="http://example.org/tool" tool:y="1">kept</tool:x></annotation>
<listOfParameters><parameter id="k" metaid="_1" value="1.50" constant="true" sboTerm="SBO:0000009"/></listOfParameters>
</model></sbml>"""
    written = write(load(text).with_values({"k": 2.5}))
    assert canonical(written) == canonical(text.replace('"1.50"', '"2.5"'))
    assert "<!-- a comment -->" in written


def test_structural_changes_in_place(built: Network) -> None:
    document = load(write(built).replace("<model", "<!-- mine --><model", 1))
    changed = (
        document.with_elements(
            Parameter(id="extra", value=4.0),
            AssignmentRule(variable="total", math=symbol("extra")),
            replace(document.reactions[0], kinetic_law=symbol("R.v") * 3, modifiers=()),
        )
        .without("x")
        .with_elements(replace(document.species[0], name="renamed", boundary_condition=True))
    )
    text = write(changed)
    assert "<!-- mine -->" in text
    assert diff(changed, load(text)) == []


def test_level_2_documents_take_values_only() -> None:
    network = load(L2)
    with pytest.raises(ValueError, match=r"'new' differs.*Level 2.*convert"):
        write(network.with_elements(Parameter(id="new", value=1.0)))


@settings(max_examples=100, deadline=None)
@given(expressions(), st.floats(-3, 3), st.floats(-3, 3))
def test_formulas_read_back_to_the_same_values(pair: Pair, a: float, b: float) -> None:
    network = Network().with_elements(
        *(Parameter(id=n, value=1.0) for n in "xyz"),
        Parameter(id="f", constant=False),
        AssignmentRule(variable="f", math=pair[0]),
    )
    table = {"x": a, "y": b, "z": 0.5}
    before, after = (evaluate([n.rules[0].math or constant(0)], table)[0] for n in (network, load(write(network))))
    assert after == pytest.approx(before, rel=1e-14, nan_ok=True)


def test_saving_leaves_the_old_file_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text("precious")
    with pytest.raises(ValueError, match="polygamma"):
        save(Network().with_elements(AssignmentRule(variable="f", math=make("polygamma", (symbol("x"),), 0))), path)
    assert path.read_text() == "precious" and list(tmp_path.iterdir()) == [path]
    save(load(L1), path)
    assert path.read_text() == L1
