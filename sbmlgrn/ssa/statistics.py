"""What many trajectories have in common, summed up portion by portion without keeping them.

Source: Chan, Golub & LeVeque 1983, Am. Stat. 37:242 (means and sums of squares of parts combined).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sbmlgrn.ssa.status import StochasticStatus

if TYPE_CHECKING:
    import pandas as pd

_MOST_BINS: Final = 4096
_FEWEST_BINS: Final = 1024
"""Bins between which and `_MOST_BINS` the values of a symbol that is no whole number are spread."""


@dataclass(frozen=True)
class Histogram:
    """How often values lay in each bin.

    Attributes:
        edges: ``[bin + 1]``; a bin holds its lower edge. Whole numbers have bins of width 1 as long as those suffice.
        counts: ``[time, bin]``.
    """

    edges: np.ndarray
    counts: np.ndarray


class Statistics:
    """Statistics of symbols over trajectories on a time grid.

    Attributes:
        t: ``[time]``.
        ids: the symbols.
        count: trajectories summed up.
        ends: how many trajectories ended in each way.
        events: reactions in all trajectories together.
    """

    def __init__(self, t: np.ndarray, ids: Sequence[str]) -> None:
        self.t = t
        self.ids = tuple(ids)
        self.count = 0
        self.ends: Counter[StochasticStatus] = Counter()
        self.events = 0
        shape = (len(t), len(self.ids))
        self._mean, self._squares = np.zeros(shape), np.zeros(shape)
        self._bins = [_Bins(len(t)) for _ in self.ids]
        self._power = np.zeros((len(np.fft.rfftfreq(2 * len(t))), len(self.ids)))

    def add(self, values: np.ndarray) -> None:
        """Adds trajectories ``[trajectory, time, symbol]``."""
        count = len(values)
        if not count:
            return
        mean = values.mean(0)
        total = self.count + count
        apart = mean - self._mean
        self._squares += ((values - mean) ** 2).sum(0) + apart**2 * (self.count * count / total)
        self._mean += apart * (count / total)
        self.count = total
        for i, bins in enumerate(self._bins):
            bins.add(values[:, :, i])
        fluctuations = values - values.mean(1, keepdims=True)
        self._power += (np.abs(np.fft.rfft(fluctuations, n=2 * len(self.t), axis=1)) ** 2).sum(0)

    def count_ends(self, status: np.ndarray, events: np.ndarray) -> None:
        """Adds how trajectories ended and how many reactions fired in them, ``[trajectory]`` each."""
        self.ends.update(StochasticStatus(code) for code in status.tolist())
        self.events += int(events.sum())

    def mean(self, name: str) -> np.ndarray:
        """Mean of a symbol ``[time]``."""
        return self._mean[:, self._index(name)].copy()

    def variance(self, name: str) -> np.ndarray:
        """Unbiased variance of a symbol ``[time]``; NaN for a single trajectory."""
        return self._squares[:, self._index(name)] / (self.count - 1 if self.count > 1 else np.nan)

    def standard_error(self, name: str) -> np.ndarray:
        """Standard error of the mean of a symbol ``[time]``."""
        return np.sqrt(self.variance(name) / self.count)

    def histogram(self, name: str) -> Histogram:
        """How the values of a symbol are distributed at each time."""
        return self._bins[self._index(name)].histogram()

    def quantile(self, name: str, q: float) -> np.ndarray:
        """Quantile of a symbol ``[time]``: the least value that a share `q` of the trajectories does not exceed.

        Where values are no whole numbers, or spread over too many, it is interpolated within a bin of the histogram.

        Raises:
            ValueError: `q` is not between 0 and 1.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"q is {q}, expected a number from 0 to 1")
        bins = self._bins[self._index(name)]
        histogram = bins.histogram()
        cumulative = histogram.counts.cumsum(1)
        target = q * self.count
        at = (cumulative < target).sum(1).clip(max=histogram.counts.shape[1] - 1)
        rows = np.arange(len(at))
        # a share of 0 is not exceeded by the least value that there is
        at = np.maximum(at, (histogram.counts > 0).argmax(1))
        if bins.counts_whole_numbers:
            return histogram.edges[at]
        inside = histogram.counts[rows, at]
        before = cumulative[rows, at] - inside
        return histogram.edges[at] + bins.width * np.clip((target - before) / np.maximum(inside, 1), 0, 1)

    def spectrum(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Frequencies ``[frequency]``, in cycles per unit of time, and the mean power density of a symbol there.

        The mean over trajectories of their periodograms, each of fluctuations about its own mean over time, padded with
        zeros to twice its length.

        Raises:
            ValueError: the time grid is not regular.
        """
        step = self._step()
        frequencies = np.fft.rfftfreq(2 * len(self.t), step)
        return frequencies, self._power[:, self._index(name)] * step / (len(self.t) * self.count)

    def autocovariance(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Lags ``[lag]`` and the mean autocovariance of a symbol over trajectories, about each one's mean over time.

        Raises:
            ValueError: the time grid is not regular.
        """
        step, n = self._step(), len(self.t)
        sums = np.fft.irfft(self._power[:, self._index(name)], n=2 * n)[:n]
        return np.arange(n) * step, sums / (self.count * np.arange(n, 0, -1))

    def to_dataframe(self, quantiles: Mapping[str, float]) -> pd.DataFrame:
        """Mean, variance and `quantiles` (by the names of their columns), a row per ``symbol`` and ``time``."""
        import pandas as pd

        frames = []
        for name in self.ids:
            columns = {"mean": self.mean(name), "variance": self.variance(name)}
            columns |= {label: self.quantile(name, q) for label, q in quantiles.items()}
            frames.append(pd.DataFrame(columns, index=pd.Index(self.t, name="time")))
        return pd.concat(frames, keys=self.ids, names=["symbol"])

    def _index(self, name: str) -> int:
        if name not in self.ids:
            raise ValueError(f"there are no statistics of {name!r}; there are those of {', '.join(self.ids)}")
        return self.ids.index(name)

    def _step(self) -> float:
        steps = np.diff(self.t)
        if not len(steps) or np.ptp(steps) > 1e-9 * steps.mean():
            raise ValueError("spectra and autocovariances need a regular time grid of at least two times")
        return float(steps.mean())


class _Bins:
    """Counts in bins whose width doubles when they would be too many; their place does not depend on the order."""

    def __init__(self, times: int) -> None:
        self._counts = np.zeros((times, 1), np.int64)
        self._first = 0
        self.width = 0.0

    @property
    def counts_whole_numbers(self) -> bool:
        """Whether each bin holds one whole number."""
        return self.width == 1.0 and self._whole

    def histogram(self) -> Histogram:
        edges = (self._first + np.arange(self._counts.shape[1] + 1)) * self.width
        return Histogram(edges, self._counts.copy())

    def add(self, values: np.ndarray) -> None:
        """Adds values ``[trajectory, time]``."""
        if not self.width:
            self._whole = bool((values == np.round(values)).all())
            largest = float(np.abs(values).max())
            self.width = 1.0 if self._whole or not largest else 2.0 ** np.floor(np.log2(largest / _FEWEST_BINS))
            self._first = int(np.floor(values.min() / self.width))
        elif self._whole and not (values == np.round(values)).all():
            self._whole = False
        bins = np.floor(values / self.width).astype(np.int64)
        low = min(int(bins.min()), self._first)
        high = max(int(bins.max()), self._first + self._counts.shape[1] - 1)
        while high - low >= _MOST_BINS:
            self._merge()
            bins, low, high = bins >> 1, low >> 1, high >> 1
        self._cover(low, high)
        width = self._counts.shape[1]
        flat = (bins - self._first) + np.arange(bins.shape[1]) * width
        self._counts += np.bincount(flat.ravel(), minlength=self._counts.size).reshape(self._counts.shape)

    def _merge(self) -> None:
        first = self._first - (self._first & 1)
        self._cover(first, self._first + self._counts.shape[1] - 1)
        if self._counts.shape[1] & 1:
            self._cover(first, first + self._counts.shape[1])
        self._counts = self._counts.reshape(len(self._counts), -1, 2).sum(2)
        self._first >>= 1
        self.width *= 2

    def _cover(self, low: int, high: int) -> None:
        before, after = self._first - low, high - (self._first + self._counts.shape[1] - 1)
        if before > 0 or after > 0:
            self._counts = np.pad(self._counts, ((0, 0), (max(before, 0), max(after, 0))))
            self._first = min(low, self._first)
