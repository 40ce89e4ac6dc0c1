"""Runs kernels in Numba's simulator beside the loops on the CPU; for test_gpu.py, in a process of its own."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
import torch

import sbmlgrn as sg
from sbmlgrn.backends.kernel.device import function
from sbmlgrn.expr import as_number, evaluate, make, symbol
from sbmlgrn.expr import function as node
from sbmlgrn.expr.ops import DRAWS, OPERATIONS
from sbmlgrn.ode.native import ensemble, gpu
from sbmlgrn.ode.status import Status

ROBERTSON = """
model robertson
  species a, b, c; compartment v = 1; a in v; b in v; c in v
  a = 1; b = 0; c = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4
  a -> b; k1 * a
  2 b -> b + c; k2 * b * b
  b + c -> a + c; k3 * b * c
end
"""


def compare(model: sg.Model, times: np.ndarray, method: str, count: int) -> dict[str, float]:
    draw = np.random.default_rng(3).uniform(0.9, 1.1, (count, len(model.parameter_ids)))
    p = model.parameters_default * torch.as_tensor(draw)
    y0 = model.initial(p)
    atol = torch.full_like(y0, 1e-9)
    t = torch.as_tensor(times)
    states, status = gpu.ensemble(model.system, y0, p, t, method, 1e-4, atol, 2000)
    reference, expected = ensemble.ensemble(
        model.system, y0.numpy(), p.numpy(), times, method, 1e-4, atol.numpy(), 2000
    )
    size = np.abs(reference).max(axis=(0, 1))
    with np.errstate(invalid="ignore"):
        worst = np.nanmax(np.abs(states.numpy() - reference) / size)
    return {
        "trajectories": len(states),
        "worst": float(worst),
        "statuses differ": sum(a is not b for a, b in zip(status, expected, strict=True)),
    }


def one_of_nan(model: sg.Model, times: np.ndarray) -> dict[str, float]:
    p = model.parameters_default.repeat(3, 1)
    y0, t = model.initial(p), torch.as_tensor(times)
    atol = torch.full_like(y0, 1e-9)
    alone, _ = gpu.ensemble(model.system, y0, p, t, "auto", 1e-4, atol, 2000)
    p[1] = math.nan
    states, status = gpu.ensemble(model.system, y0, p, t, "auto", 1e-4, atol, 2000)
    others = (states - alone)[[0, 2]].abs().max()
    return {"failed": sum(s is not Status.SUCCESS for s in status), "worst": float(others)}


def operations() -> dict[str, float]:
    """Largest relative difference of each operation from its own evaluation, NaN and infinity included."""
    x, y = symbol("x"), symbol("y")
    points = [-2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.5, 900.0, math.inf, -math.inf, math.nan]
    found = {}
    for name, operation in OPERATIONS.items():
        if name in ("delay", "rate_of", *DRAWS):
            continue
        if name == "polygamma":
            expression = make(name, (x,), 1)
        elif name == "piecewise":
            expression = node(name, x, node("lt", x, y), y)
        else:
            expression = node(name, *(x, y)[: max(operation.minimum, operation.maximum is None and 2)])
        code = function("f", {"v": [x, y]}, [expression], simulated=True)
        worst = 0.0
        for a in points if name != "polygamma" else points[5:9]:
            for b in points:
                out = np.empty(1)
                with np.errstate(all="ignore"):
                    code(0.0, np.array([a, b]), out)
                    expected = evaluate([as_number(expression)], {"x": a, "y": b})[0]
                    same = out[0] == expected or (math.isnan(out[0]) and math.isnan(expected))
                    worst = max(worst, 0.0 if same else abs(out[0] - expected) / max(abs(expected), 1e-300))
        found[name] = worst
    return found


def main(document: str) -> None:
    gpu._BLOCK = 2
    repressilator, robertson = sg.compile(sg.load(document)), sg.compile(sg.load(ROBERTSON))
    found: dict[str, Any] = {"operations": operations()}
    for method in ("tsit5", "rodas5p", "auto"):
        found[f"repressilator {method}"] = compare(repressilator, np.linspace(0.0, 2.0, 3), method, 5)
        # Tsit5 alone would take millions of steps: it is to give up as it does on the CPU
        found[f"robertson {method}"] = compare(robertson, np.array([0.0, 0.01, 0.4]), method, 5)
    gpu._MEMORY = 1  # enough for one block, whose threads then have two trajectories or one
    found["repressilator in turns"] = compare(repressilator, np.linspace(0.0, 2.0, 3), "auto", 3)
    found["one of nan"] = one_of_nan(repressilator, np.linspace(0.0, 2.0, 3))
    print(json.dumps(found))


main(*sys.argv[1:])
