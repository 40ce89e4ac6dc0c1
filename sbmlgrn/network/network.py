"""`Network`: a whole model as an immutable value, and the edits that make another network of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from sbmlgrn.network.elements import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Element,
    Event,
    FunctionDefinition,
    InitialAssignment,
    LocalParameter,
    ModifierSpeciesReference,
    Parameter,
    RateRule,
    Reaction,
    Rule,
    Species,
    SpeciesReference,
    UnitDefinition,
)
from sbmlgrn.network.flux_balance import FluxBalance

_COLLECTIONS: Final[dict[type[Element], str]] = {
    UnitDefinition: "unit_definitions",
    FunctionDefinition: "function_definitions",
    Compartment: "compartments",
    Species: "species",
    Parameter: "parameters",
    Reaction: "reactions",
    Event: "events",
}
_NAMED: Final = ("function_definitions", "compartments", "species", "parameters", "reactions", "events")
"""Collections whose ids share one name space (SBML L3V2 Core, 3.3)."""


class UnknownElementError(ValueError):
    """A name that no element of the model has."""

    def __init__(self, name: str, known: Iterable[str], what: str = "element") -> None:
        known = sorted(set(known))
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        shown = close or known[:8]
        lead = "did you mean" if close else "the model has"
        rest = "" if close or len(known) <= 8 else f" and {len(known) - 8} more"
        advice = f"{lead} {', '.join(map(repr, shown))}{rest}" if shown else "the model has none"
        super().__init__(f"unknown {what} {name!r}: {advice}{'?' if close else ''}")
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Network:
    """A reaction network (SBML L3V2 Core, 4.2).

    Attributes:
        id: identifier of the model.
        name: text for people.
        level, version: the SBML Level and Version whose semantics the elements have.
        unit_definitions … events: the elements in document order.
        rules: assignment, rate and algebraic rules in document order.
        substance_units … extent_units: units of the model as a whole.
        conversion_factor: id of the parameter that turns extent into substance.
        flux_balance: objectives, bounds and gene products of the package ``fbc``; ``None`` if the model does without.
        source: text of the document that the network was read from, so that it can be edited in place.
            Not part of the network's identity.
        flat_source: where `source` is composed of several models, the text of the flat document that the network is.
        folder: where `source` was read from a file, the folder of that file, in which external models are looked up.
    """

    id: str = "model"
    name: str | None = None
    level: int = 3
    version: int = 2
    unit_definitions: tuple[UnitDefinition, ...] = ()
    function_definitions: tuple[FunctionDefinition, ...] = ()
    compartments: tuple[Compartment, ...] = ()
    species: tuple[Species, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    initial_assignments: tuple[InitialAssignment, ...] = ()
    rules: tuple[Rule, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    events: tuple[Event, ...] = ()
    substance_units: str | None = None
    time_units: str | None = None
    volume_units: str | None = None
    area_units: str | None = None
    length_units: str | None = None
    extent_units: str | None = None
    conversion_factor: str | None = None
    flux_balance: FluxBalance | None = None
    source: str | None = field(default=None, compare=False, repr=False)
    flat_source: str | None = field(default=None, compare=False, repr=False)
    folder: Path | None = field(default=None, compare=False, repr=False)

    @cached_property
    def by_id(self) -> Mapping[str, Element | SpeciesReference]:
        """Elements by id; local parameters as ``reaction.id``. Unit definitions have a name space of their own."""
        table: dict[str, Element | SpeciesReference] = {}
        for collection in _NAMED:
            table.update((e.id, e) for e in getattr(self, collection) if e.id)
        for reaction in self.reactions:
            table.update((f"{reaction.id}.{p.id}", p) for p in reaction.local_parameters)
            table.update((r.id, r) for r in (*reaction.reactants, *reaction.products) if r.id)
        return table

    def element(self, name: str) -> Element | SpeciesReference:
        """The element called `name` (``reaction.id`` for a local parameter).

        Raises:
            UnknownElementError: there is none.
        """
        try:
            return self.by_id[name]
        except KeyError:
            raise UnknownElementError(name, self.by_id) from None

    def value(self, name: str) -> float | None:
        """The value that the model gives to `name`; ``None`` if it is unset.

        That is a parameter's value, a compartment's size, a species' initial amount or concentration, whichever is
        set, or a stoichiometry.

        Raises:
            UnknownElementError: no element has this name.
            ValueError: the element has no value of its own (a reaction, a function).
        """
        return getattr(element := self.element(name), _value_attribute(element, name))

    def with_values(self, values: Mapping[str, float]) -> Network:
        """This network with other values, named as in `value`.

        Raises:
            UnknownElementError: no element has this name.
            ValueError: the element has no value of its own, or a rule or an initial assignment determines it.
        """
        computed = {a.symbol: "an initial assignment" for a in self.initial_assignments}
        computed |= {r.variable: "an assignment rule" for r in self.rules if isinstance(r, AssignmentRule)}
        computed |= {
            r.id: "a formula"
            for reaction in self.reactions
            for r in (*reaction.reactants, *reaction.products)
            if r.id and r.stoichiometry_math is not None
        }
        changed: dict[str, Element | SpeciesReference] = {}
        for name, value in values.items():
            if name in computed:
                raise ValueError(
                    f"the value of {name!r} cannot be set to {value}: {computed[name]} determines it; "
                    "set what the formula depends on, or remove it first"
                )
            element = self.element(name)
            changed[name] = replace(element, **{_value_attribute(element, name): float(value)})  # type: ignore[arg-type]
        return self._replaced(changed)

    def _replaced(self, changed: Mapping[str, Element | SpeciesReference]) -> Network:
        def reference(r: SpeciesReference) -> SpeciesReference:
            return changed.get(r.id, r) if r.id else r  # type: ignore[return-value]

        reactions = [
            replace(
                reaction,
                local_parameters=tuple(changed.get(f"{reaction.id}.{p.id}", p) for p in reaction.local_parameters),  # type: ignore[arg-type]
                reactants=tuple(map(reference, reaction.reactants)),
                products=tuple(map(reference, reaction.products)),
            )
            for reaction in self.reactions
        ]
        return replace(
            self,
            compartments=tuple(changed.get(e.id, e) for e in self.compartments),  # type: ignore[arg-type]
            species=tuple(changed.get(e.id, e) for e in self.species),  # type: ignore[arg-type]
            parameters=tuple(changed.get(e.id, e) for e in self.parameters),  # type: ignore[arg-type]
            reactions=tuple(reactions),
        )

    def with_elements(self, *elements: Element | InitialAssignment | Rule) -> Network:
        """This network with `elements` added; one with the id (or variable) of an existing one takes its place.

        Raises:
            ValueError: the id is taken by an element of another kind.
        """
        network = self
        for element in elements:
            collection, key = _place(element)
            if isinstance(element, Element) and not isinstance(element, UnitDefinition):
                present = network.by_id.get(element.id)
                if present is not None and type(present) is not type(element):
                    raise ValueError(
                        f"cannot add {type(element).__name__} {element.id!r}: the id is taken by a "
                        f"{type(present).__name__}; choose another id or remove that one first"
                    )
            items = getattr(network, collection)
            if key and any(_place(e)[1] == key for e in items):
                items = tuple(element if _place(e)[1] == key else e for e in items)
            else:
                items = (*items, element)
            network = replace(network, **{collection: items})
        return network

    def without(self, *names: str) -> Network:
        """This network without the elements, rules and initial assignments of these ids or variables.

        Raises:
            UnknownElementError: nothing has this name.
        """
        network = self
        for name in names:
            kept = {
                f: tuple(e for e in getattr(network, f) if _place(e)[1] != name)
                for f in (*_COLLECTIONS.values(), "initial_assignments", "rules")
            }
            if all(len(items) == len(getattr(network, f)) for f, items in kept.items()):
                raise UnknownElementError(name, network.by_id)
            network = replace(network, **kept)  # type: ignore[arg-type]
        return network


def _place(element: Element | InitialAssignment | Rule) -> tuple[str, str]:
    if isinstance(element, InitialAssignment):
        return "initial_assignments", element.symbol
    if isinstance(element, AssignmentRule | RateRule):
        return "rules", element.variable
    if isinstance(element, AlgebraicRule):
        return "rules", ""
    return _COLLECTIONS[type(element)], element.id


def _value_attribute(element: Element | SpeciesReference, name: str) -> str:
    match element:
        case Parameter() | LocalParameter():
            return "value"
        case Compartment():
            return "size"
        case Species(initial_amount=None, has_only_substance_units=False):
            return "initial_concentration"
        case Species():
            return (
                "initial_concentration"
                if element.initial_amount is None and (element.initial_concentration is not None)
                else "initial_amount"
            )
        case SpeciesReference():
            return "stoichiometry"
    raise ValueError(
        f"{type(element).__name__} {name!r} has no value of its own; name a parameter, compartment, species or "
        "species reference"
    )


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference between two networks.

    Attributes:
        element: what it concerns: an id, or ``initialAssignment(id)``, ``rule(id)``, ``reaction.id``, ``model``, or
            by position from 0 ``algebraicRule(i)`` and, for one without an id, ``event(i)``.
        attribute: the attribute that differs; ``None`` if the whole element was added or removed.
        before: value in the first network; ``None`` if it is missing there.
        after: value in the second network; ``None`` if it is missing there.
    """

    element: str
    attribute: str | None
    before: object
    after: object


def diff(before: Network, after: Network) -> list[Change]:
    """The differences between two networks, by element and attribute, in the order of the first, then the second."""
    old, new = dict(_items(before)), dict(_items(after))
    changes: list[Change] = []
    for key in dict.fromkeys([*old, *new]):
        a, b = old.get(key), new.get(key)
        if a is b:
            continue
        if a is None or b is None or type(a) is not type(b):
            changes.append(Change(element=key, attribute=None, before=a, after=b))
            continue
        for f in fields(a):
            if not f.compare or (isinstance(a, Network) and f.name in _PARTS) or f.name == "local_parameters":
                continue
            x, y = getattr(a, f.name), getattr(b, f.name)
            if x != y and not (isinstance(x, float) and isinstance(y, float) and x != x and y != y):
                changes.append(Change(element=key, attribute=f.name, before=x, after=y))
    return changes


_PARTS: Final = frozenset({*_COLLECTIONS.values(), "initial_assignments", "rules"})


def _items(
    network: Network,
) -> Iterator[tuple[str, Network | Element | SpeciesReference | ModifierSpeciesReference | InitialAssignment | Rule]]:
    yield "model", network
    for collection in _NAMED[:-1]:
        yield from ((e.id, e) for e in getattr(network, collection))
    yield from ((e.id or f"event({i})", e) for i, e in enumerate(network.events))
    yield from ((f"unitDefinition({u.id})", u) for u in network.unit_definitions)
    for reaction in network.reactions:
        yield from ((f"{reaction.id}.{p.id}", p) for p in reaction.local_parameters)
    yield from ((f"initialAssignment({a.symbol})", a) for a in network.initial_assignments)
    yield from ((f"rule({r.variable})", r) for r in network.rules if not isinstance(r, AlgebraicRule))
    algebraic = [r for r in network.rules if isinstance(r, AlgebraicRule)]
    yield from ((f"algebraicRule({i})", r) for i, r in enumerate(algebraic))
