"""Fits of BioModels to data simulated from them, whose parameters are thereby known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import sbmlgrn as sg
from sbmlgrn.calibrate import TimeCourseProblem
from sbmlgrn.crosscheck import simulate_in_roadrunner
from sbmlgrn.sbml import load
from tests.conformance.biomodels import folder


@dataclass(frozen=True)
class Experiment:
    """Which model, and what is measured of it.

    Attributes:
        number: of the BioModel.
        kind: what is special about it.
        times: of the measurements.
        measured: symbols; all others are unobserved.
        parameters: what is fitted; all others keep their values.
        span: by what each may be divided and multiplied.
        noise: standard deviation, relative to the largest value of a symbol.
    """

    number: int
    kind: str
    times: np.ndarray
    measured: tuple[str, ...]
    parameters: tuple[str, ...]
    span: float = 10.0
    noise: float = 0.03

    @property
    def path(self) -> Path:
        """The model's document."""
        return folder() / f"BIOMD{self.number:010d}.xml"


EXPERIMENTS = (
    Experiment(
        4,
        "oscillating",
        np.linspace(0, 60, 61),
        ("C", "M", "X"),
        ("VM1", "VM3", "Kc", "reaction1.vi", "reaction3.vd", "reaction5.V2", "reaction7.V4"),
        span=3.0,
    ),
    Experiment(
        40,
        "stiff and oscillating",
        np.linspace(0, 60, 61),
        ("Br", "Ce"),
        ("Reaction1.k1", "Reaction5.k5", "f"),
        span=3.0,
    ),
    Experiment(
        121,
        "events, piecewise voltages",
        np.linspace(0, 20, 81),
        ("c3", "c1", "o"),
        ("ain", "bin", "c3"),
    ),
    Experiment(
        271,
        "signalling, most of it unobserved",
        np.linspace(0, 300, 31),
        ("Epo_medium", "Epo_EpoR", "Epo_cells"),
        ("kt", "kon", "ke", "kex", "kdi", "kde"),
    ),
    Experiment(283, "stiff enzyme kinetics", np.linspace(0, 5, 26), ("Q", "P"), ("X", "E", "K3")),
)


def truth(experiment: Experiment) -> dict[str, float]:
    """The values of the model."""
    network = load(experiment.path)
    return {name: float(network.value(name) or 0.0) for name in experiment.parameters}


def course(experiment: Experiment) -> pd.DataFrame:
    """The noiseless course, by libRoadRunner."""
    found, _ = simulate_in_roadrunner(experiment.path.read_text(), experiment.times, experiment.measured)
    return pd.DataFrame(found, index=pd.Index(experiment.times, name="time"))


def problem(
    experiment: Experiment, clean: pd.DataFrame, seed: int, moved: bool = True, known_noise: bool = False
) -> TimeCourseProblem:
    """Noisy measurements, and the model with other values to start from, unless it is not `moved`."""
    rng = np.random.default_rng(seed)
    sizes = experiment.noise * clean.abs().max().to_numpy()
    data = (clean + sizes * rng.normal(size=clean.shape)).reset_index()
    values = truth(experiment)
    bounds = {name: (value / experiment.span, value * experiment.span) for name, value in values.items()}
    network = load(experiment.path)
    if moved:
        shift = rng.uniform(-0.5, 0.5, len(values)) * np.log(experiment.span)
        network = network.with_values(
            {n: v * float(np.exp(s)) for (n, v), s in zip(values.items(), shift, strict=True)}
        )
    sigma = dict(zip(clean.columns, sizes.tolist(), strict=True)) if known_noise else None
    return sg.time_courses(network, data, free=experiment.parameters, bounds=bounds, sigma=sigma, rtol=1e-7)
