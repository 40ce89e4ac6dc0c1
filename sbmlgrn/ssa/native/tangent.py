"""Trajectories on the uniformised clock with their tangents ∂x/∂θ and the score of their probability, step by step.

Nothing is stored of a step: memory does not depend on how many there are.

* *Straight-through on the probabilities*: a tick adds S·e to the state, where e is the one-hot choice with mean
  a(x, θ)/Λ; its tangent is that of the mean, so that s += S(∂a/∂x s + ∂a/∂θ)/Λ. Tangents of means are exact where
  propensities are linear; of variances they miss what noise contributes.
* *Gumbel-softmax, straight-through*: the choice is argmax(log π + g), its tangent that of softmax((log π + g)/τ).
  Jang, Gu & Poole 2017 and Maddison, Mnih & Teh 2017, both ICLR.
* *DGA*: the direct method, whose comparisons of cumulative probabilities with a random number become sigmoids of
  width τ, and whose waiting times are not differentiated, as published: Rijal & Mehta 2025, PLoS Comput. Biol. (there
  states are soft as well, while here trajectories are exact).
* *Score*: ∂log P(path)/∂θ = Σ over reactions of ∂log a_j − ∫ ∂Σa dt; Glynn 1990, Commun. ACM 33:75.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ssa.native.generator import exponential, uniform
from sbmlgrn.ssa.native.uniform import Network, chosen, pace
from sbmlgrn.ssa.status import StochasticStatus

STRAIGHT_THROUGH: Final = 0
GUMBEL: Final = 1
DGA: Final = 2
_LARGEST: Final = 2.0**53
_SUCCESS: Final = int(StochasticStatus.SUCCESS)
_MAX_EVENTS: Final = int(StochasticStatus.MAX_EVENTS)
_BAD_PROPENSITY: Final = int(StochasticStatus.BAD_PROPENSITY)
_TOO_LARGE: Final = int(StochasticStatus.TOO_LARGE)
_BELOW_ZERO: Final = int(StochasticStatus.BELOW_ZERO)


@inlined
def _fire(net: Network, j: int, sign: float, x: np.ndarray) -> None:
    for k in range(net.first[j], net.first[j + 1]):
        x[net.changed[k]] += sign * net.change[k]


@lean
def _changes(net: Network, reactions: int, values: np.ndarray, s: np.ndarray, da: np.ndarray) -> None:
    """``da[reaction, column] = ∂a/∂x s + ∂a/∂θ``."""
    columns = s.shape[1]
    for j in range(reactions):
        for m in range(columns):
            da[j, m] = 0.0
    for e in range(net.by_state.shape[1]):
        j, i, entry = net.by_state[0, e], net.by_state[1, e], values[reactions + e]
        for m in range(columns):
            da[j, m] += entry * s[i, m]
    place = reactions + net.by_state.shape[1]
    for e in range(net.by_parameter.shape[1]):
        da[net.by_parameter[0, e], net.by_parameter[1, e]] += values[place + e]


@inlined
def _push(net: Network, j: int, weight: float, direction: np.ndarray, s: np.ndarray) -> None:
    """``s += weight · S_j ⊗ direction[j]``."""
    for k in range(net.first[j], net.first[j + 1]):
        i, step = net.changed[k], weight * net.change[k]
        for m in range(s.shape[1]):
            s[i, m] += step * direction[j, m]


@lean
def _soften(da: np.ndarray, soft: np.ndarray, reactions: int, temperature: float) -> None:
    """Tangents of the softmax in place of those of propensities; `soft` has its values, the last for nothing."""
    columns = da.shape[1]
    for m in range(columns):
        mean = 0.0
        for j in range(reactions + 1):
            mean += soft[j] * da[j, m]
        for j in range(reactions + 1):
            da[j, m] = soft[j] * (da[j, m] - mean) / temperature


@lean
def _gumbel(
    values: np.ndarray,
    reactions: int,
    rate: float,
    total: float,
    temperature: float,
    generator: np.ndarray,
    da: np.ndarray,
    soft: np.ndarray,
) -> int:
    """Chooses by the Gumbel-max trick; makes of `da` the tangents of the softmax."""
    best, which = -np.inf, reactions
    for m in range(da.shape[1]):
        da[reactions, m] = 0.0
        for j in range(reactions):
            da[reactions, m] -= da[j, m]
    for j in range(reactions + 1):
        weight = values[j] if j < reactions else rate - total
        soft[j] = math.log(weight) - math.log(exponential(generator)) if weight > 0.0 else -np.inf
        if soft[j] > best:
            best, which = soft[j], j
        for m in range(da.shape[1]):
            da[j, m] = da[j, m] / weight if weight > 0.0 else 0.0
    norm = 0.0
    for j in range(reactions + 1):
        soft[j] = math.exp((soft[j] - best) / temperature)
        norm += soft[j]
    for j in range(reactions + 1):
        soft[j] /= norm
    _soften(da, soft, reactions, temperature)
    return which


@lean
def _dga(values: np.ndarray, reactions: int, total: float, u: float, temperature: float, da: np.ndarray) -> None:
    """Makes of `da` the tangents of sigmoid differences σ((C_j − u)/τ) − σ((C_{j−1} − u)/τ), C cumulative."""
    for m in range(da.shape[1]):
        whole = 0.0
        for j in range(reactions):
            whole += da[j, m]
        cumulative, change, before = 0.0, 0.0, 0.0
        for j in range(reactions):
            cumulative += values[j] / total
            change += da[j, m]
            q = math.exp(-abs(cumulative - u) / temperature)
            slope = q / (1.0 + q) ** 2 / temperature
            # the last cumulative probability is 1, whatever the parameters
            now = slope * (change - cumulative * whole) / total if j < reactions - 1 else 0.0
            da[j, m] = now - before
            before = now


@loop
def tangents(
    net: Network,
    method: int,
    temperature: float,
    per_reaction: float,
    least: float,
    grid: np.ndarray,
    x0: np.ndarray,
    s0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    max_events: int,
    states: np.ndarray,
    sensitivities: np.ndarray,
    scores: np.ndarray,
    status: np.ndarray,
    events: np.ndarray,
    ticks: np.ndarray,
) -> None:
    """Simulates trajectories.

    Args:
        net: the network.
        method: `STRAIGHT_THROUGH`, `GUMBEL` or `DGA`.
        temperature: τ of the latter two.
        per_reaction: Λ/Σa; above 1 for `GUMBEL`.
        least: the least Λ.
        grid: increasing times ``[time]``.
        x0: ``[trajectory, state]`` at the first of them.
        s0: ∂x0/∂θ ``[trajectory, state, column]``.
        p: ``[trajectory, parameter]``.
        generators: ``[trajectory, 4]`` unsigned integers.
        max_events: most ticks of a trajectory.
        states: becomes ``[trajectory, time, state]``; NaN from where a trajectory failed.
        sensitivities: becomes ∂x/∂θ ``[trajectory, time, state, column]``; no columns if none are asked for.
        scores: becomes ∂log P/∂θ up to each time ``[trajectory, time, column]``; no columns if none are asked for. NaN
            where a propensity is 0 that would not be with another θ, since then P is not absolutely continuous.
        status: becomes how each ended ``[trajectory]``.
        events: becomes how many reactions fired in each ``[trajectory]``.
        ticks: becomes how many ticks there were ``[trajectory]``.
    """
    count, n = x0.shape
    last, reactions = len(grid) - 1, len(net.first) - 1
    columns, scored = sensitivities.shape[3], scores.shape[2]
    place = reactions + net.by_state.shape[1]
    values = np.empty(place + net.by_parameter.shape[1])
    x, s, w, drift = np.empty(n), np.zeros((n, columns)), np.empty(scored), np.empty(scored)
    da, soft = np.zeros((reactions + 1, columns)), np.empty(reactions + 1)
    for b in range(count):
        for i in range(n):
            x[i] = x0[b, i]
            for m in range(columns):
                s[i, m] = s0[b, i, m]
        for m in range(scored):
            w[m] = 0.0
        generator, parameters = generators[b], p[b]
        t, k, fired, ticked, code = grid[0], 0, 0, 0, -1
        fresh, rate, total = False, least, 0.0
        while code < 0:
            if not fresh:
                evaluate(net.address, t, x, parameters, values)
                rate, total = pace(net, values, reactions, per_reaction, least)
                if method == DGA:
                    rate = total
                fresh = True
                for m in range(scored):
                    drift[m] = 0.0
                if scored:
                    for e in range(net.by_parameter.shape[1]):
                        impossible = values[net.by_parameter[0, e]] == 0.0 and values[place + e] != 0.0
                        drift[net.by_parameter[1, e]] += np.nan if impossible else values[place + e]
                if np.isnan(total):
                    code = _BAD_PROPENSITY
                    break
            after = t + exponential(generator) / rate
            while k <= last and after >= grid[k]:
                for i in range(n):
                    states[b, k, i] = x[i]
                    for m in range(columns):
                        sensitivities[b, k, i, m] = s[i, m]
                    if x[i] < 0.0:
                        code = _BELOW_ZERO
                    elif x[i] >= _LARGEST:
                        code = _TOO_LARGE
                for m in range(scored):
                    scores[b, k, m] = w[m] - drift[m] * (grid[k] - t)
                k += 1
            if k > last and code < 0:
                code = _SUCCESS
            if code < 0 and ticked >= max_events:
                code = _MAX_EVENTS
            if code >= 0:
                break
            ticked += 1
            for m in range(scored):
                w[m] -= drift[m] * (after - t)
            t = after
            if columns:
                _changes(net, reactions, values, s, da)
            if method == GUMBEL:
                j = _gumbel(values, reactions, rate, total, temperature, generator, da, soft)
            else:
                u = uniform(generator)
                j = chosen(values, reactions, u * rate)
                if columns and method == DGA:
                    _dga(values, reactions, total, u, temperature, da)
            if columns:
                weight = 1.0 / rate if method == STRAIGHT_THROUGH else 1.0
                for r in range(reactions):
                    _push(net, r, weight, da, s)
            if j < reactions:
                if scored:
                    for e in range(net.rows[j], net.rows[j + 1]):
                        w[net.by_parameter[1, e]] += values[place + e] / values[j]
                _fire(net, j, 1.0, x)
                fired += 1
                fresh = False
        for q in range(k, last + 1):
            for i in range(n):
                states[b, q, i] = np.nan
                for m in range(columns):
                    sensitivities[b, q, i, m] = 0.0
            for m in range(scored):
                scores[b, q, m] = 0.0
        status[b], events[b], ticks[b] = code, fired, ticked


@loop
def pullback(
    net: Network,
    per_reaction: float,
    least: float,
    grid: np.ndarray,
    x0: np.ndarray,
    p: np.ndarray,
    generators: np.ndarray,
    ticks: np.ndarray,
    weights: np.ndarray,
    by_start: np.ndarray,
    by_parameter: np.ndarray,
) -> None:
    """Products of weights with the straight-through tangents of the trajectories, backwards.

    Each is simulated once more and leaves a tape of one byte a tick (two where there are more than 255 reactions): the
    reaction. Backwards, x −= S_j gives the state before a tick, and Λ is a function of that; so nothing else is kept,
    and of one trajectory at a time.

    Args:
        net, per_reaction, least, grid, x0, p, generators: as for `tangents`, which succeeded.
        ticks: of each trajectory, from there ``[trajectory]``.
        weights: ``[trajectory, time, state]``.
        by_start: becomes the products with ∂x/∂x0 ``[trajectory, state]``.
        by_parameter: becomes those with ∂x/∂θ ``[trajectory, column]``, x0 being fixed.
    """
    count, n = x0.shape
    last, reactions = len(grid) - 1, len(net.first) - 1
    place = reactions + net.by_state.shape[1]
    values = np.empty(place + net.by_parameter.shape[1])
    x, v, before = np.empty(n), np.empty(reactions), np.empty(last + 1, np.int64)
    longest = 0
    for b in range(count):
        longest = max(longest, ticks[b])
    small = np.empty(longest if reactions < 256 else 0, np.uint8)
    large = np.empty(0 if reactions < 256 else longest, np.uint16)
    for b in range(count):
        parameters, generator = p[b], generators[b]
        _record(net, per_reaction, least, grid, x0[b], parameters, generator, x, values, before, small, large)
        pull = by_start[b]
        for i in range(n):
            pull[i] = 0.0
        for m in range(by_parameter.shape[1]):
            by_parameter[b, m] = 0.0
        tick, fresh, rate = before[last], False, least
        for k in range(last, -1, -1):
            for i in range(n):
                pull[i] += weights[b, k, i]
            until = before[k - 1] if k else 0
            while tick > until:
                tick -= 1
                j = int(small[tick]) if reactions < 256 else int(large[tick])
                if j < reactions:
                    _fire(net, j, -1.0, x)
                    fresh = False
                if not fresh:
                    evaluate(net.address, 0.0, x, parameters, values)
                    rate, _ = pace(net, values, reactions, per_reaction, least)
                    fresh = True
                for r in range(reactions):
                    v[r] = 0.0
                    for q in range(net.first[r], net.first[r + 1]):
                        v[r] += net.change[q] * pull[net.changed[q]]
                    v[r] /= rate
                for e in range(net.by_parameter.shape[1]):
                    by_parameter[b, net.by_parameter[1, e]] += v[net.by_parameter[0, e]] * values[place + e]
                for e in range(net.by_state.shape[1]):
                    pull[net.by_state[1, e]] += v[net.by_state[0, e]] * values[reactions + e]


@lean
def _record(
    net: Network,
    per_reaction: float,
    least: float,
    grid: np.ndarray,
    start: np.ndarray,
    parameters: np.ndarray,
    generator: np.ndarray,
    x: np.ndarray,
    values: np.ndarray,
    before: np.ndarray,
    small: np.ndarray,
    large: np.ndarray,
) -> None:
    """The trajectory as `tangents` went; `before` becomes how many ticks there were before each time."""
    reactions = len(net.first) - 1
    for i in range(len(x)):
        x[i] = start[i]
    t, k, tick, fresh, rate = grid[0], 0, 0, False, least
    while True:
        if not fresh:
            evaluate(net.address, t, x, parameters, values)
            rate, _ = pace(net, values, reactions, per_reaction, least)
            fresh = True
        t += exponential(generator) / rate
        while k < len(grid) and t >= grid[k]:
            before[k] = tick
            k += 1
        if k == len(grid):
            return
        j = chosen(values, reactions, uniform(generator) * rate)
        if len(small):
            small[tick] = np.uint8(j)
        else:
            large[tick] = np.uint16(j)
        tick += 1
        if j < reactions:
            _fire(net, j, 1.0, x)
            fresh = False
