"""Literals and formulas that libSBML would read wrongly, or not survive."""

from __future__ import annotations

import pytest

from sbmlgrn.sbml import Severity, load, read, write

L3 = """<?xml version="1.0"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="m">
<listOfParameters><parameter id="p" value="2" constant="true"/><parameter id="x" constant="false"/></listOfParameters>
<listOfRules><assignmentRule variable="x"><math xmlns="http://www.w3.org/1998/Math/MathML">
{}
</math></assignmentRule></listOfRules>
</model></sbml>"""
L1 = (
    '<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model><listOfCompartments>'
    '<compartment name="c"/></listOfCompartments><listOfParameters><parameter name="x"/></listOfParameters>'
    '<listOfRules><parameterRule name="x" formula="{}"/></listOfRules></model></sbml>'
)
RATE = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf">rateOf</csymbol>'
FUNCTION = (
    '<listOfFunctionDefinitions><functionDefinition id="f"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda>'
    "<bvar><ci>a</ci></bvar><ci>a</ci></lambda></math></functionDefinition></listOfFunctionDefinitions>"
)


@pytest.mark.parametrize(
    ("formula", "code", "parts"),
    [
        ("<cn>1,5</cn>", "invalid-number", ["'1,5'", "is no number"]),
        ("<cn>0x10</cn>", "invalid-number", ["'0x10'"]),
        ("<cn/>", "invalid-number", ["''"]),
        ("<cn>1e999</cn>", "invalid-number", ["'1e999'", "larger than any double"]),
        ('<cn type="integer">1.5</cn>', "invalid-number", ["'1.5'", "'integer'", "is no integer"]),
        ('<cn type="integer">2147483648</cn>', "invalid-number", ["32 bits"]),
        (f'<cn type="integer">{"9" * 100_000}</cn>', "invalid-number", ["32 bits"]),
        ('<cn type="e-notation">1.5</cn>', "invalid-number", ["consists of 1, expected 2", "<sep/>"]),
        ('<cn type="e-notation">2<sep/>1.5</cn>', "invalid-number", ["the part '1.5'", "is no integer"]),
        ('<cn type="e-notation">2<sep/>999</cn>', "invalid-number", ["larger than any double"]),
        ('<cn type="complex-polar">1<sep/>2</cn>', "invalid-number", ["'complex-polar'", "expected one of real"]),
        ('<cn base="16">10</cn>', "invalid-number", ["base", "'16'"]),
        ("<apply/>", "invalid-math", ["'apply' has no operation"]),
        ("<apply><apply><plus/><ci>p</ci></apply><ci>p</ci></apply>", "invalid-math", ["operation", "is an 'apply'"]),
        ("<pi><ci>p</ci></pi>", "invalid-math", ["'ci' is within 'pi'"]),
        ("<ci>p<ci>p</ci></ci>", "invalid-math", ["'ci' is within 'ci'"]),
        ("<apply><log/><cn>2</cn><ci>p</ci></apply>", "invalid-math", ["'log' has 2 operands"]),
        ("<apply><root/><ci>p</ci><degree><cn>3</cn></degree></apply>", "invalid-math", ["'degree' is not the first"]),
        ("<apply><root/><degree/><ci>p</ci></apply>", "invalid-math", ["'degree' holds 0 elements"]),
        ("<apply><plus/><degree><cn>2</cn></degree><ci>p</ci></apply>", "invalid-math", ["after a 'root'"]),
        ("<apply><max/><bvar><ci>p</ci></bvar><ci>p</ci></apply>", "invalid-math", ["'bvar' is not at the beginning"]),
        (
            f"<piecewise>{'<otherwise><ci>p</ci></otherwise>' * 2}</piecewise>",
            "invalid-math",
            ["more than one 'otherwise'"],
        ),
        (f"<apply>{RATE}</apply>", "wrong-operands", ["rateOf has 0 operands", "expected 1"]),
        (f"<apply><plus/>{'<ci>p</ci>' * 5_001}</apply>", "formula-too-long", ["5,001", "at most 5,000"]),
        (f"{'<apply><ci>f</ci>' * 101}<ci>p</ci>{'</apply>' * 101}", "nesting-too-deep", ["deeper than 100"]),
    ],
)
def test_formulas_are_refused_with_element_and_line(formula: str, code: str, parts: list[str]) -> None:
    result = read(L3.format(formula))
    assert result.network is None
    (issue,) = result.issues
    assert (issue.severity, issue.code, issue.element_id, issue.line) == (Severity.ERROR, code, "x", 6)
    assert all(part in issue.message for part in parts), issue.message
    assert issue.hint and len(str(issue)) < 500


@pytest.mark.parametrize(
    ("cn", "value"),
    [
        ("<cn> -1.5e-3 </cn>", -1.5e-3),
        ("<cn>.5</cn>", 0.5),
        ('<cn type="integer"> +3 </cn>', 3),
        ('<cn type="e-notation">2.5<sep/>-3</cn>', 2.5e-3),
        ('<cn type="rational">1<sep/>4</cn>', 0.25),
        ("<cn>1e-999</cn>", 0),
    ],
)
def test_numbers_that_are_right_are_read(cn: str, value: float) -> None:
    (rule,) = load(L3.format(cn)).rules
    assert rule.math is not None and rule.math.number == value


@pytest.mark.parametrize(
    ("before", "after", "code", "parts"),
    [
        ('value="2"', 'value="1,5"', "invalid-real", ["value of the 'parameter'", "'1,5'"]),
        ('value="2"', 'value=""', "invalid-real", ["''"]),
        ('value="2"', 'value="inf"', "invalid-real", ["'inf'"]),
        ('value="2"', f'value="{"9" * 100_000}"', "invalid-real", ["…", "larger than any double"]),
        ('value="2" constant="true"', 'value="2" constant="yes"', "invalid-boolean", ["constant", "'yes'"]),
    ],
)
def test_attributes_are_refused_by_name(before: str, after: str, code: str, parts: list[str]) -> None:
    result = read(L3.format("<ci>p</ci>").replace(before, after))
    (issue,) = result.issues
    assert result.network is None
    assert (issue.code, issue.element_id, issue.line) == (code, "p", 4)
    assert all(part in issue.message for part in parts), issue.message


def test_notes_and_annotations_are_not_looked_at() -> None:
    notes = (
        '<notes><p xmlns="http://www.w3.org/1999/xhtml" value="none"/></notes><annotation><a value="x"/></annotation>'
    )
    assert load(L3.format("<ci>p</ci>").replace("<listOfP", f"{notes}<listOfP", 1)).value("p") == 2


def test_elements_of_other_languages_are_told_and_changed_documents_keep_them() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"><xi:a/></xi:include>'
    result = read(L3.format("<ci>p</ci>").replace("<listOfP", f"{include}<listOfP", 1))
    assert result.network is not None
    (issue,) = [i for i in result.issues if i.code == "foreign-element"]
    assert (issue.severity, issue.element_id, issue.line) == (Severity.WARNING, "m", 4) and "'include'" in issue.message
    text = write(result.network.with_values({"p": 3}))
    assert include in text and load(text).value("p") == 3


@pytest.mark.parametrize("formula", ["(" * 6_000 + "1" + ")" * 6_000, "1 + " * 6_000 + "1", "-" * 100_000 + "1"])
def test_long_formulas_of_level_1_and_of_antimony_are_refused(formula: str) -> None:
    for document in (L1.format(formula), f"x := {formula}\n y = 1"):
        (issue,) = read(document).issues
        assert issue.code == "formula-too-long"
        assert "at most 5,000" in issue.message


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ('level="3" version="2"', 'level="3" version="9"', "'9'"),
        ('level="3"', 'level="2"', "'2'"),
        (' level="3"', "", "''"),
        ("version2/core", "version7/core", "version7"),
    ],
)
def test_levels_and_versions_that_do_not_exist_are_refused(before: str, after: str, part: str) -> None:
    (issue,) = read(L3.format("<ci>p</ci>").replace(before, after)).issues
    assert issue.code == "unknown-level-version" and part in issue.message and issue.hint


@pytest.mark.parametrize(("mark", "what"), [(b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "COMBINE archive")])
def test_compressed_documents_are_refused_as_such(mark: bytes, what: str) -> None:
    (issue,) = read(mark + b"\x00" * 20).issues
    assert issue.code == "compressed" and what in issue.message


def test_utf_16_needs_no_byte_order_mark() -> None:
    text = L3.format("<ci>p</ci>").replace('"1.0"', '"1.0" encoding="UTF-16"')
    assert load(text.encode("utf-16-le")) == load(text.encode("utf-16-be")) == load(L3.format("<ci>p</ci>"))


@pytest.mark.parametrize(
    ("inside", "part"),
    [
        ("<bvar><ci>a</ci></bvar><ci>b</ci><ci>a</ci>", "more than one formula"),
        ("<bvar><ci>a</ci><ci>b</ci></bvar><ci>a</ci>", "'bvar' holds more"),
        ("<bvar><cn>1</cn></bvar><ci>a</ci>", "'bvar' holds more"),
        ("<ci>a</ci><bvar><ci>a</ci></bvar>", "not at the beginning"),
    ],
)
def test_functions_that_libsbml_reads_as_others(inside: str, part: str) -> None:
    function = FUNCTION.replace("<bvar><ci>a</ci></bvar><ci>a</ci>", inside)
    (issue,) = read(L3.format("<ci>p</ci>").replace("<listOfParameters>", f"{function}<listOfParameters>")).issues
    assert (issue.severity, issue.code, issue.element_id) == (Severity.ERROR, "invalid-math", "f")
    assert part in issue.message


def test_formulas_annotated_in_mathml_are_read() -> None:
    other = '<annotation-xml encoding="MathML-Presentation"><mrow><mi>p</mi><mo/></mrow></annotation-xml>'
    result = read(L3.format(f"<semantics><ci>p</ci>{other}</semantics>"))
    assert result.network is not None and not result.issues
    (rule,) = result.network.rules
    assert str(rule.math) == "p"


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("<listOfRules>", "<listOfRules>k = 3", "'listOfRules'"),
        ("<ci>p</ci>", "<pi>3</pi>", "'pi'"),
        ("</model>", "<![CDATA[k = 3]]></model>", "'model'"),
    ],
)
def test_text_where_there_is_none_is_told(before: str, after: str, where: str) -> None:
    (issue,) = read(L3.format("<ci>p</ci>").replace(before, after)).issues
    assert (issue.severity, issue.code) == (Severity.WARNING, "foreign-text") and where in issue.message


@pytest.mark.parametrize(
    ("formula", "code", "part"),
    [
        ("c c", "invalid-formula", "'c c' is no formula"),
        ("2 * c)", "invalid-formula", "'2 * c)'"),
        (" ", "invalid-formula", "' '"),
        ("2c", "invalid-number", "'2c'"),
        ("c * 1e", "invalid-number", "'1e'"),
        ("1e+ * c", "invalid-number", "'1e+'"),
        ("1e400 * c", "invalid-number", "larger than any double"),
        ("99999999999999999999 * c", "invalid-number", "64 bits"),
        ("1.2.3", "invalid-number", "'1.2.3'"),
    ],
)
def test_formulas_of_level_1_that_libsbml_reads_as_another_or_as_none(formula: str, code: str, part: str) -> None:
    result = read(L1.format(formula))
    assert result.network is None
    (issue,) = result.issues
    assert (issue.severity, issue.code, issue.element_id) == (Severity.ERROR, code, "x") and part in issue.message


@pytest.mark.parametrize("denominator", ["0", "-2"])
def test_denominators_are_positive(denominator: str) -> None:
    reaction = (
        '<listOfReactions><reaction name="R"><listOfReactants><speciesReference species="S" denominator="'
        f'{denominator}"/></listOfReactants></reaction></listOfReactions></model>'
    )
    species = '<listOfSpecies><species name="S" compartment="c" initialAmount="1"/></listOfSpecies><listOfParameters>'
    text = L1.format("1").replace("<listOfParameters>", species).replace("</model>", reaction)
    (issue,) = read(text).issues
    assert issue.code == "invalid-positive" and f"{denominator!r}, which is not positive" in issue.message


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("3000000000 * c", "3000000000 * c"), ("1.e2*c", "100 * c"), ("x1e5-1", "x1e5 - 1"), (".5E-1", "0.05")],
)
def test_formulas_of_level_1_that_are_right(formula: str, expected: str) -> None:
    (rule,) = load(L1.replace('name="x"/', 'name="x"/><parameter name="x1e5" value="1"/').format(formula)).rules
    assert str(rule.math) == expected


PACKAGE = 'xmlns:foo="http://www.sbml.org/sbml/level3/version1/foo/version1"'


@pytest.mark.parametrize(
    ("declared", "inside", "expected"),
    [
        ('foo:required="true"', "", ("error", "sbml-99107")),
        ('foo:required="1"', "", ("error", "unsupported-package-foo")),
        ('foo:required=" 1 "', "", ("error", "unsupported-package-foo")),
        ('foo:required="0"', "<foo:bar/>", ("warning", "sbml-99108")),
        ("", "<foo:bar/>", ("error", "package-not-declared")),
    ],
)
def test_packages_that_nobody_knows(declared: str, inside: str, expected: tuple[str, str]) -> None:
    text = L3.format("<ci>p</ci>").replace("level=", f"{PACKAGE} {declared} level=", 1)
    result = read(text.replace("</model>", f"{inside}</model>"))
    assert (result.network is None) == (expected[0] == "error")
    assert expected in [(i.severity, i.code) for i in result.issues]


def test_a_package_that_only_a_part_of_the_document_declares_is_not_passed_over() -> None:
    comp = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1"'
    submodel = f'<comp:listOfSubmodels {comp}><comp:submodel comp:id="A" comp:modelRef="B"/></comp:listOfSubmodels>'
    result = read(L3.format("<ci>p</ci>").replace("</model>", f"{submodel}</model>"))
    assert result.network is None and [i.code for i in result.issues] == ["package-not-declared"]
