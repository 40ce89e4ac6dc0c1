"""SBML documents for tests, with formulas as infix text."""

from __future__ import annotations

from collections.abc import Mapping

import libsbml


def formula(infix: str) -> str:
    """A ``math`` element; an empty text for empty infix, since mathematics may be missing (L3V2)."""
    if not infix:
        return ""
    tree = libsbml.parseL3Formula(infix)
    assert tree is not None, libsbml.getLastParseL3Error()
    text = libsbml.writeMathMLToString(tree)
    return text[text.index("<math") :]


def document(*elements: tuple[str, str], level: int = 3, version: int = 2) -> str:
    """A document of elements, each with the name of the list that it belongs to."""
    space = (
        f"level{level}" + (f"/version{version}" if (level, version) != (2, 1) else "") + ("/core" if level > 2 else "")
    )
    order = (
        *("FunctionDefinitions", "Compartments", "Species", "Parameters", "InitialAssignments", "Rules"),
        *("Reactions", "Events"),
    )
    lists = {name: "".join(text for of, text in elements if of == name) for name in order}
    body = "".join(f"<listOf{name}>{text}</listOf{name}>" for name, text in lists.items() if text)
    return (
        f'<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/{space}" level="{level}" version="{version}">'
        f'<model id="m">{body}</model></sbml>'
    )


def function(name: str, arguments_and_body: str) -> tuple[str, str]:
    text = f'<functionDefinition id="{name}">{formula(f"lambda({arguments_and_body})")}</functionDefinition>'
    return "FunctionDefinitions", text


def compartment(
    name: str = "c", size: float | None = 1.0, constant: bool = False, dimensions: int = 3
) -> tuple[str, str]:
    given = "" if size is None else f'size="{size}" '
    attributes = f'{given}spatialDimensions="{dimensions}" constant="{str(constant).lower()}"'
    return "Compartments", f'<compartment id="{name}" {attributes}/>'


def species(name: str, concentration: float | None = None, amount: float | None = None, **more: str) -> tuple[str, str]:
    """A species, by default in compartment c and variable; its symbol is an amount where its amount is given."""
    start = f'initialAmount="{amount}"' if concentration is None else f'initialConcentration="{concentration}"'
    defaults = {
        "compartment": "c",
        "hasOnlySubstanceUnits": str(concentration is None).lower(),
        "boundaryCondition": "false",
        "constant": "false",
    }
    attributes = " ".join(f'{key}="{value}"' for key, value in (defaults | more).items())
    return "Species", f'<species id="{name}" {start} {attributes}/>'


def parameters(constant: bool = False, **values: float | None) -> tuple[str, str]:
    """Parameters, by default variable."""
    given = {n: "" if v is None else f'value="{str(v).upper()}" ' for n, v in values.items()}
    flag = str(constant).lower()
    return "Parameters", "".join(f'<parameter id="{n}" {v}constant="{flag}"/>' for n, v in given.items())


def initial(name: str, infix: str) -> tuple[str, str]:
    return "InitialAssignments", f'<initialAssignment symbol="{name}">{formula(infix)}</initialAssignment>'


def assigned(name: str, infix: str) -> tuple[str, str]:
    return "Rules", f'<assignmentRule variable="{name}">{formula(infix)}</assignmentRule>'


def rate(name: str, infix: str) -> tuple[str, str]:
    return "Rules", f'<rateRule variable="{name}">{formula(infix)}</rateRule>'


def algebraic(infix: str) -> tuple[str, str]:
    return "Rules", f"<algebraicRule>{formula(infix)}</algebraicRule>"


def reaction(name: str, reactants: str, products: str, law: str, modifiers: str = "") -> tuple[str, str]:
    """A reaction; sides are such as ``"S:2 T:1:st"``: species, stoichiometry (may be empty), id of the reference."""

    def side(kind: str, text: str) -> str:
        references = ""
        for item in text.split():
            of, value, reference = [*item.split(":"), "", ""][:3]
            given = f' stoichiometry="{value}"' if value else ""
            named = f' id="{reference}"' if reference else ""
            references += f'<speciesReference species="{of}"{named}{given} constant="{str(not reference).lower()}"/>'
        return f"<listOf{kind}>{references}</listOf{kind}>" if references else ""

    others = "".join(f'<modifierSpeciesReference species="{m}"/>' for m in modifiers.split())
    sides = side("Reactants", reactants) + side("Products", products)
    sides += f"<listOfModifiers>{others}</listOfModifiers>" if others else ""
    inside = f"{sides}<kineticLaw>{formula(law)}</kineticLaw>"
    return "Reactions", f'<reaction id="{name}" reversible="false">{inside}</reaction>'


def event(
    name: str,
    trigger: str,
    assignments: Mapping[str, str],
    delay: str = "",
    priority: str = "",
    *,
    before: bool = True,
    persistent: bool = True,
    early: bool = True,
) -> tuple[str, str]:
    """An event; `before` is its trigger's initial value, `early` whether values are those of the trigger's time."""
    flags = f'initialValue="{str(before).lower()}" persistent="{str(persistent).lower()}"'
    targets = "".join(
        f'<eventAssignment variable="{name}">{formula(value)}</eventAssignment>' for name, value in assignments.items()
    )
    parts = f"<trigger {flags}>{formula(trigger)}</trigger>"
    parts += f"<priority>{formula(priority)}</priority>" if priority else ""
    parts += f"<delay>{formula(delay)}</delay>" if delay else ""
    parts += f"<listOfEventAssignments>{targets}</listOfEventAssignments>"
    return "Events", f'<event id="{name}" useValuesFromTriggerTime="{str(early).lower()}">{parts}</event>'
