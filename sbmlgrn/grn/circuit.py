"""`Circuit`: a gene network with logistic regulation, as an immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from sbmlgrn.grn.native.march import rows

GENE_PARAMETERS: Final = ("bias", "production", "degradation", "time_scale")
"""What a gene has beside the weights of its regulators, in the order of a vector of parameters."""


class CircuitError(ValueError):
    """A circuit, prior knowledge or task that cannot be as it stands."""


@dataclass(frozen=True)
class Edge:
    """One gene's influence on another: `weight` is positive where `source` activates `target`."""

    source: str
    target: str
    weight: float


@dataclass(frozen=True, eq=False)
class Circuit:
    """Genes that regulate each other, all quantities without unit.

        dy_i/dt = (production_i · σ(bias_i + Σ_j weight_ij · y_j) + Σ_k input_k(t) − degradation_i · y_i) / time_scale_i

    with σ(z) = 1 / (1 + exp(−z)), and the sum of the inputs over those that supply gene i (Hiscock 2019, eq. 1).

    Attributes:
        genes: their names.
        weights: ``[target, source]``; 0 where there is no edge.
        bias, production, degradation, time_scale: ``[gene]``.
        inputs: the gene that an input supplies, by name of the input.
        outputs: genes whose values are wanted.
        initial: values at the start ``[gene]``.
    """

    genes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    production: np.ndarray
    degradation: np.ndarray
    time_scale: np.ndarray
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    initial: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges there are, by target."""
        return tuple(
            Edge(self.genes[j], self.genes[i], float(self.weights[i, j])) for i, j in np.argwhere(self.weights)
        )

    @property
    def kept(self) -> np.ndarray:
        """Whether there is an edge ``[target, source]``."""
        return self.weights != 0

    @property
    def theta(self) -> np.ndarray:
        """All parameters as the loops take them ``[parameter]``, positive ones as logarithms."""
        logarithms = [np.log(v) for v in (self.production, self.degradation, self.time_scale)]
        return np.concatenate([self.weights.ravel(), self.bias, *logarithms])

    def with_theta(self, theta: np.ndarray, kept: np.ndarray) -> Circuit:
        """The same genes with other parameters ``[parameter]`` and edges ``[target, source]``."""
        n = len(self.genes)
        place = rows(n)
        bias, *positive = np.split(theta[place.bias :], 4)
        production, degradation, time_scale = np.exp(positive)
        return replace(
            self,
            weights=np.where(kept, theta[: n * n].reshape(n, n), 0.0),
            bias=bias.copy(),
            production=production,
            degradation=degradation,
            time_scale=time_scale,
        )

    def pruned(self) -> Circuit:
        """The same circuit without edges into genes from which no path leads to an output."""
        useful = reaching(self.kept, [self.genes.index(g) for g in self.outputs])
        return self.with_theta(self.theta, self.kept & useful[:, None])


def reaching(edges: np.ndarray, outputs: list[int]) -> np.ndarray:
    """Whether a path of `edges` ``[target, source]`` leads from a gene to one of the `outputs` ``[gene]``."""
    reached = np.zeros(len(edges), bool)
    reached[outputs] = True
    for _ in range(len(edges)):
        reached |= edges[reached].any(0)
    return reached
