"""The two-state promoter, fitted to means and Fano factors of its mRNA by stochastic simulation alone.

Peccoud & Ycart 1995, Theor. Popul. Biol. 48:222: a promoter is switched off at the rate k_on of the repressor, and on
at rate k_off; p = k_off/(k_on + k_off), the mean is (r/γ)p and the Fano factor 1 + r(1 − p)/(k_on + k_off + γ). As in
Rijal & Mehta 2025 time is measured in 1/k_off, and k_on is that with which the mean is the one measured; what is left
are r/γ and γ, for all conditions of a strain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import least_squares

import sbmlgrn as sg
from sbmlgrn.objectives import Moments
from sbmlgrn.ssa import gradient

TEXT = (
    "R1: on -> off; kon*on; R2: off -> on; koff*off; R3: on -> on + M; r*on; R4: M -> ; g*M; "
    "kon = 1; koff = 1; r = 10; g = 1; on = 1; off = 0; M = 0"
)
TIMES = (0.0, 7.0, 8.0, 9.0)
"""The slowest mode decays at the rate k_on + k_off ≥ 1: to 0.1 % at the second of them."""


def exact_fano(log_values: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Fano factors ``[condition]`` at (log r/γ, log γ)."""
    ratio, decay = np.exp(log_values)
    p = means / ratio
    return 1 + ratio * decay * (1 - p) / (1 / p + decay)


def optimum(means: np.ndarray, fano: np.ndarray) -> np.ndarray:
    """(log r/γ, log γ) with the least sum of squares, from many starts, by the formula."""
    fits = []
    for ratio in (1.05, 1.5, 3.0):
        for decay in (0.3, 3.0, 30.0):
            start = np.log([ratio * means.max(), decay])
            bounds = (np.log([1.0001 * means.max(), 1e-3]), np.log([1e4, 1e4]))
            fits.append(least_squares(lambda v: exact_fano(v, means) - fano, start, bounds=bounds))
    return min(fits, key=lambda fit: fit.cost).x


@dataclass(frozen=True)
class PromoterFit:
    """(log r/γ, log γ) found ``[2]``, and their standard errors from sampling ``[2]``."""

    values: np.ndarray
    errors: np.ndarray


def fit(
    means: np.ndarray, fano: np.ndarray, start: np.ndarray, *, trajectories: int, iterations: int, last: int
) -> PromoterFit:
    """Gauss-Newton on simulated Fano factors, with Jacobians by the score function and fresh numbers in each step.

    Args:
        means: ``[condition]``.
        fano: ``[condition]``.
        start: (log r/γ, log γ).
        trajectories: of each condition in each step.
        iterations: steps.
        last: trajectories of the last step, which determines the result.
    """
    model = sg.compile(sg.load(TEXT))
    objective = Moments("M", TIMES, _fano, order=2)
    at = start.copy()
    covariance = np.zeros((2, 2))
    for iteration in range(iterations):
        count = last if iteration == iterations - 1 else trajectories
        residuals, jacobian, noise = np.empty(len(means)), np.empty((len(means), 2)), np.empty((len(means), 3))
        ratio, decay = np.exp(at)
        for i, mean in enumerate(means):
            values = {"kon": ratio / mean - 1, "r": ratio * decay, "g": decay}
            found = gradient(
                model,
                objective,
                values,
                wrt=["kon", "r", "g"],
                trajectories=count,
                seed=1000 * iteration + i,
                estimator="score",
                audit=False,
            )
            # k_on = (r/γ)/mean − 1, r = (r/γ)γ
            chain = np.array([[ratio / mean, 0.0], [ratio * decay, ratio * decay], [0.0, decay]])
            jacobian[i] = found.values.numpy() @ chain
            residuals[i] = found.loss - fano[i]
            noise[i] = found.loss_error, *(np.sqrt(found.errors.numpy() ** 2 @ chain**2))
        inverse = np.linalg.pinv(jacobian)
        step = -inverse @ residuals
        at = at + step * min(1.0, 0.7 / np.abs(step).max())
        at[0] = max(at[0], np.log(1.01 * means.max()))
        # errors of the residuals, and of the Jacobian where residuals are not 0 at the optimum
        normal = inverse @ inverse.T
        of_jacobian = normal @ np.diag((residuals**2) @ noise[:, 1:] ** 2) @ normal
        covariance = (inverse * noise[:, 0]) @ (inverse * noise[:, 0]).T + of_jacobian
    return PromoterFit(at, np.sqrt(np.diag(covariance)))


def _fano(moments: torch.Tensor) -> torch.Tensor:
    first, second = moments[:, 1:, 0].mean(1)
    return (second - first**2) / first
