"""Conversions between Levels and Versions and to Antimony: the same model, or a refusal that says why."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner
from sbmlgrn.network import Network
from sbmlgrn.sbml import SBMLError, Severity, flattened, read, write
from sbmlgrn.sbml.convert import VERSIONS, Conversion, convert, to_antimony

TARGETS = (*VERSIONS, "Antimony")
GRID = np.linspace(0.0, 10.0, 11)
SEED = 20240711
AGREEMENT = 1e-9
NOISE = 1e-6
"""What the order of reactions can change in libRoadRunner; smaller differences are looked at once more, at 1e-12."""


def sample(data: Path, models: int, cases: int) -> list[Path]:
    chance = random.Random(SEED)
    suite = sorted((data / "sbml-test-suite").glob("semantic/*/*-sbml-l*.xml"))
    return chance.sample(sorted((data / "biomodels").glob("*.xml")), models) + chance.sample(suite, cases)


def names_of(network: Network) -> set[str]:
    return {e.id for e in (*network.species, *network.compartments, *network.parameters)}


Course = dict[str, np.ndarray]


def course(network: Network, names: list[str]) -> Course | None:
    """Values over time, in libRoadRunner if it takes the model, else here; ``None`` where neither does."""
    try:
        return simulate_in_roadrunner(write(flattened(network)), GRID, names, rtol=1e-10, atol=1e-14)[0]
    except CrosscheckError:
        return own_course(network, names, rtol=1e-10)


def own_course(network: Network, names: list[str], rtol: float) -> Course | None:
    """Values over time, simulated here; ``None`` where that fails."""
    try:
        solution = sg.simulate(sg.compile(network), GRID, rtol=rtol, atol=1e-4 * rtol)
    except ValueError:
        return None
    if not solution.success:
        return None
    frame = solution.to_dataframe(names)
    return {n: frame[n].to_numpy() for n in names}


def off(before: np.ndarray, after: np.ndarray) -> float:
    """Largest difference, relative to the largest value or 1e-3."""
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    scale = max(float(np.nanmax(np.abs(before), initial=0.0)), 1e-3)
    return float(np.nan_to_num(np.where(same, 0.0, np.abs(before - after) / scale), nan=np.inf).max())


def converted(network: Network, target: tuple[int, int] | str) -> Conversion:
    return to_antimony(network) if isinstance(target, str) else convert(network, *target)


def check(network: Network, target: tuple[int, int] | str, before: Course | None, counts: Counter[str]) -> str | None:
    """What is wrong with a conversion; ``None`` if it is the same model or was refused with a reason."""
    try:
        result = converted(network, target)
    except SBMLError as error:
        counts["refused"] += 1
        reasons = [i for i in error.issues if i.severity is Severity.ERROR]
        return None if reasons and all(i.message and i.code for i in reasons) else f"refused without a reason: {error}"
    if any(i.severity is Severity.ERROR or not i.hint for i in result.issues):
        return "a result although the issues say that there is none"
    names = sorted(names_of(network) & names_of(result.network))
    after = None if before is None else course(result.network, names)
    if before is None or after is None:
        counts["not simulated" if before is None else "lost simulation"] += 1
        return None if before is None else "cannot be simulated any more"
    counts["same"] += 1
    worst = max(((off(before[n], after[n]), n) for n in names), default=(0.0, ""))
    if AGREEMENT < worst[0] < NOISE:
        tight = [own_course(which, names, rtol=1e-12) for which in (network, result.network)]
        if tight[0] is not None and tight[1] is not None:
            worst = max(((off(tight[0][n], tight[1][n]), n) for n in names), default=(0.0, ""))
    return None if worst[0] <= AGREEMENT else f"{worst[1]} differs by {worst[0]:.1e}"


def verdicts(paths: list[Path]) -> tuple[Counter[str], dict[str, str]]:
    counts: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for path in paths:
        network = read(path).network
        if network is None:
            continue
        before = course(network, sorted(names_of(network)))
        for target in TARGETS:
            told = check(network, target, before, counts)
            if told is not None:
                wrong[f"{path.name} → {target}"] = told
    return counts, wrong


def test_a_sample_of_conversions(data: Path) -> None:
    counts, wrong = verdicts(sample(data, 1, 6))
    assert not wrong, wrong
    assert counts["same"] >= 25


@pytest.mark.conformance
@pytest.mark.parametrize("part", range(4))
def test_conversions(data: Path, part: int) -> None:
    counts, wrong = verdicts(sample(data, 30, 150)[part::4])
    print(dict(counts))
    assert not wrong, wrong
    assert counts["same"] >= 200
