import sys
from pathlib import Path

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner
from sbmlgrn.crosscheck.roadrunner import _compare

MODELS = Path(__file__).parents[3] / "models"


def test_the_repressilator_agrees() -> None:
    report = sg.crosscheck(sg.load(MODELS / "elowitz2000.xml"), np.linspace(0, 100, 101))
    assert report.agrees(1e-6) and report.worst_relative > 0
    assert list(report.to_dataframe().columns) == ["absolute", "relative", "time"]
    assert set(report.variables) == set(report.ours) == set(report.theirs)


def test_amounts_concentrations_and_rules_agree() -> None:
    text = """compartment c = 3; c' = 0.1; A in c; substanceOnly species B in c
    A -> B; k*A*c; k = 0.2; A = 4; B = 1; z := A + B"""
    report = sg.crosscheck(sg.load(text), np.linspace(0, 10, 11))
    assert report.agrees(1e-7) and set(report.variables) == {"A", "B", "c"}


def test_a_disagreement_is_measured() -> None:
    theirs = np.array([1.0, 2.0, 0.0])
    found = _compare(np.array([1.0, 2.2, 1e-7]), theirs, np.array([0.0, 1.0, 2.0]))
    assert found.absolute == pytest.approx(0.2) and found.relative == pytest.approx(0.1) and found.time == 1.0
    assert _compare(np.array([np.nan, 1, 1]), theirs, theirs).relative == np.inf
    assert _compare(theirs, theirs, theirs).relative == 0


def test_what_roadrunner_refuses_is_said() -> None:
    with pytest.raises(CrosscheckError, match="libRoadRunner"):
        simulate_in_roadrunner("<sbml/>", np.array([0.0, 1.0]), ["x"])


def test_roadrunner_is_not_imported_before_it_is_needed() -> None:
    import subprocess

    code = "import sys, sbmlgrn.crosscheck, sbmlgrn.sbml, sbmlgrn.ode; sys.exit('roadrunner' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
