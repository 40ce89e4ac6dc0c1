"""Measured time courses as a table, and how the table can be wrong.

A row is a time, a column what was measured then: ``time``, optionally ``condition``, and the ids of symbols. What else
is known has columns with a prefix: ``set:ID`` a value that holds in the row's condition in place of the model's own,
``sd:ID`` the standard deviation of the column ID. Empty cells are missing values; rows with equal times are replicates.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

TIME: Final = "time"
CONDITION: Final = "condition"
SET: Final = "set:"
SD: Final = "sd:"
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null"})


class DataError(ValueError):
    """A table of measurements that cannot be used as it stands."""


@dataclass(frozen=True)
class Condition:
    """Under what something was measured.

    Attributes:
        name: its label; empty where there is one condition without a name.
        values: values in place of the model's own, by id.
    """

    name: str
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Column:
    """All measurements of one symbol.

    Attributes:
        symbol: its id.
        condition: ``[measurement]`` position of the condition.
        times: ``[measurement]``, in the model's unit of time.
        values: ``[measurement]``, in the symbol's unit, or in arbitrary ones.
        sd: ``[measurement]`` standard deviations, if the table has them.
    """

    symbol: str
    condition: np.ndarray
    times: np.ndarray
    values: np.ndarray
    sd: np.ndarray | None


@dataclass(frozen=True, eq=False)
class TimeCourses:
    """Measurements under one or more conditions.

    Attributes:
        conditions: in the order of the table.
        columns: one for each symbol measured.
        warnings: what of the table was left out.
    """

    conditions: tuple[Condition, ...]
    columns: tuple[Column, ...]
    warnings: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many values were measured."""
        return sum(len(column.values) for column in self.columns)


def read_time_courses(source: Path | str) -> TimeCourses:
    """Measurements from a file, or from text with at least one line break. Commas, semicolons or tabs separate cells.

    Raises:
        DataError: no table, or not one of the form described in this module.
        OSError: the file cannot be read.
    """
    text = source if isinstance(source, str) and "\n" in source else Path(source).read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise DataError("the table is empty: expected a line of column names, then a line for each time")
    separator = max(",;\t", key=numbered[0][1].count)
    rows = [next(csv.reader(io.StringIO(line), delimiter=separator, skipinitialspace=True)) for _, line in numbered]
    header = [name.strip() for name in rows[0]]
    for name in header:
        if not name:
            raise DataError(f"column {header.index(name) + 1} has no name: name it, or remove it")
        if header.count(name) > 1:
            raise DataError(f"there are {header.count(name)} columns {name!r}: put replicates into rows of their own")
    cells: dict[str, list[object]] = {name: [] for name in header}
    for (line, _), row in zip(numbered[1:], rows[1:], strict=True):
        if len(row) != len(header):
            raise DataError(f"line {line} has {len(row)} cells, the first line {len(header)}: expected equally many")
        for name, cell in zip(header, row, strict=True):
            cells[name].append(cell.strip() if name == CONDITION else _number(cell.strip(), name, line))
    return as_time_courses(pd.DataFrame(cells, index=[line for line, _ in numbered[1:]]))


def _number(cell: str, name: str, line: int) -> float:
    if cell.lower() in _MISSING:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise DataError(f"line {line}, column {name!r}: {cell!r} is no number; leave missing values empty") from None


def as_time_courses(frame: pd.DataFrame) -> TimeCourses:
    """Measurements from a table whose columns are those described in this module; NaN stands for what is missing.

    Raises:
        DataError: the table is not of this form.
    """
    names = [str(name) for name in frame.columns]
    if TIME not in names:
        near = [name for name in names if name.lower() in ("time", "t", "zeit")]
        hint = f": rename {near[0]!r}" if near else ""
        raise DataError(f"there is no column {TIME!r} among {', '.join(map(repr, names)) or 'no columns'}{hint}")
    settings = [name for name in names if name.startswith(SET)]
    deviations = [name for name in names if name.startswith(SD)]
    measured = [name for name in names if name not in (TIME, CONDITION, *settings, *deviations)]
    for name in deviations:
        if name.removeprefix(SD) not in measured:
            raise DataError(f"column {name!r} has no measurements beside it: expected a column {name[len(SD) :]!r}")
    if not measured:
        raise DataError("there is no column of measurements: name one after a symbol of the model, such as a species")
    table = {name: _floats(np.asarray(frame[name]), name) for name in names if name != CONDITION}
    lines = [int(line) if isinstance(line, int | np.integer) else i for i, line in enumerate(frame.index)]
    _check_times(table, measured, lines)
    conditions, membership = _conditions(frame, table, settings, lines)
    columns, warnings = [], []
    for name in measured:
        known = np.flatnonzero(~np.isnan(table[name]))
        if not len(known):
            warnings.append(f"column {name!r} has no values: it is left out")
            continue
        sd = None
        if SD + name in table:
            sd = table[SD + name][known]
            for row, value in zip(known, sd, strict=True):
                if not value > 0:
                    told = "empty" if math.isnan(value) else f"{value:g}"
                    raise DataError(
                        f"line {lines[row]}, column {SD + name!r}: the standard deviation is {told}; expected a "
                        "positive number beside each measurement"
                    )
        columns.append(Column(name, membership[known], table[TIME][known], table[name][known], sd))
    if not columns:
        raise DataError(f"there are no measurements: all values of {', '.join(map(repr, measured))} are missing")
    used = sorted({int(i) for column in columns for i in column.condition})
    unused = sorted(set(range(len(conditions))) - set(used))
    warnings += [f"condition {conditions[i].name!r} has no values: it is left out" for i in unused]
    place = {old: new for new, old in enumerate(used)}
    columns = [
        Column(c.symbol, np.array([place[int(i)] for i in c.condition]), c.times, c.values, c.sd) for c in columns
    ]
    return TimeCourses(tuple(conditions[i] for i in used), tuple(columns), tuple(warnings))


def _floats(column: np.ndarray, name: str) -> np.ndarray:
    try:
        values = column.astype(float)
    except (TypeError, ValueError):
        raise DataError(f"column {name!r} holds something that is no number") from None
    if np.isinf(values).any():
        raise DataError(f"column {name!r} holds an infinite value: expected numbers, or nothing where none is known")
    return values


def _check_times(table: dict[str, np.ndarray], measured: Sequence[str], lines: Sequence[int]) -> None:
    times = table[TIME]
    has_values = np.any([~np.isnan(table[name]) for name in measured], axis=0)
    for line, time, used in zip(lines, times, has_values, strict=True):
        if math.isnan(time) and used:
            raise DataError(f"line {line}: values without a time; expected a number in the column {TIME!r}")
        if time < 0:
            raise DataError(
                f"line {line}: the time {time:g} is negative, but simulations start at 0; shift the times, and let "
                "the model describe what happens from 0 on"
            )
    if not (times[has_values] > 0).any():
        raise DataError("no value was measured at a time after 0: there is no time course to fit")


def _conditions(
    frame: pd.DataFrame, table: dict[str, np.ndarray], settings: Sequence[str], lines: Sequence[int]
) -> tuple[list[Condition], np.ndarray]:
    """The conditions, and which of them each row belongs to."""
    rows = np.stack([table[name] for name in settings], -1) if settings else np.empty((len(frame), 0))
    ids = [name.removeprefix(SET) for name in settings]
    if CONDITION not in frame.columns:
        keys = [tuple(row.tolist()) for row in np.where(np.isnan(rows), np.inf, rows)]
        order = list(dict.fromkeys(keys))
        values = [{name: v for name, v in zip(ids, key, strict=True) if math.isfinite(v)} for key in order]
        names = [", ".join(f"{name} = {v:g}" for name, v in given.items()) for given in values]
        made = [Condition(name, given) for name, given in zip(names, values, strict=True)]
        return made, np.array([order.index(key) for key in keys], dtype=int)
    labels = ["" if pd.isna(label) else str(label).strip() for label in frame[CONDITION]]
    order = list(dict.fromkeys(labels))
    given: list[dict[str, float]] = [{} for _ in order]
    for line, label, row in zip(lines, labels, rows, strict=True):
        for name, value in zip(ids, row.tolist(), strict=True):
            known = given[order.index(label)].setdefault(name, value) if not math.isnan(value) else value
            if not math.isnan(value) and known != value:
                raise DataError(
                    f"line {line}: {SET}{name} is {value:g}, but {known:g} before in the condition {label!r}; a value "
                    "holds for a condition as a whole, so make another condition of these rows"
                )
    made = [Condition(label, values) for label, values in zip(order, given, strict=True)]
    return made, np.array([order.index(label) for label in labels], dtype=int)
