"""What a conversion did to a network, as issues.

An error where it no longer means the same, a warning where it lost something that no simulation notices, a note where
the same is said in another way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from sbmlgrn.expr import Expr, constant, free_symbols, postorder
from sbmlgrn.network import (
    AssignmentRule,
    Change,
    Compartment,
    Event,
    FunctionDefinition,
    InitialAssignment,
    Network,
    Parameter,
    Species,
    SpeciesReference,
    UnitDefinition,
    diff,
)
from sbmlgrn.sbml.attributes import camel
from sbmlgrn.sbml.equivalence import formulas, functions_of, same_math
from sbmlgrn.sbml.fbc import FIELDS
from sbmlgrn.sbml.issue import Issue, Severity
from sbmlgrn.sbml.renames import renamed, renames

_BEYOND: Final = frozenset({"name", "sbo_term", "level", "version", "id"})
"""Attributes that the inventory of the document shows."""

_UNITS: Final = frozenset(
    ("units", "substance_units", *(f"{k}_units" for k in ("time", "volume", "area", "length", "extent")))
)
_OF_FLUXES: Final = frozenset({"flux_balance", *(field for of_type in FIELDS.values() for field in of_type)})
"""What the package fbc says; no time course depends on it."""

_NO_EFFECT: Final = frozenset({"constant", "reversible", "spatial_dimensions", "modifiers"})
_MATH: Final = frozenset({"math", "kinetic_law", "trigger", "delay", "priority", "arguments"})
_CLOSE: Final = 1e-12


def changes(before: Network, after: Network, target: str) -> list[Issue]:
    """What differs between a network and the one that a conversion to `target` made of it."""
    return list(_Comparison(before, after, target).issues())


class _Comparison:
    def __init__(self, before: Network, after: Network, target: str) -> None:
        self.target = target
        self.names = renames(before, after)
        self.before = renamed(before, self.names)
        self.after = after
        self.functions = functions_of(self.before), functions_of(after)
        self.rules_before = {r.variable: r.math for r in self.before.rules if isinstance(r, AssignmentRule)}
        self.rules_after = {r.variable: r.math for r in after.rules if isinstance(r, AssignmentRule)}
        self.starts_before = {a.symbol: a.math for a in self.before.initial_assignments}
        self.starts_after = {a.symbol: a.math for a in after.initial_assignments}
        changed_by_events = {a.variable for e in self.before.events for a in e.assignments}
        self.never_changed = {s.id for s in self.before.species} - changed_by_events - self._ruled()
        self.has_delays = any(node.op == "delay" for node in postorder(formulas(self.before)))
        self.explained: set[str] = set()
        """Elements whose change another issue tells."""

    def _ruled(self) -> set[str]:
        return {str(getattr(r, "variable", "")) for r in self.before.rules}

    def same(self, a: Any, b: Any) -> bool:
        return same_math(a, b, *self.functions)

    def issues(self) -> Iterator[Issue]:
        for old, new in self.names.items():
            if old.startswith("event("):
                yield self._issue("named", new, f"the event without an id is now called {new!r}", Severity.INFO)
            elif "." in old:
                yield self._issue("renamed", old, f"the local parameter {old!r} is now the global parameter {new!r}")
            else:
                yield self._issue("renamed", old, f"{old!r} is now called {new!r}")
        differences = diff(self.before, self.after)
        for change in differences:
            if change.attribute in ("reactants", "products"):
                yield from self._references(change)
        for change in differences:
            if change.element in self.explained or change.attribute in ("reactants", "products"):
                continue
            if change.attribute is None:
                yield from self._existence(change)
            elif change.attribute not in _BEYOND:
                yield from self._attribute(change)

    def _existence(self, change: Change) -> Iterator[Issue]:
        name, old, new = change.element, change.before, change.after
        kind = type(old if old is not None else new).__name__
        if isinstance(old, UnitDefinition) or isinstance(new, UnitDefinition):
            if new is None:
                yield self._issue("lost-units", old.id, f"the unit definition {old.id!r} is lost")  # type: ignore[union-attr]
            return
        if isinstance(old, FunctionDefinition) and new is None:
            yield self._issue(
                "function-inlined",
                name,
                f"the function {name!r} is lost; formulas that call it have its body",
                Severity.INFO,
            )
        elif isinstance(old, InitialAssignment) and new is None:
            yield from self._evaluated(old)
        elif old is None and isinstance(new, InitialAssignment) and self._same_start(new):
            return
        elif old is None and isinstance(new, Parameter | Compartment) and name not in self.before.by_id:
            yield self._issue("added", name, f"{kind} {name!r} is new", Severity.INFO)
        elif old is None:
            yield self._issue("added", name, f"{kind} {name!r} is new, and changes the model", Severity.ERROR)
        elif new is None:
            yield self._issue("lost-element", name, f"{kind} {name!r} is lost", Severity.ERROR)
        else:
            yield self._issue(
                "changed", name, f"{name!r} changes from a {kind} to a {type(new).__name__}", Severity.ERROR
            )

    def _evaluated(self, old: InitialAssignment) -> Iterator[Issue]:
        target = self.after.by_id.get(old.symbol)
        if isinstance(target, SpeciesReference):
            value = target.stoichiometry
        elif isinstance(target, Species):
            value = target.initial_amount if target.initial_amount is not None else target.initial_concentration
        else:
            value = getattr(target, "size", None) if isinstance(target, Compartment) else getattr(target, "value", None)
        if value is None or math.isnan(value):
            yield self._issue(
                "lost-element", old.symbol, f"the initial assignment of {old.symbol!r} is lost", Severity.ERROR
            )
        else:
            self.explained.add(old.symbol)
            if self.has_delays:
                yield self._issue(
                    "initial-assignment-evaluated",
                    old.symbol,
                    f"the initial assignment of {old.symbol!r} became the value {value!r}; but the model has "
                    "delays, and the formula may say what was before the start",
                    Severity.ERROR,
                )
                return
            yield self._issue(
                "initial-assignment-evaluated",
                old.symbol,
                f"the initial assignment of {old.symbol!r} became the value {value!r}, which no longer follows what "
                "the formula depends on",
            )

    def _same_start(self, new: InitialAssignment) -> bool:
        """Whether a new initial assignment says what the element's value said."""
        value = getattr(self.before.by_id.get(new.symbol), "value", None)
        return value is not None and new.math is not None and self.same(new.math, _constant(value))

    def _attribute(self, change: Change) -> Iterator[Issue]:
        name, attribute, old, new = change.element, str(change.attribute), change.before, change.after
        told = f"{camel(attribute)} of {name!r} changes from {_short(old)} to {_short(new)}"
        element = self.before.by_id.get(name)
        if attribute in _OF_FLUXES:
            if new is not None:  # else the inventory shows that the package is lost
                yield self._issue("changed-fluxes", name, told)
        elif attribute == "constant" and 1 in (self.before.level, self.after.level):
            return  # Level 1 has no such attribute: what nothing changes is constant
        elif attribute in _UNITS or name.startswith("unitDefinition("):
            if old is not None:
                yield self._issue("changed-units", name, told)
        elif attribute in _MATH:
            holds = self._holder(name)
            if attribute == "arguments" or not self.same(old, new):
                if isinstance(element, FunctionDefinition) and self._same_function(name):
                    return
                yield self._issue("changed-formula", holds, told, Severity.ERROR)
        elif attribute == "modifiers" and [m.species for m in old] == [m.species for m in new]:  # type: ignore[attr-defined]
            return  # the inventory shows what else they carried
        elif attribute == "assignments":
            pairs = {a.variable: a.math for a in old}, {a.variable: a.math for a in new}  # type: ignore[attr-defined]
            if pairs[0].keys() != pairs[1].keys() or not all(self.same(m, pairs[1][v]) for v, m in pairs[0].items()):
                yield self._issue("changed-formula", name, told, Severity.ERROR)
        elif isinstance(element, Species) and attribute in ("initial_amount", "initial_concentration"):
            yield from self._start(element, attribute)
        elif isinstance(element, Species) and attribute in ("constant", "boundary_condition"):
            other = self.after.by_id.get(name)
            fixed = isinstance(other, Species) and other.boundary_condition and name in self.never_changed
            harmless = fixed and (element.boundary_condition or element.constant)
            yield self._issue("changed-attribute", name, told, Severity.WARNING if harmless else Severity.ERROR)
        elif attribute in ("value", "size") and (name in self.rules_before or name in self.starts_before):
            return  # the formula determines it
        elif attribute in ("value", "size") and new is None and self._restated(name, old):
            return
        elif attribute in ("value", "size") and isinstance(old, float) and isinstance(new, float) and _close(old, new):
            yield self._issue("rounded", name, told)
        elif attribute == "spatial_dimensions" and old == 0:
            yield self._issue("changed-attribute", name, told, Severity.ERROR)
        else:
            harmless = (
                attribute in _NO_EFFECT
                or (attribute == "compartment" and not isinstance(element, Species))
                or (
                    attribute == "use_values_from_trigger_time" and isinstance(element, Event) and element.delay is None
                )
            )
            yield self._issue("changed-attribute", name, told, Severity.WARNING if harmless else Severity.ERROR)

    def _restated(self, name: str, value: object) -> bool:
        formula = self.starts_after.get(name)
        return formula is not None and isinstance(value, float) and self.same(formula, _constant(value))

    def _same_function(self, name: str) -> bool:
        old, new = self.functions[0][name], self.functions[1].get(name)
        if new is None or len(old.arguments) != len(new.arguments):
            return False
        aligned = renamed(
            Network(function_definitions=(new,)), dict(zip(new.arguments, old.arguments, strict=True))
        ).function_definitions[0]
        return self.same(old.math, aligned.math)

    def _holder(self, name: str) -> str:
        return name.partition("(")[2].removesuffix(")") or name

    def _start(self, old: Species, attribute: str) -> Iterator[Issue]:
        """A species' initial amount given as a concentration, or the other way round."""
        new = self.after.by_id.get(old.id)
        if not isinstance(new, Species) or old.id in self.starts_before or old.id in self.rules_before:
            return
        first = "initial_amount" if old.initial_amount is not None else "initial_concentration"
        if attribute != first and getattr(old, first) is not None:
            return  # told once
        compartment = self.before.by_id.get(old.compartment)
        size = compartment.size if isinstance(compartment, Compartment) else None
        if old.compartment in self.starts_before or old.compartment in self.rules_before:
            size = None
        a, b = _amount(old, size), _amount(new, size)
        if a is not None and b is not None and (_close(a, b) or (math.isnan(a) and math.isnan(b))):
            yield self._issue(
                "restated",
                old.id,
                f"the {first.replace('_', ' ')} of {old.id!r}, {getattr(old, first)!r}, is now given as "
                f"{'an amount' if new.initial_amount is not None else 'a concentration'}",
                Severity.INFO,
            )
            return
        yield self._issue(
            "changed-attribute",
            old.id,
            f"the initial value of {old.id!r} changes from {_initial(old)} to {_initial(new)}",
            Severity.ERROR,
        )

    def _references(self, change: Change) -> Iterator[Issue]:
        old: tuple[SpeciesReference, ...] = change.before  # type: ignore[assignment]
        new: tuple[SpeciesReference, ...] = change.after  # type: ignore[assignment]
        if [r.species for r in old] != [r.species for r in new]:
            told = f"the {change.attribute} of {change.element!r} change from {_short(old)} to {_short(new)}"
            yield self._issue("changed-attribute", change.element, told, Severity.ERROR)
            return
        for a, b in zip(old, new, strict=True):
            if a != b:
                yield from self._reference(change.element, a, b)

    def _reference(self, reaction: str, a: SpeciesReference, b: SpeciesReference) -> Iterator[Issue]:
        where = f"the stoichiometry of {a.species!r} in {reaction!r}"
        then, now = self._stoichiometry(a, self.rules_before), self._stoichiometry(b, self.rules_after)
        first = self._stoichiometry(a, self.rules_before | self.starts_before)
        last = self._stoichiometry(b, self.rules_after | self.starts_after)
        if not (self.same(then, now) and self.same(first, last)):
            evaluated = a.id in self.starts_before and b.stoichiometry is not None
            if not evaluated and not self.same(first, last):
                yield self._issue(
                    "changed-attribute",
                    reaction,
                    f"{where} changes from {_short(first)} to {_short(last)}",
                    Severity.ERROR,
                )
                return
        for r, rules in ((a, self.rules_before), (b, self.rules_after)):
            if r.id and (a.id != b.id or r.id in rules):
                self.explained |= {f"rule({r.id})", r.id, f"initialAssignment({r.id})"}
        if a.id and a.id != b.id:
            told = f"{where} has lost its id {a.id!r}"
            if a.id in free_symbols(*formulas(self.after)) and a.id not in self.after.by_id:
                yield self._issue("lost-element", a.id, f"{told}, which formulas mention", Severity.ERROR)
            else:
                yield self._issue("lost-attributes", a.id, told)
        if b.id and a.id != b.id:
            yield self._issue("added", b.id, f"{where} is now called {b.id!r}", Severity.INFO)

    def _stoichiometry(self, reference: SpeciesReference, formulas: dict[str, Any]) -> Any:
        if reference.stoichiometry_math is not None:
            return reference.stoichiometry_math
        formula = formulas.get(reference.id or "")
        return formula if formula is not None else _constant(reference.stoichiometry)

    def _issue(self, code: str, element_id: str, message: str, severity: Severity = Severity.WARNING) -> Issue:
        hints = {
            Severity.ERROR: f"It would be another model as {self.target}: remove this first, or keep the format.",
            Severity.WARNING: f"{self.target} has no place for it; simulations stay the same.",
            Severity.INFO: "The model means the same.",
        }
        return Issue(
            severity=severity, code=f"convert-{code}", message=message, hint=hints[severity], element_id=element_id
        )


def _constant(value: float | None) -> Expr | None:
    return None if value is None else constant(value)


def _amount(species: Species, size: float | None) -> float | None:
    if species.initial_amount is not None:
        return species.initial_amount
    if species.initial_concentration is None:
        return None
    if size is None:
        return 0.0 if species.initial_concentration == 0 else None
    return species.initial_concentration * size


def _initial(species: Species) -> str:
    if species.initial_amount is not None:
        return f"the amount {species.initial_amount!r}"
    value = species.initial_concentration
    return "unset" if value is None else f"the concentration {value!r}"


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= _CLOSE * abs(a)


def _short(value: object) -> str:
    text = "unset" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, tuple):
        text = ", ".join(str(getattr(item, "species", item)) for item in value) or "none"
    return text if len(text) <= 120 else f"{text[:117]}…"
