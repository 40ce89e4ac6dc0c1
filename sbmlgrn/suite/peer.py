"""A case → what libRoadRunner makes of it, for comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from sbmlgrn.suite.case import Case
from sbmlgrn.suite.results import Results
from sbmlgrn.suite.simulate import DeclinedError, SimulationError

_RTOL: Final = 1e-10
_ATOL: Final = 1e-12


def run_case_in_roadrunner(case: Case, document: Path | None = None) -> Results:
    """Simulates a case in libRoadRunner.

    Args:
        case: what to simulate.
        document: one of its documents; the newest if not given.

    Raises:
        DeclinedError: the case asks for fluxes, or libRoadRunner does not support what it needs.
        SimulationError: libRoadRunner does not load the document, or does not reach the end.
    """
    import roadrunner

    from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner

    if case.is_flux_balance:
        raise DeclinedError("flux balance")
    settings = case.settings
    times = settings.times()
    grid = times if settings.start == 0 else np.concatenate([[0.0], times])
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    try:
        values, _ = simulate_in_roadrunner(
            str(case.document("newest") if document is None else document),
            grid,
            settings.variables,
            amounts=settings.amount,
            concentrations=settings.concentration,
            rtol=_RTOL,
            atol=_ATOL,
        )
    except CrosscheckError as error:
        refused = "Unable to support" in str(error)
        raise (DeclinedError if refused else SimulationError)(str(error)) from None
    columns = np.stack([values[name] for name in settings.variables], axis=-1)
    return Results(settings.variables, columns[len(grid) - len(times) :], times)
