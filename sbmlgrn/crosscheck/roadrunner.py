"""The same simulation in libRoadRunner, compared point by point.

Source: Somogyi et al. 2015, Bioinformatics 31:3315 (libRoadRunner); its integrator is CVODE.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sbmlgrn.api import compile
from sbmlgrn.network import Network
from sbmlgrn.ode import simulate
from sbmlgrn.sbml import flattened, write

if TYPE_CHECKING:
    import pandas as pd

_FLOOR = 1e-6
"""Fraction of a variable's largest magnitude below which differences are relative to that magnitude."""


class CrosscheckError(RuntimeError):
    """One of the two simulations could not be done."""


@dataclass(frozen=True)
class Agreement:
    """Worst differences of one variable over the grid.

    Attributes:
        absolute: largest ``|ours − theirs|``, in the variable's unit.
        relative: largest ``|ours − theirs| / max(|theirs|, 1e-6 max|theirs|)``.
        time: where the relative difference is largest.
    """

    absolute: float
    relative: float
    time: float


@dataclass(frozen=True)
class CrosscheckReport:
    """Agreement of a simulation with libRoadRunner's.

    Attributes:
        variables: by symbol; every species, and whatever else is a state.
        t: the grid ``[time]``.
        ours: values by symbol ``[time]``.
        theirs: libRoadRunner's values by symbol ``[time]``.
        versions: of the two simulators.
    """

    variables: Mapping[str, Agreement]
    t: np.ndarray
    ours: Mapping[str, np.ndarray]
    theirs: Mapping[str, np.ndarray]
    versions: Mapping[str, str]

    @property
    def worst_relative(self) -> float:
        """Largest relative difference of any variable; 0 if there is none to compare."""
        return max((a.relative for a in self.variables.values()), default=0.0)

    @property
    def worst_absolute(self) -> float:
        """Largest absolute difference of any variable."""
        return max((a.absolute for a in self.variables.values()), default=0.0)

    def agrees(self, tolerance: float = 1e-4) -> bool:
        """Whether every relative difference is at most `tolerance`."""
        return self.worst_relative <= tolerance

    def to_dataframe(self) -> pd.DataFrame:
        """One row per variable, the worst first."""
        import pandas as pd

        rows = {name: vars(a) for name, a in self.variables.items()}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["absolute", "relative", "time"])
        return table.rename_axis("variable").sort_values("relative", ascending=False)


def crosscheck(
    network: Network, t: np.ndarray | torch.Tensor | Sequence[float], *, rtol: float = 1e-9, atol: float = 1e-12
) -> CrosscheckReport:
    """Simulates `network` here and in libRoadRunner, and compares every species and state at every time.

    Args:
        network: what to simulate; libRoadRunner gets it as SBML text.
        t: strictly increasing time grid ``[time]``.
        rtol, atol: tolerances of both simulators.

    Raises:
        CrosscheckError: libRoadRunner refuses the model, or one of the simulations fails.
        ValueError: the grid is not as described.
    """
    model = compile(network)
    with torch.no_grad():
        solution = simulate(model, t, rtol=rtol, atol=atol)
    if not solution.success:
        raise CrosscheckError(f"our simulation failed: {solution.status[0].message}")
    names = solution.default_ids()
    grid = solution.t.cpu().numpy()
    frame = solution.to_dataframe(names)
    theirs, version = simulate_in_roadrunner(write(flattened(network)), grid, names, rtol=rtol, atol=atol)
    ours = {name: frame[name].to_numpy() for name in names}
    return CrosscheckReport(
        variables={name: _compare(ours[name], theirs[name], grid) for name in names},
        t=grid,
        ours=ours,
        theirs=theirs,
        versions={"libroadrunner": version, "torch": torch.__version__},
    )


def simulate_in_roadrunner(
    document: str,
    t: np.ndarray,
    names: Sequence[str],
    *,
    amounts: Collection[str] = (),
    concentrations: Collection[str] = (),
    rtol: float = 1e-9,
    atol: float = 1e-12,
) -> tuple[dict[str, np.ndarray], str]:
    """Simulates an SBML document in libRoadRunner.

    Args:
        document: SBML text, or the path of a document that refers to others.
        t: increasing time grid ``[time]`` that starts where the model starts.
        names: the symbols to report, each as its own mathematics reads it.
        amounts, concentrations: the species among them to report as these.
        rtol, atol: CVODE's tolerances.

    Returns:
        Values ``[time]`` by symbol, and libRoadRunner's version.

    Raises:
        CrosscheckError: libRoadRunner refuses the document or fails on the way.
    """
    import roadrunner

    try:
        runner = roadrunner.RoadRunner(document)
        runner.integrator.setValue("relative_tolerance", rtol)
        runner.integrator.setValue("absolute_tolerance", atol)
        runner.integrator.setValue("maximum_num_steps", 1_000_000)
        values = _run(runner, t, _selections(runner, names, amounts, concentrations))
    except RuntimeError as error:
        raise CrosscheckError(f"libRoadRunner: {' '.join(str(error).split())}") from error
    return {name: values[:, i] for i, name in enumerate(names)}, roadrunner.__version__


def _selections(
    runner: Any, names: Sequence[str], amounts: Collection[str], concentrations: Collection[str]
) -> list[str]:
    species = {*runner.model.getFloatingSpeciesIds(), *runner.model.getBoundarySpeciesIds()}
    substance = set(_substance_only(runner)) - set(concentrations) | set(amounts) if species else set()
    return [f"[{n}]" if n in species and n not in substance else n for n in names]


def _run(runner: Any, t: np.ndarray, selections: Sequence[str]) -> np.ndarray:
    runner.timeCourseSelections = list(selections)
    if len(t) == 1:
        return np.array([[runner.getValue(s) for s in runner.timeCourseSelections]])
    return np.array(runner.simulate(times=list(map(float, t))))


def _substance_only(runner: Any) -> list[str]:
    import libsbml

    model = libsbml.readSBMLFromString(runner.getSBML()).getModel()
    all_species = (model.getSpecies(i) for i in range(model.getNumSpecies()))
    return [s.getId() for s in all_species if s.getHasOnlySubstanceUnits()]


def _compare(ours: np.ndarray, theirs: np.ndarray, t: np.ndarray) -> Agreement:
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    difference = np.where(same, 0.0, np.abs(ours - theirs))
    finite = np.abs(theirs[np.isfinite(theirs)])
    scale = np.maximum(np.abs(theirs), _FLOOR * (finite.max() if len(finite) else 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(difference == 0, 0.0, difference / scale)
    relative = np.where(np.isnan(relative), np.inf, relative)
    worst = int(relative.argmax())
    return Agreement(float(np.nan_to_num(difference, nan=np.inf).max()), float(relative[worst]), float(t[worst]))
