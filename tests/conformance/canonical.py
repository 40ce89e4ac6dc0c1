"""XML documents compared as what they say, whatever their prefixes, quotes, order of attributes and indentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

Canonical = dict[str, str]
"""What stands at each place of a document: elements, attributes, texts, comments, processing instructions."""


def canonical(text: str | bytes) -> Canonical:
    """The canonical form of a document.

    Names are resolved to their namespaces; a place is the path of elements to it, counted from 0 among their siblings.
    White space alone counts within notes and annotations only. CDATA is text. Numbers are texts: nobody may
    write them in another way.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(text.encode() if isinstance(text, str) else text, parser)
    result = dict(_beside(root))
    _walk(root, "", result)
    return result


def differences(before: Canonical, after: Canonical) -> list[tuple[str, str | None, str | None]]:
    """Places at which two documents differ, with what each says there."""
    places = dict.fromkeys([*before, *after])
    return [(p, before.get(p), after.get(p)) for p in places if before.get(p) != after.get(p)]


def _beside(root: Any) -> Iterator[tuple[str, str]]:
    """Comments and processing instructions before and after the root element."""
    before, after = list(root.itersiblings(preceding=True)), list(root.itersiblings())
    yield from ((f"/before({i})", _lone(node)) for i, node in enumerate(before))
    yield from ((f"/after({i})", _lone(node)) for i, node in enumerate(after))


def _walk(root: Any, above: str, result: Canonical) -> None:
    stack: list[tuple[Any, str, bool]] = [(root, f"{above}/{root.tag}", False)]
    while stack:
        element, path, kept = stack.pop()
        result[path] = "element"
        kept = kept or etree.QName(element).localname in ("notes", "annotation")
        for name, value in element.attrib.items():
            result[f"{path}/@{name}"] = value
        counts: Counter[str] = Counter()
        texts = [(path, element.text)]
        for position, child in enumerate(element):
            if not isinstance(child.tag, str):
                place = f"{path}/({position})"
                result[place] = _lone(child)
            else:
                place = f"{path}/{child.tag}({counts[child.tag]})"
                counts[child.tag] += 1
                # the position orders children of different names
                result[f"{place}/position"] = str(position)
                stack.append((child, place, kept))
            texts.append((f"{place}/after", child.tail))
        for place, text in texts:
            if text and (kept or text.strip()):
                result[f"{place}/text"] = text


def _lone(node: Any) -> str:
    return f"<{node.target} {node.text}>" if isinstance(node, etree._ProcessingInstruction) else f"<!{node.text}>"
