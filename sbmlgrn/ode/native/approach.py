"""Trajectories that come to rest, and equations at many points."""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.ensemble import compiled
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import copy
from sbmlgrn.ode.native.trajectory import (
    LENGTH,
    MAX_STEPS,
    NOT_FINITE,
    RODAS5P,
    RUNNING,
    SUCCESS,
    Addresses,
    H,
    T,
    Workspace,
    advance,
    can_start,
    start,
    step,
    workspace,
)
from sbmlgrn.ode.status import Status

_END: Final = 1e20
_CALM: Final = 2
_RTOL: Final = 1e-5


def approach(
    system: System, y0: np.ndarray, p: np.ndarray, atol: np.ndarray, max_steps: int, change: float
) -> tuple[np.ndarray, list[Status]]:
    """Integrates trajectories with Rodas5P until they hardly change any more.

    Args:
        system: what is simulated, which may not depend on the time.
        y0: initial states ``[batch, state]``.
        p: parameters ``[batch, parameter]``.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory.
        change: relative change of each state within a step, no shorter than the one before, at which two such steps in
            succession are the end.

    Returns:
        The last states ``[batch, state]``, and a status for each.
    """
    addresses, layout = compiled(system)
    starts, parameters, tolerance = (np.require(v, np.float64, ["C", "W"]) for v in (y0, p, atol))
    out, status = np.empty(y0.shape), np.empty(len(y0), np.int64)

    def run(bounds: tuple[int, int]) -> None:
        _portion(addresses, starts, parameters, tolerance, max_steps, change, layout, *bounds, out, status)

    in_threads(run, portions(len(y0)))
    return out, [Status(code) for code in status.tolist()]


def values(address: int, count: int, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """``[batch, count]`` of a compiled function at states ``[batch, …]`` and parameters ``[batch, …]``, at time 0."""
    out = np.empty((len(y), count))
    _values(address, np.require(y, np.float64, ["C", "W"]), np.require(p, np.float64, ["C", "W"]), out)
    return out


@loop
def _values(address: int, y: np.ndarray, p: np.ndarray, out: np.ndarray) -> None:
    for b in range(len(y)):
        evaluate(address, 0.0, y[b], p[b], out[b])


@loop
def _portion(
    addresses: Addresses,
    y0: np.ndarray,
    p: np.ndarray,
    atol: np.ndarray,
    max_steps: int,
    change: float,
    layout: Layout,
    low: int,
    high: int,
    out: np.ndarray,
    status: np.ndarray,
) -> None:
    work = workspace(y0.shape[1], len(layout.place), len(layout.column))
    for b in range(low, high):
        status[b] = _approach(addresses, y0[b], p[b], atol[b], max_steps, change, layout, work)
        copy(work.y, out[b])


@loop
def _approach(
    addresses: Addresses,
    y0: np.ndarray,
    p: np.ndarray,
    atol: np.ndarray,
    max_steps: int,
    change: float,
    layout: Layout,
    work: Workspace,
) -> int:
    start(addresses, 0.0, _END, y0, p, RODAS5P, _RTOL, atol, work)
    if not can_start(work):
        return NOT_FINITE
    control, calm, left = work.control, 0, max_steps
    while control[T] < _END:
        outcome, used = step(addresses, _END, p, RODAS5P, _RTOL, atol, layout, left, work)
        left -= used
        if outcome != RUNNING:
            return outcome
        moved = 0.0
        for i in range(len(y0)):
            moved = max(moved, abs(work.new[i] - work.y[i]) / (abs(work.new[i]) + atol[i]))
        calm = calm + 1 if moved < change and control[H] >= control[LENGTH] else 0
        advance(addresses.rhs, _END, p, work)
        if calm == _CALM:
            return SUCCESS
    return MAX_STEPS
