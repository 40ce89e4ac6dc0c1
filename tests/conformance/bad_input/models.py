"""Documents whose equations are too many, too few, or contradict each other, and folders that should be files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from .mutant import (
    Mutant,
    algebraic,
    assignment,
    compartment,
    event,
    initial,
    level3,
    listed,
    mathml,
    parameter,
    rate,
    reaction,
    species,
    variable,
)


def contradictory_rules() -> Iterator[Mutant]:
    """More equations than variables, fewer, or two for one."""

    def of(*rules: str, before: str = "") -> str:
        return level3(
            before, listed("Compartments", compartment()), listed("Species", species("S", 1)),
            listed("Parameters", variable("x", 1), variable("y", 1), parameter("p", 2)), listed("Rules", *rules),
        )  # fmt: skip

    yield Mutant("assigned twice", of(assignment("x", mathml("p")), assignment("x", mathml("3"))), refused="x")
    yield Mutant("assigned and rated", of(assignment("x", mathml("p")), rate("x", mathml("1"))), refused="x")
    yield Mutant("rated twice", of(rate("x", mathml("p")), rate("x", mathml("1"))), refused="x")
    yield Mutant("assigned constant", of(assignment("p", mathml("3"))), refused="p")
    yield Mutant("assigned nothing", of(assignment("nothing", mathml("3"))), refused="nothing")
    yield Mutant("rule of a model's id", of(assignment("m", mathml("3"))), refused="m")
    yield Mutant("algebraic and assigned", of(assignment("x", mathml("p")), algebraic(mathml("x - 3"))), refused="")
    yield Mutant("algebraic of constants", of(algebraic(mathml("p - 2"))), refused="")
    yield Mutant("algebraic of a number", of(algebraic(mathml("0"))), refused="")
    yield Mutant("algebraic twice", of(algebraic(mathml("x - p")), algebraic(mathml("x - p - y * 0"))))
    yield Mutant("dependent", of(algebraic(mathml("x + y - p")), algebraic(mathml("2 * x + 2 * y - 4"))))
    yield Mutant("inconsistent", of(algebraic(mathml("x + y - p")), algebraic(mathml("x + y - 4"))))
    yield Mutant("no solution", of(algebraic(mathml("x^2 + 1"))))
    yield Mutant("underdetermined", of(algebraic(mathml("x + y - p"))))
    yield Mutant(
        "of an event's variable",
        level3(
            listed("Parameters", variable("x", 1), parameter("p", 2)),
            listed("Rules", algebraic(mathml("x - p"))),
            listed("Events", event(mathml("time > 0.5"), ("x", mathml("5")))),
        ),
    )
    yield Mutant(
        "initial and assigned",
        of(assignment("x", mathml("p")), before=listed("InitialAssignments", initial("x", mathml("3")))),
        refused="x",
    )
    starts = listed("InitialAssignments", initial("x", mathml("3")), initial("x", mathml("4")))
    yield Mutant("initial twice", of(rate("y", mathml("1")), before=starts), refused="x")
    yield Mutant(
        "never given a value",
        level3(listed("Parameters", variable("x"), variable("y")), listed("Rules", rate("y", mathml("x")))),
    )
    yield Mutant("rule without mathematics", of('<assignmentRule variable="x"/>'), finals={"x": 1})
    yield Mutant("rate without mathematics", of('<rateRule variable="x"/>'), finals={"x": 1})
    changed = level3(
        listed("Compartments", compartment()), listed("Species", species("S", 1)),
        listed("Rules", rate("S", mathml("1"))), listed("Reactions", reaction("R", mathml("1"), "", "S")),
    )  # fmt: skip
    yield Mutant("rated and reacting", changed, refused="S")
    yield Mutant(
        "algebraic and reacting",
        level3(
            listed("Compartments", compartment()),
            listed("Species", species("S", 1)),
            listed("Rules", algebraic(mathml("S - 3"))),
            listed("Reactions", reaction("R", mathml("1"), "", "S")),
        ),
        "",
    )


def odd_compartments() -> Iterator[Mutant]:
    """Sizes that are zero, negative, undefined, or missing; dimensions that no space has."""

    def of(made: str, flags: str = "") -> str:
        law = mathml("0.5 * S * V")
        return level3(
            listed("Compartments", made), listed("Species", species("S", 4, flags=flags)),
            listed("Reactions", reaction("R", law, "S")),
        )  # fmt: skip

    decayed = 4 * math.exp(-0.5)
    yield Mutant("right", of(compartment()), finals={"S": decayed})
    yield Mutant("negative", of(compartment(size=-2)), finals={"S": -decayed / 2})
    yield Mutant("zero", of(compartment(size=0)))
    yield Mutant("NaN", of(compartment(size="NaN")))
    yield Mutant("infinite", of(compartment(size="INF")))
    yield Mutant("tiny", of(compartment(size="1e-300")), finals={"S": decayed * 1e300})
    yield Mutant("unset", of(compartment(size=None)))
    yield Mutant("four dimensions", of(compartment(dimensions="4")))
    yield Mutant("half a dimension", of(compartment(dimensions="0.5")))
    yield Mutant("negative dimensions", of(compartment(dimensions="-3")))
    yield Mutant("no dimensions", of(compartment(dimensions="0", size=None)))
    yield Mutant("missing compartment", of(compartment("W")).replace("V</ci>", "W</ci>"), refused="V")
    yield Mutant(
        "shrinks to nothing",
        level3(
            listed("Compartments", compartment("V", 1, constant=False)),
            listed("Species", species("S", 4)),
            listed("Rules", rate("V", mathml("-1.9"))),
            listed("Reactions", reaction("R", mathml("0 * S"), "S")),
        ),
    )


def odd_species() -> Iterator[Mutant]:
    """Species and stoichiometries that are not what chemistry has."""

    def of(*parts: str, reacts: str = "", given: str = "") -> str:
        made = given or species("S", 4) + species("P", 0)
        return level3(listed("Compartments", compartment()), listed("Species", made), *parts,
                      listed("Reactions", reacts) if reacts else "")  # fmt: skip

    law = mathml("0.5 * S * V")
    halved = reaction("R", law, "S=0.5", "P=1.25")
    yield Mutant("fractional", of(reacts=halved), finals={"S": 4 * math.exp(-0.25), "P": 10 * (1 - math.exp(-0.25))})
    negative = reaction("R", law, "S=-1")
    yield Mutant("negative stoichiometry", of(reacts=negative), finals={"S": 4 * math.exp(0.5)})
    yield Mutant("zero stoichiometry", of(reacts=reaction("R", law, "S=0", "P=1")))
    yield Mutant("NaN stoichiometry", of(reacts=reaction("R", law, "S=NaN")))
    yield Mutant("infinite stoichiometry", of(reacts=reaction("R", law, "S=INF")))
    yield Mutant("huge stoichiometry", of(reacts=reaction("R", law, f"S={'9' * 100_000}")), refused="")
    missing = reaction("R", law, "S").replace(' stoichiometry="1"', "")
    yield Mutant("no stoichiometry", of(reacts=missing), refused="S")
    yield Mutant("negative amount", of(given=species("S", -4), reacts=reaction("R", law, "S")),
                 finals={"S": -4 * math.exp(-0.5)})  # fmt: skip
    yield Mutant("no amount", of(given=species("S", None), reacts=reaction("R", law, "S")))
    both = species("S", 4).replace("/>", ' initialConcentration="3"/>')
    yield Mutant("amount and concentration", of(given=both), refused="S")
    yield Mutant("constant but reacting", of(given=species("S", 4, flags='constant="true"'),
                                             reacts=reaction("R", law, "S")), refused="S")  # fmt: skip
    yield Mutant("unknown reactant", of(reacts=reaction("R", law, "Q")), refused="Q")
    yield Mutant("undeclared modifier", of(reacts=reaction("R", mathml("P"), "S")), refused="P")
    yield Mutant("a reaction of nothing", of(reacts=reaction("R", law)))
    yield Mutant("no law", of(reacts=reaction("R", None, "S")))
    yield Mutant("unknown conversion factor", of(given=species("S", 4, flags='conversionFactor="f"')), refused="f")
    local = reaction("R", mathml("k * S"), "S", local={"k": 0.5, "S": 2})
    yield Mutant("local parameter named as a species", of(reacts=local))
    twice = reaction("R", mathml("k * S"), "S", local={"k": 0.5}).replace(
        "<listOfLocalParameters>", '<listOfLocalParameters><localParameter id="k" value="1"/>')  # fmt: skip
    yield Mutant("local parameter twice", of(reacts=twice), refused="k")
    yield Mutant("reaction in its own law", of(reacts=reaction("R", mathml("R + S"), "S")), refused="R")
    rings = reaction("R", mathml("Q + S"), "S") + reaction("Q", mathml("R"), "", "P")
    yield Mutant("reactions in each other's law", of(reacts=rings), refused="Q")
    through = of(
        listed("Parameters", variable("x")), listed("Rules", assignment("x", mathml("R * 2"))),
        reacts=reaction("R", mathml("x * S"), "S"),
    )  # fmt: skip
    yield Mutant("cycle through a law", through, refused="x")


def wrong_units() -> Iterator[Mutant]:
    """Units that do not fit, do not exist, or are defined by themselves: values are not converted."""
    base = listed("Parameters", parameter("p", 2).replace("/>", ' units="second"/>'), variable("x"))
    model = ' substanceUnits="mole" timeUnits="second" volumeUnits="litre" extentUnits="mole"'
    plus = level3(
        listed("Parameters", *(parameter(n, 2).replace("/>", f' units="{u}"/>')
                               for n, u in (("p", "second"), ("q", "metre"))),
               variable("x").replace("/>", ' units="second"/>')),
        listed("Rules", assignment("x", mathml("p + q"))), model=model,
    )  # fmt: skip
    yield Mutant("second plus metre", plus, finals={"x": 4})
    unknown = base.replace("second", "fortnight")
    yield Mutant("unknown unit", level3(unknown), noticed=True)
    own = '<unitDefinition id="{}"><listOfUnits><unit kind="{}" exponent="1" scale="0" multiplier="1"/></listOfUnits>'
    own += "</unitDefinition>"

    def defined(name: str, kind: str) -> str:
        return level3(listed("UnitDefinitions", own.format(name, kind)), listed("Parameters", parameter("p", 2)))

    yield Mutant("unit of itself", defined("foo", "foo"), noticed=True)
    yield Mutant("named as a base unit", defined("second", "metre"), noticed=True)
    yield Mutant("NaN exponent", defined("u", "metre").replace('exponent="1"', 'exponent="NaN"'))
    yield Mutant("huge scale", defined("u", "metre").replace('scale="0"', 'scale="999999999999"'), refused="")
    yield Mutant("scale beyond doubles", defined("u", "metre").replace('scale="0"', 'scale="2147483647"'))
    yield Mutant("no multiplier", defined("u", "metre").replace(' multiplier="1"', ""), noticed=True)
    yield Mutant(
        "unit twice", level3(listed("UnitDefinitions", own.format("u", "metre"), own.format("u", "mole"))), noticed=True
    )
    yield Mutant("units of the model", level3(base, model=' timeUnits="metre"'), noticed=True)
    yield Mutant("units on a number", level3(base, listed("Rules", assignment("x", mathml("p + 1 metre")))))


def clashing_names() -> Iterator[Mutant]:
    """One name for two things."""
    pairs = {
        "parameters": listed("Parameters", parameter("a", 1), parameter("a", 2)),
        "compartment and parameter": listed("Compartments", compartment("a")) + listed("Parameters", parameter("a", 2)),
        "species and compartment": listed("Compartments", compartment("a")) + listed("Species", species("a", 1, "a")),
        "reaction and parameter": listed("Parameters", parameter("a", 2)) + listed("Reactions", reaction("a", None)),
        "the model": listed("Parameters", parameter("m", 2)),
        "event and parameter": listed("Parameters", variable("a", 2))
        + listed("Events", event(mathml("time > 1"), ("a", mathml("1")), name="a")),
        "lists": listed("Parameters", parameter("a", 1)) + listed("Parameters", parameter("b", 1)),
    }
    for name, parts in pairs.items():
        yield Mutant(name, level3(parts), refused="")
    dotted = level3(
        listed("Compartments", compartment()), listed("Species", species("S", 4)),
        listed("Parameters", parameter("R_k", 3)),
        listed("Reactions", reaction("R", mathml("k * S + R_k * 0"), "S", local={"k": 0.5})),
    )  # fmt: skip
    yield Mutant("local and global", dotted, finals={"S": 4 * math.exp(-0.5)})
    unit = '<unitDefinition id="a"><listOfUnits/></unitDefinition>'
    yield Mutant("unit and parameter", level3(listed("UnitDefinitions", unit), listed("Parameters", parameter("a", 2))))
    for name in ("1a", "a b", "a-b", "a.b", "größe", "", "p:a", "a\u200b"):
        yield Mutant(f"name {name!r}", level3(listed("Parameters", parameter(name, 1))), refused="")


def wrong_versions() -> Iterator[Mutant]:
    """Levels, Versions and namespaces that do not exist or do not fit, and packages that nobody knows."""
    right = level3(listed("Parameters", parameter("p", 2)))
    for level, version in ((3, 9), (4, 1), (0, 0), (-1, 2), (99999999999, 1)):
        text = right.replace('level="3" version="2"', f'level="{level}" version="{version}"')
        yield Mutant(f"level {level} version {version}", text, refused="")
    yield Mutant("level x", right.replace('level="3"', 'level="x"'), refused="")
    yield Mutant("no level", right.replace(' level="3"', ""), refused="")
    yield Mutant("level 2 in the namespace of level 3", right.replace('level="3"', 'level="2"'), refused="")
    yield Mutant("version 1 in the namespace of version 2", right.replace(' version="2"', ' version="1"'), refused="")
    yield Mutant("unknown namespace", right.replace("version2/core", "version7/core"), refused="")
    yield Mutant(
        "no namespace", right.replace(' xmlns="http://www.sbml.org/sbml/level3/version2/core"', ""), refused=""
    )
    yield Mutant(
        "CellML",
        right.replace("http://www.sbml.org/sbml/level3/version2/core", "http://www.cellml.org/cellml/1.0#"),
        refused="cellml",
    )
    yield Mutant("no model", level3().replace('<model id="m">\n\n</model>', ""), refused="model")
    yield Mutant("empty model", level3())
    yield Mutant("two models", level3().replace("</model>", '</model><model id="n"/>'), refused="model")
    unknown = ' xmlns:foo="http://www.sbml.org/sbml/level3/version1/foo/version1" foo:required="{}"'
    yield Mutant("unknown required package", level3(attributes=unknown.format("true")), refused="foo")
    yield Mutant("unknown optional package", level3(attributes=unknown.format("false")))
    yield Mutant("package without required", level3(attributes=unknown.partition(" foo:")[0]))
    yield Mutant("required is maybe", level3(attributes=unknown.format("maybe")), refused="")
    for package in ("qual", "spatial", "arrays", "multi", "distrib", "dyn", "layout", "render", "groups", "fbc"):
        for version in (1, 9):
            space = f"http://www.sbml.org/sbml/level3/version1/{package}/version{version}"
            yield Mutant(f"{package} {version}", level3(attributes=f' xmlns:q="{space}" q:required="true"'))
    yield Mutant(
        "instruction", level3('<?php system("true"); ?>', listed("Parameters", parameter("x", 2))), finals={"x": 2}
    )
    cdata = level3(listed("Parameters", parameter("x", 2))).replace(
        "<listOf", "<notes><p xmlns='http://www.w3.org/1999/xhtml'><![CDATA[</model>]]></p></notes><listOf", 1
    )
    yield Mutant("CDATA", cdata, finals={"x": 2})


def entities() -> Iterator[Mutant]:
    """Entities that explode or read files, declared in the document or outside."""
    right = level3(listed("Parameters", parameter("p", 2)))
    body = right.split("?>", 1)[1]
    laughs = '<!ENTITY a "ha">'
    for old, new in pairwise("abcdefghij"):
        laughs += f'<!ENTITY {new} "{f"&{old};" * 10}">'
    named = body.replace('id="m"', 'id="&j;"')
    yield Mutant("billion laughs", f"<!DOCTYPE sbml [{laughs}]>{named}", refused="DOCTYPE")
    long, named = "a" * 50_000, body.replace('id="m"', f'id="{"&a;" * 5_000}"')
    yield Mutant("quadratic", f'<!DOCTYPE sbml [<!ENTITY a "{long}">]>{named}', refused="DOCTYPE")
    file = '<!DOCTYPE sbml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + body.replace('value="2"', 'value="&x;"')
    yield Mutant("file", file, refused="DOCTYPE")
    yield Mutant("http", file.replace("file:///etc/passwd", "http://127.0.0.1:9/x"), refused="DOCTYPE")
    yield Mutant("parameter entity", '<!DOCTYPE sbml [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]>' + body, "DOCTYPE")
    yield Mutant("external subset", '<!DOCTYPE sbml SYSTEM "http://127.0.0.1:9/x.dtd">' + body, refused="DOCTYPE")
    yield Mutant("undeclared", right.replace('value="2"', 'value="&x;"'), refused="entity")
    yield Mutant("character", right.replace('id="p"', 'id="&#112;"').replace("p", "p"), finals={"p": 2})
    yield Mutant("zero character", right.replace('id="p"', 'id="&#0;"'), refused="")
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    yield Mutant("inclusion", level3(include, listed("Parameters", parameter("p", 2))), noticed=True)
    style = right.replace("?>", '?><?xml-stylesheet href="http://127.0.0.1:9/x.xsl" type="text/xsl"?>', 1)
    yield Mutant("style sheet", style, finals={"p": 2})


_COMP: Final = ' xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'


def _composed(inside: str, *definitions: str, external: str = "") -> str:
    made = f"<comp:listOfModelDefinitions>{''.join(definitions)}</comp:listOfModelDefinitions>" if definitions else ""
    made += external and f"<comp:listOfExternalModelDefinitions>{external}</comp:listOfExternalModelDefinitions>"
    return level3(inside, attributes=_COMP).replace("</sbml>", f"{made}</sbml>")


def _uses(*models: str) -> str:
    made = "".join(f'<comp:submodel comp:id="s{i}" comp:modelRef="{m}"/>' for i, m in enumerate(models))
    return f"<comp:listOfSubmodels>{made}</comp:listOfSubmodels>"


def _definition(name: str, inside: str) -> str:
    return f'<comp:modelDefinition id="{name}">{inside}</comp:modelDefinition>'


def composed_models() -> Iterator[Mutant]:
    """Models of models that contain themselves, miss parts, or reach out of their folder."""
    inside = listed("Parameters", parameter("p", 2))
    yield Mutant("right", _composed(_uses("A"), _definition("A", inside)), finals={"s0__p": 2})
    yield Mutant("itself", _composed(_uses("A"), _definition("A", _uses("A"))), refused="A")
    yield Mutant("each other", _composed(_uses("A"), _definition("A", _uses("B")), _definition("B", _uses("A"))), "A")
    yield Mutant("the main model", _composed(_uses("m")), refused="m")
    yield Mutant("missing", _composed(_uses("nothing")), refused="nothing")
    levels = [_definition("A0", inside), *(_definition(f"A{i}", _uses(f"A{i - 1}", f"A{i - 1}")) for i in range(1, 40))]
    yield Mutant("doubling, 40 levels", _composed(_uses("A39"), *levels), refused="")
    levels = levels[:5]
    yield Mutant("doubling, 4 levels", _composed(_uses("A4"), *levels), finals={"s0__s0__s0__s0__s0__p": 2})
    cyclic = '<listOfFunctionDefinitions><functionDefinition id="f">{}</functionDefinition></listOfFunctionDefinitions>'
    body = '<math xmlns="http://www.w3.org/1998/Math/MathML"><lambda><apply><ci>f</ci></apply></lambda></math>'
    yield Mutant("recursive function", _composed(_uses("A"), _definition("A", cyclic.format(body))), refused="f")
    deleted = _uses("A").replace(
        "/></comp:listOfSubmodels>",
        '><comp:listOfDeletions><comp:deletion comp:idRef="nothing"/></comp:listOfDeletions></comp:submodel>'
        "</comp:listOfSubmodels>")  # fmt: skip
    yield Mutant("deletes nothing", _composed(deleted, _definition("A", inside)), refused="nothing")
    factor = _uses("A").replace("/></comp:", ' comp:timeConversionFactor="nothing"/></comp:')
    yield Mutant("unknown factor", _composed(factor, _definition("A", inside)), refused="nothing")

    def outside(source: str, **more: object) -> Mutant:
        external = f'<comp:externalModelDefinition comp:id="A" comp:source="{source}"/>'
        return Mutant(f"external {source}", _composed(_uses("A"), external=external), **more)  # type: ignore[arg-type]

    other = level3(listed("Parameters", parameter("p", 2))).encode()
    yield outside("other.xml", files={"other.xml": other}, finals={"s0__p": 2})
    yield outside("none.xml", refused="none.xml")
    yield outside("../other.xml", refused="../other.xml")
    yield outside("/etc/passwd", refused="/etc/passwd")
    yield outside("file:///etc/passwd", refused="/etc/passwd")
    yield outside("http://127.0.0.1:9/model.xml", refused="127.0.0.1")
    yield outside("HTTP://127.0.0.1:9/model.xml", refused="127.0.0.1")
    yield outside("urn:miriam:biomodels.db:BIOMD0000000001", refused="urn")
    yield outside("model.xml", refused="itself")
    yield outside("other.xml#frag", files={"other.xml": other})
    yield outside("%2e%2e/other.xml", refused="other.xml")
    yield outside("", refused="A")
    bad = '<?xml version="1.0"?><!DOCTYPE sbml [<!ENTITY a "b">]>' + other.decode().split("?>", 1)[1]
    yield outside("bomb.xml", files={"bomb.xml": bad.encode()}, refused="bomb.xml")
    yield outside("bad.xml", files={"bad.xml": b"<sbml"}, refused="bad.xml")
    deep = level3("<notes>" * 100_000 + "</notes>" * 100_000)
    yield outside("deep.xml", files={"deep.xml": deep.encode()}, refused="deep.xml")
    far = _composed(_uses("B"), external='<comp:externalModelDefinition comp:id="B" comp:source="../far.xml"/>')
    yield outside("chain.xml", files={"chain.xml": far.encode()}, refused="far.xml")
    web = far.replace("../far.xml", "http://127.0.0.1:9/m.xml")
    yield outside("web.xml", files={"web.xml": web.encode()}, refused="127.0.0.1")
    back = _composed(_uses("B"), external='<comp:externalModelDefinition comp:id="B" comp:source="model.xml"/>')
    yield outside("back.xml", files={"back.xml": back.encode()}, refused="itself")


def large_models() -> Iterator[Mutant]:
    """Right models of unusual size."""

    def chain(count: int) -> str:
        made = [species(f"S{i}", 1 if i == 0 else 0) for i in range(count)]
        reactions = [reaction(f"R{i}", mathml(f"k * S{i}"), f"S{i}", f"S{i + 1}") for i in range(count - 1)]
        return level3(
            listed("Compartments", compartment()), listed("Species", *made), listed("Parameters", parameter("k", 0.5)),
            listed("Reactions", *reactions),
        )  # fmt: skip

    yield Mutant("500 species", chain(500), finals={"S0": math.exp(-0.5), "S1": 0.5 * math.exp(-0.5)})
    finals = {"S0": math.exp(-0.5), "S1": 0.5 * math.exp(-0.5)}
    yield Mutant("5,000 species", chain(5_000), finals=finals, seconds=40)
    many = listed("Parameters", *(parameter(f"p{i}", i) for i in range(20_000)))
    yield Mutant("20,000 parameters", level3(many), finals={"p7": 7}, seconds=40)
    hub = [species(f"S{i}", 1) for i in range(1_000)]
    total = " + ".join(f"S{i}" for i in range(1_000))
    yield Mutant(
        "a sum of 1,000 species",
        level3(
            listed("Compartments", compartment()),
            listed("Species", *hub),
            listed("Parameters", variable("x")),
            listed("Rules", assignment("x", mathml(total))),
        ),
        finals={"x": 1_000},
    )
    notes = level3(f'<notes><p xmlns="http://www.w3.org/1999/xhtml">{"word " * 2_000_000}</p></notes>',
                   listed("Parameters", parameter("x", 2)))  # fmt: skip
    yield Mutant("notes of 10 MB", notes, finals={"x": 2})
    yield Mutant("40 MB", notes.replace("word ", "word word word word "), refused="bytes")


def odd_files() -> Iterator[Mutant]:
    """Files by other names, and what is no file."""
    right = level3(listed("Parameters", parameter("x", 2)))
    yield Mutant("a folder", b"", files={"model.xml/inside": b""}, file="model.xml", refused="folder")
    yield Mutant("no suffix", right, file="model", finals={"x": 2})
    yield Mutant("Antimony in .xml", "x = 2", file="model.xml", refused="")
    yield Mutant("Antimony", "x = 2", file="model.txt", finals={"x": 2})
    yield Mutant("Antimony that is none", "x = = 2; }{", file="model.ant", refused="")
    yield Mutant("Antimony that imports", 'import "other.ant"\nx = 2', file="model.ant", refused="import")
    yield Mutant("Antimony, unknown", "model foo()\n x = y + ;\nend", file="model.ant", refused="")
    yield Mutant("Antimony, recursive", "model A()\n B: A();\nend", file="model.ant", refused="")
    yield Mutant("Antimony, not closed", "model A()\n x = 2", file="model.ant")
    yield Mutant("Antimony, recursive function", "function f(a)\n f(a)\nend\nx := f(2)", file="model.ant", refused="f")
    yield Mutant("words", "this is not a model", file="model.ant", refused="")
    yield Mutant("PNG", b"\x89PNG\r\n\x1a\n\x00\xff", file="model.png", refused="")
    yield Mutant("JSON", '{"model": 1}', file="model.json", refused="")


MODELS: Final[tuple[Callable[[], Iterator[Mutant]], ...]] = (
    contradictory_rules,
    odd_compartments,
    odd_species,
    wrong_units,
    clashing_names,
    wrong_versions,
    entities,
    composed_models,
    large_models,
    odd_files,
)
