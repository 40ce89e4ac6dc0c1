"""Where to draw species: the package ``layout`` (SBML Level 3 Layout, Version 1, sections 3.5 to 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.network import Network, Reaction
from sbmlgrn.sbml.build import CORE
from sbmlgrn.sbml.write import write

LAYOUT: Final = "http://www.sbml.org/sbml/level3/version1/layout/version1"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SCALE, _MARGIN, _WIDTH, _HEIGHT = 120.0, 60.0, 60.0, 30.0
_INHIBITING: Final = ("SBO:0000020", "SBO:0000169")


def with_layout(network: Network, places: Mapping[str, tuple[float, float]]) -> Network:
    """The network, to be written with a layout: species as boxes, reactions that make them as curves from modifiers.

    Args:
        network: not yet a document.
        places: coordinates by id of the species, y upwards; species without are not drawn.
    """
    if network.source is not None:
        raise ValueError(f"the model {network.id!r} comes from a document, which keeps the layout that it has")
    root = etree.fromstring(write(network).encode())
    shown = {s.id: places[s.id] for s in network.species if s.id in places}
    left = min((x for x, _ in shown.values()), default=0.0)
    top = max((y for _, y in shown.values()), default=0.0)
    centres = {name: (_MARGIN + _SCALE * (x - left), _MARGIN + _SCALE * (top - y)) for name, (x, y) in shown.items()}
    width = max((x for x, _ in centres.values()), default=0.0) + _MARGIN
    height = max((y for _, y in centres.values()), default=0.0) + _MARGIN
    layout = _element("layout", _element("dimensions", width=width, height=height), id="layout")
    if centres:
        layout.append(_list("SpeciesGlyphs", [_species(name, at) for name, at in centres.items()]))
        drawn = [r for r in network.reactions if r.products and r.products[0].species in centres and r.modifiers]
        if drawn:
            layout.append(_list("ReactionGlyphs", [_reaction(r, centres) for r in drawn]))
        layout.append(_list("TextGlyphs", [_text(name, at) for name, at in centres.items()]))
    made = etree.Element(f"{{{CORE}}}sbml", dict(root.attrib), nsmap={None: CORE, "layout": LAYOUT})
    made.set(f"{{{LAYOUT}}}required", "false")
    made.extend(root)
    made[0].append(_list("Layouts", [layout]))
    etree.indent(made)
    text = etree.tostring(made, encoding="UTF-8", xml_declaration=True).decode()
    return replace(network, source=text)


def _element(tag: str, *children: Any, **attributes: str | float) -> Any:
    given = {
        f"{{{LAYOUT}}}{key.rstrip('_')}": value if isinstance(value, str) else f"{value:.6g}"
        for key, value in attributes.items()
    }
    element = etree.Element(f"{{{LAYOUT}}}{tag}", given)
    element.extend(children)
    return element


def _list(kind: str, children: list[Any]) -> Any:
    return _element(f"listOf{kind}", *children)


def _box(at: tuple[float, float]) -> Any:
    return _element(
        "boundingBox",
        _element("position", x=at[0] - _WIDTH / 2, y=at[1] - _HEIGHT / 2),
        _element("dimensions", width=_WIDTH, height=_HEIGHT),
    )


def _species(name: str, at: tuple[float, float]) -> Any:
    return _element("speciesGlyph", _box(at), id=f"glyph_{name}", species=name)


def _text(name: str, at: tuple[float, float]) -> Any:
    return _element("textGlyph", _box(at), id=f"text_{name}", originOfText=name, graphicalObject=f"glyph_{name}")


def _reaction(reaction: Reaction, centres: Mapping[str, tuple[float, float]]) -> Any:
    product = reaction.products[0].species
    x, y = centres[product]
    above = x, y - _HEIGHT / 2 - 8.0
    references = [_reference(reaction.id, product, "product", above, (x, y - _HEIGHT / 2))]
    for modifier in reaction.modifiers:
        if modifier.species in centres:
            role = "inhibitor" if modifier.sbo_term in _INHIBITING else "activator"
            references.append(_reference(reaction.id, modifier.species, role, centres[modifier.species], above))
    return _element(
        "reactionGlyph",
        _curve((x, above[1] - 4.0), above),
        _list("SpeciesReferenceGlyphs", references),
        id=f"glyph_{reaction.id}",
        reaction=reaction.id,
    )


def _reference(reaction: str, species: str, role: str, start: tuple[float, float], end: tuple[float, float]) -> Any:
    return _element(
        "speciesReferenceGlyph",
        _curve(start, end),
        id=f"glyph_{reaction}_{role}_{species}",
        speciesGlyph=f"glyph_{species}",
        role=role,
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> Any:
    segment = _element("curveSegment", _element("start", x=start[0], y=start[1]), _element("end", x=end[0], y=end[1]))
    segment.set(f"{{{_XSI}}}type", "LineSegment")
    return _element("curve", _list("CurveSegments", [segment]))
