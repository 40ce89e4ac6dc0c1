"""One step differentiated: how its stages and the state after it change in several directions at once.

Source: Hairer, Nørsett & Wanner, Solving ODEs I (2nd ed.), section II.6 (internal differentiation: the method is
differentiated, not the equation).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.variation import variation
from sbmlgrn.lower import System
from sbmlgrn.ode.native.calls import evaluate
from sbmlgrn.ode.native.loop import inlined, lean, loop
from sbmlgrn.ode.native.sparse import Layout, solve_columns
from sbmlgrn.ode.native.steps import STAGES, is_trace
from sbmlgrn.ode.native.tableau import RODAS5P_A, RODAS5P_C, RODAS5P_D, RODAS5P_M, TSIT5_A, TSIT5_C


class Linear(NamedTuple):
    """Derivatives of f, and the parameters that change.

    Attributes:
        entries, bend, start: addresses, see `Variation`; 0 where they are not needed.
        by_state: ``[nonzeros, 2]`` rows and columns of the nonzeros of ∂f/∂y.
        by_parameter: ``[nonzeros, 2]`` rows of the nonzeros of ∂f/∂p, and positions in `parameters`.
        parameters: ``[changing]`` which ones.
        direction: ``[changing]`` in which direction each of them changes.
    """

    entries: int
    bend: int
    start: int
    by_state: np.ndarray
    by_parameter: np.ndarray
    parameters: np.ndarray
    direction: np.ndarray


class Change(NamedTuple):
    """What one trajectory at a time is differentiated in; k is the number of directions.

    Attributes:
        weight: ``[changing]`` by how much each of the parameters changes in its direction.
        state: ``[n, k]`` derivative of the state before a step.
        slope: ``[n, k]`` of f there.
        bars: ``[8, n, k]`` of the stages.
        point: ``[n, k]`` of the argument of f; afterwards of the state after the step.
        bends: ``[k, slope]`` of the slopes at the beginning of the step.
        values: nonzeros of ∂f/∂y and ∂f/∂p.
        y, p: ``[2n]`` and ``[2 parameter]`` a point and a direction.
        argument, rows, weights: ``[n]``, ``[n, k]`` and ``[8]`` to work in.
    """

    weight: np.ndarray
    state: np.ndarray
    slope: np.ndarray
    bars: np.ndarray
    point: np.ndarray
    bends: np.ndarray
    values: np.ndarray
    y: np.ndarray
    p: np.ndarray
    argument: np.ndarray
    rows: np.ndarray
    weights: np.ndarray


def linear(system: System, parameters: Sequence[int], direction: Sequence[int], own_start: bool, stiff: bool) -> Linear:
    """Derivatives of a system.

    Args:
        system: what is simulated.
        parameters: those that change.
        direction: in which direction each of them changes.
        own_start: whether the initial state is the system's own, which depends on the parameters.
        stiff: whether steps may be those of Rodas5P.
    """
    functions = variation(system)
    entries, by_parameter = functions.entries(tuple(parameters))
    # unsigned, so that Numba need not look for negative indices in the innermost loops
    return Linear(
        entries,
        functions.bend if stiff else 0,
        functions.start if own_start else 0,
        np.array(functions.by_state, np.uint32).reshape(-1, 2),
        np.array(by_parameter, np.uint32).reshape(-1, 2),
        np.array(parameters, np.uint32),
        np.array(direction, np.uint32),
    )


@loop
def change(of: Linear, n: int, parameters: int, k: int) -> Change:
    """Memory for `n` states and `k` directions; the weights are 1."""
    nonzeros = len(of.by_state)
    return Change(
        np.ones(len(of.parameters)),
        np.empty((n, k)),
        np.empty((n, k)),
        np.empty((STAGES, n, k)),
        np.empty((n, k)),
        np.empty((k, nonzeros + n)),
        np.empty(nonzeros + len(of.by_parameter)),
        np.empty(2 * n),
        np.empty(2 * parameters),
        np.empty(n),
        np.empty((n, k)),
        np.empty(STAGES),
    )


@inlined
def copy_matrix(source: np.ndarray, target: np.ndarray) -> None:
    """``target[:] = source``."""
    for i in range(source.shape[0]):
        for c in range(source.shape[1]):
            target[i, c] = source[i, c]


@inlined
def combine(base: np.ndarray, weights: np.ndarray, bars: np.ndarray, count: int, out: np.ndarray) -> None:
    """``out = base + Σ weights[j]·bars[j]`` over the first `count` stages."""
    for i in range(base.shape[0]):
        for c in range(base.shape[1]):
            total = base[i, c]
            for j in range(count):
                total += weights[j] * bars[j, i, c]
            out[i, c] = total


@lean
def _aim(of: Linear, p: np.ndarray, c: int, work: Change) -> None:
    """Parameters and their change in direction `c`, into ``work.p``."""
    count = len(p)
    for i in range(count):
        work.p[i] = p[i]
        work.p[count + i] = 0.0
    for q in range(len(of.parameters)):
        if of.direction[q] == c:
            work.p[count + of.parameters[q]] = work.weight[q]


@lean
def begin(of: Linear, p: np.ndarray, work: Change) -> None:
    """Derivatives of the initial state by the parameters, into ``work.state``; 0 where it is not the system's own."""
    work.state[:] = 0.0
    if of.start != 0:
        for c in range(work.state.shape[1]):
            _aim(of, p, c, work)
            evaluate(of.start, 0.0, work.y, work.p, work.argument)
            for i in range(len(work.argument)):
                work.state[i, c] = work.argument[i]


@inlined
def push(of: Linear, t: float, y: np.ndarray, p: np.ndarray, work: Change, moved: np.ndarray, out: np.ndarray) -> None:
    """Derivatives of f at a point that changes by ``moved``, into `out`.

    What does not change has no effect, not even where the slope of f is infinite, as x^n with n < 1 has at 0.
    """
    values, nonzeros = work.values, len(of.by_state)
    evaluate(of.entries, t, y, p, values)
    out[:] = 0.0
    for e in range(nonzeros):
        i, j, value = of.by_state[e, 0], of.by_state[e, 1], values[e]
        if np.isfinite(value):
            for c in range(out.shape[1]):
                out[i, c] += value * moved[j, c]
        else:
            for c in range(out.shape[1]):
                if moved[j, c] != 0.0:
                    out[i, c] += value * moved[j, c]
    for e in range(len(of.by_parameter)):
        q = of.by_parameter[e, 1]
        out[of.by_parameter[e, 0], of.direction[q]] += work.weight[q] * values[nonzeros + e]


@inlined
def _clear(y: np.ndarray, new: np.ndarray, moved: np.ndarray) -> None:
    """`clear` of a state that changes by ``moved``: what it sets to 0 stays there."""
    for i in range(len(new)):
        if is_trace(y[i], new[i]):
            new[i] = 0.0
            moved[i] = 0.0


@lean
def tsit5_change(
    of: Linear, t: float, h: float, y: np.ndarray, p: np.ndarray, stages: np.ndarray, work: Change
) -> None:
    """Derivatives of a step of Tsit5 from ``work.state`` and ``work.slope``.

    Args:
        of: the system's.
        t, h, y, p, stages: of the step.
        work: ``bars`` become the derivatives of the stages, the last of which is f after the step, and ``point`` that
            of the state after the step.
    """
    bars, argument = work.bars, work.argument
    copy_matrix(work.slope, bars[0])
    for s in range(1, 7):
        for j in range(s):
            work.weights[j] = h * TSIT5_A[s, j]
        combine(work.state, work.weights, bars, s, work.point)
        for i in range(len(y)):
            total = 0.0
            for j in range(s):
                total += TSIT5_A[s, j] * stages[j, i]
            argument[i] = y[i] + h * total
        _clear(y, argument, work.point)
        push(of, t + TSIT5_C[s] * h, argument, p, work, work.point, bars[s])


@lean
def rodas5p_change(
    of: Linear,
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    layout: Layout,
    stages: np.ndarray,
    lu: np.ndarray,
    work: Change,
) -> None:
    """The same as `tsit5_change` of a step of Rodas5P, whose matrix and ∂f/∂t change as well.

    `lu` are the factors of the step; the last stage is the estimate of its error.
    """
    bars, argument = work.bars, work.argument
    n, nonzeros = len(y), len(of.by_state)
    for c in range(work.state.shape[1]):
        for i in range(n):
            work.y[i] = y[i]
            work.y[n + i] = work.state[i, c]
        _aim(of, p, c, work)
        evaluate(of.bend, t, work.y, work.p, work.bends[c])
    for s in range(8):
        bar = bars[s]
        combine(work.state, RODAS5P_A[s], bars, s, work.point)
        if s == 0:
            copy_matrix(work.slope, bar)
        else:
            for i in range(n):
                total = 0.0
                for j in range(s):
                    total += RODAS5P_A[s, j] * stages[j, i]
                argument[i] = y[i] + total
            _clear(y, argument, work.point)
            push(of, t + RODAS5P_C[s] * h, argument, p, work, work.point, bar)
        for j in range(s):
            work.weights[j] = RODAS5P_M[s, j] / h
        combine(bar, work.weights, bars, s, bar)
        for c in range(bar.shape[1]):
            bends = work.bends[c]
            for e in range(nonzeros):
                bar[of.by_state[e, 0], c] += bends[e] * stages[s, of.by_state[e, 1]]
            for i in range(n):
                bar[i, c] += h * RODAS5P_D[s] * bends[nonzeros + i]
        solve_columns(lu, layout, bar, work.rows)
    for i in range(n):
        argument[i] += stages[7, i]
        for c in range(work.point.shape[1]):
            work.point[i, c] += bars[7, i, c]
    _clear(y, argument, work.point)


@lean
def is_smooth(of: Linear, t: float, y: np.ndarray, p: np.ndarray, work: Change) -> bool:
    """Whether the slopes have derivatives in the direction of every state; of a step of Rodas5P."""
    n = len(y)
    for i in range(n):
        work.y[i] = y[i]
        work.y[n + i] = 1.0
    for i in range(len(p)):
        work.p[i] = p[i]
        work.p[len(p) + i] = 0.0
    evaluate(of.bend, t, work.y, work.p, work.bends[0])
    infinite = 0
    for value in work.bends[0]:
        infinite += not np.isfinite(value)
    return infinite == 0
