"""Gradients of the last state of a trajectory, beside central differences."""

from __future__ import annotations

import torch

import sbmlgrn as sg


def gradients_and_differences(model: sg.Model, grid: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """d(last state)/d(parameter) ``[state, parameter]``, by autograd and by central differences at tight tolerances."""

    def final(q: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return sg.simulate(model, grid, q, rtol=1e-11, atol=1e-13).states[-1]

    p = model.parameters_default.clone().requires_grad_()
    last = sg.simulate(model, grid, p, rtol=1e-10, atol=1e-12).states[-1]
    assert torch.allclose(last, final(p), rtol=1e-7)
    steps = 1e-5 * torch.eye(len(p), dtype=torch.float64)
    differences = torch.stack([(final(p + h) - final(p - h)) / 2e-5 for h in steps], -1)
    rows = [torch.autograd.grad(v, p, retain_graph=True, materialize_grads=True)[0] for v in last]
    return torch.stack(rows), differences
