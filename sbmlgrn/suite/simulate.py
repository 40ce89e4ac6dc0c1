"""A case → its results."""

from __future__ import annotations

from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sbmlgrn.suite.case import Case, Settings
from sbmlgrn.suite.results import Results

if TYPE_CHECKING:
    from sbmlgrn.network import Network
    from sbmlgrn.ode import Solution
    from sbmlgrn.sbml import SBMLError

_RTOL: Final = 1e-10
_ATOL: Final = 1e-14
_ATOL_OF_ABSOLUTE: Final = 1e-6
"""Solvers get an absolute tolerance at most this fraction of the rule's."""
_MAX_STEPS: Final = 10_000_000
"""Some cases have ten thousand events and more; what bounds a case is the time it may take."""


class DeclinedError(ValueError):
    """The case needs what is not supported."""


class SimulationError(ValueError):
    """The simulation of a case did not reach its end."""


def run_case(case: Case, document: Path | None = None) -> Results:
    """Simulates a case, or balances its fluxes.

    Args:
        case: what to simulate.
        document: one of its documents; the newest if not given.

    Returns:
        Its variables as its settings ask for them, at ``steps + 1`` times or in one row.

    Raises:
        DeclinedError: the case needs what is not supported.
        SBMLError: the document is refused as invalid.
        ValueError: the network has no equations, or no such variable.
        SimulationError: the solver did not reach the end.
    """
    import torch

    import sbmlgrn as sg
    from sbmlgrn.lower import RandomValueError

    network = loaded(case, document)
    settings = case.settings
    if case.is_flux_balance:
        return _balanced(network, settings)
    times = settings.times()
    # A model starts at 0, whenever its report does.
    grid = times if settings.start == 0 else np.concatenate([[0.0], times])
    atol = min(_ATOL, _ATOL_OF_ABSOLUTE * settings.absolute) or _ATOL
    model = sg.compile(network)
    with torch.no_grad():
        try:
            solution = sg.simulate(model, grid, rtol=_RTOL, atol=atol, max_steps=_MAX_STEPS)
        except RandomValueError as error:
            raise DeclinedError(str(error)) from None
        if not solution.success:
            raise SimulationError(solution.status[0].message)
        values = [_reported(solution, network, settings, name) for name in settings.variables]
    columns = np.stack(values, axis=-1)
    return Results(settings.variables, columns[len(grid) - len(times) :], times)


def loaded(case: Case, document: Path | None) -> Network:
    """The network of one of a case's documents; of the newest if not given.

    Raises:
        DeclinedError: it needs what is not supported.
        SBMLError: it is refused as invalid.
    """
    import sbmlgrn as sg
    from sbmlgrn.sbml import SBMLError

    try:
        return sg.load(case.document("newest") if document is None else document)
    except SBMLError as error:
        raise _declined(error) from None


def _balanced(network: Network, settings: Settings) -> Results:
    """Fluxes by reaction, and values by objective; NaN throughout where no fluxes satisfy the bounds."""
    from sbmlgrn.flux import InfeasibleError, balance_fluxes

    try:
        solution = balance_fluxes(network)
        known = {**solution.fluxes, **solution.objectives}
    except InfeasibleError:
        objectives = network.flux_balance.objectives if network.flux_balance else ()
        known = dict.fromkeys([x.id for x in (*network.reactions, *objectives)], nan)
    unknown = [name for name in settings.variables if name not in known]
    if unknown:
        raise ValueError(f"the model has no reaction and no objective {unknown[0]!r}")
    return Results(settings.variables, np.array([[known[name] for name in settings.variables]]))


def _declined(error: SBMLError) -> DeclinedError | SBMLError:
    unsupported = [issue for issue in error.issues if issue.code.startswith("unsupported")]
    return DeclinedError(unsupported[0].message.removesuffix(" is not supported yet")) if unsupported else error


def _reported(solution: Solution, network: Network, settings: Settings, name: str) -> np.ndarray:
    is_species = any(species.id == name for species in network.species)
    if is_species and name in settings.amount:
        values = solution.amount(name)
    elif is_species and name in settings.concentration:
        values = solution.concentration(name)
    else:
        values = solution[name]
    return values.expand(solution.t.shape).numpy()
