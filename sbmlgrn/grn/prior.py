"""What is known before a circuit is learned: which edges there can be, of which sign, and what may be learned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sbmlgrn.grn.circuit import GENE_PARAMETERS, CircuitError, reaching
from sbmlgrn.grn.native.march import rows
from sbmlgrn.network import UnknownElementError

SIGNS: Final = {"+": 1, "-": -1, "0": 0, "?": None}
"""What an edge may be: activating, inhibiting, absent, free."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior knowledge about a circuit of so many genes.

    Attributes:
        mask: ``[target, source]``, whether there can be an edge; everywhere if not given.
        signs: ``[target, source]``, 1 for activating, −1 for inhibiting, 0 where either will do.
        learned: what is learned beside weights: genes by parameter (`GENE_PARAMETERS`), or ``"all"`` for all genes. The
            others keep their values: bias 0, the rest 1. What the task proposes if not given.
        weight_limit: largest size of a weight or bias.
        value_range: lowest and highest production, degradation and time scale.
    """

    mask: np.ndarray | None = None
    signs: np.ndarray | None = None
    learned: Mapping[str, Sequence[str] | str] | None = None
    weight_limit: float = 30.0
    value_range: tuple[float, float] = (0.1, 10.0)

    @classmethod
    def of_edges(cls, genes: Sequence[str], edges: Iterable[tuple[str, str, str]], **others: object) -> Prior:
        """Knowledge about single edges; those not named are free.

        Args:
            genes: names of the genes.
            edges: ``(source, target, "+" | "-" | "0" | "?")``.
            others: other attributes.

        Raises:
            CircuitError: an edge is given two constraints that exclude each other, or none that there is.
            UnknownElementError: there is no such gene.
        """
        n = len(genes)
        mask, signs = np.ones((n, n), bool), np.zeros((n, n), np.int64)
        told: dict[tuple[int, int], str] = {}
        for source, target, sign in edges:
            if sign not in SIGNS:
                raise CircuitError(
                    f"edge {source} → {target}: {sign!r} is no constraint; expected + (activating), - (inhibiting), "
                    "0 (absent) or ? (free)"
                )
            for name in (source, target):
                if name not in genes:
                    raise UnknownElementError(name, genes, "gene")
            place = genes.index(target), genes.index(source)
            if told.setdefault(place, sign) != sign:
                raise CircuitError(
                    f"edge {source} → {target} is to be both {told[place]!r} and {sign!r}: keep one of the two"
                )
            mask[place] = sign != "0"
            signs[place] = SIGNS[sign] or 0
        return cls(mask, signs, **others)  # type: ignore[arg-type]

    def allowed(self, genes: int) -> np.ndarray:
        """Whether there can be an edge ``[target, source]``."""
        return np.ones((genes, genes), bool) if self.mask is None else np.asarray(self.mask, bool)

    def bounds(self, genes: int) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest parameters ``[parameter]``, in the rows of `march.rows`."""
        place = rows(genes)
        high = np.full(place.end, self.weight_limit)
        high[place.production :] = math.log(self.value_range[1])
        low = -high
        low[place.production :] = math.log(self.value_range[0])
        if self.signs is not None:
            signs = np.asarray(self.signs).ravel()
            low[: place.bias][signs > 0] = 0.0
            high[: place.bias][signs < 0] = 0.0
        return low, high

    def free(self, genes: Sequence[str]) -> np.ndarray:
        """Whether a parameter is learned ``[parameter]``."""
        n = len(genes)
        place = rows(n)
        result = np.zeros(place.end, bool)
        result[: place.bias] = self.allowed(n).ravel()
        for kind, names in (self.learned or {}).items():
            first = place.bias + GENE_PARAMETERS.index(kind) * n
            for name in genes if names == "all" else names:
                result[first + genes.index(name)] = True
        return result

    def check(self, genes: Sequence[str], outputs: Sequence[str]) -> None:
        """Refuses what cannot be.

        Raises:
            CircuitError: a mask or signs of another shape or with other values, an edge that is masked and has a sign,
                a limit that is not positive, a parameter that there is not, or a gene without any path to an output.
            UnknownElementError: a gene that there is not.
        """
        n = len(genes)
        for name, matrix, values in (("mask", self.mask, (0, 1)), ("signs", self.signs, (-1, 0, 1))):
            if matrix is None:
                continue
            if np.shape(matrix) != (n, n):
                shape = " by ".join(map(str, np.shape(matrix))) or "a single value"
                raise CircuitError(f"the {name} is {shape}; expected {n} by {n}, targets by sources, for {n} genes")
            if not np.isin(matrix, values).all():
                other = np.asarray(matrix)[~np.isin(matrix, values)].flat[0]
                raise CircuitError(f"the {name} holds {other}; expected {' or '.join(map(str, values))} for each edge")
        if self.mask is not None and self.signs is not None:
            clash = np.argwhere(~np.asarray(self.mask, bool) & (np.asarray(self.signs) != 0))
            for i, j in clash[:1]:
                sign = "activating" if self.signs[i, j] > 0 else "inhibiting"
                raise CircuitError(
                    f"edge {genes[j]} → {genes[i]} is masked as absent, but its sign says that it is {sign}: set its "
                    f"sign to 0 or allow it ({len(clash)} such edge{'s' * (len(clash) > 1)})"
                )
        low, high = self.value_range
        if not (math.isfinite(self.weight_limit) and self.weight_limit > 0):
            raise CircuitError(f"the weight limit is {self.weight_limit:g}; it must be a positive, finite number")
        if not 0 < low <= 1 <= high < math.inf:
            raise CircuitError(f"the range of values is {low:g} to {high:g}; it must be positive and include 1")
        for kind, names in (self.learned or {}).items():
            if kind not in GENE_PARAMETERS:
                raise CircuitError(f"{kind!r} cannot be learned; expected one of {', '.join(GENE_PARAMETERS)}")
            for name in () if names == "all" else names:
                if name not in genes:
                    raise UnknownElementError(name, genes, "gene")
        blind = ~reaching(self.allowed(n), [genes.index(g) for g in outputs])
        for i in np.flatnonzero(blind)[:1]:
            raise CircuitError(
                f"no path of allowed edges leads from gene {genes[i]!r} to an output ({', '.join(outputs)}), so that "
                "nothing it does can be learned: allow such an edge, or leave the gene out"
            )
