"""Compiles kernels for a GPU that need not be there, and counts registers; for test_gpu.py, in its own process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba.cuda
import numba.cuda.dispatcher
from numba import types
from numba.np.numpy_support import from_dtype

import sbmlgrn as sg
from sbmlgrn.backends.kernel.device import function
from sbmlgrn.expr import add, make, symbol
from sbmlgrn.expr import function as node
from sbmlgrn.expr.ops import DRAWS, OPERATIONS
from sbmlgrn.ode.native import gpu
from sbmlgrn.ode.native.ensemble import compiled
from sbmlgrn.ode.native.trajectory import workspace

cuda: Any = numba.cuda


def doubles(axes: int) -> types.Array:
    return types.Array(types.float64, axes, "C")


def integers(axes: int) -> types.Array:
    return types.Array(types.int64, axes, "C")


def assemble(kernel: Any, signature: tuple[Any, ...], architecture: tuple[int, int], ptxas: str) -> dict[str, float]:
    ptx, _ = cuda.compile_ptx(kernel, signature, cc=architecture, device=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(ptx)
        arguments = ["-v", f"-arch=sm_{architecture[0]}{architecture[1]}", str(path), "-o", f"{path}.cubin"]
        done = subprocess.run([ptxas, *arguments], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert not done.returncode, told

    def largest(pattern: str) -> int:
        return max(map(int, re.findall(pattern, told)))

    return {
        "ptx": len(ptx),
        "registers": largest(r"Used (\d+) registers"),
        "stack": largest(r"(\d+) bytes stack frame"),
        "spill stores": largest(r"(\d+) bytes spill stores"),
        "spill loads": largest(r"(\d+) bytes spill loads"),
    }


def kernel_of(document: str) -> tuple[Any, tuple[Any, ...]]:
    model = sg.compile(sg.load(document))
    work = types.Tuple([doubles(array.ndim + 1) for array in workspace(1, 1, 1)])
    layout = types.Tuple([types.Array(from_dtype(a.dtype), 2, "C") for a in compiled(model.system)[1]])
    state = (doubles(1), doubles(2), doubles(2), types.int64, types.float64, doubles(2), types.int64)
    return gpu.kernel_function(model.system), (*state, layout, work, doubles(3), integers(1), integers(2))


def kernel_of_operations() -> tuple[Any, tuple[Any, ...]]:
    """Every operation of the graph in one kernel."""
    x, y = symbol("x"), symbol("y")
    outputs = []
    for name, operation in OPERATIONS.items():
        if name == "polygamma":
            outputs.append(make(name, (x,), 1))
        elif name == "piecewise":
            outputs.append(node(name, x, node("lt", x, y), y))
        elif name not in ("delay", "rate_of", *DRAWS):
            outputs.append(node(name, *(x, y)[: max(operation.minimum, operation.maximum is None and 2)]))
    code = cuda.jit(device=True)(function("f", {"v": [x, y]}, [add(*outputs), *outputs], simulated=False))

    def kernel(v: Any, out: Any) -> None:
        i = cuda.grid(1)
        code(0.0, v[:, i], out[:, i])

    return kernel, (doubles(2), doubles(2))


def main(document: str, architecture: str, ptxas: str) -> None:
    major, minor = map(int, architecture.split("."))
    # functions called by kernels are typed for the GPU at hand, of which there need not be any
    cuda.dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(major, minor))
    found = {
        "kernel": assemble(*kernel_of(document), (major, minor), ptxas),
        "operations": assemble(*kernel_of_operations(), (major, minor), ptxas),
    }
    print(json.dumps(found))


main(*sys.argv[1:])
