"""An ensemble of repressilators and its gradient in diffrax: Tsit5, a step size for each trajectory, all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from common import fastest, serve

jax.config.update("jax_enable_x64", True)


def field(t: Any, y: Any, p: Any) -> Any:
    mrna, protein = y[:3], y[3:]
    alpha, leak, n, beta = p
    made = leak + alpha / (1 + jnp.roll(protein, 1) ** n)
    return jnp.concatenate([made - mrna, beta * (mrna - protein)])


def main(request: dict[str, Any]) -> dict[str, Any]:
    t, y0, p = (jnp.asarray(np.load(request[k])) for k in ("t", "y0", "p"))
    rtol, atol = request["rtol"], request["atol"]
    repeat = 0 if request["quick"] else 3

    def one(p: Any, y0: Any) -> Any:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            diffrax.Tsit5(),
            t[0],
            t[-1],
            None,
            y0,
            p,
            saveat=diffrax.SaveAt(ts=t),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            max_steps=16384,
        )
        return solution.ys

    forward = jax.jit(jax.vmap(one))
    gradient = jax.jit(jax.grad(lambda p, y0: jax.vmap(one)(p, y0)[:, :, 3].mean(1).sum()))
    cores = len(os.sched_getaffinity(0))

    def whole(f: Any) -> Any:
        return lambda: np.asarray(jax.block_until_ready(f(p, y0)))

    def shared(f: Any) -> Any:
        portions = list(zip(jnp.array_split(p, cores), jnp.array_split(y0, cores), strict=True))

        def run() -> np.ndarray:
            with ThreadPoolExecutor(cores) as pool:
                return np.concatenate(list(pool.map(lambda a: np.asarray(f(*a)), portions)))

        return run

    reply: dict[str, Any] = {"device": str(jax.devices()[0])}
    # a GPU is one machine; on a CPU, XLA may or may not use the cores by itself
    ways = (whole,) if request.get("device") == "gpu" else (whole, shared)
    for name, function in (("forward", forward), ("gradient", gradient)):
        if name in request["wanted"]:
            runs = [fastest(way(function), repeat) for way in ways]
            first, seconds, values = min(runs, key=lambda run: run[1])
            reply |= {f"{name}_first": first, f"{name}_seconds": seconds, name: values}
    return reply


serve(main, "diffrax", "jax")
