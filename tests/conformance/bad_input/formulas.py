"""Documents whose mathematics is wrong, circular, or larger than a parser's stack."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

from .mutant import (
    Mutant,
    assignment,
    compartment,
    csymbol,
    event,
    function,
    initial,
    inner,
    level3,
    listed,
    mathml,
    parameter,
    rate,
    raw,
    reaction,
    species,
    variable,
)


def _rule(math: str, *others: str, functions: str = "") -> str:
    """A model in which an assignment rule says what x is."""
    parameters = listed("Parameters", variable("x"), parameter("p", 2), *others)
    return level3(functions, parameters, listed("Rules", assignment("x", math)))


def cyclic_assignment_rules() -> Iterator[Mutant]:
    """Rules that define each other."""
    yield Mutant("itself", _rule(mathml("x + 1")), refused="x")
    for length in (2, 3, 200):
        names = [f"x{i}" for i in range(length)]
        rules = [assignment(n, mathml(f"{names[i - 1]} + 1")) for i, n in enumerate(names)]
        yield Mutant(f"of {length}", level3(listed("Parameters", *map(variable, names)), listed("Rules", *rules)), "x")
    rules = listed("Rules", assignment("x", mathml("piecewise(y, time < -1, 1)")), assignment("y", mathml("x")))
    yield Mutant("in a branch", level3(listed("Parameters", variable("x"), variable("y")), rules), refused="x")


def cyclic_initial_assignments() -> Iterator[Mutant]:
    """Initial values that define each other, or rules."""
    both = listed("Parameters", variable("x"), variable("y"))
    starts = listed("InitialAssignments", initial("x", mathml("y + 1")), initial("y", mathml("x")))
    yield Mutant("each other", level3(both, starts), refused="x")
    rule = listed("Rules", assignment("y", mathml("x")))
    yield Mutant("a rule", level3(both, listed("InitialAssignments", initial("x", mathml("y + 1"))), rule), "x")
    yield Mutant("itself", level3(both, listed("InitialAssignments", initial("x", mathml("x + 1")))), refused="x")


def cyclic_rates() -> Iterator[Mutant]:
    """Rates that are defined by rates."""
    both = listed("Parameters", variable("x", 1), variable("y", 1))
    rules = listed(
        "Rules",
        rate("x", raw(csymbol("rateOf", "<ci>y</ci>"))),
        rate("y", raw(csymbol("rateOf", "<ci>x</ci>"))),
    )
    yield Mutant("each other", level3(both, rules), refused="x")
    yield Mutant("itself", level3(both, listed("Rules", rate("x", raw(csymbol("rateOf", "<ci>x</ci>"))))), "x")
    rules = listed("Rules", assignment("y", raw(csymbol("rateOf", "<ci>x</ci>"))), rate("x", mathml("y + 1")))
    yield Mutant("through a rule", level3(both, rules), refused="x")


def recursive_functions() -> Iterator[Mutant]:
    """Functions that call themselves, which SBML does not allow."""

    def using(*functions: str) -> str:
        return _rule(mathml("f(p)"), functions=listed("FunctionDefinitions", *functions))

    yield Mutant("direct", using(function("f", "a", inner("f(a - 1)"))), refused="f")
    yield Mutant("mutual", using(function("f", "a", inner("g(a)")), function("g", "a", inner("f(a)"))), refused="f")
    ring = [function(f"h{i}", "a", inner(f"h{(i + 1) % 50}(a)")) for i in range(50)]
    yield Mutant("ring", using(function("f", "a", inner("h0(a)")), *ring), refused="h")
    condition = "piecewise(1, a < 1, a * f(a - 1))"
    yield Mutant("factorial", using(function("f", "a", inner(condition))), refused="f")
    alone = listed("FunctionDefinitions", function("f", "a", inner("f(a)")))
    yield Mutant("unused", _rule(mathml("p"), functions=alone), refused="f")


def wrong_functions() -> Iterator[Mutant]:
    """Calls with other arguments than declared, of functions that do not exist; definitions that define nothing."""
    f = listed("FunctionDefinitions", function("f", "a b", inner("a * b")))
    yield Mutant("too few arguments", _rule(mathml("f(p)"), functions=f), refused="f")
    yield Mutant("too many arguments", _rule(mathml("f(p, p, p)"), functions=f), refused="f")
    yield Mutant("no arguments", _rule(raw("<apply><ci>f</ci></apply>"), functions=f), refused="f")
    yield Mutant("unknown", _rule(mathml("g(p)"), functions=f), refused="g")
    yield Mutant("a parameter", _rule(raw("<apply><ci>p</ci><cn>1</cn></apply>")), refused="p")
    yield Mutant("as a number", _rule(raw("<ci>f</ci>"), functions=f), refused="f")
    f = listed("FunctionDefinitions", function("f", "a a", inner("a * a")))
    yield Mutant("one argument twice", _rule(mathml("f(p, 3)"), functions=f), refused="f")
    f = listed("FunctionDefinitions", function("f", "a", inner("a * p")))
    yield Mutant("free symbol", _rule(mathml("f(p)"), functions=f), refused="f")
    f = listed("FunctionDefinitions", function("f", "p", inner("p * p")))
    yield Mutant("argument named as a parameter", _rule(mathml("f(3)"), functions=f), finals={"x": 9})
    f = listed("FunctionDefinitions", '<functionDefinition id="f"/>')
    yield Mutant("without mathematics", _rule(mathml("f(3)"), functions=f), refused="f")
    f = listed("FunctionDefinitions", f'<functionDefinition id="f">{raw("<cn>1</cn>")}</functionDefinition>')
    yield Mutant("without lambda", _rule(mathml("f(3)"), functions=f), refused="f")
    f = listed("FunctionDefinitions", function("f", "a", ""))
    yield Mutant("without body", _rule(mathml("f(3)"), functions=f), refused="f")
    f = listed("FunctionDefinitions", function("f", "", csymbol("time")))
    yield Mutant("time in a body", _rule(raw("<apply><ci>f</ci></apply>"), functions=f), refused="f")
    yield Mutant("lambda in a rule", _rule(raw("<lambda><cn>1</cn></lambda>")), refused="")
    f = listed("FunctionDefinitions", function("sin", "a", "<ci>a</ci>"))
    yield Mutant("named sin", _rule(raw("<apply><ci>sin</ci><cn>3</cn></apply>"), functions=f), finals={"x": 3})


def doubling_functions() -> Iterator[Mutant]:
    """Functions each of which calls the one before twice: 2⁶⁰ calls, if they were written out."""

    def using(body: Callable[[str], str], levels: int) -> str:
        functions = [function("f0", "a", inner("a / 2"))]
        functions += [function(f"f{i}", "a", inner(body(f"f{i - 1}"))) for i in range(1, levels + 1)]
        return _rule(mathml(f"f{levels}(p)"), functions=listed("FunctionDefinitions", *functions))

    yield Mutant("sum", using(lambda f: f"{f}(a) / 2 + {f}(a) / 2", 60), refused="f")
    yield Mutant("nested", using(lambda f: f"{f}({f}(a))", 60), refused="f")
    yield Mutant("different operands", using(lambda f: f"{f}(a) + {f}(a + 1)", 60), refused="f")
    yield Mutant("few", using(lambda f: f"{f}(a) / 2 + {f}(a) / 2", 5), finals={"x": 1})


def doubling_rules() -> Iterator[Mutant]:
    """Rules each of which uses the one before twice: a graph of sixty nodes, a text of 2⁶⁰."""
    names = [f"x{i}" for i in range(61)]
    rules = [assignment("x0", mathml("p / 2"))]
    rules += [assignment(n, mathml(f"({o} + {o}) / 2")) for o, n in pairwise(names)]
    parameters = listed("Parameters", parameter("p", 2), *map(variable, names))
    yield Mutant("sums", level3(parameters, listed("Rules", *rules)), finals={"x60": 1})


def wrong_operands() -> Iterator[Mutant]:
    """Operations with too few or too many operands, and with operands of another kind."""
    one, two = "<cn>1</cn>", "<cn>1</cn><cn>2</cn>"
    for tag in ("divide", "power", "not", "neq", "sin", "factorial", "quotient", "rem", "implies", "exp"):
        yield Mutant(f"{tag} of 3", _rule(raw(f"<apply><{tag}/>{two}{one}</apply>")), refused="x")
    for tag in ("divide", "minus", "quotient", "root", "log", "abs", "piecewise"):
        yield Mutant(f"{tag} of 0", _rule(raw(f"<apply><{tag}/></apply>")), refused="")
    for tag, value in (("plus", 0), ("times", 1), ("and", 1), ("or", 0), ("xor", 0)):
        yield Mutant(f"{tag} of 0", _rule(raw(f"<apply><{tag}/></apply>")), finals={"x": value})
    for tag in ("min", "max"):
        yield Mutant(f"{tag} of 0", _rule(raw(f"<apply><{tag}/></apply>")), refused="x")
    yield Mutant("empty apply", _rule(raw("<apply/>")), refused="")
    yield Mutant("empty piecewise", _rule(raw("<piecewise/>")), refused=None)
    yield Mutant("piece without condition", _rule(raw(f"<piecewise><piece>{one}</piece></piecewise>")), refused="")
    yield Mutant("two formulas", _rule(raw(two)), refused="")
    yield Mutant("no formula", _rule(raw("")), refused=None)
    yield Mutant("text", _rule(raw("p + 1")), refused="")
    yield Mutant("truth plus number", _rule(raw("<apply><plus/><true/><cn>1</cn></apply>")), finals={"x": 2})
    yield Mutant("number and truth", _rule(raw("<apply><and/><cn>3</cn><true/></apply>")), finals={"x": 1})
    two_degrees = f"<apply><root/><degree>{one}</degree><degree>{one}</degree><ci>p</ci></apply>"
    yield Mutant("two degrees", _rule(raw(two_degrees)), refused=None)
    no_degree = "<apply><root/><degree><cn>0</cn></degree><cn>2</cn></apply>"
    # 2^(1/0) in IEEE-754, where libRoadRunner has 1
    yield Mutant("root of degree 0", _rule(raw(no_degree)), finals={"x": math.inf})


def wrong_symbols() -> Iterator[Mutant]:
    """Names that nothing has, and csymbols that do not exist."""
    yield Mutant("unknown", _rule(mathml("nothing")), refused="nothing")
    yield Mutant("near", _rule(mathml("P")), refused="P")
    yield Mutant("with blanks", _rule(raw("<ci>\n p \n</ci>")), finals={"x": 2})
    yield Mutant("empty", _rule(raw("<ci/>")), refused="")
    yield Mutant("two words", _rule(raw("<ci>p p</ci>")), refused="")
    yield Mutant("a tag inside", _rule(raw("<ci><b/></ci>")), refused="")
    yield Mutant("internal", _rule(raw("<ci>p:p</ci>")), refused="")
    yield Mutant("the model", _rule(raw("<ci>m</ci>")), refused="m")
    yield Mutant("unknown csymbol", _rule(raw(csymbol("space"))), refused="csymbol")
    yield Mutant("csymbol without URL", _rule(raw("<csymbol>time</csymbol>")), refused="")
    yield Mutant("rateOf of a number", _rule(raw(csymbol("rateOf", "<cn>1</cn>"))), refused="x")
    yield Mutant("rateOf of nothing", _rule(raw(csymbol("rateOf", "<ci>nothing</ci>"))), refused="nothing")
    yield Mutant("rateOf without operand", _rule(raw(f"<apply>{csymbol('rateOf')}</apply>")), refused="x")
    yield Mutant("delay without lag", _rule(raw(csymbol("delay", "<ci>p</ci>"))), refused="x")
    yield Mutant("delay of NaN", _rule(raw(csymbol("delay", "<ci>p</ci>", "<notanumber/>"))))
    yield Mutant("negative delay", _rule(raw(csymbol("delay", "<ci>p</ci>", "<cn>-1</cn>"))))
    yield Mutant("avogadro", _rule(raw(csymbol("avogadro"))), finals={"x": 6.02214179e23})
    yield Mutant("time as a name", _rule(raw("<ci>time</ci>")), refused="time")
    for name in ("__import__", "None", "lambda", "exp", "y", "t", "torch", "inf", "nan", "x1", "shape"):
        text = _rule(mathml("p * 3")).replace('id="p"', f'id="{name}"').replace(" p ", f" {name} ")
        yield Mutant(f"named {name}", text, finals={"x": 6})
    long = "p" * 100_000
    text = _rule(mathml("p * 3")).replace('id="p"', f'id="{long}"').replace(" p ", f" {long} ")
    yield Mutant("a name of 100,000 letters", text, finals={"x": 6})


def odd_numbers() -> Iterator[Mutant]:
    """Numbers in formulas that are hard to hold or to read."""

    def of(cn: str, kind: str = "") -> str:
        return _rule(raw(f"<cn{kind and f' type={kind!r}'}>{cn}</cn>"))

    yield Mutant("an integer of 100,000 digits", of("9" * 100_000, "integer"), refused="")
    yield Mutant("2^31", of(str(2**31), "integer"), refused="32 bits")
    yield Mutant("2^63", of(str(2**63), "integer"), refused="32 bits")
    yield Mutant("2^63, real", of(str(2**63)), finals={"x": 2.0**63})
    yield Mutant("real of 100,000 digits", of("1" + "0" * 100_000), refused="double")
    yield Mutant("fraction of 100,000 digits", of("1." + "3" * 100_000), finals={"x": 4 / 3})
    yield Mutant("1e999", of("1e999"), refused="1e999")
    yield Mutant("e-notation 1 999", of("1<sep/>999", "e-notation"), refused="999")
    yield Mutant("e-notation 1 10^20", of("1<sep/>" + "9" * 20, "e-notation"))
    yield Mutant("e-notation 1.5", of("1.5", "e-notation"), refused="")
    yield Mutant("e-notation 2 1.5", of("2<sep/>1.5", "e-notation"), refused="")
    yield Mutant("rational 1 0", of("1<sep/>0", "rational"), finals={"x": math.inf})
    yield Mutant("rational 1 3", of("1<sep/>3", "rational"), finals={"x": 1 / 3})
    yield Mutant("rational 1", of("1", "rational"), refused="")
    yield Mutant("rational of huge", of(f"{2**40}<sep/>{2**41}", "rational"), refused="32 bits")
    for text in ("", "one", "0x10", "1_000", "1,5", "1 2", "--1", "1e", "NaN?", "٣"):
        yield Mutant(f"cn {text!r}", of(text), refused="")
    yield Mutant("integer 1.5", of("1.5", "integer"), refused="")
    yield Mutant("type complex", of("1<sep/>2", "complex-polar"), refused="")
    for text, value in (("NaN", math.nan), ("INF", math.inf), ("-INF", -math.inf)):
        yield Mutant(f"value {text}", level3(listed("Parameters", parameter("x", text))), finals={"x": value})
    for text in ("1e999", "9" * 100_000, "maybe", "", "0x10", "1,5", "inf", "nan", "Infinity"):
        yield Mutant(f"value {text[:12]!r}", level3(listed("Parameters", parameter("x", text))), refused="x")
    yield Mutant("factorial of 1e6", _rule(mathml("factorial(1000000)")), finals={"x": math.inf})
    yield Mutant("power tower", _rule(mathml("9^9^9^9")), finals={"x": math.inf})
    yield Mutant("huge shift", _rule(mathml("2^100000 / 2^100000")), finals={"x": math.nan})


def _nested(before: str, inside: str, after: str, depth: int) -> str:
    return before * depth + inside + after * depth


_NESTS: Final = {
    "plus": ("<apply><plus/><ci>p</ci>", "</apply>"),
    "minus": ("<apply><minus/>", "</apply>"),
    "piecewise": ("<piecewise><piece><ci>p</ci><false/></piece><otherwise>", "</otherwise></piecewise>"),
    "lambda": ("<lambda>", "</lambda>"),
    "sin": ("<apply><sin/>", "</apply>"),
    "not": ("<apply><not/>", "</apply>"),
    "semantics": ("<semantics>", "</semantics>"),
    "call": ("<apply><ci>f</ci>", "</apply>"),
}


def deep_formulas() -> Iterator[Mutant]:
    """Formulas nested 90, 300, 1,000, 100,000 and a million deep."""
    f = listed("FunctionDefinitions", function("f", "a", inner("a + 1")))
    known = {"plus": 2.0, "minus": 0.0, "piecewise": 0.0, "not": 0.0, "call": 1.0}
    for name, (before, after) in _NESTS.items():
        for depth in (90, 300, 1_000, 100_000, 1_000_000):
            if depth * len(before) > 2e7:
                continue
            text = _rule(raw(_nested(before, "<cn>1</cn>", after, depth)), functions=f if name == "call" else "")
            if depth <= 300 and name in known and (name, depth) != ("call", 300):
                yield Mutant(f"{name}, {depth}", text, finals={"x": 1 + known[name] * depth})
            else:
                yield Mutant(f"{name}, {depth}", text, refused="" if depth >= 1_000 else None)
    for depth in (100, 1_000, 100_000, 1_000_000):
        for name, before, after in (("parentheses", "(", ")"), ("minus", "-(", ")"), ("calls", "abs(", ")")):
            nested = _nested(before, "p", after, depth)
            yield Mutant(f"Level 1, {name}, {depth}", _level1(nested), **_right_up_to(100, depth))
            yield Mutant(
                f"Antimony, {name}, {depth}", f"x := {nested}; p = 2", file="model.ant", **_right_up_to(100, depth)
            )
        for operator in "+-*/^":
            text = _level1(f"p {operator} " * depth + "1")
            finals = {"x": 2.0 * depth + 1} if operator == "+" and depth <= 1_000 else None
            yield Mutant(f"Level 1, {operator}, {depth}", text, finals=finals, refused="" if depth > 5_000 else None)


def _right_up_to(limit: int, depth: int) -> dict[str, Any]:
    return {"finals": {"x": 2.0}} if depth <= limit else {"refused": ""} if depth >= 100_000 else {}


def _level1(formula: str) -> str:
    return (
        '<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model><listOfCompartments>'
        '<compartment name="c"/></listOfCompartments><listOfParameters><parameter name="p" value="2"/>'
        '<parameter name="x"/></listOfParameters><listOfRules><parameterRule name="x" '
        f'formula="{formula}"/></listOfRules></model></sbml>'
    )


def deep_everything() -> Iterator[Mutant]:
    """Nesting elsewhere: notes, annotations, elements that may not nest."""
    for tag in ("notes", "annotation", "listOfParameters", "model", "sbml"):
        for depth in (300, 100_000):
            text = level3(_nested(f"<{tag}>", "", f"</{tag}>", depth))
            yield Mutant(f"{tag}, {depth}", text, refused="" if depth > 1_000 else None)


def wide_formulas() -> Iterator[Mutant]:
    """Operations with very many operands, and formulas in a long chain of rules."""
    for count in (4_000, 100_000):
        outcome: dict[str, Any] = {"refused": "operands"} if count > 10_000 else {"finals": {"x": 2.0 * count}}
        many = "<ci>p</ci>" * count
        yield Mutant(f"sum of {count}", _rule(raw(f"<apply><plus/>{many}</apply>")), **outcome)
        outcome = outcome if count > 10_000 else {"finals": {"x": 1.0}}
        conjunction = f"<apply><and/>{'<apply><lt/><cn>1</cn><ci>p</ci></apply>' * count}</apply>"
        yield Mutant(f"conjunction of {count}", _rule(raw(conjunction)), **outcome)
    pieces = "".join(f"<piece><cn>{i}</cn><apply><lt/><ci>p</ci><cn>{i}</cn></apply></piece>" for i in range(2_000))
    yield Mutant("2,000 pieces", _rule(raw(f"<piecewise>{pieces}</piecewise>")), finals={"x": 3})
    operands = "".join(f"<cn>{i}</cn>" for i in range(2_000))
    yield Mutant("maximum of 2,000", _rule(raw(f"<apply><max/><ci>p</ci>{operands}</apply>")), finals={"x": 1_999})
    yield Mutant("chain of comparisons", _rule(raw(f"<apply><lt/>{operands}</apply>")), finals={"x": 1})
    for length in (300, 2_000):
        names = [f"x{i}" for i in range(length)]
        rules = [assignment(n, mathml(f"{names[i - 1]} + 1" if i else "p")) for i, n in enumerate(names)]
        text = level3(listed("Parameters", parameter("p", 2), *map(variable, names)), listed("Rules", *rules[::-1]))
        yield Mutant(f"chain of {length} rules", text, finals={f"x{length - 1}": length + 1.0})
    names = [f"x{i}" for i in range(90)]
    rules = [assignment(n, mathml(" + ".join(["p", *names[:i]]))) for i, n in enumerate(names)]
    text = level3(listed("Parameters", parameter("p", 2), *map(variable, names)), listed("Rules", *rules))
    yield Mutant("each rule the sum of all before", text, finals={"x89": 2.0**90})


def truth_values() -> Iterator[Mutant]:
    """Truth values where numbers are expected: 1 and 0 (SBML L3V2 Core, 3.4.9)."""
    truth = mathml("p > 1")
    parameters = listed("Parameters", variable("x", 1), parameter("p", 2))
    yield Mutant("rule", _rule(truth), finals={"x": 1})
    yield Mutant("rate", level3(parameters, listed("Rules", rate("x", truth))), finals={"x": 2})
    yield Mutant(
        "start", level3(parameters, listed("InitialAssignments", initial("x", mathml("p > 3")))), finals={"x": 0}
    )
    late = event(mathml("time > 0.5"), ("x", mathml("p > 3")), delay=truth, priority=truth)
    yield Mutant("event", level3(parameters, listed("Events", late)), finals={"x": 1})
    now = event(mathml("time > 0.5"), ("x", mathml("p > 3")), delay=mathml("p < 1"), priority=truth)
    yield Mutant("event without delay", level3(parameters, listed("Events", now)), finals={"x": 0})
    through = level3(
        listed("Parameters", variable("x", 1), variable("b"), parameter("p", 2)),
        listed("Rules", assignment("b", truth), rate("x", mathml("b"))),
    )
    yield Mutant("rate through a rule", through, finals={"x": 2})
    yield Mutant("kinetic law", level3(
        listed("Compartments", compartment()), listed("Species", species("S", 4)), parameters,
        listed("Reactions", reaction("R", truth, "S"))), finals={"S": 3})  # fmt: skip


def wrong_events() -> Iterator[Mutant]:
    """Events with negative or undefined delays, numbers as triggers, and without the parts that they need."""
    parameters = listed("Parameters", variable("x", 1), parameter("p", 2))

    def of(*events: str) -> str:
        return level3(parameters, listed("Events", *events))

    late, two = mathml("time > 0.5"), ("x", mathml("x + p"))
    yield Mutant("negative delay", of(event(late, two, delay=mathml("-3"))))
    yield Mutant("undefined delay", of(event(late, two, delay=mathml("0 / 0"))))
    yield Mutant("infinite delay", of(event(late, two, delay=mathml("1 / 0"))), finals={"x": 1})
    yield Mutant("delay is a truth value", of(event(late, two, delay=mathml("p > 3"))), finals={"x": 3})
    yield Mutant("undefined priority", of(event(late, two, priority=mathml("0 / 0"))), finals={"x": 3})
    yield Mutant(
        "two undefined priorities",
        of(*(event(late, ("x", mathml("x * 3")), name=n, priority=mathml("0 / 0")) for n in ("E", "F"))),
        finals={"x": 3},
    )
    yield Mutant("trigger is a number", of(event(mathml("piecewise(0, time < 0.5, 7)"), two)), finals={"x": 3})
    yield Mutant("trigger is NaN", of(event(mathml("time > 0 / 0"), two)), finals={"x": 1})
    yield Mutant("trigger without mathematics", of(event("", two)), finals={"x": 1})
    yield Mutant("no trigger", of(event(late, two).replace("<trigger", "<rigger").replace("/trigger", "/rigger")), "")
    yield Mutant("assigns a constant", of(event(late, ("p", mathml("3")))), refused="p")
    yield Mutant("assigns nothing that exists", of(event(late, ("nothing", mathml("3")))), refused="nothing")
    yield Mutant("assigns twice", of(event(late, two, two)), refused="x")
    yield Mutant(
        "assigns what a rule says",
        level3(parameters, listed("Rules", assignment("x", mathml("p"))), listed("Events", event(late, two))),
        refused="x",
    )
    yield Mutant("unknown symbol", of(event(mathml("nothing > 1"), two)), refused="nothing")
    yield Mutant("infinite value", of(event(late, ("x", mathml("1 / 0")))), finals={"x": math.inf})
    for_ever = (
        event(mathml("x > 0"), ("x", mathml("-1")), name="E", start=False),
        event(mathml("x < 0"), ("x", mathml("1")), name="F", start=False),
    )
    yield Mutant("without end", of(*for_ever))
    yield Mutant(
        "Zeno",
        level3(
            parameters,
            listed("Rules", rate("x", mathml("-sqrt(abs(x))"))),
            listed("Events", event(mathml("x <= 0"), ("x", mathml("1e-9")), start=False)),
        ),
    )
    many = [event(mathml(f"time > {i} / 1000"), ("x", mathml("x + 1")), name=f"E{i}") for i in range(500)]
    yield Mutant("500 events", of(*many), finals={"x": 501})
    yield Mutant("500 events at once", of(*(e.replace("1000", "0.0", 1) for e in many)))


FORMULAS: Final = (
    cyclic_assignment_rules,
    cyclic_initial_assignments,
    cyclic_rates,
    recursive_functions,
    wrong_functions,
    doubling_functions,
    doubling_rules,
    wrong_operands,
    wrong_symbols,
    odd_numbers,
    deep_formulas,
    deep_everything,
    wide_formulas,
    truth_values,
    wrong_events,
)
