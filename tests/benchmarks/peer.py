"""Peers: programs in a virtual environment of their own (`make peers`), asked in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np

from .measure import QUICK

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = ROOT / ".peers" / "bin" / "python"
_SCRIPTS: Final = Path(__file__).parent / "peers"


class PeerMissing(Exception):
    """The peer is not installed, or does not do what was asked; the text says which."""


def ask(script: str, folder: Path, timeout: float = 600.0, **request: Any) -> dict[str, Any]:
    """Runs ``peers/SCRIPT.py``, which gets a request on its standard input and prints the reply as its last line.

    Args:
        script: its name.
        folder: for arrays on the way: an array in the request becomes the path of an ``.npy`` file, and a reply whose
            key ends in ``_path`` is loaded under the key without it.
        timeout: seconds.
        request: values of JSON and arrays; ``quick`` is added.

    Raises:
        PeerMissing: there is no such environment, a package is missing from it, or the script failed.
    """
    if not PYTHON.exists():
        raise PeerMissing("not installed (make peers)")
    values: dict[str, Any] = {"quick": QUICK}
    for key, value in request.items():
        if isinstance(value, np.ndarray):
            path = folder / f"{script}-{key}.npy"
            np.save(path, value)
            values[key] = str(path)
        else:
            values[key] = value
    values["folder"] = str(folder)
    # the peer's threads are its own affair
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "PYTHONPATH")}
    environment["PATH"] = os.pathsep.join([str(PYTHON.parent), environment.get("PATH", "")])
    try:
        done = subprocess.run(
            [PYTHON, _SCRIPTS / f"{script}.py"],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PeerMissing(f"not done after {timeout:.0f} s") from None
    if done.returncode:
        raise PeerMissing(_why(done.stderr))
    reply = json.loads(done.stdout.splitlines()[-1])
    return {k.removesuffix("_path"): np.load(v) if k.endswith("_path") else v for k, v in reply.items()}


def _why(trace: str) -> str:
    last = trace.strip().splitlines()[-1] if trace.strip() else "ended without a word"
    if last.startswith("ModuleNotFoundError"):
        return f"{last.split(': ', 1)[1]} (make peers)"
    return f"failed: {last[:200]}"
