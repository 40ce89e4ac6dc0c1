from __future__ import annotations

import json
import math

import pytest

from sbmlgrn.cli.output import number, print_json, sparkline
from sbmlgrn.cli.progress import range_line


def test_json_knows_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1.5, math.nan, -math.inf], "b": {"c": (1, math.inf)}})
    assert json.loads(capsys.readouterr().out) == {"a": [1.5, None, None], "b": {"c": [1, None]}}


def test_sparkline_rises_with_the_values_and_keeps_short_peaks() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.0] * 50 + [1.0] + [0.0] * 49, width=10) == "▁▁▁▁▁█▁▁▁▁"
    assert sparkline([2.0, 2.0]) == "▁▁"
    assert sparkline([0.0, math.nan, 1.0]) == "▁ █"
    assert sparkline([math.nan]) == ""


def test_numbers() -> None:
    assert number(43.44664) == "43.4466"
    assert number(None) == "–"


def test_marks_lie_where_the_scale_says() -> None:
    assert range_line((1, 100, "log"), {10.0: "●"}, width=5) == "──●──"
    assert range_line((0, 100, "linear"), {25.0: "●", 1000.0: "○"}, width=5) == "─●──○"
