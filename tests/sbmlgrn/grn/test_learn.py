"""Circuits at small size: learned, pruned, written, and run by others."""

from __future__ import annotations

import libsbml
import numpy as np
import pytest
import torch
from roadrunner import RoadRunner

import sbmlgrn as sg
from sbmlgrn import grn
from sbmlgrn.network import Network
from sbmlgrn.sbml.layout import with_layout
from sbmlgrn.sbml.write import write

QUICK = grn.Training(draws=2, carried=1, beam=2)


@pytest.fixture(scope="module")
def stripe() -> grn.CircuitDesign:
    return grn.learn(grn.stripe(3), seeds=3, edges=5, training=QUICK)


@pytest.fixture(scope="module")
def switch() -> grn.CircuitDesign:
    return grn.learn(grn.switch(3), seeds=2, training=QUICK)


def _document(design: grn.CircuitDesign) -> tuple[Network, str]:
    circuit = design.best.chosen.circuit.pruned()
    task = design.task
    network = grn.to_network(circuit, task, task.telling)
    return network, write(with_layout(network, grn.places(circuit)))


def test_a_stripe_of_five_edges_is_learned(stripe: grn.CircuitDesign) -> None:
    assert stripe.reached and stripe.success >= 2 / 3
    best = stripe.best.chosen
    assert best.edges <= 5
    # judged once more without the loops: by the compiled model, at doses that training did not see
    model = sg.compile(grn.to_network(best.circuit, stripe.task, 0))
    doses = torch.linspace(0.0, 2.0, 41, dtype=torch.float64)
    reached = sg.simulate(model, [0.0, 3.0], {"dose": doses})["g3"][:, -1]
    wanted = ((doses > 0.5) & (doses < 1.5)).double()
    away = (doses - 0.5).abs().minimum((doses - 1.5).abs()) > 0.06
    assert float((reached - wanted)[away].abs().max()) < 0.15


def test_the_course_of_a_learning_does_not_depend_on_how_many_others_there_are(stripe: grn.CircuitDesign) -> None:
    alone = grn.learn(grn.stripe(3), seeds=1, edges=5, training=QUICK)
    np.testing.assert_allclose(
        alone.runs[0].chosen.circuit.weights, stripe.runs[0].chosen.circuit.weights, rtol=1e-6, atol=1e-9
    )


def test_a_switch_remembers(switch: grn.CircuitDesign) -> None:
    assert switch.reached
    circuit, task = switch.best.chosen.circuit, switch.task
    response = grn.respond(circuit, task)
    wanted = task.targets["g3"]
    at = np.rint(task.times / task.step).astype(int)
    off = response.states[:, at, 2] - wanted
    assert np.nanmean(off**2) == pytest.approx(switch.best.chosen.loss, rel=1e-9)
    assert np.nanmean(off**2) < task.tolerance


@pytest.mark.parametrize("name", ["stripe", "switch"])
def test_documents_run_unchanged_elsewhere_and_come_back(name: str, request: pytest.FixtureRequest) -> None:
    design: grn.CircuitDesign = request.getfixturevalue(name)
    network, text = _document(design)
    assert sg.load(text) == network
    circuit = design.best.chosen.circuit.pruned()
    back = grn.from_network(sg.load(text))
    there = [circuit.genes.index(g) for g in back.genes]
    np.testing.assert_array_equal(back.weights, circuit.weights[np.ix_(there, there)])
    assert grn.topology(grn.Circuit(**{**vars(back), "outputs": circuit.outputs})) == grn.topology(circuit)
    end = float(design.task.times[-1])
    runner = RoadRunner(text)
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-10, 1e-12
    theirs = np.asarray(runner.simulate(0, end, 61, [f"[{g}]" for g in back.genes]))
    ours = sg.simulate(sg.compile(network), np.linspace(0, end, 61), rtol=1e-9, atol=1e-11)
    for k, gene in enumerate(back.genes):
        np.testing.assert_allclose(ours[gene].numpy(), theirs[:, k], atol=1e-6)
    steps = grn.respond(circuit, design.task).states[design.task.telling, -1, there]
    np.testing.assert_allclose(steps, theirs[-1], atol=2e-3)


def test_only_edges_that_are_left_are_modifiers_and_all_have_roles(stripe: grn.CircuitDesign) -> None:
    _, text = _document(stripe)
    document = libsbml.readSBMLFromString(text)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    assert document.checkConsistency() == 0
    model = document.getModel()
    modifiers = {
        (m.getSpecies(), r.getProduct(0).getSpecies()): m.getSBOTermID()
        for r in model.getListOfReactions()
        for m in r.getListOfModifiers()
        if r.getId().startswith("production_of_")
    }
    roles = {True: "SBO:0000459", False: "SBO:0000020"}
    edges = stripe.best.chosen.circuit.pruned().edges
    assert modifiers == {(e.source, e.target): roles[e.weight > 0] for e in edges}
    layout = model.getPlugin("layout").getLayout(0)
    assert layout.getNumSpeciesGlyphs() == model.getNumSpecies()
    assert {layout.getReactionGlyph(i).getReactionId() for i in range(layout.getNumReactionGlyphs())} <= {
        r.getId() for r in model.getListOfReactions()
    }


def test_signs_and_masks_are_kept() -> None:
    task = grn.stripe(3)
    known = [("g1", "g3", "-"), ("g3", "g3", "+"), ("g3", "g1", "0"), ("g2", "g3", "-")]
    design = grn.learn(task, grn.Prior.of_edges(task.genes, known), seeds=2, training=QUICK)
    for run in design.runs:
        for rung in run.rungs:
            weights = rung.circuit.weights
            assert weights[2, 0] <= 0 and weights[2, 2] >= 0 and weights[0, 2] == 0 and weights[2, 1] <= 0


def test_a_model_that_is_no_circuit_is_refused(stripe: grn.CircuitDesign) -> None:
    network, _ = _document(stripe)
    with pytest.raises(grn.CircuitError, match="is no learned circuit"):
        grn.from_network(sg.load("model decay; species S; S = 8; k = 0.5; S' = -k*S; end"))
    with pytest.raises(grn.CircuitError, match="is no learned circuit"):
        grn.from_network(network.without(network.reactions[0].id))


def test_cancelling_ends_the_run() -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grn.learn(grn.stripe(3), seeds=1, training=QUICK, on_progress=stop)
