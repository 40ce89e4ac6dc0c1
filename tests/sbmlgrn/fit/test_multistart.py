"""Fits of problems made by hand, for which all is known in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sbmlgrn as sg
from sbmlgrn.fit import BoundsError, Evaluation, Fit, FitError, FreeParameter, ParameterBox, Progress
from sbmlgrn.objectives import Measured, likelihood

X = np.linspace(0.0, 1.0, 12)


@dataclass(frozen=True)
class Lines:
    """y = a + b x, and a parameter c that does nothing; a and b on linear scales."""

    y: np.ndarray
    sigma: float | None
    box: ParameterBox
    start: np.ndarray
    design: np.ndarray
    dead: float = np.inf
    """Points with a above this cannot be computed."""
    measurements: int = len(X)
    estimated_aside: int = 0

    @property
    def knows_noise(self) -> bool:
        return self.sigma is not None

    def evaluate(self, values: np.ndarray) -> Evaluation:
        found = likelihood(
            Measured("y", self.y, sigma=self.sigma),
            values @ self.design.T,
            np.broadcast_to(self.design, (len(values), *self.design.shape)),
        )
        bad = values[:, 0] > self.dead
        return Evaluation(
            np.where(bad, np.inf, found.loss),
            found.gradient,
            found.curvature,
            ["out of reach" if b else "" for b in bad],
        )

    def with_noise_at(self, values: np.ndarray) -> Lines:
        squares = np.square(self.y - self.design @ values).sum()
        sigma = float(np.sqrt(squares / (len(self.y) - np.linalg.matrix_rank(self.design))))
        return self if self.sigma is not None else replace(self, sigma=sigma)

    def held_out_loss(self, values: np.ndarray) -> None:
        return None

    def windows(self, count: int) -> Sequence[Lines]:
        return [self] * count

    def without(self, names: Sequence[str]) -> Lines:
        kept = [i for i, name in enumerate(self.box.ids) if name not in names]
        box = ParameterBox(tuple(self.box.parameters[i] for i in kept))
        return replace(self, box=box, start=self.start[kept], design=self.design[:, kept])


def lines(sigma: float | None = 0.1, columns: Sequence[np.ndarray] = (np.ones_like(X), X), seed: int = 0) -> Lines:
    rng = np.random.default_rng(seed)
    names = "abc"[: len(columns)]
    box = ParameterBox(tuple(FreeParameter(name, -10, 10, "linear") for name in names))
    y = 1.0 + 2.0 * X + 0.1 * rng.normal(size=len(X))
    return Lines(y, sigma, box, np.zeros(len(names)), np.stack(columns, -1))


@pytest.mark.parametrize("optimizer", ["auto", "adam", "lbfgs"])
def test_a_line_is_fitted(optimizer: str) -> None:
    told: list[Progress] = []
    problem = lines()
    fit = sg.fit(problem, 4, optimizer, max_iterations=400, on_progress=told.append)
    exact = np.polyfit(X, problem.y, 1)
    assert fit.values["a"] == pytest.approx(exact[1], abs=1e-3)
    assert fit.values["b"] == pytest.approx(exact[0], abs=1e-3)
    assert fit.agreeing == 4 and not fit.warnings
    assert tuple(told) == fit.history and told[-1].values.keys() == {"a", "b"}
    assert [start.loss for start in fit.starts] == sorted(start.loss for start in fit.starts)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("sigma", [0.1, None])
def test_intervals_of_both_kinds_are_those_of_linear_regression(sigma: float | None, level: float) -> None:
    problem = lines(sigma)
    fit = sg.fit(problem, 1, profiles=["a", "b"], level=level)
    line: Any = stats.linregress(X, problem.y)
    if sigma is None:
        reach = stats.t.ppf(0.5 + level / 2, len(X) - 2)
        errors = {"a": line.intercept_stderr, "b": line.stderr}
    else:
        reach = stats.norm.ppf(0.5 + level / 2)
        covariance = np.linalg.inv(problem.design.T @ problem.design) * sigma**2
        errors = dict(zip("ab", np.sqrt(np.diagonal(covariance)), strict=True))
    for e in fit.estimates:
        assert e.standard_error == pytest.approx(errors[e.id], rel=1e-3)
        expected = (e.value - reach * errors[e.id], e.value + reach * errors[e.id])
        assert e.interval == pytest.approx(expected, rel=1e-3)
        assert fit.profiles[e.id].interval == pytest.approx(expected, abs=0.03 * reach * errors[e.id])


def test_a_parameter_without_effect_is_named_and_kept() -> None:
    problem = lines(columns=(np.ones_like(X), X, np.zeros_like(X)))
    problem.start[2] = 7.0
    fit = sg.fit(problem, 2)
    assert list(fit.values) == ["a", "b"]
    assert fit.warnings == ("c has no effect on what was measured: it stays at 7",)
    with pytest.raises(FitError, match="no parameter has an effect on what was measured: a, b"):
        sg.fit(lines(columns=(np.zeros_like(X), np.zeros_like(X))))


def test_what_the_data_leave_open_is_named() -> None:
    fit = sg.fit(lines(columns=(X, X)), 2)
    assert "a and b are not determined separately: the fit hardly changes when a rises while b falls" in fit.warnings
    assert {e.interval for e in fit.estimates} == {(None, None)}
    profiled = sg.fit(lines(columns=(X, X)), 1, profiles=["a"])
    low, high = profiled.profiles["a"].interval
    assert high is None
    # below that, b would have to leave its bounds
    total = sum(profiled.values.values())
    assert low is not None and total - 10.5 < low < total - 10


def test_a_value_at_its_bound_is_named() -> None:
    problem = lines()
    narrow = ParameterBox((problem.box.parameters[0], FreeParameter("b", -10, 1.5, "linear")))
    fit = sg.fit(replace(problem, box=narrow), 1, profiles=["b"])
    b = fit.estimates[1]
    assert (b.value, b.at_bound, b.standard_error) == (1.5, "upper bound 1.5", None)
    assert "b ended at its bound: upper bound 1.5" in fit.warnings
    assert fit.profiles["b"].interval[1] is None and fit.profiles["b"].interval[0] is not None


def test_starts_that_cannot_be_computed_are_drawn_again() -> None:
    fit = sg.fit(replace(lines(), dead=2.0), 8)
    assert all(np.isfinite(start.loss) for start in fit.starts)
    with pytest.raises(FitError, match=r"none of 18 starts can be simulated.*: out of reach"):
        sg.fit(replace(lines(), dead=-11.0), 2)


def test_windows_lead_to_the_same_fit() -> None:
    fits: list[Fit] = [sg.fit(lines(), 2, windows=n) for n in (1, 3)]
    assert fits[0].values == pytest.approx(fits[1].values, abs=1e-4)
    assert fits[1].history[0].stage == "window 1 of 3"


def test_what_progress_raises_ends_the_fit() -> None:
    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sg.fit(lines(), on_progress=stop)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"optimizer": "newton"}, "unknown optimiser 'newton'"),
        ({"starts": 0}, "starts is 0"),
        ({"windows": 0}, "windows is 0"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"level": 1.0}, "must lie between 0 and 1"),
        ({"profiles": ["z"]}, "no profile of 'z'"),
    ],
)
def test_bad_options_are_refused(options: dict, text: str) -> None:
    with pytest.raises((ValueError, BoundsError), match=text):
        sg.fit(lines(), **options)
