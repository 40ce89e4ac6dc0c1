"""Time courses over 0…100, against libRoadRunner, on every BioModel of supported features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner
from sbmlgrn.network import Network

from .biomodels import supported

GRID = np.linspace(0.0, 100.0, 51)
TOLERANCES = ((1e-9, 1e-15), (1e-11, 1e-22))
"""Tried in turn: amounts in mole are as small as 1e-20, and chaotic or bursting models amplify what a solver leaves."""

AGREEMENT = 1e-4
NEGLIGIBLE = 1e-15
"""Of the model's largest value: smaller ones are rounding errors of others."""


def worst(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> tuple[float, str]:
    largest = max(float(np.nanmax(np.abs(v), initial=0.0)) for v in theirs.values())
    found = (0.0, "")
    for name, expected in theirs.items():
        own = float(np.nanmax(np.abs(expected), initial=0.0))
        scale = np.maximum(np.abs(expected), max(1e-6 * own, NEGLIGIBLE * largest, 1e-300))
        off = np.where(np.isnan(ours[name]) & np.isnan(expected), 0.0, np.abs(ours[name] - expected) / scale)
        found = max(found, (float(np.nan_to_num(off, nan=np.inf).max()), name))
    return found


def course(network: Network, names: list[str], method: str, rtol: float, atol: float) -> dict[str, np.ndarray]:
    with torch.no_grad():
        solution = sg.simulate(sg.compile(network), GRID, method=method, rtol=rtol, atol=atol)
    assert solution.success, solution.status[0].message
    frame = solution.to_dataframe(names)
    return {name: frame[name].to_numpy() for name in names}


def compare(network: Network, names: list[str]) -> str | None:
    """``None`` if the two agree; else what differs. Raises if libRoadRunner cannot simulate the model."""
    found, ours = (np.inf, ""), {}
    for rtol, atol in TOLERANCES:
        theirs, _ = simulate_in_roadrunner(network.source or "", GRID, names, rtol=rtol, atol=atol)
        ours = course(network, names, "auto", rtol, atol)
        found = min(found, worst(ours, theirs))
        if found[0] <= AGREEMENT:
            return None
    third = course(network, names, "Radau", 1e-10, 1e-18)
    if worst(ours, third)[0] <= AGREEMENT:  # libRoadRunner is the one that is off
        return None
    return f"{found[1]} differs by {found[0]:.1e}"


@pytest.mark.conformance
def test_time_courses_agree() -> None:
    agreed, wrong = 0, {}
    for name, network in supported():
        system = sg.compile(network).system
        names = list(dict.fromkeys((*system.amounts, *(s.id for s in system.states))))
        if not names:
            continue
        try:
            difference = compare(network, names)
        except CrosscheckError:
            continue
        except AssertionError as failure:
            difference = str(failure)
        if difference is None:
            agreed += 1
        else:
            wrong[name] = difference
    print(f"{agreed} models agree, {len(wrong)} do not")
    assert agreed >= 100
    assert not wrong, wrong
