"""Random values, read from the package distrib and written to it."""

from __future__ import annotations

from dataclasses import replace

import libsbml
import pytest

from sbmlgrn.expr import DRAWS, constant, make, symbol
from sbmlgrn.network import AssignmentRule, InitialAssignment, Network, Parameter, diff
from sbmlgrn.sbml import load, read, write


def document(formula: str, annotation: str = "") -> str:
    """A document whose parameter x is assigned a formula."""
    return (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2" '
        'xmlns:distrib="http://www.sbml.org/sbml/level3/version1/distrib/version1" distrib:required="true">'
        '<model id="m"><listOfParameters><parameter id="k" value="2" constant="true"/>'
        f'<parameter id="x" constant="false">{annotation}</parameter></listOfParameters><listOfRules>'
        '<assignmentRule variable="x"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        f"{formula}</math></assignmentRule></listOfRules></model></sbml>"
    )


def drawn(distribution: str, *args: str) -> str:
    url = f"http://www.sbml.org/sbml/symbols/distrib/{distribution}"
    return f'<apply><csymbol encoding="text" definitionURL="{url}">any</csymbol>{"".join(args)}</apply>'


@pytest.mark.parametrize(
    ("distribution", "count"), [(name, count) for name, counts in DRAWS.items() for count in counts]
)
def test_every_distribution(distribution: str, count: int) -> None:
    operands = [constant(i + 1) for i in range(count - 1)] + [symbol("k")]
    texts = [f"<cn>{i + 1}</cn>" for i in range(count - 1)] + ["<ci>k</ci>"]
    network = load(document(drawn(distribution, *texts)))
    assert network.rules == (AssignmentRule(variable="x", math=make(distribution, operands, 0)),)
    again = write(replace(network, source=None))
    assert diff(load(again), network) == []
    assert libsbml.readSBMLFromString(again).getModel().getRule(0).getMath().getName() == distribution


def test_each_draw_is_another_one() -> None:
    once = drawn("normal", "<cn>0</cn>", "<cn>1</cn>")
    network = load(document(f"<apply><minus/>{once}{once}</apply>"))
    rule = network.rules[0]
    assert rule.math is not None
    first, second = rule.math.args
    assert first is not second
    assert (first.op, first.args) == (second.op, second.args)
    assert diff(load(write(replace(network, source=None))), network) == []


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_a_wrong_number_of_operands_is_an_issue(count: int) -> None:
    result = read(document(drawn("normal", *["<cn>1</cn>"] * count)))
    assert result.network is None
    undeclared = document(drawn("normal", *["<cn>1</cn>"] * count)).replace('distrib:required="true"', "")
    assert read(undeclared).network is None
    with pytest.raises(ValueError, match="normal"):
        make("normal", [constant(1)] * count, 0)


def test_uncertainties_stay_in_the_document() -> None:
    uncertain = (
        "<distrib:listOfUncertainties><distrib:uncertainty><distrib:uncertParameter distrib:value="
        '"0.3" distrib:type="standardDeviation"/></distrib:uncertainty></distrib:listOfUncertainties>'
    )
    source = document("<cn>1</cn>", uncertain)
    network = load(source)
    assert write(network) == source
    assert uncertain in write(network.with_values({"k": 3.0}))


def test_a_draw_needs_the_package() -> None:
    noisy = InitialAssignment(symbol="k", math=make("uniform", [constant(0), constant(1)], 0))
    plain = Network().with_elements(Parameter(id="k", value=1.0))
    assert load(write(plain.with_elements(noisy))).initial_assignments == (noisy,)
    with pytest.raises(ValueError, match="does not declare the package distrib"):
        write(load(write(plain)).with_elements(noisy))


def test_a_negative_zero_is_written() -> None:
    rule = AssignmentRule(variable="x", math=constant(-0.0))
    network = Network().with_elements(Parameter(id="x", constant=False), rule)
    assert load(write(network)).rules == (rule,)
