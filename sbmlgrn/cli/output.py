"""What the commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

_BARS = "▁▂▃▄▅▆▇█"


def out() -> Console:
    """Console on standard output."""
    return Console(highlight=False)


def err() -> Console:
    """Console on standard error."""
    return Console(stderr=True, highlight=False)


def print_json(data: dict[str, Any]) -> None:
    """Prints `data` as JSON in one line for each key; numbers that JSON does not know become null."""
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(_finite(value))}" for key, value in data.items())
    sys.stdout.write(f"{{\n{lines}\n}}\n")


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """An empty table whose columns `numbers` are aligned to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def number(value: float | None) -> str:
    """A number for people: six significant digits."""
    return "–" if value is None else f"{value:.6g}"


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """A row of `width` blocks as high as the values; the largest value of each block's stretch."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    width = min(width, len(values))
    stretches = [values[len(values) * i // width : len(values) * (i + 1) // width] for i in range(width)]
    peaks = [max((v for v in stretch if math.isfinite(v)), default=math.nan) for stretch in stretches]
    return "".join(" " if math.isnan(v) else _BARS[round((v - low) * scale)] for v in peaks)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
