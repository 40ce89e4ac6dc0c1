"""Text that stands where SBML has none; libSBML passes over it without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.sbml.issue import Issue, Severity, shown
from sbmlgrn.sbml.mathml import MATHML

_FIND: Final = etree.XPath(
    "//text()[normalize-space()]"
    "[parent::*[namespace-uri() = $core] or parent::m:*[not(self::m:ci or self::m:cn or self::m:csymbol)]]"
    "[not(ancestor::*[namespace-uri() = $core and (local-name() = 'notes' or local-name() = 'message' or "
    "starts-with(local-name(), 'annotation'))] or ancestor::m:annotation or ancestor::m:annotation-xml)]",
    namespaces={"m": MATHML},
)


def stray_texts(root: Any) -> list[Any]:
    """Texts (lxml) within elements of SBML or MathML that hold only elements, or nothing.

    Args:
        root: the outermost element of a document.
    """
    return _FIND(root, core=etree.QName(root).namespace)


def told(root: Any) -> Iterator[Issue]:
    """The same as issues."""
    for text in stray_texts(root):
        owner = text.getparent().getparent() if text.is_tail else text.getparent()
        words = shown(" ".join(text.split()))
        yield Issue(
            severity=Severity.WARNING,
            code="foreign-text",
            message=f"the text {words!r} in the element {etree.QName(owner).localname!r} is no SBML and has no effect",
            hint="Put it into notes, or remove it.",
            element_id=next((e.get("id") for e in (owner, *owner.iterancestors()) if e.get("id")), None),
            line=text.getparent().sourceline,
        )
