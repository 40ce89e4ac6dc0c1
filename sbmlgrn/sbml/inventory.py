"""What a document says beyond its `Network`: notes, annotations, identifiers, packages, comments and the rest.

Two inventories show what a conversion lost, whoever did it: nothing in a document is left out but what the network
holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.sbml.issue import Issue, Severity
from sbmlgrn.sbml.mathml import MATHML
from sbmlgrn.sbml.scan import package_of
from sbmlgrn.sbml.stray import stray_texts

_SAME_TAG: Final = {
    "specie": "species",
    "specieReference": "speciesReference",
    "specieConcentrationRule": "rule",
    "speciesConcentrationRule": "rule",
    "compartmentVolumeRule": "rule",
    "parameterRule": "rule",
    "assignmentRule": "rule",
    "rateRule": "rule",
    "localParameter": "parameter",
    "listOfLocalParameters": "listOfParameters",
    "annotations": "annotation",
}
"""Names of elements that differ between Levels."""

_KEYS: Final = {
    "rule": ("variable", "species", "specie", "compartment", "name"),
    "initialAssignment": ("symbol",),
    "eventAssignment": ("variable",),
    "speciesReference": ("species", "specie"),
    "modifierSpeciesReference": ("species",),
}
"""By what an element is known, where not by its id."""

_IN_NETWORK: Final = frozenset(
    (
        *("level", "version", "compartment", "initialAmount", "initialConcentration", "hasOnlySubstanceUnits"),
        *("boundaryCondition", "constant", "conversionFactor", "size", "volume", "spatialDimensions", "value"),
        *("variable", "symbol", "species", "specie", "stoichiometry", "denominator", "kind", "exponent", "scale"),
        *("multiplier", "reversible", "fast", "useValuesFromTriggerTime", "initialValue", "persistent", "formula"),
        "type",
    )
)
_UNITS: Final = {
    "units": ("species", "parameter", "compartment"),
    "substanceUnits": ("species", "model"),
    **{f"{kind}Units": ("model",) for kind in ("time", "volume", "area", "length", "extent")},
}
"""Attributes of units that the network holds, and of which elements."""

_IDENTIFIED: Final = frozenset(
    (
        *("compartment", "species", "parameter", "reaction", "event", "functionDefinition", "unitDefinition"),
        *("speciesReference", "modifierSpeciesReference", "model"),
    )
)
"""Elements whose id is in the network."""

_NOT_IN_NETWORK: Final = {
    "constraint": "constraint",
    "compartmentType": "compartment type",
    "speciesType": "species type",
}
_MATH_ATTRIBUTES: Final = frozenset({"type", "encoding", "definitionURL"})
_XML: Final = "http://www.w3.org/XML/1998/namespace"


@dataclass
class _Entry:
    """One element.

    Attributes:
        tag: its name, the same in all Levels.
        label: the id by which a user knows it.
        line: where it stands.
        attributes: what is not in the network.
        notes, annotation: their elements, with attributes and words; the order does not count.
        math: attributes and annotations within its formula.
    """

    tag: str
    label: str | None
    line: int | None
    attributes: dict[str, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    annotation: Counter[str] = field(default_factory=Counter)
    math: Counter[str] = field(default_factory=Counter)


def lost(before: str, after: str, target: str) -> list[Issue]:
    """What the document `before` says, and `after` no longer does, beyond their networks.

    Args:
        before, after: texts of SBML documents.
        target: what was converted to, for messages.
    """
    old, new = _root(before), _root(after)
    entries, kept = dict(_entries(old)), dict(_entries(new))
    issues: list[Issue] = []
    for key, entry in sorted(entries.items(), key=lambda item: item[1].line or 0):
        issues += _differences(entry, kept.get(key), target)
    packages, remaining = _packages(old), _packages(new)
    for namespace, count in packages.items():
        missing = count - remaining[namespace]
        if missing > 0:
            package = package_of(namespace)
            how = "all" if missing == count else f"{missing} of {count}"
            told = f"{how} elements and attributes of {namespace!r} are lost"
            code, told = ("lost-package", f"package {package!r}: {told}") if package else ("lost-foreign", told)
            issues.append(_issue(code, told, target))
    texts = Counter(" ".join(text.split()) for text in stray_texts(old)) - Counter(
        " ".join(text.split()) for text in stray_texts(new)
    )
    if texts.total():
        first = next(iter(texts))[:60]
        issues.append(_issue("lost-text", f"text outside of notes is lost, such as {first!r}", target))
    comments = _lone(old) - _lone(new)
    if comments.total():
        shown = " ".join(next(iter(comments)).split())
        issues.append(
            _issue(
                "lost-comments",
                f"{comments.total()} XML comment(s) or processing instruction(s) are lost, the first {shown[:60]!r}",
                target,
                severity=Severity.INFO,
            )
        )
    return issues


def _root(text: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(text.encode(), parser)


def _tag(element: Any, core: str) -> str:
    """Its name in all Levels; empty for what is not of SBML's core."""
    if not isinstance(element.tag, str):
        return ""
    name = etree.QName(element)
    local = str(name.localname)
    return _SAME_TAG.get(local, local) if name.namespace == core else ""


def _entries(root: Any) -> Iterator[tuple[str, _Entry]]:
    core = etree.QName(root).namespace
    old = core.endswith("level1")
    stack = [(root, "", None)]
    while stack:
        element, path, owner = stack.pop()
        tag = _tag(element, core)
        label = element.get("name" if old else "id") or next(
            (v for k in _KEYS.get(tag, ()) if (v := element.get(k))), None
        )
        label = label if tag != "model" else None
        entry = _Entry(tag, label or owner, element.sourceline, dict(_attributes(element, tag, old)))
        counts: Counter[str] = Counter()
        for child in element:
            inner = _tag(child, core)
            if inner == "notes":
                entry.notes = _content(child)
            elif inner == "annotation":
                entry.annotation = _content(child, f"#{element.get('metaid')}")
            elif inner:
                keys = _KEYS.get(inner, ("name",) if old else ("id",))
                known = "" if inner == "model" else next((v for k in keys if (v := child.get(k))), "")
                place = f"{path}/{inner}:{known}"
                stack.append((child, f"{place}#{counts[place]}", label or owner))
                counts[place] += 1
            elif isinstance(child.tag, str) and etree.QName(child).namespace == MATHML:
                entry.math = _in_math(child)
        yield path, entry


def _attributes(element: Any, tag: str, old: bool) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name.startswith("{") or name in _IN_NETWORK or tag in _UNITS.get(name, ()):
            continue
        if name == "id" and (tag in _IDENTIFIED or tag in _NOT_IN_NETWORK):
            continue
        if (old and name == "name") or (name == "offset" and float(value) == 0):
            continue
        yield name, value


def _content(element: Any, own: str | None = None) -> Counter[str]:
    """The elements, attributes and words within `element`; references `own` to the annotated element do not count."""
    found: Counter[str] = Counter()
    for inner in element.iterdescendants("*"):
        words = " ".join((inner.text or "").split())
        attributes = "".join(f" {k}={v!r}" for k, v in sorted(inner.attrib.items()) if v != own)
        found[f"<{inner.tag}{attributes}>{words}"] += 1
        if inner.tail and inner.tail.strip():
            found[" ".join(inner.tail.split())] += 1
    return found


def _in_math(math: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for inner in math.iter("*"):
        name = etree.QName(inner).localname
        if name in ("semantics", "annotation", "annotation-xml"):
            found[f"the element {name!r}"] += 1
        # SBML's own attributes have the namespace of the Level
        found.update(f"{etree.QName(k).localname}={v!r}" for k, v in inner.attrib.items() if k not in _MATH_ATTRIBUTES)
    return found


def _packages(root: Any) -> Counter[str]:
    """How many elements and attributes are of each namespace that is not SBML's core, notes and annotations aside."""
    core = etree.QName(root).namespace
    found: Counter[str] = Counter()
    stack = [(root, True)]
    while stack:
        element, top = stack.pop()
        spaces = [etree.QName(k).namespace for k in ([] if top else element.attrib)]
        found.update(s for s in spaces if s not in (None, core, _XML))
        found.update([etree.QName(element).namespace or ""])
        stack += [
            (e, False)
            for e in element
            if isinstance(e.tag, str) and _tag(e, core) not in ("notes", "annotation", "message")
        ]
    del found[core], found[MATHML]
    return found


def _lone(root: Any) -> Counter[str]:
    """Comments and processing instructions, wherever they stand."""
    around = (*root.itersiblings(preceding=True), *root.itersiblings())
    return Counter(str(node.text) for node in (*root.iter(etree.Comment, etree.PI), *around))


def _differences(old: _Entry, new: _Entry | None, target: str) -> Iterator[Issue]:
    where = _where(old)
    if new is None and old.tag in _NOT_IN_NETWORK:
        yield _issue("lost-element", f"the {where} is lost", target, old)
    kept = new or _Entry(old.tag, None, None)
    attributes = [f"{k}={v!r}" for k, v in old.attributes.items() if kept.attributes.get(k) != v]
    if attributes:
        changed = [k for k in old.attributes if k in kept.attributes and kept.attributes[k] != old.attributes[k]]
        told = f"; now {', '.join(f'{k}={kept.attributes[k]!r}' for k in changed)}" if changed else ""
        yield _issue("lost-attributes", f"{where}: {', '.join(attributes)} lost{told}", target, old)
    for kind, missing in (("notes", old.notes - kept.notes), ("annotation", old.annotation - kept.annotation)):
        if missing.total():
            total = getattr(old, kind).total()
            how = "lost" if missing.total() == total else f"{missing.total()} of {total} parts lost"
            yield _issue(f"lost-{kind}", f"{where}: {kind} {how}, such as {next(iter(missing))[:100]!r}", target, old)
    in_math = old.math - kept.math
    if in_math.total():
        shown = ", ".join(list(in_math)[:3])
        yield _issue("lost-in-formula", f"{where}: {in_math.total()} lost within its formula: {shown}", target, old)


def _where(entry: _Entry) -> str:
    kind = _NOT_IN_NETWORK.get(entry.tag, entry.tag)
    return f"{kind} {entry.label!r}" if entry.label else kind


def _issue(
    code: str, message: str, target: str, entry: _Entry | None = None, severity: Severity = Severity.WARNING
) -> Issue:
    return Issue(
        severity=severity,
        code=code,
        message=message,
        hint=f"{target} does not keep it.",
        element_id=None if entry is None else entry.label,
        line=None if entry is None else entry.line,
    )
