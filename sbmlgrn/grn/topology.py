"""Which circuits are the same: signed edges, whatever hidden genes are called."""

from __future__ import annotations

from itertools import permutations, product
from math import factorial, prod
from typing import Final

import numpy as np

from sbmlgrn.grn.circuit import Circuit

_MOST_ORDERS: Final = 50_000
"""Orders of the hidden genes that are tried. Where there are more, two circuits that are the same may count as two."""


def topology(circuit: Circuit) -> str:
    """The signed edges, one text for all circuits that differ in the names of hidden genes alone.

    Genes from which no path leads to an output are left out. Hidden genes are called a, b, c … in an order that makes
    the text the first of all such texts.
    """
    circuit = circuit.pruned()
    signs = np.sign(circuit.weights).astype(int)
    roles = {gene: "" for gene in circuit.genes}
    roles |= {gene: gene for gene in circuit.outputs}
    roles |= {gene: f"{roles[gene]}{name}" for name, gene in circuit.inputs.items()}
    hidden = [i for i, g in enumerate(circuit.genes) if not roles[g] and (signs[i].any() or signs[:, i].any())]
    fixed = {i: g for i, g in enumerate(circuit.genes) if roles[g]}
    return min(_text(signs, fixed | dict(zip(order, _letters(), strict=False))) for order in _orders(signs, hidden))


def _letters() -> tuple[str, ...]:
    return tuple(chr(ord("a") + i) if i < 26 else f"h{i}" for i in range(1000))


def _text(signs: np.ndarray, names: dict[int, str]) -> str:
    edges = [(names[j], "→" if signs[i, j] > 0 else "⊣", names[i]) for i, j in np.argwhere(signs)]
    return ", ".join(" ".join(edge) for edge in sorted(edges))


def _orders(signs: np.ndarray, hidden: list[int]) -> list[tuple[int, ...]]:
    """Orders of the hidden genes worth a try: what tells two of them apart decides which is first."""
    if not hidden:
        return [()]
    colours = {i: (0 if i in hidden else 1 + i) for i in range(len(signs))}
    for _ in hidden:
        seen = {
            i: (
                colours[i],
                tuple(sorted((int(signs[i, j]), colours[j]) for j in colours if signs[i, j])),
                tuple(sorted((int(signs[j, i]), colours[j]) for j in colours if signs[j, i])),
            )
            for i in colours
        }
        places = {s: k for k, s in enumerate(sorted(set(seen.values())))}
        colours = {i: places[s] for i, s in seen.items()}
    classes = [[i for i in hidden if colours[i] == c] for c in sorted({colours[i] for i in hidden})]
    if prod(factorial(len(c)) for c in classes) > _MOST_ORDERS:
        return [tuple(i for c in classes for i in c)]
    return [tuple(i for c in order for i in c) for order in product(*(permutations(c) for c in classes))]
