"""Trajectories by the direct method in SIMD lanes, portion by portion on all cores.

A waiting time that reaches beyond the next time of the grid is cut there and drawn anew, which is exact, since the
process has no memory. Each trajectory has a generator of its own, so that its course does not depend on the lane, the
thread or the portion in which it is computed.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from sbmlgrn.backends.kernel.lanes import LANES
from sbmlgrn.ode.native.calls import jump
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ssa.status import StochasticStatus

_LARGEST: Final = 2.0**53
_MOST_TURNS: Final = 1 << 30
_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)
_BELOW_ZERO: Final = int(StochasticStatus.BELOW_ZERO)
_TOO_LARGE: Final = int(StochasticStatus.TOO_LARGE)


def seeded(seed: int, first: int, count: int) -> np.ndarray:
    """States of the generators ``[trajectory, 4]`` of `count` trajectories from the `first` on, for any integer seed.

    Source: Steele, Lea & Flood 2014, OOPSLA '14, 453 (SplitMix64, as Blackman & Vigna advise for seeding).
    """
    digest = hashlib.sha256(str(seed).encode()).digest()
    base = np.uint64(int.from_bytes(digest[:8], "little"))
    with np.errstate(over="ignore"):
        steps = np.arange(4 * first + 1, 4 * (first + count) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = base + steps
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).reshape(count, 4)


@loop
def portion(
    address: int,
    grid: np.ndarray,
    x0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    out: np.ndarray,
    status: np.ndarray,
    events: np.ndarray,
) -> None:
    """Simulates trajectories.

    Args:
        address: of `Lanes.jump`.
        grid: increasing times ``[time]``.
        x0: ``[trajectory, state]`` at the first of them.
        p: ``[trajectory, parameter]``.
        generators: ``[trajectory, 4]`` unsigned integers.
        max_events: most reactions of a trajectory.
        out: becomes the states ``[trajectory, time, state]``; NaN from where a trajectory failed.
        status: becomes how each ended ``[trajectory]``.
        events: becomes how many reactions fired in each ``[trajectory]``.
    """
    count, n = x0.shape
    last = len(grid) - 1
    x = np.zeros((n, LANES))
    rates = np.zeros((p.shape[1], LANES))
    t, stop = np.zeros(LANES), np.empty(LANES)
    fired, fault = np.zeros(LANES), np.zeros(LANES)
    random = np.zeros((4, LANES), np.uint64)
    which, place = np.empty(LANES, np.int64), np.zeros(LANES, np.int64)
    for lane in range(LANES):
        which[lane] = -1
        stop[lane] = np.inf
    turns = np.zeros(1, np.int64)
    following, running, limit = 0, 0, 0
    vacant = True
    while True:
        if vacant:
            for lane in range(LANES):
                while which[lane] < 0 and following < count:
                    b = following
                    following += 1
                    for i in range(n):
                        out[b, 0, i] = x0[b, i]
                    status[b] = _SUCCESS
                    events[b] = 0
                    if last == 0:
                        continue
                    which[lane], place[lane] = b, 1
                    running += 1
                    for i in range(n):
                        x[i, lane] = x0[b, i]
                    for i in range(p.shape[1]):
                        rates[i, lane] = p[b, i]
                    for i in range(4):
                        random[i, lane] = generators[b, i]
                    t[lane], stop[lane], fired[lane] = grid[0], grid[1], 0.0
            if running == 0:
                return
            vacant = False
        if limit <= 0:
            limit = _MOST_TURNS
            for lane in range(LANES):
                if which[lane] >= 0:
                    limit = min(limit, max_events - int(fired[lane]))
        mask = jump(address, x, rates, t, stop, random, fired, fault, turns, limit)
        limit -= turns[0]
        if limit <= 0:
            mask = (1 << LANES) - 1
        for lane in range(LANES):
            if (mask >> lane) & 1 == 0 or which[lane] < 0:
                continue
            b = which[lane]
            code = -1
            if fault[lane] != 0.0:
                code = _BAD_PROPENSITY
                for i in range(n):
                    if x[i, lane] < 0.0:
                        code = _BELOW_ZERO
            elif t[lane] >= stop[lane]:
                k = place[lane]
                for i in range(n):
                    out[b, k, i] = x[i, lane]
                    if abs(x[i, lane]) >= _LARGEST:
                        code = _TOO_LARGE
                    elif x[i, lane] < 0.0:
                        code = _BELOW_ZERO
                place[lane] = k + 1
                if k == last and code < 0:
                    code = _SUCCESS
                elif k < last:
                    stop[lane] = grid[k + 1]
            if code < 0 and fired[lane] >= max_events:
                code = _MAX_EVENTS
            if code < 0:
                continue
            for k in range(place[lane], last + 1):
                for i in range(n):
                    out[b, k, i] = np.nan
            status[b] = code
            events[b] = int(fired[lane])
            which[lane] = -1
            stop[lane] = np.inf
            running -= 1
            vacant = True
            limit = 0
