"""Elements that a conversion gave other ids, or moved: local parameters that became global ones.

A renaming is found by pairing what is missing with what is new; whether the pairs mean the same is left to the
comparison of the networks that follows, so that a wrong pair shows as a difference and hides none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

from sbmlgrn.expr import Expr, rewrite, symbol
from sbmlgrn.expr import call as call_function
from sbmlgrn.network import Network, Parameter

_T = TypeVar("_T")
_KINDS: Final = ("function_definitions", "compartments", "species", "parameters", "reactions", "events")
_IDS: Final = frozenset({"id", "species", "compartment", "variable", "symbol", "conversion_factor"})


def renames(before: Network, after: Network) -> dict[str, str]:
    """Ids of `before` that `after` does not have → their likely names there; local parameters as ``reaction.id``."""
    old, new = before.by_id, after.by_id
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in (n for n in old if "." in n and n not in new):
        reaction, _, local = name.partition(".")
        full = f"{reaction}_{local}"
        candidates = [full, f"_{full}", local, f"{local}_", f"{full}_", *(f"{full}{i}" for i in range(10))]
        named = next((c for c in candidates if c in new and c not in old and c not in taken), None)
        if named is not None:
            found[name] = named
            taken.add(named)
    for kind in _KINDS:
        missing = [e.id for e in getattr(before, kind) if e.id and e.id not in new]
        added = [e.id for e in getattr(after, kind) if e.id and e.id not in old and e.id not in taken]
        alike = [(m, a) for m in missing for a in added if m.strip("_") == a.strip("_")]
        found.update(alike or (zip(missing, added, strict=True) if len(missing) == len(added) else ()))
    for i, event in enumerate(before.events):
        if not event.id and len(before.events) == len(after.events):
            name = after.events[i].id
            if name and name not in old:
                found[f"event({i})"] = name
    return found


def renamed(network: Network, names: Mapping[str, str]) -> Network:
    """`network` with other names; local parameters among them become global parameters."""
    reactions = []
    promoted: list[Parameter] = []
    for reaction in network.reactions:
        local = []
        for parameter in reaction.local_parameters:
            name = names.get(f"{reaction.id}.{parameter.id}")
            if name is None:
                local.append(parameter)
            else:
                promoted.append(
                    Parameter(
                        id=name,
                        name=parameter.name,
                        sbo_term=parameter.sbo_term,
                        value=parameter.value,
                        units=parameter.units,
                    )
                )
        new = names.get(reaction.id, reaction.id)
        moved = {f"{reaction.id}.{p.id}": f"{new}.{p.id}" for p in local} if new != reaction.id else {}
        reactions.append(replace(_renamed(reaction, {**names, **moved}), local_parameters=tuple(local)))
    events = tuple(
        replace(_renamed(e, names), id=names.get(e.id or f"event({i})", e.id)) for i, e in enumerate(network.events)
    )
    collections = ("function_definitions", "compartments", "species", "initial_assignments", "rules")
    return replace(
        network,
        **{c: tuple(_renamed(e, names) for e in getattr(network, c)) for c in collections},
        parameters=(*(_renamed(p, names) for p in network.parameters), *promoted),
        reactions=tuple(reactions),
        events=events,
        conversion_factor=names.get(network.conversion_factor or "", network.conversion_factor),
    )


def _renamed(element: _T, names: Mapping[str, str]) -> _T:
    return replace(element, **dict(_new_fields(element, names)))  # type: ignore[type-var]


def _new_fields(element: Any, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for f in fields(element):
        value = getattr(element, f.name)
        if isinstance(value, Expr):
            yield f.name, _renamed_math(value, names)
        elif f.name in _IDS and isinstance(value, str):
            yield f.name, names.get(value, value)
        elif isinstance(value, tuple) and f.name in ("reactants", "products", "modifiers", "assignments"):
            yield f.name, tuple(_renamed(item, names) for item in value)


def _renamed_math(math: Expr, names: Mapping[str, str]) -> Expr:
    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
        name = names.get(str(node.value)) if node.op in ("symbol", "call") else None
        if name is None:
            return None
        return symbol(name) if node.op == "symbol" else call_function(name, list(args))

    return rewrite([math], rule)[0]
