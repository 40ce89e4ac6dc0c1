"""The loops on a GPU, as far as can be told without one: run by Numba's simulator, and compiled for real ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def _ask(script: str, *arguments: str, simulated: bool = False) -> dict[str, dict[str, float]]:
    environment = dict(os.environ, NUMBA_ENABLE_CUDASIM="1" if simulated else "0")
    done = subprocess.run(
        [sys.executable, _HERE / script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def simulated(elowitz: Path) -> dict[str, dict[str, float]]:
    return _ask("gpu_simulated.py", str(elowitz), simulated=True)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p", "auto"])
@pytest.mark.parametrize("model", ["repressilator", "robertson"])
def test_the_simulator_walks_the_steps_of_the_cpu(
    simulated: dict[str, dict[str, float]], model: str, method: str
) -> None:
    found = simulated[f"{model} {method}"]
    assert found["trajectories"] == 5  # three blocks, and one thread idle
    assert found["worst"] < 1e-9
    assert found["statuses differ"] == 0


def test_where_memory_is_short_a_thread_runs_several(simulated: dict[str, dict[str, float]]) -> None:
    found = simulated["repressilator in turns"]
    assert found["trajectories"] == 3
    assert found["worst"] < 1e-9


def test_a_failing_trajectory_leaves_the_others_alone(simulated: dict[str, dict[str, float]]) -> None:
    found = simulated["one of nan"]
    assert found["failed"] == 1
    assert found["worst"] == 0.0


def test_every_operation_means_the_same_as_in_the_graph(simulated: dict[str, dict[str, float]]) -> None:
    operations = simulated["operations"]
    assert len(operations) > 30
    assert {name: worst for name, worst in operations.items() if not worst < 1e-13} == {}


def _toolchain() -> str | None:
    """What is missing to compile for a GPU; ``None`` if nothing is."""
    if not find_spec("numba_cuda"):
        return "numba-cuda is not installed (pip install '.[gpu]')"
    if not _ptxas():
        return "ptxas is not installed (nvidia-cuda-nvcc)"
    return None


def _ptxas() -> str | None:
    spec = find_spec("nvidia")
    roots = [Path(p) for p in spec.submodule_search_locations or ()] if spec else []
    found = [str(path) for root in roots for path in root.glob("**/bin/ptxas")]
    return found[0] if found else shutil.which("ptxas")


@pytest.mark.skipif(_toolchain() is not None, reason=str(_toolchain()))
@pytest.mark.parametrize("architecture", ["8.0", "9.0"])
def test_the_kernel_compiles_for_real_gpus(elowitz: Path, architecture: str) -> None:
    ptxas = _ptxas()
    assert ptxas
    found = _ask("gpu_compiled.py", str(elowitz), architecture, ptxas)
    print(found)
    kernel = found["kernel"]
    assert 0 < kernel["registers"] <= 255
    # spills of a small model stay small: the stages live in global memory, not in registers
    assert kernel["spill stores"] < 2048
    assert found["operations"]["registers"] > 0
