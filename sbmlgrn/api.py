"""The one step that joins rooms: a network becomes a model."""

from __future__ import annotations

import torch

from sbmlgrn.backends.torch import Model
from sbmlgrn.lower import lower
from sbmlgrn.network import Network


def compile(network: Network, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float64) -> Model:
    """Makes a differentiable model of a network.

    Where the network draws random values (the package ``distrib``), stochastic simulation draws them; whatever else
    asks for an equation that depends on one raises a `RandomValueError`.

    Args:
        network: from `load`, or built in Python.
        device: where its tensors live.
        dtype: of its tensors; ``float32`` is seldom accurate enough for kinetics.

    Raises:
        LoweringError: the network has no equations: circular definitions, or a value is missing.
    """
    return Model(lower(network, chance=True), device=device, dtype=dtype)
