"""The package ``fbc`` in both directions: libSBML → flux balance of a network, and that → XML.

Source: SBML Level 3 Package: Flux Balance Constraints, Versions 1 to 3, sections 3 (attributes and elements).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.network import (
    Element,
    FluxBalance,
    FluxBound,
    FluxObjective,
    GeneAnd,
    GeneAssociation,
    GeneOr,
    GeneProduct,
    GeneProductAssociation,
    Network,
    Objective,
    Reaction,
    Species,
    UserDefinedConstraint,
    UserDefinedConstraintComponent,
)
from sbmlgrn.sbml.attributes import camel, text_of

_NAMESPACE: Final = "http://www.sbml.org/sbml/level3/version1/fbc/version"
_NESTING: Final = 100
"""Combinations of gene products that may be nested; what walks them recurses."""

FIELDS: Final = {
    Species: ("charge", "chemical_formula"),
    Reaction: ("lower_flux_bound", "upper_flux_bound", "gene_product_association"),
}
"""What the package adds to elements of the core."""

_LISTS: Final = {
    "flux_bounds": "listOfFluxBounds",
    "objectives": "listOfObjectives",
    "flux_objectives": "listOfFluxObjectives",
    "gene_products": "listOfGeneProducts",
    "user_defined_constraints": "listOfUserDefinedConstraints",
    "components": "listOfUserDefinedConstraintComponents",
}


def flux_balance_of(model: Any) -> FluxBalance | None:
    """What a libSBML model says of its fluxes; ``None`` if its document does without the package."""
    plugin = model.getPlugin("fbc")
    if plugin is None:
        return None
    return FluxBalance(
        version=plugin.getPackageVersion(),
        strict=plugin.isSetStrict() and plugin.getStrict(),
        flux_bounds=tuple(
            FluxBound(**_common(b), reaction=b.getReaction(), operation=b.getOperation(), value=b.getValue())
            for b in _items(plugin.getListOfFluxBounds())
        ),
        objectives=tuple(
            Objective(
                **_common(o),
                type=o.getType(),
                flux_objectives=tuple(map(_flux_objective, _items(o.getListOfFluxObjectives()))),
            )
            for o in _items(plugin.getListOfObjectives())
        ),
        active_objective=plugin.getListOfObjectives().getActiveObjective() or None,
        gene_products=tuple(
            GeneProduct(**_common(g), label=g.getLabel(), associated_species=g.getAssociatedSpecies() or None)
            for g in _items(plugin.getListOfGeneProducts())
        ),
        user_defined_constraints=tuple(
            UserDefinedConstraint(
                **_common(c),
                lower_bound=c.getLowerBound(),
                upper_bound=c.getUpperBound(),
                components=tuple(map(_component, _items(c.getListOfUserDefinedConstraintComponents()))),
            )
            for c in _items(plugin.getListOfUserDefinedConstraints())
        ),
    )


def fields_of_species(species: Any) -> dict[str, Any]:
    """What the package says of a libSBML species."""
    plugin = species.getPlugin("fbc")
    if plugin is None:
        return {}
    charge = plugin.getCharge if plugin.getPackageVersion() < 3 else plugin.getChargeAsDouble
    return {
        "charge": float(charge()) if plugin.isSetCharge() else None,
        "chemical_formula": plugin.getChemicalFormula() if plugin.isSetChemicalFormula() else None,
    }


def fields_of_reaction(reaction: Any) -> dict[str, Any]:
    """What the package says of a libSBML reaction.

    Raises:
        ValueError: gene products are combined too deeply.
    """
    plugin = reaction.getPlugin("fbc")
    if plugin is None:
        return {}
    genes = plugin.getGeneProductAssociation()
    return {
        "lower_flux_bound": plugin.getLowerFluxBound() or None,
        "upper_flux_bound": plugin.getUpperFluxBound() or None,
        "gene_product_association": None
        if genes is None or genes.getAssociation() is None
        else GeneProductAssociation(**_common(genes), association=_association(genes.getAssociation())),
    }


def _flux_objective(term: Any) -> FluxObjective:
    return FluxObjective(
        **_common(term),
        reaction=term.getReaction(),
        coefficient=term.getCoefficient() if term.isSetCoefficient() else None,
        **({"variable_type": term.getVariableTypeAsString()} if term.isSetVariableType() else {}),
        reaction2=term.getReaction2() or None,
    )


def _component(term: Any) -> UserDefinedConstraintComponent:
    return UserDefinedConstraintComponent(
        **_common(term),
        coefficient=term.getCoefficient(),
        variable=term.getVariable(),
        **({"variable_type": term.getVariableTypeAsString()} if term.isSetVariableType() else {}),
        variable2=term.getVariable2() or None,
    )


def _association(node: Any, nesting: int = 0) -> GeneAssociation:
    if nesting > _NESTING:
        raise ValueError(f"the gene products are combined more than {_NESTING} levels deep")
    if node.isGeneProductRef():
        return node.getGeneProduct()
    operands = tuple(_association(node.getAssociation(i), nesting + 1) for i in range(node.getNumAssociations()))
    return GeneAnd(operands=operands) if node.isFbcAnd() else GeneOr(operands=operands)


def _items(collection: Any) -> Iterator[Any]:
    return (collection.get(i) for i in range(collection.size()))


def _common(element: Any) -> dict[str, Any]:
    name = element.getName() if element.isSetName() else None
    return {"id": element.getId(), "name": name, "sbo_term": element.getSBOTermID() or None}


def completed(network: Network) -> Network:
    """The network with a flux balance where its species or reactions have fields of one."""
    elements = (*network.species, *network.reactions)
    used = any(getattr(e, field) is not None for e in elements for field in FIELDS[type(e)])
    return replace(network, flux_balance=FluxBalance()) if used and network.flux_balance is None else network


def namespace_of(network: Network) -> str | None:
    """The namespace that a document of this network needs for the package; ``None`` if it can do without."""
    return None if network.flux_balance is None else f"{_NAMESPACE}{network.flux_balance.version}"


def namespace_in(root: Any) -> str | None:
    """The namespace that a document declares for the package."""
    return next((uri for uri in root.nsmap.values() if uri.startswith(_NAMESPACE)), None)


def add_fields(element: Any, item: object, namespace: str | None) -> None:
    """Adds what the package says of an item to its XML element.

    Raises:
        ValueError: it says something, and the document does not declare the package.
    """
    for field in FIELDS.get(type(item), ()):  # pyright: ignore[reportArgumentType]
        if getattr(item, field) is not None:
            set_field(element, field, getattr(item, field), namespace)


def set_field(element: Any, field: str, value: Any, namespace: str | None) -> None:
    """Sets or removes what the package says in one field of a species or a reaction.

    Raises:
        ValueError: the document does not declare the package.
    """
    tag = f"{{{_declared(namespace)}}}{camel(field)}"
    if field != "gene_product_association":
        _set(element, tag, text_of(value))
        return
    old = element.find(tag)
    if value is None:
        if old is not None:
            element.remove(old)
        return
    new = _element(value, tag, namespace)
    new.append(_association_element(value.association, namespace))
    element.append(new) if old is None else element.replace(old, new)


def set_flux_balance(model: Any, before: FluxBalance | None, after: FluxBalance | None, namespace: str | None) -> None:
    """Makes the ``model`` element say what `after` says; elements of `before` that stay are not touched.

    Raises:
        ValueError: the document does not declare the package, or another version of it.
    """
    wanted = None if after is None else f"{_NAMESPACE}{after.version}"
    if _declared(namespace) != wanted and wanted is not None:
        raise ValueError(f"the document is of version {str(namespace)[-1]} of fbc; convert it first")
    before, after = before or FluxBalance(), after or FluxBalance()
    if str(namespace)[-1] > "1":
        model.set(f"{{{namespace}}}strict", text_of(after.strict))
    for field in ("flux_bounds", "objectives", "gene_products", "user_defined_constraints"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            tag = f"{{{namespace}}}{_LISTS[field]}"
            listed = model.find(tag)
            listed = etree.SubElement(model, tag) if listed is None else listed
            present = list(listed.iterchildren(f"{{{namespace}}}*"))
            kept = dict(zip(old, present, strict=True))
            for element in present:
                listed.remove(element)
            listed.extend([kept[i] if i in kept else _element(i, None, namespace) for i in new])
            if not new:
                model.remove(listed)
    listed = model.find(f"{{{namespace}}}{_LISTS['objectives']}")
    if listed is not None:
        _set(listed, f"{{{namespace}}}activeObjective", after.active_objective)


def _declared(namespace: str | None) -> str:
    if namespace is None:
        raise ValueError(
            "the document does not declare the package fbc, so that no flux balance can be added to it; write the "
            "network as a new document: dataclasses.replace(network, source=None, flat_source=None)"
        )
    return namespace


def _set(element: Any, name: str, value: str | None) -> None:
    if value is None:
        element.attrib.pop(name, None)
    else:
        element.set(name, value)


def _element(item: Element, tag: str | None, namespace: str | None) -> Any:
    name = type(item).__name__
    made = etree.Element(tag or f"{{{namespace}}}{name[0].lower()}{name[1:]}")
    for field in fields(item):
        value = getattr(item, field.name)
        if field.name == "association" or (field.name == "variable_type" and str(namespace)[-1] < "3"):
            continue
        if field.name in _LISTS and value:
            listed = etree.SubElement(made, f"{{{namespace}}}{_LISTS[field.name]}")
            listed.extend([_element(v, None, namespace) for v in value])
        elif field.name == "sbo_term":
            _set(made, "sboTerm", value)
        elif isinstance(value, str | float | int) and value != "":
            made.set(f"{{{namespace}}}{camel(field.name)}", str(text_of(value)))
    return made


def _association_element(association: GeneAssociation, namespace: str | None) -> Any:
    if isinstance(association, str):
        return etree.Element(f"{{{namespace}}}geneProductRef", {f"{{{namespace}}}geneProduct": association})
    made = etree.Element(f"{{{namespace}}}{'and' if isinstance(association, GeneAnd) else 'or'}")
    made.extend([_association_element(operand, namespace) for operand in association.operands])
    return made
