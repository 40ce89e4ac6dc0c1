"""LU factors of a matrix of fixed sparsity: ordered and laid out once for a model, computed without pivoting.

The matrices are I/(γh) − J. Their diagonal dominates for small steps; where a pivot vanishes the step is repeated
with another size.

Source: Duff, Erisman & Reid, Direct Methods for Sparse Matrices (2nd ed., Oxford 2017), chapters 7 (minimum degree) and
10 (factorization with a given structure).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from sbmlgrn.ode.native.loop import lean


class Layout(NamedTuple):
    """Where the entries of L and U are, row by row, and where those of the matrix go.

    Attributes:
        order: ``[n]`` which row and column of the matrix comes i-th.
        start: ``[n + 1]`` where each row of L + U begins.
        column: ``[entries]`` column of each entry, in increasing order within a row.
        diagonal: ``[n]`` place of the diagonal entries.
        place: ``[nonzeros]`` place of each nonzero of the matrix, in its own order.
        rows, columns: ``[nonzeros]`` row and column of each nonzero of the matrix, in the matrix's own numbering.
    """

    order: np.ndarray
    start: np.ndarray
    column: np.ndarray
    diagonal: np.ndarray
    place: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def layout(size: int, nonzeros: Iterable[tuple[int, int]]) -> Layout:
    """The layout for a matrix with given nonzeros (row, column); the diagonal is always one of them."""
    nonzeros = list(nonzeros)
    order = _minimum_degree(size, nonzeros)
    position = np.empty(size, np.int64)
    position[order] = np.arange(size)
    rows: list[set[int]] = [{i} for i in range(size)]
    for i, j in nonzeros:
        rows[position[i]].add(int(position[j]))
    upper: list[set[int]] = []
    for i, row in enumerate(rows):
        # fill: eliminating column k brings what U holds in row k
        waiting = [k for k in row if k < i]
        heapq.heapify(waiting)
        while waiting:
            fresh = upper[heapq.heappop(waiting)] - row
            row.update(fresh)
            for j in fresh:
                if j < i:
                    heapq.heappush(waiting, j)
        upper.append({j for j in row if j > i})
    start = np.zeros(size + 1, np.int64)
    start[1:] = np.cumsum([len(row) for row in rows])
    columns = [sorted(row) for row in rows]
    places = [{j: int(start[i]) + k for k, j in enumerate(row)} for i, row in enumerate(columns)]
    return Layout(
        np.array(order, np.int64),
        start,
        # unsigned, so that Numba need not look for negative indices in the innermost loops
        np.array([j for row in columns for j in row], np.uint32),
        np.array([places[i][i] for i in range(size)], np.int64),
        np.array([places[position[i]][int(position[j])] for i, j in nonzeros], np.uint32),
        np.array([i for i, _ in nonzeros], np.uint32),
        np.array([j for _, j in nonzeros], np.uint32),
    )


def _minimum_degree(size: int, nonzeros: Iterable[tuple[int, int]]) -> list[int]:
    neighbours: list[set[int]] = [set() for _ in range(size)]
    for i, j in nonzeros:
        if i != j:
            neighbours[i].add(j)
            neighbours[j].add(i)
    waiting = [(len(around), i) for i, around in enumerate(neighbours)]
    heapq.heapify(waiting)
    done = [False] * size
    order: list[int] = []
    while len(order) < size:
        degree, least = heapq.heappop(waiting)
        if done[least] or degree != len(neighbours[least]):
            continue  # an entry from before its degree changed
        if degree == size - len(order) - 1:  # all that is left is dense
            return [*order, *(i for i in range(size) if not done[i])]
        done[least] = True
        order.append(least)
        around = neighbours[least]
        for i in around:
            before = len(neighbours[i])
            neighbours[i] |= around
            neighbours[i] -= {i, least}
            if len(neighbours[i]) != before:
                heapq.heappush(waiting, (len(neighbours[i]), i))
    return order


@lean
def factor(lu: np.ndarray, layout: Layout, row: np.ndarray) -> bool:
    """Replaces the entries of a matrix by those of its L (unit diagonal) and U; `row` is ``[n]`` to work in.

    Returns:
        Whether all pivots are finite and not 0.
    """
    start, column, diagonal = layout.start, layout.column, layout.diagonal
    for i in range(len(diagonal)):
        for k in range(start[i], start[i + 1]):
            row[column[k]] = lu[k]
        for k in range(start[i], diagonal[i]):
            j = column[k]
            factor = row[j] / lu[diagonal[j]]
            row[j] = factor
            if factor != 0.0:
                for q in range(diagonal[j] + 1, start[j + 1]):
                    row[column[q]] -= factor * lu[q]
        for k in range(start[i], start[i + 1]):
            lu[k] = row[column[k]]
        pivot = lu[diagonal[i]]
        if pivot == 0.0 or not np.isfinite(pivot):
            return False
    return True


@lean
def solve(lu: np.ndarray, layout: Layout, b: np.ndarray, row: np.ndarray) -> None:
    """Replaces the right-hand side `b` ``[n]`` by the solution; `row` is ``[n]`` to work in."""
    start, column, diagonal, order = layout.start, layout.column, layout.diagonal, layout.order
    n = len(diagonal)
    for i in range(n):
        total = b[order[i]]
        for k in range(start[i], diagonal[i]):
            total -= lu[k] * row[column[k]]
        row[i] = total
    for i in range(n - 1, -1, -1):
        total = row[i]
        for k in range(diagonal[i] + 1, start[i + 1]):
            total -= lu[k] * row[column[k]]
        row[i] = total / lu[diagonal[i]]
        b[order[i]] = row[i]


@lean
def solve_transposed(lu: np.ndarray, layout: Layout, b: np.ndarray, row: np.ndarray) -> None:
    """The same as `solve` with the transposed matrix."""
    start, column, diagonal, order = layout.start, layout.column, layout.diagonal, layout.order
    n = len(diagonal)
    for i in range(n):
        row[i] = b[order[i]]
    for i in range(n):
        row[i] /= lu[diagonal[i]]
        for k in range(diagonal[i] + 1, start[i + 1]):
            row[column[k]] -= lu[k] * row[i]
    for i in range(n - 1, -1, -1):
        for k in range(start[i], diagonal[i]):
            row[column[k]] -= lu[k] * row[i]
        b[order[i]] = row[i]


@lean
def solve_columns(lu: np.ndarray, layout: Layout, b: np.ndarray, rows: np.ndarray) -> None:
    """The same as `solve` for the columns of `b` ``[n, k]``; `rows` is ``[n, k]`` to work in."""
    start, column, diagonal, order = layout.start, layout.column, layout.diagonal, layout.order
    n, count = b.shape
    for i in range(n):
        for c in range(count):
            rows[i, c] = b[order[i], c]
        for k in range(start[i], diagonal[i]):
            for c in range(count):
                rows[i, c] -= lu[k] * rows[column[k], c]
    for i in range(n - 1, -1, -1):
        for k in range(diagonal[i] + 1, start[i + 1]):
            for c in range(count):
                rows[i, c] -= lu[k] * rows[column[k], c]
        for c in range(count):
            rows[i, c] /= lu[diagonal[i]]
            b[order[i], c] = rows[i, c]
