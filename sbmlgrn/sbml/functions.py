"""Function definitions on which libSBML's checks do not end: circular ones, and those that grow when written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

import libsbml

from sbmlgrn.sbml.issue import Issue, Severity, ring

MAX_OPERATIONS: Final = 1_000_000
"""Most operations of a formula whose function calls are written out; libSBML does that, and sbmlgrn does not."""

_HARMLESS_DEPTH: Final = 4
"""Calls nested no deeper than that in a formula cannot grow much."""


def check_functions(document: Any, call_depth: int) -> list[Issue]:
    """What is wrong with the function definitions of a libSBML document, and with formulas that call them.

    Args:
        document: parsed, not yet checked.
        call_depth: how deep calls are nested in its formulas.
    """
    return [issue for model in _models(document) for issue in _check(model, call_depth)]


def _models(document: Any) -> Iterator[Any]:
    if document.getModel() is not None:
        yield document.getModel()
    composition = document.getPlugin("comp")
    if composition is not None:
        yield from (composition.getModelDefinition(i) for i in range(composition.getNumModelDefinitions()))


def _check(model: Any, call_depth: int) -> Iterator[Issue]:
    definitions = {
        f.getId(): f for f in (model.getFunctionDefinition(i) for i in range(model.getNumFunctionDefinitions()))
    }
    bodies = {name: f.getBody() for name, f in definitions.items() if f.getBody() is not None}
    graph = {
        name: {n.getName() for n in _postorder(body) if _is_call(n)} & bodies.keys() for name, body in bodies.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = [str(n) for n in error.args[1]]
        yield _issue(
            "recursive-function",
            f"the functions {ring(names)} call each other in a circle",
            "Write the formula without recursion; SBML has none (L3V2 Core, 4.3.3).",
            definitions[names[0]],
        )
        return
    sizes: dict[str, _Size] = {}
    for name in order:
        f = definitions[name]
        arguments = [f.getArgument(i).getName() for i in range(f.getNumArguments())]
        if len(set(arguments)) < len(arguments):
            twice = next(a for a in arguments if arguments.count(a) > 1)
            what = f"the function {name!r} has more than one argument {twice!r}"
            yield _issue("duplicate-argument", what, "Give each argument a name of its own.", f)
        sizes[name] = _size(bodies[name], sizes, arguments)
        if sizes[name].own > MAX_OPERATIONS:
            yield _too_large(name, sizes[name].own, f)
            return
    if call_depth > _HARMLESS_DEPTH and definitions:
        yield from _check_formulas(model, sizes)


def _check_formulas(model: Any, sizes: Mapping[str, _Size]) -> Iterator[Issue]:
    for element in _elements(model.getListOfAllElements()):
        math = None if element.getTypeCode() == libsbml.SBML_FUNCTION_DEFINITION else _math(element)
        size = 0.0 if math is None else _size(math, sizes, ()).own
        if size > MAX_OPERATIONS:
            yield _too_large(element.getId() or element.getElementName(), size, element)


def _elements(collection: Any) -> Iterator[Any]:
    return (collection.get(i) for i in range(collection.getSize()))


def _math(element: Any) -> Any:
    return element.getMath() if hasattr(element, "getMath") else None


class _Size:
    """Operations of a formula, written out: its own, and those of each argument so many times."""

    __slots__ = ("arguments", "own")

    def __init__(self, own: float, arguments: Mapping[str, float]) -> None:
        self.own = own
        self.arguments = arguments


def _size(root: Any, functions: Mapping[str, _Size], arguments: Iterable[str]) -> _Size:
    names = list(arguments)
    results: list[_Size] = []
    for node in _postorder(root):
        count = node.getNumChildren()
        operands = results[len(results) - count :] if count else []
        del results[len(results) - count :]
        called = functions.get(node.getName()) if _is_call(node) else None
        if called is None:
            own = node.getName() if not count and node.getName() in names else None
            total, weights = 1.0, [1.0] * count
            times = {own: 1.0} if own else {}
        else:
            total, times = called.own, {}
            weights = list(called.arguments.values())[:count]
        for weight, operand in zip(weights, operands, strict=False):
            total += weight * operand.own
            for name, often in operand.arguments.items():
                times[name] = times.get(name, 0.0) + weight * often
        results.append(_Size(total, times))
    own = results[0]
    return _Size(own.own, {name: own.arguments.get(name, 0.0) for name in names})


def _is_call(node: Any) -> bool:
    return node.getType() == libsbml.AST_FUNCTION


def _postorder(root: Any) -> Iterator[Any]:
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready or not node.getNumChildren():
            yield node
        else:
            stack.append((node, True))
            stack.extend((node.getChild(i), False) for i in reversed(range(node.getNumChildren())))


def _too_large(name: str, size: float, element: Any) -> Issue:
    return _issue(
        "formula-too-long",
        f"with its function calls written out, the formula of {name!r} has {size:.3g} operations, at most "
        f"{MAX_OPERATIONS:,} are read",
        "Use assignment rules for values that occur more than once.",
        element,
    )


def _issue(code: str, message: str, hint: str, element: Any) -> Issue:
    return Issue(
        severity=Severity.ERROR,
        code=code,
        message=message,
        hint=hint,
        element_id=element.getId() or None,
        line=element.getLine() or None,
    )
