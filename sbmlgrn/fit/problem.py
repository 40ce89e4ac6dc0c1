"""What can be fitted: a loss with gradient and curvature over a box of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch

from sbmlgrn.fit.parameters import ParameterBox


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A loss at several points.

    Attributes:
        loss: negative logarithm of a likelihood ``[point]``; not finite where it could not be computed.
        gradient: its derivatives ``[point, parameter]``.
        curvature: positive semidefinite approximation of its second derivatives ``[point, parameter, parameter]``,
            the Fisher information.
        reasons: ``[point]`` why a loss is not finite; empty where it is.
    """

    loss: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray
    reasons: Sequence[str]

    @property
    def usable(self) -> np.ndarray:
        """Whether all is finite ``[point]``."""
        return np.isfinite(self.loss) & np.isfinite(self.gradient).all(-1) & np.isfinite(self.curvature).all((-1, -2))


class Problem(Protocol):
    """What `fit` asks of a problem."""

    @property
    def box(self) -> ParameterBox:
        """The parameters that may move."""
        ...

    @property
    def start(self) -> np.ndarray:
        """Where the first search begins ``[parameter]``, in the parameters' own units."""
        ...

    @property
    def measurements(self) -> int:
        """How many values were measured."""
        ...

    @property
    def estimated_aside(self) -> int:
        """How many scales and offsets are estimated beside the parameters."""
        ...

    @property
    def knows_noise(self) -> bool:
        """Whether the size of the noise is given; otherwise it is estimated from the residuals."""
        ...

    def evaluate(self, values: np.ndarray) -> Evaluation:
        """Loss and derivatives at `values` ``[point, parameter]``, in the parameters' own units."""
        ...

    def with_noise_at(self, values: np.ndarray) -> Self:
        """The problem with its noise known: that at `values` ``[parameter]``, free of bias by what was fitted."""
        ...

    def held_out_loss(self, values: np.ndarray) -> np.ndarray | None:
        """Loss ``[point]`` on what is held out; ``None`` if nothing is."""
        ...

    def windows(self, count: int) -> Sequence[Self]:
        """Problems about longer and longer beginnings of the data, the last of which is this one."""
        ...

    def without(self, names: Sequence[str]) -> Self:
        """The problem with parameters kept at their start."""
        ...


def in_unit_cube(problem: Problem, unit: np.ndarray) -> Evaluation:
    """Loss and derivatives at and with respect to coordinates `unit` ``[point, parameter]`` of the unit cube."""
    values = problem.box.from_unit(torch.as_tensor(unit))
    found = problem.evaluate(values.numpy())
    slopes = problem.box.slopes(values).numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        return Evaluation(
            found.loss,
            found.gradient * slopes,
            found.curvature * slopes[:, :, None] * slopes[:, None, :],
            found.reasons,
        )
