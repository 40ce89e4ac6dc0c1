from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sbmlgrn.suite import Results, accept

NAN, INF = math.nan, math.inf


def table(**columns: list[float]) -> Results:
    values = np.array(list(columns.values()), dtype=float).T
    return Results(tuple(columns), values, np.arange(len(values), dtype=float))


@pytest.mark.parametrize(
    ("expected", "found", "right"),
    [
        (1.0, 1.0, True),
        (1.0, 1.0 + 1.0e-3, True),
        (1.0, 1.0 + 1.2e-3, False),
        (1.0, 1.0 - 1.2e-3, False),
        (0.0, 1.0e-4, True),
        (0.0, 1.1e-4, False),
        (-1000.0, -1000.9, True),
        (-1000.0, -1001.1, False),
        (NAN, NAN, True),
        (NAN, 0.0, False),
        (0.0, NAN, False),
        (INF, INF, True),
        (-INF, -INF, True),
        (INF, -INF, False),
        (INF, 1e308, False),
        (1e308, INF, False),
        (INF, NAN, False),
        (NAN, INF, False),
        (1.7e308, -1.7e308, False),
    ],
)
def test_the_rule(expected: float, found: float, right: bool) -> None:
    verdict = accept(table(S=[expected]), table(S=[found]), 1e-4, 1e-3)
    assert verdict.accepted is right
    assert bool(verdict.reason) is not right
    assert verdict.worst is not None
    assert (verdict.worst.error <= 1) is right


def test_tolerances_of_zero_ask_for_equality() -> None:
    assert accept(table(S=[0.0, 2.0]), table(S=[0.0, 2.0]), 0, 0).accepted
    assert not accept(table(S=[0.0, 2.0]), table(S=[5e-324, 2.0]), 0, 0).accepted


numbers = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1 + 1e-4, 1 + 3e-4, NAN, INF, -INF, 1e-6, 3e-6]),
    st.floats(allow_nan=True, allow_infinity=True),
)
tables = st.tuples(st.integers(1, 4), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(*[arrays(float, shape, elements=numbers)] * 2)
)
tolerances = st.sampled_from([0.0, 1e-6, 1e-4, 1.0])


@given(tables, tolerances, tolerances)
def test_the_rule_holds_cell_by_cell(pair: tuple[np.ndarray, np.ndarray], absolute: float, relative: float) -> None:
    def right(c: float, u: float) -> bool:
        if math.isnan(c) or math.isnan(u):
            return math.isnan(c) and math.isnan(u)
        if math.isinf(c) or math.isinf(u):
            return c == u
        return abs(c - u) <= absolute + relative * abs(c)

    expected, found = (Results(tuple("PQR")[: v.shape[1]], v) for v in pair)
    cells = [right(c, u) for c, u in zip(expected.values.flat, found.values.flat, strict=True)]
    verdict = accept(expected, found, absolute, relative)
    assert verdict.accepted is all(cells)
    worst = verdict.worst
    assert worst is not None
    assert right(worst.expected, worst.found) is all(cells)


@given(tables, tolerances)
def test_every_table_agrees_with_itself_whatever_the_order_and_what_is_added(
    pair: tuple[np.ndarray, np.ndarray], relative: float
) -> None:
    values = pair[0]
    expected = Results(tuple("PQR")[: values.shape[1]], values)
    found = Results(("X", *reversed(expected.names)), np.column_stack([pair[1][:, 0], values[:, ::-1]]))
    longer = Results(found.names, np.vstack([found.values, found.values]))
    assert accept(expected, found, 0.0, relative).accepted
    assert accept(expected, longer, 0.0, relative).accepted


def test_the_worst_point_is_told() -> None:
    verdict = accept(table(S=[1, 2, 3], P=[5, 5, 5]), table(P=[5, 5, 5.1], S=[1, 2.4, 3]), 0.0, 0.01)
    worst = verdict.worst
    assert worst is not None
    assert (worst.variable, worst.row, worst.time, worst.expected, worst.found) == ("S", 1, 1.0, 2.0, 2.4)
    assert worst.error == pytest.approx(20)
    assert "S at time 1 is 2.4, expected 2" in verdict.reason
    assert "2 of 3 rows: S, P" in verdict.reason


def test_a_missing_column_is_named() -> None:
    verdict = accept(table(S=[1], P=[1]), table(S=[1]), 1, 1)
    assert not verdict.accepted
    assert "'P'" in verdict.reason


def test_names_are_told_apart_by_their_capitals() -> None:
    assert not accept(table(TIME=[1], time=[2]), table(TIME=[2], time=[1]), 0, 0).accepted


def test_too_few_rows() -> None:
    verdict = accept(table(S=[1, 2]), table(S=[1]), 1, 1)
    assert not verdict.accepted
    assert "1 rows, expected 2" in verdict.reason


def test_other_times() -> None:
    expected, shifted = table(S=[1, 1]), Results(("S",), np.ones((2, 1)), np.array([0.0, 1.1]))
    verdict = accept(expected, shifted, 1, 1)
    assert not verdict.accepted
    assert "row 1 is at time 1.1, expected 1" in verdict.reason
    assert not accept(expected, Results(("S",), np.ones((2, 1)), np.array([0.0, NAN])), 1, 1).accepted
    assert accept(expected, Results(("S",), np.ones((2, 1)), np.array([0.0, 1 + 1e-9])), 1, 1).accepted
    assert accept(expected, Results(("S",), np.ones((2, 1))), 1, 1).accepted
