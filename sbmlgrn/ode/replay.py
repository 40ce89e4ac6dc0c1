"""Gradients through events: trajectories whose events are known are integrated again, differentiably.

At an event the state jumps at a time that depends on the parameters. With the margin g (left minus right side of the
comparison that turned), that time is, to first order, τ = T − g/ġ around its value T (implicit function theorem). The
state is carried to τ along the flow before the event, changed, and carried back to T along the flow after it; the
difference of the two flows is what makes the saltation matrix.

Source: Rozenwasser (1967), Autom. Remote Control 28:1031; Hiskens & Pai 2000, IEEE Trans. Circuits Syst. I 47:204,
equations (22)–(27).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.expr import Turn
from sbmlgrn.ode.differentiable import Directions, trajectories
from sbmlgrn.ode.integrate import DIFFERENTIABLE, explicit
from sbmlgrn.ode.log import Cause, Entry, Execution, Settled, Triggered
from sbmlgrn.ode.status import Status


def replay(
    model: Model,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    log: Sequence[Entry],
    method: str,
    rtol: float,
    atol: Tensor,
    max_steps: int,
    directions: Directions,
) -> tuple[Tensor, Status]:
    """One trajectory with autograd history.

    Args:
        model: what is simulated.
        y0: initial state ``[state]``.
        p: parameters ``[parameter]``.
        t: strictly increasing time grid ``[time]``.
        log: what happened in a run without gradients.
        method: torchdiffeq's, or one of the compiled loops.
        rtol: relative tolerance.
        atol: absolute tolerance ``[state]``.
        max_steps: most steps between two events.
        directions: which gradients are asked for.

    Returns:
        States ``[time, state]`` and how it went; on failure the rest is NaN.
    """
    run = Replay(model, p, t)
    rows: list[Tensor] = []
    y, time, end = y0, float(t[0]), float(t[-1])
    for stop in dict.fromkeys([*(entry.time for entry in log), end]):
        inside = [float(v) for v in t[len(rows) :] if v < stop]
        points = list(dict.fromkeys([time, *inside, stop]))
        if len(points) > 1:
            grid = torch.tensor(points, dtype=t.dtype, device=t.device)
            if method in DIFFERENTIABLE:
                states, (status,) = explicit(model.rhs, y[None], p[None], grid, method, rtol, atol[None], max_steps)
            else:
                own_start = directions.own_start and y is y0
                states, (status,) = trajectories(
                    *(model.system, y[None], p[None], grid, method, rtol, atol[None], max_steps),
                    Directions(directions.parameters, own_start),
                )
            if status is not Status.SUCCESS:
                rest = y0.new_full((len(t) - len(rows), len(y0)), torch.nan)
                return torch.cat([torch.stack(rows), rest]) if rows else rest, status
            rows += [states[0, points.index(v)] for v in inside]
            y = states[0, -1]
        y, time = run.at(stop, y, [entry for entry in log if entry.time == stop]), stop
    rows += [y] * (len(t) - len(rows))
    return torch.stack(rows), Status.SUCCESS


class Replay:
    """What happened at the events of one trajectory, as functions of the state before and of the parameters.

    Both may have leading axes: as many copies give all rows of a Jacobian in one pass backwards.
    """

    def __init__(self, model: Model, p: Tensor, like: Tensor) -> None:
        """Makes one for a trajectory of `model` with parameters `p`; times are of the kind of `like`."""
        self._model = model
        self._p = p
        self._like = like
        self._due: dict[Triggered, Tensor] = {}
        self._values: dict[Triggered, Tensor] = {}

    def at(self, time: float, y: Tensor, entries: Sequence[Entry]) -> Tensor:
        """The state after all that happens at `time`."""
        now = torch.as_tensor(time, dtype=self._like.dtype, device=self._like.device)
        moment = now
        for entry in entries:
            if isinstance(entry, Settled):
                if entry.turn is not None:
                    moment = self._turned(entry.turn, now, y)
                extents = torch.as_tensor(entry.extents, dtype=y.dtype, device=y.device)
                there = self._carried(y, now, moment + entry.ahead)
                y = self._carried(self._model.settled(moment, there, self._p, extents), moment, now)
            elif isinstance(entry, Triggered):
                triggered = self._moment(entry, now, moment, y)
                there = self._carried(y, now, triggered)
                self._due[entry] = triggered + self._model.event_delay(entry.event, triggered, there, self._p)
                if self._model.system.transitions[entry.event].at_trigger:
                    self._values[entry] = self._model.event_values(entry.event, triggered, there, self._p)
            else:
                due = self._due[entry.origin]
                moment = now + (due - due.detach())
                there = self._carried(y, now, moment)
                y = self._carried(self._executed(entry, moment, there), moment, now)
        return y

    def _moment(self, entry: Triggered, now: Tensor, latest: Tensor, y: Tensor) -> Tensor:
        """When the trigger turned: `now` in value, a function of the parameters in derivative."""
        if entry.cause is Cause.CASCADE:
            return latest
        if entry.cause is Cause.START or entry.turn is None:
            return now
        return self._turned(entry.turn, now, y)

    def _turned(self, turn: Turn, now: Tensor, y: Tensor) -> Tensor:
        """When something turned."""
        margin = self._model.margin(turn, now, y, self._p)
        speed = self._speed(turn, now, y.detach())
        return now - (margin - margin.detach()) / torch.where(speed != 0, speed, torch.inf)

    def _speed(self, turn: Turn, now: Tensor, y: Tensor) -> Tensor:
        """Total time derivative of the margin along the flow."""
        with torch.enable_grad():
            time, state = now.expand(y.shape[:-1]).clone().requires_grad_(), y.clone().requires_grad_()
            margin = self._model.margin(turn, time, state, self._p.detach())
            by_time, by_state = torch.autograd.grad(
                margin.sum(), (time, state), allow_unused=True, materialize_grads=True
            )
        return by_time + (by_state * self._model.rhs(now, y, self._p.detach())).sum(-1)

    def _carried(self, y: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """`y` moved along the flow between two times that are equal in value, for the derivative alone."""
        with torch.no_grad():
            flow = self._model.rhs(start.detach(), y.detach(), self._p.detach())
        return y + flow * (end - start).unsqueeze(-1)

    def _executed(self, entry: Execution, moment: Tensor, y: Tensor) -> Tensor:
        values = self._values.get(entry.origin)
        if values is None:
            values = self._model.event_values(entry.event, moment, y, self._p)
        if entry.values is not None:  # at a threshold, a state that differs by rounding may be on the other side of it
            values = torch.as_tensor(entry.values).to(values) + (values - values.detach())
        index = torch.tensor(list(self._model.system.transitions[entry.event].values), device=y.device)
        return self._model.project(moment, y.index_copy(-1, index.long(), values.expand(*y.shape[:-1], -1)), self._p)
