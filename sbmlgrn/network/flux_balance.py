"""What the package ``fbc`` adds to a model: bounds of fluxes, objectives, gene products.

Source: SBML Level 3 Package: Flux Balance Constraints, Version 1 (flux bounds), Version 2 (bounds by parameters, gene
products) and Version 3 (quadratic terms, user-defined constraints).
"""

from __future__ import annotations

from dataclasses import dataclass

from sbmlgrn.network.elements import Element


@dataclass(frozen=True, kw_only=True)
class FluxBound(Element):
    """A bound on one reaction's flux (Version 1).

    Attributes:
        id: identifier; empty if the document gives none.
        reaction: id of the reaction.
        operation: ``lessEqual``, ``greaterEqual`` or ``equal``: how the flux compares to `value`.
        value: the bound, in extent per time; may be infinite.
    """

    id: str = ""
    reaction: str
    operation: str
    value: float


@dataclass(frozen=True, kw_only=True)
class FluxObjective(Element):
    """One term of an objective: `coefficient` times the flux of `reaction`.

    Attributes:
        id: identifier; empty if the document gives none.
        reaction: id of the reaction.
        coefficient: its weight; ``None`` if unset.
        variable_type: ``linear``, or from Version 3 on ``quadratic``: a product of two fluxes.
        reaction2: the second reaction of a product; ``None`` for the square of the first.
    """

    id: str = ""
    reaction: str
    coefficient: float | None = None
    variable_type: str = "linear"
    reaction2: str | None = None


@dataclass(frozen=True, kw_only=True)
class Objective(Element):
    """A function of the fluxes; `type` is ``maximize`` or ``minimize``."""

    type: str
    flux_objectives: tuple[FluxObjective, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GeneProduct(Element):
    """What a gene codes for; `label` is its unique name in the literature (Version 2)."""

    label: str
    associated_species: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserDefinedConstraintComponent(Element):
    """One term of a constraint (Version 3).

    Attributes:
        id: identifier; empty if the document gives none.
        coefficient: id of the parameter that weighs it.
        variable: id of a reaction, or of a parameter that is not constant and is chosen together with the fluxes.
        variable_type: ``linear``, or ``quadratic``: a product of two variables.
        variable2: the second variable of a product; ``None`` for the square of the first.
    """

    id: str = ""
    coefficient: str
    variable: str
    variable_type: str = "linear"
    variable2: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserDefinedConstraint(Element):
    """A sum of terms between two bounds, which are ids of parameters (Version 3); `id` may be empty."""

    id: str = ""
    lower_bound: str
    upper_bound: str
    components: tuple[UserDefinedConstraintComponent, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FluxBalance:
    """What a model as a whole says of its fluxes. Bounds of Version 2 are attributes of the reactions.

    Attributes:
        version: of the package.
        strict: whether the model promises a linear programme without gaps (from Version 2 on).
        flux_bounds: bounds of Version 1.
        objectives: what may be optimised.
        active_objective: id of the one that is; ``None`` if unset.
        gene_products: what reactions may need.
        user_defined_constraints: further constraints of Version 3.
    """

    version: int = 2
    strict: bool = False
    flux_bounds: tuple[FluxBound, ...] = ()
    objectives: tuple[Objective, ...] = ()
    active_objective: str | None = None
    gene_products: tuple[GeneProduct, ...] = ()
    user_defined_constraints: tuple[UserDefinedConstraint, ...] = ()
