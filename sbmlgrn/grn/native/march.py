"""Circuits over all conditions in steps of one length, by the classical Runge–Kutta method, and their derivatives.

    dy_i/dt = (production_i · σ(bias_i + Σ_j weight_ij · y_j) + supply_i(t) − degradation_i · y_i) / time_scale_i

The scheme is differentiated as it stands, so that gradients are those of what is computed, to rounding. Every array has
the conditions last: they are the lanes of the SIMD instructions.

Sources: T. W. Hiscock, BMC Bioinformatics 20:214 (2019), eq. 1, for the equation; E. Hairer, S. P. Nørsett and
G. Wanner, Solving Ordinary Differential Equations I, section II.1, for the method; A. Walther, Applied Numerical
Mathematics 57, 671–681 (2007) for its adjoint.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbmlgrn.grn.native.logistic import logistic
from sbmlgrn.ode.native.loop import loop, reordered


class Rows(NamedTuple):
    """Where parameters stand in a circuit's vector of them; production, degradation and time scale as logarithms."""

    bias: int
    production: int
    degradation: int
    time_scale: int
    end: int


def rows(genes: int) -> Rows:
    """The places for a circuit of so many genes; the weights are the first, ``target * genes + source``."""
    first = genes * genes
    return Rows(first, first + genes, first + 2 * genes, first + 3 * genes, first + 4 * genes)


class Rates(NamedTuple):
    """The natural parameters of one circuit.

    Attributes:
        start, source, weight: edges by target: those of target i are ``start[i]…start[i + 1]``.
        bias, production, degradation, speed: ``[gene]``; the speed is 1 / time scale.
    """

    start: np.ndarray
    source: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    production: np.ndarray
    degradation: np.ndarray
    speed: np.ndarray


class Course(NamedTuple):
    """What circuits are given over time, and what is looked at.

    Attributes:
        step: length of a step.
        y0: initial values ``[gene, condition]``.
        supply: production from outside during each step ``[step, input, condition]``.
        into: the gene that an input supplies ``[input]``.
        look: which of the times looked at the end of a step is, −1 for none ``[step + 1]``; the first is the start.
        observed: genes looked at ``[observed]``.
        target: what is wanted ``[time, observed, condition]``.
        share: what a squared deviation counts ``[time, observed, condition]``; 0 where nothing is wanted.
    """

    step: float
    y0: np.ndarray
    supply: np.ndarray
    into: np.ndarray
    look: np.ndarray
    observed: np.ndarray
    target: np.ndarray
    share: np.ndarray


@loop
def _rates_of(theta: np.ndarray, kept: np.ndarray) -> Rates:
    n = len(kept)
    start = np.zeros(n + 1, np.int64)
    for i in range(n):
        start[i + 1] = start[i]
        for j in range(n):
            if kept[i, j]:
                start[i + 1] += 1
    source = np.empty(start[n], np.int64)
    weight = np.empty(start[n])
    e = 0
    for i in range(n):
        for j in range(n):
            if kept[i, j]:
                source[e] = j
                weight[e] = theta[i * n + j]
                e += 1
    first = n * n
    return Rates(
        start,
        source,
        weight,
        theta[first : first + n].copy(),
        np.exp(theta[first + n : first + 2 * n]),
        np.exp(theta[first + 2 * n : first + 3 * n]),
        np.exp(-theta[first + 3 * n : first + 4 * n]),
    )


@reordered
def _rates(rates: Rates, supply: np.ndarray, into: np.ndarray, y: np.ndarray, on: np.ndarray, k: np.ndarray) -> None:
    """The rates of change `k`, and the logistic functions `on`, both ``[gene, condition]``."""
    n, lanes = y.shape
    for i in range(n):
        bias = rates.bias[i]
        for c in range(lanes):
            on[i, c] = bias
        for e in range(rates.start[i], rates.start[i + 1]):
            weight = rates.weight[e]
            j = rates.source[e]
            for c in range(lanes):
                on[i, c] += weight * y[j, c]
        made, lost = rates.speed[i] * rates.production[i], rates.speed[i] * rates.degradation[i]
        for c in range(lanes):
            on[i, c] = logistic(on[i, c])
            k[i, c] = made * on[i, c] - lost * y[i, c]
    for m in range(len(into)):
        i = into[m]
        speed = rates.speed[i]
        for c in range(lanes):
            k[i, c] += speed * supply[m, c]


@reordered
def _ahead(y: np.ndarray, h: float, k: np.ndarray, out: np.ndarray) -> None:
    n, lanes = y.shape
    for i in range(n):
        for c in range(lanes):
            out[i, c] = y[i, c] + h * k[i, c]


@reordered
def _sum(y: np.ndarray, h: float, k: np.ndarray, out: np.ndarray) -> None:
    n, lanes = y.shape
    for i in range(n):
        for c in range(lanes):
            out[i, c] = y[i, c] + h / 6.0 * (k[0, i, c] + 2.0 * (k[1, i, c] + k[2, i, c]) + k[3, i, c])


@reordered
def _stages(rates: Rates, course: Course, s: int, y: np.ndarray, at: np.ndarray, on: np.ndarray, k: np.ndarray) -> None:
    """The four stages of step `s` from `y`: where they are, the logistic functions and the rates there."""
    h = course.step
    supply = course.supply[s]
    _ahead(y, 0.0, y, at[0])
    _rates(rates, supply, course.into, at[0], on[0], k[0])
    _ahead(y, 0.5 * h, k[0], at[1])
    _rates(rates, supply, course.into, at[1], on[1], k[1])
    _ahead(y, 0.5 * h, k[1], at[2])
    _rates(rates, supply, course.into, at[2], on[2], k[2])
    _ahead(y, h, k[2], at[3])
    _rates(rates, supply, course.into, at[3], on[3], k[3])


@loop
def path(rates: Rates, course: Course, out: np.ndarray) -> None:
    """States at the ends of all steps, `out` ``[step + 1, gene, condition]``."""
    at, on, k = _space(out.shape[1], out.shape[2])
    out[0] = course.y0
    for s in range(len(course.supply)):
        _stages(rates, course, s, out[s], at, on, k)
        _sum(out[s], course.step, k, out[s + 1])


@loop
def _space(genes: int, lanes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty((4, genes, lanes)), np.empty((4, genes, lanes)), np.empty((4, genes, lanes))


@loop
def losses(course: Course, thetas: np.ndarray, kept: np.ndarray, low: int, high: int, out: np.ndarray) -> None:
    """The shared-out squared deviations of circuits low…high."""
    states = np.empty((len(course.look), *course.y0.shape))
    for b in range(low, high):
        path(_rates_of(thetas[b], kept[b]), course, states)
        out[b] = _deviation(course, states)


@loop
def _deviation(course: Course, states: np.ndarray) -> float:
    total = 0.0
    for s in range(len(course.look)):
        q = course.look[s]
        if q >= 0:
            for o in range(len(course.observed)):
                i = course.observed[o]
                for c in range(states.shape[2]):
                    off = states[s, i, c] - course.target[q, o, c]
                    total += course.share[q, o, c] * off * off
    return total


@loop
def paths(course: Course, thetas: np.ndarray, kept: np.ndarray, low: int, high: int, out: np.ndarray) -> None:
    """The states ``[circuit, step + 1, gene, condition]`` of circuits low…high."""
    for b in range(low, high):
        path(_rates_of(thetas[b], kept[b]), course, out[b])


@loop
def gradients(
    course: Course, thetas: np.ndarray, kept: np.ndarray, low: int, high: int, out: np.ndarray, slopes: np.ndarray
) -> None:
    """What `losses` gives, and its gradients `slopes` ``[circuit, parameter]``, by the adjoint of the steps."""
    n, lanes = course.y0.shape
    states = np.empty((len(course.look), n, lanes))
    for b in range(low, high):
        rates = _rates_of(thetas[b], kept[b])
        path(rates, course, states)
        out[b] = _deviation(course, states)
        _backward(rates, course, states, slopes[b])


@loop
def _backward(rates: Rates, course: Course, states: np.ndarray, slopes: np.ndarray) -> None:
    n, lanes = course.y0.shape
    at, on, k = _space(n, lanes)
    back, total = np.zeros((n, lanes)), np.zeros((n, lanes))
    pull, push, scratch = np.empty((n, lanes)), np.empty((n, lanes)), np.empty(lanes)
    weights = np.zeros(len(rates.weight))
    others = np.zeros((4, n))
    h = course.step
    _look_back(course, states, len(course.look) - 1, back)
    for s in range(len(course.supply) - 1, -1, -1):
        _stages(rates, course, s, states[s], at, on, k)
        # back is the cotangent of the state at the step's end, total becomes that at its beginning
        _mix(1.0, back, 0.0, back, total)
        for stage in range(3, -1, -1):
            outer = h / 6.0 if stage % 3 == 0 else h / 3.0
            if stage == 3:
                _mix(outer, back, 0.0, back, push)
            else:
                _mix(outer, back, h if stage == 2 else 0.5 * h, pull, push)
            _stage_back(rates, at[stage], on[stage], k[stage], push, pull, weights, others, scratch)
            _mix(1.0, total, 1.0, pull, total)
        _mix(1.0, total, 0.0, back, back)
        _look_back(course, states, s, back)
    first = n * n
    for i in range(n):
        for e in range(rates.start[i], rates.start[i + 1]):
            slopes[i * n + rates.source[e]] = weights[e]
        for row in range(4):
            slopes[first + row * n + i] = others[row, i]


@reordered
def _mix(a: float, x: np.ndarray, b: float, y: np.ndarray, out: np.ndarray) -> None:
    n, lanes = x.shape
    for i in range(n):
        for c in range(lanes):
            out[i, c] = a * x[i, c] + b * y[i, c]


@reordered
def _look_back(course: Course, states: np.ndarray, s: int, back: np.ndarray) -> None:
    """Adds what the deviations at the end of step `s` contribute to the cotangent of the state there."""
    q = course.look[s]
    if q >= 0:
        for o in range(len(course.observed)):
            i = course.observed[o]
            for c in range(back.shape[1]):
                back[i, c] += 2.0 * course.share[q, o, c] * (states[s, i, c] - course.target[q, o, c])


@reordered
def _stage_back(
    rates: Rates,
    y: np.ndarray,
    on: np.ndarray,
    k: np.ndarray,
    push: np.ndarray,
    pull: np.ndarray,
    weights: np.ndarray,
    others: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """From the cotangent `push` of the rates to that of the state, `pull`, adding to those of the parameters."""
    n, lanes = y.shape
    for i in range(n):
        lost = rates.speed[i] * rates.degradation[i]
        for c in range(lanes):
            pull[i, c] = -lost * push[i, c]
    for i in range(n):
        made, lost = rates.speed[i] * rates.production[i], rates.speed[i] * rates.degradation[i]
        bias, production, degradation, time_scale = 0.0, 0.0, 0.0, 0.0
        for c in range(lanes):
            amount = made * on[i, c] * push[i, c]
            scratch[c] = amount * (1.0 - on[i, c])
            bias += scratch[c]
            production += amount
            degradation -= lost * y[i, c] * push[i, c]
            time_scale -= k[i, c] * push[i, c]
        others[0, i] += bias
        others[1, i] += production
        others[2, i] += degradation
        others[3, i] += time_scale
        for e in range(rates.start[i], rates.start[i + 1]):
            j = rates.source[e]
            weight = rates.weight[e]
            sum_ = 0.0
            for c in range(lanes):
                sum_ += scratch[c] * y[j, c]
                pull[j, c] += weight * scratch[c]
            weights[e] += sum_


@loop
def jacobians(
    course: Course,
    thetas: np.ndarray,
    kept: np.ndarray,
    free: np.ndarray,
    low: int,
    high: int,
    residuals: np.ndarray,
    slopes: np.ndarray,
) -> None:
    """Residuals, whose squares `losses` sums up, and their derivatives, by the tangents of the steps.

    Args:
        course: what circuits are given.
        thetas: parameters ``[circuit, parameter]``.
        kept: edges there are ``[circuit, target, source]``.
        free: rows of the parameters that count ``[circuit, free]``; −1 for none, at the end.
        low: first circuit.
        high: end of the circuits.
        residuals: out ``[circuit, time, observed, condition]``.
        slopes: out ``[circuit, free, time, observed, condition]``; not written where `free` is −1.
    """
    n, lanes = course.y0.shape
    at, on, k = _space(n, lanes)
    y, tangent = np.empty((n, lanes)), np.empty((free.shape[1], n, lanes))
    d, point = np.empty((4, n, lanes)), np.empty((n, lanes))
    for b in range(low, high):
        rates = _rates_of(thetas[b], kept[b])
        count = 0
        while count < free.shape[1] and free[b, count] >= 0:
            count += 1
        y[:] = course.y0
        tangent[:] = 0.0
        _look_ahead(course, 0, y, tangent, count, residuals[b], slopes[b])
        for s in range(len(course.supply)):
            _stages(rates, course, s, y, at, on, k)
            _sum(y, course.step, k, y)
            for p in range(count):
                row = free[b, p]
                _stage_ahead(rates, at[0], on[0], k[0], row, tangent[p], d[0])
                _ahead(tangent[p], 0.5 * course.step, d[0], point)
                _stage_ahead(rates, at[1], on[1], k[1], row, point, d[1])
                _ahead(tangent[p], 0.5 * course.step, d[1], point)
                _stage_ahead(rates, at[2], on[2], k[2], row, point, d[2])
                _ahead(tangent[p], course.step, d[2], point)
                _stage_ahead(rates, at[3], on[3], k[3], row, point, d[3])
                _sum(tangent[p], course.step, d, tangent[p])
            _look_ahead(course, s + 1, y, tangent, count, residuals[b], slopes[b])


@reordered
def _look_ahead(
    course: Course, s: int, y: np.ndarray, tangent: np.ndarray, count: int, residuals: np.ndarray, slopes: np.ndarray
) -> None:
    q = course.look[s]
    if q >= 0:
        for o in range(len(course.observed)):
            i = course.observed[o]
            for c in range(y.shape[1]):
                root = np.sqrt(course.share[q, o, c])
                residuals[q, o, c] = root * (y[i, c] - course.target[q, o, c])
                for p in range(count):
                    slopes[p, q, o, c] = root * tangent[p, i, c]


@reordered
def _stage_ahead(
    rates: Rates, y: np.ndarray, on: np.ndarray, k: np.ndarray, row: int, tangent: np.ndarray, out: np.ndarray
) -> None:
    """The rates' derivative `out` by parameter `row`, where the state's is `tangent`."""
    n, lanes = y.shape
    kind, i = divmod(row - n * n, n) if row >= n * n else (-1, row // n)
    j = row % n
    for t in range(n):
        for c in range(lanes):
            out[t, c] = 0.0
        for e in range(rates.start[t], rates.start[t + 1]):
            weight = rates.weight[e]
            g = rates.source[e]
            for c in range(lanes):
                out[t, c] += weight * tangent[g, c]
        if t == i:
            if kind == -1:
                for c in range(lanes):
                    out[t, c] += y[j, c]
            elif kind == 0:
                for c in range(lanes):
                    out[t, c] += 1.0
        made, lost = rates.speed[t] * rates.production[t], rates.speed[t] * rates.degradation[t]
        for c in range(lanes):
            out[t, c] = made * on[t, c] * (1.0 - on[t, c]) * out[t, c] - lost * tangent[t, c]
    made, lost = rates.speed[i] * rates.production[i], rates.speed[i] * rates.degradation[i]
    if kind == 1:
        for c in range(lanes):
            out[i, c] += made * on[i, c]
    elif kind == 2:
        for c in range(lanes):
            out[i, c] -= lost * y[i, c]
    elif kind == 3:
        for c in range(lanes):
            out[i, c] -= k[i, c]
