"""`report`, through which a benchmark puts its tables into docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from .measure import versions
from .page import store, write
from .table import Table

Report = Callable[..., None]

_OURS = ("sbmlgrn", "numba", "llvmlite", "torch", "numpy")


@pytest.fixture
def report() -> Report:
    """``report(table, versions)`` keeps a table and writes the page; `versions` are those of the peers."""

    def keep(table: Table, peers: Mapping[str, str] | None = None) -> None:
        store(table, {**(peers or {}), **versions(*_OURS)})
        print(f"\n{table.title}: {len(table.rows)} rows in {write()}")

    return keep
