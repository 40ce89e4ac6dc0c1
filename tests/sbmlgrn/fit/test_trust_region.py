"""Trust-region searches, beside SciPy's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import least_squares, lsq_linear, minimize

from sbmlgrn.fit import FitStatus
from sbmlgrn.fit.problem import Evaluation
from sbmlgrn.fit.trust_region import Searches, begin, bounded_step, trust_region

Residuals = Callable[[np.ndarray], np.ndarray]


def rosenbrock(u: np.ndarray) -> np.ndarray:
    """In the unit cube; the valley leads to (0.8, 0.8)."""
    x = u * 2.5 - 1.0
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def curved(u: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 2, 9)
    return np.exp(2 * u[0]) * np.exp(-3 * u[1] * t) + u[2] - (3.0 * np.exp(-1.2 * t) + 1.3)


def evaluation(residuals: Residuals) -> Callable[[np.ndarray, list[int]], Evaluation]:
    """Half the sum of squares, with the Jacobian by complex steps."""

    def evaluate(points: np.ndarray, _: list[int]) -> Evaluation:
        values = np.array([residuals(u) for u in points])
        steps = 1e-30j * np.eye(points.shape[1])
        jacobians = np.array([[np.imag(residuals(u + h)) / 1e-30 for h in steps] for u in points]).swapaxes(1, 2)
        return Evaluation(
            0.5 * np.square(values).sum(-1),
            np.einsum("nrk,nr->nk", jacobians, values),
            np.einsum("nrk,nrl->nkl", jacobians, jacobians),
            [""] * len(points),
        )

    return evaluate


def searched(residuals: Residuals, starts: np.ndarray, **options: object) -> Searches:
    evaluate = evaluation(residuals)
    searches = begin(starts, evaluate(starts, []), 0.2)
    trust_region(evaluate, searches, **({"max_iterations": 200, "tolerance": 1e-12} | options))  # type: ignore[arg-type]
    return searches


@pytest.mark.parametrize("residuals", [rosenbrock, curved])
def test_all_searches_end_where_scipy_does(residuals: Residuals) -> None:
    size = 2 if residuals is rosenbrock else 3
    starts = np.random.default_rng(1).random((6, size))
    searches = searched(residuals, starts)
    for start, unit, loss in zip(starts, searches.unit, searches.loss, strict=True):
        theirs = least_squares(residuals, start, bounds=(0, 1), xtol=1e-14, ftol=1e-14, gtol=1e-14)
        assert loss == pytest.approx(theirs.cost, abs=1e-9)
        assert unit == pytest.approx(theirs.x, abs=1e-4)
    assert set(searches.status) == {FitStatus.CONVERGED}
    assert (searches.iterations <= 200).all()


def test_an_optimum_at_bounds() -> None:
    """The offset wanted, 1.3, lies outside."""
    searches = searched(curved, np.full((1, 3), 0.5))
    assert searches.unit[0, 2] == 1.0
    theirs = least_squares(curved, np.full(3, 0.5), bounds=(0, 1), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    assert searches.loss[0] == pytest.approx(theirs.cost, rel=1e-6)


def test_steps_within_bounds_minimise_the_quadratic_model() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        jacobian, values, unit = rng.normal(size=(7, 4)), rng.normal(size=7), rng.random(4)
        unit[rng.random(4) < 0.3] = 0.0
        step, promise = bounded_step(jacobian.T @ values, jacobian.T @ jacobian, unit, 10.0, np.ones(4, dtype=bool))
        best = lsq_linear(jacobian, -values, (-unit, 1 - unit + 1e-300), method="bvls")
        gain = 0.5 * np.square(values).sum() - best.cost
        assert ((unit + step > -1e-12) & (unit + step < 1 + 1e-12)).all()
        assert promise == pytest.approx(0.5 * (values @ values - np.square(values + jacobian @ step).sum()))
        assert promise == pytest.approx(gain, rel=1e-6)


def test_steps_keep_to_the_radius_and_are_the_best_that_do() -> None:
    rng = np.random.default_rng(3)
    jacobian, values = rng.normal(size=(9, 3)), 5 * rng.normal(size=9)
    gradient, curvature = jacobian.T @ values, jacobian.T @ jacobian
    step, promise = bounded_step(gradient, curvature, np.full(3, 0.5), 0.1, np.ones(3, dtype=bool))
    assert np.linalg.norm(step) == pytest.approx(0.1, rel=0.02)
    ball = {"type": "ineq", "fun": lambda d: 0.1**2 - d @ d}
    best = minimize(lambda d: gradient @ d + 0.5 * d @ curvature @ d, np.zeros(3), constraints=ball, method="SLSQP")
    assert promise == pytest.approx(-best.fun, rel=0.03)


def test_parameters_that_may_not_move_stay() -> None:
    movable = np.array([[True, False]])
    searches = searched(rosenbrock, np.array([[0.2, 0.3]]), movable=movable)
    assert searches.unit[0, 1] == 0.3
    assert abs(evaluation(rosenbrock)(searches.unit, []).gradient[0, 0]) < 1e-4


def test_points_that_cannot_be_computed_are_not_entered() -> None:
    def holed(u: np.ndarray) -> np.ndarray:
        return rosenbrock(u) if not 0.3 < u[0].real < 0.4 else np.full(2, np.nan)

    searches = searched(holed, np.array([[0.1, 0.5], [0.35, 0.5], [0.9, 0.1]]))
    assert searches.status[1] is FitStatus.NOT_FINITE and searches.loss[1] == np.inf
    assert searches.loss[2] == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(searches.loss[0]) and not 0.3 < searches.unit[0, 0] < 0.4


def test_searches_end_where_the_held_out_loss_was_least() -> None:
    """The held-out loss is least half-way."""
    places: list[np.ndarray] = []

    def held_out(points: np.ndarray) -> np.ndarray:
        places.extend(points)
        return np.square(points[:, 0] - 0.5)

    searches = searched(rosenbrock, np.array([[0.2, 0.3]]), held_out=held_out)
    assert searches.status == [FitStatus.HELD_OUT]
    best = min(places, key=lambda u: abs(u[0] - 0.5))
    assert searches.unit[0] == pytest.approx(best)
    assert searches.loss[0] == pytest.approx(0.5 * np.square(rosenbrock(best)).sum())


def test_the_limit_of_steps_holds_and_each_round_is_told() -> None:
    rounds: list[int] = []
    searches = searched(
        rosenbrock, np.array([[0.0, 1.0]]), max_iterations=3, on_iteration=lambda s: rounds.append(len(s.active))
    )
    assert searches.status == [FitStatus.ITERATION_LIMIT] and searches.iterations.tolist() == [3] and rounds == [1] * 3
