"""What a fit says about each measured symbol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sbmlgrn.calibrate.problem import TimeCourseProblem
from sbmlgrn.objectives import Likelihood, Measured


@dataclass(frozen=True)
class SymbolFit:
    """How one symbol was measured and is fitted.

    Attributes:
        symbol: its id.
        count: how many values were measured.
        noise: ``"normal"`` or ``"lognormal"``.
        sigma: standard deviation of the noise, as given (root mean square) or estimated; of the logarithm where the
            noise is log-normal.
        sigma_estimated: whether it was estimated.
        scale, offset: by what the course is multiplied, and what is added, to give measured values; ``None`` where
            neither was estimated.
        misfit: root mean square of the residuals, in standard deviations: about 1 where a model that is right meets
            noise that is known, and 1 by construction where the noise is estimated.
        explained: share of the measured variance that the fit explains, R²; of the logarithms where noise is
            log-normal.
    """

    symbol: str
    count: int
    noise: str
    sigma: float
    sigma_estimated: bool
    scale: float | None
    offset: float | None
    misfit: float
    explained: float


def symbol_fits(problem: TimeCourseProblem, values: Mapping[str, float]) -> list[SymbolFit]:
    """How the symbols are fitted with `values` of the parameters, by name."""
    found, _ = problem.likelihoods(problem.row(values), differentiated=False)
    return [
        SymbolFit(
            m.name,
            len(m.values),
            m.noise,
            float(one.sigma[0]),
            m.sigma is None,
            float(one.scale[0]) if m.scale else None,
            float(one.offset[0]) if m.offset else None,
            float(np.sqrt(np.square(one.residuals[0]).mean())),
            _explained(m, one),
        )
        for m, one in zip(problem.measured, found, strict=True)
    ]


def _explained(measured: Measured, found: Likelihood) -> float:
    target = np.log(measured.values) if measured.noise == "lognormal" else measured.values
    sigma = float(found.sigma[0]) if measured.sigma is None else measured.sigma
    spread = float(np.square(target - target.mean()).sum())
    return 1.0 - float(np.square(found.residuals[0] * sigma).sum()) / spread if spread else math.nan


def measurement_table(problem: TimeCourseProblem, values: Mapping[str, float]) -> pd.DataFrame:
    """A row for each measurement: symbol, condition, time, value, and the value less and more its noise."""
    found, _ = problem.likelihoods(problem.row(values), differentiated=False)
    names = np.array([condition.name for condition in problem.data.conditions])
    parts = []
    for column, m, one in zip(problem.data.columns, problem.measured, found, strict=True):
        sigma = m.sigma if m.sigma is not None else float(one.sigma[0])
        if m.noise == "lognormal":
            low, high = column.values * np.exp(-np.asarray(sigma)), column.values * np.exp(sigma)
        else:
            low, high = column.values - sigma, column.values + sigma
        rows = {"condition": names[column.condition], "time": column.times, "value": column.values}
        parts.append(pd.DataFrame({"symbol": column.symbol, **rows, "low": low, "high": high}))
    return pd.concat(parts, ignore_index=True)


def fitted_courses(problem: TimeCourseProblem, values: Mapping[str, float], points: int = 201) -> pd.DataFrame:
    """Fitted courses of all measured symbols, by condition and time."""
    curves = problem.curves(values, points)
    names = [condition.name for condition in problem.data.conditions]
    return pd.concat(dict(zip(names, curves, strict=True)), names=["condition"])
