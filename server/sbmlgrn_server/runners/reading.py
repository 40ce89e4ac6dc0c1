"""Reads a document and describes the model that it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import sbmlgrn as sg
from sbmlgrn.examine import not_computable
from sbmlgrn.lower import LoweringError
from sbmlgrn.network import (
    Compartment,
    Element,
    LocalParameter,
    Network,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
)
from sbmlgrn.sbml import Issue, Severity, read, validate
from sbmlgrn_server.worker import JobContext

MAX_ISSUES: Final = 1000


def run(context: JobContext, _task: dict[str, Any]) -> dict[str, Any]:
    """Reads `document.xml`; returns issues, and the fields of Model if there is no error."""
    path = context.directory / "document.xml"
    network = read(path).network
    issues = list(validate(path))
    model = None
    if network is not None and not any(issue.severity is Severity.ERROR for issue in issues):
        try:
            model = describe(network, path.read_bytes())
        except LoweringError as error:
            issues.append(not_computable(error))
    order = list(Severity)
    issues.sort(key=lambda issue: order.index(issue.severity))
    shown = [_issue(issue) for issue in issues[:MAX_ISSUES]]
    left_out = len(issues) - len(shown)
    if model is not None:
        model |= {"issues": shown, "issues_left_out": left_out}
    return {"model": model, "issues": shown, "issues_left_out": left_out}


def describe(network: Network, document: bytes) -> dict[str, Any]:
    """Fields of Model for a network and its document.

    Raises:
        LoweringError: no equations can be made of the network.
    """
    model = sg.compile(network)
    adjustable = frozenset(model.parameter_ids)
    observable = frozenset(model.observable_ids)
    default = frozenset(model.state_ids) | {species.id for species in network.species}
    return {
        "display_name": network.name or network.id,
        "document_id": network.id,
        "sbml_level": network.level,
        "sbml_version": network.version,
        "document_bytes": len(document),
        "sha256": hashlib.sha256(document).hexdigest(),
        "time_unit": network.time_units or "",
        "reaction_count": len(network.reactions),
        "symbols": [
            fields
            | {
                "adjustable": fields["id"] in adjustable,
                "observable": fields["id"] in observable,
                "reported_by_default": fields["id"] in default & observable,
            }
            for fields in _symbols(network)
        ],
    }


def _symbols(network: Network) -> Iterator[dict[str, Any]]:
    size_units = {c.id: c.units or _size_unit(network, c) for c in network.compartments}
    for name, element in network.by_id.items():
        match element:
            case Compartment():
                yield _symbol(network, name, element, "COMPARTMENT", unit=size_units[name])
            case Species():
                substance = element.substance_units or network.substance_units or ""
                if element.has_only_substance_units:
                    yield _symbol(network, name, element, "SPECIES", unit=substance, quantity="AMOUNT")
                else:
                    size = size_units.get(element.compartment, "")
                    unit = f"{substance} / {size}" if substance and size else ""
                    yield _symbol(network, name, element, "SPECIES", unit=unit, quantity="CONCENTRATION")
            case Parameter() | LocalParameter():
                yield _symbol(network, name, element, "PARAMETER", unit=element.units or "")
            case Reaction():
                extent, time = network.extent_units or "", network.time_units or ""
                yield _symbol(network, name, element, "REACTION", unit=f"{extent} / {time}" if extent and time else "")
            case SpeciesReference():
                yield _symbol(network, name, element, "SPECIES_REFERENCE")


def _symbol(
    network: Network,
    name: str,
    element: Element | SpeciesReference,
    kind: str,
    *,
    unit: str = "",
    quantity: str = "VALUE",
) -> dict[str, Any]:
    return {
        "id": name,
        "display_name": (element.name if isinstance(element, Element) else None) or "",
        "kind": f"SYMBOL_KIND_{kind}",
        "value": None if isinstance(element, Reaction) else network.value(name),
        "unit": unit,
        "quantity": f"QUANTITY_{quantity}",
    }


def _size_unit(network: Network, compartment: Compartment) -> str:
    units = {3.0: network.volume_units, 2.0: network.area_units, 1.0: network.length_units}
    return units.get(compartment.spatial_dimensions or 3.0) or ""


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "severity": f"SEVERITY_{issue.severity.name}",
        "code": issue.code,
        "message": issue.message,
        "hint": issue.hint,
        "element_id": issue.element_id or "",
        "line": issue.line or 0,
    }
