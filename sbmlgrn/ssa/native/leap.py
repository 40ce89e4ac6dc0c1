"""Tau-leaping: many reactions at a time, as long as no propensity changes much.

The step is that of Cao, Gillespie and Petzold, but for one thing: how much a propensity changes with a population,
relatively, is not read off the order of the reaction but computed from the rate law itself. For laws of mass action the
two agree, and other laws have no order.

Sources: Cao, Gillespie & Petzold 2006, J. Chem. Phys. 124:044109, eqs 32-33 (step) and section IV (critical reactions,
and single reactions where leaps do not pay).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel import once
from sbmlgrn.backends.kernel.propensities import Propensities, propensities
from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import lean, loop
from sbmlgrn.ssa.native.generator import exponential, poisson, uniform
from sbmlgrn.ssa.native.status import StochasticStatus

_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)
_BELOW_ZERO: Final = int(StochasticStatus.BELOW_ZERO)
_TOO_LARGE: Final = int(StochasticStatus.TOO_LARGE)
_LARGEST: Final = 2.0**53
_CRITICAL: Final = 10.0
"""Firings that exhaust a reactant, up to which a reaction is critical: it fires once in a step at most."""
_WORTH: Final = 10.0
"""Reactions that a leap has to stand for; else `_SINGLE` reactions are simulated one by one."""
_SINGLE: Final = 100


class Leaps(NamedTuple):
    """A network for the loop.

    Attributes:
        rates, slopes: addresses; see `Propensities`.
        rows, columns: reaction and state of each slope.
        start, moves, nets: states ``moves[start[r] : start[r + 1]]`` that each reaction changes, and by how much.
    """

    rates: int
    slopes: int
    rows: np.ndarray
    columns: np.ndarray
    start: np.ndarray
    moves: np.ndarray
    nets: np.ndarray


class _Work(NamedTuple):
    rates: np.ndarray
    slopes: np.ndarray
    orders: np.ndarray
    highest: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    new: np.ndarray
    critical: np.ndarray


@once
def leaps(system: System) -> tuple[Leaps, Propensities]:
    """What the loop needs of a system, and the functions that it calls, which live as long as the system."""
    made = propensities(system)
    moves = [list(jump.stoichiometry.items()) for jump in system.jumps]
    return (
        Leaps(
            rates=made.rates,
            slopes=made.slopes,
            rows=np.array([r for r, _ in made.nonzeros], np.int64),
            columns=np.array([i for _, i in made.nonzeros], np.int64),
            start=np.cumsum([0, *map(len, moves)], dtype=np.int64),
            moves=np.array([i for row in moves for i, _ in row], np.int64),
            nets=np.array([float(net.number or 0.0) for row in moves for _, net in row], np.float64),
        ),
        made,
    )


@loop
def portion_by_leaps(
    leaps: Leaps,
    epsilon: float,
    grid: np.ndarray,
    x0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    out: np.ndarray,
    status: np.ndarray,
    events: np.ndarray,
) -> None:
    """Simulates trajectories, arguments as those of `direct.portion`, with `x0` and `p` the same for all of them.

    `epsilon` is by how much a propensity may change in a leap, relatively.
    """
    reactions, n = len(leaps.start) - 1, len(x0)
    work = _Work(
        np.empty(reactions),
        np.empty(max(len(leaps.rows), 1)),
        np.empty(reactions),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.zeros(reactions, np.bool_),
    )
    x = np.empty(n)
    for b in range(len(generators)):
        for i in range(n):
            x[i] = x0[i]
        status[b], events[b] = _trajectory(leaps, epsilon, grid, x, p, generators[b], max_events, out[b], work)


@lean
def _trajectory(
    leaps: Leaps,
    epsilon: float,
    grid: np.ndarray,
    x: np.ndarray,
    p: np.ndarray,
    generator: np.ndarray,
    max_events: int,
    out: np.ndarray,
    work: _Work,
) -> tuple[int, int]:
    n, reactions, rates = len(x), len(leaps.start) - 1, work.rates
    for k in range(len(grid)):
        for i in range(n):
            out[k, i] = np.nan
    for i in range(n):
        out[0, i] = x[i]
    t, fired, single, critical, leap = grid[0], 0.0, 0, 0.0, 0.0
    for k in range(1, len(grid)):
        longest = np.inf
        while t < grid[k]:
            total = _total(leaps, t, x, p, rates)
            if total < 0.0:
                return _BAD_PROPENSITY, int(fired)
            if total == 0.0:
                t = grid[k]
                break
            if fired >= max_events:
                return _MAX_EVENTS, int(fired)
            if single == 0:
                critical = _mark_critical(leaps, x, work)
                leap = min(_longest_leap(leaps, epsilon, t, x, p, work), longest)
                if leap < _WORTH / total:
                    single = _SINGLE
            if single > 0:
                single -= 1
                t += exponential(generator) / total
                if t >= grid[k]:
                    t = grid[k]  # the process has no memory
                    break
                _fire(leaps, _chosen(rates, total, False, work.critical, generator), 1.0, x)
                fired += 1.0
                if not _is_possible(x):
                    return _BELOW_ZERO, int(fired)
                continue
            wait = exponential(generator) / critical if critical > 0.0 else np.inf
            step = min(leap, wait, grid[k] - t)
            for i in range(n):
                work.new[i] = x[i]
            many = 0.0
            for r in range(reactions):
                if rates[r] > 0.0 and not work.critical[r]:
                    count = poisson(rates[r] * step, generator)
                    many += count
                    _fire(leaps, r, count, work.new)
            if wait <= step:
                _fire(leaps, _chosen(rates, critical, True, work.critical, generator), 1.0, work.new)
                many += 1.0
            if not _is_possible(work.new):
                longest = 0.5 * min(leap, step)
                continue
            longest = np.inf
            fired += many
            t = grid[k] if step == grid[k] - t else t + step
            for i in range(n):
                x[i] = work.new[i]
        for i in range(n):
            if abs(x[i]) >= _LARGEST:
                return _TOO_LARGE, int(fired)
            out[k, i] = x[i]
    return _SUCCESS, int(fired)


@lean
def _total(leaps: Leaps, t: float, x: np.ndarray, p: np.ndarray, rates: np.ndarray) -> float:
    """The sum of the propensities; −1 if one of them is none."""
    evaluate(leaps.rates, t, x, p, rates)
    total = 0.0
    for r in range(len(rates)):
        if not rates[r] >= 0.0:
            return -1.0
        total += rates[r]
    return total if total < np.inf else -1.0


@lean
def _mark_critical(leaps: Leaps, x: np.ndarray, work: _Work) -> float:
    """Finds the critical reactions; the sum of their propensities."""
    total = 0.0
    for r in range(len(work.rates)):
        work.critical[r] = False
        for k in range(leaps.start[r], leaps.start[r + 1]):
            net = leaps.nets[k]
            if net < 0.0 and x[leaps.moves[k]] < -net * _CRITICAL:
                work.critical[r] = work.rates[r] > 0.0
        if work.critical[r]:
            total += work.rates[r]
    return total


@lean
def _longest_leap(leaps: Leaps, epsilon: float, t: float, x: np.ndarray, p: np.ndarray, work: _Work) -> float:
    evaluate(leaps.slopes, t, x, p, work.slopes)
    for r in range(len(work.rates)):
        work.orders[r] = 0.0
    for i in range(len(x)):
        work.highest[i] = work.mean[i] = work.variance[i] = 0.0
    # how much a propensity changes, relatively, if all populations change by the same share
    for k in range(len(leaps.rows)):
        r = leaps.rows[k]
        if work.rates[r] > 0.0:
            order = abs(work.slopes[k] * x[leaps.columns[k]]) / work.rates[r]
            if order < np.inf:
                work.orders[r] += order
    for k in range(len(leaps.rows)):
        i = leaps.columns[k]
        work.highest[i] = max(work.highest[i], work.orders[leaps.rows[k]])
    for r in range(len(work.rates)):
        if not work.critical[r]:
            for k in range(leaps.start[r], leaps.start[r + 1]):
                i, net = leaps.moves[k], leaps.nets[k]
                work.mean[i] += net * work.rates[r]
                work.variance[i] += net * net * work.rates[r]
    leap = np.inf
    for i in range(len(x)):
        if work.highest[i] > 0.0 and work.variance[i] > 0.0:
            bound = max(epsilon * x[i] / work.highest[i], 1.0)
            leap = min(leap, bound * bound / work.variance[i])
            if work.mean[i] != 0.0:
                leap = min(leap, bound / abs(work.mean[i]))
    return leap


@lean
def _chosen(rates: np.ndarray, total: float, is_critical: bool, critical: np.ndarray, generator: np.ndarray) -> int:
    """A reaction by the propensities; one of the critical ones if so asked for."""
    rest = uniform(generator) * total
    chosen = 0
    for r in range(len(rates)):
        if rates[r] > 0.0 and (critical[r] or not is_critical):
            chosen = r
            if rest < rates[r]:
                break
            rest -= rates[r]
    return chosen


@lean
def _fire(leaps: Leaps, reaction: int, count: float, x: np.ndarray) -> None:
    for k in range(leaps.start[reaction], leaps.start[reaction + 1]):
        x[leaps.moves[k]] += count * leaps.nets[k]


@lean
def _is_possible(x: np.ndarray) -> bool:
    for i in range(len(x)):  # noqa: SIM110
        if x[i] < 0.0:
            return False
    return True
