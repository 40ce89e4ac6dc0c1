"""`simulate_ssa`: a model, a time grid and parameters → an ensemble of stochastic trajectories."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel.lanes import lanes
from sbmlgrn.backends.torch import Model
from sbmlgrn.ode import time_grid
from sbmlgrn.ode.native.portions import cores
from sbmlgrn.ssa.autograd import differentiable_ensemble
from sbmlgrn.ssa.direct import portion, seeded
from sbmlgrn.ssa.ensemble import Ensemble, with_draws
from sbmlgrn.ssa.jumps import check_jumps, check_process, is_memoryless, warn_of_net_rates, whole_numbers
from sbmlgrn.ssa.native.leap import leaps, portion_by_leaps
from sbmlgrn.ssa.native.network import graph, is_large, portion_of_network
from sbmlgrn.ssa.native.plan import compiled_process
from sbmlgrn.ssa.native.process import portion_of_process
from sbmlgrn.ssa.paths import Estimator
from sbmlgrn.ssa.statistics import Statistics
from sbmlgrn.ssa.status import StochasticStatus

PORTION = 256
"""Trajectories that are simulated, and summed up, together."""

METHODS = ("direct", "tau")

_Loop: TypeAlias = Callable[..., None]
"""From initial state, parameters and generators to states, status and numbers of reactions, which it fills."""


def simulate_ssa(
    model: Model,
    t: Tensor | np.ndarray | Sequence[float],
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    trajectories: int = 1000,
    seed: int = 0,
    *,
    method: str = "direct",
    epsilon: float = 0.03,
    estimator: Estimator | str | None = None,
    temperature: float = 0.1,
    max_events: int = 1_000_000_000,
) -> Ensemble:
    """Simulates trajectories of the model's jump process, exactly unless asked otherwise.

    Between jumps, rules may move the state, events may change it, and propensities may depend on the time; random
    values are drawn wherever the network says so.

    Main arguments:
        model: from `compile`; its rate laws are read as propensities, in reactions per unit of time, and its amounts as
            numbers of molecules.
        t: strictly increasing time grid ``[time]``; the model has its initial state at the first.
        parameters: ``[parameter]`` or ``[batch, parameter]``, or values by name, as for `simulate`.
        trajectories: how many of each parameter vector.
        seed: any integer. Trajectory k has random numbers of its own that depend on `seed` and k alone: not on the
            number of trajectories, of threads, or on the other parameter vectors, whose k-th trajectories share them.

    Other Arguments:
        method: ``"direct"`` is exact; ``"tau"`` leaps over many reactions at a time, for networks in which nothing
            happens but reactions.
        epsilon: by how much a propensity may change in a leap, relatively.
        estimator: an `Estimator`, if the states (of ``score`` the weights) shall have autograd history of the
            parameters; the trajectories are as exact, but others, and those of a clock that is slower. `ssa.gradient`
            tells errors and biases as well.
        temperature: of the estimators ``gumbel`` and ``dga``.
        max_events: most reactions (and events) of one trajectory.

    Returns:
        The trajectories; those that fail have a status and NaN values, and leave the others alone.

    Raises:
        JumpError: the model cannot be read as a jump process.
        UnknownElementError: a parameter's name is not in the model.
        ValueError: the grid, a shape or a number is not as described.
    """
    if estimator is not None:
        return differentiable_ensemble(model, t, parameters, trajectories, seed, estimator, temperature, max_events)
    run = _Run(model, t, parameters, trajectories, seed, max_events, method, epsilon)
    count = len(run.p) * trajectories
    states = np.empty((count, len(run.grid), run.width))
    status, events = np.empty(count, np.int64), np.empty(count, np.int64)
    for first, rows, ended, fired in run.portions():
        chosen = slice(first, first + len(rows))
        states[chosen], status[chosen], events[chosen] = rows, ended, fired
    shape = (*run.batch, trajectories)
    found = torch.as_tensor(states).reshape(*shape, *states.shape[1:])
    n = len(model.state_ids)
    return Ensemble(
        t=run.t,
        states=found[..., :n],
        draws=found[..., n:],
        parameters=run.parameters,
        status=status.reshape(shape),
        events=events.reshape(shape),
        model=model,
    )


def summarise_ssa(
    model: Model,
    t: Tensor | np.ndarray | Sequence[float],
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    trajectories: int = 1000,
    seed: int = 0,
    *,
    ids: Sequence[str] | None = None,
    method: str = "direct",
    epsilon: float = 0.03,
    max_events: int = 1_000_000_000,
    on_progress: Callable[[int], None] | None = None,
) -> Statistics:
    """Means, variances, distributions and spectra of the trajectories of `simulate_ssa`, which are not kept.

    Memory does not grow with the number of trajectories, and the result does not depend on the number of threads.

    Args:
        model, t, trajectories, seed, method, epsilon, max_events: as for `simulate_ssa`.
        parameters: one vector ``[parameter]``, or values by name, each a number.
        ids: symbols; the species that change, if not given.
        on_progress: called with the number of trajectories done, now and then. What it raises ends the simulation.

    Raises:
        JumpError: the model cannot be read as a jump process.
        UnknownElementError: a name is not in the model.
        ValueError: an argument is not as described.
    """
    run = _Run(model, t, parameters, trajectories, seed, max_events, method, epsilon)
    if run.batch:
        raise ValueError(f"parameters have a batch of {len(run.p)}; statistics are those of one parameter vector")
    names = tuple(model.state_ids if ids is None else ids)
    statistics = Statistics(run.t.numpy(), names)
    n = len(model.state_ids)
    for _, rows, ended, fired in run.portions():
        found = torch.as_tensor(rows)
        p = with_draws(run.parameters, found[..., n:])
        values = model.observe(run.t, found[..., :n], p, names).numpy()
        statistics.add(values[ended == StochasticStatus.SUCCESS])
        statistics.count_ends(ended, fired)
        if on_progress is not None:
            on_progress(statistics.ends.total())
    return statistics


class _Run:
    def __init__(
        self,
        model: Model,
        t: Tensor | np.ndarray | Sequence[float],
        parameters: Tensor | Mapping[str, Tensor | float] | None,
        trajectories: int,
        seed: int,
        max_events: int,
        method: str,
        epsilon: float,
    ) -> None:
        if method not in METHODS:
            raise ValueError(f"method is {method!r}, expected one of {', '.join(METHODS)}")
        if not 0 < epsilon < 1:
            raise ValueError(f"epsilon is {epsilon}, expected a number between 0 and 1")
        for name, number in (("trajectories", trajectories), ("max_events", max_events)):
            if number < 1:
                raise ValueError(f"{name} is {number}, expected a positive number")
        with torch.no_grad():
            p = model.parameter_vector(parameters).detach().double().cpu()
            self.t = time_grid(t, p)
            system = model.system
            check_process(system)
            warn_of_net_rates(system)
            x0 = None if any(d.at_start for d in system.draws) else model.initial(p)
        self.parameters, self.batch = p, p.shape[:-1]
        self.grid = self.t.numpy()
        self.p = np.ascontiguousarray(p.reshape(math.prod(self.batch), p.shape[-1]).numpy())
        self.width = len(system.states) + len(system.draws)
        self.x0 = np.empty((len(self.p), 0))  # where chance has a part in it
        if x0 is not None:
            self.x0 = whole_numbers(system, x0.reshape(len(self.p), x0.shape[-1]).numpy().astype(np.float64))
        if method == "tau":
            check_jumps(system)
        self._system, self._method, self._epsilon = system, method, epsilon
        self._trajectories, self._seed, self._most = trajectories, seed, max_events

    def portions(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
        """The trajectories in order: the index of the first, their states, how they ended, and how often they fired."""
        starts = [(row, first) for row in range(len(self.p)) for first in range(0, self._trajectories, PORTION)]
        compute = self._loop()
        with ThreadPoolExecutor(cores()) as pool:
            # a few portions ahead of what is taken, so that memory stays bounded
            waiting = [pool.submit(self._portion, compute, s) for s in starts[: 2 * cores()]]
            following = iter(starts[2 * cores() :])
            while waiting:
                yield waiting.pop(0).result()
                start = next(following, None)
                if start is not None:
                    waiting.append(pool.submit(self._portion, compute, start))

    def _loop(self) -> _Loop:
        """What simulates a portion: compiled now, so that it is not compiled by several threads."""
        system, grid, most = self._system, self.grid, self._most
        if not is_memoryless(system):
            plan, field, factors, _ = compiled_process(system)
            return lambda _, p, *rest: portion_of_process(plan, field, factors, grid, p, rest[0], most, *rest[1:])
        if not system.jumps:
            return _still
        if self._method == "tau":
            leap, _ = leaps(system)
            return lambda x0, p, *rest: portion_by_leaps(leap, self._epsilon, grid, x0, p, rest[0], most, *rest[1:])
        if is_large(system):
            net, _ = graph(system)
            return lambda x0, p, *rest: portion_of_network(net, grid, x0, p, rest[0], most, *rest[1:])
        address = lanes(system).jump

        def side_by_side(x0: np.ndarray, p: np.ndarray, generators: np.ndarray, *results: np.ndarray) -> None:
            x, rates = (np.ascontiguousarray(np.broadcast_to(v, (len(generators), len(v)))) for v in (x0, p))
            portion(address, grid, x, rates, generators, most, *results)

        return side_by_side

    def _portion(self, compute: _Loop, start: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        row, first = start
        count = min(PORTION, self._trajectories - first)
        out = np.empty((count, len(self.grid), self.width))
        status, events = np.empty(count, np.int64), np.empty(count, np.int64)
        compute(self.x0[row], self.p[row], seeded(self._seed, first, count), out, status, events)
        return row * self._trajectories + first, out, status, events


def _still(x0: np.ndarray, p: np.ndarray, generators: np.ndarray, *results: np.ndarray) -> None:
    """Without reactions nothing ever happens."""
    out, status, events = results
    out[:] = x0
    status[:] = events[:] = 0
