"""`Circuit` → `Network` and back.

A gene is a species, made by one reaction and lost by another; who regulates it is a modifier of the first. An input is
a species at the boundary, which events switch, and a modifier of a third reaction, which supplies its gene. Terms of
the Systems Biology Ontology say what each is. Genes from which no path leads to an output are not part of the network.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from sbmlgrn.expr import TIME, Expr, constant, divide, function, multiply, negate, relation, symbol
from sbmlgrn.grn.circuit import Circuit, CircuitError, reaching
from sbmlgrn.grn.task import Task
from sbmlgrn.network import (
    Compartment,
    Event,
    EventAssignment,
    ModifierSpeciesReference,
    Network,
    Parameter,
    Reaction,
    Species,
    SpeciesReference,
    diff,
)

CELL: Final = "cell"
_UNIT: Final = "dimensionless"
_PROTEIN, _INPUT = "SBO:0000252", "SBO:0000247"
_MAKING, _LOSS, _SUPPLY = "SBO:0000589", "SBO:0000179", "SBO:0000393"
_ACTIVATOR, _INHIBITOR, _STIMULATOR = "SBO:0000459", "SBO:0000020", "SBO:0000461"
_RATE, _PARAMETER = "SBO:0000046", "SBO:0000002"


def to_network(circuit: Circuit, task: Task | None = None, condition: int = 0) -> Network:
    """The circuit as a network, under one of the conditions of a task.

    Args:
        circuit: whose inputs are 0 where no task is given.
        task: whose inputs and initial values are taken.
        condition: which of its conditions.

    Raises:
        CircuitError: the task has other genes or inputs, or no such condition.
    """
    levels, switches, initial = _given(circuit, task, condition)
    there = _present(circuit)
    genes = [g for g, is_there in zip(circuit.genes, there, strict=True) if is_there]
    inputs = {name: gene for name, gene in circuit.inputs.items() if gene in genes}
    species = [
        Species(id=g, sbo_term=_PROTEIN, compartment=CELL, initial_concentration=float(initial[circuit.genes.index(g)]))
        for g in genes
    ]
    species += [
        Species(
            id=name, sbo_term=_INPUT, compartment=CELL, initial_concentration=float(level[0]), boundary_condition=True
        )
        for name, level in zip(circuit.inputs, levels, strict=True)
        if name in inputs
    ]
    parameters: list[Parameter] = []
    reactions: list[Reaction] = []
    for i in np.flatnonzero(there).tolist():
        parameters += _parameters(circuit, i)
        reactions += _reactions(circuit, i)
    for name, gene in inputs.items():
        law = divide(symbol(name), symbol(f"time_scale_{gene}"))
        modifiers = (ModifierSpeciesReference(species=name, sbo_term=_STIMULATOR),)
        reactions.append(_reaction(f"supply_of_{gene}_by_{name}", _SUPPLY, gene, law, modifiers))
    return Network(
        id=task.name.replace(" ", "_") if task is not None and task.name else "circuit",
        name=f"learned circuit: {task.name}" if task is not None and task.name else None,
        compartments=(Compartment(id=CELL, size=1.0, units=_UNIT),),
        species=tuple(species),
        parameters=tuple(parameters),
        reactions=tuple(reactions),
        events=_events(circuit, inputs, levels, switches),
        substance_units=_UNIT,
        time_units=_UNIT,
        volume_units=_UNIT,
        extent_units=_UNIT,
    )


def from_network(network: Network) -> Circuit:
    """The circuit that `to_network` made this network of; its outputs are all its genes.

    Raises:
        CircuitError: the network is none, or has been changed into something else.
    """
    values = {p.id: p.value for p in network.parameters}
    genes = tuple(s.id for s in network.species if not s.boundary_condition)
    n = len(genes)
    try:
        arrays = {
            kind: np.array([values[f"{kind}_{g}"] for g in genes], dtype=float)
            for kind in ("bias", "production", "degradation", "time_scale")
        }
        weights = np.zeros((n, n))
        for reaction in network.reactions:
            if reaction.id.startswith("production_of_"):
                i = genes.index(reaction.products[0].species)
                for m in reaction.modifiers:
                    weights[i, genes.index(m.species)] = values[f"weight_{genes[i]}_{m.species}"]
        inputs = {
            r.modifiers[0].species: r.products[0].species for r in network.reactions if r.id.startswith("supply_of_")
        }
        initial = np.array([network.value(g) for g in genes], dtype=float)
    except (KeyError, ValueError, IndexError) as error:
        raise CircuitError(
            f"the model {network.id!r} is no learned circuit: {error} is missing or something else"
        ) from None
    circuit = Circuit(genes, weights, **arrays, inputs=inputs, outputs=genes, initial=initial)
    again = to_network(circuit)
    wrong = [c for c in diff(again, replace(network, events=())) if c.element != "model" and c.element not in inputs]
    if wrong:
        raise CircuitError(
            f"the model {network.id!r} is no learned circuit: {wrong[0].element!r} is not what a circuit has there"
        )
    return circuit


def _given(circuit: Circuit, task: Task | None, condition: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels ``[input, switch]``, times of the switches ``[switch]`` and initial values ``[gene]``."""
    if task is None:
        return np.zeros((len(circuit.inputs), 1)), np.zeros(1), circuit.initial
    if task.genes != circuit.genes or dict(task.inputs) != dict(circuit.inputs):
        raise CircuitError(f"the task {task.name!r} has other genes or inputs than the circuit")
    if not 0 <= condition < task.conditions:
        raise CircuitError(f"condition {condition} does not exist: expected 0 to {task.conditions - 1}")
    initial = np.broadcast_to(task.initial, (task.conditions, len(task.genes)))[condition]
    return task.levels[condition], task.switches, initial


def _present(circuit: Circuit) -> np.ndarray:
    """Whether a gene is part of the network ``[gene]``."""
    return reaching(circuit.kept, [circuit.genes.index(g) for g in circuit.outputs])


def _parameters(circuit: Circuit, i: int) -> list[Parameter]:
    gene = circuit.genes[i]
    kinds = (
        ("bias", circuit.bias, _PARAMETER),
        ("production", circuit.production, _RATE),
        ("degradation", circuit.degradation, _RATE),
        ("time_scale", circuit.time_scale, _PARAMETER),
    )
    own = [Parameter(id=f"{kind}_{gene}", value=float(v[i]), units=_UNIT, sbo_term=sbo) for kind, v, sbo in kinds]
    return own + [
        Parameter(id=f"weight_{gene}_{circuit.genes[j]}", value=float(circuit.weights[i, j]), units=_UNIT)
        for j in np.flatnonzero(circuit.weights[i])
    ]


def _reactions(circuit: Circuit, i: int) -> list[Reaction]:
    gene = circuit.genes[i]
    argument: Expr = symbol(f"bias_{gene}")
    for j in np.flatnonzero(circuit.weights[i]):
        source = circuit.genes[j]
        argument = argument + symbol(f"weight_{gene}_{source}") * symbol(source)
    logistic = divide(constant(1), constant(1) + function("exp", negate(argument)))
    made = divide(multiply(symbol(f"production_{gene}"), logistic), symbol(f"time_scale_{gene}"))
    lost = divide(multiply(symbol(f"degradation_{gene}"), symbol(gene)), symbol(f"time_scale_{gene}"))
    modifiers = tuple(
        ModifierSpeciesReference(
            species=circuit.genes[j], sbo_term=_ACTIVATOR if circuit.weights[i, j] > 0 else _INHIBITOR
        )
        for j in np.flatnonzero(circuit.weights[i])
    )
    return [
        _reaction(f"production_of_{gene}", _MAKING, gene, made, modifiers),
        replace(
            _reaction(f"loss_of_{gene}", _LOSS, gene, lost, ()),
            reactants=(SpeciesReference(species=gene),),
            products=(),
        ),
    ]


def _reaction(name: str, sbo: str, gene: str, law: Expr, modifiers: tuple[ModifierSpeciesReference, ...]) -> Reaction:
    return Reaction(
        id=name,
        sbo_term=sbo,
        products=(SpeciesReference(species=gene),),
        modifiers=modifiers,
        kinetic_law=law,
    )


def _events(circuit: Circuit, inputs: dict[str, str], levels: np.ndarray, switches: np.ndarray) -> tuple[Event, ...]:
    """What switches the inputs, at the times at which they change."""
    events = []
    for s in range(1, len(switches)):
        changed = tuple(
            EventAssignment(variable=name, math=constant(float(level[s])))
            for name, level in zip(circuit.inputs, levels, strict=True)
            if name in inputs and level[s] != level[s - 1]
        )
        if changed:
            trigger = relation("geq", TIME, constant(float(switches[s])))
            events.append(Event(id=f"switch_{s}", trigger=trigger, initial_value=True, assignments=changed))
    return tuple(events)
