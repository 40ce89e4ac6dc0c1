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
    Event,
    EventAssignment,
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
from sbmlgrn.sbml.inventory import lost

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


def test_a_reaction_with_local_parameters_can_be_added(built: Network) -> None:
    document = load(write(built.without("R")))
    added = document.with_elements(*built.reactions)
    assert diff(added, load(write(added))) == []


def test_what_becomes_of_another_kind_keeps_its_notes() -> None:
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><ci>k</ci></math>'
    text = (
        '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model>'
        '<listOfParameters><parameter id="k" value="1" constant="true"/><parameter id="x" value="1" constant="false"/>'
        '</listOfParameters><listOfRules><rateRule variable="x" metaid="_1" sboTerm="SBO:0000391"><notes>'
        f'<p xmlns="http://www.w3.org/1999/xhtml">why</p></notes>{math}</rateRule></listOfRules></model></sbml>'
    )
    network = load(text)
    written = write(replace(network, rules=(AssignmentRule(variable="x", math=symbol("k")),)))
    assert load(written).rules == (AssignmentRule(variable="x", math=symbol("k")),)
    assert lost(text, written, "it") == []


def test_level_1_documents_take_values_only() -> None:
    network = load(L1)
    with pytest.raises(ValueError, match=r"'new' differs.*Level 1.*convert"):
        write(network.with_elements(Parameter(id="new", value=1.0)))


RICH = """<?xml version='1.0' encoding='UTF-8' standalone="yes"?>\r
<?tool keep?><!-- before -->
<sbml xmlns="http://www.sbml.org/sbml/level{level}" level="{number}" version="{version}">
<model id="m"   name='quotes "in" it'>
  <notes><p xmlns="http://www.w3.org/1999/xhtml"><![CDATA[a < b & c]]> &#228; &lt;</p></notes>
  <listOfCompartments><compartment id="c" size="1.000"
      spatialDimensions='3' {constant}/></listOfCompartments>
  <listOfSpecies><species id="A" compartment="c" initialAmount = "1e0" hasOnlySubstanceUnits="false"
      boundaryCondition="false" constant="false"></species><species id="B" compartment="c" initialAmount="2"
      hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/></listOfSpecies>
  <listOfParameters><parameter id="k" value="3" constant="true"/></listOfParameters>
  <listOfReactions><reaction id="R" reversible="false" {fast}><listOfReactants>
    <speciesReference id="rA" species="A" stoichiometry="2.50" metaid="meta_rA" {constant}><annotation><x:y
      xmlns:x="http://example.org/x">mine</x:y></annotation></speciesReference></listOfReactants>
    <listOfProducts><speciesReference id="rB" species="B" stoichiometry="1" {constant}/></listOfProducts>
    <kineticLaw metaid="law"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>k</ci></math></kineticLaw>
  </reaction></listOfReactions>
</model><!-- within --></sbml><!-- after -->
"""
RICH_3 = RICH.format(level="3/version1/core", number=3, version=1, constant='constant="true"', fast='fast="false"')
RICH_2 = RICH.format(level="2/version4", number=2, version=4, constant="", fast="")


@pytest.mark.parametrize("text", [RICH_2, RICH_3], ids=["Level 2", "Level 3"])
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("k", 'id="k" value="3"', 'id="k" value="0.30000000000000004"'),
        ("c", 'id="c" size="1.000"', 'id="c" size="0.30000000000000004"'),
        ("A", 'initialAmount = "1e0"', 'initialAmount ="0.30000000000000004"'),
        ("rA", 'stoichiometry="2.50"', 'stoichiometry="0.30000000000000004"'),
    ],
)
def test_all_but_the_value_stays_to_the_byte(text: str, name: str, before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "in.xml").write_bytes(text.encode())
    network = load(tmp_path / "in.xml")
    save(network, tmp_path / "out.xml")
    assert (tmp_path / "out.xml").read_bytes() == text.encode()
    save(network.with_values({name: 0.1 + 0.2}), tmp_path / "out.xml")
    assert (tmp_path / "out.xml").read_bytes() == text.replace(before, after).encode()


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_become_utf_8(encoding: str) -> None:
    text = RICH_3.replace("UTF-8", encoding).replace("&#228;", "ä")
    assert write(load(text.encode(encoding))) == text.replace(encoding, "UTF-8")


def test_special_values_are_written_as_sbml_has_them() -> None:
    for value, text in ((float("inf"), "INF"), (float("-inf"), "-INF"), (float("nan"), "NaN"), (-0.0, "-0.0")):
        assert f'id="k" value="{text}"' in write(load(RICH_3).with_values({"k": value}))


def test_a_value_that_was_unset_gets_its_attribute() -> None:
    text = RICH_3.replace('id="k" value="3" ', 'id="k" ')
    assert write(load(text).with_values({"k": 2.0})) == text.replace(
        'id="k" constant="true"', 'id="k" constant="true" value="2.0"'
    )


@pytest.mark.parametrize("text", [RICH_2, RICH_3], ids=["Level 2", "Level 3"])
def test_formulas_and_elements_change_in_place(text: str) -> None:
    network = load(text)
    (reaction,) = network.reactions
    (consumed,) = reaction.reactants
    changed = network.with_elements(
        Parameter(id="v", value=4.0, constant=False),
        UnitDefinition(id="per_second", units=(Unit(kind="second", exponent=-1.0),)),
        FunctionDefinition(id="f", arguments=("x",), math=symbol("x") * 2),
        AssignmentRule(variable="v", math=make("call", [symbol("k")], "f")),
        replace(network.species[1], name="renamed", sbo_term="SBO:0000252"),
        replace(
            reaction,
            reversible=True,
            kinetic_law=symbol("k") * symbol("R.q"),
            local_parameters=(LocalParameter(id="q", value=2.0),),
            reactants=(SpeciesReference(species="B"), replace(consumed, stoichiometry=1.0)),
            modifiers=(ModifierSpeciesReference(species="A"),),
        ),
        Event(id="e", trigger=relation("gt", TIME, 3), assignments=(EventAssignment(variable="k", math=constant(1)),)),
    ).with_elements(Parameter(id="k", value=3.0, constant=False))
    written = write(changed)
    assert diff(load(written), changed) == []
    assert 'metaid="meta_rA"' in written and ">mine</x:y>" in written and 'metaid="law"' in written
    again = load(written)
    function_, event = again.function_definitions[0], again.events[0]
    further = again.with_elements(
        replace(function_, arguments=("x", "y"), math=symbol("x") - symbol("y")),
        AssignmentRule(variable="v", math=make("call", [symbol("k"), constant(1)], "f")),
        replace(event, delay=constant(2), assignments=(EventAssignment(variable="k", math=TIME),)),
        UnitDefinition(id="per_second", units=(Unit(kind="second", exponent=-1.0), Unit(kind="mole", scale=-3))),
    )
    assert diff(load(write(further)), further) == []
    assert (
        diff(load(write(further.without("e", "v", "per_second", "f"))), further.without("e", "v", "per_second", "f"))
        == []
    )


def test_what_the_document_cannot_hold_is_an_error() -> None:
    assignments = (EventAssignment(variable="k", math=constant(1)),)
    fleeting = Event(id="e", trigger=relation("gt", TIME, 3), persistent=False, assignments=assignments)
    with pytest.raises(ValueError, match="Level 2 document cannot express the change: 'e' would have persistent"):
        write(load(RICH_2).with_elements(fleeting, Parameter(id="k", value=3.0, constant=False)))
    with pytest.raises(ValueError, match=r"no valid Level 3 model: .*'nowhere'"):
        write(load(RICH_3).with_elements(Species(id="new", compartment="nowhere")))
    with pytest.raises(ValueError, match=r"initial concentration of 'S' cannot be set to 1.0 in a Level 1 document"):
        write(load(L1).with_elements(replace(load(L1).species[0], initial_concentration=1.0)))


def test_level_1_stoichiometries_are_whole_numbers_over_their_denominator() -> None:
    network = load(L1)
    (reaction,) = network.reactions

    def with_stoichiometry(value: float) -> str:
        return write(
            network.with_elements(replace(reaction, reactants=(replace(reaction.reactants[0], stoichiometry=value),)))
        )

    assert with_stoichiometry(2.5) == L1.replace('stoichiometry="3"', 'stoichiometry="5"')
    with pytest.raises(ValueError, match=r"cannot be set to 0\.3 in a Level 1 document.*denominator 2"):
        with_stoichiometry(0.3)


def test_a_stoichiometry_that_a_formula_determines_has_no_value() -> None:
    network = load(L2.replace('<speciesReference species="S">', '<speciesReference id="s" species="S">'))
    with pytest.raises(ValueError, match=r"'s' cannot be set to 2\.0: a formula determines it"):
        network.with_values({"s": 2.0})


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
