"""Many trajectories of one system, on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from sbmlgrn.backends.kernel import field
from sbmlgrn.lower import System
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.sparse import Layout, layout
from sbmlgrn.ode.native.trajectory import AUTO, RODAS5P, TSIT5, Addresses, trajectory, workspace
from sbmlgrn.ode.status import Status

METHODS: Final = {"auto": AUTO, "tsit5": TSIT5, "rodas5p": RODAS5P}

_SHARE: Final = 8
"""Portions for each core: trajectories differ in length, and a core that is done takes another portion."""


def ensemble(
    system: System,
    y0: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    method: str,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, list[Status]]:
    """Integrates trajectories, each with steps of its own, so that none depends on the others.

    Args:
        system: without events and delays.
        y0: initial state ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``.
        method: one of `METHODS`: Tsit5 for what is not stiff, Rodas5P for what is, or both as a trajectory needs them.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory, rejected ones included.

    Returns:
        States ``[batch, time, state]``, NaN from where a trajectory failed, and a status per trajectory.
    """
    addresses, factors = compiled(system)
    count = len(y0)
    out = np.empty((count, len(t), y0.shape[-1]))
    status = np.empty(count, np.int64)
    counts = np.empty((count, 3), np.int64)
    given = [np.ascontiguousarray(v, dtype=np.float64) for v in (t, y0, p, atol)]

    def run(bounds: tuple[int, int]) -> None:
        grid, start, parameters, tolerance = given
        _portion(
            *(addresses, grid, start, parameters, METHODS[method], rtol, tolerance, max_steps, factors),
            *(*bounds, out, status, counts),
        )

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    size = max(1, count // (_SHARE * cores))
    portions = [(low, min(low + size, count)) for low in range(0, count, size)]
    if cores == 1 or len(portions) == 1:
        run((0, count))
    else:
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(run, portions))
    return out, [Status(code) for code in status.tolist()]


def compiled(system: System) -> tuple[Addresses, Layout]:
    """Addresses of the system's functions, and the layout of the factors of its Jacobian."""
    functions = field(system)
    if system not in _layouts:
        _layouts[system] = layout(len(system.states), functions.nonzeros)
    return Addresses(functions.rhs, functions.slopes), _layouts[system]


_layouts: WeakKeyDictionary[System, Layout] = WeakKeyDictionary()


@loop
def _portion(
    addresses: Addresses,
    grid: np.ndarray,
    y0: np.ndarray,
    p: np.ndarray,
    method: int,
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
    factors: Layout,
    low: int,
    high: int,
    out: np.ndarray,
    status: np.ndarray,
    counts: np.ndarray,
) -> None:
    work = workspace(y0.shape[1], len(factors.place), len(factors.column))
    for b in range(low, high):
        status[b] = trajectory(
            addresses, grid, y0[b], p[b], method, rtol, atol[b], max_steps, factors, work, out[b], counts[b]
        )
