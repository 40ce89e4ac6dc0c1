"""Repressilators on a GPU beside the CPU, torch on the GPU, torchode and diffrax: ``python -m tests.benchmarks.gpu``.

Run from the root of the checkout on a machine with an NVIDIA GPU, in an environment with ``.[gpu]`` and a torch built
for CUDA; peers that `.peers` holds are asked too, on whatever device they find. The table goes into
docs/benchmarks.md, with the device's name.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch

import sbmlgrn as sg

from .measure import QUICK, timed, versions
from .page import store, write
from .peer import ROOT, PeerMissing, ask
from .table import Row, Table, compared

BATCHES: Final = (1, 1_000) if QUICK else (1, 1_000, 100_000)
GRID: Final = np.linspace(0.0, 200.0, 21)
NAMES: Final = ("alpha", "alpha0", "n", "beta")
RTOL, ATOL = 1e-6, 1e-9


def _parameters(model: sg.Model, batch: int) -> torch.Tensor:
    rows = model.parameters_default.repeat(batch, 1)
    factors = np.random.default_rng(1).uniform(0.75, 1.25, (batch, len(NAMES)))
    columns = [model.parameter_ids.index(name) for name in NAMES]
    rows[:, columns] *= torch.as_tensor(factors, device=rows.device)
    return rows


def _seconds(model: sg.Model, batch: int, method: str) -> tuple[float, np.ndarray]:
    p = _parameters(model, batch)

    def run() -> torch.Tensor:
        with torch.no_grad():
            states = sg.simulate(model, GRID, p, method=method, rtol=RTOL, atol=ATOL).states
        if states.is_cuda:
            torch.cuda.synchronize()
        return states

    run()
    seconds, states = timed(run)
    return seconds, states.cpu().numpy()


def main() -> None:
    """Measures, and writes the page.

    Raises:
        SystemExit: there is no GPU.
    """
    if not torch.cuda.is_available():
        raise SystemExit("torch finds no GPU: install a torch built for CUDA, on a machine that has one")
    network = sg.load(ROOT / "models" / "elowitz2000.xml")
    cpu, gpu = sg.compile(network), sg.compile(network, device="cuda")
    began = time.perf_counter()
    _seconds(gpu, 1, "auto")
    compiling = time.perf_counter() - began
    rows: list[Row] = []
    found: dict[str, str] = {}
    for batch in BATCHES:
        what = f"{batch:,} trajectories"
        seconds, states = _seconds(gpu, batch, "auto")
        beside: dict[str, Callable[[sg.Model, int], tuple[float, np.ndarray]]] = {}
        beside["our loops on the CPU"] = lambda _, batch: _seconds(cpu, batch, "auto")
        beside["torchdiffeq on the GPU"] = lambda model, batch: _seconds(model, batch, "dopri5")
        for name, run in beside.items():
            theirs, values = run(gpu, batch)
            difference = np.abs(values - states).max() / np.abs(values).max()
            rows.append(Row(what, name, seconds, theirs, note=f"differ by {difference:.0e}"))
        p = _parameters(cpu, batch)
        y0 = cpu.initial(p).expand(batch, -1).numpy()
        columns = [cpu.parameter_ids.index(name) for name in NAMES]
        with tempfile.TemporaryDirectory() as folder:
            for peer in ("diffrax", "torchode"):
                request = {"t": GRID, "y0": y0, "p": p[:, columns].numpy(), "rtol": RTOL, "atol": ATOL}
                try:
                    reply = ask(f"{peer}_elowitz", Path(folder), **request, wanted=["forward"], device="gpu")
                except PeerMissing as missing:
                    rows.append(Row(what, peer, seconds, note=str(missing)))
                    continue
                found |= reply["versions"]
                rows.append(Row(what, peer, seconds, reply["forward_seconds"], note=f"on {reply['device']}"))
    device = torch.cuda.get_device_name()
    table = Table(
        "gpu",
        f"On a GPU: {device}",
        (
            f"Repressilators, t = 0…200 on {len(GRID)} times, rtol {RTOL:g}, atol {ATOL:g}, float64; states stay on "
            "the device.",
            f"Compiling the kernel took {compiling:.1f} s, once in a process.",
        ),
        tuple(rows),
        f"One trajectory a thread. {compared(rows)}",
    )
    store(table, {**found, **versions("sbmlgrn", "torch", "numba", "numba-cuda")})
    print(f"{len(rows)} rows in {write()}")


if __name__ == "__main__":
    main()
