"""`Network` → SBML text: a document it was read from is edited in place, any other is written in Level 3 Version 2.

Editing goes through the XML tree, not through libSBML, which would write numbers with 15 digits and drop what it
does not know. Only what differs between the document's network and the one to write is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import Expr, format_number
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
    UnitDefinition,
    diff,
)
from sbmlgrn.sbml.mathml import MATHML, to_mathml
from sbmlgrn.sbml.read import load

CORE: Final = "http://www.sbml.org/sbml/level3/version2/core"

_Item = EventAssignment | Element | SpeciesReference | ModifierSpeciesReference | InitialAssignment | Rule

_LISTS: Final = {
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

_ORDER: Final = [*list(_LISTS.values())[:-2], "listOfConstraints", "listOfReactions", "listOfEvents"]
_TAGS_OF: Final = {
    "rule": (("assignmentRule", "rateRule"), "variable"),
    "initialAssignment": (("initialAssignment",), "symbol"),
    "unitDefinition": (("unitDefinition",), "id"),
}
_PARTS_OF_EVENT: Final = {
    "trigger": "trigger",
    "initial_value": "trigger",
    "persistent": "trigger",
    "priority": "priority",
    "delay": "delay",
    "assignments": "listOfEventAssignments",
}
_VALUES: Final = {
    "value": "value",
    "size": "size",
    "initial_amount": "initialAmount",
    "initial_concentration": "initialConcentration",
    "stoichiometry": "stoichiometry",
}
"""Attributes that hold a number and are edited in documents of every Level."""


def save(network: Network, path: Path | str) -> None:
    """Writes a network as an SBML file; a failure leaves an existing file as it was.

    Raises:
        ValueError: the network cannot be written; see `write`.
        OSError: the file cannot be written.
    """
    text = write(network)
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)


def write(network: Network) -> str:
    """The SBML text of a network, in UTF-8 terms.

    A network that was read keeps its document: notes, annotations, layout, comments and ids survive, and only
    elements that differ are changed. Where the document is composed of several models, a changed network is
    written as the flat document that it is.

    Raises:
        ValueError: the document is of Level 1 or 2, and a change goes beyond numerical values.
    """
    if network.source is None:
        return _serialise(_fresh(network))
    text = network.flat_source or network.source
    changes = diff(load(text), network)
    if not changes:
        return network.source
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_blank_text=False)
    root = etree.fromstring(text.encode(), parser)
    editor = _Editor(root, network.level)
    removals = [c for c in changes if c.attribute is None and c.after is None]
    # elements that go by their position keep it only if the last are removed first
    for change in [*(c for c in changes if c not in removals), *reversed(removals)]:
        editor.apply(change.element, change.attribute, change.before, change.after)
    return _serialise(root)


def _serialise(root: Any) -> str:
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True).decode()


class _Editor:
    """Changes to one XML tree."""

    def __init__(self, root: Any, level: int) -> None:
        self.root = root
        self.level = level
        self.namespace = etree.QName(root).namespace
        self.model = root.find(self._tag("model"))

    def _tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"

    def apply(self, name: str, attribute: str | None, before: Any, after: Any) -> None:
        if name == "model":
            self._edit_model(str(attribute), after)
        elif attribute in _VALUES:
            self._edit_number(self._find(name), attribute, after)
        elif self.level < 3:
            raise ValueError(
                f"{name!r} differs from the document in {attribute or 'its existence'}, but in a Level {self.level} "
                "document only numerical values can be changed; convert the document to Level 3 first"
            )
        elif attribute is None:
            self._exchange(name, before, after)
        else:
            self._edit_attribute(name, attribute, after)

    def _find(self, name: str) -> Any:
        """The XML element that `diff` calls `name`."""
        owner, _, local = name.partition(".")
        kind, _, rest = name.removesuffix(")").partition("(")
        if kind in ("algebraicRule", "event") and rest:
            return list(self.model.iter(self._tag(kind)))[int(rest)]
        tags, key = _TAGS_OF.get(kind, (None, "id" if self.level > 1 else "name"))
        if tags is not None:
            owner, local = rest, ""
        for element in self.model.iter(*([self._tag(t) for t in tags] if tags else ["*"])):
            if element.get(key) == owner and (tags or self._is_global(element)):
                return self._local(element, local) if local else element
        raise ValueError(f"the document has no element {name!r}; was the network's source replaced?")

    def _is_global(self, element: Any) -> bool:
        """Whether the element's id is in the model's name space and is that of something a network holds."""
        tag = etree.QName(element)
        if tag.namespace != self.namespace or tag.localname in ("localParameter", "unitDefinition"):
            return False
        return tag.localname != "parameter" or etree.QName(element.getparent().getparent()).localname != "kineticLaw"

    def _local(self, reaction: Any, name: str) -> Any:
        for tag in ("localParameter", "parameter"):
            for element in reaction.iter(self._tag(tag)):
                if element.get("id" if self.level > 1 else "name") == name:
                    return element
        raise ValueError(f"the document has no local parameter {name!r}; was the network's source replaced?")

    def _edit_number(self, element: Any, attribute: str, value: float | None) -> None:
        name = _VALUES[attribute]
        if name == "size" and self.level == 1:
            name = "volume"
        _set(element, name, None if value is None else format_number(value))

    def _edit_model(self, attribute: str, value: Any) -> None:
        if attribute in ("level", "version"):
            raise ValueError("level and version belong to the document; convert it instead of changing the network")
        names = {"id": "id", "name": "name", "conversion_factor": "conversionFactor"}
        xml = names.get(attribute) or f"{attribute.removesuffix('_units')}Units"
        if self.level < 3 and attribute not in ("id", "name"):
            raise ValueError(f"{xml!r} of the model exists from Level 3 on; convert the document to Level 3 first")
        _set(self.model, xml, value)

    def _exchange(self, name: str, before: _Item | None, after: _Item | None) -> None:
        old = None if before is None else self._find(name)
        if after is None:
            _drop(old)
            return
        new = _build(after, self.namespace)
        if new is None:
            return
        if old is not None:
            old.getparent().replace(old, new)
        elif isinstance(after, LocalParameter):
            law = self._child(self._find(name.partition(".")[0]), "kineticLaw")
            self._child(law, "listOfLocalParameters").append(new)
        else:
            collection = next(c for c in _LISTS if _belongs(after, c))
            self._collection(_LISTS[collection]).append(new)

    def _collection(self, tag: str) -> Any:
        found = self.model.find(self._tag(tag))
        if found is not None:
            return found
        new = etree.Element(self._tag(tag))
        later = {self._tag(t) for t in _ORDER[_ORDER.index(tag) + 1 :]}
        position = next((i for i, e in enumerate(self.model) if e.tag in later), len(self.model))
        self.model.insert(position, new)
        return new

    def _child(self, parent: Any, tag: str) -> Any:
        found = parent.find(self._tag(tag))
        return etree.SubElement(parent, self._tag(tag)) if found is None else found

    def _edit_attribute(self, name: str, attribute: str, value: Any) -> None:
        element = self._find(name)
        if attribute in ("math", "kinetic_law"):
            holder = self._child(element, "kineticLaw") if attribute == "kinetic_law" else element
            self._replace_math(holder, value, name if attribute == "kinetic_law" else None)
        elif attribute in ("reactants", "products", "modifiers"):
            tag = f"listOf{attribute.capitalize()}"
            new = _list(tag, [_build(r, self.namespace) for r in value], self.namespace)
            old = element.find(self._tag(tag))
            if old is not None:
                element.replace(old, new)
            else:
                order = ["listOfReactants", "listOfProducts", "listOfModifiers", "kineticLaw"]
                later = {self._tag(t) for t in order[order.index(tag) + 1 :]}
                element.insert(next((i for i, e in enumerate(element) if e.tag in later), len(element)), new)
        elif attribute in _PARTS_OF_EVENT:
            self._edit_event(element, name, attribute, value)
        elif attribute in ("units", "arguments") and isinstance(value, tuple):
            raise ValueError(f"{attribute} of {name!r} cannot be edited in place; remove the element and add a new one")
        else:
            _set(element, _camel(attribute), _format(value))

    def _edit_event(self, element: Any, name: str, attribute: str, value: Any) -> None:
        tag = _PARTS_OF_EVENT[attribute]
        part = element.find(self._tag(tag))
        if attribute in ("initial_value", "persistent"):
            _set(part, _camel(attribute), _format(value))
        elif attribute == "assignments":
            new = _list(tag, [_build(a, self.namespace) for a in value], self.namespace)
            element.append(new) if part is None else element.replace(part, new)
        elif value is None:
            _drop(part)
        elif part is not None:
            self._replace_math(part, value, None)
        else:
            new = etree.Element(self._tag(tag))
            new.append(to_mathml(value))
            later = [self._tag(t) for t in ("trigger", "priority", "delay", "listOfEventAssignments")]
            later = later[later.index(self._tag(tag)) + 1 :]
            element.insert(next((i for i, e in enumerate(element) if e.tag in later), len(element)), new)

    def _replace_math(self, holder: Any, math: Expr | None, reaction: str | None) -> None:
        old = holder.find(f"{{{MATHML}}}math")
        new = None if math is None else to_mathml(math, _local_names(reaction))
        if old is not None and new is not None:
            holder.replace(old, new)
        elif old is not None:
            _drop(old)
        elif new is not None:
            after_notes = [i for i, e in enumerate(holder) if etree.QName(e).localname in ("notes", "annotation")]
            holder.insert(after_notes[-1] + 1 if after_notes else 0, new)


def _local_names(reaction: str | None) -> Callable[[str], str]:
    """Full names of local parameters → the names that their own kinetic law uses."""
    return str if reaction is None else lambda name: name.removeprefix(f"{reaction}.")


def _drop(element: Any) -> None:
    parent = element.getparent()
    parent.remove(element)
    if not len(parent) and etree.QName(parent).localname.startswith("listOf"):
        parent.getparent().remove(parent)


def _set(element: Any, name: str, value: str | None) -> None:
    if value is None:
        element.attrib.pop(name, None)
    else:
        element.set(name, value)


def _belongs(item: _Item, collection: str) -> bool:
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


def _fresh(network: Network) -> Any:
    root = etree.Element(f"{{{CORE}}}sbml", {"level": "3", "version": "2"}, nsmap={None: CORE})
    attributes = {"id": network.id, "name": network.name, "conversionFactor": network.conversion_factor}
    attributes |= {
        f"{kind}Units": getattr(network, f"{kind}_units")
        for kind in ("substance", "time", "volume", "area", "length", "extent")
    }
    model = etree.SubElement(root, f"{{{CORE}}}model", {k: v for k, v in attributes.items() if v is not None})
    for collection, tag in _LISTS.items():
        items = [_build(item, CORE) for item in getattr(network, collection)]
        if items:
            model.append(_list(tag, items, CORE))
    etree.indent(root)
    return root


def _list(tag: str, items: Sequence[Any], namespace: str) -> Any:
    element = etree.Element(f"{{{namespace}}}{tag}")
    element.extend([i for i in items if i is not None])
    return element


def _build(item: _Item, namespace: str) -> Any:
    """The XML element of `item` in Level 3."""

    def element(tag: str, *children: Any, **attributes: Any) -> Any:
        given = {_camel(k): _format(v) for k, v in attributes.items()}
        result = etree.Element(f"{{{namespace}}}{tag}", {k: v for k, v in given.items() if v is not None})
        result.extend([c for c in children if c is not None])
        return result

    def math_of(math: Expr | None, reaction: str | None = None) -> Any:
        return None if math is None else to_mathml(math, _local_names(reaction))

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
            return element("localParameter", **common, value=item.value, units=item.units)
        case UnitDefinition():
            units = [
                element("unit", kind=u.kind, exponent=u.exponent, scale=u.scale, multiplier=u.multiplier)
                for u in item.units
            ]
            return element("unitDefinition", _list("listOfUnits", units, namespace) if units else None, **common)
        case FunctionDefinition():
            return element("functionDefinition", _lambda(item), **common)
        case InitialAssignment():
            return element("initialAssignment", math_of(item.math), symbol=item.symbol)
        case AssignmentRule():
            return element("assignmentRule", math_of(item.math), variable=item.variable)
        case AlgebraicRule():
            return element("algebraicRule", math_of(item.math))
        case RateRule():
            return element("rateRule", math_of(item.math), variable=item.variable)
        case SpeciesReference():
            if item.stoichiometry_math is not None:
                raise ValueError(
                    f"the stoichiometry of {item.species!r} is a formula; in Level 3 give the reference an id and an "
                    "assignment rule"
                )
            return element(
                "speciesReference",
                id=item.id,
                species=item.species,
                stoichiometry=item.stoichiometry,
                constant=item.constant,
            )
        case ModifierSpeciesReference():
            return element("modifierSpeciesReference", id=item.id, sbo_term=item.sbo_term, species=item.species)
        case EventAssignment():
            return element("eventAssignment", math_of(item.math), variable=item.variable)
        case Event():
            trigger = element(
                "trigger", math_of(item.trigger), initial_value=item.initial_value, persistent=item.persistent
            )
            timing = [
                None if math is None else element(tag, math_of(math))
                for tag, math in (("priority", item.priority), ("delay", item.delay))
            ]
            assignments = [_build(a, namespace) for a in item.assignments]
            listed = _list("listOfEventAssignments", assignments, namespace) if assignments else None
            common["id"] = item.id or None
            return element(
                "event",
                trigger,
                *timing,
                listed,
                **common,
                use_values_from_trigger_time=item.use_values_from_trigger_time,
            )
        case Reaction():
            lists = [
                _list(f"listOf{kind.capitalize()}", [_build(r, namespace) for r in getattr(item, kind)], namespace)
                for kind in ("reactants", "products", "modifiers")
                if getattr(item, kind)
            ]
            local = [_build(p, namespace) for p in item.local_parameters]
            law = None
            if item.kinetic_law is not None or local:
                local_list = _list("listOfLocalParameters", local, namespace) if local else None
                law = element("kineticLaw", math_of(item.kinetic_law, item.id), local_list)
            if item.fast and namespace == CORE:
                raise ValueError(f"reaction {item.id!r} is fast, which Level 3 Version 2 does not know any more")
            fast = {} if namespace == CORE else {"fast": item.fast}
            return element(
                "reaction", *lists, law, **common, reversible=item.reversible, compartment=item.compartment, **fast
            )
    raise TypeError(f"{type(item).__name__} has no SBML element")


def _lambda(definition: FunctionDefinition) -> Any:
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


def _camel(attribute: str) -> str:
    head, *rest = attribute.split("_")
    return "sboTerm" if attribute == "sbo_term" else head + "".join(word.capitalize() for word in rest)


def _format(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_number(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value)
