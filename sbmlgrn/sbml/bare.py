"""Documents reduced to what equations and flux balance depend on, to tell errors that matter from those that do not.

Source: SBML Level 3 Version 2 Core, sections 3.2 (notes, annotations, metaid, SBO terms), 3.3.11 (units have no effect
on the mathematics) and 4.1.3 (packages that are not required).
"""

from __future__ import annotations

from typing import Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

_PACKAGE: Final = "http://www.sbml.org/sbml/level3/version"
_LAYOUT_OF_LEVEL_2: Final = "http://projects.eml.org/bcb/sbml/"
_READ: Final = ("comp", "distrib", "fbc")
"""Packages that are read, whether required or not."""

_COMP: Final = "{http://www.sbml.org/sbml/level3/version1/comp/version1}"

_ELEMENTS: Final = frozenset({"notes", "annotation", "listOfUnitDefinitions"})
_ATTRIBUTES: Final = frozenset(
    (
        *("metaid", "sboTerm", "units", "substanceUnits", "timeUnits", "extentUnits", "spatialSizeUnits"),
        *("lengthUnits", "areaUnits", "volumeUnits"),
    )
)


def bare(text: str) -> str:
    """An SBML document without notes, annotations, SBO terms, units, and packages that are neither required nor read.

    Args:
        text: a well-formed document.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(text.encode(), parser)
    spaces = {space for element in root.iter(etree.Element) for space in element.nsmap.values()}
    optional = {s for s in spaces if _is_ignored(s) and root.get(f"{{{s}}}required", "").strip() not in ("true", "1")}
    attributes, elements = _ATTRIBUTES, _ELEMENTS
    if next(root.iter(_COMP + "*"), None) is not None:  # references of composed models need what they refer to
        references = {etree.QName(a).localname for e in root.iter(_COMP + "*") for a in e.attrib}
        attributes = attributes - ({"metaid"} if "metaIdRef" in references else set())
        elements = elements - ({"listOfUnitDefinitions"} if "unitRef" in references else set())
    stack = [root]
    while stack:
        element = stack.pop()
        for attribute in element.attrib:
            tag = etree.QName(attribute)
            if tag.namespace in optional or tag.localname in attributes:
                del element.attrib[attribute]
        for child in element.iterchildren(etree.Element):
            tag = etree.QName(child)
            if tag.namespace in optional or tag.localname in elements:
                element.remove(child)
            else:
                stack.append(child)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _is_ignored(namespace: str) -> bool:
    if namespace.startswith(_PACKAGE):
        return not namespace.endswith("/core") and not any(f"/{package}/" in namespace for package in _READ)
    return namespace.startswith(_LAYOUT_OF_LEVEL_2)
