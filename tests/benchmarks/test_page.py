"""The page of measurements: what a table becomes, and what a missing peer does."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import peer
from .page import Measured, duration, render
from .table import Row, Table, compared

TABLE = Table(
    "sample",
    "A sample",
    ("rtol 1e-6.",),
    (
        Row("forward", "snail", 0.5, 2.0, 1e-7, 3e-6),
        Row("forward", "ghost", 0.5, None, 1e-7, None, "not installed (make peers)"),
        Row("back", "snail", 1.0, 8.0),
    ),
    "What it means.",
    (("sample.png", "a picture"),),
)


def test_a_table_survives_json() -> None:
    assert Table.from_json(TABLE.to_json()) == TABLE


def test_rows_show_times_ratio_and_both_errors() -> None:
    page = render([Measured(TABLE, "2026-01-02", "a machine", {"torch": "2"})])
    assert "| forward | snail | 500 ms | 2 s | 4× | 1.0e-07 | 3.0e-06 |  |" in page
    assert "| forward | ghost | 500 ms | – |  | 1.0e-07 | – | not installed (make peers) |" in page
    assert "2026-01-02; a machine; torch 2." in page
    assert "![a picture](images/sample.png)" in page


def test_the_sentence_of_comparison_takes_medians() -> None:
    assert "snail 6×" in compared(TABLE.rows)
    assert "ghost" not in compared(TABLE.rows)
    assert compared(()) == "No peer was there to compare with."


@pytest.mark.parametrize(("seconds", "text"), [(None, "–"), (2.0, "2 s"), (0.0123, "12.3 ms"), (4.2e-6, "4.2 µs")])
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_an_absent_environment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "PYTHON", tmp_path / "python")
    with pytest.raises(peer.PeerMissing, match="make peers"):
        peer.ask("diffrax_elowitz", tmp_path)
