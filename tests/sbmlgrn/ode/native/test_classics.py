"""Stiff problems against the published solutions of the IVP test set."""

import pytest

import sbmlgrn as sg

from .classics import CLASSICS, Classic


@pytest.mark.parametrize("classic", CLASSICS, ids=lambda c: c.name)
@pytest.mark.parametrize("method", ["auto", "rodas5p"])
@pytest.mark.parametrize(("rtol", "agreement"), [(1e-5, 3e-3), (1e-9, 1e-6)])
def test_published_solutions_are_met(classic: Classic, method: str, rtol: float, agreement: float) -> None:
    model = sg.compile(sg.load(classic.path))
    solution = sg.simulate(model, [0.0, classic.times[-1]], method=method, rtol=rtol, atol=rtol * classic.floor)
    assert solution.success, solution.status[0].message
    for name, expected in classic.reference.items():
        if abs(expected) > classic.floor * 1e-2:
            assert solution[name][-1].item() == pytest.approx(expected, rel=agreement), name
