"""Frequency designs, judged by libRoadRunner and by counting crossings, neither of which the design uses."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import roadrunner

from sbmlgrn.design import DesignError, FrequencyDesign, FrequencySpec, NotOscillatingError, design_frequency
from sbmlgrn.fit import BoundsError, FreeParameter, Progress
from sbmlgrn.network import Network, UnknownElementError, diff
from sbmlgrn.objectives import period_by_crossings
from sbmlgrn.sbml import load, write

WIDE = (
    FreeParameter("alpha", 21.6, 2160),
    FreeParameter("alpha0", 0.0216, 2.16),
    FreeParameter("n", 1.5, 4, "linear"),
    FreeParameter("beta", 0.02, 2),
)
FITZHUGH_NAGUMO = """
model fitzhugh_nagumo
  v' = v - v^3/3 - w + I
  w' = (v + 0.7 - 0.8*w)/tau
  v = 1; w = 1; I = 0.5; tau = 12.5
end
"""


@pytest.fixture(scope="module")
def network(elowitz: Path) -> Network:
    return load(elowitz)


def period_elsewhere(network: Network, symbol: str, guess: float) -> float:
    runner = roadrunner.RoadRunner(write(network))
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-10
    runner.integrator.maximum_num_steps = 1_000_000
    result = np.array(runner.simulate(0, 60 * guess, 6001, ["time", symbol]))
    return period_by_crossings(result[:, 0], result[:, 1])


def check(design: FrequencyDesign, spec: FrequencySpec) -> None:
    """What holds of every design."""
    measured = period_elsewhere(design.network, spec.species, design.period_found)
    assert design.period_found == pytest.approx(measured, rel=3e-4)
    assert design.reached == (abs(design.period_found / spec.period - 1) <= spec.tolerance)
    for p in spec.parameters:
        assert p.lower <= design.values_after[p.id] <= p.upper
        assert design.network.value(p.id) == design.values_after[p.id]
    assert {c.element for c in diff(load(design.network.source), design.network)} <= {p.id for p in spec.parameters}  # type: ignore[arg-type]
    iterations = [p.iteration for p in design.history]
    assert iterations == sorted(iterations) and iterations[-1] <= spec.max_iterations


@pytest.mark.parametrize("period", [30.0, 55.0, 20.0])
def test_repressilator_reaches_the_period(network: Network, period: float) -> None:
    spec = FrequencySpec("p_lacI", period, WIDE)
    told: list[Progress] = []
    design = design_frequency(network, spec, on_progress=told.append)
    check(design, spec)
    assert design.reached
    assert design.period_before == pytest.approx(43.44665, rel=1e-4)
    assert period_elsewhere(design.network, "p_lacI", period) == pytest.approx(period, rel=3e-3)
    assert tuple(told) == design.history
    assert told[0].values == design.values_before == {"alpha": 216, "alpha0": 0.216, "n": 2, "beta": 0.2}
    assert told[-1].metrics["period"] == design.period_found

    assert set(design.before.columns) == set(design.after.columns) == {s.id for s in network.species}
    for course, expected in ((design.before, design.period_before), (design.after, design.period_found)):
        assert period_by_crossings(course.t, course.columns["p_lacI"], discard=0.3) == pytest.approx(expected, rel=1e-2)
    spectrum = design.spectrum
    assert 1 / spectrum.frequency[spectrum.before.argmax()] == pytest.approx(design.period_before, rel=0.05)
    assert 1 / spectrum.frequency[spectrum.after.argmax()] == pytest.approx(period, rel=0.05)
    assert design.provenance["model_sha256"] == hashlib.sha256(network.source.encode()).hexdigest()  # type: ignore[union-attr]


def test_out_of_reach_within_the_bounds(network: Network) -> None:
    spec = FrequencySpec("p_lacI", 500, (FreeParameter("beta", 0.16, 0.25),))
    design = design_frequency(network, spec)
    check(design, spec)
    assert not design.reached
    # Slow proteins make it slow.
    assert design.values_after == pytest.approx({"beta": 0.16}, rel=1e-3)
    assert "a period of 500 was not reached: the nearest found for p_lacI is 5" in design.message
    assert "beta at its lower bound 0.16" in design.message


def test_out_of_reach_without_a_bound_in_the_way() -> None:
    """FitzHugh-Nagumo is symmetric under I → 1.75 − I, so its period is extremal, 36.418, at I = 0.875."""
    network = load(FITZHUGH_NAGUMO)
    spec = FrequencySpec("v", 33, (FreeParameter("I", 0.4, 1.2, "linear"),), max_iterations=5)
    design = design_frequency(network, spec)
    check(design, spec)
    assert not design.reached
    assert design.period_before == pytest.approx(39.474, rel=1e-4)
    assert design.period_found == pytest.approx(36.418, rel=1e-3)
    assert design.values_after["I"] == pytest.approx(0.875, abs=0.05)


def test_loss_of_oscillation_stops_the_search(network: Network) -> None:
    """Without steep repression the oscillation dies before it is fast enough; the design stays where it lives."""
    spec = FrequencySpec("p_lacI", 25, (FreeParameter("n", 1.01, 3, "linear"),), max_iterations=2)
    design = design_frequency(network, spec)
    check(design, spec)
    assert not design.reached
    assert design.values_after["n"] < 1.7
    assert "taken back" in design.message or "kept away" in design.message


def test_period_that_is_there_already(network: Network) -> None:
    spec = FrequencySpec("m_cI", 43.45, WIDE)
    design = design_frequency(network, spec)
    assert design.reached
    assert design.network is network
    assert "already" in design.message


def test_amounts_of_any_size(network: Network) -> None:
    """In molar units and seconds, with a time scale the design is not told."""
    k, unit = 0.35 / 60, 4e-8
    lines = ["model molar", f"K = {unit}; a = {216 * unit * k}; a0 = {0.216 * unit * k}; km = {k}; kp = {0.2 * k}"]
    for i, j in ((1, 3), (2, 1), (3, 2)):
        lines.append(f"compartment c = 1; species m{i} in c = 0, p{i} in c = {unit if i == 1 else 0}")
        lines.append(f"-> m{i}; a0 + a/(1 + (p{j}/K)^2); m{i} -> ; km*m{i}; -> p{i}; kp*m{i}; p{i} -> ; kp*p{i}")
    design = design_frequency(
        load("\n".join([*lines, "end"])), FrequencySpec("p2", 6000, (FreeParameter("kp", 1e-4, 1e-2),))
    )
    assert design.period_before == pytest.approx(43.44665 / k, rel=1e-3)
    assert design.reached


def test_what_the_listener_raises_ends_the_design(network: Network) -> None:
    def stop(progress: Progress) -> None:
        raise InterruptedError(progress.stage)

    with pytest.raises(InterruptedError, match="start"):
        design_frequency(network, FrequencySpec("p_lacI", 30, WIDE), on_progress=stop)


@pytest.mark.parametrize(
    ("species", "parameters", "error", "says"),
    [
        ("p_laci", WIDE, UnknownElementError, "unknown species 'p_laci': did you mean 'p_lacI'"),
        ("alpha", WIDE, DesignError, "'alpha' is a Parameter; name a species: m_cI"),
        (
            "p_lacI",
            (FreeParameter("alpa", 1, 2),),
            UnknownElementError,
            "unknown parameter 'alpa': did you mean 'alpha'",
        ),
        ("p_lacI", (FreeParameter("translation_cI", 1, 2),), DesignError, "'translation_cI' is a Reaction"),
        ("p_lacI", (FreeParameter("beta", 1, 2),), BoundsError, r"'beta' starts at 0.2, outside its bounds \[1, 2\]"),
    ],
)
def test_names_and_bounds_are_checked(
    network: Network, species: str, parameters: tuple[FreeParameter, ...], error: type[ValueError], says: str
) -> None:
    with pytest.raises(error, match=says):
        design_frequency(network, FrequencySpec(species, 30, parameters))


@pytest.mark.parametrize("change", [{"n": 1.2}, {"p_lacI": 0.0}], ids=["damped", "symmetric start"])
def test_what_does_not_oscillate_is_refused(network: Network, change: dict[str, float]) -> None:
    with pytest.raises(NotOscillatingError, match="'p_lacI' does not oscillate with the model's own values: it"):
        design_frequency(network.with_values(change), FrequencySpec("p_lacI", 30, WIDE[:1]))


def test_computed_and_unset_parameters_are_refused() -> None:
    with pytest.raises(DesignError, match="'k' cannot be changed: an assignment rule determines its value"):
        design_frequency(
            load("species S = 1; S -> ; k*S; k := 2*j; j = 1"), FrequencySpec("S", 3, (FreeParameter("k", 1, 5),))
        )
    with pytest.raises(DesignError, match="'k' cannot be changed: an initial assignment determines its value"):
        design_frequency(
            load("species S = 1; S -> ; k*S; k = 2*j; j = 1"), FrequencySpec("S", 3, (FreeParameter("k", 1, 5),))
        )


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("period", -3.0, "the period is -3; it must be a positive"),
        ("period", float("nan"), "the period is nan"),
        ("tolerance", 0.0, "the tolerance is 0"),
        ("max_iterations", 0, "max_iterations is 0"),
        ("parameters", (), "no free parameter"),
    ],
)
def test_bad_specs(field: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(FrequencySpec("S", 30, WIDE), **{field: value})  # type: ignore[arg-type]
