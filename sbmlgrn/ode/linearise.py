"""Observables of many trajectories together with all their derivatives, as least squares need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from sbmlgrn.backends.torch import Model
from sbmlgrn.ode.carry import carried
from sbmlgrn.ode.hybrid import hybrid
from sbmlgrn.ode.native.ensemble import beginnings
from sbmlgrn.ode.native.sensitivity import sensitivities
from sbmlgrn.ode.native.tape import taped
from sbmlgrn.ode.simulate import simulate, smooth_model
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
) -> Linearised:
    """Simulates, and differentiates symbols with respect to parameters.

    The compiled loops carry sensitivities forwards with the steps of the trajectory, and on through events and through
    jumps of the right-hand side. With delays, through which there are no gradients, they are difference quotients.

    Args:
        model: what to simulate.
        t: strictly increasing times ``[time]`` from the start, at least two.
        parameters: ``[batch, parameter]``, in the order of ``model.parameter_ids``.
        symbols: what to observe.
        directions: positions of the parameters to differentiate by; none for values alone.
        rtol, atol, max_steps: as of `simulate`.

    Raises:
        UnknownElementError: the model has no such symbol.
    """
    options = rtol, atol, max_steps
    if not directions:
        return _undifferentiated(model, t, parameters, symbols, *options)
    if model.system.delays:
        return _by_differences(model, t, parameters, symbols, directions, *options)
    if not model.state_ids:
        none, ends = np.empty((len(parameters), len(t), 0)), [Status.SUCCESS] * len(parameters)
        return _observed(
            model, t, parameters, symbols, directions, none, np.empty((*none.shape, len(directions))), ends
        )
    if model.system.is_hybrid or smooth_model(model) is not None:
        return _through_events(model, t, parameters, symbols, directions, *options)
    return _forwards(model, t, parameters, symbols, directions, *options)


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
    states, status, tapes = taped(model.system, y0, parameters, t, "auto", rtol, tolerance, max_steps, directions, True)
    slopes = sensitivities(model.system, y0, parameters, t, tapes, directions, own_start=True)
    return _observed(model, t, parameters, symbols, directions, states, slopes, status)


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


def _observed(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    states: np.ndarray,
    slopes: np.ndarray,
    status: Sequence[Status],
) -> Linearised:
    """Symbols of states ``[batch, time, state]`` with derivatives `slopes` ``[batch, time, state, direction]``."""
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
        jacobian[:, :, s] = np.einsum("btn,btnk->btk", weights[..., few], slopes[:, :, few])
        jacobian[:, :, s] += by_parameter.numpy()[..., list(directions)]
    return Linearised(observed.detach().numpy(), jacobian, tuple(status))


def _through_events(
    model: Model,
    t: np.ndarray,
    parameters: np.ndarray,
    symbols: Sequence[str],
    directions: Sequence[int],
    rtol: float,
    atol: float,
    max_steps: int,
) -> Linearised:
    p = torch.as_tensor(parameters).clone().requires_grad_()
    start = model.initial(p).expand(len(parameters), -1)
    n = start.shape[-1]
    first = np.zeros((*start.shape, len(directions)))
    for i in range(n if start.requires_grad else 0):
        (rows,) = torch.autograd.grad(
            start[:, i].sum(), p, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        first[:, i] = rows.numpy()[:, list(directions)]
    y0, (_, tolerance) = start.detach().numpy(), beginnings(model.system, parameters, atol)
    states = np.full((len(p), len(t), n), np.nan)
    slopes = np.full((*states.shape, len(directions)), np.nan)
    status = [Status.NOT_FINITE] * len(p)
    smooth = smooth_model(model)
    waiting = list(range(len(p)))
    for inner in [model] if smooth is None else [smooth[0], model]:
        begun, bound = y0[waiting], tolerance[waiting]
        extra = len(inner.state_ids) - n
        if extra and smooth is not None:
            with torch.no_grad():
                modes = smooth[1](torch.as_tensor(t[0]), start[waiting], p[waiting]).numpy()
            begun = np.concatenate([begun, modes], -1)
            bound = np.concatenate([bound, np.full_like(modes, atol)], -1)
        _, _, ends, logs = hybrid(inner.system, begun, parameters[waiting], t, "auto", rtol, bound, max_steps, 0, True)
        for row, i in enumerate(waiting):
            status[i] = ends[row]
            if ends[row] is not Status.SUCCESS:
                continue
            padded = np.concatenate([first[i], np.zeros((extra, len(directions)))])
            found = carried(
                *(inner, begun[row], padded, parameters[i], t, logs[row], directions, rtol, bound[row], max_steps)
            )
            states[i], slopes[i], status[i] = found[0][:, :n], found[1][:, :n], found[2]
        waiting = [i for i in waiting if status[i] is not Status.SUCCESS]
        if not waiting:
            break
    return _observed(model, t, parameters, symbols, directions, states, slopes, status)


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
