"""SBML documents of every Level and Version → `Network`, through libSBML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from sbmlgrn.sbml.flatten import FlatteningError, flatten, is_composed, locate
from sbmlgrn.sbml.intake import Document, RefusedError, take
from sbmlgrn.sbml.issue import Issue, SBMLError, Severity
from sbmlgrn.sbml.mathml import UnsupportedMathError, from_ast

_RULE: Final = re.compile(r"(.*?)(?: ?Reference: (L\d(?:V\d)? Sections? [\w.\-, ]*?\d)(?: +(\D.*))?)? *")
"""libSBML's messages: the rule, where it stands, and what of the document breaks it."""

_SEVERITIES: Final = {
    libsbml.LIBSBML_SEV_INFO: Severity.INFO,
    libsbml.LIBSBML_SEV_WARNING: Severity.WARNING,
    libsbml.LIBSBML_SEV_ERROR: Severity.ERROR,
    libsbml.LIBSBML_SEV_FATAL: Severity.ERROR,
}
_UNSUPPORTED: Final = "Remove it, or use a version of sbmlgrn that supports it; ignoring it would change the results."
_UNDEFINED_UNITS: Final = 10313
"""An error on which no value depends, since units are not converted."""

_SUPPORTED_PACKAGES: Final = {"l3v2extendedmath", "comp"}
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
    parsed = libsbml.readSBMLFromString(document.declared_text)
    if is_composed(parsed):
        try:
            locate(parsed, document.folder)
        except FlatteningError as error:
            return ReadResult(None, (_unflattened(error),))
    if not parsed.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        _check(parsed, full)
    issues = [_from_libsbml(parsed.getError(i), document) for i in range(parsed.getNumErrors())]
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
    network = _Reader(parsed, issues).network(document.text, flat)
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


def _check(parsed: Any, full: bool) -> None:
    for category in (
        libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
        libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
        libsbml.LIBSBML_CAT_MODELING_PRACTICE,
    ):
        parsed.setConsistencyChecks(category, full)
    parsed.checkConsistency()


def _from_libsbml(error: Any, document: Document) -> Issue:
    line = error.getLine() or None
    text = " ".join(error.getMessage().split())
    parts = _RULE.fullmatch(text)
    rule, reference, finding = parts.groups("") if parts else (text, "", "")
    severity = _SEVERITIES.get(error.getSeverity(), Severity.ERROR)
    return Issue(
        severity=Severity.WARNING if error.getErrorId() == _UNDEFINED_UNITS else severity,
        code=f"sbml-{error.getErrorId()}",
        message=finding or rule or error.getShortMessage(),
        hint=f"See {reference}: {rule}" if finding and reference else f"See {reference}." if reference else "",
        element_id=document.element_at(line) if line else None,
        line=line,
    )


class _Reader:
    """Walks one libSBML model and collects issues on the way."""

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
                hint=_UNSUPPORTED,
                element_id=element_id or None,
                line=element.getLine() or None,
            )
        )

    def network(self, source: str, flat_source: str | None) -> Network:
        model = self.model
        self._refuse_packages()
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
            source=source,
            flat_source=flat_source,
        )

    def _refuse_packages(self) -> None:
        document = self.document
        if self.level < 3:
            return
        for i in range(document.getNumPlugins()):
            package = document.getPlugin(i).getPackageName()
            if document.getPackageRequired(package) and package not in _SUPPORTED_PACKAGES:
                self.refuse(f"package-{package}", document, None, f"the package {package!r}, which the model requires,")
        for i in range(document.getNumUnknownPackages()):
            prefix = document.getUnknownPackagePrefix(i)
            if document.getPackageRequired(document.getUnknownPackageURI(i)):
                self.refuse(f"package-{prefix}", document, None, f"the package {prefix!r}, which the model requires,")

    def _math(
        self, holder: Any, element_id: str | None, rename: Mapping[str, str] | None = None, ast: Any = None
    ) -> Expr | None:
        tree = ast if ast is not None else holder.getMath()
        if tree is None:
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
            constant=c.getConstant(),
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
        )

    def _parameter(self, p: Any) -> Parameter:
        return Parameter(
            **_common(p),
            value=p.getValue() if p.isSetValue() else None,
            units=_text(p, "Units"),
            constant=p.getConstant(),
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
        )

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
        value: float | None = s.getStoichiometry()
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
                exponent=x.getExponentAsDouble(),
                scale=x.getScale(),
                multiplier=x.getMultiplier(),
            )
            for x in _items(u.getListOfUnits())
        ),
    )


def _items(collection: Any) -> Iterator[Any]:
    return (collection.get(i) for i in range(collection.size()))


def _text(element: Any, attribute: str) -> str | None:
    return getattr(element, f"get{attribute}")() if getattr(element, f"isSet{attribute}")() else None


def _common(element: Any) -> dict[str, Any]:
    return {"id": element.getId(), "name": _text(element, "Name"), "sbo_term": element.getSBOTermID() or None}
