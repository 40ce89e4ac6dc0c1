"""The direct method for large networks: only what a reaction changes is computed anew.

Propensities are summed up in blocks. After a reaction those that depend on it are computed again, and their blocks are
summed anew, so that no error accumulates. A reaction is found by its block first. What an event costs grows with the
square root of the number of reactions, and with how many of them depend on each other.

Sources: Gibson & Bruck 2000, J. Phys. Chem. A 104:1876 (dependency graph); Mauch & Stalzer 2011, IEEE/ACM Trans.
Comput. Biol. Bioinf. 8:27 (two-dimensional search).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel import once
from sbmlgrn.backends.kernel.propensities import Updates, dependents, updates
from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ssa.native.generator import exponential, uniform
from sbmlgrn.ssa.native.status import StochasticStatus

_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)
_BELOW_ZERO: Final = int(StochasticStatus.BELOW_ZERO)
_TOO_LARGE: Final = int(StochasticStatus.TOO_LARGE)
_LARGEST: Final = 2.0**53
_SMALL: Final = 100
_BASE, _OF_DEPENDENT, _OF_SEARCH, _OF_REACTION = 60.0, 9.0, 2.2, 0.6


class Graph(NamedTuple):
    """A network for the loop; lists of a reaction r are ``entries[start[r] : start[r + 1]]``.

    Attributes:
        rates: address of all propensities.
        addresses: ``[reaction]`` of the propensities that change with each.
        dependent_start, dependents: which those are.
        move_start, moves, nets: states that each reaction changes, and by how much.
        width: propensities in a block, a multiple of 4.
    """

    rates: int
    addresses: np.ndarray
    dependent_start: np.ndarray
    dependents: np.ndarray
    move_start: np.ndarray
    moves: np.ndarray
    nets: np.ndarray
    width: int


def is_large(system: System) -> bool:
    """Whether this loop is faster than that of `direct`, which computes all propensities but 16 of each at a time.

    Nanoseconds an event, measured on networks of 50 to 1000 reactions: there they grow with the number of reactions,
    here with how many propensities a reaction changes, and with the length of the search.
    """
    count = len(system.jumps)
    if count <= _SMALL:
        return False
    changed = sum(map(len, dependents(system))) / count
    return _BASE + _OF_DEPENDENT * changed + _OF_SEARCH * count**0.5 < _OF_REACTION * count


@once
def graph(system: System) -> tuple[Graph, Updates]:
    """The system's graph, and the functions that it calls, which live as long as the system."""
    made = updates(system)
    moves = [list(jump.stoichiometry.items()) for jump in system.jumps]
    width = 4 * max(1, round(len(moves) ** 0.5 / 4))
    return (
        Graph(
            rates=made.rates,
            addresses=np.array(made.addresses, np.int64),
            dependent_start=np.cumsum([0, *map(len, made.dependents)], dtype=np.int64),
            dependents=np.array([r for row in made.dependents for r in row], np.int64),
            move_start=np.cumsum([0, *map(len, moves)], dtype=np.int64),
            moves=np.array([i for row in moves for i, _ in row], np.int64),
            nets=np.array([float(net.number or 0.0) for row in moves for _, net in row], np.float64),
            width=width,
        ),
        made,
    )


@loop
def portion_of_network(
    graph: Graph,
    grid: np.ndarray,
    x0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    out: np.ndarray,
    status: np.ndarray,
    events: np.ndarray,
) -> None:
    """Simulates trajectories; arguments as those of `direct.portion`, with `x0` and `p` the same for all of them."""
    width = graph.width
    blocks = (len(graph.addresses) + width - 1) // width
    blocks = (blocks + 3) // 4 * 4
    rates, sums = np.zeros(blocks * width), np.zeros(blocks)
    widest = 1
    for r in range(len(graph.addresses)):
        widest = max(widest, graph.dependent_start[r + 1] - graph.dependent_start[r])
    fresh = np.empty(max(widest, len(graph.addresses)))
    x = np.empty(len(x0))
    for b in range(len(generators)):
        for i in range(len(x)):
            x[i] = x0[i]
        status[b], events[b] = _trajectory(graph, grid, x, p, generators[b], max_events, out[b], rates, sums, fresh)


@inlined
def _sum(values: np.ndarray, first: int, count: int) -> float:
    """Of `count` entries, a multiple of 4, in four sums at once."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for k in range(first, first + count, 4):
        a += values[k]
        b += values[k + 1]
        c += values[k + 2]
        d += values[k + 3]
    return (a + b) + (c + d)


@lean
def _trajectory(
    graph: Graph,
    grid: np.ndarray,
    x: np.ndarray,
    p: np.ndarray,
    generator: np.ndarray,
    max_events: int,
    out: np.ndarray,
    rates: np.ndarray,
    sums: np.ndarray,
    fresh: np.ndarray,
) -> tuple[int, int]:
    width, n, reactions = graph.width, len(x), len(graph.addresses)
    for k in range(len(grid)):
        for i in range(n):
            out[k, i] = np.nan
    evaluate(graph.rates, 0.0, x, p, fresh)
    for r in range(reactions):
        rates[r] = fresh[r]
        if not 0.0 <= fresh[r] < np.inf:
            return _BAD_PROPENSITY, 0
    for block in range(len(sums)):
        sums[block] = _sum(rates, block * width, width)
    t, written, fired = grid[0], 0, 0
    while True:
        total = _sum(sums, 0, len(sums))
        t = t + exponential(generator) / total if total > 0.0 else np.inf
        while written < len(grid) and grid[written] < t:
            for i in range(n):
                out[written, i] = x[i]
                if abs(x[i]) >= _LARGEST:
                    return _TOO_LARGE, fired
            written += 1
        if written == len(grid):
            return _SUCCESS, fired
        if fired == max_events:
            return _MAX_EVENTS, fired
        rest = uniform(generator) * total
        block = 0
        while block < len(sums) - 1 and rest >= sums[block]:
            rest -= sums[block]
            block += 1
        while sums[block] == 0.0:  # by a rounding error beyond the last
            block -= 1
        chosen, last = -1, block * width
        for r in range(block * width, (block + 1) * width):
            if rates[r] > 0.0:
                last = r
                if rest < rates[r]:
                    chosen = r
                    break
                rest -= rates[r]
        if chosen < 0:
            chosen = last
        fired += 1
        for k in range(graph.move_start[chosen], graph.move_start[chosen + 1]):
            i = graph.moves[k]
            x[i] += graph.nets[k]
            if x[i] < 0.0:
                return _BELOW_ZERO, fired
        evaluate(graph.addresses[chosen], t, x, p, fresh)
        first = graph.dependent_start[chosen]
        block = -1
        for k in range(graph.dependent_start[chosen + 1] - first):
            r = int(graph.dependents[first + k])
            rate = fresh[k]
            if not 0.0 <= rate < np.inf:
                return _BAD_PROPENSITY, fired
            if r // width != block:
                if block >= 0:
                    sums[block] = _sum(rates, block * width, width)
                block = r // width
            rates[r] = rate
        if block >= 0:
            sums[block] = _sum(rates, block * width, width)
