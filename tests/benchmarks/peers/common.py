"""What the peers' scripts share; nothing here or beside it imports sbmlgrn."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def serve(work: Callable[[dict[str, Any]], Mapping[str, Any]], *packages: str) -> None:
    """Answers the request on standard input with what `work` returns, and with the versions of `packages`."""
    request = json.loads(sys.stdin.read())
    reply: dict[str, Any] = {"versions": {name: version(name) for name in packages}}
    for key, value in work(request).items():
        if isinstance(value, np.ndarray):
            path = Path(request["folder"]) / f"{Path(sys.argv[0]).stem}-{key}-reply.npy"
            np.save(path, value)
            reply[f"{key}_path"] = str(path)
        else:
            reply[key] = value
    print(json.dumps(reply))


def fastest(work: Callable[[], Any], repeat: int) -> tuple[float, float, Any]:
    """Seconds of the first call, seconds of the fastest of the `repeat` that follow, and a result."""
    began = time.perf_counter()
    result = work()
    first = time.perf_counter() - began
    best = first if repeat == 0 else float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - began)
    return first, best, result
