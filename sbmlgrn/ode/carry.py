"""Sensitivities forwards through events: the derivatives of a trajectory whose events are known.

Between events the compiled loops carry derivatives along; across an event they are multiplied by the Jacobian of what
happened there (`Replay`), the change of its time included. All derivatives of all values come out at once, where
differentiating backwards takes a pass for each value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.ode.log import Entry, Execution, Triggered
from sbmlgrn.ode.native.sensitivity import sensitivities
from sbmlgrn.ode.native.tape import taped
from sbmlgrn.ode.replay import Replay
from sbmlgrn.ode.status import Status


def carried(
    model: Model,
    y0: np.ndarray,
    slopes: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    log: Sequence[Entry],
    directions: Sequence[int],
    rtol: float,
    atol: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, np.ndarray, Status]:
    """One trajectory and its derivatives.

    Args:
        model: what is simulated.
        y0: initial state ``[state]``.
        slopes: its derivatives ``[state, direction]``.
        p: parameters ``[parameter]``.
        t: strictly increasing time grid ``[time]``.
        log: what happened in a run without derivatives.
        directions: positions of the parameters to differentiate by.
        rtol: relative tolerance.
        atol: absolute tolerance ``[state]``.
        max_steps: most steps between two events.

    Returns:
        States ``[time, state]``, derivatives ``[time, state, direction]`` and how it went; the rest is NaN on failure.
    """
    states, rows = np.full((len(t), len(y0)), np.nan), np.full((len(t), *slopes.shape), np.nan)
    happened = _Happened(model, p, directions)
    y, time, end, done = y0, float(t[0]), float(t[-1]), 0
    for stop in dict.fromkeys([*(entry.time for entry in log), end]):
        inside = [float(v) for v in t[done:] if v < stop]
        points = list(dict.fromkeys([time, *inside, stop]))
        if len(points) > 1:
            grid = np.array(points)
            found, (status,), tapes = taped(
                *(model.system, y[None], p[None], grid, "auto", rtol, atol[None], max_steps),
                directions,
                own_start=False,
            )
            if status is not Status.SUCCESS:
                return states, rows, status
            linear = sensitivities(model.system, y[None], p[None], grid, tapes, directions, own_start=False)[0]
            moved = linear[..., : len(y)] @ slopes + linear[..., len(y) :]
            places = [points.index(v) for v in inside]
            states[done : done + len(inside)], rows[done : done + len(inside)] = found[0, places], moved[places]
            y, slopes = found[0, -1], moved[-1]
            done += len(inside)
        entries = [entry for entry in log if entry.time == stop]
        if entries:
            y, slopes = happened.at(stop, y, slopes, entries)
        time = stop
    states[done:], rows[done:] = y, slopes
    return states, rows, Status.SUCCESS


class _Happened:
    """The Jacobians of events. What is executed later than it was triggered depends on the state at both times."""

    def __init__(self, model: Model, p: np.ndarray, directions: Sequence[int]) -> None:
        # a copy for each row of the Jacobian
        self._p = torch.as_tensor(p).expand(len(model.state_ids), -1).clone().requires_grad_()
        self._replay = Replay(model, self._p, self._p)
        self._directions = list(directions)
        self._triggered: dict[Triggered, tuple[Tensor, np.ndarray]] = {}

    def at(
        self, time: float, y: np.ndarray, slopes: np.ndarray, entries: Sequence[Entry]
    ) -> tuple[np.ndarray, np.ndarray]:
        """State and derivatives after all that happens at `time`."""
        before = torch.as_tensor(y).expand(len(y), -1).clone().requires_grad_()
        known = {id(before): (before, slopes)}
        for entry in entries:
            if isinstance(entry, Triggered):
                self._triggered[entry] = before, slopes
            elif isinstance(entry, Execution):
                earlier = self._triggered[entry.origin]
                known[id(earlier[0])] = earlier
        after = self._replay.at(time, before, entries)
        leaves = [leaf for leaf, _ in known.values()]
        *by_state, by_parameter = torch.autograd.grad(
            after.diagonal().sum(), [*leaves, self._p], retain_graph=True, allow_unused=True, materialize_grads=True
        )
        changed = by_parameter.numpy()[:, self._directions]
        for rows, (_, carried_so_far) in zip(by_state, known.values(), strict=True):
            changed = changed + rows.numpy() @ carried_so_far
        return after.detach().numpy()[0], changed
