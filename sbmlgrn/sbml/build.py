"""Elements of a `Network` → new XML elements, and whole documents in Level 3 Version 2.

Elements are built for the namespace of the document that they go into: in Level 2 they have the names and
attributes of Level 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import Expr
from sbmlgrn.network import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Element,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    LocalParameter,
    ModifierSpeciesReference,
    Network,
    Parameter,
    RateRule,
    Reaction,
    Rule,
    Species,
    SpeciesReference,
    Unit,
    UnitDefinition,
)
from sbmlgrn.sbml import fbc
from sbmlgrn.sbml.attributes import camel, text_of
from sbmlgrn.sbml.mathml import DISTRIB, MATHML, draws, to_mathml

CORE: Final = "http://www.sbml.org/sbml/level3/version2/core"

Item: TypeAlias = (
    Element | EventAssignment | InitialAssignment | ModifierSpeciesReference | Rule | SpeciesReference | Unit
)

LISTS: Final = {
    "function_definitions": "listOfFunctionDefinitions",
    "unit_definitions": "listOfUnitDefinitions",
    "compartments": "listOfCompartments",
    "species": "listOfSpecies",
    "parameters": "listOfParameters",
    "initial_assignments": "listOfInitialAssignments",
    "rules": "listOfRules",
    "reactions": "listOfReactions",
    "events": "listOfEvents",
}
"""Collections of a network in the order of the document (SBML L3V2 Core, 4.2)."""


LOCAL_LIST: Final = {False: "listOfLocalParameters", True: "listOfParameters"}
"""The list of a kinetic law's own parameters, by whether the document is of Level 2."""


def belongs(item: Item, collection: str) -> bool:
    """Whether `item` is of the kind that this collection of a network holds."""
    kinds: Mapping[str, Any] = {
        "function_definitions": FunctionDefinition,
        "unit_definitions": UnitDefinition,
        "compartments": Compartment,
        "species": Species,
        "parameters": Parameter,
        "initial_assignments": InitialAssignment,
        "rules": (AssignmentRule, RateRule, AlgebraicRule),
        "reactions": Reaction,
        "events": Event,
    }
    return isinstance(item, kinds[collection])


def fresh(network: Network) -> Any:
    """A new document in Level 3 Version 2."""
    flux = fbc.namespace_of(network)
    attributes = {"id": network.id, "name": network.name, "conversionFactor": network.conversion_factor}
    attributes |= {
        f"{kind}Units": getattr(network, f"{kind}_units")
        for kind in ("substance", "time", "volume", "area", "length", "extent")
    }
    model = etree.Element(f"{{{CORE}}}model", {k: v for k, v in attributes.items() if v is not None})
    for collection, tag in LISTS.items():
        items = [build(item, CORE) for item in getattr(network, collection)]
        for element, item in zip(items, getattr(network, collection), strict=True):
            fbc.add_fields(element, item, flux)
        if items:
            model.append(list_of(tag, items, CORE))
    if flux is not None:
        fbc.set_flux_balance(model, None, network.flux_balance, flux)
    packages = {flux: ("fbc", "false")} if flux else {}
    packages |= {DISTRIB: ("distrib", "true")} if draws(model) else {}
    spaces = {None: CORE} | {prefix: uri for uri, (prefix, _) in packages.items()}
    root = etree.Element(f"{{{CORE}}}sbml", {"level": "3", "version": "2"}, nsmap=spaces)
    for uri, (_, required) in packages.items():
        root.set(f"{{{uri}}}required", required)
    root.append(model)
    etree.indent(root)
    return root


def list_of(tag: str, items: Sequence[Any], namespace: str) -> Any:
    """An element that holds `items`, without those that are ``None``."""
    element = etree.Element(f"{{{namespace}}}{tag}")
    element.extend([i for i in items if i is not None])
    return element


def build(item: Item, namespace: str) -> Any:
    """The XML element of `item` in a document of Level 2 or 3.

    Raises:
        ValueError: the Level has no element or attribute for it.
    """
    old = "/level2" in namespace

    def element(tag: str, *children: Any, **attributes: Any) -> Any:
        given = {camel(k): text_of(v) for k, v in attributes.items()}
        result = etree.Element(f"{{{namespace}}}{tag}", {k: v for k, v in given.items() if v is not None})
        result.extend([c for c in children if c is not None])
        return result

    def math_of(math: Expr | None, reaction: str | None = None) -> Any:
        return None if math is None else to_mathml(math, local_names(reaction))

    common = {"id": item.id, "name": item.name, "sbo_term": item.sbo_term} if isinstance(item, Element) else {}
    match item:
        case Compartment():
            return element(
                "compartment",
                **common,
                spatial_dimensions=item.spatial_dimensions,
                size=item.size,
                units=item.units,
                constant=item.constant,
            )
        case Species():
            return element(
                "species",
                **common,
                compartment=item.compartment,
                initial_amount=item.initial_amount,
                initial_concentration=item.initial_concentration,
                substance_units=item.substance_units,
                has_only_substance_units=item.has_only_substance_units,
                boundary_condition=item.boundary_condition,
                constant=item.constant,
                conversion_factor=item.conversion_factor,
            )
        case Parameter():
            return element("parameter", **common, value=item.value, units=item.units, constant=item.constant)
        case LocalParameter():
            return element("parameter" if old else "localParameter", **common, value=item.value, units=item.units)
        case UnitDefinition():
            units = [build(u, namespace) for u in item.units]
            return element("unitDefinition", list_of("listOfUnits", units, namespace) if units else None, **common)
        case Unit():
            return element("unit", kind=item.kind, exponent=item.exponent, scale=item.scale, multiplier=item.multiplier)
        case FunctionDefinition():
            return element("functionDefinition", lambda_of(item), **common)
        case InitialAssignment():
            return element("initialAssignment", math_of(item.math), symbol=item.symbol)
        case AssignmentRule():
            return element("assignmentRule", math_of(item.math), variable=item.variable)
        case AlgebraicRule():
            return element("algebraicRule", math_of(item.math))
        case RateRule():
            return element("rateRule", math_of(item.math), variable=item.variable)
        case SpeciesReference():
            attributes: dict[str, Any] = {"id": item.id, "species": item.species, "stoichiometry": item.stoichiometry}
            formula = None
            if item.stoichiometry_math is not None:
                if not old:
                    raise ValueError(
                        f"the stoichiometry of {item.species!r} is a formula; in Level 3 give the reference an id and "
                        "an assignment rule"
                    )
                formula = element("stoichiometryMath", math_of(item.stoichiometry_math))
            return element("speciesReference", formula, **attributes, constant=None if old else item.constant)
        case ModifierSpeciesReference():
            return element("modifierSpeciesReference", id=item.id, sbo_term=item.sbo_term, species=item.species)
        case EventAssignment():
            return element("eventAssignment", math_of(item.math), variable=item.variable)
        case Event():
            flags = {} if old else {"initial_value": item.initial_value, "persistent": item.persistent}
            trigger = element("trigger", math_of(item.trigger), **flags)
            timing = [
                None if math is None else element(tag, math_of(math))
                for tag, math in (("priority", item.priority), ("delay", item.delay))
            ]
            assignments = [build(a, namespace) for a in item.assignments]
            listed = list_of("listOfEventAssignments", assignments, namespace) if assignments else None
            common["id"] = item.id or None
            return element(
                "event",
                trigger,
                *timing,
                listed,
                **common,
                use_values_from_trigger_time=None
                if old and item.use_values_from_trigger_time
                else item.use_values_from_trigger_time,
            )
        case Reaction():
            lists = [
                list_of(f"listOf{kind.capitalize()}", [build(r, namespace) for r in getattr(item, kind)], namespace)
                for kind in ("reactants", "products", "modifiers")
                if getattr(item, kind)
            ]
            local = [build(p, namespace) for p in item.local_parameters]
            law = None
            if item.kinetic_law is not None or local:
                local_list = list_of(LOCAL_LIST[old], local, namespace) if local else None
                law = element("kineticLaw", math_of(item.kinetic_law, item.id), local_list)
            if item.fast and namespace == CORE:
                raise ValueError(f"reaction {item.id!r} is fast, which Level 3 Version 2 does not know any more")
            fast = {} if namespace == CORE else {"fast": item.fast}
            return element(
                "reaction", *lists, law, **common, reversible=item.reversible, compartment=item.compartment, **fast
            )
    raise TypeError(f"{type(item).__name__} has no SBML element")


def local_names(reaction: str | None) -> Callable[[str], str]:
    """Full names of local parameters → the names that their own kinetic law uses."""
    return str if reaction is None else lambda name: name.removeprefix(f"{reaction}.")


def lambda_of(definition: FunctionDefinition) -> Any:
    """The ``math`` element of a function definition; ``None`` if it has none."""
    if definition.math is None:
        return None
    math = to_mathml(definition.math)
    body = math[0]
    result = etree.SubElement(math, f"{{{MATHML}}}lambda")
    for argument in definition.arguments:
        bound = etree.SubElement(result, f"{{{MATHML}}}bvar")
        etree.SubElement(bound, f"{{{MATHML}}}ci").text = f" {argument} "
    result.append(body)
    return math
