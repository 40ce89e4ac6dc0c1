"""LU factors of sparse matrices against NumPy."""

import numpy as np
import pytest

from sbmlgrn.ode.native.sparse import factor, layout, solve


def random_matrix(size: int, filled: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(size, size)) * (rng.random((size, size)) < filled)
    return matrix + np.diag(size * filled + 2 + rng.random(size))


def factored(matrix: np.ndarray) -> tuple[bool, np.ndarray]:
    """Whether the matrix could be factored, and the solution for a right-hand side of 1, 2, 3 …"""
    nonzeros = [(int(i), int(j)) for i, j in np.argwhere(matrix != 0)]
    form = layout(len(matrix), nonzeros)
    lu, row = np.zeros(len(form.column)), np.zeros(len(matrix))
    lu[form.place] = matrix[form.rows, form.columns]
    b = np.arange(1.0, len(matrix) + 1)
    possible = factor(lu, form, row)
    solve(lu, form, b, row)
    return possible, b


@pytest.mark.parametrize(("size", "filled"), [(1, 1.0), (2, 0.5), (7, 0.3), (40, 0.05), (40, 1.0), (150, 0.02)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_solutions_are_those_of_numpy(size: int, filled: float, seed: int) -> None:
    matrix = random_matrix(size, filled, seed)
    possible, found = factored(matrix)
    assert possible
    assert np.allclose(found, np.linalg.solve(matrix, np.arange(1.0, size + 1)), rtol=1e-11)


def test_arrows_are_not_filled() -> None:
    """Everything depends on the first state: in the given order all would fill up, from the other end nothing does."""
    size = 300
    form = layout(size, [(0, i) for i in range(size)] + [(i, 0) for i in range(1, size)])
    assert len(form.column) == 3 * size - 2


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_vanishing_or_infinite_pivot_is_told(bad: float) -> None:
    assert not factored(np.array([[1.0, 2.0], [2.0, 4.0 if bad == 0.0 else bad]]))[0]
