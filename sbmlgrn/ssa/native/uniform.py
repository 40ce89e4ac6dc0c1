"""The uniformised clock: ticks that are more frequent than reactions, each of which is a reaction or nothing.

Ticks come at a rate Λ ≥ Σa. A tick is reaction j with probability a_j/Λ, and nothing else happens with the rest. Λ is a
function of the state just before, so that it is known before the tick: the trajectories are exact (thinning, Lewis &
Shedler 1979, Nav. Res. Logist. Q. 26:403), and the mean of what a tick adds at 1/Λ a time is that of its integral over
time, whatever Λ. All that parameters change is thereby in the probabilities; the times of the ticks are no functions of
them.

Λ is at least the fastest rate at which a species' own drift decays, since tangents follow the drift in steps of 1/Λ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.hazard import hazard
from sbmlgrn.expr import TIME, postorder
from sbmlgrn.lower import System
from sbmlgrn.ode.native.loop import inlined
from sbmlgrn.ssa.jumps import JumpError, check_jumps

TICKS_PER_REACTION: Final = 1.0
"""Λ/Σa where reactions set the pace; with 1, every tick is a reaction there."""
FEWEST_TICKS: Final = 64.0
"""Ticks, on average, over the whole time even where nothing happens: what would happen with other parameters is seen at
ticks alone."""


class Network(NamedTuple):
    """What loops need to know of a system.

    Attributes:
        address: of `Hazard.entries`.
        first, changed, change: reaction j changes the states ``changed[first[j]:first[j + 1]]`` by those of `change`.
        by_state: reactions, and states, of the nonzeros of ∂a/∂x ``[2, entry]``.
        by_parameter: reactions, and columns, of those of ∂a/∂θ ``[2, entry]``.
        rows: those of reaction j are ``rows[j]`` up to ``rows[j + 1]``.
        own: entries of ∂a/∂x by which a state changes itself, and the state ``[2, pair]``, state by state.
        weight: by how much, ``[pair]``.
    """

    address: int
    first: np.ndarray
    changed: np.ndarray
    change: np.ndarray
    by_state: np.ndarray
    by_parameter: np.ndarray
    rows: np.ndarray
    own: np.ndarray
    weight: np.ndarray


def network(system: System, parameters: Sequence[int]) -> Network:
    """The system for loops, with derivatives with respect to some of its parameters, by position."""
    entries = hazard(system).entries(tuple(parameters))
    nets = [{i: float(net.number or 0.0) for i, net in jump.stoichiometry.items()} for jump in system.jumps]
    own = sorted((i, e, nets[j][i]) for e, (j, i) in enumerate(entries.by_state) if i in nets[j])
    rows = [j for j, _ in entries.by_parameter]
    return Network(
        address=entries.address,
        first=np.cumsum([0, *map(len, nets)]),
        changed=np.array([i for net in nets for i in net], np.int64),
        change=np.array([value for net in nets for value in net.values()], np.float64),
        by_state=np.array(entries.by_state, np.int64).reshape(-1, 2).T.copy(),
        by_parameter=np.array(entries.by_parameter, np.int64).reshape(-1, 2).T.copy(),
        rows=np.searchsorted(rows, np.arange(len(nets) + 1)).astype(np.int64),
        own=np.array([(e, i) for i, e, _ in own], np.int64).reshape(-1, 2).T.copy(),
        weight=np.array([pair[2] for pair in own], np.float64),
    )


def check_differentiable(system: System) -> None:
    """Refuses what the uniformised clock cannot simulate: all but jumps at rates of states and parameters alone.

    Raises:
        JumpError: something else happens.
    """
    if system.transitions:
        raise JumpError(
            system.transitions[0].id, "the model has events, through which stochastic simulation has no gradient"
        )
    if system.delays:
        raise JumpError("delay", "the model has delay(), through which stochastic simulation has no gradient")
    for jump in system.jumps:
        if TIME in postorder([jump.rate]):
            raise JumpError(
                jump.id,
                f"the rate law of {jump.id!r} depends on the time; gradients of stochastic simulation need laws that "
                "change only when a reaction fires",
            )
    moved = {i for jump in system.jumps for i in jump.stoichiometry}
    for i, (state, rate) in enumerate(zip(system.states, system.rhs, strict=True)):
        if i not in moved and not (rate.number == 0):
            raise JumpError(
                state.id,
                f"{state.id!r} changes continuously; gradients of stochastic simulation know only jumps by reactions",
            )
    if system.draws:
        owner = system.draws[0].owner
        raise JumpError(owner, f"{owner!r} draws random values, through which stochastic simulation has no gradient")
    check_jumps(system)


@inlined
def pace(net: Network, values: np.ndarray, reactions: int, per_reaction: float, least: float) -> tuple[float, float]:
    """Λ and Σa from what `Hazard.entries` gave; Σa is NaN where a propensity is negative or not finite."""
    total = 0.0
    for j in range(reactions):
        a = values[j]
        if not 0.0 <= a < np.inf:
            return least, np.nan
        total += a
    fastest, rate, last = 0.0, 0.0, -1
    for k in range(len(net.weight)):
        rate = abs(net.weight[k] * values[reactions + net.own[0, k]]) + (rate if net.own[1, k] == last else 0.0)
        last = net.own[1, k]
        fastest = max(fastest, rate)
    return max(per_reaction * total, fastest, least), total


@inlined
def chosen(values: np.ndarray, reactions: int, target: float) -> int:
    """The reaction at which the cumulative sum of propensities passes `target`; `reactions` if none does."""
    total = 0.0
    for j in range(reactions):
        total += values[j]
        if target < total:
            return j
    return reactions
