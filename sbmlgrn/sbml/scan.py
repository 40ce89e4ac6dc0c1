"""What libSBML reads without a word though it is wrong, or does not survive: found on the way through the document.

libSBML takes numbers by their beginning (``1,5`` is 1, ``0x10`` is 16, an empty text is nothing), follows the operands
of an operation through a linked list, and recurses over formulas.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from sbmlgrn.sbml.issue import Issue, Severity, shown
from sbmlgrn.sbml.mathml import MATHML

MAX_OPERANDS: Final = 5_000
"""Most operands of one operation, and most operations in a formula that is written as text."""

MAX_CALL_DEPTH: Final = 100
"""Deepest nesting of calls of the model's functions; libSBML's time grows with its third power."""

_REAL: Final = re.compile(r"\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|-?INF|NaN)\s*", re.ASCII)
_LITERAL: Final = re.compile(r"(?<![\w.])(?:\d|\.\d)[\w.]*(?:(?<=[eE])[+-][\w.]*)?", re.ASCII)
"""What begins like a number in a formula in infix notation."""

_INTEGER: Final = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_INT32: Final = 2**31 - 1

_ATTRIBUTES: Final[dict[str, str]] = {
    **dict.fromkeys(("value", "size", "volume", "initialAmount", "initialConcentration", "stoichiometry"), "real"),
    **dict.fromkeys(("multiplier", "exponent", "offset", "spatialDimensions"), "real"),
    **{"scale": "integer", "denominator": "positive"},
    **dict.fromkeys(("constant", "boundaryCondition", "hasOnlySubstanceUnits", "reversible", "fast"), "boolean"),
    **dict.fromkeys(("initialValue", "persistent", "useValuesFromTriggerTime"), "boolean"),
}
"""Attributes of SBML's elements that are not text."""

_PARTS: Final = {
    "real": ("real",),
    "integer": ("integer",),
    "e-notation": ("real", "integer"),
    "rational": ("integer", "integer"),
}
"""Of what a ``cn`` consists, by its type, with ``sep`` between (SBML L3V2 Core, 3.4.2)."""

_ARITIES: Final = {"http://www.sbml.org/sbml/symbols/delay": 2, "http://www.sbml.org/sbml/symbols/rateOf": 1}


_HOLDERS: Final = frozenset(
    (
        *("math", "apply", "piecewise", "piece", "otherwise", "lambda", "bvar", "degree", "logbase"),
        *("semantics", "annotation", "annotation-xml"),
    )
)
"""Elements of MathML that hold others; all the others are single symbols."""

_QUALIFIED: Final = {"degree": "root", "logbase": "log"}
"""Elements of MathML that say more about an operation, and which; the operation takes one operand."""

_SBML: Final = "http://www.sbml.org/sbml/"
"""Start of the namespaces of SBML and of its packages."""

_PACKAGE: Final = re.compile(r"http://www\.sbml\.org/sbml/level3/version\d+/(?!core$)([^/ ]+)(?:/version\d+)?")

UNSUPPORTED: Final = "Remove it, or use a version of sbmlgrn that supports it; ignoring it would change the results."
"""What to do about what is not supported."""

_SUPPORTED: Final = {"comp", "distrib", "l3v2extendedmath"}
"""Packages that a model may require."""

_NOT_MATHEMATICAL: Final = {"groups", "layout", "render"}
"""Packages that change no equation, whatever a document says of them."""


def package_of(namespace: str) -> str | None:
    """The package of Level 3 that has this namespace; ``None`` if none has."""
    found = _PACKAGE.fullmatch(namespace)
    return found[1] if found else None


def fault(text: str, kind: str) -> str | None:
    """What is wrong with a literal; ``None`` if nothing is.

    Args:
        text: the literal.
        kind: what it is to be: ``real``, ``integer``, ``positive`` (an integer) or ``boolean``.
    """
    if kind == "boolean":
        return None if text.strip() in ("true", "false", "1", "0") else "is neither 'true' nor 'false'"
    if kind == "integer":
        if not _INTEGER.fullmatch(text):
            return "is no integer"
        return "does not fit into 32 bits" if len(text.strip()) > 11 or abs(int(text)) > _INT32 else None
    if kind == "positive":
        return fault(text, "integer") or ("is not positive" if int(text) <= 0 else None)
    if not _REAL.fullmatch(text):
        return "is no number"
    return "is larger than any double" if "INF" not in text and math.isinf(float(text)) else None


def operations(formula: str) -> int:
    """How many operations a formula in infix notation has, at most."""
    return sum(map(formula.count, "+-*/^(!,<>=&|%"))


class Scanner:
    """Sees the elements of a document go by, and tells what is wrong with their literals and formulas.

    Attributes:
        issues: what was found.
        call_depth: how deep calls of the model's own functions are nested in one another.
        widest: most operands of an operation, or operations in a formula that is text.
        required: the packages of the document, and whether it cannot be understood without them.
        first_line: where its outermost element begins.
    """

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.call_depth = 0
        self.widest = 0
        self.required: dict[str, bool] = {}
        self.first_line = 1
        self._namespace = ""
        self._ignored = 0
        self._calls = 0
        self._element: str | None = None
        self._stack: list[_Frame] = []

    @property
    def wants_text(self) -> bool:
        """Whether the innermost element is a ``cn``."""
        return bool(self._stack) and self._stack[-1].number is not None

    def start(self, name: str, attributes: dict[str, str], element: str | None, line: int) -> None:
        """An element begins.

        Args:
            name: namespace and local name, with a blank between.
            attributes: named in the same way.
            element: identifier of the element, or of one that it belongs to.
            line: where it begins.
        """
        namespace, _, local = name.rpartition(" ")
        if not self._namespace:
            self._namespace, self.first_line = namespace, line
            self._start_document(attributes)
        if self._ignored or (namespace == self._namespace and local in ("notes", "annotation")):
            self._ignored += 1
            return
        self._element = element
        self._check_packages(namespace, attributes, line)
        if namespace not in (MATHML, self._namespace) and not namespace.startswith(_SBML):
            self._ignored += 1
            self.issues.append(_foreign(namespace, local, element, line))
        elif namespace == MATHML:
            self._start_math(local, attributes, line)
        elif namespace == self._namespace:
            self._check_attributes(local, attributes, line)

    def text(self, data: str) -> None:
        """Text within a ``cn``."""
        if self.wants_text:
            self._stack[-1].number[-1] += data  # type: ignore[index]

    def end(self, name: str, line: int) -> None:
        """The innermost element ends."""
        if self._ignored:
            self._ignored -= 1
            return
        if name.startswith(MATHML) and self._stack:
            self._end_math(self._stack.pop(), line)

    def unsupported(self) -> Iterator[Issue]:
        """The packages that the model requires, and that are not supported."""
        for package in (p for p, required in self.required.items() if required and p not in _SUPPORTED):
            yield Issue(
                severity=Severity.ERROR,
                code=f"unsupported-package-{package}",
                message=f"the package {shown(package)!r}, which the model requires, is not supported yet",
                hint=UNSUPPORTED,
                line=self.first_line,
            )

    def _tell(self, code: str, message: str, hint: str, line: int) -> None:
        self.issues.append(
            Issue(severity=Severity.ERROR, code=code, message=message, hint=hint, element_id=self._element, line=line)
        )

    def _start_document(self, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            namespace, _, local = name.rpartition(" ")
            package = package_of(namespace)
            if package is not None and local == "required":
                self.required[package] = value.strip() in ("true", "1")

    def _check_packages(self, namespace: str, attributes: dict[str, str], line: int) -> None:
        """Looks for packages of which the document does not say whether they may be left out."""
        for space in (namespace, *(name.rpartition(" ")[0] for name in attributes)):
            package = package_of(space) if space != self._namespace else None
            if package is None or package in self.required:
                continue
            self.required[package] = False
            harmless = package in _NOT_MATHEMATICAL or "/level3/" not in self._namespace
            self.issues.append(
                Issue(
                    severity=Severity.WARNING if harmless else Severity.ERROR,
                    code="package-not-declared",
                    message=f"the package {shown(package)!r} occurs, but the 'sbml' element does not say whether the "
                    "model requires it",
                    hint=f"Declare the package at the 'sbml' element, with {shown(package)}:required.",
                    element_id=self._element,
                    line=line,
                )
            )

    def _check_attributes(self, local: str, attributes: dict[str, str], line: int) -> None:
        for name, value in attributes.items():
            kind = _ATTRIBUTES.get(name) or ("boolean" if name.endswith(" required") else None)
            wrong = kind and fault(value, kind)
            if wrong:
                short = name.rpartition(" ")[2]
                self._tell(
                    f"invalid-{kind}",
                    f"{short} of the {local!r} is {shown(value)!r}, which {wrong}",
                    f"Give a value such as {_EXAMPLES[str(kind)]}, or leave {short!r} out if it has none.",
                    line,
                )
        if "formula" in attributes:
            self._check_formula(attributes["formula"], line)

    def _check_formula(self, formula: str, line: int) -> None:
        """Checks a formula of Level 1."""
        self._count("formula", operations(formula), line)
        for literal in _LITERAL.findall(formula):
            wrong = fault(literal, "real")
            if wrong is None and literal.isdecimal() and float(literal) >= 2.0**63:
                wrong = "does not fit into 64 bits"
            if wrong:
                self._tell(
                    "invalid-number",
                    f"the number {shown(literal)!r} in the formula {wrong}",
                    "Write it as a real number such as 1.5 or 2e-3.",
                    line,
                )

    def _start_math(self, local: str, attributes: dict[str, str], line: int) -> None:
        parent = self._stack[-1] if self._stack else None
        if local in ("annotation", "annotation-xml"):
            self._ignored += 1
            return
        if parent is not None:
            parent.children += 1
            if wrong := _misplaced(local, parent):
                self._tell("invalid-math", f"the formula is invalid: {wrong}", _MATHML_HINT, line)
            if parent.local == "apply" and parent.children == 1:
                parent.head = attributes.get("definitionURL", "") if local == "csymbol" else local
                self._calls += local == "ci"
                if self._calls == MAX_CALL_DEPTH + 1 > self.call_depth:
                    self._tell(
                        "nesting-too-deep",
                        f"calls of functions are nested deeper than {MAX_CALL_DEPTH} levels in the formula",
                        "Split the formula, e.g. with assignment rules.",
                        line,
                    )
                self.call_depth = max(self.call_depth, self._calls)
            if local == "sep" and parent.number is not None:
                parent.number.append("")
        if attributes.get("base", "10").strip() != "10":
            base = shown(attributes["base"])
            self._tell("invalid-number", f"the base of a number is {base!r}", "Write it as a decimal number.", line)
        self._stack.append(_Frame(local, attributes.get("type", "real")))

    def _end_math(self, frame: _Frame, line: int) -> None:
        if frame.number is not None:
            self._check_number(frame.kind, frame.number, line)
        if frame.head == "ci":
            self._calls -= 1
        self._count(frame.local, frame.children - (frame.local == "apply"), line)
        if wrong := _incomplete(frame):
            self._tell("invalid-math", f"the formula is invalid: {wrong}", _MATHML_HINT, line)
        takes = _ARITIES.get(frame.head)
        if takes and frame.children != takes + 1:
            what = frame.head.rpartition("/")[2]
            self._tell(
                "wrong-operands",
                f"{what} has {frame.children - 1} operands in the formula, expected {takes}",
                f"Give it {takes}.",
                line,
            )

    def _count(self, what: str, count: int, line: int) -> None:
        self.widest = max(self.widest, count)
        if count > MAX_OPERANDS:
            self._tell(
                "formula-too-long",
                f"the {what!r} has {count:,} operands or operations, at most {MAX_OPERANDS:,} are read",
                "Split the formula, e.g. with assignment rules.",
                line,
            )

    def _check_number(self, kind: str, parts: list[str], line: int) -> None:
        written = shown("<sep/>".join(p.strip() for p in parts))
        if kind not in _PARTS:
            self._tell(
                "invalid-number",
                f"the type of the number {written!r} is {shown(kind)!r}, expected one of {', '.join(_PARTS)}",
                "Write it as a real number.",
                line,
            )
            return
        expected = _PARTS[kind]
        if len(parts) != len(expected):
            between = ", with <sep/> between" if len(expected) > 1 else ""
            reason = f"consists of {len(parts)}, expected {len(expected)}{between}"
        else:
            faults = ((p, fault(p, k)) for p, k in zip(parts, expected, strict=True))
            found = next(((p, f) for p, f in faults if f), None)
            whole = _overflow(kind, parts) if found is None else found[1]
            reason = f"has the part {shown(found[0].strip())!r}, which {whole}" if found and parts[1:] else whole
        if reason:
            hint = "Write it as a real number such as 1.5 or 2e-3, as <infinity/>, or correct the type."
            self._tell("invalid-number", f"the number {written!r} of type {kind!r} in the formula {reason}", hint, line)


def _misplaced(local: str, parent: _Frame) -> str | None:
    """What is wrong with an element of MathML that has just been counted as a child of `parent`."""
    holder = parent.local
    if holder not in _HOLDERS and not (holder == "cn" and local == "sep"):
        return f"{shown(local)!r} is within {shown(holder)!r}, which in SBML holds no elements"
    if holder == "apply" and parent.children == 1:
        return "the operation of an 'apply' is an 'apply'" if local == "apply" else None
    if local in _QUALIFIED:
        parent.qualified = True
        if holder != "apply" or parent.head != _QUALIFIED[local] or parent.children != 2:
            return f"{local!r} is not the first element after a {_QUALIFIED[local]!r}"
    if holder == "bvar" and (local != "ci" or parent.children > 1):
        return "a 'bvar' holds more or something else than one 'ci'"
    if local == "bvar" and (holder != "lambda" or parent.qualified):
        return "a 'bvar' is not at the beginning of a 'lambda'"
    if holder == "lambda" and local != "bvar":
        if parent.qualified:
            return "a 'lambda' has more than one formula"
        parent.qualified = True
    if local == "otherwise":
        if parent.qualified:
            return "a 'piecewise' has more than one 'otherwise'"
        parent.qualified = True
    return None


def _incomplete(frame: _Frame) -> str | None:
    """What is wrong with an element of MathML that has ended."""
    if frame.local == "apply" and not frame.children:
        return "an 'apply' has no operation"
    if frame.local in ("math", *_QUALIFIED) and frame.children != 1:
        return f"{frame.local!r} holds {frame.children} elements, expected one"
    if frame.local == "apply" and frame.head in _QUALIFIED.values():
        operands = frame.children - 1 - frame.qualified
        return None if operands == 1 else f"{frame.head!r} has {operands} operands, expected one"
    return None


_MATHML_HINT: Final = "See SBML Level 3 Version 2 Core, section 3.4, for the MathML that formulas may have."


def _foreign(namespace: str, local: str, element: str | None, line: int) -> Issue:
    return Issue(
        severity=Severity.WARNING,
        code="foreign-element",
        message=f"the element {shown(local)!r} of the namespace {shown(namespace)!r} is no SBML and has no effect",
        hint="Put it into an annotation, or remove it.",
        element_id=element,
        line=line,
    )


def _overflow(kind: str, parts: list[str]) -> str | None:
    if kind != "e-notation":
        return None
    return fault(f"{parts[0].strip()}e{parts[1].strip()}", "real")


_EXAMPLES: Final = {"real": "1.5, 2e-3 or INF", "integer": "-3", "positive": "2", "boolean": "true"}


class _Frame:
    """An element of a formula that has begun.

    Attributes:
        local: its name.
        kind: the type of a ``cn``.
        children: how many elements it holds so far.
        head: of an ``apply``, the name of the operation, the URL of a csymbol.
        number: of a ``cn``, its text, in parts.
        qualified: whether it has had its ``degree``, ``logbase`` or ``otherwise``, or as a ``lambda`` its formula.
    """

    __slots__ = ("children", "head", "kind", "local", "number", "qualified")

    def __init__(self, local: str, kind: str) -> None:
        self.local = local
        self.kind = kind
        self.children = 0
        self.head = ""
        self.qualified = False
        self.number: list[str] | None = [""] if local == "cn" else None
