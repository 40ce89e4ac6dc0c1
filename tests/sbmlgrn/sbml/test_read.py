from pathlib import Path

import pytest

from sbmlgrn.expr import TIME, call, constant, divide, function, piecewise, power, relation, symbol
from sbmlgrn.network import AssignmentRule, RateRule
from sbmlgrn.sbml import MAX_DOCUMENT_BYTES, SBMLError, Severity, load, read, validate

L3 = '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">{}</sbml>'
QUALITATIVE = (
    '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1" '
    'xmlns:qual="http://www.sbml.org/sbml/level3/version1/qual/version1" qual:required="true"><model id="m"/></sbml>'
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE sbml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><notes>&b;</notes></sbml>'
)
L1 = """<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="old">
<listOfCompartments><compartment name="c" volume="2"/></listOfCompartments>
<listOfSpecies><species name="S" compartment="c" initialAmount="4"/></listOfSpecies>
<listOfParameters><parameter name="k" value="0.5"/><parameter name="q"/></listOfParameters>
<listOfRules><parameterRule name="q" formula="k*2"/></listOfRules>
<listOfReactions><reaction name="R"><listOfReactants><speciesReference species="S" stoichiometry="3" denominator="2"/>
</listOfReactants><kineticLaw formula="k2*S^2"><listOfParameters><parameter name="k2" value="7"/></listOfParameters>
</kineticLaw></reaction></listOfReactions></model></sbml>"""
L2 = """<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="m">
<listOfCompartments><compartment id="c" size="1"/></listOfCompartments>
<listOfSpecies><species id="S" compartment="c" initialConcentration="4" hasOnlySubstanceUnits="true"/></listOfSpecies>
<listOfParameters><parameter id="n" value="1"/></listOfParameters>
<listOfReactions><reaction id="R"><listOfReactants><speciesReference species="S"><stoichiometryMath>
<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><plus/><ci>n</ci><cn type="rational">1<sep/>3</cn></apply>
</math></stoichiometryMath></speciesReference></listOfReactants></reaction></listOfReactions></model></sbml>"""


def only(source: str | bytes) -> tuple[str, str | None, int | None, str]:
    result = read(source)
    assert result.network is None
    issue = next(i for i in result.issues if i.severity is Severity.ERROR)
    return issue.code, issue.element_id, issue.line, issue.message


@pytest.mark.parametrize(
    ("source", "code", "part"),
    [
        (b"not a model at all", "not-sbml-or-antimony", "neither SBML"),
        (b"", "empty-document", "empty"),
        ("<sbml", "xml-not-well-formed", "not XML"),
        ("<html><body/></html>", "not-sbml", "'html'"),
        ('<sbml xmlns="http://example.org/x"/>', "not-sbml", "http://example.org/x"),
        (LAUGHS, "xml-doctype", "document type declaration"),
        (LAUGHS.encode("utf-16"), "xml-doctype", "document type declaration"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "xml-encoding", "klingon"),
        (L3.format(""), "no-model", "no 'model'"),
        ("import 'secret.xml'\nS -> ; k", "antimony-import", "imports another file"),
        ("<a>" + "<b>" * 2000, "not-sbml", "'a'"),
        (L3.format("<notes>" * 2000), "nesting-too-deep", "deeper than 1000"),
        (b"<" + b" " * MAX_DOCUMENT_BYTES, "document-too-large", "33,554,433"),
    ],
)
def test_what_is_no_model_is_one_clear_issue(source: str | bytes, code: str, part: str) -> None:
    found, _, _, message = only(source)
    assert found == code and part in message


def test_inconsistent_model_names_rule_element_and_line() -> None:
    text = L3.format(
        '\n<model id="m">\n<listOfSpecies>\n<species id="S" compartment="nowhere" constant="false" '
        'boundaryCondition="false" hasOnlySubstanceUnits="false"/></listOfSpecies></model>'
    )
    result = read(text)
    assert result.network is None
    issue = next(i for i in result.issues if i.code == "sbml-20601")
    assert (issue.element_id, issue.line) == ("S", 4) and "'nowhere' which is not defined" in issue.message
    assert "Section 4.6.3" in issue.hint


def test_unsupported_features_are_refused_by_name() -> None:
    assert only(QUALITATIVE)[:2] == ("unsupported-package-qual", None)


def test_load_raises_with_all_issues(tmp_path: Path) -> None:
    with pytest.raises(SBMLError, match="unsupported-package-qual") as caught:
        load(QUALITATIVE)
    assert caught.value.issues
    with pytest.raises(FileNotFoundError, match=r"missing\.xml"):
        load(tmp_path / "missing.xml")
    with pytest.raises(SBMLError, match="is a folder"):
        load(tmp_path)


def test_a_path_a_text_and_bytes_give_the_same_network(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_bytes(L1.encode())
    assert load(path) == load(str(path)) == load(L1) == load(L1.encode()) == load(L1.encode("utf-16"))


def test_latin_1_documents_are_decoded() -> None:
    text = L3.format('<model id="m" name="Größe"/>').replace("?>", ' encoding="ISO-8859-1"?>', 1)
    assert load(text.encode("latin-1")).name == "Größe"


def test_level_1() -> None:
    network = load(L1)
    reaction = network.reactions[0]
    assert (network.level, network.version, network.id) == (1, 2, "old")
    assert reaction.kinetic_law is symbol("R.k2") * power(symbol("S"), 2)
    assert reaction.reactants[0].stoichiometry == 1.5
    assert network.value("R.k2") == 7.0 and network.value("S") == 4.0
    assert network.rules == (AssignmentRule(variable="q", math=symbol("k") * 2),)


def test_level_2_stoichiometry_math() -> None:
    reference = load(L2).reactions[0].reactants[0]
    assert reference.stoichiometry is None
    assert reference.stoichiometry_math is symbol("n") + divide(1, 3)


def test_antimony() -> None:
    network = load("S1 -> S2; k*S1*time; k = 0.25; S1 = 10; x' = -x; x = 2; y := piecewise(1, S1 > 2, 0)")
    assert network.value("k") == 0.25 and network.value("S1") == 10.0
    assert network.reactions[0].kinetic_law is symbol("k") * symbol("S1") * TIME
    assert RateRule(variable="x", math=-symbol("x")) in network.rules
    assert AssignmentRule(variable="y", math=piecewise(1, relation("gt", symbol("S1"), 2), 0)) in network.rules


def test_function_definitions_are_kept_as_calls() -> None:
    network = load("function hill(x, K, n)\n x^n/(K^n + x^n)\nend\n S -> ; hill(S, 2, n); n = 2; S = 1")
    definition = network.function_definitions[0]
    assert definition.arguments == ("x", "K", "n")
    assert network.reactions[0].kinetic_law is call("hill", [symbol("S"), constant(2), symbol("n")])


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("log10(p)", function("log10", symbol("p"))),
        ("log(2, p)", function("ln", symbol("p")) / function("ln", 2)),
        ("root(3, p)", power(symbol("p"), constant(1) / 3)),
        ("sqrt(p)", function("sqrt", symbol("p"))),
        ("sec(p)", 1 / function("cos", symbol("p"))),
        ("arccsch(p)", function("arcsinh", 1 / symbol("p"))),
        ("1e-7 * p", 1e-7 * symbol("p")),
        ("avogadro * p", 6.02214179e23 * symbol("p")),
    ],
)
def test_mathematics(formula: str, expected: object) -> None:
    network = load(f"p = 1; q := {formula}")
    assert network.rules[0].math is expected


def test_validate_reports_warnings_too() -> None:
    issues = validate(
        L3.format('<model id="m"><listOfParameters><parameter id="k" constant="true"/></listOfParameters></model>')
    )
    assert any(i.severity is Severity.WARNING and i.element_id == "k" for i in issues)
    assert not any(i.severity is Severity.ERROR for i in issues)
