"""`simulate`: a model, a time grid and parameters → a solution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel import Evaluator, once
from sbmlgrn.backends.torch import Model
from sbmlgrn.backends.torch.function import VectorFunction
from sbmlgrn.lower import System, with_modes
from sbmlgrn.ode.differentiable import Directions, trajectories
from sbmlgrn.ode.history import History
from sbmlgrn.ode.hybrid import hybrid
from sbmlgrn.ode.integrate import DIFFERENTIABLE, IMPLICIT, explicit, implicit
from sbmlgrn.ode.native.ensemble import METHODS as NATIVE
from sbmlgrn.ode.native.ensemble import beginnings, ensemble
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
    initial_state: Tensor | np.ndarray | Sequence[float] | None = None,
    max_steps: int = 100_000,
    non_negative: bool = False,
    seed: int = 0,
) -> Solution:
    """Solves the model's ordinary differential equations.

    Main arguments:
        model: from `compile`.
        t: strictly increasing time grid ``[time]``, in the network's unit of time; its first value is the start, at
            which the model has its initial state. Or a grid for each trajectory ``[batch, time]``, without gradients
            and delays.
        parameters: ``[parameter]`` or ``[batch, parameter]`` in the order of ``model.parameter_ids``; or values by
            name, each a number or a tensor ``[batch]``. Gradients flow to them: those of the steps that were made, at
            the lengths that they had, exactly. They cannot be differentiated once more, but by ``dopri5``.

    Other Arguments:
        method: compiled loops that step each trajectory by itself on all cores: explicit ``tsit5``, ``rodas5p`` for
            stiff models, or ``auto``, the two as the trajectory needs them; torchdiffeq's explicit ``dopri5``, one step
            size for the batch; or one of SciPy's (``LSODA``, ``BDF``, ``Radau``), without gradients. A model with
            delays is integrated by one of SciPy's (``LSODA`` unless another is named). On a GPU the compiled loops run
            there, a trajectory a thread, but not for gradients, and not with events or delays. On the CPU,
            trajectories of a batch of eight or more share the processor's vector instructions: none depends on the
            others, but it may differ by rounding from the same trajectory by itself.
        rtol, atol: relative and absolute tolerance of the local error. `atol` is in the unit of the state's symbol: it
            bounds concentrations, not amounts, where the network speaks of concentrations.
        initial_state: ``[state]`` or ``[batch, state]``, in place of the model's own; gradients flow to it, too.
        max_steps: most steps per trajectory.
        non_negative: whether species that are not negative at the start may not become so: a step that makes one more
            negative than `atol` is rejected, a smaller excess is cut off, and at zero a species does not fall further
            (Shampine, Thompson, Kierzenka & Byrne 2005, Appl. Math. Comput. 170:556). Without it, values within the
            tolerance of zero may lie below it. For the compiled loops, without gradients or delays.
        seed: of the order of simultaneous events of equal priority.

    Returns:
        The solution; a trajectory that fails has a status and NaN values, and leaves the others alone.

    Raises:
        UnknownElementError: a parameter's name is not in the model.
        ValueError: the grid, a shape, a tolerance or the method is not as described; or gradients were asked of one
            of SciPy's methods, or of a model with delays.
    """
    p = model.parameter_vector(parameters)
    grid = time_grid(t, p, batched=True)
    _check_options(method, rtol, atol, max_steps)
    begin = _begin(model, initial_state, p)
    size = _batch_size(p, begin, grid)
    wants_gradient = torch.is_grad_enabled() and any(v is not None and v.requires_grad for v in (p, grid, begin))
    special = "non_negative" if non_negative else "t [batch, time]" if grid.ndim == 2 else None
    plain = method in NATIVE and not (wants_gradient or model.system.delays)
    if special and not plain:
        raise ValueError(
            f"{special} is for {', '.join(NATIVE)} without gradients, on models without delays; method is {method!r}"
            + (", and a parameter requires gradients" if wants_gradient else "")
            + (", and the model has delays" if model.system.delays else "")
        )
    if plain and model.state_ids and (special or not p.is_cuda or model.system.is_hybrid):
        return _plain(model, p, begin, grid, size, _Options(method, rtol, atol, max_steps, None, seed), non_negative)
    y0 = model.initial(p) if begin is None else begin
    count = 1 if size is None else size
    rows, start = p.expand(count, -1), y0.expand(count, len(model.state_ids))
    if wants_gradient and method in IMPLICIT:
        raise ValueError(
            f"method {method!r} has no gradients, but a parameter requires them; use "
            f"{', '.join((*NATIVE, *DIFFERENTIABLE))}, or call under torch.no_grad()"
        )
    if model.system.delays and wants_gradient:
        raise ValueError("the model has delay(), through which there are no gradients yet; call under torch.no_grad()")
    directions = Directions(_directions(model, parameters), begin is None) if wants_gradient else None
    moves = wants_gradient and grid.requires_grad and method in NATIVE
    if directions is not None and moves:
        directions = replace(directions, own_start=False)
        start = _carried(model, grid[:1].detach(), start.unsqueeze(1), rows, grid[:1].detach() - grid[:1]).squeeze(1)
    states, past, status = _solve(model, start, rows, grid, _Options(method, rtol, atol, max_steps, directions, seed))
    if moves:
        states = _carried(model, grid.detach(), states, rows, grid - grid.detach())
    if size is None:
        return Solution(grid, states[0], p, past[0], tuple(status), model)
    return Solution(grid, states, rows, past, tuple(status), model)


def _plain(
    model: Model, p: Tensor, begin: Tensor | None, grid: Tensor, size: int | None, options: _Options, non_negative: bool
) -> Solution:
    """In the compiled loops from beginning to end: a small model takes less time than a few operations on tensors."""
    smooth = smooth_model(model)
    modes = [model.system] if smooth is None else [smooth[0].system, model.system]
    rows, times, n = np.atleast_2d(_array(p)), _array(grid), len(model.state_ids)
    y0, tolerance = beginnings(modes[0], rows, options.atol)
    if begin is not None:
        given = np.atleast_2d(_array(begin))
        y0 = np.concatenate([given, np.zeros((len(given), y0.shape[1] - n))], -1)
    count = 1 if size is None else size
    rows, y0, tolerance = (np.broadcast_to(v, (count, v.shape[-1])) for v in (rows, y0, tolerance))
    floor = np.full(y0.shape[1], -np.inf) if non_negative else None
    if floor is not None:
        floor[:n] = [0.0 if name in model.system.amounts else -np.inf for name in model.state_ids]
    found, status = _integrated(modes, y0, rows, times, options, tolerance, floor)
    states = torch.as_tensor(found[..., :n]).to(p)
    past = p.new_zeros((*states.shape[:-1], 0))
    if size is None:
        return Solution(grid, states[0], p, past[0], tuple(status), model)
    batch = p if len(rows) == len(p) and p.ndim == 2 else p.expand(count, -1)
    return Solution(grid, states, batch, past, tuple(status), model)


def _integrated(
    systems: Sequence[System],
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    options: _Options,
    atol: np.ndarray,
    floor: np.ndarray | None,
) -> tuple[np.ndarray, list[Status]]:
    """States of the first of some systems, and of what it fails at, in the second, which has the first of its states.

    Args:
        systems: one with modes and the one as it is, or this alone.
        y0: initial states ``[batch, state]``, without the modes.
        p, t, options, atol, floor: see `ensemble`.
    """
    method, rtol, _, max_steps, _, seed = options
    system = systems[0]
    if not system.is_hybrid:
        return ensemble(system, y0, p, t, method, rtol, atol, max_steps, floor)
    modes = len(system.states) - len(systems[-1].states)
    states, _, status, _ = hybrid(system, y0, p, t, method, rtol, atol, max_steps, seed, modes=modes, floor=floor)
    failed = [i for i, s in enumerate(status) if s is not Status.SUCCESS]
    if failed and modes:
        n = len(systems[-1].states)
        times, bound = t if t.ndim == 1 else t[failed], None if floor is None else floor[:n]
        again = (y0[failed, :n], p[failed], times, options, atol[failed, :n], bound)
        states[failed, :, :n], ends = _integrated(systems[1:], *again)
        for i, s in zip(failed, ends, strict=True):
            status[i] = s
    return states, status


def _begin(model: Model, initial_state: Tensor | np.ndarray | Sequence[float] | None, p: Tensor) -> Tensor | None:
    if initial_state is None:
        return None
    begin, n = torch.as_tensor(initial_state, dtype=p.dtype, device=p.device), len(model.state_ids)
    if begin.ndim not in (1, 2) or begin.shape[-1] != n:
        raise ValueError(
            f"initial_state has shape {tuple(begin.shape)}, expected [{n}] or [batch, {n}], in the order of "
            "model.state_ids"
        )
    return begin


def _batch_size(p: Tensor, begin: Tensor | None, grid: Tensor) -> int | None:
    """How many trajectories are asked for; ``None`` where nothing has an axis for a batch."""
    given = {"parameters": p, "initial_state": begin, "t": grid if grid.ndim == 2 else None}
    counts = {name: len(v) for name, v in given.items() if v is not None and v.ndim == 2}
    sizes = set(counts.values()) - {1} or set(counts.values())
    if len(sizes) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in counts.items())
        raise ValueError(f"batches differ in size: {listed}; give one or as many of each")
    return next(iter(sizes), None)


class _Options(NamedTuple):
    """What `simulate` was asked for, and along which `directions` gradients are wanted."""

    method: str
    rtol: float
    atol: float
    max_steps: int
    directions: Directions | None
    seed: int


def _solve(
    model: Model,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    options: _Options,
) -> tuple[Tensor, Tensor, list[Status]]:
    smooth = smooth_model(model)
    if smooth is not None and len(t) > 1:
        return _solve_with_modes(smooth, model, y0, p, t, options)
    return _solve_as_it_is(model, y0, p, t, options)


def _solve_with_modes(
    smooth: tuple[Model, VectorFunction],
    model: Model,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    options: _Options,
) -> tuple[Tensor, Tensor, list[Status]]:
    """Solves a model whose right-hand side jumps; as it is, where it jumps without end."""
    inner, mode = smooth
    with torch.no_grad():
        modes = mode(t[0], y0, p)
    states, past, status = _solve_as_it_is(inner, torch.cat([y0, modes], -1), p, t, options)
    states = states[..., : len(model.state_ids)]
    failed = [i for i, s in enumerate(status) if s is not Status.SUCCESS]
    if failed:
        again, _, ends = _solve_as_it_is(model, y0[failed], p[failed], t, options)
        index = torch.tensor(failed, device=states.device)
        states = states.index_copy(0, index, again)
        for i, s in zip(failed, ends, strict=True):
            status[i] = s
    return states, past, status


@once
def smooth_model(model: Model) -> tuple[Model, VectorFunction] | None:
    """The model with modes, and the function that tells them; ``None`` if its right-hand side does not jump."""
    as_it_is = model.system.delays or model.system.fast
    system, modes = (model.system, ()) if as_it_is else with_modes(model.system)
    leaves = [s.leaf for s in model.system.states], [q.leaf for q in model.system.parameters]
    inner = Model(system, model.parameters_default.device, model.parameters_default.dtype)
    return (inner, VectorFunction("modes", modes, *leaves)) if modes else None


def _solve_as_it_is(
    model: Model,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    options: _Options,
) -> tuple[Tensor, Tensor, list[Status]]:
    method, rtol, atol, max_steps, directions, seed = options
    discrete = model.system.is_hybrid
    past = y0.new_zeros((len(y0), len(t), len(model.system.delays)))
    if not len(y0) or not model.state_ids or (len(t) == 1 and not discrete):
        if model.system.delays and len(y0):
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
        how = (chosen, rtol, bound, max_steps, seed, directions is not None)
        rows, before, status, logs = hybrid(model.system, start, parameters, grid, *how)
        states, past = torch.as_tensor(rows).to(y0), torch.as_tensor(before).to(y0)
        if directions is None:
            return states, past, status
        runs = [
            replay(model, y0[i], p[i], t, logs[i], method, rtol, tolerance[i], max_steps, directions)
            if s is Status.SUCCESS
            else (states[i], s)
            for i, s in enumerate(status)
        ]
        return torch.stack([rows for rows, _ in runs]), past, [s for _, s in runs]
    if method in DIFFERENTIABLE:
        states, status = explicit(model.rhs, y0, p, t, method, rtol, tolerance, max_steps)
        return states, past, status
    if directions is not None:
        states, status = trajectories(model.system, y0, p, t, method, rtol, tolerance, max_steps, directions)
        return states, past, status
    if y0.is_cuda and method in NATIVE:
        from sbmlgrn.ode.native import gpu

        start, parameters, grid, bound = (v.detach().double() for v in (y0, p, t, tolerance))
        states, status = gpu.ensemble(model.system, start, parameters, grid, method, rtol, bound, max_steps)
        return states.to(y0), past, status
    start, parameters, grid, bound = (_array(v) for v in (y0, p, t, tolerance))
    if method in IMPLICIT:
        field = Evaluator(model.system).rhs
        rows, status = implicit(field, start, parameters, grid, method, rtol, bound, max_steps)
    else:
        rows, status = ensemble(model.system, start, parameters, grid, method, rtol, bound, max_steps)
    return torch.as_tensor(rows).to(y0), past, status


def _carried(model: Model, t: Tensor, y: Tensor, p: Tensor, by: Tensor) -> Tensor:
    """States ``[batch, time, state]`` moved along the flow by times that are 0, for their derivatives alone."""
    with torch.no_grad():
        flow = model.rhs(t, y, p.unsqueeze(1))
    return y + flow * by.unsqueeze(-1)


def _directions(model: Model, parameters: Tensor | Mapping[str, Tensor | float] | None) -> list[int]:
    """Positions of the parameters to which gradients may flow."""
    if isinstance(parameters, Mapping):
        wanted = {name for name, value in parameters.items() if isinstance(value, Tensor) and value.requires_grad}
        return [i for i, name in enumerate(model.parameter_ids) if name in wanted]
    wanted = isinstance(parameters, Tensor) and parameters.requires_grad
    return list(range(len(model.parameter_ids))) if wanted else []


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


def time_grid(t: Tensor | np.ndarray | Sequence[float], like: Tensor, batched: bool = False) -> Tensor:
    """A time grid ``[time]`` of the kind of `like`; or ``[batch, time]``, where it may be `batched`.

    Raises:
        ValueError: it is empty or does not increase strictly, or a time is negative or not finite.
    """
    grid = torch.as_tensor(t, dtype=like.dtype, device=like.device)
    if grid.ndim not in ((1, 2) if batched else (1,)) or grid.shape[-1] == 0:
        raise ValueError(f"t has shape {tuple(grid.shape)}, expected a grid [time] with at least one time")
    times = _array(grid)
    if not ((times >= 0) & (times < np.inf)).all():
        bad = times[~((times >= 0) & (times < np.inf))]
        raise ValueError(f"t contains {float(bad[0])}; times must be finite and not negative")
    late = times[..., 1:] <= times[..., :-1]
    if late.any():
        place = tuple(int(v) for v in np.argwhere(late)[0])
        *row, i = place
        name, after = (f"t[{', '.join(map(str, (*row, k)))}]" for k in (i, i + 1))
        raise ValueError(
            f"t must increase strictly, but {name} = {float(times[place])} is followed by {after} = "
            f"{float(times[(*row, i + 1)])}"
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
