"""Times of calls, and where they were measured."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")

QUICK: Final = os.environ.get("BENCH_QUICK", "0") != "0"
"""Small sizes and few repetitions, to see that everything runs; such times mean nothing."""

CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def timed(work: Callable[[], _T], repeat: int = 3) -> tuple[float, _T]:
    """Seconds of the fastest of some runs, which is the one least disturbed, and the result of the last one."""
    best, result = _once(work)
    for _ in range(0 if QUICK else repeat - 1):
        seconds, result = _once(work)
        best = min(best, seconds)
    return best, result


def _once(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def per_call(work: Callable[[], object], budget: float = 0.3) -> float:
    """Seconds a call, the fastest of several rounds of about `budget` seconds in all; for what takes microseconds."""
    work()
    once, _ = timed(work, 1)
    rounds = 1 if QUICK else 5
    calls = max(1, int(budget / rounds / max(once, 1e-9)))

    def several() -> None:
        for _ in range(calls):
            work()

    return timed(several, rounds)[0] / calls


def machine() -> str:
    """Processor, cores and system."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {CORES} cores, {platform.system()}, Python {platform.python_version()}"


def versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
