"""Conversions: each loss told, each change of meaning refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sbmlgrn.expr import constant, postorder
from sbmlgrn.network import Network, Parameter, diff
from sbmlgrn.sbml import Conversion, Issue, SBMLError, Severity, convert, load, read, to_antimony
from sbmlgrn.sbml.equivalence import formulas, same_math

from .test_flatten import definition, local, submodels
from .test_read import L1

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"
 xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" fbc:required="false">
<!-- drawn by hand --><model id="m" metaid="meta_m" fbc:strict="false"><notes><p {XHTML}>about <b>it</b></p></notes>
<listOfUnitDefinitions><unitDefinition id="per_s"><listOfUnits><unit kind="second" exponent="-1" scale="0"
 multiplier="1"/></listOfUnits></unitDefinition></listOfUnitDefinitions>
<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="true"/></listOfCompartments>
<listOfSpecies><species id="S" name="Substrate" compartment="c" initialConcentration="0.30000000000000004"
 hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false" sboTerm="SBO:0000247" fbc:charge="2"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.1234567890123456" constant="true" units="per_s"><annotation><x:y
 xmlns:x="http://example.org/x" x:z="1">mine</x:y></annotation></parameter></listOfParameters>
<listOfConstraints><constraint><math {MATH}><apply><gt/><ci>S</ci><cn>0</cn></apply></math></constraint>
</listOfConstraints>
<listOfReactions><reaction id="R" reversible="false"><listOfReactants><speciesReference species="S" stoichiometry="1"
 constant="true"/></listOfReactants><kineticLaw sboTerm="SBO:0000049"><math {MATH}><apply><times/><ci>k</ci><ci>S</ci>
<ci>q</ci><cn>0.70000000000000007</cn></apply></math><listOfLocalParameters><localParameter id="q" value="3"/>
</listOfLocalParameters></kineticLaw></reaction></listOfReactions>
</model></sbml>"""


def told(issues: tuple[Issue, ...]) -> set[tuple[str, str | None]]:
    return {(i.code, i.element_id) for i in issues}


def meaning(network: Network) -> list[object]:
    """Changes from the document that matter to a simulation."""
    told_elsewhere = {"level", "version", "name", "sbo_term", "units", "flux_balance", "charge"}
    return [c for c in diff(load(DOCUMENT), network) if c.attribute not in told_elsewhere]


def test_what_is_in_the_target_already_is_left_alone() -> None:
    network = load(DOCUMENT)
    assert convert(network, 3, 2) == Conversion(DOCUMENT, network, ())


def test_level_2_keeps_the_digits_and_lists_what_it_has_no_place_for() -> None:
    result = convert(load(DOCUMENT), 2, 4)
    assert (result.network.level, result.network.version) == (2, 4)
    assert meaning(result.network) == []
    assert "0.30000000000000004" in result.text and "0.7000000000000001" in result.text
    assert told(result.issues) == {("lost-package", None), ("lost-comments", None)}
    (package,) = (i for i in result.issues if i.code == "lost-package")
    assert "'fbc': all elements and attributes" in package.message


def test_level_1_lists_every_loss() -> None:
    result = convert(load(DOCUMENT), 1, 2)
    assert told(result.issues) == {
        ("lost-package", None),
        ("lost-comments", None),
        ("lost-element", None),  # the constraint
        ("lost-attributes", None),  # the model's metaid
        ("lost-attributes", "S"),  # name and sboTerm
        ("lost-attributes", "R"),  # the kinetic law's sboTerm
        ("convert-restated", "S"),
    }
    assert result.network.species[0].initial_amount == pytest.approx(2 * 0.30000000000000004, rel=1e-14)


def test_antimony_lists_every_loss() -> None:
    result = to_antimony(load(DOCUMENT))
    codes = told(result.issues)
    assert ("lost-package", None) in codes and ("lost-comments", None) in codes
    assert ("convert-renamed", "R.q") in codes
    assert any(i.code == "convert-renamed" and "the global parameter 'R_q'" in i.message for i in result.issues)
    assert result.network.value("k") == 0.1234567890123456
    assert all(i.severity is not Severity.ERROR and i.hint for i in result.issues)


def changed(*replacements: tuple[str, str]) -> Network:
    text = DOCUMENT
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return load(text)


def errors(network: Network, *target: int) -> list[Issue]:
    with pytest.raises(SBMLError) as caught:
        convert(network, *target) if target else to_antimony(network)
    return [i for i in caught.value.issues if i.severity is Severity.ERROR]


def test_another_model_is_refused_naming_the_element() -> None:
    fast = changed(("version2/core", "version1/core"), ('version="2"', 'version="1"'),
                   ('reversible="false"', 'reversible="false" fast="true"'))  # fmt: skip
    assert any(i.element_id == "R" and "fast of 'R' changes from true to false" in i.message for i in errors(fast))
    assert any("'R' is a fast reaction" in i.message for i in errors(fast, 3, 2))
    rule = (
        f"<assignmentRule variable='k'><math {MATH}><apply><max/><ci>S</ci><cn>1</cn></apply></math></assignmentRule>"
    )
    extended = changed(("<listOfConstraints>", f"<listOfRules>{rule}</listOfRules><listOfConstraints>"),
                       ('constant="true" units="per_s"', 'constant="false"'))  # fmt: skip
    assert any("'k'" in i.message and "MathML" in i.message for i in errors(extended, 2, 4))


def test_a_past_that_an_initial_assignment_gives_is_not_lost() -> None:
    csymbol = "<csymbol encoding='text' definitionURL='http://www.sbml.org/sbml/symbols/{0}'>{0}</csymbol>"
    start = f"<initialAssignment symbol='k'><math {MATH}>{csymbol.format('time')}</math></initialAssignment>"
    network = changed(
        ("<listOfConstraints>", f"<listOfInitialAssignments>{start}</listOfInitialAssignments><listOfConstraints>"),
        ("<ci>q</ci>", f"<ci>q</ci><apply>{csymbol.format('delay')}<ci>k</ci><cn>1</cn></apply>"),
        ('constant="true" units="per_s"', 'constant="false"'),
    )
    assert any(i.element_id == "k" and "before the start" in i.message for i in errors(network, 2, 1))


def test_composed_documents_stay_composed_in_level_3_only() -> None:
    network = load(local(submodels("A=D"), definition("D", "0.30000000000000004")))
    kept = convert(network, 3, 2)
    assert kept.issues == () and "<comp:submodel" in kept.text
    flat = convert(network, 2, 4)
    assert ("convert-flattened", None) in told(flat.issues) and flat.network.value("A__k") == 0.30000000000000004


def test_level_1_becomes_level_3_to_be_edited() -> None:
    result = convert(load(L1), 3, 2)
    assert [i for i in result.issues if i.severity is not Severity.INFO] == []
    edited = result.network.with_elements(Parameter(id="new", value=1.0))
    assert load(convert(edited, 3, 2).text).value("new") == 1.0


@pytest.mark.parametrize("target", [(2, 4), (3, 1), "Antimony"])
@pytest.mark.parametrize("exponent", [-3, 30])
def test_numbers_with_an_exponent_keep_their_digits(target: tuple[int, int] | str, exponent: int) -> None:
    number = f'<cn type="e-notation">1.2345678901234567<sep/>{exponent}</cn>'
    network = changed(("<cn>0.70000000000000007</cn>", number))
    result = to_antimony(network) if isinstance(target, str) else convert(network, *target)
    assert float(f"1.2345678901234567e{exponent}") in numbers_in(network)
    assert numbers_in(network) <= numbers_in(result.network)


def numbers_in(network: Network) -> set[object]:
    return {node.value for node in postorder(formulas(network)) if node.op == "constant"}


def test_elements_and_text_that_are_no_sbml_are_listed_when_they_are_lost() -> None:
    network = changed(("</model>", '<x:y xmlns:x="http://example.org/x" z="1"/>k = 3</model>'))
    assert not {"lost-foreign", "lost-text"} & {code for code, _ in told(convert(network, 3, 2).issues)}
    messages = {i.code: i.message for i in convert(network, 3, 1).issues}
    assert "'http://example.org/x'" in messages["lost-foreign"] and "'k = 3'" in messages["lost-text"]


def test_a_refusal_says_what_would_change_in_the_words_of_sbml() -> None:
    network = changed(('hasOnlySubstanceUnits="false"', 'hasOnlySubstanceUnits="true"'))
    (issue,) = (i for i in errors(network, 1, 2) if i.element_id == "S")
    assert issue.message == "hasOnlySubstanceUnits of 'S' changes from true to false"
    assert "another model as SBML Level 1 Version 2" in issue.hint


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='utf-8'?>\n"])
def test_documents_without_a_complete_declaration_are_converted(declaration: str) -> None:
    network = load(declaration + DOCUMENT.partition("?>")[2].lstrip())
    assert meaning(convert(network, 2, 4).network) == []
    assert to_antimony(network).network.value("k") == 0.1234567890123456


def test_a_local_parameter_becomes_global_though_its_name_is_taken() -> None:
    network = changed(("</listOfParameters>", '<parameter id="R_q" value="7" constant="true"/></listOfParameters>'))
    result = to_antimony(network)
    assert ("convert-renamed", "R.q") in told(result.issues) and result.network.value("R_q0") == 3


def test_an_event_without_an_id_that_stays_so_is_not_told() -> None:
    event = (
        '<listOfEvents><event useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
        f"<math {MATH}><true/></math></trigger></event></listOfEvents>"
    )
    assert not [i for i in convert(changed(("</model>", f"{event}</model>")), 3, 1).issues if "event" in i.message]


def test_infinity_is_no_other_number() -> None:
    for a, b in ((math.inf, 5.0), (5.0, math.inf), (math.inf, -math.inf)):
        assert not same_math(constant(a), constant(b), {}, {})
    assert same_math(constant(math.inf), constant(math.inf), {}, {})


def test_modifiers_that_lose_a_term_only_are_told_once() -> None:
    law = '<kineticLaw sboTerm="SBO:0000049">'
    modifiers = '<listOfModifiers><modifierSpeciesReference species="S" sboTerm="SBO:0000011"/></listOfModifiers>'
    found = [i for i in to_antimony(changed((law, modifiers + law))).issues if "odifier" in i.message]
    assert [i.code for i in found] == ["lost-attributes"]


def test_only_existing_levels_and_versions() -> None:
    with pytest.raises(ValueError, match=r"Level 2 Version 9: choose one of 1\.2, 2\.1"):
        convert(load(DOCUMENT), 2, 9)


def test_what_antimony_text_loses_on_the_way_in(tmp_path: Path) -> None:
    text = (
        "// first\nmodel part(x)\n  k = 1; x = 2; x' = -k*x;\nend\n"
        'model *whole()\n  A: part(y); /* second */ note = 1; note is "not // a comment";\nend\n'
        "model other()\n  q = 1;\nend\n"
    )
    result = read(text)
    assert result.network is not None
    assert told(result.issues) >= {
        ("antimony-flattened", None),
        ("antimony-module", "other"),
        ("antimony-comments", None),
    }
    assert any(i.message.startswith("2 comment(s)") for i in result.issues)
    plain = read("model plain()\n  k = 1;\nend\n")
    assert not any(i.code.startswith("antimony-") for i in plain.issues)


def test_an_id_that_formulas_mention_is_not_lost() -> None:
    network = changed(
        ('<speciesReference species="S"', '<speciesReference id="s" species="S"'), ("<ci>q</ci>", "<ci>s</ci>")
    )
    assert any(i.element_id == "s" and "which formulas mention" in i.message for i in errors(network, 2, 1))
