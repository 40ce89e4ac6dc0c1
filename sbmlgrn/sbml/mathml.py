"""Mathematics between libSBML's syntax trees, the expression graph and MathML text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import libsbml
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import (
    AVOGADRO,
    DRAWS,
    FALSE,
    TIME,
    TRUE,
    Expr,
    add,
    call,
    constant,
    divide,
    function,
    make,
    multiply,
    negate,
    not_,
    or_,
    piecewise,
    postorder,
    power,
    relation,
    subtract,
    symbol,
)

MATHML: Final = "http://www.w3.org/1998/Math/MathML"


class UnsupportedMathError(ValueError):
    """A construct that the expression graph does not have.

    Attributes:
        feature: its MathML or SBML name.
    """

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


def _root(*args: Expr) -> Expr:
    degree, radicand = args if len(args) == 2 else (constant(2), args[0])
    return function("sqrt", radicand) if degree is constant(2) else power(radicand, divide(1, degree))


def _log(*args: Expr) -> Expr:
    base, x = args if len(args) == 2 else (constant(10), args[0])
    return function("log10", x) if base is constant(10) else divide(function("ln", x), function("ln", base))


def _of_reciprocal(name: str) -> Callable[..., Expr]:
    return lambda x: function(name, divide(1, x))


def _reciprocal_of(name: str) -> Callable[..., Expr]:
    return lambda x: divide(1, function(name, x))


def _named(name: str) -> Callable[..., Expr]:
    return lambda *args: function(name, *args)


def _minus(*args: Expr) -> Expr:
    return negate(args[0]) if len(args) == 1 else subtract(*args)


def _related(name: str) -> Callable[..., Expr]:
    return lambda *args: relation(name, *args)


_RECIPROCALS: Final = {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}
_SAME_NAME: Final = (
    *("abs", "ceiling", "delay", "exp", "factorial", "floor", "ln", "max", "min", "quotient"),
    *(arc + name for arc in ("", "arc") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")),
)
_BUILDERS: Final[dict[int, Callable[..., Expr]]] = {
    libsbml.AST_PLUS: add,
    libsbml.AST_MINUS: _minus,
    libsbml.AST_TIMES: multiply,
    libsbml.AST_DIVIDE: divide,
    libsbml.AST_POWER: power,
    libsbml.AST_FUNCTION_POWER: power,
    libsbml.AST_FUNCTION_ROOT: _root,
    libsbml.AST_FUNCTION_LOG: _log,
    libsbml.AST_FUNCTION_PIECEWISE: piecewise,
    libsbml.AST_FUNCTION_RATE_OF: _named("rate_of"),
    libsbml.AST_FUNCTION_REM: _named("remainder"),
    libsbml.AST_LOGICAL_IMPLIES: lambda a, b: or_(not_(a), b),
    **{getattr(libsbml, f"AST_FUNCTION_{n.upper()}"): _named(n) for n in _SAME_NAME},
    **{getattr(libsbml, f"AST_FUNCTION_{n.upper()}"): _reciprocal_of(of) for n, of in _RECIPROCALS.items()},
    **{getattr(libsbml, f"AST_FUNCTION_ARC{n.upper()}"): _of_reciprocal(f"arc{of}") for n, of in _RECIPROCALS.items()},
    **{getattr(libsbml, f"AST_RELATIONAL_{n.upper()}"): _related(n) for n in ("lt", "leq", "gt", "geq", "eq", "neq")},
    **{getattr(libsbml, f"AST_LOGICAL_{n.upper()}"): _named(n) for n in ("and", "or", "xor", "not")},
}
_DRAWS: Final = {getattr(libsbml, f"AST_DISTRIB_FUNCTION_{name.upper()}"): name for name in DRAWS}


def from_ast(root: libsbml.ASTNode, rename: Mapping[str, str] | None = None) -> Expr:
    """The expression of a libSBML syntax tree.

    Args:
        root: the tree; for a function definition its body.
        rename: names that stand for others here: ids of local parameters.

    Raises:
        UnsupportedMathError: the tree has a construct without counterpart.
        ValueError: an operation has the wrong number of operands.
    """
    rename = rename or {}
    results: list[Expr] = []
    draws = 0
    stack: list[tuple[libsbml.ASTNode, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        count = node.getNumChildren()
        if count and not ready:
            stack.append((node, True))
            stack.extend((node.getChild(i), False) for i in reversed(range(count)))
            continue
        args = results[len(results) - count :] if count else []
        del results[len(results) - count :]
        if node.getType() in _DRAWS:
            results.append(make(_DRAWS[node.getType()], args, draws))
            draws += 1
        else:
            results.append(_convert(node, args, rename))
    return results[0]


def _convert(node: libsbml.ASTNode, args: list[Expr], rename: Mapping[str, str]) -> Expr:
    kind = node.getType()
    builder = _BUILDERS.get(kind)
    if builder is not None:
        try:
            return builder(*args)
        except TypeError:
            raise ValueError(f"operation {_describe(node)!r} cannot take {len(args)} operands") from None
    if kind == libsbml.AST_NAME:
        return symbol(rename.get(node.getName(), node.getName()))
    if kind == libsbml.AST_FUNCTION:
        return call(node.getName(), args)
    return _literal(node, kind)


def _literal(node: libsbml.ASTNode, kind: int) -> Expr:
    match kind:
        case libsbml.AST_INTEGER:
            return constant(node.getInteger())
        case libsbml.AST_REAL:
            return constant(node.getReal())
        case libsbml.AST_REAL_E:
            return constant(float(f"{node.getMantissa()!r}e{node.getExponent()}"))
        case libsbml.AST_RATIONAL:
            return divide(node.getNumerator(), node.getDenominator())
        case libsbml.AST_NAME_TIME:
            return TIME
        case libsbml.AST_NAME_AVOGADRO:
            return constant(AVOGADRO)
        case libsbml.AST_CONSTANT_PI:
            return constant(math.pi)
        case libsbml.AST_CONSTANT_E:
            return constant(math.e)
        case libsbml.AST_CONSTANT_TRUE:
            return TRUE
        case libsbml.AST_CONSTANT_FALSE:
            return FALSE
    raise UnsupportedMathError(_describe(node))


def _describe(node: libsbml.ASTNode) -> str:
    return node.getName() or node.getOperatorName() or f"MathML construct {node.getType()}"


_TAGS: Final = {
    "add": "plus",
    "subtract": "minus",
    "negate": "minus",
    "multiply": "times",
    "remainder": "rem",
}
_CSYMBOLS: Final = {"time": "time", "delay": "delay", "rate_of": "rateOf"}
_CSYMBOL_URL: Final = "http://www.sbml.org/sbml/symbols/"
DISTRIBUTIONS: Final = f"{_CSYMBOL_URL}distrib/"
"""Start of the URLs of the symbols that the package ``distrib`` adds."""

DISTRIB: Final = "http://www.sbml.org/sbml/level3/version1/distrib/version1"
"""The package's namespace, which a document with such symbols declares."""

_CONSTANTS: Final = {math.pi: "pi", math.e: "exponentiale"}


def to_mathml(root: Expr, rename: Callable[[str], str] = str) -> Any:
    """`root` as a ``math`` element (lxml) that any SBML tool reads back to the same value.

    Args:
        root: the expression; shared subexpressions are written out each time they occur.
        rename: the name by which a symbol goes here: local parameters have a full name in the network.
    """
    built: dict[Expr, Any] = {}
    for node in postorder([root]):
        built[node] = _element(node, [built[a] for a in node.args], rename)
    result = etree.Element(f"{{{MATHML}}}math", nsmap={None: MATHML})
    result.append(built[root])
    return result


def draws(root: Any) -> bool:
    """Whether formulas within an XML element draw random values."""
    return any(c.get("definitionURL", "").startswith(DISTRIBUTIONS) for c in root.iter(f"{{{MATHML}}}csymbol"))


def _fresh(element: Any) -> Any:
    """`element` for its first use, a copy for every further use of a shared subexpression."""
    return element if element.getparent() is None else deepcopy(element)


def _tag(name: str, *children: Any, text: str | None = None, **attributes: str) -> Any:
    element = etree.Element(f"{{{MATHML}}}{name}", attributes, nsmap={None: MATHML})
    element.text = text
    for child in children:
        element.append(_fresh(child))
    return element


def _element(node: Expr, args: list[Any], rename: Callable[[str], str]) -> Any:
    match node.op:
        case "constant":
            return _number(node.value)
        case "symbol":
            return _tag("ci", text=f" {rename(str(node.value))} ")
        case "call":
            return _tag("apply", _tag("ci", text=f" {node.value} "), *args)
        case "piecewise":
            pieces = [_tag("piece", v, c) for v, c in zip(args[0:-1:2], args[1::2], strict=True)]
            return _tag("piecewise", *pieces, _tag("otherwise", args[-1]))
        case "time":
            return _csymbol("time")
        case "delay" | "rate_of":
            return _tag("apply", _csymbol(_CSYMBOLS[node.op]), *args)
        case op if op in DRAWS:
            return _tag("apply", _csymbol(op, DISTRIBUTIONS), *args)
        case "sqrt":
            return _tag("apply", _tag("root"), *args)
        case "log10":
            return _tag("apply", _tag("log"), _tag("logbase", _number(10)), *args)
        case "polygamma":
            raise ValueError(
                "the polygamma function has no MathML element; derivatives of factorial cannot be exported"
            )
    return _tag("apply", _tag(_TAGS.get(node.op, node.op)), *args)


def _csymbol(name: str, url: str = _CSYMBOL_URL) -> Any:
    return _tag("csymbol", text=f" {name} ", encoding="text", definitionURL=url + name)


def _number(value: object) -> Any:
    if isinstance(value, bool):
        return _tag("true" if value else "false")
    if isinstance(value, int):
        return _tag("cn", text=f" {value} ", type="integer") if abs(value) < 2**31 else _tag("cn", text=f" {value} ")
    if isinstance(value, Fraction):
        return _tag("apply", _tag("divide"), _number(value.numerator), _number(value.denominator))
    number = float(value)  # type: ignore[arg-type]
    if number == AVOGADRO:
        return _csymbol("avogadro")
    if number in _CONSTANTS:
        return _tag(_CONSTANTS[number])
    if math.isnan(number):
        return _tag("notanumber")
    if math.isinf(number):
        return _tag("infinity") if number > 0 else _tag("apply", _tag("minus"), _tag("infinity"))
    if number == 0 or 1e-20 < abs(number) < 1e20:  # readers compute mantissa·10^exponent, which is not exact
        return _tag("cn", text=f" {Decimal(repr(number)):f} ")
    mantissa, _, exponent = repr(number).partition("e")
    element = _tag("cn", text=f" {mantissa} ", type="e-notation")
    separator = etree.SubElement(element, f"{{{MATHML}}}sep")
    separator.tail = f" {int(exponent)} "
    return element
