"""`simulate`: a model, a time grid and parameters → a solution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.backends.torch import Model
from sbmlgrn.ode.history import History
from sbmlgrn.ode.hybrid import hybrid
from sbmlgrn.ode.integrate import DIFFERENTIABLE, IMPLICIT, explicit, implicit
from sbmlgrn.ode.native.ensemble import METHODS as NATIVE
from sbmlgrn.ode.native.ensemble import ensemble
from sbmlgrn.ode.replay import replay
from sbmlgrn.ode.solution import Solution
from sbmlgrn.ode.status import Status


def simulate(
    model: Model,
    t: Tensor | np.ndarray | Sequence[float],
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    method: str = "auto",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    *,
    initial_state: Tensor | None = None,
    max_steps: int = 100_000,
    seed: int = 0,
) -> Solution:
    """Solves the model's ordinary differential equations.

    Main arguments:
        model: from `compile`.
        t: strictly increasing time grid ``[time]``, in the network's unit of time; its first value is the start, at
            which the model has its initial state.
        parameters: ``[parameter]`` or ``[batch, parameter]`` in the order of ``model.parameter_ids``; or values by
            name, each a number or a tensor ``[batch]``. Gradients flow to them.

    Other Arguments:
        method: compiled loops that step each trajectory by itself on all cores, without gradients: explicit ``tsit5``,
            ``rodas5p`` for stiff models; torchdiffeq's explicit ``dopri5``, which is differentiable; one of SciPy's
            (``LSODA``, ``BDF``, ``Radau``); or ``auto``: ``dopri5`` where gradients are asked for, else Tsit5 and
            Rodas5P as the trajectory needs them. A model with delays is integrated by one of SciPy's (``LSODA`` unless
            another is named). With events, gradients come from ``dopri5`` between the known events.
        rtol, atol: relative and absolute tolerance of the local error. `atol` is in the unit of the state's symbol: it
            bounds concentrations, not amounts, where the network speaks of concentrations.
        initial_state: ``[state]`` or ``[batch, state]``, in place of the model's own.
        max_steps: most steps per trajectory.
        seed: of the order of simultaneous events of equal priority.

    Returns:
        The solution; a trajectory that fails has a status and NaN values, and leaves the others alone.

    Raises:
        UnknownElementError: a parameter's name is not in the model.
        ValueError: the grid, a shape, a tolerance or the method is not as described; or gradients were asked of a
            stiff method, or of a model with delays.
    """
    p = model.parameter_vector(parameters)
    grid = _grid(t, p)
    _check_options(method, rtol, atol, max_steps)
    y0 = model.initial(p) if initial_state is None else initial_state.to(p)
    batch = torch.broadcast_shapes(p.shape[:-1], y0.shape[:-1])
    single = not batch
    rows = p.expand(*(batch or (1,)), -1)
    start = y0.expand(*(batch or (1,)), len(model.state_ids))
    wants_gradient = torch.is_grad_enabled() and (start.requires_grad or rows.requires_grad)
    if wants_gradient and method not in ("auto", *DIFFERENTIABLE):
        raise ValueError(
            f"method {method!r} has no gradients, but a parameter requires them; use {' or '.join(DIFFERENTIABLE)}, or "
            "call under torch.no_grad()"
        )
    if model.system.delays and wants_gradient:
        raise ValueError("the model has delay(), through which there are no gradients yet; call under torch.no_grad()")
    states, past, status = _solve(model, start, rows, grid, method, rtol, atol, max_steps, wants_gradient, seed)
    if single:
        return Solution(grid, states[0], p, past[0], tuple(status), model)
    return Solution(grid, states, rows, past, tuple(status), model)


def _solve(
    model: Model,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    method: str,
    rtol: float,
    atol: float,
    max_steps: int,
    wants_gradient: bool,
    seed: int,
) -> tuple[Tensor, Tensor, list[Status]]:
    discrete = bool(model.system.transitions or model.system.delays)
    past = y0.new_zeros((len(y0), len(t), len(model.system.delays)))
    if not model.state_ids or (len(t) == 1 and not discrete):
        if model.system.delays:
            past[:] = _past_of_rules(model, y0, p, t)
        return y0.unsqueeze(1).expand(-1, len(t), -1), past, [Status.SUCCESS] * len(y0)
    with torch.no_grad():
        scales = model.scales(p).nan_to_num(1.0).abs()
        tolerance = atol * torch.where(scales > 0, scales, 1.0).expand_as(y0)
    if discrete:
        chosen = "auto" if method in DIFFERENTIABLE else method
        if model.system.delays and chosen in NATIVE:
            chosen = "LSODA"
        start, parameters, grid, bound = (_array(v) for v in (y0, p, t, tolerance))
        rows, before, status, logs = hybrid(model.system, start, parameters, grid, chosen, rtol, bound, max_steps, seed)
        states, past = torch.as_tensor(rows).to(y0), torch.as_tensor(before).to(y0)
        if not wants_gradient:
            return states, past, status
        runs = [
            replay(model, y0[i], p[i], t, logs[i], "dopri5", rtol, tolerance[i], max_steps)
            if s is Status.SUCCESS
            else (states[i], s)
            for i, s in enumerate(status)
        ]
        return torch.stack([rows for rows, _ in runs]), past, [s for _, s in runs]
    if method == "dopri5" or (method == "auto" and wants_gradient):
        states, status = explicit(model.rhs, y0, p, t, "dopri5", rtol, tolerance, max_steps)
        return states, past, status
    start, parameters, grid, bound = (_array(v) for v in (y0, p, t, tolerance))
    if method in IMPLICIT:
        field = Evaluator(model.system).rhs
        rows, status = implicit(field, start, parameters, grid, method, rtol, bound, max_steps)
    else:
        rows, status = ensemble(model.system, start, parameters, grid, method, rtol, bound, max_steps)
    return torch.as_tensor(rows).to(y0), past, status


def _past_of_rules(model: Model, y0: Tensor, p: Tensor, t: Tensor) -> Tensor:
    """Values of the past ``[batch, time, delay]`` where nothing has to be integrated."""
    evaluator, times = Evaluator(model.system), t.tolist()
    rows = [
        [History(evaluator, parameters, times[0]).past(time, start) for time in times]
        for start, parameters in zip(_array(y0), _array(p), strict=True)
    ]
    return torch.as_tensor(np.array(rows)).to(y0)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()


def _grid(t: Tensor | np.ndarray | Sequence[float], like: Tensor) -> Tensor:
    grid = torch.as_tensor(t, dtype=like.dtype, device=like.device)
    if grid.ndim != 1 or len(grid) == 0:
        raise ValueError(f"t has shape {tuple(grid.shape)}, expected a grid [time] with at least one time")
    if not bool(torch.isfinite(grid).all()) or bool((grid < 0).any()):
        bad = grid[~torch.isfinite(grid) | (grid < 0)]
        raise ValueError(f"t contains {float(bad[0])}; times must be finite and not negative")
    steps = grid.diff()
    if bool((steps <= 0).any()):
        i = int((steps <= 0).nonzero()[0])
        raise ValueError(
            f"t must increase strictly, but t[{i}] = {float(grid[i])} is followed by t[{i + 1}] = {float(grid[i + 1])}"
        )
    return grid


def _check_options(method: str, rtol: float, atol: float, max_steps: int) -> None:
    known = (*NATIVE, *DIFFERENTIABLE, *IMPLICIT)
    if method not in known:
        raise ValueError(f"unknown method {method!r}; expected one of {', '.join(known)}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}, expected a positive number such as 1e-6")
    if max_steps < 1:
        raise ValueError(f"max_steps is {max_steps}, expected a positive number")
