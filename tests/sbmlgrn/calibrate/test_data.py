"""Tables of measurements, good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbmlgrn.calibrate import DataError, as_time_courses, read_time_courses

TABLE = """# made by hand
time,condition,set:dose,A,B,sd:A
0,low,0.1,2.0,,0.1
5,low,,1.5,0.3,0.1
5,low,,1.6,,0.2
5,high,10,,1.9,
"""


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("\ufeff" + TABLE, encoding="utf-8")
    for data in (read_time_courses(TABLE), read_time_courses(path)):
        assert [(c.name, c.values) for c in data.conditions] == [("low", {"dose": 0.1}), ("high", {"dose": 10.0})]
        a, b = data.columns
        assert (a.symbol, b.symbol) == ("A", "B")
        assert a.times.tolist() == [0, 5, 5] and a.values.tolist() == [2.0, 1.5, 1.6]
        assert a.sd is not None and a.sd.tolist() == [0.1, 0.1, 0.2] and b.sd is None
        assert a.condition.tolist() == [0, 0, 0] and b.condition.tolist() == [0, 1]
        assert data.count == 5 and not data.warnings


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
def test_separators(separator: str) -> None:
    data = read_time_courses(f"time{separator}A\n0{separator}1\n2{separator}NA\n3{separator}4\n")
    assert data.columns[0].values.tolist() == [1, 4] and data.columns[0].times.tolist() == [0, 3]


def test_rows_that_set_equal_values_are_one_condition() -> None:
    data = read_time_courses("time,set:k,set:m,A\n0,1,2,5\n1,1,2,6\n0,1,3,7\n1,,3,8\n")
    assert [c.name for c in data.conditions] == ["k = 1, m = 2", "k = 1, m = 3", "m = 3"]
    assert data.conditions[2].values == {"m": 3.0}
    assert data.columns[0].condition.tolist() == [0, 0, 1, 2]


def test_what_is_empty_is_left_out_and_told() -> None:
    data = read_time_courses("time,condition,A,B\n0,x,1,\n1,x,2,\n1,y,,\n")
    assert [c.symbol for c in data.columns] == ["A"] and [c.name for c in data.conditions] == ["x"]
    assert data.warnings == (
        "column 'B' has no values: it is left out",
        "condition 'y' has no values: it is left out",
    )


def test_frames_of_pandas() -> None:
    data = as_time_courses(pd.DataFrame({"time": [0, 1], "condition": ["a", None], "A": [1.0, np.nan], "B": [1, 2]}))
    assert [c.name for c in data.conditions] == ["a", ""]
    assert [len(c.values) for c in data.columns] == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n", "the table is empty"),
        ("t,A\n0,1\n", "there is no column 'time' among 't', 'A': rename 't'"),
        ("time\n0\n", "no column of measurements"),
        ("time,sd:A\n0,1\n", "column 'sd:A' has no measurements beside it: expected a column 'A'"),
        ("time,A,\n0,1,\n", "column 3 has no name"),
        ("time,A,A\n0,1,2\n", "there are 2 columns 'A'"),
        ("time,A\n0,1,2\n", "line 2 has 3 cells, the first line 2"),
        ("time,A\n\n0,x\n", "line 3, column 'A': 'x' is no number"),
        ("time,A\n0,inf\n", "column 'A' holds an infinite value"),
        ("time,A\n1,2\n-1,1\n", "line 3: the time -1 is negative"),
        ("time,A\n,1\n", "line 2: values without a time"),
        ("time,A\n0,1\n", "no value was measured at a time after 0"),
        ("time,A,B\n0,,\n1,nan,\n", "no value was measured|there are no measurements"),
        ("time,A,sd:A\n1,2,\n", "line 2, column 'sd:A': the standard deviation is empty"),
        ("time,A,sd:A\n1,2,0\n", "line 2, column 'sd:A': the standard deviation is 0"),
        (
            "time,condition,set:k,A\n0,x,1,1\n1,x,2,1\n",
            "line 3: set:k is 2, but 1 before in the condition 'x'",
        ),
    ],
)
def test_bad_tables_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_time_courses(text)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        read_time_courses("no-such.csv")
