"""Documents and results for suites as small as they can be."""

from __future__ import annotations

import numpy as np

from sbmlgrn.suite import Results

_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
_SPECIES = 'compartment="V" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"'


def _level_3(inside: str, attributes: str = "") -> str:
    return (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"'
        f'{attributes}><model id="m">{inside}</model></sbml>'
    )


_LAW = f"<kineticLaw>{_MATH}<apply><times/><ci>k</ci><ci>S</ci><ci>V</ci></apply></math></kineticLaw>"
_SIZES = (
    '<listOfCompartments><compartment id="V" spatialDimensions="3" size="2" constant="true"/></listOfCompartments>'
    f'<listOfSpecies><species id="S" initialConcentration="4" {_SPECIES}/></listOfSpecies>'
    '<listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>'
)
DECAY_L3 = _level_3(
    f'{_SIZES}<listOfReactions><reaction id="R1" reversible="false"><listOfReactants>'
    f'<speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>{_LAW}</reaction>'
    "</listOfReactions>"
)
DECAY_L2 = (
    '<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="m">'
    f'{_SIZES}<listOfReactions><reaction id="R1" reversible="false"><listOfReactants>'
    f'<speciesReference species="S"/></listOfReactants>{_LAW}</reaction></listOfReactions></model></sbml>'
)
"""S decays from an amount of 8 in a volume of 2."""

_FLUXES = (
    '<listOfParameters><parameter id="low" value="0" constant="true"/><parameter id="high" value="{}" constant="true"/>'
    '</listOfParameters><listOfReactions><reaction id="R1" reversible="false" fbc:lowerFluxBound="low" '
    'fbc:upperFluxBound="high"><listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/>'
    '</listOfReactants></reaction><reaction id="R2" reversible="false" fbc:lowerFluxBound="low" '
    'fbc:upperFluxBound="high"><listOfProducts><speciesReference species="S" stoichiometry="2" constant="true"/>'
    '</listOfProducts></reaction></listOfReactions><fbc:listOfObjectives fbc:activeObjective="O"><fbc:objective '
    'fbc:id="O" fbc:type="maximize"><fbc:listOfFluxObjectives><fbc:fluxObjective fbc:reaction="R2" '
    'fbc:coefficient="3"/></fbc:listOfFluxObjectives></fbc:objective></fbc:listOfObjectives>'
)
_FBC = ' xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" fbc:required="false"'


def fluxes(high: float) -> str:
    """S is made in twos by R2 and consumed by R1, neither of which runs faster than `high`; O is 3 R2."""
    inside = _SIZES.partition("<listOfParameters>")[0] + _FLUXES.format(high)
    return _level_3(inside, _FBC).replace('<model id="m">', '<model id="m" fbc:strict="false">')


QUAL = _level_3("", ' xmlns:qual="http://www.sbml.org/sbml/level3/version1/qual/version1" qual:required="true"')
"""Needs a package that has no time courses."""

_COSINE = (
    "<apply><cos/><apply><times/><cn>1e6</cn>"
    '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol></apply></apply>'
)
HANGS = _level_3(
    f'{_SIZES}<listOfRules><rateRule variable="S">{_MATH}{_COSINE}</math></rateRule></listOfRules>'
    '<listOfEvents><event id="E" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
    f"{_MATH}<apply><gt/>{_COSINE}<cn>0</cn></apply></math></trigger><listOfEventAssignments>"
    f'<eventAssignment variable="S">{_MATH}<cn>1</cn></math></eventAssignment></listOfEventAssignments></event>'
    "</listOfEvents>"
)
"""An event every few millionths."""


def settings(variables: str, amount: str = "", concentration: str = "", duration: float = 4, start: float = 0) -> str:
    return (
        f"start: {start:g}\nduration: {duration:g}\nsteps: 8\nvariables: {variables}\nabsolute: 1e-6\nrelative: 1e-4\n"
        f"amount: {amount}\nconcentration: {concentration}\n\n"
    )


def description(tags: str) -> str:
    return f"(*\n\ncategory: Test\nsynopsis: S decays:\n  slowly\ncomponentTags: {tags}\ntestTags: Amount\n\n*)\n"


def decayed(rate: float) -> Results:
    """The exact solution of the decay, as a case with variables S (an amount), V and k expects it."""
    time = np.linspace(0, 4, 9)
    return Results(("S", "V", "k"), np.stack([8 * np.exp(-rate * time), 0 * time + 2, 0 * time + 0.5], 1), time)
