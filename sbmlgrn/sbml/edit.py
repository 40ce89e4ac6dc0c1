"""Changes to the XML tree of a document, each at the element that it concerns and nowhere else.

Editing goes through the XML tree, not through libSBML, which would write numbers with 15 digits and drop what it
does not know.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import format_number
from sbmlgrn.network import Change, FunctionDefinition, LocalParameter, Network
from sbmlgrn.sbml import fbc
from sbmlgrn.sbml.attributes import camel, text_of
from sbmlgrn.sbml.build import LISTS, LOCAL_LIST, Item, belongs, build, lambda_of, local_names
from sbmlgrn.sbml.mathml import MATHML, to_mathml

_LISTS_IN_ORDER: Final = list(LISTS.values())
_ORDER: Final = [
    *_LISTS_IN_ORDER[:2],
    *("listOfCompartmentTypes", "listOfSpeciesTypes"),
    *_LISTS_IN_ORDER[2:-2],
    "listOfConstraints",
    *_LISTS_IN_ORDER[-2:],
]
"""Children of a model in the order of all Levels and Versions."""

_PARTS_OF_REACTION: Final = ("listOfReactants", "listOfProducts", "listOfModifiers", "kineticLaw")
_PARTS_OF_EVENT: Final = ("trigger", "priority", "delay", "listOfEventAssignments")
_TAGS_OF: Final = {
    "rule": (("assignmentRule", "rateRule"), "variable"),
    "initialAssignment": (("initialAssignment",), "symbol"),
    "unitDefinition": (("unitDefinition",), "id"),
}
VALUES: Final = {
    "value": "value",
    "size": "size",
    "initial_amount": "initialAmount",
    "initial_concentration": "initialConcentration",
    "stoichiometry": "stoichiometry",
}
"""Attributes that hold a number, and their names in XML; documents of every Level take these."""

_REFERENCES: Final = {"reactants": "species", "products": "species", "modifiers": "species", "assignments": "variable"}
_MEMBERS: Final = {"speciesReference", "specieReference", "modifierSpeciesReference", "eventAssignment", "unit"}


class Editor:
    """Changes to one XML tree.

    Attributes:
        attributes: the attributes that were changed: element, name and new value, ``None`` for one taken away.
        only_attributes: whether nothing else was changed.
    """

    def __init__(self, root: Any, network: Network, find: Callable[[str], Any] | None = None) -> None:
        """Makes an editor.

        Args:
            root: root of the document.
            network: what the document is to become.
            find: where the element of a name is; by default in the document's only model.
        """
        self.network = network
        self.level = network.level
        self.namespace = etree.QName(root).namespace
        self.fbc = fbc.namespace_in(root)
        self.model = root.find(self._tag("model"))
        self.find = find or self._find
        self.attributes: list[tuple[Any, str, str | None]] = []
        self.only_attributes = True
        self._built: set[str] = set()
        """Elements that are new, with all that is in them."""

    def _tag(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"

    def apply(self, change: Change) -> None:
        """Makes one change.

        Raises:
            ValueError: the document has no place for it.
        """
        name, attribute = change.element, change.attribute
        if attribute == "flux_balance":
            self.only_attributes = False
            fbc.set_flux_balance(self.model, change.before, change.after, self.fbc)  # type: ignore[arg-type]
        elif name == "model":
            self._edit_model(str(attribute), change.after)
        elif attribute in VALUES:
            self._edit_number(self.find(name), name, attribute, change.after)  # type: ignore[arg-type]
        elif attribute in _REFERENCES and self.level == 1:
            self._merge(self.find(name), attribute, change.before, change.after)  # type: ignore[arg-type]
        elif self.level == 1:
            raise ValueError(
                f"{name!r} differs from the document in {attribute or 'its existence'}, but in a Level 1 document only "
                "numerical values can be changed; convert the document to Level 3 first"
            )
        elif attribute is None:
            self._exchange(name, change.before, change.after)  # type: ignore[arg-type]
        else:
            self._edit_attribute(name, attribute, change.before, change.after)

    def _find(self, name: str) -> Any:
        """The XML element that `diff` calls `name`."""
        owner, _, local = name.partition(".")
        kind, _, rest = name.removesuffix(")").partition("(")
        if kind in ("algebraicRule", "event") and rest:
            return list(self.model.iter(self._tag(kind)))[int(rest)]
        tags, key = _TAGS_OF.get(kind, (None, "id" if self.level > 1 else "name"))
        if tags is None:
            element = global_element(self.model, owner, key)
            found = element if element is None or not local else local_parameter(element, local, key)
        else:
            found = next((e for e in self.model.iter(*map(self._tag, tags)) if e.get(key) == rest), None)
        if found is None:
            raise ValueError(f"the document has no element {name!r}; was the network's source replaced?")
        return found

    def _set(self, element: Any, name: str, value: str | None) -> None:
        self.attributes.append((element, name, value))
        if value is None:
            element.attrib.pop(name, None)
        else:
            element.set(name, value)

    def _edit_number(self, element: Any, name: str, attribute: str, value: float | None) -> None:
        xml = VALUES[attribute]
        text = None if value is None else format_number(value)
        if self.level == 1:
            if attribute == "initial_concentration":
                raise ValueError(
                    f"the initial concentration of {name!r} cannot be set to {value} in a Level 1 document, which has "
                    "initial amounts only; set the amount, or convert the document to Level 3"
                )
            if attribute == "stoichiometry":
                text = _whole(name, value, int(element.get("denominator", "1")))
            xml = "volume" if attribute == "size" else xml
        elif attribute == "stoichiometry" and element.find(self._tag("stoichiometryMath")) is not None:
            raise ValueError(
                f"the stoichiometry of {name!r} cannot be set to {value}: the document has a formula for it; "
                "convert the document to Level 3 first"
            )
        self._set(element, xml, text)

    def _edit_model(self, attribute: str, value: Any) -> None:
        if attribute in ("level", "version"):
            raise ValueError("level and version belong to the document; convert it instead of changing the network")
        names = {"id": "id" if self.level > 1 else "name", "name": "name", "conversion_factor": "conversionFactor"}
        xml = names.get(attribute) or f"{attribute.removesuffix('_units')}Units"
        if self.level < 3 and attribute not in ("id", "name"):
            raise ValueError(f"{xml!r} of the model exists from Level 3 on; convert the document to Level 3 first")
        self._set(self.model, xml, value)

    def _exchange(self, name: str, before: Item | None, after: Item | None) -> None:
        if isinstance(after, LocalParameter) and name.partition(".")[0] in self._built:
            return
        self.only_attributes = False
        old = None if before is None else self.find(name)
        if after is None:
            _drop(old)
            return
        new = build(after, self.namespace)
        self._built.add(name)
        fbc.add_fields(new, after, self.fbc)
        if old is not None:
            self._renew(old, new)
        elif isinstance(after, LocalParameter):
            law = self._child(self.find(name.partition(".")[0]), "kineticLaw", _PARTS_OF_REACTION)
            tag = LOCAL_LIST[self.level == 2]
            self._child(law, tag, (tag,)).append(new)
        else:
            collection = next(c for c in LISTS if belongs(after, c))
            self._child(self.model, LISTS[collection], _ORDER).append(new)

    def _renew(self, old: Any, new: Any) -> None:
        """Puts `new` in the place of `old`, with the notes and annotations of that."""
        self.only_attributes = False
        for attribute in ("metaid", "sboTerm", "name"):
            if attribute in old.attrib and attribute not in new.attrib:
                new.set(attribute, old.get(attribute))
        for i, child in enumerate(e for e in list(old) if _local_name(e) in ("notes", "annotation")):
            new.insert(i, child)
        _replace(old, new)

    def _child(self, parent: Any, tag: str, order: Sequence[str]) -> Any:
        """The child `tag` of `parent`, made if need be at its place in `order`."""
        found = parent.find(self._tag(tag))
        if found is not None:
            return found
        self.only_attributes = False
        new = etree.Element(self._tag(tag))
        later = {self._tag(t) for t in order[order.index(tag) + 1 :]}
        parent.insert(next((i for i, e in enumerate(parent) if e.tag in later), len(parent)), new)
        return new

    def _edit_attribute(self, name: str, attribute: str, before: Any, after: Any) -> None:
        element = self.find(name)
        if any(attribute in of_type for of_type in fbc.FIELDS.values()):
            self.only_attributes = False
            fbc.set_field(element, attribute, after, self.fbc)
        elif attribute in _REFERENCES or (attribute == "units" and isinstance(after, tuple)):
            self._merge(element, attribute, before, after)
        elif attribute == "kinetic_law":
            law = self._child(element, "kineticLaw", _PARTS_OF_REACTION)
            self._replace_math(law, None if after is None else to_mathml(after, local_names(name)))
        elif attribute in ("math", "arguments"):
            owner = self.network.by_id.get(name)
            if isinstance(owner, FunctionDefinition):
                self._replace_math(element, lambda_of(owner))
            else:
                self._replace_math(element, None if after is None else to_mathml(after))
        elif attribute in ("initial_value", "persistent"):
            self._set(self._child(element, "trigger", _PARTS_OF_EVENT), camel(attribute), text_of(after))
        elif attribute in _PARTS_OF_EVENT:
            part = self._child(element, attribute, _PARTS_OF_EVENT)
            self._replace_math(part, None if after is None else to_mathml(after))
            if after is None:
                _drop(part)
        else:
            self._set(element, camel(attribute), text_of(after))

    def _replace_math(self, holder: Any, new: Any) -> None:
        self.only_attributes = False
        old = holder.find(f"{{{MATHML}}}math")
        if old is not None and new is not None:
            _replace(old, new)
        elif old is not None:
            _drop(old)
        elif new is not None:
            after_notes = [i for i, e in enumerate(holder) if _local_name(e) in ("notes", "annotation")]
            holder.insert(after_notes[-1] + 1 if after_notes else 0, new)

    def _merge(self, owner: Any, attribute: str, before: Sequence[Item], after: Sequence[Item]) -> None:
        """Makes a list of `before` one of `after`; whoever is in both keeps the element, and what else it carries."""
        tag = f"listOf{'EventAssignments' if attribute == 'assignments' else attribute.capitalize()}"
        order = _PARTS_OF_EVENT if attribute == "assignments" else (*_PARTS_OF_REACTION, "listOfUnits")
        key = _REFERENCES.get(attribute, "kind")
        if not after:
            self.only_attributes = False
            _drop(owner.find(self._tag(tag)))
            return
        container = self._child(owner, tag, order)
        present = [e for e in container if _local_name(e) in _MEMBERS]
        pool: dict[str, deque[tuple[Item, Any]]] = defaultdict(deque)
        for item, element in zip(before, present, strict=True):
            pool[getattr(item, key)].append((item, element))
        wanted = []
        for item in after:
            known = pool[getattr(item, key)]
            if known:
                old, element = known.popleft()
                self._adjust(element, old, item)
            else:
                element = build(item, self.namespace)
            wanted.append(element)
        if wanted == present:
            return
        if self.level == 1:
            raise ValueError("in a Level 1 document only numerical values can be changed; convert it to Level 3 first")
        self.only_attributes = False
        for element in present:
            container.remove(element)
        container.extend(wanted)

    def _adjust(self, element: Any, before: Item, after: Item) -> None:
        for f in fields(before):
            value = getattr(after, f.name)
            if value == getattr(before, f.name):
                continue
            if f.name == "math":
                self._replace_math(element, None if value is None else to_mathml(value))
            elif f.name == "stoichiometry_math":
                self._renew(element, build(after, self.namespace))
                return
            elif f.name in VALUES:
                self._edit_number(element, getattr(after, "id", None) or getattr(after, "species", ""), f.name, value)
            else:
                self._set(element, camel(f.name), text_of(value))


def global_element(model: Any, name: str, key: str = "id") -> Any:
    """The element of a model that a network calls `name`, or ``None``.

    Args:
        model: a ``model`` or ``modelDefinition`` element.
        name: an id of the model's name space.
        key: the attribute that holds ids: ``name`` in Level 1.
    """
    namespace = etree.QName(model.getroottree().getroot()).namespace  # that of a ``modelDefinition`` is the package's
    for element in model.iterdescendants("*"):
        if element.get(key) != name:
            continue
        tag = etree.QName(element)
        if tag.namespace != namespace or tag.localname in ("localParameter", "unitDefinition"):
            continue
        if tag.localname == "parameter" and _local_name(element.getparent().getparent()) == "kineticLaw":
            continue
        return element
    return None


def local_parameter(reaction: Any, name: str, key: str = "id") -> Any:
    """The local parameter of a reaction's element, or ``None``."""
    for element in reaction.iterdescendants("*"):
        if _local_name(element) in ("localParameter", "parameter") and element.get(key) == name:
            return element
    return None


def _whole(name: str, value: float | None, denominator: int) -> str:
    numerator = float("nan") if value is None else value * denominator
    if not numerator.is_integer() or numerator / denominator != value:
        raise ValueError(
            f"the stoichiometry of {name!r} cannot be set to {value} in a Level 1 document, which has whole numbers "
            f"over the denominator {denominator} only; convert the document to Level 3 first"
        )
    return str(int(numerator))


def _local_name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _replace(old: Any, new: Any) -> None:
    new.tail = old.tail
    old.getparent().replace(old, new)


def _drop(element: Any) -> None:
    parent = element.getparent()
    parent.remove(element)
    if not any(isinstance(e.tag, str) for e in parent) and _local_name(parent).startswith("listOf"):
        parent.getparent().remove(parent)
