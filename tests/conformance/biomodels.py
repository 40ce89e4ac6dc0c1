"""The BioModels, and work on each of them in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from sbmlgrn.network import Network
from sbmlgrn.sbml import read
from sbmlgrn.suite.pool import Done, run_parallel

Result = TypeVar("Result")


def folder() -> Path:
    """The folder of BioModels; skips the test without it."""
    root = os.environ.get("SBMLGRN_DATA")
    if not root:
        pytest.skip("set SBMLGRN_DATA to the folder that holds biomodels/ to run this test")
    return Path(root) / "biomodels"


def documents() -> list[Path]:
    """Every file, by name."""
    return sorted(folder().glob("*.xml"))


def supported() -> list[tuple[str, Network]]:
    """Name and network of every model that is read without an error."""
    read_all = ((path.stem, read(path).network) for path in documents())
    return [(name, network) for name, network in read_all if network is not None]


def each(
    work: Callable[[Path], Result], paths: list[Path], lost: Callable[[Path, str], Result], timeout: float = 120
) -> list[Result]:
    """What `work` makes of each file, and what `lost` makes of those for which it hung or died, in the files' order."""
    jobs = min(2, os.cpu_count() or 1)
    found = {}
    for i, outcome in run_parallel(work, paths, jobs=jobs, timeout=timeout):
        found[i] = outcome.result if isinstance(outcome, Done) else lost(paths[i], outcome.reason)
    return [found[i] for i in range(len(paths))]


def report(name: str, lines: list[str]) -> None:
    """Prints lines, and keeps them in ``build/conformance``."""
    target = Path(__file__).parents[2] / "build" / "conformance" / f"{name}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join([*lines, ""]))
    print("\n".join(["", *lines]))
