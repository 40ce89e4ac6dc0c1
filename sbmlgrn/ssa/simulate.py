"""`simulate_ssa`: a model, a time grid and parameters → an ensemble of stochastic trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel.lanes import lanes
from sbmlgrn.backends.torch import Model
from sbmlgrn.ode import time_grid
from sbmlgrn.ode.native.portions import cores
from sbmlgrn.ssa.direct import portion, seeded
from sbmlgrn.ssa.ensemble import Ensemble, with_draws
from sbmlgrn.ssa.jumps import check_process, is_memoryless, whole_numbers
from sbmlgrn.ssa.native.plan import compiled_process
from sbmlgrn.ssa.native.process import portion_of_process
from sbmlgrn.ssa.statistics import Statistics
from sbmlgrn.ssa.status import StochasticStatus

PORTION = 256
"""Trajectories that are simulated, and summed up, together."""


def simulate_ssa(
    model: Model,
    t: Tensor | np.ndarray | Sequence[float],
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    trajectories: int = 1000,
    seed: int = 0,
    *,
    max_events: int = 1_000_000_000,
) -> Ensemble:
    """Simulates trajectories of the model's jump process, exactly, by the direct method.

    Main arguments:
        model: from `compile`; its rate laws are read as propensities, in reactions per unit of time, and its amounts as
            numbers of molecules.
        t: strictly increasing time grid ``[time]``; the model has its initial state at the first.
        parameters: ``[parameter]`` or ``[batch, parameter]``, or values by name, as for `simulate`.
        trajectories: how many of each parameter vector.
        seed: any integer. Trajectory k has random numbers of its own that depend on `seed` and k alone: not on the
            number of trajectories, of threads, or on the other parameter vectors, whose k-th trajectories share them.

    Other Arguments:
        max_events: most reactions of one trajectory.

    Returns:
        The trajectories; those that fail have a status and NaN values, and leave the others alone.

    Raises:
        JumpError: the model cannot be read as a jump process.
        UnknownElementError: a parameter's name is not in the model.
        ValueError: the grid, a shape or a number is not as described.
    """
    run = _Run(model, t, parameters, trajectories, seed, max_events)
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
    max_events: int = 1_000_000_000,
) -> Statistics:
    """Means, variances, distributions and spectra of the trajectories of `simulate_ssa`, which are not kept.

    Memory does not grow with the number of trajectories, and the result does not depend on the number of threads.

    Args:
        model, t, trajectories, seed, max_events: as for `simulate_ssa`.
        parameters: one vector ``[parameter]``, or values by name, each a number.
        ids: symbols; the species that change, if not given.

    Raises:
        JumpError: the model cannot be read as a jump process.
        UnknownElementError: a name is not in the model.
        ValueError: an argument is not as described.
    """
    run = _Run(model, t, parameters, trajectories, seed, max_events)
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
    ) -> None:
        for name, number in (("trajectories", trajectories), ("max_events", max_events)):
            if number < 1:
                raise ValueError(f"{name} is {number}, expected a positive number")
        with torch.no_grad():
            p = model.parameter_vector(parameters).detach().double().cpu()
            self.t = time_grid(t, p)
            system = model.system
            check_process(system)
            x0 = None if any(d.at_start for d in system.draws) else model.initial(p)
        self.parameters, self.batch = p, p.shape[:-1]
        self.grid = self.t.numpy()
        self.p = np.ascontiguousarray(p.reshape(-1, p.shape[-1]).numpy())
        self.width = len(system.states) + len(system.draws)
        if x0 is not None:
            self.x0 = whole_numbers(system, x0.reshape(len(self.p), x0.shape[-1]).numpy().astype(np.float64))
        self._system = system
        self._trajectories, self._seed, self._most = trajectories, seed, max_events

    def portions(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
        """The trajectories in order: the index of the first, their states, how they ended, and how often they fired."""
        starts = [(row, first) for row in range(len(self.p)) for first in range(0, self._trajectories, PORTION)]
        memoryless = is_memoryless(self._system)
        if memoryless and not self._system.jumps:
            yield from map(self._still, starts)
            return
        if memoryless:
            self._loop = lanes(self._system)
        else:
            self._process = compiled_process(self._system)
        compute = self._portion if memoryless else self._portion_of_process
        with ThreadPoolExecutor(cores()) as pool:
            # a few portions ahead of what is taken, so that memory stays bounded
            waiting = [pool.submit(compute, s) for s in starts[: 2 * cores()]]
            following = iter(starts[2 * cores() :])
            while waiting:
                yield waiting.pop(0).result()
                start = next(following, None)
                if start is not None:
                    waiting.append(pool.submit(compute, start))

    def _portion(self, start: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        row, first = start
        count = min(PORTION, self._trajectories - first)
        out = np.empty((count, len(self.grid), self.x0.shape[1]))
        status, events = np.empty(count, np.int64), np.empty(count, np.int64)
        x0, p = (np.ascontiguousarray(np.broadcast_to(v[row], (count, v.shape[1]))) for v in (self.x0, self.p))
        generators = seeded(self._seed, first, count)
        portion(self._loop.jump, self.grid, x0, p, generators, self._most, out, status, events)
        return row * self._trajectories + first, out, status, events

    def _portion_of_process(self, start: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        row, first = start
        count = min(PORTION, self._trajectories - first)
        out = np.empty((count, len(self.grid), self.width))
        status, events = np.empty(count, np.int64), np.empty(count, np.int64)
        generators = seeded(self._seed, first, count)
        plan, field, factors, _ = self._process
        portion_of_process(plan, field, factors, self.grid, self.p[row], generators, self._most, out, status, events)
        return row * self._trajectories + first, out, status, events

    def _still(self, start: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        """Without reactions nothing ever happens."""
        row, first = start
        count = min(PORTION, self._trajectories - first)
        out = np.broadcast_to(self.x0[row], (count, len(self.grid), self.x0.shape[1]))
        return row * self._trajectories + first, out, np.zeros(count, np.int64), np.zeros(count, np.int64)
