"""What is asked, what is known, and how either can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sbmlgrn import grn
from sbmlgrn.network import UnknownElementError

FULL = np.ones((3, 3), bool)
PLUS = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]])
BLIND = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1]], bool) & ~np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]], bool)


@pytest.mark.parametrize(
    ("prior", "told"),
    [
        (grn.Prior(mask=np.ones((3, 2), bool)), "the mask is 3 by 2; expected 3 by 3"),
        (grn.Prior(signs=np.zeros(3)), "the signs is 3; expected 3 by 3"),
        (grn.Prior(signs=2 * PLUS), "the signs holds 2"),
        (
            grn.Prior(mask=~FULL, signs=PLUS),
            "edge g1 → g1 is masked as absent, but its sign says that it is activating",
        ),
        (grn.Prior(mask=BLIND), "no path of allowed edges leads from gene 'g2' to an output"),
        (grn.Prior(learned={"speed": "all"}), "'speed' cannot be learned"),
        (grn.Prior(weight_limit=0.0), "weight limit"),
    ],
)
def test_priors_that_cannot_be_are_refused_before_training(prior: grn.Prior, told: str) -> None:
    with pytest.raises(grn.CircuitError, match=told):
        grn.learn(grn.stripe(3), prior, on_progress=_no_training)


def _no_training(_: object) -> None:
    raise AssertionError("training began")


def test_contradictory_signs_of_an_edge_are_refused() -> None:
    with pytest.raises(grn.CircuitError, match=r"g1 → g3 is to be both '\+' and '-'"):
        grn.Prior.of_edges(("g1", "g3"), [("g1", "g3", "+"), ("g1", "g3", "-")])
    with pytest.raises(UnknownElementError, match="unknown gene 'g9'"):
        grn.Prior.of_edges(("g1", "g3"), [("g1", "g9", "+")])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: replace(t, targets={"g3": 1.5 * np.ones((64, 1))}), None),
        (lambda t: replace(t, targets={"g3": 12.0 * np.ones((64, 1))}, judged=None), "reach 12.*between 0 and 10"),
        (lambda t: replace(t, targets={"g2": 1.5 * np.ones((64, 1))}, judged=None), "reach 1.5.*between 0 and 1"),
        (lambda t: replace(t, targets={"g3": -0.1 * np.ones((64, 1))}), "reach -0.1"),
    ],
)
def test_targets_out_of_range_are_refused(change: Callable[[grn.Task], grn.Task], told: str | None) -> None:
    task = change(grn.stripe(3))
    if told is None:
        task.check(grn.Prior())
        return
    with pytest.raises(grn.CircuitError, match=told):
        task.check(grn.Prior())


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"targets": {"g7": np.ones((64, 1))}}, UnknownElementError, "unknown gene 'g7'"),
        ({"inputs": {"dose": "x"}}, UnknownElementError, "unknown gene 'x'"),
        ({"targets": {"g3": np.ones((3, 1))}}, grn.CircuitError, r"are \(3, 1\); expected"),
        ({"times": np.array([2.95])}, grn.CircuitError, "time 2.95 is no multiple of the step 0.1"),
        ({"levels": -np.ones((64, 1, 1))}, grn.CircuitError, "negative"),
        ({"targets": {}}, grn.CircuitError, "no gene has a target"),
        ({"genes": ("g1", "g1", "g3")}, grn.CircuitError, "names more than one"),
        ({"genes": ("g1", "2", "g3")}, grn.CircuitError, "no name for SBML"),
    ],
)
def test_tasks_that_cannot_be_are_refused(changes: dict, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        replace(grn.stripe(3), **changes)


def test_too_few_nodes_and_unknown_gates_are_refused() -> None:
    with pytest.raises(grn.CircuitError, match="2 nodes are too few"):
        grn.switch(2)
    with pytest.raises(grn.CircuitError, match="'maybe' is no gate; expected one of and, or"):
        grn.gate(3, "maybe")
    with pytest.raises(grn.CircuitError, match="10 edges were asked for; expected 1 to 9"):
        grn.learn(grn.stripe(3), edges=10)


def test_the_repressilator_that_is_to_be_found_again_oscillates() -> None:
    task = grn.oscillator(3)
    seen = grn.respond(grn.repressilator(), replace(task, genes=("g1", "g2", "g3")))
    course = seen.states[0, :, 2]
    np.testing.assert_allclose(course[np.rint(task.times / task.step).astype(int)], task.targets["g3"][0], atol=1e-3)
    late = course[20:] - 0.5 * (course[20:].max() + course[20:].min())
    rises = np.flatnonzero((late[:-1] < 0) & (late[1:] >= 0))
    assert len(rises) >= 2 and late.max() > 0.2
    # three equal lags turn by 180° together at the angular frequency √3 (Elowitz & Leibler 2000, Box 1, symmetric case)
    assert np.diff(rises).mean() * task.step == pytest.approx(2 * np.pi / np.sqrt(3), rel=0.1)


def test_topologies_do_not_depend_on_the_names_of_hidden_genes() -> None:
    rng = np.random.default_rng(0)
    task = grn.stripe(6)
    weights = np.where(rng.uniform(size=(6, 6)) < 0.4, rng.normal(size=(6, 6)), 0.0)
    weights[5, 1:5] = 1.0
    ones = np.ones(6)
    circuit = grn.Circuit(task.genes, weights, 0 * ones, ones, ones, ones, task.inputs, task.outputs, 0.1 * ones)
    texts = set()
    for _ in range(10):
        order = np.array([0, *rng.permutation(np.arange(1, 5)), 5])
        texts.add(grn.topology(replace(circuit, weights=weights[np.ix_(order, order)])))
    assert len(texts) == 1
    flipped = weights.copy()
    flipped[5, 0] = -1.0 if weights[5, 0] >= 0 else 1.0
    assert grn.topology(replace(circuit, weights=flipped)) not in texts
