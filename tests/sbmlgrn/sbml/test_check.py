"""Checks that end: function definitions that call each other, and long chains of rules."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import libsbml
import pytest

from sbmlgrn.sbml import Severity, load, read, validate

CORE = "http://www.sbml.org/sbml/level3/version2/core"
COMP = ' xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'


def mathml(formula: str) -> str:
    return libsbml.writeMathMLToString(libsbml.parseL3Formula(formula)).split("?>", 1)[1]


def document(rules: dict[str, str], functions: Iterable[str] = ()) -> str:
    parameters = "".join(f'<parameter id="{n}" constant="false"/>' for n in rules)
    made = "".join(f'<assignmentRule variable="{n}">{mathml(f)}</assignmentRule>' for n, f in rules.items())
    defined = f"<listOfFunctionDefinitions>{''.join(functions)}</listOfFunctionDefinitions>" if functions else ""
    return (
        f'<sbml xmlns="{CORE}" level="3" version="2"><model id="m">{defined}<listOfParameters>{parameters}'
        f'<parameter id="p" value="2" constant="true"/></listOfParameters>\n<listOfRules>{made}</listOfRules>'
        "</model></sbml>"
    )


def function(name: str, formula: str) -> str:
    return f'<functionDefinition id="{name}">{mathml(f"lambda(a, {formula})")}</functionDefinition>'


DOUBLING = [function("f0", "1 + a"), *(function(f"f{i}", f"f{i - 1}(a) + f{i - 1}(a)") for i in range(1, 60))]


@pytest.mark.parametrize(
    ("functions", "code", "parts"),
    [
        ([function("f", "f(a - 1)")], "recursive-function", ["'f' → 'f'"]),
        ([function("f", "g(a)"), function("g", "f(a)")], "recursive-function", ["'f' → 'g' → 'f'"]),
        ([function("f", "a, a")], "duplicate-argument", ["'a'"]),
        (DOUBLING, "formula-too-long", ["e+06 operations", "at most 1,000,000"]),
    ],
)
def test_functions_that_libsbml_does_not_survive(functions: list[str], code: str, parts: list[str]) -> None:
    result = read(document({"x": "f(p)"}, functions))
    (issue,) = result.issues
    assert result.network is None and issue.severity is Severity.ERROR
    assert issue.code == code and issue.hint and issue.element_id
    assert all(part in issue.message for part in parts)


def test_calls_within_calls_that_grow_are_refused() -> None:
    formula = "f(" * 30 + "p" + ")" * 30
    (issue,) = read(document({"x": formula}, [function("f", "a + a")])).issues
    assert issue.code == "formula-too-long" and issue.element_id == "x"
    assert load(document({"x": "f(f(f(p)))"}, [function("f", "a + a")])).rules


def chain(length: int) -> dict[str, str]:
    return {f"x{i}": f"x{i - 1} + 1" if i else "p" for i in range(length)}


def test_a_long_chain_of_rules_is_checked_in_time_and_every_fault_is_found_once() -> None:
    began = time.process_time()
    assert len(load(document(chain(400))).rules) == 400
    result = read(document(chain(400) | {"x7": "x6 + nothing", "x8": "x7 + nowhere"}))
    assert time.process_time() - began < 10
    errors = [i for i in result.issues if i.severity is Severity.ERROR]
    assert len(errors) == 2
    assert "nothing" in errors[0].message and "nowhere" in errors[1].message


def test_a_long_cycle_is_told_briefly() -> None:
    (issue,) = read(document(chain(400) | {"x0": "x399"})).issues
    assert issue.code == "circular-definition" and issue.line == 2
    assert "'x0' → 'x1'" in issue.message and len(issue.message) < 200


def test_units_are_not_checked_where_that_takes_too_long() -> None:
    wide = document({"x": " + ".join(["p"] * 600)})
    assert "units-not-checked" in {i.code for i in validate(wide)}
    assert "units-not-checked" not in {i.code for i in validate(document({"x": "p + p"}))}


def composed(models: str, definitions: str = "") -> str:
    uses = "".join(f'<comp:submodel comp:id="s{i}" comp:modelRef="{m}"/>' for i, m in enumerate(models.split()))
    return (
        f'<sbml xmlns="{CORE}" level="3" version="2"{COMP}><model id="m"><comp:listOfSubmodels>{uses}'
        f"</comp:listOfSubmodels></model>{definitions}</sbml>"
    )


def refusal(source: str | Path) -> str:
    (issue,) = read(source).issues
    assert issue.code == "comp-flattening"
    return issue.message


def test_models_of_models_have_bounds() -> None:
    made = '<comp:modelDefinition id="A0"/>'
    for i in range(1, 40):
        part = f'<comp:submodel comp:id="a" comp:modelRef="A{i - 1}"/>'
        two = part + part.replace('"a"', '"b"')
        made += (
            f'<comp:modelDefinition id="A{i}"><comp:listOfSubmodels>{two}</comp:listOfSubmodels></comp:modelDefinition>'
        )
    listed = f"<comp:listOfModelDefinitions>{made}</comp:listOfModelDefinitions>"
    assert "1.1e+12 models" in refusal(composed("A39", listed))
    assert "'m' contains itself" in refusal(composed("m"))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("<sbml", "not XML"),
        (f'<!DOCTYPE a []><sbml xmlns="{CORE}" level="3" version="2"/>', "document type declaration"),
        (f'<sbml xmlns="{CORE}" level="3" version="2">{"<a>" * 2_000}', "deeper than 1000"),
    ],
)
def test_external_models_are_looked_at_before_libsbml_reads_them(tmp_path: Path, content: str, part: str) -> None:
    external = '<comp:externalModelDefinition comp:id="A" comp:source="other.xml"/>'
    listed = f"<comp:listOfExternalModelDefinitions>{external}</comp:listOfExternalModelDefinitions>"
    (tmp_path / "other.xml").write_text(content)
    (tmp_path / "model.xml").write_text(composed("A", listed))
    message = refusal(tmp_path / "model.xml")
    assert "'other.xml'" in message and part in message
    (tmp_path / "other.xml").write_text(composed("A", listed.replace("other.xml", "../secret.xml")))
    assert "outside the model's folder" in refusal(tmp_path / "model.xml")
