"""The elements of a model, in SBML's own words, as frozen dataclasses.

Attributes that a document leaves unset are ``None``; nothing is filled in here. Names and defaults follow
SBML Level 3 Version 2 Core, section 4; constructs of Levels 1 and 2 are held in their Level 3 form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sbmlgrn.expr import Expr


@dataclass(frozen=True, kw_only=True)
class Element:
    """What every element of a model may carry.

    Attributes:
        id: identifier, an SBML ``SId``; unique in the model.
        name: text for people.
        sbo_term: term of the Systems Biology Ontology, e.g. ``SBO:0000183``.
    """

    id: str
    name: str | None = None
    sbo_term: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One factor (multiplier · 10^scale · kind)^exponent of a unit definition (SBML L3V2 Core, 4.4.2)."""

    kind: str
    exponent: float = 1.0
    scale: int = 0
    multiplier: float = 1.0


@dataclass(frozen=True, kw_only=True)
class UnitDefinition(Element):
    """A named product of units (SBML L3V2 Core, 4.4)."""

    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FunctionDefinition(Element):
    """A named function (SBML L3V2 Core, 4.3). `math` mentions nothing but `arguments` and other functions."""

    arguments: tuple[str, ...] = ()
    math: Expr | None = None


@dataclass(frozen=True, kw_only=True)
class Compartment(Element):
    """A bounded space (SBML L3V2 Core, 4.5); `size` in `units`."""

    size: float | None = None
    spatial_dimensions: float | None = 3.0
    units: str | None = None
    constant: bool = True


@dataclass(frozen=True, kw_only=True)
class Species(Element):
    """A pool of one kind of entity (SBML L3V2 Core, 4.6).

    In mathematics the id stands for an amount if `has_only_substance_units`, else for a concentration
    (amount per size of `compartment`). `charge` and `chemical_formula` are of the package ``fbc``.
    """

    compartment: str
    initial_amount: float | None = None
    initial_concentration: float | None = None
    substance_units: str | None = None
    has_only_substance_units: bool = False
    boundary_condition: bool = False
    constant: bool = False
    conversion_factor: str | None = None
    charge: float | None = None
    chemical_formula: str | None = None


@dataclass(frozen=True, kw_only=True)
class Parameter(Element):
    """A quantity with a value in `units` (SBML L3V2 Core, 4.7)."""

    value: float | None = None
    units: str | None = None
    constant: bool = True


@dataclass(frozen=True, kw_only=True)
class LocalParameter(Element):
    """A constant that only one kinetic law sees (SBML L3V2 Core, 4.11.6); elsewhere it is called ``reaction.id``."""

    value: float | None = None
    units: str | None = None


@dataclass(frozen=True, kw_only=True)
class SpeciesReference:
    """A species consumed or produced (SBML L3V2 Core, 4.11.3).

    Attributes:
        species: id of the species.
        stoichiometry: number of entities per reaction event; ``None`` if unset or computed.
        stoichiometry_math: formula of a Level 2 ``stoichiometryMath``, which holds at all times.
        id: identifier by which rules and formulas may refer to the stoichiometry.
        constant: whether the stoichiometry never changes.
    """

    species: str
    stoichiometry: float | None = 1.0
    stoichiometry_math: Expr | None = None
    id: str | None = None
    constant: bool = True


@dataclass(frozen=True, kw_only=True)
class ModifierSpeciesReference:
    """A species that influences a reaction's rate without being consumed (SBML L3V2 Core, 4.11.4)."""

    species: str
    id: str | None = None
    sbo_term: str | None = None


@dataclass(frozen=True, kw_only=True)
class GeneAnd:
    """All of the `operands` are needed."""

    operands: tuple[GeneAssociation, ...]


@dataclass(frozen=True, kw_only=True)
class GeneOr:
    """Any of the `operands` will do."""

    operands: tuple[GeneAssociation, ...]


GeneAssociation: TypeAlias = str | GeneAnd | GeneOr
"""The id of a gene product, or a combination."""


@dataclass(frozen=True, kw_only=True)
class GeneProductAssociation(Element):
    """The gene products that a reaction needs (package ``fbc``, Version 2); `id` is empty if unset."""

    id: str = ""
    association: GeneAssociation


@dataclass(frozen=True, kw_only=True)
class Reaction(Element):
    """A process that changes amounts (SBML L3V2 Core, 4.11); `kinetic_law` in extent per time.

    Local parameters occur in `kinetic_law` under their full name ``reaction.parameter``. A `fast` reaction (up to
    L3V1, 4.13.2) is in equilibrium at all times: its kinetic law is zero. The bounds of its flux (package ``fbc``, from
    Version 2 on) are ids of parameters.
    """

    reactants: tuple[SpeciesReference, ...] = ()
    products: tuple[SpeciesReference, ...] = ()
    modifiers: tuple[ModifierSpeciesReference, ...] = ()
    kinetic_law: Expr | None = None
    local_parameters: tuple[LocalParameter, ...] = ()
    reversible: bool = False
    fast: bool = False
    compartment: str | None = None
    lower_flux_bound: str | None = None
    upper_flux_bound: str | None = None
    gene_product_association: GeneProductAssociation | None = None


@dataclass(frozen=True, kw_only=True)
class InitialAssignment:
    """The value of `symbol` at the start (SBML L3V2 Core, 4.8)."""

    symbol: str
    math: Expr | None


@dataclass(frozen=True, kw_only=True)
class AssignmentRule:
    """``variable = math`` at all times (SBML L3V2 Core, 4.9.3)."""

    variable: str
    math: Expr | None


@dataclass(frozen=True, kw_only=True)
class RateRule:
    """``d variable / dt = math`` (SBML L3V2 Core, 4.9.4)."""

    variable: str
    math: Expr | None


@dataclass(frozen=True, kw_only=True)
class AlgebraicRule:
    """``0 = math`` at all times (SBML L3V2 Core, 4.9.2)."""

    math: Expr | None


@dataclass(frozen=True, kw_only=True)
class EventAssignment:
    """``variable = math`` when an event is executed (SBML L3V2 Core, 4.12.5)."""

    variable: str
    math: Expr | None


@dataclass(frozen=True, kw_only=True)
class Event(Element):
    """A change of state at the moment when `trigger` becomes true (SBML L3V2 Core, 4.12).

    Attributes:
        id: identifier; empty if the document gives none.
        trigger: condition; the event is triggered when it turns from false to true.
        initial_value: what `trigger` is taken to have been before the start.
        persistent: whether an event that waits for its delay is executed although `trigger` has become false.
        delay: time from trigger to execution, evaluated when triggered; ``None`` for none.
        priority: of events to be executed at the same time, the one with the highest is next; evaluated anew each time.
        use_values_from_trigger_time: whether the assignments are evaluated when triggered or when executed.
        assignments: what is assigned, all at once.
    """

    id: str = ""
    trigger: Expr | None = None
    initial_value: bool = True
    persistent: bool = True
    delay: Expr | None = None
    priority: Expr | None = None
    use_values_from_trigger_time: bool = True
    assignments: tuple[EventAssignment, ...] = ()


Rule: TypeAlias = AssignmentRule | RateRule | AlgebraicRule
