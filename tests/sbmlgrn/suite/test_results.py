from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sbmlgrn.suite import Results, SuiteError
from sbmlgrn.suite.results import read_results, write_results


@given(st.lists(st.floats(), min_size=1))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again_to_the_last_bit(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "results.csv"
    write_results(Results(("S",), np.array(values)[:, None], np.arange(len(values), dtype=float)), path)
    again = read_results(path)
    assert again.names == ("S",)
    assert again.time is not None
    np.testing.assert_array_equal(again.time, np.arange(len(values)))
    np.testing.assert_array_equal(again.values[:, 0], values)


def test_the_format(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    write_results(Results(("S1", "time"), np.array([[math.nan, math.inf], [-math.inf, 0.1]]), np.array([0, 0.5])), path)
    assert path.read_text() == "time,S1,time\n0.0,NaN,INF\n0.5,-INF,0.1\n"
    again = read_results(path)
    assert again.names == ("S1", "time")
    np.testing.assert_array_equal(again.column("time"), [math.inf, 0.1])
    assert again.column("S2") is None


def test_tables_of_others(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(b'"Time", P ,Q,\r\n0,1e-007, nan,\r\n\r\n1,-Inf,1.#INF,\r\n')
    with pytest.raises(SuiteError, match="''"):
        read_results(path)
    path.write_bytes(b'"Time", P ,Q\r\n0,1e-007, nan\r\n\r\n1,-Inf,1.#INF\r\n')
    table = read_results(path)
    assert table.names == ("P", "Q")
    np.testing.assert_array_equal(table.values, [[1e-7, math.nan], [-math.inf, math.inf]])


def test_a_table_without_time(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("R01,OBJF\n1.0,2.5\n")
    table = read_results(path)
    assert table.time is None
    assert table.names == ("R01", "OBJF")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "empty"), ("time,S\n0\n", "row 1 has 1 values, expected 2"), ("time,S\n0,1\n1,high\n", "'high' in row 2")],
)
def test_what_is_no_table(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(text)
    with pytest.raises(SuiteError, match=expected):
        read_results(path)
