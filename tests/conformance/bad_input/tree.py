"""Mutations of a document as a tree of elements: what a careless hand or a buggy program makes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

_MATHML = "http://www.w3.org/1998/Math/MathML"

VALUES: Final = (
    *("", " ", "NaN", "INF", "-INF", "1e999", "-1e-999", "0x10", "1_000", "1,5", "--1", "+", "-0", "true", "maybe"),
    *("9" * 100_000, "1." + "0" * 100_000, "1e" + "9" * 1000, str(2**31), str(2**63), str(2**64)),
    *("__import__('os').system('true')", "%x1", "@main", "x; drop table", "\"'`", "a" * 100_000, "y:S", "p:k", "d:0"),
    *("größe", "名前", "e\u0301", "\u202eevil", "lambda", "None", "self", "and", "time", "pi", "nan", "inf", "\\x00"),
)
"""Values for attributes: numbers that are none, are too large, or are written otherwise; names with a meaning
elsewhere; text that some interpreter might run."""


def _elements(root: Any) -> list[Any]:
    """Elements of the model, but those within notes and annotations."""

    def walk(element: Any) -> Iterator[Any]:
        for child in element:
            if isinstance(child.tag, str) and etree.QName(child).localname not in ("notes", "annotation"):
                yield child
                yield from walk(child)

    return list(walk(root))


def _core(root: Any) -> list[Any]:
    namespace = etree.QName(root).namespace
    return [e for e in _elements(root) if etree.QName(e).namespace == namespace]


def _of_math(root: Any) -> list[Any]:
    return [e for e in _elements(root) if etree.QName(e).namespace == _MATHML and etree.QName(e).localname != "math"]


def _attribute(elements: list[Any], chance: random.Random) -> tuple[Any, str]:
    element = chance.choice([e for e in elements if e.attrib])
    return element, chance.choice(list(element.attrib))


def deleted_element(root: Any, chance: random.Random) -> None:
    """An element and all in it is missing."""
    element = chance.choice(_core(root))
    element.getparent().remove(element)


def duplicated_element(root: Any, chance: random.Random) -> None:
    """An element occurs twice, so that ids collide."""
    element = chance.choice(_core(root))
    element.addnext(deepcopy(element))


def swapped_children(root: Any, chance: random.Random) -> None:
    """Two neighbours are in the other order."""
    element = chance.choice([e for e in _elements(root) if e.getnext() is not None])
    element.getparent().insert(element.getparent().index(element) + 2, element)


def moved_element(root: Any, chance: random.Random) -> None:
    """An element is somewhere else."""
    elements = _core(root)
    element = chance.choice(elements)
    others = [e for e in elements if e is not element and element not in e.iterancestors()]
    if others:
        chance.choice(others).append(element)


def renamed_element(root: Any, chance: random.Random) -> None:
    """A letter of an element's name is missing."""
    element = chance.choice(_core(root))
    name = etree.QName(element)
    at = chance.randrange(len(name.localname))
    element.tag = f"{{{name.namespace}}}{name.localname[:at]}{name.localname[at + 1 :] or 'x'}"


def foreign_namespace(root: Any, chance: random.Random) -> None:
    """An element belongs to another language."""
    element = chance.choice(_core(root))
    element.tag = f"{{http://example.org/mine}}{etree.QName(element).localname}"


def deleted_attribute(root: Any, chance: random.Random) -> None:
    """An attribute is missing."""
    element, name = _attribute(_core(root), chance)
    del element.attrib[name]


def renamed_attribute(root: Any, chance: random.Random) -> None:
    """A letter of an attribute's name is missing."""
    element, name = _attribute(_core(root), chance)
    at = chance.randrange(len(name) - 1)
    value = element.attrib.pop(name)
    if "}" not in name:
        element.set(name[:at] + name[at + 1 :], value)


def replaced_value(root: Any, chance: random.Random) -> None:
    """An attribute has another value."""
    element, name = _attribute(_core(root), chance)
    element.set(name, chance.choice(VALUES))


def replaced_number(root: Any, chance: random.Random) -> None:
    """An attribute that holds a number holds something else."""
    numbers = []
    for element in _core(root):
        for name, value in element.attrib.items():
            try:
                float(value)
            except ValueError:
                continue
            numbers.append((element, name))
    element, name = chance.choice(numbers)
    element.set(name, chance.choice(VALUES))


def garbled_reference(root: Any, chance: random.Random) -> None:
    """An attribute that names an element names another, or none."""
    references = [
        (e, n)
        for e in _core(root)
        for n in ("species", "compartment", "variable", "symbol", "units", "conversionFactor")
        if n in e.attrib
    ]
    if references:
        element, name = chance.choice(references)
        ids = [e.get("id") for e in _core(root) if e.get("id")] or ["x"]
        element.set(name, chance.choice([*ids, "nothing", element.get(name) + "_"]))


def clash_of_names(root: Any, chance: random.Random) -> None:
    """Two elements have one id."""
    named = [e for e in _core(root) if e.get("id")]
    if len(named) > 1:
        one, other = chance.sample(named, 2)
        one.set("id", other.get("id"))


def deleted_math(root: Any, chance: random.Random) -> None:
    """A part of a formula is missing."""
    parts = _of_math(root)
    if parts:
        element = chance.choice(parts)
        element.getparent().remove(element)


def duplicated_operand(root: Any, chance: random.Random) -> None:
    """A part of a formula occurs twice, so that an operation has too many operands."""
    parts = _of_math(root)
    if parts:
        element = chance.choice(parts)
        element.addnext(deepcopy(element))


_OPERATIONS: Final = (
    *("plus", "minus", "times", "divide", "power", "root", "abs", "exp", "ln", "log", "floor", "ceiling", "factorial"),
    *("and", "or", "xor", "not", "eq", "neq", "gt", "geq", "implies", "max", "min", "quotient", "rem", "arccoth"),
    *("sin", "sech", "sum", "int", "limit", "vector", "determinant", "union", "forall", "factorof", "semantics"),
)


def other_operation(root: Any, chance: random.Random) -> None:
    """An operation is another, which may not exist in SBML."""
    heads = [e[0] for e in _of_math(root) if etree.QName(e).localname == "apply" and len(e) and not len(e[0])]
    if heads:
        chance.choice(heads).tag = f"{{{_MATHML}}}{chance.choice(_OPERATIONS)}"


def other_leaf(root: Any, chance: random.Random) -> None:
    """A number or a name in a formula is something else."""
    leaves = [e for e in _of_math(root) if etree.QName(e).localname in ("cn", "ci", "csymbol")]
    if leaves:
        leaf = chance.choice(leaves)
        leaf.text = chance.choice(VALUES)
        if chance.random() < 0.3:
            leaf.tag = f"{{{_MATHML}}}{chance.choice(['cn', 'ci', 'csymbol', 'true', 'pi', 'notanumber', 'infinity'])}"


def other_type_of_number(root: Any, chance: random.Random) -> None:
    """A number says that it is written in another way than it is."""
    numbers = [e for e in _of_math(root) if etree.QName(e).localname == "cn"]
    if numbers:
        number = chance.choice(numbers)
        number.set("type", chance.choice(["integer", "rational", "e-notation", "real", "complex-polar", "constant"]))


SPOILERS: Final[tuple[Callable[[Any, random.Random], None], ...]] = (
    deleted_element,
    duplicated_element,
    swapped_children,
    moved_element,
    renamed_element,
    foreign_namespace,
    deleted_attribute,
    renamed_attribute,
    replaced_value,
    replaced_number,
    garbled_reference,
    clash_of_names,
    deleted_math,
    duplicated_operand,
    other_operation,
    other_leaf,
    other_type_of_number,
)
NOTICED: Final = frozenset({renamed_element, renamed_attribute})
"""Those that must be told, for else something would be dropped in silence."""


def spoil(document: str, spoiler: Callable[[Any, random.Random], None], chance: random.Random) -> bytes:
    """The document with one mutation."""
    root = etree.fromstring(document.encode())
    spoiler(root, chance)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
