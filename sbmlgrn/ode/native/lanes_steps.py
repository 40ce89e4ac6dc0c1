"""A step of each method for trajectories in lanes: as in `steps` and `sparse`, a vector in the place of each number.

Products are added to sums by `fma`, and divisions by a pivot are products with its inverse, so that results differ from
those of one trajectory at a time by rounding.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.vectors import LANES
from sbmlgrn.ode.native.loop import inlined, loop, part
from sbmlgrn.ode.native.simd import apart, bits, call, fma, lanes, load, masked, root, select, size, splat, store
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.steps import STAGES, TRACE
from sbmlgrn.ode.native.tableau import (
    RODAS5P_A,
    RODAS5P_C,
    RODAS5P_D,
    RODAS5P_DENSE,
    RODAS5P_GAMMA,
    RODAS5P_M,
    TSIT5_A,
    TSIT5_C,
    TSIT5_DENSE,
    TSIT5_ERROR,
)

ALL: Final = 2**LANES - 1
"""The bits of all lanes."""

_TSIT5_ERROR: Final = TSIT5_ERROR[None, :]


class Functions(NamedTuple):
    """Addresses of a system's functions in lanes.

    Attributes:
        rhs: f.
        slopes: the nonzeros of ∂f/∂y, followed by ∂f/∂t; 0 as long as they are not needed.
        pace: (size of the error, logarithm of the last one) → factor of the next step if this one is accepted,
            logarithm of its error, factor of the next step if it is rejected.
        one, one_slopes: f and the slopes, of one trajectory.
        price: what a step of Rodas5P costs, in steps of Tsit5.
    """

    rhs: int
    slopes: int
    pace: int
    one: int
    one_slopes: int
    price: float


class Pack(NamedTuple):
    """What the trajectories in the lanes work in; every array has the lanes as its last axis.

    Attributes:
        y, new, first, atol: ``[n, lane]`` the state before and after a step, f before it, and the tolerance.
        stages: ``[8 n, lane]``, stage after stage.
        p: ``[parameter, lane]``.
        work, row: ``[n, lane]``.
        slopes: ``[nonzeros + n, lane]``.
        lu: ``[entries, lane]``, with the inverse of each pivot in its place.
        direction: ``[n, lane]`` the power iteration's estimate of the fastest direction.
        times: ``[1, lane]`` at which a function is called.
    """

    y: np.ndarray
    new: np.ndarray
    first: np.ndarray
    atol: np.ndarray
    stages: np.ndarray
    p: np.ndarray
    work: np.ndarray
    row: np.ndarray
    slopes: np.ndarray
    lu: np.ndarray
    direction: np.ndarray
    times: np.ndarray


@loop
def pack(n: int, parameters: int, nonzeros: int, entries: int) -> Pack:
    """Memory for as many trajectories as there are lanes."""
    return Pack(
        lanes(n),
        lanes(n),
        lanes(n),
        lanes(n),
        lanes(STAGES * n),
        lanes(parameters),
        lanes(n),
        lanes(n),
        lanes(nonzeros + n if entries else 0),
        lanes(entries),
        lanes(n),
        lanes(1),
    )


@inlined
def combined(table: np.ndarray, row: int, stages: np.ndarray, n: int, i: int, count: int) -> Any:
    """Σⱼ table[row, j] stages[j, i] over the first `count` stages."""
    total = load(stages, i) * table[row, 0]
    for j in range(1, count):
        total = fma(load(stages, j * n + i), table[row, j], total)
    return total


@part
def clear(pack: Pack) -> None:
    """`steps.clear` of ``pack.new``."""
    for i in range(len(pack.y)):
        new = load(pack.new, i)
        trace = (new < 0.0) & (new > -TRACE) & (load(pack.y, i) >= 0.0)
        store(pack.new, i, select(trace, 0.0, new))


@inlined
def larger(a: Any, b: Any) -> Any:
    """The larger of two vectors or numbers; the first where one is undefined."""
    return select(b > a, b, a)


@part
def tsit5(rhs: int, t: Any, h: Any, pack: Pack) -> None:
    """A step of Tsit5 from ``pack.y`` to ``pack.new``, which fills ``pack.stages`` as `steps.tsit5` does."""
    n, new, stages = len(pack.y), pack.new, pack.stages
    for i in range(n):
        store(stages, i, load(pack.first, i))
    for s in range(1, 7):
        least = splat(0.0)
        for i in range(n):
            value = fma(combined(TSIT5_A, s, stages, n, i, s), h, load(pack.y, i))
            least = select(value < least, value, least)
            store(new, i, value)
        if bits(least < 0.0):
            clear(pack)
        if s == 5:
            for i in range(n):
                store(stages, 7 * n + i, load(new, i))
        store(pack.times, 0, fma(h, TSIT5_C[s], t))
        call(rhs, pack.times, 0, new, pack.p, stages, s * n)


@part
def tsit5_error(h: Any, rtol: float, pack: Pack) -> Any:
    """The size of the error of a step of Tsit5, and the estimate of |hλ| (`steps.tsit5_stiffness`)."""
    n, stages = len(pack.y), pack.stages
    total, change, distance = splat(0.0), splat(0.0), splat(0.0)
    for i in range(n):
        new = load(pack.new, i)
        unit = 1.0 / fma(larger(size(load(pack.y, i)), size(new)), rtol, load(pack.atol, i))
        error = h * combined(_TSIT5_ERROR, 0, stages, n, i, 7)
        ratio = error * unit
        total = select(error != 0.0, fma(ratio, ratio, total), total)  # what never changes may be undefined
        moved = new - load(stages, 7 * n + i)
        bend = (load(stages, 6 * n + i) - load(stages, 5 * n + i)) * unit
        far = moved * unit
        known = moved == moved
        change = select(known, fma(bend, bend, change), change)
        distance = select(known, fma(far, far, distance), distance)
    estimate = h * root(change / distance)
    return root(total / float(max(n, 1))), select(distance > 0.0, estimate, 0.0)


@part
def norm(values: np.ndarray, y: np.ndarray, other: np.ndarray, rtol: float, atol: np.ndarray) -> Any:
    """The root mean square of `values`, in units of the tolerance at the larger of two states."""
    total = splat(0.0)
    for i in range(len(y)):
        value = load(values, i)
        ratio = value / fma(larger(size(load(y, i)), size(load(other, i))), rtol, load(atol, i))
        total = select(value != 0.0, fma(ratio, ratio, total), total)
    return root(total / float(max(len(y), 1)))


@part
def rodas5p_matrix(h: Any, layout: Layout, pack: Pack) -> Any:
    """Factors I/(γh) − J into ``pack.lu``; the mask of lanes in which that was possible."""
    apart()
    lu, row, slopes = pack.lu, pack.row, pack.slopes
    start, column, diagonal = layout.start, layout.column, layout.diagonal
    for k in range(len(lu)):
        store(lu, k, 0.0)
    for k in range(len(layout.place)):
        place = layout.place[k]
        store(lu, place, load(lu, place) - load(slopes, k))
    shift = 1.0 / (h * RODAS5P_GAMMA)
    solvable = masked(ALL)
    for i in range(len(diagonal)):
        for k in range(start[i], start[i + 1]):
            store(row, column[k], load(lu, k))
        store(row, i, load(row, i) + shift)
        for k in range(start[i], diagonal[i]):
            j = column[k]
            factor = load(row, j) * load(lu, diagonal[j])
            store(row, j, factor)
            for q in range(diagonal[j] + 1, start[j + 1]):
                c = column[q]
                store(row, c, load(row, c) - factor * load(lu, q))
        for k in range(start[i], start[i + 1]):
            store(lu, k, load(row, column[k]))
        pivot = load(lu, diagonal[i])
        solvable = solvable & (size(pivot) > 0.0) & (size(pivot) < np.inf)
        store(lu, diagonal[i], 1.0 / pivot)
    return solvable


@part
def solve(layout: Layout, pack: Pack, b: np.ndarray, stage: np.ndarray, first: int) -> None:
    """The solution with the right-hand side `b` ``[n, lane]``, to ``stage[first:]``."""
    lu, row = pack.lu, pack.row
    start, column, diagonal, order = layout.start, layout.column, layout.diagonal, layout.order
    n = len(diagonal)
    for i in range(n):
        total = load(b, order[i])
        for k in range(start[i], diagonal[i]):
            total = total - load(lu, k) * load(row, column[k])
        store(row, i, total)
    for i in range(n - 1, -1, -1):
        total = load(row, i)
        for k in range(diagonal[i] + 1, start[i + 1]):
            total = total - load(lu, k) * load(row, column[k])
        total = total * load(lu, diagonal[i])
        store(row, i, total)
        store(stage, first + order[i], total)


@part
def rodas5p(rhs: int, t: Any, h: Any, layout: Layout, pack: Pack) -> None:
    """A step of Rodas5P from ``pack.y`` to ``pack.new``; its error is left in ``pack.work``."""
    apart()
    n, new, stages, work = len(pack.y), pack.new, pack.stages, pack.work
    held = len(layout.place)
    inverse = 1.0 / h
    for s in range(8):
        if s == 0:
            for i in range(n):
                store(work, i, load(pack.first, i))
        else:
            for i in range(n):
                store(new, i, load(pack.y, i) + combined(RODAS5P_A, s, stages, n, i, s))
            clear(pack)
            store(pack.times, 0, fma(h, RODAS5P_C[s], t))
            call(rhs, pack.times, 0, new, pack.p, work, 0)
            for i in range(n):
                store(work, i, fma(combined(RODAS5P_M, s, stages, n, i, s), inverse, load(work, i)))
        if RODAS5P_D[s] != 0.0:
            shift = h * RODAS5P_D[s]
            for i in range(n):
                store(work, i, fma(shift, load(pack.slopes, held + i), load(work, i)))
        solve(layout, pack, work, stages, s * n)
    for i in range(n):
        last = load(stages, 7 * n + i)
        store(work, i, last)
        store(new, i, load(new, i) + last)
    clear(pack)


@inlined
def tsit5_weight(j: int, theta: Any) -> Any:
    """The weight of stage j, beside h, in the state at a fraction `theta` of a step."""
    inner = fma(theta, TSIT5_DENSE[j, 3], splat(TSIT5_DENSE[j, 2]))
    return theta * fma(theta, fma(theta, inner, splat(TSIT5_DENSE[j, 1])), splat(TSIT5_DENSE[j, 0]))


@part
def tsit5_output(theta: Any, h: Any, pack: Pack) -> None:
    """The states at the fraction `theta` of a step of Tsit5, to ``pack.work``."""
    n, stages = len(pack.y), pack.stages
    w0, w1, w2, w3 = (tsit5_weight(0, theta), tsit5_weight(1, theta), tsit5_weight(2, theta), tsit5_weight(3, theta))
    w4, w5, w6 = tsit5_weight(4, theta), tsit5_weight(5, theta), tsit5_weight(6, theta)
    for i in range(n):
        total = w0 * load(stages, i)
        total = fma(w1, load(stages, n + i), total)
        total = fma(w2, load(stages, 2 * n + i), total)
        total = fma(w3, load(stages, 3 * n + i), total)
        total = fma(w4, load(stages, 4 * n + i), total)
        total = fma(w5, load(stages, 5 * n + i), total)
        total = fma(w6, load(stages, 6 * n + i), total)
        store(pack.work, i, fma(h, total, load(pack.y, i)))


@part
def rodas5p_output(theta: Any, pack: Pack) -> None:
    """The states at the fraction `theta` of a step of Rodas5P, to ``pack.work``."""
    n, stages = len(pack.y), pack.stages
    rest = 1.0 - theta
    for i in range(n):
        first = combined(RODAS5P_DENSE, 0, stages, n, i, 8)
        second = combined(RODAS5P_DENSE, 1, stages, n, i, 8)
        third = combined(RODAS5P_DENSE, 2, stages, n, i, 8)
        inner = fma(theta, fma(theta, third, second), first)
        end = fma(rest, inner, load(pack.new, i))
        store(pack.work, i, fma(theta, end, rest * load(pack.y, i)))


@part
def fastest(rtol: float, layout: Layout, pack: Pack, chosen: int) -> Any:
    """The largest eigenvalue of the Jacobian, by modulus: two power iterations, which go on in the `chosen` lanes.

    See `trajectory._power_iteration`.
    """
    apart()
    n, direction, product = len(pack.y), pack.direction, pack.row
    lengths = splat(1.0)
    for _ in range(2):
        for i in range(n):
            store(product, i, 0.0)
        for k in range(len(layout.rows)):
            row = layout.rows[k]
            store(product, row, fma(load(pack.slopes, k), load(direction, layout.columns[k]), load(product, row)))
        before = norm(direction, pack.new, pack.new, rtol, pack.atol)
        after = norm(product, pack.new, pack.new, rtol, pack.atol)
        sound = (after > 0.0) & (after < np.inf) & (before > 0.0)
        lengths = lengths * select(sound, after / before, 0.0)
        for i in range(n):
            fresh = select(sound, load(product, i) / after, first_direction(i, rtol, pack))
            store(direction, i, select(masked(chosen), fresh, load(direction, i)))
    return root(lengths)


@inlined
def first_direction(i: int, rtol: float, pack: Pack) -> Any:
    """An entry of a vector that is in no invariant subspace, but by chance."""
    return (0.5 + (0.6180339887498949 * i) % 1.0) * fma(size(load(pack.y, i)), rtol, load(pack.atol, i))
