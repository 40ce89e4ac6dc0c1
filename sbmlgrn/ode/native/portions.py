"""Work on many trajectories, in portions on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_SHARE: Final = 8
"""Portions for each core: trajectories differ in length, and a core that is done takes another portion."""


def portions(count: int, least: int = 1) -> list[tuple[int, int]]:
    """Bounds ``(low, high)`` that divide ``range(count)``, into portions of `least` or more but for the last."""
    size = max(least, count // (_SHARE * cores()))
    return [(low, min(low + size, count)) for low in range(0, count, size)]


def in_threads(run: Callable[[_T], _R], tasks: Sequence[_T]) -> list[_R]:
    """What `run` makes of each of the tasks, in their order."""
    if cores() == 1 or len(tasks) == 1:
        return [run(task) for task in tasks]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(run, tasks))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
