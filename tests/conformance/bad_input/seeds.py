"""Right documents, to be spoilt: small ones of ours, and public ones where there are any."""

from __future__ import annotations

import os
from pathlib import Path

from .mutant import (
    assignment,
    compartment,
    event,
    function,
    initial,
    inner,
    level3,
    listed,
    mathml,
    parameter,
    rate,
    reaction,
    species,
    variable,
)

ROOT = Path(__file__).resolve().parents[3]

_UNITS = (
    '<listOfUnitDefinitions><unitDefinition id="per_second"><listOfUnits><unit kind="second" exponent="-1" scale="0" '
    'multiplier="1"/></listOfUnits></unitDefinition></listOfUnitDefinitions>'
)

GENE = level3(
    listed("FunctionDefinitions", function("hill", "x K n", inner("K^n / (K^n + x^n)"))),
    _UNITS,
    listed("Compartments", compartment("cell", 2)),
    listed("Species", species("M", 1, "cell"), species("P", 8, "cell"), species("D", 1, "cell", 'constant="true"')),
    listed(
        "Parameters",
        parameter("kd", 0.5).replace("/>", ' units="per_second"/>'),
        variable("total"),
        variable("dose", 1),
        variable("memory", 0),
    ),
    listed("InitialAssignments", initial("memory", mathml("P / 4"))),
    listed("Rules", assignment("total", mathml("M + P + D")), rate("dose", mathml("-0.1 * dose"))),
    listed(
        "Reactions",
        reaction("make", mathml("cell * hill(P, 2, 2) * dose"), "", "M", modifiers="P"),
        reaction("translate", mathml("cell * k * M"), "", "P=2", local={"k": 0.75}, modifiers="M"),
        reaction("decay", mathml("cell * kd * M"), "M"),
        reaction("loss", mathml("cell * kd * P / 3"), "P"),
    ),
    listed("Events", event(mathml("time > 0.5"), ("dose", mathml("dose + memory")), name="boost")),
)
"""A gene that represses itself, with one of almost everything."""

OLD = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2">
<model name="old">
<listOfCompartments><compartment name="c" volume="2"/></listOfCompartments>
<listOfSpecies><species name="S" initialAmount="8" compartment="c"/>
<species name="Q" initialAmount="0" compartment="c"/></listOfSpecies>
<listOfParameters><parameter name="k" value="0.5"/><parameter name="q"/></listOfParameters>
<listOfRules><parameterRule name="q" formula="S + 2 * Q ^ 2"/></listOfRules>
<listOfReactions><reaction name="R" reversible="false">
<listOfReactants><speciesReference species="S" stoichiometry="3" denominator="2"/></listOfReactants>
<listOfProducts><speciesReference species="Q"/></listOfProducts>
<kineticLaw formula="c * k * k2 * pow(S, 2)"><listOfParameters><parameter name="k2" value="0.7"/></listOfParameters>
</kineticLaw></reaction></listOfReactions>
</model>
</sbml>
"""
"""Level 1, whose formulas are text."""

_PUBLIC = (
    *("00025", "00070", "00185", "00533", "00934", "00992", "00938", "00976", "01127", "01253"),
    *("BIOMD0000000136", "BIOMD0000000274", "BIOMD0000000004", "BIOMD0000000403"),
)
"""Functions, assigned and computed stoichiometries, initial assignments, algebraic rules, events with priorities,
delays, conversion factors, models of models, rates; and models of the literature."""


def own() -> dict[str, str]:
    """Documents that every checkout has, by name."""
    return {"gene": GENE, "old": OLD, "elowitz2000": (ROOT / "models" / "elowitz2000.xml").read_text()}


def public() -> dict[str, str]:
    """Documents of the SBML Test Suite and of BioModels by name; none where SBMLGRN_DATA is not set."""
    data = os.environ.get("SBMLGRN_DATA")
    if not data:
        return {}
    documents = {}
    for name in _PUBLIC:
        path = Path(data) / "biomodels" / f"{name}.xml"
        if not name.startswith("BIOMD"):
            candidates = sorted((Path(data) / "sbml-test-suite" / "semantic" / name).glob("*-sbml-*.xml"))
            path = candidates[-1]
        documents[name] = path.read_text(encoding="utf-8")
    return documents
