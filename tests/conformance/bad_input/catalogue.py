"""All mutants: the same ones every time."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sbmlgrn.sbml import validate

from . import text, tree
from .formulas import FORMULAS
from .models import MODELS
from .mutant import Mutant
from .seeds import own, public

SEED = 20_240_229
_SMALL = 20_000
"""Characters of the documents that are quick to judge."""

_OF_OWN, _OF_PUBLIC = 3, 1
"""Mutants of each random kind for each of our own documents, and for each public one."""


def made() -> list[Mutant]:
    """Mutants that were thought out."""
    return [replace(mutant, kind=kind.__name__) for kind in (*FORMULAS, *MODELS) for mutant in kind()]


def wrapped() -> Iterator[Mutant]:
    """A document in other bytes."""
    document = own()["gene"]
    for wrapping, refused in text.WRAPPINGS.items():
        yield Mutant("gene", wrapping(document), refused=refused, kind=wrapping.__name__)


def spoilt(documents: Mapping[str, str], count: int) -> Iterator[Mutant]:
    """Mutants by chance, `count` of each kind for each document."""
    for name, document in documents.items():
        before = frozenset(f"{i.code}: {i.message}" for i in validate(document))
        for spoiler in text.SPOILERS:
            for i in range(count):
                chance = random.Random(f"{SEED}/{spoiler.__name__}/{name}/{i}")
                yield Mutant(f"{name} {i}", spoiler(document.encode(), chance), kind=spoiler.__name__)
        for of_tree in tree.SPOILERS:
            for i in range(count):
                chance = random.Random(f"{SEED}/{of_tree.__name__}/{name}/{i}")
                spoilt = tree.spoil(document, of_tree, chance)
                noticed = of_tree in tree.NOTICED
                yield Mutant(f"{name} {i}", spoilt, noticed=noticed, original=before, kind=of_tree.__name__)


def all_mutants() -> list[Mutant]:
    """Every mutant; those of public documents only where these are."""
    return [*made(), *wrapped(), *spoilt(own(), _OF_OWN), *spoilt(public(), _OF_PUBLIC)]


def sample() -> list[Mutant]:
    """A part of the mutants that every checkout has: small documents, and a few of each kind."""
    small = [m for m in made() if len(m.document) < _SMALL]
    return [*_few(small, 5), *_few(wrapped(), 1), *_few(spoilt(own(), 1), 2)]


def _few(mutants: Iterable[Mutant], most: int) -> list[Mutant]:
    """Evenly spread over each kind."""
    kinds: defaultdict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        kinds[mutant.kind].append(mutant)
    return [m for of_kind in kinds.values() for m in of_kind[:: max(1, -(-len(of_kind) // most))]]
