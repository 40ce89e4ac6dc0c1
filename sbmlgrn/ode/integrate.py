"""Integration of a batch of trajectories on a time grid: torchdiffeq with autograd, SciPy without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from sbmlgrn.ode.status import Status

with torch.inference_mode(False):  # rooms are imported when they are first used, which may be in inference mode
    import torchdiffeq

Field: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``f(t [], y [batch, state], p [batch, parameter])`` → dy/dt ``[batch, state]``."""

DIFFERENTIABLE: Final = ("dopri5",)
"""The explicit Runge–Kutta method of torchdiffeq whose dense output is as accurate as its steps (those of ``bosh3`` and
``dopri8`` are not); its steps carry autograd history."""

IMPLICIT: Final = ("LSODA", "BDF", "Radau")
"""SciPy's methods for stiff models; no gradients."""

_EVALUATIONS_PER_STEP: Final = {"dopri5": 6}


class _TooManyStepsError(Exception):
    pass


def explicit(
    field: Field, y0: Tensor, p: Tensor, t: Tensor, method: str, rtol: float, atol: Tensor, max_steps: int
) -> tuple[Tensor, list[Status]]:
    """Integrates a batch with one step size for all, small enough for each.

    Args:
        field: the vector field.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``.
        method: one of `DIFFERENTIABLE`.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps, accepted and rejected, before a trajectory is given up.

    Returns:
        States ``[batch, time, state]`` and a status per trajectory. Where one trajectory fails, the batch is
        bisected until it stands alone; it is NaN after the start, and the others are complete.
    """
    try:
        return _run(field, y0, p, t, method, rtol, atol, max_steps), [Status.SUCCESS] * len(y0)
    except (AssertionError, _TooManyStepsError) as error:
        if len(y0) == 1:
            failed = torch.full((1, len(t), y0.shape[-1]), torch.nan, dtype=y0.dtype, device=y0.device)
            failed[:, 0] = y0.detach()
            with torch.no_grad():
                starts = bool(torch.isfinite(field(t[0], y0, p)).all())
            return failed, [_status_of(error) if starts else Status.NOT_FINITE]
    half = len(y0) // 2
    left, left_status = explicit(field, y0[:half], p[:half], t, method, rtol, atol[:half], max_steps)
    right, right_status = explicit(field, y0[half:], p[half:], t, method, rtol, atol[half:], max_steps)
    return torch.cat([left, right]), left_status + right_status


def _run(
    field: Field, y0: Tensor, p: Tensor, t: Tensor, method: str, rtol: float, atol: Tensor, max_steps: int
) -> Tensor:
    evaluations, allowed = 0, max_steps * _EVALUATIONS_PER_STEP[method]

    def counted(time: Tensor, y: Tensor) -> Tensor:
        nonlocal evaluations
        evaluations += 1
        if evaluations > allowed:
            raise _TooManyStepsError
        return field(time, y, p)

    tolerance: Any = atol  # torchdiffeq takes a tensor too, though its annotation does not say so
    solution = torchdiffeq.odeint(
        counted, y0, t, rtol=rtol, atol=tolerance, method=method, options={"norm": _worst_norm}
    )
    assert isinstance(solution, Tensor)
    if not bool(torch.isfinite(solution).all()):
        raise AssertionError("non-finite values in state")
    return solution.transpose(0, 1)


def _worst_norm(error: Tensor) -> Tensor:
    """Largest root-mean-square error of a trajectory: torchdiffeq's own mean would let one be wrong among many."""
    return error.abs().pow(2).mean(-1).sqrt().max() if error.ndim > 1 else error.abs().max()


def _status_of(error: Exception) -> Status:
    if isinstance(error, _TooManyStepsError):
        return Status.MAX_STEPS
    return Status.STEP_TOO_SMALL if "underflow" in str(error) else Status.NOT_FINITE


def implicit(
    field: Callable[[float, np.ndarray, np.ndarray], np.ndarray],
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, list[Status]]:
    """Integrates trajectories one by one with an implicit or switching method of SciPy, without gradients.

    Arguments and results are those of `explicit` as arrays; `field` is for one trajectory, `method` one of `IMPLICIT`,
    and a trajectory that fails keeps what was reached.
    """
    states = np.full((len(y0), len(t), y0.shape[-1]), np.nan)
    statuses: list[Status] = []
    for i, (start, parameters) in enumerate(zip(y0, p, strict=True)):
        evaluations = 0

        def counted(time: float, y: np.ndarray, parameters: np.ndarray = parameters) -> np.ndarray:
            nonlocal evaluations
            evaluations += 1
            if evaluations > 10 * max_steps:
                raise _TooManyStepsError
            return field(time, y, parameters)

        states[i, 0] = start
        try:
            result = solve_ivp(counted, (t[0], t[-1]), start, method=method, t_eval=t, rtol=rtol, atol=atol[i])
        except _TooManyStepsError:
            statuses.append(Status.MAX_STEPS)
            continue
        except ValueError:  # SciPy's linear algebra refuses infinities
            statuses.append(Status.NOT_FINITE)
            continue
        reached = result.y.shape[-1]
        states[i, :reached] = result.y.T
        finite = bool(np.isfinite(states[i, :reached]).all())
        statuses.append(
            Status.NOT_FINITE if not finite else Status.SUCCESS if result.success else Status.STEP_TOO_SMALL
        )
    return states, statuses
