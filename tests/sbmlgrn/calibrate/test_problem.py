"""Networks and measurements as problems: losses by SciPy, gradients by differences, and fits of what is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import sbmlgrn as sg
from sbmlgrn.calibrate import DataError, TimeCourseProblem, fitted_courses, measurement_table, symbol_fits
from sbmlgrn.fit import BoundsError
from sbmlgrn.network import UnknownElementError
from sbmlgrn.objectives import NoiseError

CHAIN = """
model chain
  compartment c = 2
  species A in c, B in c
  A = 3; B = 0; k = 0.7; q = 0.3; idle = 4; zero = 0
  J: A -> B; c*k*A
  K: B -> ; c*q*B
  total := A + B
  init = 2
end
"""
DOSED = """
model dosed
  A = 5; k = 0.5; dose = 2; period = 2; next = 2; n = 2
  J: A -> ; k*A
  E: at (time >= next): A = A + dose, next = next + period
end
"""
STIFF = """
model stiff
  A = 1; B = 0; C = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4
  J1: A -> B; k1*A
  J2: 2 B -> B + C; k2*B^2
  J3: B + C -> A + C; k3*B*C
end
"""
T = np.linspace(0, 6, 13)


def exact(k: float = 0.7, q: float = 0.3, a0: float = 3.0) -> pd.DataFrame:
    a = a0 * np.exp(-k * T)
    b = a0 * k / (q - k) * (np.exp(-k * T) - np.exp(-q * T))
    return pd.DataFrame({"time": T, "A": a, "B": b, "total": a + b})


def noisy(frame: pd.DataFrame, sigma: float, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return frame.assign(**{c: frame[c] + sigma * rng.normal(size=len(frame)) for c in frame if c != "time"})


def two_conditions(seed: int = 0) -> pd.DataFrame:
    """At unequal times, with missing values and replicates."""
    low, high = noisy(exact(), 0.05, seed), noisy(exact(a0=1.0), 0.05, seed + 1)
    low["A"] = low["A"].where(np.arange(len(T)) % 3 > 0)
    high = pd.concat([high[4:], high[6:8]])
    return pd.concat([low.assign(condition="low"), high.assign(condition="high", **{"set:A": 1.0})])


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "given noise": {"sigma": {"A": 0.1, "B": 0.05, "total": 0.2}},
    "scales": {"scale": ["A"], "offset": ["A", "B"]},
    "lognormal": {"noise": {"total": "lognormal"}, "scale": ["total"]},
    "initial": {"estimate": "both", "bounds": {"B": (-0.5, 0.5, "linear"), "c": (1, 4)}},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_gradients_are_those_of_differences(name: str) -> None:
    problem = sg.time_courses(sg.load(CHAIN), two_conditions(), fix=["idle"], rtol=1e-9, **OPTIONS[name])
    values = np.stack([problem.start * 1.1, problem.start * 0.8]) + 0.01
    found = problem.evaluate(values)
    assert found.usable.all()
    for k in range(values.shape[1]):
        h = np.zeros_like(values)
        h[:, k] = 1e-5 * values[:, k]
        difference = (problem.evaluate(values + h).loss - problem.evaluate(values - h).loss) / (2 * h[:, k])
        floor = 1e-5 * np.abs(found.gradient * values).max() / values[:, k].min()
        assert found.gradient[:, k] == pytest.approx(difference, rel=1e-4, abs=floor)


def test_the_loss_is_the_likelihood_of_the_analytic_solution() -> None:
    data = two_conditions()
    problem = sg.time_courses(sg.load(CHAIN), data, free=["k", "q"], sigma=0.05, rtol=1e-9)
    loss = problem.evaluate(np.array([[0.6, 0.4]])).loss[0]
    expected = 0.0
    for condition, a0 in (("low", 3.0), ("high", 1.0)):
        rows = data[data["condition"] == condition]
        course = exact(0.6, 0.4, a0).set_index("time").loc[rows["time"]]
        for symbol in ("A", "B", "total"):
            measured = np.asarray(rows[symbol], dtype=float)
            known = ~np.isnan(measured)
            expected -= stats.norm.logpdf(measured[known], np.asarray(course[symbol])[known], 0.05).sum()
    assert loss == pytest.approx(expected, rel=1e-6)


def test_known_parameters_are_found() -> None:
    problem = sg.time_courses(sg.load(CHAIN), two_conditions(), estimate="both")
    assert problem.box.ids == ("A", "k", "q", "idle", "init")
    assert problem.notes == (
        "B is 0 in the model and stays as it is: to fit it, give bounds",
        "zero is 0 in the model and stays as it is: to fit it, give bounds",
    )
    fit = sg.fit(problem, starts=5)
    assert list(fit.values) == ["A", "k", "q"]
    assert [w for w in fit.warnings if "idle" in w or "init" in w] == [
        "idle has no effect on what was measured: it stays at 4",
        "init has no effect on what was measured: it stays at 2",
    ]
    for e, truth in zip(fit.estimates, (3.0, 0.7, 0.3), strict=True):
        assert e.standard_error is not None and abs(e.value - truth) < 4 * e.standard_error < truth
    # the value that a condition sets is none of the fitted network's
    assert problem.network_at(fit.values).value("A") == fit.values["A"]


def test_scales_offsets_and_noise_are_found() -> None:
    data = noisy(exact().assign(B=lambda d: 4 * d["B"] + 1, A=lambda d: 0.5 * d["A"]), 0.02)
    fit = sg.fit(sg.time_courses(sg.load(CHAIN), data, free=["k", "q"], scale=["A", "B"], offset=["B"]), starts=3)
    symbols = {s.symbol: s for s in symbol_fits(fit.problem, fit.values)}
    assert symbols["A"].scale == pytest.approx(0.5, rel=0.05) and symbols["A"].offset is None
    assert symbols["B"].scale == pytest.approx(4, rel=0.1) and symbols["B"].offset == pytest.approx(1, abs=0.1)
    assert symbols["total"].sigma == pytest.approx(0.02, rel=0.5) and symbols["total"].explained > 0.99
    course = fitted_courses(fit.problem, fit.values)
    assert course["B"].to_numpy()[0] == pytest.approx(symbols["B"].offset, abs=1e-6)
    table = measurement_table(fit.problem, fit.values)
    assert len(table) == 3 * len(T) and (np.asarray(table["high"]) > np.asarray(table["value"])).all()


def test_events_are_fitted() -> None:
    network = sg.load(DOSED)
    truth = {"k": 0.8, "dose": 3.0, "period": 1.6}
    with torch.no_grad():
        course = sg.simulate(sg.compile(network), np.linspace(0, 8.9, 31), truth).to_dataframe(["A"])
    data = noisy(course.reset_index(), 0.02)
    # doses that come between other measurements make optima of their own
    bounds = {"period": (1.3, 2.3)}
    fit = sg.fit(sg.time_courses(network, data, free=list(truth), span=2, bounds=bounds), starts=8)
    for name, value in truth.items():
        assert fit.values[name] == pytest.approx(value, rel=0.03)


def test_stiff_models_are_fitted() -> None:
    network = sg.load(STIFF)
    truth = {"k1": 0.06, "k2": 2e7, "k3": 1.5e4}
    t = np.concatenate([[0.0], np.logspace(-5, 4, 30)])
    with torch.no_grad():
        course = sg.simulate(sg.compile(network), t, truth, rtol=1e-9, atol=1e-13).to_dataframe()
    rng = np.random.default_rng(0)
    data = (course * (1 + 0.02 * rng.normal(size=course.shape))).iloc[1:].reset_index()
    fit = sg.fit(sg.time_courses(network, data, noise="lognormal", span=10), starts=4)
    for name, value in truth.items():
        assert fit.values[name] == pytest.approx(value, rel=0.05)


def test_trajectories_that_fail_do_not_end_the_fit() -> None:
    """A' = k A^2 leaves the axis before the end of the data for k above 0.2."""
    data = pd.DataFrame({"time": T[:9], "A": 1 / (1 - 0.1 * T[:9])})
    problem = sg.time_courses(sg.load("model m; A = 1; k = 0.15; A' = k*A^2; end"), data, sigma=0.01)
    found = problem.evaluate(np.array([[0.15], [0.5]]))
    assert np.isfinite(found.loss).tolist() == [True, False] and found.reasons[0] == "" and found.reasons[1]
    assert sg.fit(problem, starts=6).values["k"] == pytest.approx(0.1, rel=1e-3)


def test_held_out_conditions_are_predicted_but_not_fitted() -> None:
    problem = sg.time_courses(sg.load(CHAIN), two_conditions(), free=["k", "q"], sigma=0.05, hold_out=["high"])
    assert [c.name for c in problem.data.conditions] == ["low"] and problem.held_out is not None
    assert [c.name for c in problem.held_out.data.conditions] == ["high"]
    values = np.array([[0.7, 0.3], [0.2, 0.1]])
    losses = problem.held_out_loss(values)
    assert losses is not None and losses == pytest.approx(problem.held_out.evaluate(values).loss)
    assert sg.fit(problem, starts=3).values["k"] == pytest.approx(0.7, rel=0.1)


def test_windows_grow() -> None:
    problem = sg.time_courses(sg.load(CHAIN), two_conditions(), free=["k", "q"])
    windows = problem.windows(3)
    assert [max(c.times.max() for c in w.data.columns) for w in windows] == [2.0, 4.0, 6.0]
    assert windows[-1] is problem
    assert sg.fit(problem, starts=2, windows=3).values["k"] == pytest.approx(0.7, rel=0.1)


def test_conditions_with_one_time_only() -> None:
    data = pd.DataFrame({"time": [0.0, 2.0], "set:A": [1.0, 2.0], "A": [1.1, 0.5]})
    problem = sg.time_courses(sg.load(CHAIN), data, free=["k"], sigma=0.1)
    expected = stats.norm.logpdf([1.1, 0.5], [1.0, 2 * np.exp(-1.4)], 0.1).sum()
    assert problem.evaluate(np.array([[0.7]])).loss[0] == pytest.approx(-expected, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        (
            {"data": exact().rename(columns={"total": "totl"})},
            UnknownElementError,
            "unknown column 'totl': did you mean 'total'",
        ),
        (
            {"data": exact().rename(columns={"A": "X", "B": "Y", "total": "Z"})},
            DataError,
            "no column is named after a symbol of the model: the columns are 'X', 'Y', 'Z'",
        ),
        ({"data": exact().assign(**{"set:kk": 1.0})}, UnknownElementError, "unknown parameter 'kk'"),
        ({"data": exact().assign(**{"set:total": 1.0})}, DataError, "an assignment rule determines the value"),
        ({"data": exact().assign(**{"set:k": 1.0}), "free": ["k"]}, DataError, "'k' cannot be fitted: every condition"),
        ({"fix": ["kk"]}, UnknownElementError, "unknown parameter 'kk'"),
        ({"free": ["J"]}, DataError, "'J' is a Reaction and has no value"),
        ({"free": ["zero"]}, BoundsError, "parameter 'zero' is 0 in the model: give bounds"),
        ({"bounds": {"k": (2, 1)}}, BoundsError, "'k': the lower bound 2 must be below the upper bound 1"),
        ({"bounds": {"k": (0, 1)}}, BoundsError, "'k': the lower bound is 0; a log scale needs"),
        ({"fix": ["k", "q", "idle", "init"]}, BoundsError, "there is nothing to fit"),
        ({"span": 1.0}, BoundsError, "the span of the bounds is 1"),
        ({"sigma": {"C": 1.0}}, UnknownElementError, "unknown column 'C'"),
        ({"scale": ["k"]}, UnknownElementError, "unknown column 'k'"),
        ({"sigma": -1.0}, NoiseError, "standard deviation -1"),
        ({"noise": "lognormal"}, NoiseError, "'B': the value 0 was measured"),
        ({"hold_out": ["x"]}, UnknownElementError, "unknown condition 'x'"),
        ({"data": exact().assign(**{"sd:A": 1.0}), "sigma": {"A": 1.0}}, NoiseError, "twice"),
        ({"estimate": "all"}, BoundsError, "unknown kind of parameters 'all'"),
    ],
)
def test_bad_requests_are_refused(options: dict[str, Any], kind: type[ValueError], text: str) -> None:
    data = options.pop("data", exact())
    with pytest.raises(kind, match=text):
        sg.time_courses(sg.load(CHAIN), data, **options)


def test_everything_held_out_is_refused() -> None:
    with pytest.raises(DataError, match="every condition is held out"):
        sg.time_courses(sg.load(CHAIN), two_conditions(), hold_out=["low", "high"])


def test_lognormal_noise_where_the_course_is_zero_is_explained() -> None:
    data = exact().assign(B=lambda d: d["B"] + 0.1)
    problem: TimeCourseProblem = sg.time_courses(sg.load(CHAIN), data, noise="lognormal")
    with pytest.raises(ValueError, match="B is not above 0 at the time 0, where log-normal noise needs it to be"):
        sg.fit(problem, starts=2)
