"""models/elowitz2000.xml is clean SBML and has the period it says."""

from __future__ import annotations

from pathlib import Path

import libsbml
import numpy as np
import pytest
import roadrunner

from sbmlgrn.objectives import period_by_crossings


def test_no_errors_and_no_warnings(elowitz: Path) -> None:
    document = libsbml.readSBMLFromFile(str(elowitz))
    document.checkConsistency()
    document.checkInternalConsistency()
    assert [document.getError(i).getMessage() for i in range(document.getNumErrors())] == []
    assert (document.getLevel(), document.getVersion()) == (3, 2)


def test_right_hand_side_is_box_1(elowitz: Path) -> None:
    runner = roadrunner.RoadRunner(str(elowitz))
    state = {"m_lacI": 3.0, "m_tetR": 5.0, "m_cI": 7.0, "p_lacI": 1.1, "p_tetR": 1.3, "p_cI": 1.7}
    for name, value in state.items():
        runner[name] = value
    rates = {name: runner[f"{name}'"] for name in state}
    for gene, repressor in (("lacI", "cI"), ("tetR", "lacI"), ("cI", "tetR")):
        m, p, other = state[f"m_{gene}"], state[f"p_{gene}"], state[f"p_{repressor}"]
        assert rates[f"m_{gene}"] == pytest.approx(-m + 216 / (1 + other**2) + 0.216, rel=1e-12)
        assert rates[f"p_{gene}"] == pytest.approx(-0.2 * (p - m), rel=1e-12)


def test_period(elowitz: Path) -> None:
    runner = roadrunner.RoadRunner(str(elowitz))
    runner.integrator.relative_tolerance = runner.integrator.absolute_tolerance = 1e-10
    t, x = np.array(runner.simulate(0, 2000, 20001, ["time", "p_lacI"])).T
    assert period_by_crossings(t, x) == pytest.approx(43.447, abs=5e-4)
