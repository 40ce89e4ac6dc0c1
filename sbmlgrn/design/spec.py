"""What is asked for, and how it can be wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sbmlgrn.fit import FreeParameter, ParameterBox
from sbmlgrn.network import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    LocalParameter,
    Network,
    Parameter,
    Species,
    UnknownElementError,
)


class DesignError(ValueError):
    """A request that cannot be carried out as it stands."""


class NotOscillatingError(DesignError):
    """The species does not oscillate at the start, so it has no frequency to change."""


@dataclass(frozen=True)
class FrequencySpec:
    """A period asked for.

    Attributes:
        species: id of the species whose period counts, or of anything else that a rule makes vary.
        period: the period asked for, in the model's unit of time.
        parameters: what may move, and how far; parameters, ``reaction.parameter``, compartment sizes or species'
            initial values.
        tolerance: largest relative deviation of the period that counts as reached.
        max_iterations: most simulations with trial values, over all stages.
        seed: of the places where the search begins anew if it gets stuck on the direct way.

    Raises:
        DesignError: a period, tolerance or limit that is not positive.
        BoundsError: no parameters, or one named twice.
    """

    species: str
    period: float
    parameters: tuple[FreeParameter, ...]
    tolerance: float = 1e-3
    max_iterations: int = 60
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("period", self.period), ("tolerance", self.tolerance)):
            if not (math.isfinite(value) and value > 0):
                raise DesignError(f"the {name} is {value:g}; it must be a positive, finite number")
        if self.max_iterations < 1:
            raise DesignError(f"max_iterations is {self.max_iterations}; it must be at least 1")
        ParameterBox(self.parameters)


def check_against(spec: FrequencySpec, network: Network) -> None:
    """Refuse a `spec` that does not fit the `network`.

    Raises:
        UnknownElementError: a name that the network does not have.
        DesignError: a name of the wrong kind, or a parameter whose value a rule or an initial assignment determines.
    """
    species = {s.id for s in network.species} | {r.variable for r in network.rules if not isinstance(r, AlgebraicRule)}
    if spec.species not in species:
        if spec.species in network.by_id:
            kind = type(network.element(spec.species)).__name__
            raise DesignError(f"{spec.species!r} is a {kind}; name a species: {_some(species)}")
        raise UnknownElementError(spec.species, species, "species")
    settable = {
        name for name, e in network.by_id.items() if isinstance(e, Parameter | LocalParameter | Compartment | Species)
    }
    computed = {a.symbol: "an initial assignment" for a in network.initial_assignments}
    computed |= {r.variable: "an assignment rule" for r in network.rules if isinstance(r, AssignmentRule)}
    for parameter in spec.parameters:
        if parameter.id not in settable:
            if parameter.id in network.by_id:
                kind = type(network.element(parameter.id)).__name__
                raise DesignError(f"{parameter.id!r} is a {kind} and has no value to change; name a parameter")
            raise UnknownElementError(parameter.id, settable, "parameter")
        if parameter.id in computed:
            raise DesignError(
                f"parameter {parameter.id!r} cannot be changed: {computed[parameter.id]} determines its value; "
                "name what that formula depends on"
            )


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
