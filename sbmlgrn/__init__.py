"""Fit and design SBML networks by gradient.

    import sbmlgrn as sg

    network = sg.load("model.xml")
    model = sg.compile(network)
    solution = sg.simulate(model, torch.linspace(0, 100, 201))

The names below are imported on first use, so that ``import sbmlgrn`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sbmlgrn import grn as grn
    from sbmlgrn.api import compile as compile
    from sbmlgrn.backends.torch import Model as Model
    from sbmlgrn.calibrate import time_courses as time_courses
    from sbmlgrn.crosscheck import crosscheck as crosscheck
    from sbmlgrn.fit import fit as fit
    from sbmlgrn.lower import split_reversible as split_reversible
    from sbmlgrn.network import Network as Network
    from sbmlgrn.ode import Solution as Solution
    from sbmlgrn.ode import SteadyState as SteadyState
    from sbmlgrn.ode import simulate as simulate
    from sbmlgrn.ode import steady_state as steady_state
    from sbmlgrn.sbml import load as load
    from sbmlgrn.sbml import save as save
    from sbmlgrn.ssa import simulate_ssa as simulate_ssa
    from sbmlgrn.ssa import summarise_ssa as summarise_ssa

_HOMES = {
    "Model": "sbmlgrn.backends.torch",
    "Network": "sbmlgrn.network",
    "Solution": "sbmlgrn.ode",
    "SteadyState": "sbmlgrn.ode",
    "compile": "sbmlgrn.api",
    "crosscheck": "sbmlgrn.crosscheck",
    "fit": "sbmlgrn.fit",
    "load": "sbmlgrn.sbml",
    "save": "sbmlgrn.sbml",
    "simulate": "sbmlgrn.ode",
    "simulate_ssa": "sbmlgrn.ssa",
    "split_reversible": "sbmlgrn.lower",
    "steady_state": "sbmlgrn.ode",
    "summarise_ssa": "sbmlgrn.ssa",
    "time_courses": "sbmlgrn.calibrate",
}
_ROOMS = frozenset({"design", "objectives", "ssa"})
__all__ = sorted(_HOMES)  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "grn":
        return import_module("sbmlgrn.grn")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"sbmlgrn.{name}")
    raise AttributeError(f"module 'sbmlgrn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})
