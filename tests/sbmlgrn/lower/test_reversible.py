"""Reversible reactions as two: the same equations, and laws that are not negative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.expr import symbol
from sbmlgrn.lower import LoweringError
from sbmlgrn.network import LocalParameter
from sbmlgrn.ssa import StochasticStatus

MODELS = (
    "R1: A -> B; k1*A - k2*B; k1 = 1; k2 = 2; A = 10; B = 0",
    "R1: 2 A -> D; c*A*(A - 1)/2 - d*D; c = 1; d = 1; A = 10; D = 0",
    "R1: A -> B; V*(k1*A - k2*B)/(1 + A + B); k1 = 1; k2 = 2; A = 10; B = 3; V = 2",
    "function net(a, b)\n a - b\nend\nR1: A -> B; k*net(A, B/K); k = 1; K = 2; A = 10; B = 1",
    "R1: A -> B; -k1*(B - A)*k2; k1 = 1; k2 = 2; A = 10; B = 3",
    "R1: A -> B; -m*A - k*B; m = -2; k = 1; A = 10; B = 3",
    "R1: A -> B; piecewise(k*A - B, A > 5, A - k*B); k = 2; A = 10; B = 3",
)


@pytest.mark.parametrize("text", MODELS)
def test_two_reactions_have_the_same_equations_and_no_negative_law(text: str) -> None:
    network = sg.load(text)
    split = sg.split_reversible(network)
    assert [r.id for r in split.reactions] == ["R1", "R1_reverse"]
    assert not any(r.reversible for r in split.reactions)
    before, after = sg.compile(network), sg.compile(split)
    assert before.state_ids == after.state_ids
    y = torch.rand(50, len(before.state_ids), dtype=torch.float64) * 20 + 2
    p = before.parameters_default
    np.testing.assert_allclose(after.rhs(0.0, y, p).numpy(), before.rhs(0.0, y, p).numpy(), rtol=1e-12, atol=1e-12)
    assert (after.propensities(0.0, y, p) >= 0).all()


@pytest.mark.parametrize(
    "text",
    [
        "R1: 2 A -> 3 A; c*A*(A - 1); c = 1; A = 10",  # counts pairs
        "R1: A -> B; k*A; k = 1; A = 10; B = 0",
        "R1: A -> B; k*(A - 2); k = 1; A = 10; B = 0",  # does not depend on B
        "R1: -> B; k*(100 - 2*B)*(99 - 2*B); k = 1; B = 0",  # counts pairs of what has not become B
        "R1: A -> B; sin(A) - B; A = 1; B = 1",  # may have any sign
    ],
)
def test_others_stay_as_they_are(text: str) -> None:
    network = sg.load(text)
    assert sg.split_reversible(network) == network


def test_local_parameters_go_with_each() -> None:
    network = sg.load("R1: A -> B; k*A - B; k = 1; A = 5; B = 0")
    q = symbol("R1.q")
    local = replace(
        network.reactions[0],
        local_parameters=(LocalParameter(id="q", value=3.0),),
        kinetic_law=symbol("A") * q - q * symbol("B"),
    )
    model = sg.compile(sg.split_reversible(network.with_elements(local)))
    assert {"R1.q", "R1_reverse.q"} <= set(model.parameter_ids)
    y = torch.tensor([5.0, 1.0], dtype=torch.float64)
    assert model.propensities(0.0, y, model.parameters_default).tolist() == [15.0, 3.0]


def test_what_refers_to_the_net_rate_stands_in_the_way() -> None:
    with pytest.raises(LoweringError, match="the formula of 'flux' refers to 'R1'"):
        sg.split_reversible(sg.load("R1: A -> B; k1*A - k2*B; k1 = 1; k2 = 2; A = 10; B = 0; flux := 2*R1"))


def test_stochastic_equilibrium() -> None:
    network = sg.load("R1: A -> B; a*A - b*B; a = 1; b = 3; A = 41; B = 0")
    with pytest.warns(UserWarning, match="law of 'R1' is a difference"):
        failed = sg.simulate_ssa(sg.compile(network), [0.0, 20.0], trajectories=10)
    assert (failed.status == StochasticStatus.BAD_PROPENSITY).all()
    assert "split_reversible" in StochasticStatus.BAD_PROPENSITY.message
    runs = sg.simulate_ssa(sg.compile(sg.split_reversible(network)), [0.0, 20.0], trajectories=4000)
    b = runs["B"][:, 1].numpy()  # binomial: 41 molecules, each on this side with probability a/(a + b)
    assert abs(b.mean() - 10.25) < 4 * np.sqrt(7.7 / 4000) and abs(b.var() - 7.6875) < 4 * 7.7 * np.sqrt(2 / 4000)
