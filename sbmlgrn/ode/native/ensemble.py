"""Many trajectories of one system, on all cores."""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.backends.kernel import field, once
from sbmlgrn.lower import System
from sbmlgrn.ode.native import lanes as side_by_side
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.lanes import Task
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ode.native.sparse import Layout, layout
from sbmlgrn.ode.native.trajectory import AUTO, RODAS5P, TSIT5, Addresses, trajectory, workspace
from sbmlgrn.ode.status import Status

METHODS: Final = {"auto": AUTO, "tsit5": TSIT5, "rodas5p": RODAS5P}


def ensemble(
    system: System,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    floor: np.ndarray | None = None,
) -> tuple[np.ndarray, list[Status]]:
    """Integrates trajectories, each with steps of its own, so that none depends on the others.

    Args:
        system: without events and delays.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``, or one for each ``[batch, time]``.
        method: one of `METHODS`: Tsit5 for what is not stiff, Rodas5P for what is, or both as a trajectory needs them.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory, rejected ones included.
        floor: ``[state]`` values below which states may not fall, −∞ for those that may; none is bounded if not given.

    Returns:
        States ``[batch, time, state]``, NaN from where a trajectory failed, and a status per trajectory.
    """
    addresses, factors = compiled(system)
    count = len(y0)
    out = np.empty((count, t.shape[-1], y0.shape[-1]))
    status = np.empty(count, np.int64)
    if count >= side_by_side.WORTH_IT and floor is None and t.shape[-1] > 1:
        task = task_of(y0, p, t, method, rtol, atol, max_steps, out, status)
        side_by_side.ensemble(system, addresses, factors, task)
        return out, [Status(code) for code in status.tolist()]
    counts = np.empty((count, 3), np.int64)
    bound = np.empty(0) if floor is None else floor
    # writable too, since to Numba what is not is another type, for which it would compile the loops once more
    given = [np.require(v, np.float64, ["C", "W"]) for v in (np.atleast_2d(t), y0, p, atol, bound)]

    def run(bounds: tuple[int, int]) -> None:
        grids, start, parameters, tolerance, lowest = given
        _portion(
            *(addresses, grids, start, parameters, METHODS[method], rtol, tolerance, max_steps, factors),
            *(lowest, *bounds, out, status, counts),
        )

    in_threads(run, portions(count))
    return out, [Status(code) for code in status.tolist()]


def task_of(
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    out: np.ndarray,
    status: np.ndarray,
) -> Task:
    """What `ensemble` is asked for, for trajectories in lanes."""
    # writable too, since to Numba what is not is another type, for which it would compile the loops once more
    grids, start, parameters, bound = (np.require(v, np.float64, ["C", "W"]) for v in (np.atleast_2d(t), y0, p, atol))
    written = np.zeros(len(y0), np.int64)
    return Task(grids, start, parameters, METHODS[method], rtol, bound, max_steps, out, status, written)


def beginnings(system: System, p: np.ndarray, atol: float) -> tuple[np.ndarray, np.ndarray]:
    """Where trajectories begin, and their absolute tolerances.

    Args:
        system: without delays.
        p: parameters ``[batch, parameter]``.
        atol: absolute tolerance, in the unit of each state's symbol.

    Returns:
        Initial states and the tolerance in units of the state, both ``[batch, state]``.
    """
    functions = field(system)
    shape = len(p), len(system.states)
    y0, tolerance = np.empty(shape), np.empty(shape)
    _begin(functions.initial, functions.scales, np.require(p, np.float64, ["C", "W"]), atol, np.empty(0), y0, tolerance)
    return y0, tolerance


@loop
def _begin(
    initial: int, scales: int, p: np.ndarray, atol: float, nothing: np.ndarray, y0: np.ndarray, tolerance: np.ndarray
) -> None:
    for b in range(len(p)):
        evaluate(initial, 0.0, nothing, p[b], y0[b])
        evaluate(scales, 0.0, nothing, p[b], tolerance[b])
        for i in range(y0.shape[1]):
            scale = abs(tolerance[b, i])
            tolerance[b, i] = atol * scale if scale > 0.0 and np.isfinite(scale) else atol


@once
def compiled(system: System) -> tuple[Addresses, Layout]:
    """Addresses of the system's functions, and the layout of the factors of its Jacobian."""
    functions = field(system)
    factors = layout(len(system.states), functions.nonzeros)
    return Addresses(functions.rhs, functions.slopes, price(functions.costs, factors)), factors


def price(costs: tuple[float, float], factors: Layout) -> float:
    """What a step of Rodas5P costs, in steps of Tsit5.

    The weights are nanoseconds, fitted to 170 BioModels; nine of ten prices are within a third of what is measured.
    """
    rhs, slopes = costs
    n, entries = len(factors.diagonal), len(factors.column)
    upper = factors.start[1:] - factors.diagonal - 1
    lower = np.concatenate([factors.column[a:b] for a, b in zip(factors.start, factors.diagonal, strict=False)])
    updates = int(upper[lower.astype(np.int64)].sum())
    explicit = 210 + 0.2 * 6 * rhs + 6.7 * n
    stiff = 700 + 0.2 * (8 * rhs + slopes) + 43 * n + 14 * entries + 0.53 * updates
    return float(stiff / explicit)


@loop
def _portion(
    addresses: Addresses,
    grids: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    factors: Layout,
    floor: np.ndarray,
    low: int,
    high: int,
    out: np.ndarray,
    status: np.ndarray,
    counts: np.ndarray,
) -> None:
    work = workspace(y0.shape[1], len(factors.place), len(factors.column), len(floor) > 0)
    for b in range(low, high):
        grid = grids[b] if len(grids) > 1 else grids[0]
        for i in range(len(floor)):
            # what starts below its floor cannot be asked to stay above it
            work.floor[i] = floor[i] if y0[b, i] >= floor[i] else -np.inf
        status[b] = trajectory(
            addresses, grid, y0[b], p[b], method, rtol, atol[b], max_steps, factors, work, out[b], counts[b]
        )
