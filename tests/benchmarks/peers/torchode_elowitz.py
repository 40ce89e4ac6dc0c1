"""An ensemble of repressilators and its gradient in torchode: Tsit5, a step size for each trajectory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torchode
from common import fastest, serve


def field(t: Any, y: Any, p: Any) -> Any:
    mrna, protein = y[:, :3], y[:, 3:]
    alpha, leak, n, beta = (p[:, i : i + 1] for i in range(4))
    made = leak + alpha / (1 + protein.roll(1, 1) ** n)
    return torch.cat([made - mrna, beta * (mrna - protein)], 1)


def main(request: dict[str, Any]) -> dict[str, Any]:
    device = "cuda" if request.get("device") == "gpu" and torch.cuda.is_available() else "cpu"
    t, y0, p = (torch.as_tensor(np.load(request[k]), device=device) for k in ("t", "y0", "p"))
    repeat = 0 if request["quick"] else 2
    term = torchode.ODETerm(field, with_args=True)
    method = torchode.Tsit5(term=term)
    control = torchode.IntegralController(atol=request["atol"], rtol=request["rtol"], term=term)
    solver = torchode.AutoDiffAdjoint(method, control)
    problem = torchode.InitialValueProblem(y0=y0, t_eval=t.expand(len(y0), -1))

    def forward() -> np.ndarray:
        with torch.no_grad():
            return solver.solve(problem, args=p).ys.cpu().numpy()

    def gradient() -> np.ndarray:
        leaf = p.clone().requires_grad_()
        solver.solve(problem, args=leaf).ys[:, :, 3].mean(1).sum().backward()
        assert leaf.grad is not None
        return leaf.grad.cpu().numpy()

    reply: dict[str, Any] = {"device": device}
    for name, function in (("forward", forward), ("gradient", gradient)):
        if name in request["wanted"]:
            first, seconds, values = fastest(function, repeat)
            reply |= {f"{name}_first": first, f"{name}_seconds": seconds, name: values}
    return reply


serve(main, "torchode", "torch")
