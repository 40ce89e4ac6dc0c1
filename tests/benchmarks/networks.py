"""Reaction networks of any size, made by us: closed, so that amounts stay bounded, with rates over two decades."""

from __future__ import annotations

from typing import Final

import numpy as np

_SBML: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="network_{n}_{m}">
<listOfCompartments><compartment id="c" spatialDimensions="3" size="1" constant="true"/></listOfCompartments>
<listOfSpecies>
{species}
</listOfSpecies>
<listOfParameters>
{parameters}
</listOfParameters>
<listOfReactions>
{reactions}
</listOfReactions>
</model>
</sbml>
"""


def network(states: int, reactions: int, seed: int = 1) -> str:
    """SBML text of a network of conversions, saturated ones (Michaelis–Menten), bindings and dissociations.

    Rate constants spread over two decades. The first reactions join all species into one cycle.

    Args:
        states: number of species, at least 3.
        reactions: number of reactions, at least `states`.
        seed: of the generator.
    """
    draw = np.random.default_rng(seed)
    species = [
        f'<species id="S{i}" compartment="c" initialConcentration="{draw.uniform(0.5, 2.0):.6g}" substanceUnits="mole" '
        'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>'
        for i in range(states)
    ]
    parameters, listed = [], []
    for j in range(reactions):
        a, b, c = (int(i) for i in draw.choice(states, 3, replace=False))
        kind = draw.choice(["conversion", "saturated", "binding", "dissociation"], p=[0.4, 0.3, 0.15, 0.15])
        if j < states:
            kind, a, b = "conversion", j, (j + 1) % states
        k = 10 ** draw.uniform(-1.5, 0.5)
        parameters.append(f'<parameter id="k{j}" value="{k:.6g}" constant="true"/>')
        law = f"<ci>k{j}</ci><ci>S{a}</ci>"
        reactants, products = [a], [b]
        if kind == "saturated":
            parameters.append(f'<parameter id="K{j}" value="{10 ** draw.uniform(-1, 0.5):.6g}" constant="true"/>')
            law = (
                f"<apply><divide/><apply><times/>{law}</apply><apply><plus/><ci>K{j}</ci><ci>S{a}</ci></apply></apply>"
            )
            law = f"<ci>c</ci>{law}"
        elif kind == "binding":
            reactants, products, law = [a, b], [c], f"<ci>c</ci>{law}<ci>S{b}</ci>"
        else:
            products = [b, c] if kind == "dissociation" else [b]
            law = f"<ci>c</ci>{law}"
        listed.append(
            f'<reaction id="R{j}" reversible="false"><listOfReactants>{_references(reactants)}</listOfReactants>'
            f"<listOfProducts>{_references(products)}</listOfProducts><kineticLaw>"
            f'<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/>{law}</apply></math>'
            "</kineticLaw></reaction>"
        )
    return _SBML.format(
        n=states, m=reactions, species="\n".join(species), parameters="\n".join(parameters), reactions="\n".join(listed)
    )


def _references(species: list[int]) -> str:
    return "".join(f'<speciesReference species="S{i}" stoichiometry="1" constant="true"/>' for i in species)
