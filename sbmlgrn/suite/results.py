"""Tables of results in the suite's own format: a line of names, then numbers, of which some are NaN, INF or -INF."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np


class SuiteError(ValueError):
    """What was asked of the suite, or a file of a case, is not as it should be."""


_WORDS: Final = {
    "inf": math.inf,
    "+inf": math.inf,
    "infinity": math.inf,
    "1.#inf": math.inf,
    "-inf": -math.inf,
    "-infinity": -math.inf,
    "-1.#inf": -math.inf,
    "nan": math.nan,
    "-nan": math.nan,
    "-1.#ind": math.nan,
}


@dataclass(frozen=True, eq=False)
class Results:
    """Values of variables, by row.

    Attributes:
        names: the variables, in the order of the columns.
        values: ``[row, variable]``, each in the unit in which the case asks for it.
        time: ``[row]``, in the model's unit of time; ``None`` where a row is no point in time.
    """

    names: tuple[str, ...]
    values: np.ndarray
    time: np.ndarray | None = None

    def column(self, name: str) -> np.ndarray | None:
        """The values ``[row]`` of a variable, or ``None`` if there is no such column."""
        return self.values[:, self.names.index(name)] if name in self.names else None


def read_results(path: Path) -> Results:
    """Reads a table; a first column called time, in capitals or not, is the time.

    Raises:
        SuiteError: the file holds no table of numbers.
    """
    with path.open(newline="", errors="replace") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    if not rows:
        raise SuiteError(f"{path}: the file is empty, expected a line of names and then lines of numbers")
    names = tuple(name.strip() for name in rows[0])
    values = np.empty((len(rows) - 1, len(names)))
    for i, row in enumerate(rows[1:]):
        if len(row) < len(names):
            raise SuiteError(f"{path}: row {i + 1} has {len(row)} values, expected {len(names)}, one for each name")
        values[i] = [_number(cell, path, i + 1) for cell in row[: len(names)]]
    if names[0].lower() == "time":
        return Results(names[1:], values[:, 1:], values[:, 0])
    return Results(names, values)


def write_results(results: Results, path: Path) -> None:
    """Writes a table; numbers keep all their digits."""
    columns = results.values if results.time is None else np.column_stack([results.time, results.values])
    names = results.names if results.time is None else ("time", *results.names)
    lines = [",".join(names), *(",".join(map(_text, row)) for row in columns.tolist())]
    path.write_text("\n".join(lines) + "\n")


def _number(cell: str, path: Path, row: int) -> float:
    text = cell.strip().strip('"').lower()
    if text in _WORDS:
        return _WORDS[text]
    try:
        return float(text)
    except ValueError:
        raise SuiteError(f"{path}: {cell.strip()!r} in row {row} is no number, NaN, INF or -INF") from None


def _text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else "INF" if value > 0 else "-INF"
