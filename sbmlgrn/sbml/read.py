"""SBML documents of every Level and Version → `Network`, through libSBML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import libsbml

from sbmlgrn.expr import Expr
from sbmlgrn.network import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    LocalParameter,
    ModifierSpeciesReference,
    Network,
    Parameter,
    RateRule,
    Reaction,
    Rule,
    Species,
    SpeciesReference,
    Unit,
    UnitDefinition,
)
from sbmlgrn.sbml.bare import bare
from sbmlgrn.sbml.check import check
from sbmlgrn.sbml.fbc import fields_of_reaction, fields_of_species, flux_balance_of
from sbmlgrn.sbml.flatten import FlatteningError, flatten, is_composed, locate
from sbmlgrn.sbml.functions import check_functions
from sbmlgrn.sbml.intake import Document, RefusedError, take
from sbmlgrn.sbml.issue import Issue, SBMLError, Severity, shown
from sbmlgrn.sbml.mathml import UnsupportedMathError, from_ast
from sbmlgrn.sbml.scan import UNSUPPORTED

_SEVERITIES: Final = {
    libsbml.LIBSBML_SEV_INFO: Severity.INFO,
    libsbml.LIBSBML_SEV_WARNING: Severity.WARNING,
    libsbml.LIBSBML_SEV_ERROR: Severity.ERROR,
    libsbml.LIBSBML_SEV_FATAL: Severity.ERROR,
}
_UNITS_OF_MODEL: Final = ("substance", "time", "volume", "area", "length", "extent")


@dataclass(frozen=True)
class ReadResult:
    """What came of reading a document.

    Attributes:
        network: the network, or ``None`` if an issue is an error.
        issues: every finding, in document order as far as lines are known.
    """

    network: Network | None
    issues: tuple[Issue, ...]


def read(source: Path | str | bytes) -> ReadResult:
    """Reads a model.

    Args:
        source: a path; or the text of a document: SBML if it starts with ``<``, else Antimony.

    Returns:
        The network and the findings. Whatever the document holds, it is an issue and never an exception.

    Raises:
        FileNotFoundError: the path does not exist.
    """
    return _read(source, full=False)


def load(source: Path | str | bytes) -> Network:
    """Reads a model from a path, from SBML text or from Antimony text.

    Raises:
        FileNotFoundError: the path does not exist.
        SBMLError: no network can be made of the document; its ``issues`` say why.
    """
    result = read(source)
    if result.network is None:
        raise SBMLError(result.issues)
    return result.network


def load_in(text: str, folder: Path | None) -> Network:
    """The network of a document's text, as if the document lay in `folder`, in which external models are looked up.

    Raises:
        SBMLError: no network can be made of the document; its ``issues`` say why.
    """
    try:
        result = _read_document(replace(take(text), folder=folder), full=False)
    except RefusedError as refused:
        raise SBMLError([refused.issue]) from None
    if result.network is None:
        raise SBMLError(result.issues)
    return result.network


def validate(source: Path | str | bytes) -> tuple[Issue, ...]:
    """Every finding about a document: libSBML's full consistency check (units included), and what is not supported.

    Raises:
        FileNotFoundError: the path does not exist.
    """
    return _read(source, full=True).issues


def _read(source: Path | str | bytes, full: bool) -> ReadResult:
    try:
        document = take(source)
    except RefusedError as refused:
        return ReadResult(None, (refused.issue,))
    return _read_document(document, full)


def _read_document(document: Document, full: bool) -> ReadResult:
    if any(i.severity is Severity.ERROR for i in document.scanner.issues):
        return ReadResult(None, _ordered(document.scanner.issues))
    parsed = libsbml.readSBMLFromString(document.declared_text)
    issues = [*document.issues]
    if is_composed(parsed):
        try:
            issues += locate(parsed, document.folder)
        except FlatteningError as error:
            return ReadResult(None, (_unflattened(error),))
    if fatal := check_functions(parsed, document.scanner.call_depth):
        return ReadResult(None, _ordered(fatal))
    issues += _pardoned(_findings(parsed, document, full), document)
    model = parsed.getModel()
    if model is None:
        if not any(i.severity is Severity.ERROR for i in issues):
            issues.append(
                Issue(
                    severity=Severity.ERROR,
                    code="no-model",
                    message="the document has no 'model' element",
                    hint="Export the model again.",
                )
            )
        return ReadResult(None, _ordered(issues))
    if any(i.severity is Severity.ERROR for i in issues):
        return ReadResult(None, _ordered(issues))
    flat = None
    if is_composed(parsed):
        try:
            flatten(parsed)
            flat = libsbml.writeSBMLToString(parsed)
        except FlatteningError as error:
            return ReadResult(None, (_unflattened(error),))
    issues += document.scanner.unsupported()
    network = _Reader(parsed, issues).network(document, flat)
    if any(i.severity is Severity.ERROR for i in issues):
        return ReadResult(None, _ordered(issues))
    return ReadResult(network, _ordered(issues))


def _unflattened(error: FlatteningError) -> Issue:
    return Issue(
        severity=Severity.ERROR,
        code="comp-flattening",
        message=f"the composed model cannot be flattened: {error}",
        hint="Correct the references between the models.",
    )


def _ordered(issues: list[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: i.line or 0))


def _findings(parsed: Any, document: Document, full: bool) -> list[Issue]:
    """What libSBML finds in a parsed document, on reading it and in its checks."""
    checked, issues = [parsed], []
    if not parsed.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        checked, issues = check(parsed, full, document.scanner.widest)
    issues = [*document.scanner.issues, *issues]
    return issues + [_from_libsbml(d.getError(i), document) for d in checked for i in range(d.getNumErrors())]


def _pardoned(issues: list[Issue], document: Document) -> list[Issue]:
    """`issues` with those as warnings on which no equation depends: a document reduced to equations has them not."""
    if not any(i.severity is Severity.ERROR for i in issues):
        return issues
    reduced = Document(bare(document.text), document.folder)
    parsed = libsbml.readSBMLFromString(reduced.declared_text)
    if is_composed(parsed):
        locate(parsed, document.folder)
    if parsed.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        return issues
    left = _findings(parsed, reduced, full=False)
    if {i.code for i in left if i.severity is Severity.ERROR} - {i.code for i in issues}:
        return issues  # an error that the reduction made may hide others
    matter = {i.code for i in left}
    return [
        replace(i, severity=Severity.WARNING) if i.severity is Severity.ERROR and i.code not in matter else i
        for i in issues
    ]


def _from_libsbml(error: Any, document: Document) -> Issue:
    line = error.getLine() or None
    rule, reference, finding = _parts(error.getMessage())
    cited = _SENTENCE.split(rule)[0] + "." if finding else ""
    hint = f"See {reference}: {cited}" if reference and finding else f"See {reference}." if reference else cited
    severity = _SEVERITIES.get(error.getSeverity(), Severity.ERROR)
    if severity is Severity.ERROR:
        hint = _HINTS.get(error.getErrorId()) or hint or _CORRECT
    return Issue(
        severity=severity,
        code=f"sbml-{error.getErrorId()}",
        message=finding or rule or error.getShortMessage(),
        hint=hint,
        element_id=document.element_at(line) if line else None,
        line=line,
    )


def _parts(message: str) -> tuple[str, str, str]:
    """Of one of libSBML's messages: the rule, where it stands, and what of the document breaks it."""
    lines = [" ".join(line.split()) for line in message.splitlines() if line.strip()]
    at = next((i for i, line in enumerate(lines) if line.startswith("Reference: ")), None)
    rule, reference, rest = (lines[:1], "", lines[1:]) if at is None else (lines[:at], lines[at][11:], lines[at + 1 :])
    return " ".join(rule), reference, " ".join(rest).lstrip(".[ ")


_SENTENCE: Final = re.compile(r"(?<!e\.g)(?<!i\.e)\.(?:\s|$)")
_CORRECT: Final = "Correct the element, or export the model again from the tool that wrote it."
_HINTS: Final = {
    10601: "Each algebraic rule needs a variable (constant=false) that no other rule and no reaction determines: "
    "make one variable, or remove a rule.",
    99107: "Remove the package, or use a tool that supports it; without it the model means something else.",
}
"""What to do where libSBML's rule does not say it."""


class _Reader:
    """Walks one libSBML model and collects issues on the way.

    In Level 1 nothing can be declared constant: an algebraic rule may determine any symbol (SBML L1V2, 4.6).
    """

    def __init__(self, parsed: Any, issues: list[Issue]) -> None:
        self.document = parsed
        self.model = parsed.getModel()
        self.level = parsed.getLevel()
        self.issues = issues

    def refuse(self, feature: str, element: Any, element_id: str | None, what: str) -> None:
        self.issues.append(
            Issue(
                severity=Severity.ERROR,
                code=f"unsupported-{feature}",
                message=f"{what} is not supported yet",
                hint=UNSUPPORTED,
                element_id=element_id or None,
                line=element.getLine() or None,
            )
        )

    def network(self, document: Document, flat_source: str | None) -> Network:
        model = self.model
        units = {f"{kind}_units": getattr(model, f"get{kind.capitalize()}Units")() or None for kind in _UNITS_OF_MODEL}
        return Network(
            id=model.getId() or "model",
            name=_text(model, "Name"),
            level=self.level,
            version=self.document.getVersion(),
            unit_definitions=tuple(map(_unit_definition, _items(model.getListOfUnitDefinitions()))),
            function_definitions=tuple(map(self._function, _items(model.getListOfFunctionDefinitions()))),
            compartments=tuple(map(self._compartment, _items(model.getListOfCompartments()))),
            species=tuple(map(self._species, _items(model.getListOfSpecies()))),
            parameters=tuple(map(self._parameter, _items(model.getListOfParameters()))),
            initial_assignments=tuple(
                InitialAssignment(symbol=a.getSymbol(), math=self._math(a, a.getSymbol()))
                for a in _items(model.getListOfInitialAssignments())
            ),
            rules=tuple(self._rules()),
            reactions=tuple(map(self._reaction, _items(model.getListOfReactions()))),
            events=tuple(map(self._event, _items(model.getListOfEvents()))),
            **units,
            conversion_factor=model.getConversionFactor() or None,
            flux_balance=flux_balance_of(model),
            source=document.text,
            flat_source=flat_source,
            folder=document.folder,
        )

    def _math(
        self, holder: Any, element_id: str | None, rename: Mapping[str, str] | None = None, ast: Any = None
    ) -> Expr | None:
        tree = ast if ast is not None else holder.getMath()
        if tree is None:
            if self.level == 1 and holder.isSetFormula():
                self.issues.append(
                    Issue(
                        severity=Severity.ERROR,
                        code="invalid-formula",
                        message=f"{shown(holder.getFormula())!r} is no formula of Level 1",
                        hint="Correct its syntax: infix notation with + - * / ^, parentheses and functions.",
                        element_id=element_id,
                        line=holder.getLine() or None,
                    )
                )
            return None
        try:
            return from_ast(tree, rename)
        except UnsupportedMathError as error:
            self.refuse("math", holder, element_id, f"{error.feature!r} in the formula")
        except ValueError as error:
            self.issues.append(
                Issue(
                    severity=Severity.ERROR,
                    code="invalid-math",
                    message=f"the formula is invalid: {error}",
                    hint="Correct the number of operands.",
                    element_id=element_id,
                    line=holder.getLine() or None,
                )
            )
        return None

    def _function(self, f: Any) -> FunctionDefinition:
        body = f.getBody()
        return FunctionDefinition(
            **_common(f),
            arguments=tuple(f.getArgument(i).getName() for i in range(f.getNumArguments())),
            math=None if body is None else self._math(f, f.getId(), ast=body),
        )

    def _compartment(self, c: Any) -> Compartment:
        dimensions = c.getSpatialDimensionsAsDouble() if c.isSetSpatialDimensions() or self.level < 3 else None
        if dimensions is not None and math.isnan(dimensions):
            dimensions = None
        return Compartment(
            **_common(c),
            size=c.getSize() if c.isSetSize() or self.level == 1 else None,
            spatial_dimensions=dimensions,
            units=_text(c, "Units"),
            constant=self.level > 1 and c.getConstant(),
        )

    def _species(self, s: Any) -> Species:
        return Species(
            **_common(s),
            compartment=s.getCompartment(),
            initial_amount=s.getInitialAmount() if s.isSetInitialAmount() else None,
            initial_concentration=s.getInitialConcentration() if s.isSetInitialConcentration() else None,
            substance_units=_text(s, "SubstanceUnits"),
            has_only_substance_units=s.getHasOnlySubstanceUnits(),
            boundary_condition=s.getBoundaryCondition(),
            constant=s.getConstant(),
            conversion_factor=s.getConversionFactor() or None,
            **fields_of_species(s),
        )

    def _parameter(self, p: Any) -> Parameter:
        return Parameter(
            **_common(p),
            value=p.getValue() if p.isSetValue() else None,
            units=_text(p, "Units"),
            constant=self.level > 1 and p.getConstant(),
        )

    def _rules(self) -> Iterator[Rule]:
        for rule in _items(self.model.getListOfRules()):
            if rule.isAlgebraic():
                yield AlgebraicRule(math=self._math(rule, None))
                continue
            kind = RateRule if rule.isRate() else AssignmentRule
            yield kind(variable=rule.getVariable(), math=self._math(rule, rule.getVariable()))

    def _reaction(self, r: Any) -> Reaction:
        name = r.getId()
        law = r.getKineticLaw()
        local: list[LocalParameter] = []
        math_: Expr | None = None
        if law is not None:
            entries = law.getListOfLocalParameters() if self.level == 3 else law.getListOfParameters()
            local = [
                LocalParameter(**_common(p), value=p.getValue() if p.isSetValue() else None, units=_text(p, "Units"))
                for p in _items(entries)
            ]
            math_ = self._math(law, name, {p.id: f"{name}.{p.id}" for p in local})
        return Reaction(
            **_common(r),
            reactants=tuple(self._reference(s, name) for s in _items(r.getListOfReactants())),
            products=tuple(self._reference(s, name) for s in _items(r.getListOfProducts())),
            modifiers=tuple(
                ModifierSpeciesReference(
                    species=m.getSpecies(), id=m.getId() or None, sbo_term=m.getSBOTermID() or None
                )
                for m in _items(r.getListOfModifiers())
            ),
            kinetic_law=math_,
            local_parameters=tuple(local),
            reversible=r.getReversible(),
            fast=r.isSetFast() and r.getFast(),
            compartment=_text(r, "Compartment"),
            **self._fluxes(r),
        )

    def _fluxes(self, r: Any) -> dict[str, Any]:
        try:
            return fields_of_reaction(r)
        except ValueError as error:
            self.refuse("fbc", r, r.getId(), f"the reaction: {error}; that")
        return {}

    def _event(self, e: Any) -> Event:
        name = e.getId() or None
        trigger, delay, priority = e.getTrigger(), e.getDelay(), e.getPriority()
        return Event(
            **_common(e),
            trigger=None if trigger is None else self._math(trigger, name),
            initial_value=trigger is None or self.level < 3 or trigger.getInitialValue(),
            persistent=trigger is None or self.level < 3 or trigger.getPersistent(),
            delay=None if delay is None else self._math(delay, name),
            priority=None if priority is None else self._math(priority, name),
            use_values_from_trigger_time=e.getUseValuesFromTriggerTime(),
            assignments=tuple(
                EventAssignment(variable=a.getVariable(), math=self._math(a, name))
                for a in _items(e.getListOfEventAssignments())
            ),
        )

    def _reference(self, s: Any, reaction: str) -> SpeciesReference:
        value: float | None = _one_nan(s.getStoichiometry())
        formula: Expr | None = None
        if self.level == 3:
            if not s.isSetStoichiometry():
                value = None
        elif s.isSetStoichiometryMath():
            value, formula = None, self._math(s.getStoichiometryMath(), reaction)
        elif s.getDenominator() != 1:
            value = float(value or 0) / s.getDenominator()
        return SpeciesReference(
            species=s.getSpecies(),
            stoichiometry=value,
            stoichiometry_math=formula,
            id=s.getId() or None,
            constant=s.getConstant() if self.level == 3 else formula is None,
        )


def _unit_definition(u: Any) -> UnitDefinition:
    return UnitDefinition(
        **_common(u),
        units=tuple(
            Unit(
                kind=libsbml.UnitKind_toString(x.getKind()),
                exponent=_one_nan(x.getExponentAsDouble()),
                scale=x.getScale(),
                multiplier=_one_nan(x.getMultiplier()),
            )
            for x in _items(u.getListOfUnits())
        ),
    )


def _one_nan(value: float) -> float:
    """`value`; NaN always as the same object, so that tuples that hold it are equal."""
    return math.nan if math.isnan(value) else value


def _items(collection: Any) -> Iterator[Any]:
    return (collection.get(i) for i in range(collection.size()))


def _text(element: Any, attribute: str) -> str | None:
    return getattr(element, f"get{attribute}")() if getattr(element, f"isSet{attribute}")() else None


def _common(element: Any) -> dict[str, Any]:
    return {"id": element.getId(), "name": _text(element, "Name"), "sbo_term": element.getSBOTermID() or None}
