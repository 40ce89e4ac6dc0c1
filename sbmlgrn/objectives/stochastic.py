"""What is asked of an ensemble of stochastic trajectories: functions of means over trajectories of features.

Each objective has `t`, `ids`, `until`, `features` and `loss`, as `sbmlgrn.ssa.gradient` asks. A feature is a function
of one trajectory, the loss one of the features' means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.objectives.frequency import power_spectrum, spectral_peak

Loss = Callable[[Tensor], Tensor]


class Moments:
    """A function of the moments of symbols at times.

    Args:
        ids: symbols.
        t: strictly increasing times ``[time]``, of which the first is the start of the simulation.
        loss: of the raw moments E[xᵖ] ``[power, time, symbol]``, p = 1 … `order`; their sum if not given.
        order: the highest power.

    Raises:
        ValueError: the order is not positive.
    """

    def __init__(self, ids: Sequence[str] | str, t: Any, loss: Loss | None = None, order: int = 1) -> None:
        if order < 1:
            raise ValueError(f"order is {order}, expected a positive number")
        self.ids = (ids,) if isinstance(ids, str) else tuple(ids)
        self.t = torch.as_tensor(t, dtype=torch.float64)
        self._loss, self._order = loss, order

    @property
    def until(self) -> Tensor:
        """Each moment depends on the course up to its own time."""
        times = torch.arange(len(self.t))
        return times[None, :, None].expand(self._order, -1, len(self.ids)).reshape(-1)

    def features(self, values: Tensor) -> Tensor:
        """Powers of values ``[trajectory, time, symbol]``."""
        return torch.stack([values**k for k in range(1, self._order + 1)], 1).flatten(1)

    def loss(self, means: Tensor) -> Tensor:
        """The function of the moments."""
        moments = means.reshape(self._order, len(self.t), len(self.ids))
        return moments.sum() if self._loss is None else self._loss(moments)


def mean_at(symbol: str, time: float, start: float = 0.0) -> Moments:
    """The mean of a symbol at one time."""
    return Moments(symbol, [start, time], lambda moments: moments[0, -1, 0])


class TimeAverage(Moments):
    """A function of the averages over time of the means of symbols.

    Args:
        ids: symbols.
        t: strictly increasing times ``[time]``; the average is the trapezoidal one over all from `since` on.
        loss: of the averages ``[symbol]``; their sum if not given.
        since: what comes before is left out.
    """

    def __init__(self, ids: Sequence[str] | str, t: Any, loss: Loss | None = None, since: float = -np.inf) -> None:
        grid = torch.as_tensor(t, dtype=torch.float64)
        kept = grid >= since
        if int(kept.sum()) < 2:
            raise ValueError(f"fewer than two of the times are at or after {since:g}")
        steps = torch.where(kept[1:] & kept[:-1], grid.diff(), 0.0)
        weights = torch.zeros_like(grid)
        weights[1:] += 0.5 * steps
        weights[:-1] += 0.5 * steps
        weights = weights / weights.sum()

        def averaged(moments: Tensor) -> Tensor:
            averages = weights @ moments[0]
            return averages.sum() if loss is None else loss(averages)

        super().__init__(ids, grid, averaged)


class MeanSpectrum:
    """A function of the mean over trajectories of a symbol's power spectra, `power_spectrum` of each.

    Args:
        symbol: the symbol.
        t: equally spaced times ``[time]``.
        loss: of the mean power ``[frequency]``; with none, the frequency of its highest peak.
        since: what comes before, the transient, is left out.

    Attributes:
        frequencies: ``[frequency]``, in cycles per unit of time.

    Raises:
        ValueError: the times are not equally spaced, or fewer than 16 are left.
    """

    def __init__(self, symbol: str, t: Any, loss: Loss | None = None, since: float = -np.inf) -> None:
        self.ids = (symbol,)
        self.t = torch.as_tensor(t, dtype=torch.float64)
        self.until = None
        steps = self.t.diff()
        self._step = float(steps.mean())
        if not torch.allclose(steps, steps.mean(), rtol=1e-6, atol=0.0):
            raise ValueError("the times are not equally spaced; a spectrum needs a regular grid")
        self._first = int((self.t < since).sum())
        self._loss = self.peak if loss is None else loss
        self.frequencies, _ = power_spectrum(self.t[self._first :], self._step)

    def features(self, values: Tensor) -> Tensor:
        """Power ``[trajectory, frequency]``."""
        return power_spectrum(values[:, self._first :, 0], self._step)[1]

    def loss(self, means: Tensor) -> Tensor:
        """The function of the mean power."""
        return self._loss(means)

    def peak(self, power: Tensor) -> Tensor:
        """Frequency of the highest peak of `power` ``[frequency]``, a mean over its main lobe."""
        return spectral_peak(self.frequencies, power, (len(self.t) - self._first) * self._step)

    def centroid(self, power: Tensor) -> Tensor:
        """Mean frequency under `power` ``[frequency]``."""
        return (self.frequencies * power).sum() / power.sum()


class DistributionMatch:
    """Squared distance between a symbol's distribution at a time and samples of another, by a kernel (MMD²).

    MMD² = E k(x, x′) − 2 E k(x, y) + E k(y, y′) with a Gaussian kernel, whose mean over the ensemble is taken at fixed
    points, by quadrature; Gretton et al. 2012, J. Mach. Learn. Res. 13:723, eq. 5. It is the squared difference of
    histograms smoothed by a kernel narrower by √2.

    Args:
        symbol: the symbol.
        time: when.
        samples: of the other distribution ``[sample]``.
        width: of the kernel, in the symbol's unit; the samples' standard deviation over n^(1/5) if not given.
        start: of the simulation.
    """

    _PER_WIDTH = 2.0
    _BEYOND = 6.0

    def __init__(self, symbol: str, time: float, samples: Any, width: float | None = None, start: float = 0.0) -> None:
        self.ids = (symbol,)
        self.t = torch.tensor([start, time], dtype=torch.float64)
        self.until = None
        given = torch.as_tensor(samples, dtype=torch.float64).flatten()
        if len(given) < 2 or not bool(torch.isfinite(given).all()):
            raise ValueError("samples must be at least two finite numbers")
        spread = float(given.std())
        self.width = width if width is not None else max(spread / len(given) ** 0.2, 0.5)
        if not self.width > 0:
            raise ValueError(f"width is {self.width}, expected a positive number")
        low = min(float(given.min()) - self._BEYOND * max(spread, self.width), -self._BEYOND * self.width)
        high = float(given.max()) + self._BEYOND * max(spread, self.width)
        points = int(np.ceil((high - low) / self.width * self._PER_WIDTH)) + 1
        self.points = torch.linspace(low, high, points, dtype=torch.float64)
        self.wanted = self._smooth(given).mean(0)

    def features(self, values: Tensor) -> Tensor:
        """Density of a bell about the value, at the points ``[trajectory, point]``."""
        return self._smooth(values[:, -1, 0])

    def loss(self, means: Tensor) -> Tensor:
        """The squared distance of the densities, in units in which 1 is that of a bell from nothing."""
        return ((means - self.wanted) ** 2).sum() * self._scale

    @cached_property
    def _scale(self) -> float:
        return 2.0 * np.sqrt(np.pi) * self.width * float(self.points[1] - self.points[0])

    def _smooth(self, values: Tensor) -> Tensor:
        apart = (self.points - values[:, None]) / self.width
        return torch.exp(-0.5 * apart**2) / (self.width * np.sqrt(2 * np.pi))


class Functional:
    """The mean over trajectories of a function of a trajectory, or a function of several such means.

    Args:
        ids: symbols.
        t: strictly increasing times ``[time]``.
        function: values ``[trajectory, time, symbol]`` → ``[trajectory]`` or ``[trajectory, feature]``,
            of torch's operations.
        loss: of the means ``[feature]``; their sum if not given.
    """

    def __init__(
        self, ids: Sequence[str] | str, t: Any, function: Callable[[Tensor], Tensor], loss: Loss | None = None
    ) -> None:
        self.ids = (ids,) if isinstance(ids, str) else tuple(ids)
        self.t = torch.as_tensor(t, dtype=torch.float64)
        self.until = None
        self._function, self._loss = function, loss

    def features(self, values: Tensor) -> Tensor:
        """What the function makes of values."""
        found = self._function(values)
        return found[:, None] if found.ndim == 1 else found

    def loss(self, means: Tensor) -> Tensor:
        """The function of the means."""
        return means.sum() if self._loss is None else self._loss(means)
