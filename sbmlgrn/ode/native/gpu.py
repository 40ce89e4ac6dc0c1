"""The same loops on a GPU: one trajectory a thread.

The functions of the loops are compiled once more, for CUDA, with the model's own functions in the place of calls by
address. Threads with neighbouring numbers run side by side, so the last axis of every array belongs to the trajectory:
what they read at one moment lies side by side as well.
"""

from __future__ import annotations

import contextlib
import dis
import math
import types
from collections.abc import Callable, Sequence
from typing import Any, Final

import numba.core.config
import numba.cuda
import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.kernel import once
from sbmlgrn.backends.kernel.device import compile_function, function
from sbmlgrn.expr import ONE, TIME, jacobian, tangent
from sbmlgrn.lower import System
from sbmlgrn.ode.native import calls
from sbmlgrn.ode.native.ensemble import METHODS, compiled
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.trajectory import Workspace, trajectory, workspace
from sbmlgrn.ode.status import Status

cuda: Any = numba.cuda

_BLOCK = 64
"""Threads of a block: the loops need many registers, and trajectories of one block wait for the longest."""
_MEMORY = 2**31
"""Bytes that the threads may work in; where there are more trajectories, a thread runs several, one after the other."""

_RHS, _SLOPES = 0, 1  # in the place of addresses

SIMULATED: Final = bool(getattr(numba.core.config, "ENABLE_CUDASIM", 0))
"""Whether Numba's simulator runs the kernels, in Python (``NUMBA_ENABLE_CUDASIM=1``)."""


def ensemble(
    system: System,
    y0: Tensor,
    p: Tensor,
    t: Tensor,
    method: str,
    rtol: float,
    atol: Tensor,
    max_steps: int,
) -> tuple[Tensor, list[Status]]:
    """Integrates trajectories on the device on which the tensors are; nothing but the status leaves it.

    Args:
        system: without events and delays.
        y0: initial state ``[batch, state]``, float64 as all of them.
        p: parameters ``[batch, parameter]``.
        t: strictly increasing time grid ``[time]``.
        method: one of `METHODS`.
        rtol: relative tolerance.
        atol: absolute tolerance ``[batch, state]``.
        max_steps: most steps of a trajectory, rejected ones included.

    Returns:
        States ``[batch, time, state]``, NaN from where a trajectory failed, and a status per trajectory.

    Raises:
        RuntimeError: Numba finds no GPU, or lacks what compiles for it.
    """
    if not SIMULATED and not cuda.is_available():
        raise RuntimeError(
            "the model is on a GPU, but Numba cannot use it: install what compiles for it, "
            "pip install 'sbmlgrn[gpu]', or compile the model with device='cpu'"
        )
    count, n = y0.shape
    _, layout = compiled(system)
    shapes = [a.shape for a in workspace(n, len(layout.place), len(layout.column))]
    room = 8 * sum(int(np.prod(shape)) for shape in shapes)
    blocks = max(1, min(-(-count // _BLOCK), _MEMORY // (room * _BLOCK)))
    work = tuple(y0.new_empty((*shape, blocks * _BLOCK)) for shape in shapes)
    out = y0.new_empty((len(t), n, count))
    status = torch.empty(count, dtype=torch.int64, device=y0.device)
    counts = torch.empty((3, count), dtype=torch.int64, device=y0.device)
    indices = tuple(torch.as_tensor(a).to(y0.device).unsqueeze(-1) for a in layout)
    columns = [a.T.contiguous() for a in (y0, p, atol)]
    kernel = _kernel(system)
    with _device(y0), np.errstate(all="ignore"):  # the simulator is Python
        kernel[(blocks, _BLOCK, *_stream(y0))](
            _view(t.contiguous()),
            *(_view(columns[0]), _view(columns[1]), METHODS[method], rtol, _view(columns[2]), max_steps),
            *(tuple(map(_view, indices)), tuple(map(_view, work)), _view(out), _view(status), _view(counts)),
        )
    return out.permute(2, 0, 1), [Status(code) for code in status.tolist()]


def _view(tensor: Tensor) -> Any:
    """The same memory for Numba."""
    return cuda.as_cuda_array(tensor) if tensor.is_cuda else tensor.numpy()


def _device(tensor: Tensor) -> contextlib.AbstractContextManager[Any]:
    return cuda.gpus[tensor.device.index] if tensor.is_cuda else contextlib.nullcontext()


def _stream(tensor: Tensor) -> tuple[Any, ...]:
    """The stream on which torch computes, so that kernels wait for it and it for them."""
    if not tensor.is_cuda:
        return ()
    return (cuda.external_stream(torch.cuda.current_stream(tensor.device).cuda_stream),)


@once
def _kernel(system: System) -> Any:
    return cuda.jit(kernel_function(system))


def kernel_function(system: System) -> Callable[..., None]:
    """The kernel as a Python function, for Numba to compile.

    Its arguments are those of `trajectory`, less the addresses, and the status after `out`; `Workspace` and `Layout`
    come as tuples. The last axis of all arrays but the grid and the layout is the trajectory, of `Workspace` the
    thread.
    """
    states, parameters = [s.leaf for s in system.states], [q.leaf for q in system.parameters]
    vectors = {"y": states, "p": parameters}
    rhs = cuda.jit(device=True)(function("rhs", vectors, system.rhs, SIMULATED))
    # in the order of `Field`, by whose nonzeros the factors are laid out
    slopes = [*jacobian(system.rhs, states).values(), *tangent(system.rhs, {TIME: ONE})]
    tangents = cuda.jit(device=True)(function("slopes", vectors, slopes, SIMULATED))

    def call(which: int, t: float, y: np.ndarray, p: np.ndarray, out: np.ndarray) -> None:
        if which == _RHS:
            rhs(t, y, p, out)
        else:
            tangents(t, y, p, out)

    def call_row(which: int, t: float, y: np.ndarray, p: np.ndarray, out: np.ndarray, row: int) -> None:
        device_call(which, t, y, p, out[row])

    device_call = cuda.jit(device=True)(call)
    known: dict[int, Any] = {
        id(calls.evaluate): device_call,
        id(calls.evaluate_row): cuda.jit(device=True)(call_row),
    }
    if not SIMULATED:
        known[id(np)] = _scalar_numpy()
    run = _rebound(trajectory, known)
    addresses, layout = compiled(system)
    addresses = addresses._replace(rhs=_RHS, slopes=_SLOPES)
    column = cuda.jit(device=True)(_gathered(Workspace, [array.ndim for array in workspace(1, 1, 1)]))
    indices_of = cuda.jit(device=True)(_gathered(Layout, [1] * len(layout)))

    def kernel(
        grid: Any,
        y0: Any,
        p: Any,
        method: int,
        rtol: float,
        atol: Any,
        max_steps: int,
        layout: Any,
        work: Any,
        out: Any,
        status: Any,
        counts: Any,
    ) -> None:
        first = cuda.grid(1)
        if first >= work[0].shape[-1]:
            return
        own = column(work, first)
        indices = indices_of(layout, 0)
        for b in range(first, y0.shape[-1], cuda.gridsize(1)):
            status[b] = run(
                addresses,
                grid,
                y0[:, b],
                p[:, b],
                method,
                rtol,
                atol[:, b],
                max_steps,
                indices,
                own,
                out[:, :, b],
                counts[:, b],
            )

    return kernel


def _gathered(kind: Any, axes: Sequence[int]) -> Callable[..., Any]:
    """``gathered(arrays, i)``: a named tuple of arrays, of those with so many axes and one more, their last, at `i`."""
    views = ", ".join(f"arrays[{k}][{':, ' * n}i]" for k, n in enumerate(axes))
    return compile_function("gathered", f"def gathered(arrays, i):\n    return kind({views})\n", {"kind": kind})


def _rebound(loop: Any, known: dict[int, Any]) -> Any:
    """A loop for the GPU, with the loops that it calls; `known`: by the identity of a value, what replaces it."""
    if id(loop) not in known:
        plain = loop.py_func
        scope = dict(plain.__globals__)
        for name in {i.argval for i in dis.get_instructions(plain) if i.opname == "LOAD_GLOBAL"}:
            value = scope.get(name)
            if id(value) in known or hasattr(value, "py_func"):
                scope[name] = _rebound(value, known)
        known[id(loop)] = cuda.jit(device=True)(
            types.FunctionType(plain.__code__, scope, plain.__name__, plain.__defaults__, plain.__closure__)
        )
    return known[id(loop)]


def _scalar_numpy() -> types.ModuleType:
    """What the loops use of NumPy, from the modules that Numba knows on a GPU."""
    module = types.ModuleType("scalar_numpy")
    for name in ("sqrt", "exp", "log", "isfinite", "nan", "inf"):
        setattr(module, name, getattr(math, name))
    return module
