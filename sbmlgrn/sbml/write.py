"""`Network` → SBML text: a document it was read from is edited in place, any other is written in Level 3 Version 2.

Only what differs between the document's network and the one to write is touched. What was written is read again: where
that is not the network, writing fails rather than losing something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.network import Change, Network, SpeciesReference, diff
from sbmlgrn.sbml.build import fresh
from sbmlgrn.sbml.composed import NotInPlaceError, finder
from sbmlgrn.sbml.edit import VALUES, Editor
from sbmlgrn.sbml.fbc import completed
from sbmlgrn.sbml.issue import SBMLError
from sbmlgrn.sbml.mathml import DISTRIB, draws
from sbmlgrn.sbml.read import load_in
from sbmlgrn.sbml.splice import splice


def save(network: Network, path: Path | str) -> None:
    """Writes a network as an SBML file in UTF-8; a failure leaves an existing file as it was.

    Raises:
        ValueError: the network cannot be written; see `write`.
        OSError: the file cannot be written.
    """
    text = write(network)
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(text.encode())
    part.replace(target)


def write(network: Network) -> str:
    """The SBML text of a network, in UTF-8 terms.

    A network that was read keeps its document: notes, annotations, layout, comments and ids survive, and only
    elements that differ are changed. Where nothing but values of attributes differs, the text is the same to the byte
    everywhere else.

    Raises:
        ValueError: the document cannot express a change; Level 1 takes numerical values only.
        NotInPlaceError: the same for a document composed of several models, which takes values that have one place
            there; what `flattened` returns can be written.
    """
    if network.source is None:
        network = completed(network)
        text = _serialise(fresh(network))
        _verify(text, replace(network, level=3, version=2))
        return text
    changes = diff(load_in(network.source, network.folder), network)
    if not changes:
        return network.source
    text = _edited(network.source, network, changes)
    _verify(text, network)
    return text


def flattened(network: Network) -> Network:
    """The same network, written as one flat model where its document is composed of several (``comp``).

    A network of any other document is returned as it is.
    """
    if network.flat_source is None:
        return network
    return replace(network, source=network.flat_source, flat_source=None, folder=None)


def _edited(text: str, network: Network, changes: Sequence[Change]) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, strip_cdata=False)
    root = etree.fromstring(text.encode(), parser)
    find = None
    if network.flat_source is not None:
        changes = list(_values(changes))
        find = finder(root)
    editor = Editor(root, network, find)
    removals = [c for c in changes if c.attribute is None and c.after is None]
    # elements that go by their position keep it only if the last are removed first
    for change in [*(c for c in changes if c not in removals), *reversed(removals)]:
        editor.apply(change)
    if draws(root) and DISTRIB not in root.nsmap.values():
        raise ValueError(
            "a formula draws a random value, and the document does not declare the package distrib; write the network "
            "as a new document: dataclasses.replace(network, source=None, flat_source=None)"
        )
    return splice(text, root, editor.attributes) if editor.only_attributes else _serialise(root)


def _values(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes, each of a numerical value; those of stoichiometries by the ids of their references."""
    for change in changes:
        if change.attribute in ("reactants", "products"):
            before: tuple[SpeciesReference, ...] = change.before  # type: ignore[assignment]
            after: tuple[SpeciesReference, ...] = change.after  # type: ignore[assignment]
            pairs = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
            if len(before) == len(after) and all(
                b.id is not None and replace(a, stoichiometry=b.stoichiometry) == b for a, b in pairs
            ):
                for a, b in pairs:
                    yield replace(
                        change, element=b.id, attribute="stoichiometry", before=a.stoichiometry, after=b.stoichiometry
                    )
                continue
        elif change.attribute in VALUES:
            yield change
            continue
        raise NotInPlaceError(
            f"{change.element!r} differs from the document in {change.attribute or 'its existence'}, but in a document "
            "that is composed of several models only numerical values can be changed"
        )


def _verify(text: str, network: Network) -> None:
    try:
        written = load_in(text, network.folder)
    except SBMLError as error:
        raise ValueError(f"the network is no valid Level {network.level} model: {error}") from None
    wrong = diff(written, network)
    if not wrong:
        return
    told = "; ".join(
        f"{c.element!r} would have {c.attribute} {c.before!s:.80} instead of {c.after!s:.80}"
        if c.attribute
        else f"{c.element!r} would be {'missing' if c.before is None else 'there'}"
        for c in wrong[:3]
    )
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    if network.flat_source is not None:
        raise NotInPlaceError(
            f"the change has no place of its own in the composed document: {told}{more}. Submodels of one definition "
            "share their values: change all of them alike"
        )
    raise ValueError(f"the Level {network.level} document cannot express the change: {told}{more}")


def _serialise(root: Any) -> str:
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True).decode()
