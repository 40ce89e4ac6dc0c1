"""One document that is wrong, odd, or hostile, and what is known of it beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libsbml

MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
CORE = "http://www.sbml.org/sbml/level3/version2/core"
SYMBOLS = "http://www.sbml.org/sbml/symbols/"


@dataclass(frozen=True)
class Mutant:
    """A document to read, compile, simulate and save.

    Attributes:
        name: which of its kind.
        document: what the file holds; text is written as UTF-8.
        refused: a text that an error issue must contain, where the document has to be refused.
        finals: values at time 1 where they are known, by symbol; then the document has to be simulated.
        noticed: whether an issue of any severity must tell of the mutation that the original does not have.
        original: the issues of the document before the mutation, as ``code: message``.
        files: other files of its folder, by name.
        file: its own name.
        seconds: of the processor, that all that is done with it may take: read it and check it, several times,
            compile, simulate and save it. More than ten are for right documents of unusual size.
        kind: the mutation: the name of a function of this package.
    """

    name: str
    document: bytes | str
    refused: str | None = None
    finals: Mapping[str, float] | None = None
    noticed: bool = False
    original: frozenset[str] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)
    file: str = "model.xml"
    seconds: float = 10.0
    kind: str = ""

    @property
    def label(self) -> str:
        return f"{self.kind}({self.name})"


def level3(*parts: str, attributes: str = "", model: str = "") -> str:
    """A document of Level 3 Version 2 whose model holds `parts`."""
    inside = "\n".join(parts)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="{CORE}" level="3" version="2"{attributes}>\n'
        f'<model id="m"{model}>\n{inside}\n</model>\n</sbml>\n'
    )


def mathml(formula: str) -> str:
    """A ``math`` element of a formula in libSBML's infix syntax."""
    tree = libsbml.parseL3Formula(formula)
    assert tree is not None, formula
    return libsbml.writeMathMLToString(tree).split("?>", 1)[1].strip()


def raw(inner: str) -> str:
    """A ``math`` element of MathML text."""
    return f"{MATH}{inner}</math>"


def csymbol(name: str, *args: str) -> str:
    """A csymbol, or its application to arguments."""
    tag = f'<csymbol encoding="text" definitionURL="{SYMBOLS}{name}">{name}</csymbol>'
    return f"<apply>{tag}{''.join(args)}</apply>" if args else tag


def listed(tag: str, *items: str) -> str:
    return f"<listOf{tag}>\n" + "\n".join(items) + f"\n</listOf{tag}>"


def parameter(name: str, value: float | str | None = None, constant: bool = True) -> str:
    given = "" if value is None else f' value="{value}"'
    return f'<parameter id="{name}"{given} constant="{str(constant).lower()}"/>'


def variable(name: str, value: float | str | None = None) -> str:
    return parameter(name, value, constant=False)


def assignment(name: str, math: str) -> str:
    return f'<assignmentRule variable="{name}">{math}</assignmentRule>'


def rate(name: str, math: str) -> str:
    return f'<rateRule variable="{name}">{math}</rateRule>'


def algebraic(math: str) -> str:
    return f"<algebraicRule>{math}</algebraicRule>"


def initial(name: str, math: str) -> str:
    return f'<initialAssignment symbol="{name}">{math}</initialAssignment>'


def function(name: str, arguments: str, body: str) -> str:
    """A function definition; `arguments` are separated by blanks, `body` is MathML."""
    bound = "".join(f"<bvar><ci>{a}</ci></bvar>" for a in arguments.split())
    return f'<functionDefinition id="{name}">{raw(f"<lambda>{bound}{body}</lambda>")}</functionDefinition>'


def inner(formula: str) -> str:
    """The MathML of a formula without the ``math`` element."""
    text = mathml(formula)
    return text[text.index(">") + 1 : text.rindex("<")]


def compartment(name: str = "V", size: float | str | None = 1, dimensions: str = "3", constant: bool = True) -> str:
    given = "" if size is None else f' size="{size}"'
    return f'<compartment id="{name}" spatialDimensions="{dimensions}"{given} constant="{str(constant).lower()}"/>'


def species(name: str, amount: float | str | None = 1, where: str = "V", flags: str = "") -> str:
    given = "" if amount is None else f' initialAmount="{amount}"'
    unset = {"hasOnlySubstanceUnits", "boundaryCondition", "constant"} - {f.partition("=")[0] for f in flags.split()}
    rest = " ".join([flags, *(f'{f}="false"' for f in sorted(unset))]).strip()
    return f'<species id="{name}" compartment="{where}"{given} {rest}/>'


def reaction(
    name: str,
    law: str | None,
    reactants: str = "",
    products: str = "",
    local: Mapping[str, float | str] | None = None,
    modifiers: str = "",
) -> str:
    """A reaction; reactants and products are ``species`` or ``species=stoichiometry``, separated by blanks."""

    def references(tag: str, text: str) -> str:
        entries = []
        for entry in text.split():
            target, _, number = entry.partition("=")
            entries.append(f'<speciesReference species="{target}" stoichiometry="{number or 1}" constant="true"/>')
        return listed(tag, *entries) if entries else ""

    parts = references("Reactants", reactants) + references("Products", products)
    if modifiers:
        parts += listed("Modifiers", *(f'<modifierSpeciesReference species="{m}"/>' for m in modifiers.split()))
    if law is not None:
        entries = [f'<localParameter id="{n}" value="{v}"/>' for n, v in (local or {}).items()]
        parts += f"<kineticLaw>{law}{listed('LocalParameters', *entries) if entries else ''}</kineticLaw>"
    return f'<reaction id="{name}" reversible="false">{parts}</reaction>'


def event(
    trigger: str,
    *assignments: tuple[str, str],
    name: str = "E",
    delay: str = "",
    priority: str = "",
    start: bool = True,
) -> str:
    made = "".join(f'<eventAssignment variable="{v}">{m}</eventAssignment>' for v, m in assignments)
    parts = f"<priority>{priority}</priority>" if priority else ""
    parts += f"<delay>{delay}</delay>" if delay else ""
    return (
        f'<event id="{name}" useValuesFromTriggerTime="true">'
        f'<trigger initialValue="{str(start).lower()}" persistent="true">{trigger}</trigger>{parts}'
        f"<listOfEventAssignments>{made}</listOfEventAssignments></event>"
    )
