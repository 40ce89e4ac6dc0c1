"""The digits of numbers, of which libSBML and libAntimony write 15: put back where it is clear which they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import format_number
from sbmlgrn.sbml.mathml import MATHML

_NUMBERS: Final = ("value", "size", "volume", "initialAmount", "initialConcentration", "stoichiometry", "multiplier")
_LITERAL: Final = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_ANTIMONY: Final = re.compile(rf'""".*?"""|"[^"\n]*"|//[^\n]*|\#[^\n]*|/\*.*?\*/|{_LITERAL.pattern}', re.DOTALL)
"""Texts and comments, within which no number counts, and numbers."""


def literals(antimony: str) -> list[float]:
    """The numbers in Antimony text."""
    return [float(token[0]) for token in _ANTIMONY.finditer(antimony) if _LITERAL.fullmatch(token[0])]


def restore(document: str, numbers: Iterable[float]) -> str:
    """An SBML document with the full digits of those of its numbers that are rounded `numbers`."""
    exact = _rounded(numbers)
    if not exact:
        return document
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(document.encode(), parser)
    core = etree.QName(root).namespace
    for element in root.iter("*"):
        name = etree.QName(element)
        if name.namespace == MATHML and name.localname == "cn":
            _restore_number(element, exact)
        elif name.namespace == core:
            for attribute in _NUMBERS:
                if attribute in element.attrib:
                    element.set(attribute, _restored(element.get(attribute), exact))
            if "formula" in element.attrib:
                formula = _LITERAL.sub(lambda found: _restored(found[0], exact), element.get("formula"))
                element.set("formula", formula)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True).decode()


def restore_antimony(text: str, numbers: Iterable[float]) -> str:
    """The same for Antimony text."""
    exact = _rounded(numbers)
    return _ANTIMONY.sub(lambda found: _restored(found[0], exact), text)


def _restore_number(element: Any, exact: Mapping[float, float]) -> None:
    kind, text = element.get("type", "real"), (element.text or "").strip()
    if kind == "real":
        element.text = f" {_restored(text, exact)} "
    elif kind == "e-notation":
        token = f"{text}e{(element[0].tail or '').strip()}"
        restored = _restored(token, exact)
        if restored != token:
            mantissa, _, exponent = restored.partition("e")
            element.text, element[0].tail = f" {mantissa} ", f" {int(exponent or 0)} "


def _restored(token: str, exact: Mapping[float, float]) -> str:
    try:
        value = exact.get(float(token))
    except ValueError:
        return token
    return token if value is None else format_number(value)


def _rounded(numbers: Iterable[float]) -> dict[float, float]:
    """Numbers rounded to 15 digits → the numbers that they stand for, where that is unambiguous."""
    found: dict[float, set[float]] = {}
    for number in numbers:
        for signed in (number, -number):  # a formula may write the sign as an operation
            found.setdefault(float(f"{signed:.15g}"), set()).add(signed)
    return {short: next(iter(full)) for short, full in found.items() if len(full) == 1 and short not in full}
