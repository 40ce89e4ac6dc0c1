"""What documents mean, against solutions worked out by hand: features of SBML where they meet each other."""

import math

import pytest
import torch

import sbmlgrn as sg

from .differences import gradients_and_differences
from .documents import (
    algebraic,
    assigned,
    compartment,
    document,
    event,
    function,
    initial,
    parameters,
    rate,
    reaction,
    species,
)

exp, nan = math.exp, math.nan
WALK = (parameters(x=0, n=0), rate("x", "1"))
DECAY = (compartment(), species("S", amount=5), parameters(n=0), reaction("J", "S:1", "", "0.1*S"))
SINE = (parameters(n=0, s=0), assigned("s", "sin(time*pi)"))

COURSES = {
    # the past
    "a delay of a delay": (
        (parameters(x=0, y=0, z=0), assigned("x", "time^2"), assigned("y", "delay(x,1)"), assigned("z", "delay(y,2)")),
        [0, 1, 5],
        {"z": [9, 4, 4]},
    ),
    "a delay in a trigger": ((*WALK, event("E", "delay(x,1) > 2", {"n": "n+1"})), [0, 2.9, 3.1], {"n": [0, 0, 1]}),
    "a delay in a late assignment": (
        (*WALK, event("E", "time > 2", {"n": "delay(x,0.5)"}, "1", early=False)),
        [0, 4],
        {"n": [0, 2.5]},
    ),
    "a delay in the delay of an event": (
        (*WALK, event("E", "time > 2", {"n": "time"}, "delay(x,1)", early=False)),
        [0, 2.9, 3.2],
        {"n": [0, 0, 3]},
    ),
    "a delay in a priority": (
        (
            *WALK,
            event("E", "time > 2", {"n": "n*10+1"}, priority="delay(x,1)", early=False),
            event("F", "time > 2", {"n": "n*10+2"}, priority="1.5", early=False),
        ),
        [0, 3],
        {"n": [0, 21]},
    ),
    "a delay in an initial assignment": (
        (parameters(x=None, q=None), initial("q", "delay(x,2)"), assigned("x", "3+time")),
        [0, 3],
        {"q": [1, 1]},
    ),
    "a delay in a kinetic law": (
        (compartment(), species("S", amount=1), reaction("J", "", "S:1", "delay(S,1)")),
        [0, 1, 2],
        {"S": [1, 2, 3.5]},
    ),
    "no rate before the start": (
        (parameters(x=0, q=0), rate("x", "2*time+1"), assigned("q", "delay(rateOf(x),1)")),
        [0, 0.5, 1, 2],
        {"q": [0, 0, 1, 3]},
    ),
    "a rate before the start": (
        (parameters(x=0, q=0), initial("x", "3*time"), rate("x", "2"), assigned("q", "delay(rateOf(x),1)")),
        [0, 0.5, 2],
        {"q": [3, 3, 2]},
    ),
    "a lag that changes": (
        (parameters(x=0, q=0, l=1), rate("x", "1"), rate("l", "0.5"), assigned("q", "delay(x,l)")),
        [0, 1, 4],
        {"q": [0, 0, 1]},
    ),
    "a jump that comes later": (
        (parameters(x=0, q=0), rate("q", "delay(x,1)"), event("E", "time>=1", {"x": "5"})),
        [0, 2, 2.5, 4],
        {"q": [0, 0, 2.5, 10]},
    ),
    "the past of what an algebraic rule determines": (
        (parameters(x=0, q=1, w=0), rate("x", "1"), algebraic("q^3-x-1"), assigned("w", "delay(q,1)")),
        [0, 1, 3],
        {"w": [1, 1, 3 ** (1 / 3)]},
    ),
    # events
    "a priority that changes while others are executed": (
        (
            parameters(p=1, n=0),
            event("A", "time>1", {"p": "10", "n": "n*10+1"}, priority="5", early=False),
            event("B", "time>1", {"n": "n*10+2"}, priority="p", early=False),
            event("C", "time>1", {"n": "n*10+3"}, priority="3", early=False),
        ),
        [0, 2],
        {"n": [0, 123]},
    ),
    "truth values as priorities": (
        (
            parameters(n=0),
            event("A", "time>1", {"n": "n*10+1"}, priority="true", early=False),
            event("B", "time>1", {"n": "n*10+2"}, priority="false", early=False),
        ),
        [0, 2],
        {"n": [0, 12]},
    ),
    "events at the start": (
        (parameters(x=0, n=0), event("A", "true", {"n": "n+1"}, before=False), event("B", "n>0.5", {"x": "7"})),
        [0, 1],
        {"n": [1, 1], "x": [7, 7]},
    ),
    "one event takes back another": (
        (
            parameters(x=0, n=0),
            event("A", "time>1 && x<1", {"n": "n+1"}, priority="1", persistent=False),
            event("B", "time>1", {"x": "2"}, priority="2"),
        ),
        [0, 2],
        {"n": [0, 0]},
    ),
    "triggered again while waiting": (
        (*SINE, event("A", "s>0.5", {"n": "n+1"}, "5", early=False)),
        [0, 5, 5.2, 7.3, 9.3],
        {"n": [0, 0, 1, 2, 3]},
    ),
    "waiting in vain": (
        (*SINE, event("A", "s>0.5", {"n": "n+1"}, "0.8", persistent=False)),
        [0, 5],
        {"n": [0, 0]},
    ),
    "a rate as trigger and value": (
        (*DECAY, event("A", "rateOf(S) > -0.4", {"n": "rateOf(S)"})),
        [0, 2.2, 2.3],
        {"n": [0, 0, -0.4]},
    ),
    "a number as trigger": (
        (parameters(b=0, n=0), assigned("b", "time>2"), event("E", "b", {"n": "n+true"})),
        [0, 1.9, 2.1],
        {"n": [0, 0, 1]},
    ),
    # stoichiometries
    "a stoichiometry that an event sets": (
        (
            compartment(),
            species("S", amount=0),
            reaction("J", "", "S:2:st", "1"),
            event("A", "time>1", {"st": "5"}),
        ),
        [0, 1, 2],
        {"S": [0, 2, 7], "st": [2, 2, 5]},
    ),
    "a stoichiometry with a rate": (
        (compartment(), species("S", amount=0), rate("st", "1"), reaction("J", "", "S:2:st", "1")),
        [0, 1, 2],
        {"S": [0, 2.5, 6]},
    ),
    "a stoichiometry that an algebraic rule determines": (
        (compartment(), species("S", amount=0), algebraic("st-time"), reaction("J", "", "S::st", "1")),
        [0, 1, 2],
        {"S": [0, 0.5, 2], "st": [0, 1, 2]},
    ),
    "a species on both sides": (
        (compartment(), species("S", amount=0), reaction("J", "S:1", "S:2 S:1:q", "q")),
        [0, 2],
        {"S": [0, 4]},
    ),
    # sizes
    "an event resizes a compartment": (
        (compartment(size=2), species("S", 2), species("T", amount=3), event("A", "time>1", {"c": "8"})),
        [0, 2],
        {"S": [2, 0.5], "T": [3, 3]},
    ),
    "a reaction in a growing compartment": (
        (compartment(size=2), species("S", 2), rate("c", "1"), reaction("J", "S:1", "", "S*c")),
        [0, 1, 2],
        {"S": [2, 4 * exp(-1) / 3, exp(-2)]},
    ),
    "a rate rule for a concentration in a compartment that is resized": (
        (
            compartment(size=2),
            species("S", 2, boundaryCondition="true"),
            rate("S", "1"),
            event("A", "time>1", {"c": "4"}),
        ),
        [0, 1, 2],
        {"S": [2, 3, 2.5]},
    ),
    "an algebraic rule determines a size": (
        (compartment(size=None), species("S", amount=3, hasOnlySubstanceUnits="false"), algebraic("c-2-time")),
        [0, 1],
        {"S": [1.5, 1]},
    ),
    # algebraic rules
    "two coupled rules": (
        (parameters(x=0, u=None, v=None), rate("x", "1"), algebraic("u+v-x"), algebraic("u-v-1")),
        [0, 3],
        {"u": [0.5, 2], "v": [-0.5, 1]},
    ),
    "a rule among concentrations in a growing compartment": (
        (
            compartment(),
            species("S", 3),
            species("T", 1),
            rate("c", "1"),
            algebraic("T-2*S"),
            reaction("J", "S:1", "", "S*c"),
        ),
        [0, 1],
        {"T": [6, 3 * exp(-1)]},
    ),
    "an event assigns what a rule mentions": (
        (parameters(u=1, v=2), algebraic("u-v+1"), event("E", "time>1", {"v": "5"})),
        [0, 2],
        {"u": [1, 4]},
    ),
    "a linear rule that jumps": (
        (parameters(u=None, n=0), algebraic("u-piecewise(1,time<2,3)"), event("E", "u>2", {"n": "n+1"})),
        [0, 1.9, 2.1],
        {"u": [1, 1, 3], "n": [0, 0, 1]},
    ),
    "a nonlinear rule that jumps": (
        (parameters(u=1), algebraic("u^3-piecewise(1,time<2,8)")),
        [0, 1.9, 2.1],
        {"u": [1, 1, 2]},
    ),
    # values
    "mathematics that is missing": (
        (
            parameters(a=1, b=2, d=3, f=4),
            initial("a", ""),
            assigned("b", ""),
            rate("d", ""),
            algebraic(""),
            event("E", "time>1", {"f": ""}),
            event("F", "", {"f": "7"}),
        ),
        [0, 2],
        {"a": [1, 1], "b": [2, 2], "d": [3, 3], "f": [4, 4]},
    ),
    "infinite and undefined constants": (
        (parameters(a=None, b=-math.inf, x=1), rate("x", "piecewise(1, a > 0, 3, b < 0, 2)")),
        [0, 1],
        {"a": [nan, nan], "b": [-math.inf] * 2, "x": [1, 4]},
    ),
}


@pytest.mark.parametrize("name", COURSES)
def test_courses(name: str) -> None:
    elements, grid, expected = COURSES[name]
    model = sg.compile(sg.load(document(*elements)))
    with torch.no_grad():
        solution = sg.simulate(model, grid, rtol=1e-9, atol=1e-12)
    assert solution.success
    for symbol, values in expected.items():
        found = solution[symbol].expand(len(grid)).tolist()
        assert found == pytest.approx(values, rel=1e-6, abs=1e-8, nan_ok=True), symbol


@pytest.mark.parametrize(
    ("infix", "value"),
    [
        *(("rem(-7,4)", -3), ("quotient(-7,4)", -1), ("implies(x>2,y>0)", 0), ("implies(false,true)+1", 2)),
        *(("(x>2)+(y>0)+5", 6), ("!x", 0), ("x && y", 1), ("and(x,y,z)", 0), ("xor(true,true,true)", 1)),
        *(("piecewise(3,x<2)", nan), ("piecewise(true,x>2,false)", 1), ("piecewise(3,x,4)", 3), ("piecewise(5)", 5)),
        *(("lt(1,2,3)", 1), ("lt(1,3,2)", 0), ("and()", 1), ("or()", 0), ("plus()", 0), ("times()", 1)),
        *(("avogadro/6.02214179e23", 1), ("-INF", -math.inf), ("NaN", nan), ("0^0", 1), ("log(2,8)", 3)),
        *(("max(true,0.5)", 1), ("-(x>2)", -1), ("2^(x>2)", 2), ("true>false", 1), ("min(x,NaN)", nan), ("max(x)", 3)),
        *(("f(y,x)", -5), ("g(x)+g(1)", 1), ("f(x>2,0)", 1), ("arcsec(x)", math.acos(1 / 3)), ("abs(true)", 1)),
    ],
)
def test_values(infix: str, value: float) -> None:
    """In a rule, and as what an event assigns; by machine code and by tensors."""
    text = document(
        function("f", "x,y,x-y"),
        function("g", "a,a>2"),
        parameters(q=0, r=0, x=3, y=-2, z=0, w=1),
        assigned("q", infix),
        rate("w", "-w"),
        event("E", "time>=1", {"r": infix}),
    )
    solution = sg.simulate(sg.compile(sg.load(text)), [0.0, 1.5])
    assert solution["q"].expand(2)[1].item() == pytest.approx(value, nan_ok=True)
    if math.isfinite(value):
        assert solution["r"][1].item() == pytest.approx(value)


def test_stoichiometry_mathematics_of_level_2() -> None:
    law = f"<kineticLaw>{reaction('J', '', '', '1')[1].split('<kineticLaw>')[1].split('</kineticLaw>')[0]}</kineticLaw>"
    formula = rate("k", "2*k")[1].removeprefix('<rateRule variable="k">').removesuffix("</rateRule>")
    product = f'<speciesReference species="S"><stoichiometryMath>{formula}</stoichiometryMath></speciesReference>'
    text = f'<reaction id="J" reversible="false"><listOfProducts>{product}</listOfProducts>{law}</reaction>'
    elements = (compartment(), species("S", amount=0), parameters(k=0), rate("k", "1"), ("Reactions", text))
    solution = sg.simulate(sg.compile(sg.load(document(*elements, level=2, version=4))), [0.0, 1.0, 2.0])
    assert solution["S"].tolist() == pytest.approx([0, 1, 4])


GROWTH = (
    compartment(size=2),
    species("S", 4),
    species("T", amount=1, hasOnlySubstanceUnits="false"),
    parameters(k=0.7, d=0.4, th=2.2),
    rate("c", "0.3*k"),
    reaction("J", "S:1", "T:2", "k*S*c"),
)
SENSITIVE = {
    "values of the trigger's time": (*GROWTH, event("E", "S<th", {"S": "S+k*time", "T": "T*2"}, "d*S/2")),
    "values of the execution's time": (
        *GROWTH,
        event("E", "S<th", {"S": "S+k*time", "c": "c*(1+k)"}, "d*S/2", early=False),
    ),
    "an assigned stoichiometry and a conversion factor": (
        compartment(),
        species("S", amount=4, conversionFactor="f"),
        species("T", amount=1),
        parameters(constant=True, f=0.4),
        parameters(k=0.7, a=2.2),
        initial("st", "a*k"),
        initial("S", "a+f"),
        reaction("J", "S:1", "T::st", "k*S*c"),
    ),
    "a nonlinear rule that jumps at a time": (
        parameters(constant=True, k=0.7, te=1.4),
        parameters(u=1, x=1),
        rate("x", "-k*u"),
        algebraic("u^3+u-x-piecewise(1,time<te,8*k)"),
    ),
    "a nonlinear rule that jumps at a state": (
        parameters(constant=True, k=0.7, te=0.6),
        parameters(u=1, x=1),
        rate("x", "-k*u"),
        algebraic("u^3+u-x-piecewise(1,x>te,8*k)"),
    ),
    "a cascade": (
        parameters(k=0.7, th=2, x=3, z=0, w=0),
        rate("x", "-k*x"),
        event("E", "x<th", {"z": "x+k"}),
        event("F", "z>1", {"w": "z*time", "x": "x+1"}),
    ),
    "a rate as trigger": (
        parameters(k=0.7, th=1, x=3, n=0),
        rate("x", "-k*x"),
        event("E", "rateOf(x)>-th", {"n": "rateOf(x)*time", "x": "2*x"}),
    ),
}


@pytest.mark.parametrize("name", SENSITIVE)
def test_gradients(name: str) -> None:
    model = sg.compile(sg.load(document(*SENSITIVE[name])))
    gradient, differences = gradients_and_differences(model, [0.0, 1.013, 3.013])
    assert torch.allclose(gradient, differences, rtol=1e-5, atol=1e-5)
