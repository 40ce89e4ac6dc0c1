"""Likelihoods, beside SciPy's densities and minimisers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from sbmlgrn.objectives import Measured, NoiseError, likelihood

T = np.linspace(0.0, 3.0, 13)


def course(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A decaying course ``[1, time]`` and its derivatives ``[1, time, 2]``."""
    value = theta[0] * np.exp(-theta[1] * T) + 0.1
    slopes = np.stack([np.exp(-theta[1] * T), -T * theta[0] * np.exp(-theta[1] * T)], -1)
    return value[None], slopes[None]


def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    return course(np.array([2.0, 1.0]))[0][0] * np.exp(rng.normal(size=len(T)) * 0.1)


KINDS = [
    {"noise": noise, "sigma": sigma, "scale": scale, "offset": offset}
    for noise in ("normal", "lognormal")
    for sigma in (None, 0.2, np.linspace(0.1, 0.3, len(T)))
    for scale in (False, True)
    for offset in (False, True)
    if not (noise == "lognormal" and offset)
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_loss_is_the_least_over_what_is_estimated_and_its_gradient_is_right(kind: dict) -> None:
    measured, theta = Measured("x", values(), **kind), np.array([1.5, 0.8])
    found = likelihood(measured, *course(theta))

    def loss(aside: np.ndarray) -> float:
        """With scale, offset and the logarithm of the standard deviation given, by SciPy."""
        rest = list(aside)
        scale = rest.pop(0) if measured.scale else 1.0
        offset = rest.pop(0) if measured.offset else 0.0
        sigma = np.exp(rest.pop(0)) if measured.sigma is None else measured.sigma
        model = scale * course(theta)[0][0] + offset
        if measured.noise == "normal":
            return -float(stats.norm.logpdf(measured.values, model, sigma).sum())
        if (model <= 0).any():
            return np.inf
        return -float(stats.lognorm.logpdf(measured.values, sigma, scale=model).sum())

    begin = [1.0] * measured.scale + [0.0] * measured.offset + [-1.0] * (measured.sigma is None)
    least = (
        loss(np.array([]))
        if not begin
        else optimize.minimize(
            loss, begin, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
        ).fun
    )
    assert found.loss[0] == pytest.approx(least, abs=1e-6)

    differences = [
        (likelihood(measured, *course(theta + h)).loss[0] - likelihood(measured, *course(theta - h)).loss[0]) / 2e-6
        for h in 1e-6 * np.eye(2)
    ]
    assert found.gradient[0] == pytest.approx(differences, rel=1e-6, abs=1e-6)


def test_curvature_is_the_fisher_information() -> None:
    """Its inverse is the block of the parameters in the inverse of the information of parameters, scale and offset."""
    measured, theta = Measured("x", values(), sigma=0.2, scale=True, offset=True), np.array([1.5, 0.8])
    found = likelihood(measured, *course(theta))
    value, slopes = (v[0] for v in course(theta))
    whole = np.column_stack([found.scale[0] * slopes, value, np.ones_like(T)]) / 0.2
    # the amplitude and the scale say the same: only the rate is determined
    information = whole[:, 1:].T @ whole[:, 1:]
    assert 1 / (found.curvature[0, 1, 1]) == pytest.approx(np.linalg.inv(information)[0, 0])


def test_courses_that_are_of_no_use_do_not_spoil_the_others() -> None:
    value, slopes = course(np.array([2.0, 1.0]))
    both = np.concatenate([value, np.full_like(value, np.nan), -value])
    found = likelihood(Measured("x", values(), "lognormal"), both, np.repeat(slopes, 3, 0))
    assert np.isfinite(found.loss).tolist() == [True, False, False]
    assert np.isnan(found.gradient[1:]).all() and np.isfinite(found.gradient[0]).all()


def test_data_without_noise_have_a_finite_likelihood() -> None:
    value, slopes = course(np.array([2.0, 1.0]))
    found = likelihood(Measured("x", value[0]), value, slopes)
    assert np.isfinite(found.loss).all() and np.isfinite(found.curvature).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"noise": "poisson"}, "must be 'normal' or 'lognormal'"),
        ({"values": np.array([1.0, np.inf])}, "not finite"),
        ({"noise": "lognormal", "values": np.array([1.0, 0.0, 2.0])}, "the value 0 was measured"),
        ({"noise": "lognormal", "offset": True}, "an offset goes with normal noise only"),
        ({"sigma": 0.0}, "standard deviation 0 must be a positive number"),
        ({"sigma": np.array([0.1, -1.0])}, "standard deviation -1"),
        ({"values": np.array([1.0]), "scale": True}, "1 measurements are too few to estimate a scale and a standard"),
    ],
)
def test_contradictions_are_refused(options: dict, text: str) -> None:
    with pytest.raises(NoiseError, match=text) as error:
        Measured(**({"name": "x", "values": np.array([1.0, 2.0, 3.0])} | options))
    assert "'x'" in str(error.value)
