"""Where the elements of a flattened model stand in the document that is composed of several models.

Source: SBML Level 3 Package: Hierarchical Model Composition, Version 1 Release 3, sections 3.4 to 3.7. An element of a
submodel is called ``submodel__element`` in the flat model that libSBML makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sbmlgrn.sbml.edit import global_element, local_parameter

_COMP: Final = "{http://www.sbml.org/sbml/level3/version1/comp/version1}"


class NotInPlaceError(ValueError):
    """A change of a flattened model has no place of its own in the composed document; `flattened` writes it flat."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; or write the flat model, with sbmlgrn.sbml.flattened")


def finder(root: Any) -> Callable[[str], Any]:
    """What finds the element that a flat model calls by a name, in the composed document of `root`.

    The function raises `NotInPlaceError` where it stands in another file, or nowhere.
    """
    model = root.find("{*}model")

    def find(name: str) -> Any:
        owner, _, local = name.partition(".")
        for element in _elements(root, model, owner):
            found = local_parameter(element, local) if local else element
            if found is not None:
                return found
        raise NotInPlaceError(f"the document has no element that is {name!r} in the flat model")

    return find


def _elements(root: Any, model: Any, name: str) -> Iterator[Any]:
    own = global_element(model, name)
    if own is not None:
        yield _replacement(root, model, own)
    for submodel in model.iterfind(f"{_COMP}listOfSubmodels/{_COMP}submodel"):
        prefix = f"{submodel.get(f'{_COMP}id')}__"
        rest = name.removeprefix(prefix)
        while rest != name:
            yield from _elements(root, _definition(root, submodel), rest)
            name, rest = rest, rest.removeprefix("_")  # libSBML lengthens a prefix that would collide


def _definition(root: Any, submodel: Any) -> Any:
    reference = submodel.get(f"{_COMP}modelRef")
    for definition in (root.find("{*}model"), *root.iterfind(f"{_COMP}listOfModelDefinitions/{_COMP}modelDefinition")):
        if definition.get("id") == reference:
            return definition
    raise NotInPlaceError(f"submodel {submodel.get(f'{_COMP}id')!r} is defined in another file; change it there")


def _submodel(model: Any, name: str | None) -> Any:
    for submodel in model.iterfind(f"{_COMP}listOfSubmodels/{_COMP}submodel"):
        if submodel.get(f"{_COMP}id") == name:
            return submodel
    raise NotInPlaceError(f"the document refers to a submodel {name!r} that it does not have")


def _replacement(root: Any, model: Any, element: Any) -> Any:
    """The element that stands for `element` in the flat model: itself, or what it is replaced by."""
    reference = element.find(f"{_COMP}replacedBy")
    if reference is None:
        return element
    inner = _definition(root, _submodel(model, reference.get(f"{_COMP}submodelRef")))
    return _replacement(root, *_referred(root, inner, reference))


def _referred(root: Any, model: Any, reference: Any) -> tuple[Any, Any]:
    """What a reference into `model` means: the model that holds it, and the element."""
    port = reference.get(f"{_COMP}portRef")
    if port is not None:
        ports = model.iterfind(f"{_COMP}listOfPorts/{_COMP}port")
        found = next((p for p in ports if p.get(f"{_COMP}id") == port), None)
        if found is None:
            raise NotInPlaceError(f"the document refers to a port {port!r} that it does not have")
        return _referred(root, model, found)
    nested = reference.find(f"{_COMP}sBaseRef")
    name = reference.get(f"{_COMP}idRef")
    if nested is not None:
        return _referred(root, _definition(root, _submodel(model, name)), nested)
    if name is not None:
        element = global_element(model, name)
    else:
        metaid = reference.get(f"{_COMP}metaIdRef")
        element = next((e for e in model.iterdescendants("*") if e.get("metaid") == metaid), None)
    if element is None:
        raise NotInPlaceError(f"the document refers to an element {name!r} that it does not have")
    return model, element
