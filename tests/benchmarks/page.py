"""Tables → docs/benchmarks.md."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .measure import QUICK, machine
from .peer import ROOT
from .table import Row, Table

STORE: Final = ROOT / "build" / "benchmarks" / ("quick" if QUICK else "full")
"""Where tables wait for the page, so that one can be measured again without the others."""

PAGE: Final = STORE / "benchmarks.md" if QUICK else ROOT / "docs" / "benchmarks.md"
IMAGES: Final = PAGE.parent / "images"

_ORDER: Final = (
    "elowitz",
    "elowitz-gradient",
    "trajectories",
    "trajectories-events",
    "ensembles",
    "ensembles-events",
    "loading",
    "loading-biomodels",
    "stiff",
    "growth-batch",
    "growth-states",
    "ssa",
    "ssa-large",
    "ssa-memory",
    "gpu",
)
_INTRODUCTION: Final = """\
# Benchmarks

Written by `make bench`; the peers live in an environment of their own (`make peers`). Ours and a peer's times were
taken one after the other in the same run, at the same tolerances and for the same outputs, and are the fastest of a few
runs. *Ratio* is how many times as long the peer takes. An error is the distance from a reference solution, of which the
conditions of each table speak: a time means little without it.
"""


@dataclass(frozen=True)
class Measured:
    """A table and where it comes from."""

    table: Table
    date: str
    machine: str
    versions: Mapping[str, str]


def store(table: Table, versions: Mapping[str, str]) -> None:
    """Keeps a table for the page."""
    STORE.mkdir(parents=True, exist_ok=True)
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    values = {"table": table.to_json(), "date": date, "machine": machine(), "versions": dict(versions)}
    (STORE / f"{table.key}.json").write_text(json.dumps(values, indent=1), encoding="utf-8")


def write() -> Path:
    """Writes the page of all stored tables; its path."""
    found = []
    for path in STORE.glob("*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        found.append(Measured(**{**values, "table": Table.from_json(values["table"])}))
    found.sort(key=lambda m: (_place(m.table.key), m.table.key))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(found), encoding="utf-8")
    return PAGE


def render(found: Sequence[Measured]) -> str:
    """The page."""
    return "\n".join([_INTRODUCTION, *(_section(m) for m in found)])


def _place(key: str) -> int:
    return _ORDER.index(key) if key in _ORDER else len(_ORDER)


def _section(measured: Measured) -> str:
    table = measured.table
    versions = ", ".join(f"{name} {number}" for name, number in sorted(measured.versions.items()))
    lines = [f"## {table.title}", "", table.reading, ""]
    if table.rows and not any(row.peer for row in table.rows):
        lines += ["| what | time | |", "|---|--:|---|"]
        lines += [*(f"| {row.what} | {duration(row.ours)} | {row.note} |" for row in table.rows), ""]
    elif table.rows:
        lines += [
            "| what | peer | ours | peer's | ratio | our error | peer's error | |",
            "|---|---|--:|--:|--:|--:|--:|---|",
            *(_line(row) for row in table.rows),
            "",
        ]
    for file, text in table.pictures:
        lines += [f"![{text}](images/{file})", ""]
    lines += [*(f"* {c}" for c in table.conditions), f"* {measured.date}; {measured.machine}; {versions}.", ""]
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = [
        row.what,
        row.peer,
        duration(row.ours),
        duration(row.theirs),
        "" if row.ratio is None else f"{row.ratio:.3g}×",
        error(row.our_error),
        error(row.their_error),
        row.note,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def duration(seconds: float | None) -> str:
    """Seconds for people."""
    if seconds is None:
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def error(value: float | None) -> str:
    """An error for people."""
    return "–" if value is None else f"{value:.1e}"
