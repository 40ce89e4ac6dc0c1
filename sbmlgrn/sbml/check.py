"""libSBML's consistency checks, arranged so that they end and do not crash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import libsbml

from sbmlgrn.sbml.issue import Issue, Severity, ring

_MAIN: Final = (
    libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY,
    libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
    libsbml.LIBSBML_CAT_MATHML_CONSISTENCY,
    libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
)
_STYLE: Final = (libsbml.LIBSBML_CAT_SBO_CONSISTENCY, libsbml.LIBSBML_CAT_MODELING_PRACTICE)
_UNITS: Final = (libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,)

_LONG_CHAIN: Final = 50
"""Definitions that depend on each other one after the other; libSBML's time grows with more than their third power."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


_WIDE: Final = 500
"""Operands beyond which libSBML takes seconds for their units, in which its time grows with the third power."""


def check(document: Any, full: bool, widest: int) -> tuple[list[Any], list[Issue]]:
    """Checks a parsed document.

    Args:
        document: of libSBML; it keeps its errors.
        full: whether to check units, ontology terms and modelling practice as well. Units are checked only where
            nothing else is wrong, since wrong formulas crash that check.
        widest: most operands of an operation in the document.

    Returns:
        The libSBML documents whose errors are to be told, `document` the first; and what was found without libSBML.
    """
    main = (*_MAIN, *(_STYLE if full else ()))
    definitions = dict(_definitions(document.getModel()))
    colours: Mapping[str, int] = {}
    if len(definitions) > _LONG_CHAIN:
        try:
            colours = _colours(definitions)
        except CycleError as error:
            names = [str(n) for n in error.args[1]]
            return [document], [_circular(names, definitions[names[0]][0])]
    checked = [document]
    if not colours:
        _run(document, main)
    else:
        checked += [_part(document, colours, colour) for colour in range(max(colours.values()) + 1)]
        for part in checked[1:]:
            _run(part, main)
    if not full or any(d.getNumErrors(libsbml.LIBSBML_SEV_ERROR) for d in checked):
        return checked, []
    if widest > _WIDE:
        return checked, [_unchecked(widest)]
    _run(document, _UNITS)
    return checked, []


def _run(document: Any, categories: Iterable[int]) -> None:
    for category in (*_MAIN, *_STYLE, *_UNITS):
        document.setConsistencyChecks(category, category in categories)
    document.checkConsistency()


def _definitions(model: Any) -> Iterator[tuple[str, tuple[Any, set[str]]]]:
    """Assignment rules and initial assignments by what they define, with the names in their formulas."""
    for name, holder in _holders(model):
        if holder.isSetMath():
            yield name, (holder, set(_NAME.findall(libsbml.formulaToL3String(holder.getMath()))))


def _holders(model: Any) -> Iterator[tuple[str, Any]]:
    if model is None:
        return
    for i in range(model.getNumInitialAssignments()):
        yield model.getInitialAssignment(i).getSymbol(), model.getInitialAssignment(i)
    for i in range(model.getNumRules()):
        if model.getRule(i).isAssignment():
            yield model.getRule(i).getVariable(), model.getRule(i)


def _colours(definitions: Mapping[str, tuple[Any, set[str]]]) -> dict[str, int]:
    """Colours such that no definition depends on one of its own colour; none if there are no long chains.

    Raises:
        CycleError: definitions are circular.
    """
    graph = {name: names & definitions.keys() for name, (_, names) in definitions.items()}
    depths: dict[str, int] = {}
    colours: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        taken = {colours[n] for n in graph[name]}
        colours[name] = next(c for c in range(len(taken) + 1) if c not in taken)
        depths[name] = 1 + max((depths[n] for n in graph[name]), default=0)
    return colours if max(depths.values(), default=0) > _LONG_CHAIN else {}


def _part(document: Any, colours: Mapping[str, int], colour: int) -> Any:
    """The document with the formulas of one colour, and 0 in place of the others."""
    part = document.clone()
    part.getErrorLog().clearLog()
    zero = libsbml.parseL3Formula("0")
    for name, holder in _holders(part.getModel()):
        if colours.get(name, colour) != colour:
            holder.setMath(zero)
    return part


def _circular(names: list[str], holder: Any) -> Issue:
    return Issue(
        severity=Severity.ERROR,
        code="circular-definition",
        message=f"the definitions of {ring(names)} are circular",
        hint="Let one of them have a value of its own, or an algebraic rule.",
        element_id=names[0],
        line=holder.getLine() or None,
    )


def _unchecked(widest: int) -> Issue:
    return Issue(
        severity=Severity.INFO,
        code="units-not-checked",
        message=f"units were not checked, since a formula has an operation of {widest:,} operands",
        hint=f"Split operations of more than {_WIDE} operands, if units matter.",
    )
