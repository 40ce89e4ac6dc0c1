"""Two trajectories with parameters that differ a little, as near to each other as their laws allow.

Each reaction is split into what both do, at the smaller of the two propensities, and what one does alone. The variance
of their difference falls with the difference of the parameters, while with independent numbers it would not.

Source: Anderson 2012, SIAM J. Numer. Anal. 50:2237 (coupled finite differences).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import loop
from sbmlgrn.ode.native.steps import copy
from sbmlgrn.ssa.native.generator import exponential, uniform
from sbmlgrn.ssa.native.uniform import Network
from sbmlgrn.ssa.status import StochasticStatus

_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)


@loop
def pairs(
    net: Network,
    grid: np.ndarray,
    x0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    states: np.ndarray,
    status: np.ndarray,
) -> None:
    """Simulates pairs by the direct method.

    Args:
        net: the network; its derivatives are not used.
        grid: increasing times ``[time]``.
        x0: ``[pair, 2, state]`` at the first of them.
        p: ``[pair, 2, parameter]``.
        generators: ``[pair, 4]`` unsigned integers.
        max_events: most steps of a pair.
        states: becomes ``[pair, 2, time, state]``; NaN from where a pair failed.
        status: becomes how each ended ``[pair]``.
    """
    count, _, n = x0.shape
    last, reactions = len(grid) - 1, len(net.first) - 1
    values = np.empty((2, reactions + net.by_state.shape[1] + net.by_parameter.shape[1]))
    x = np.empty((2, n))
    for b in range(count):
        for side in range(2):
            copy(x0[b, side], x[side])
        generator = generators[b]
        t, k, steps, code = grid[0], 0, 0, -1
        while code < 0:
            total = 0.0
            for side in range(2):
                evaluate(net.address, t, x[side], p[b, side], values[side])
            for j in range(reactions):
                for side in range(2):
                    if not 0.0 <= values[side, j] < np.inf:
                        code = _BAD_PROPENSITY
                total += max(values[0, j], values[1, j])
            if code >= 0:
                break
            t += exponential(generator) / total
            while k <= last and t >= grid[k]:
                for side in range(2):
                    copy(x[side], states[b, side, k])
                k += 1
            if k > last:
                code = _SUCCESS
                break
            if steps >= max_events:
                code = _MAX_EVENTS
                break
            steps += 1
            target, j = uniform(generator) * total, 0
            while j < reactions - 1 and target >= max(values[0, j], values[1, j]):
                target -= max(values[0, j], values[1, j])
                j += 1
            for side in range(2):
                if target < values[side, j]:
                    for q in range(net.first[j], net.first[j + 1]):
                        x[side, net.changed[q]] += net.change[q]
        for q in range(k, last + 1):
            for side in range(2):
                for i in range(n):
                    states[b, side, q, i] = np.nan
        status[b] = code
