"""Observables of many trajectories together with all their derivatives, as least squares need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel import once
from sbmlgrn.backends.torch import Model
from sbmlgrn.lower import with_modes
from sbmlgrn.ode.native.ensemble import beginnings
from sbmlgrn.ode.native.sensitivity import sensitivities
from sbmlgrn.ode.native.tape import taped
from sbmlgrn.ode.simulate import simulate
from sbmlgrn.ode.status import Status

_DIFFERENCE: Final = 1e-4
"""Step of difference quotients, relative to the value."""
_TIGHTER: Final = 1e-3
"""How much more exact trajectories are that are subtracted from each other."""


@dataclass(frozen=True, eq=False)
class Linearised:
    """Observables, and how they change with parameters.

    Attributes:
        values: ``[batch, time, symbol]``; NaN from where a trajectory failed.
        jacobian: derivatives ``[batch, time, symbol, direction]``.
        status: how each trajectory ended.
    """

    values: np.ndarray
    jacobian: np.ndarray
    status: tuple[Status, ...]


def linearise(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    wanted: np.ndarray | None = None,
) -> Linearised:
    """Simulates, and differentiates symbols with respect to parameters.

    The compiled loops carry sensitivities forwards with the steps of the trajectory. With events or jumps of the
    right-hand side, each value is differentiated backwards by itself; with delays, through which there are no
    gradients, derivatives are difference quotients.

    Args:
        model: what to simulate.
        t: strictly increasing times ``[time]`` from the start.
        parameters: ``[batch, parameter]``, in the order of ``model.parameter_ids``.
        symbols: what to observe.
        directions: positions of the parameters to differentiate by; none for values alone.
        rtol, atol, max_steps: as of `simulate`.
        wanted: ``[time, symbol]`` where derivatives are needed, everywhere if not given; the others may be left 0.

    Raises:
        UnknownElementError: the model has no such symbol.
    """
    options = rtol, atol, max_steps
    if not directions:
        return _undifferentiated(model, t, parameters, symbols, *options)
    if model.system.delays:
        return _by_differences(model, t, parameters, symbols, directions, *options)
    if len(t) > 1 and _is_smooth(model):
        return _forwards(model, t, parameters, symbols, directions, *options)
    everywhere = np.ones((len(t), len(symbols)), dtype=bool) if wanted is None else wanted
    return _backwards(model, t, parameters, symbols, directions, everywhere, *options)


@once
def _is_smooth(model: Model) -> bool:
    system = model.system
    return bool(system.states) and not system.is_hybrid and not with_modes(system)[1]


def _forwards(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    rtol: float,
    atol: float,
    max_steps: int,
) -> Linearised:
    y0, tolerance = beginnings(model.system, parameters, atol)
    states, status, tapes = taped(model.system, y0, parameters, t, "auto", rtol, tolerance, max_steps)
    carried = sensitivities(model.system, y0, parameters, t, tapes, directions, own_start=True)
    y = torch.as_tensor(states).requires_grad_()
    p = torch.as_tensor(parameters).unsqueeze(1).expand(-1, len(t), -1).contiguous().requires_grad_()
    observed = model.observe(torch.as_tensor(t), y, p, symbols)
    jacobian = np.zeros((*observed.shape, len(directions)))
    for s in range(len(symbols)):
        if not observed.requires_grad:
            break
        by_state, by_parameter = torch.autograd.grad(
            observed[..., s].sum(), (y, p), retain_graph=True, allow_unused=True, materialize_grads=True
        )
        weights = by_state.numpy()
        few = np.flatnonzero((weights != 0).any((0, 1)))
        jacobian[:, :, s] = np.einsum("btn,btnk->btk", weights[..., few], carried[:, :, few])
        jacobian[:, :, s] += by_parameter.numpy()[..., list(directions)]
    return Linearised(observed.detach().numpy(), jacobian, tuple(status))


@torch.no_grad()
def _undifferentiated(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    rtol: float,
    atol: float,
    max_steps: int,
) -> Linearised:
    solution = simulate(model, t, torch.as_tensor(parameters), rtol=rtol, atol=atol, max_steps=max_steps)
    observed = torch.stack([solution[name].expand(len(parameters), -1) for name in symbols], -1)
    return Linearised(observed.numpy(), np.zeros((*observed.shape, 0)), solution.status)


def _backwards(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    wanted: np.ndarray,
    rtol: float,
    atol: float,
    max_steps: int,
) -> Linearised:
    columns = [torch.as_tensor(np.ascontiguousarray(column)) for column in parameters.T]
    moving = [columns[i].requires_grad_() for i in directions]
    given: dict[str, Tensor | float] = dict(zip(model.parameter_ids, columns, strict=True))
    solution = simulate(model, t, given, rtol=rtol, atol=atol, max_steps=max_steps)
    observed = torch.stack([solution[name].expand(len(parameters), -1) for name in symbols], -1)
    jacobian = np.zeros((*observed.shape, len(directions)))
    if moving and observed.requires_grad:
        for i, s in np.argwhere(wanted):
            rows = torch.autograd.grad(
                observed[:, i, s].sum(), moving, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            jacobian[:, i, s] = torch.stack(rows, -1).numpy()
    return Linearised(observed.detach().numpy(), jacobian, solution.status)


@torch.no_grad()
def _by_differences(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    rtol: float,
    atol: float,
    max_steps: int,
) -> Linearised:
    count, k = len(parameters), len(directions)
    rows = np.repeat(parameters[None], 1 + 2 * k, 0)
    for c, i in enumerate(directions):
        steps = _DIFFERENCE * np.where(parameters[:, i] != 0, np.abs(parameters[:, i]), 1.0)
        rows[1 + 2 * c, :, i] += steps
        rows[2 + 2 * c, :, i] -= steps
    solution = simulate(
        *(model, t, torch.as_tensor(rows.reshape(-1, parameters.shape[1]))),
        rtol=rtol * _TIGHTER,
        atol=atol * _TIGHTER,
        max_steps=max_steps,
    )
    observed = torch.stack([solution[name] for name in symbols], -1).numpy()
    observed = observed.reshape(1 + 2 * k, count, len(t), len(symbols))
    jacobian = np.zeros((*observed.shape[1:], k))
    for c, i in enumerate(directions):
        widths = (rows[1 + 2 * c, :, i] - rows[2 + 2 * c, :, i])[:, None, None]
        jacobian[..., c] = (observed[1 + 2 * c] - observed[2 + 2 * c]) / widths
    return Linearised(observed[0], jacobian, solution.status[:count])
