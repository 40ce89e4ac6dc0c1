"""The cache of compiled loops: used by a second process, and rebuilt where it is not to be trusted."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sbmlgrn

SOURCES = Path(sbmlgrn.__file__).parents[1]
PROGRAM = """
import sys
import numpy as np
{before}
from sbmlgrn.ode.native.sparse import factor, layout
form = layout(2, [(0, 0), (0, 1), (1, 1)])
lu = np.array([2.0, 1.0, 4.0])
assert factor(lu, form, np.empty(2)) and lu.tolist() == [2.0, 1.0, 4.0]
print(sum(factor.stats.cache_hits.values()), sum(factor.stats.cache_misses.values()))
"""

RENAMED = b"csbmlgrn.ode.native.sparse\nGone\n."
"""A pickle that names a class which is no longer there."""


def run(folder: Path, before: str = "", sources: Path = SOURCES) -> list[int]:
    """Hits and misses of the cache in a process of its own."""
    environment = os.environ | {"SBMLGRN_CACHE_DIR": str(folder), "PYTHONPATH": str(sources)}
    program = PROGRAM.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    assert run(folder) == [0, 1]
    return folder


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_second_process_compiles_nothing(filled: Path) -> None:
    assert len(entries(filled)) == 2
    assert run(filled) == [1, 0]


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [
        (".nbc", lambda content: content[:-1]),
        (".nbc", lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:]),
        (".nbi", lambda content: b""),
        (".nbi", lambda content: hashlib.sha256(RENAMED).digest() + RENAMED),
    ],
)
def test_a_damaged_entry_is_made_again(filled: Path, suffix: str, damage: Callable[[bytes], bytes]) -> None:
    (path,) = (p for p in entries(filled) if p.suffix == suffix)
    path.write_bytes(damage(path.read_bytes()))
    assert run(filled) == [0, 1]
    assert run(filled) == [1, 0]


def test_an_entry_of_other_sources_is_made_again(tmp_path: Path) -> None:
    """A change of any file of the loops counts, not only of that of the function: it may be what the function calls."""
    shutil.copytree(SOURCES / "sbmlgrn", tmp_path / "sbmlgrn", ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"
    assert run(cache, sources=tmp_path) == [0, 1]
    with (tmp_path / "sbmlgrn" / "ode" / "native" / "tableau.py").open("a") as file:
        file.write("# changed\n")
    assert run(cache, sources=tmp_path) == [0, 1]
    assert run(cache, sources=tmp_path) == [1, 0]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner here")
def test_a_folder_of_somebody_else_is_neither_read_nor_written(filled: Path) -> None:
    before = {path: path.read_bytes() for path in entries(filled)}
    assert run(filled, "import os; uid = os.getuid(); os.getuid = lambda: uid + 1") == [0, 1]
    assert {path: path.read_bytes() for path in entries(filled)} == before
