"""Which parameters of a model are fitted, and within which bounds."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from sbmlgrn.backends.torch import Model
from sbmlgrn.calibrate.data import Condition, DataError
from sbmlgrn.fit import BoundsError, FreeParameter
from sbmlgrn.network import (
    AssignmentRule,
    Compartment,
    LocalParameter,
    Network,
    Parameter,
    Species,
    UnknownElementError,
)

Bounds: TypeAlias = tuple[float, float] | tuple[float, float, Literal["log", "linear"]]
"""Lower bound, upper bound and, if it is not logarithmic, the scale."""

Estimate: TypeAlias = Literal["parameters", "initial", "both"]
ESTIMATE: Final = ("parameters", "initial", "both")


def free_parameters(
    network: Network,
    model: Model,
    conditions: Sequence[Condition],
    estimate: Estimate,
    free: Collection[str] | None,
    fix: Collection[str],
    bounds: Mapping[str, Bounds],
    span: float,
) -> tuple[tuple[FreeParameter, ...], list[str]]:
    """The parameters to fit, and why some of those asked for are not among them.

    Args:
        network: whose.
        model: of the network.
        conditions: what they set needs no fit.
        estimate: which kind: constant parameters, initial values of species and of what else changes, or both.
        free: these and no others, of whichever kind.
        fix: none of these.
        bounds: of some; a parameter that has bounds is fitted, whatever its kind, unless it is fixed.
        span: by what the value of the model may be divided or multiplied, where there are no bounds.

    Raises:
        UnknownElementError: no such parameter.
        BoundsError: bounds that make no sense; nothing left to fit.
        DataError: a parameter is asked for that a rule determines, or every condition sets.
    """
    values = dict(zip(model.parameter_ids, model.parameters_default.tolist(), strict=True))
    _check_names(network, values, conditions, free, fix, bounds)
    if estimate not in ESTIMATE:
        raise BoundsError(f"unknown kind of parameters {estimate!r}: expected one of {', '.join(ESTIMATE)}")
    if not (math.isfinite(span) and span > 1):
        raise BoundsError(f"the span of the bounds is {span:g}; it must be a factor above 1, such as 100")
    everywhere = set.intersection(*(set(c.values) for c in conditions)) if conditions else set()
    for name in [*(free or ()), *bounds]:
        if name in everywhere and name not in fix:
            raise DataError(
                f"{name!r} cannot be fitted: every condition sets it; remove it, or its column 'set:{name}'"
            )
    found, told = [], []
    for name, value in values.items():
        asked = name in bounds or (free is not None and name in free)
        chosen = name in free if free is not None else _kind(network, model, name) in _KINDS[estimate]
        if not (asked or chosen) or name in fix or name in everywhere:
            continue
        if name in bounds:
            lower, upper, *scale = bounds[name]
            found.append(FreeParameter(name, lower, upper, *scale))
        elif math.isnan(value) or value == 0:
            what = "has no value" if math.isnan(value) else "is 0"
            if asked:
                raise BoundsError(f"parameter {name!r} {what} in the model: give bounds, since none follow from it")
            told.append(f"{name} {what} in the model and stays as it is: to fit it, give bounds")
        elif value < 0:
            found.append(FreeParameter(name, span * value, -span * value, "linear"))
        else:
            found.append(FreeParameter(name, value / span, value * span))
    if not found:
        raise BoundsError(
            "there is nothing to fit: " + ("; ".join(told) if told else "every parameter is fixed, set or determined")
        )
    return tuple(found), told


_KINDS: Final = {"parameters": {"parameter"}, "initial": {"initial"}, "both": {"parameter", "initial"}}


def _kind(network: Network, model: Model, name: str) -> str:
    """What the value of `name` is: of a constant parameter, initial, or of something that is not fitted unasked."""
    element = network.by_id.get(name)
    if name in model.state_ids or isinstance(element, Species):
        return "initial"
    return "parameter" if isinstance(element, Parameter | LocalParameter) else "other"


def _check_names(
    network: Network,
    values: Collection[str],
    conditions: Sequence[Condition],
    free: Collection[str] | None,
    fix: Collection[str],
    bounds: Collection[str],
) -> None:
    determined = {a.symbol: "an initial assignment" for a in network.initial_assignments}
    determined |= {r.variable: "an assignment rule" for r in network.rules if isinstance(r, AssignmentRule)}
    asked = [(name, f"column 'set:{name}'") for condition in conditions for name in condition.values]
    asked += [(name, "parameter") for name in [*(free or ()), *fix, *bounds]]
    for name, what in asked:
        if name in values:
            continue
        if name in determined:
            raise DataError(
                f"{what} {name!r}: {determined[name]} determines the value; name what that formula depends on"
                if what == "parameter"
                else f"{what}: {determined[name]} determines the value; set what that formula depends on"
            )
        element = network.by_id.get(name)
        if element is not None and not isinstance(element, Parameter | LocalParameter | Species | Compartment):
            raise DataError(f"{name!r} is a {type(element).__name__} and has no value to set or to fit")
        raise UnknownElementError(name, values, "parameter")
