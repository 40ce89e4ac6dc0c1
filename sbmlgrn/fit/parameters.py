"""What may move, how far, and on which scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from scipy.stats.qmc import LatinHypercube
from torch import Tensor


class BoundsError(ValueError):
    """Bounds that exclude each other or the start, or that the scale does not allow."""


@dataclass(frozen=True)
class FreeParameter:
    """One quantity that an optimiser may change.

    Attributes:
        id: name of the quantity.
        lower: lower bound, in the quantity's own unit; above 0 on a log scale.
        upper: upper bound.
        scale: ``"log"`` if factors matter (rates, concentrations), ``"linear"`` if differences do (exponents).

    Raises:
        BoundsError: bounds that are not finite, not in order, or not positive on a log scale; an unknown scale.
    """

    id: str
    lower: float
    upper: float
    scale: Literal["log", "linear"] = "log"

    def __post_init__(self) -> None:
        if self.scale not in ("log", "linear"):
            raise BoundsError(f"parameter {self.id!r}: the scale is {self.scale!r}; it must be 'log' or 'linear'")
        if not (math.isfinite(self.lower) and math.isfinite(self.upper)):
            raise BoundsError(f"parameter {self.id!r}: the bounds [{self.lower:g}, {self.upper:g}] must be finite")
        if self.lower >= self.upper:
            raise BoundsError(
                f"parameter {self.id!r}: the lower bound {self.lower:g} must be below the upper bound {self.upper:g}; "
                "to keep a parameter fixed, leave it out"
            )
        if self.scale == "log" and self.lower <= 0:
            raise BoundsError(
                f"parameter {self.id!r}: the lower bound is {self.lower:g}; a log scale needs bounds above 0, "
                "so raise it or ask for the linear scale"
            )


@dataclass(frozen=True)
class ParameterBox:
    """Free parameters, and the map of their bounds to the unit cube in which optimisers work.

    The bounds thereby say how far each parameter may move in comparison with the others: a step of 0.1 is a tenth of
    the range of each, of its logarithm where the scale is ``"log"``.

    Raises:
        BoundsError: no parameters, or one named twice.
    """

    parameters: tuple[FreeParameter, ...]

    def __post_init__(self) -> None:
        if not self.parameters:
            raise BoundsError("there is no free parameter; name at least one")
        ids = self.ids
        for name in ids:
            if ids.count(name) > 1:
                raise BoundsError(f"parameter {name!r} is listed {ids.count(name)} times; list it once")

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(p.id for p in self.parameters)

    @cached_property
    def _log(self) -> Tensor:
        return torch.tensor([p.scale == "log" for p in self.parameters])

    @cached_property
    def _bounds(self) -> tuple[Tensor, Tensor]:
        lower, upper = torch.tensor([(p.lower, p.upper) for p in self.parameters], dtype=torch.float64).T
        return lower, upper

    @cached_property
    def _ends(self) -> tuple[Tensor, Tensor]:
        lower, upper = self._bounds
        return self._forward(lower), self._forward(upper)

    def _forward(self, values: Tensor) -> Tensor:
        return torch.where(self._log, torch.where(self._log, values, 1.0).log(), values)

    def to_unit(self, values: Tensor) -> Tensor:
        """Coordinates [..., parameter] in the unit cube of values [..., parameter] in their own units."""
        low, high = self._ends
        return (self._forward(values) - low) / (high - low)

    def from_unit(self, unit: Tensor) -> Tensor:
        """Values [..., parameter] in their own units at coordinates [..., parameter] in the unit cube."""
        low, high = self._ends
        inner = low + unit * (high - low)
        values = torch.where(self._log, torch.where(self._log, inner, 0.0).exp(), inner)
        # Bounds are met exactly, in spite of rounding; a plain clamp would also cut the gradient there.
        lower, upper = self._bounds
        exact = torch.where(unit >= 1, upper, torch.where(unit <= 0, lower, values.clamp(lower, upper)))
        return values + (exact - values).detach()

    def slopes(self, values: Tensor) -> Tensor:
        """Derivatives [..., parameter] of values in their own units by coordinates in the unit cube."""
        low, high = self._ends
        return torch.where(self._log, values, 1.0) * (high - low)

    def start(self, start: Mapping[str, float] | Sequence[float] | Tensor) -> Tensor:
        """Values [..., parameter] of a start given by name or in order.

        Raises:
            BoundsError: a value is missing, not finite or outside its bounds.
        """
        if isinstance(start, Mapping):
            missing = [name for name in self.ids if name not in start]
            if missing:
                raise BoundsError(f"the start has no value for {', '.join(map(repr, missing))}; give one")
            start = [start[name] for name in self.ids]
        values = torch.as_tensor(start, dtype=torch.float64).detach()
        if values.ndim not in (1, 2) or values.shape[-1] != len(self.ids):
            n = len(self.ids)
            raise BoundsError(f"the start has the shape {tuple(values.shape)}; expected [{n}] or [starts, {n}]")
        for row in values.reshape(-1, len(self.ids)).tolist():
            for p, value in zip(self.parameters, row, strict=True):
                if not p.lower <= value <= p.upper:
                    raise BoundsError(
                        f"parameter {p.id!r} starts at {value:g}, outside its bounds [{p.lower:g}, {p.upper:g}]; "
                        "widen the bounds or move the start"
                    )
        return values

    def sample(self, count: int, seed: int) -> Tensor:
        """Starts [start, parameter] spread evenly over the box: a scrambled Sobol sequence of this seed.

        Source: A. B. Owen, "Scrambling Sobol' and Niederreiter-Xing points", J. Complexity 14, 466-489 (1998).
        """
        points = torch.quasirandom.SobolEngine(len(self.ids), scramble=True, seed=seed).draw(count, dtype=torch.float64)
        return self.from_unit(points)

    def latin_hypercube(self, count: int, seed: int) -> Tensor:
        """Starts [start, parameter], each parameter once in each of `count` equal parts of its range.

        Source: M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21, 239-245 (1979).
        """
        points = LatinHypercube(len(self.ids), rng=np.random.default_rng(seed)).random(count)
        return self.from_unit(torch.as_tensor(points))

    def named(self, values: Tensor) -> dict[str, float]:
        """Values [parameter] by name."""
        return dict(zip(self.ids, values.tolist(), strict=True))

    def at_bounds(self, values: Tensor, tolerance: float = 1e-3) -> tuple[str, ...]:
        """Which bounds `values` [parameter] lie at, each in words, within `tolerance` of the range."""
        found = []
        for p, u in zip(self.parameters, self.to_unit(values).tolist(), strict=True):
            if u <= tolerance:
                found.append(f"{p.id} at its lower bound {p.lower:g}")
            elif u >= 1 - tolerance:
                found.append(f"{p.id} at its upper bound {p.upper:g}")
        return tuple(found)
