"""load → save keeps a document, and one changed value is the one difference: on every public document."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner
from sbmlgrn.network import Compartment, Network, diff
from sbmlgrn.sbml import NotInPlaceError, Severity, load, read, write

from .canonical import canonical, differences

VERSIONS = ("l1v2", "l2v1", "l2v2", "l2v3", "l2v4", "l2v5", "l3v1", "l3v2")
SEED = 20240607
NOT_IN_LEVEL_3_VERSION_2 = ("is fast, which", "is a formula; in Level 3", "[sbml-21173]")
"""What a network of another Level may hold that a new document cannot: the last is a local parameter that hides a
species of its reaction."""

REFUSED = re.compile(r"unsupported-(package-qual|package-distrib|math)|comp-flattening|not-sbml|sbml-1010[23]")
"""Codes of the reasons for which documents are refused."""

VALUE_ATTRIBUTES = {"value", "size", "volume", "initialAmount", "initialConcentration", "stoichiometry"}


def documents(data: Path, group: str) -> list[Path]:
    """BioModels, or the documents of one Level and Version in the SBML Test Suite, those beside them included."""
    if group == "biomodels":
        return sorted((data / group).glob("*.xml"))
    suite = data / "sbml-test-suite"
    return sorted(
        p for p in suite.glob("*/*/*.xml") if group in p.name and p.read_bytes().lstrip().startswith(b"<?xml")
    )


def one_change(network: Network, chance: random.Random) -> tuple[str, Network] | None:
    """A name and the network with another value for it; ``None`` if no value can be changed."""
    names = list(network.by_id)
    for name in chance.sample(names, len(names)):
        element = network.by_id[name]
        if isinstance(element, Compartment) and element.spatial_dimensions == 0:
            continue  # a point has no size
        try:
            value = network.value(name)
            # the next number but a few thousand: bounds of one value by another still hold
            changed = value * (1 + 1e-12) if value and math.isfinite(value) else 0.3
            return name, network.with_values({name: changed})
        except ValueError:  # it has no value of its own, or a formula determines it
            continue
    return None


def check_one_change(path: Path, network: Network, chance: random.Random) -> str | None:
    """Why changing one value of the document changes anything else; ``None`` if it does not."""
    chosen = one_change(network, chance)
    if chosen is None:
        return None
    name, changed = chosen
    try:
        text = write(changed)
    except NotInPlaceError as error:
        return None if "__" in name or "of one definition" in str(error) else str(error)
    except ValueError as error:
        return f"{name}: {error}"
    found = differences(canonical(path.read_bytes()), canonical(text))
    value = changed.value(name)
    if len(found) != 1 or found[0][0].rpartition("/@")[2] not in VALUE_ATTRIBUTES or float(found[0][2] or 0) != value:
        return f"{name} = {value}: {found[:5]}"
    return None


def check(path: Path, network: Network, chance: random.Random) -> object:
    """What goes wrong when the document is saved, changed, or made anew from the network alone; false if nothing."""
    lost = differences(canonical(path.read_bytes()), canonical(write(network)))
    return lost[:5] or check_one_change(path, network, chance) or check_anew(network)


def check_anew(network: Network) -> object:
    """Differences of the network after it was written without its document."""
    try:
        text = write(replace(network, source=None, flat_source=None, folder=None))
    except ValueError as error:
        return None if any(reason in str(error) for reason in NOT_IN_LEVEL_3_VERSION_2) else str(error)
    changes = diff(network, load(text))
    return [c for c in changes if (c.element, c.attribute) not in (("model", "level"), ("model", "version"))]


def test_a_sample_of_documents(data: Path) -> None:
    chance = random.Random(SEED)
    paths = chance.sample([p for g in (*VERSIONS, "biomodels") for p in documents(data, g)], 60)
    networks = {p: network for p in paths if (network := read(p).network) is not None}
    wrong = {p.name: reason for p, network in networks.items() if (reason := check(p, network, chance))}
    assert not wrong, wrong
    assert len(networks) >= 50


@pytest.mark.conformance
@pytest.mark.parametrize("group", [*VERSIONS, "biomodels"])
def test_every_document(data: Path, group: str) -> None:
    chance = random.Random(SEED)
    wrong: dict[str, object] = {}
    compared = 0
    for path in documents(data, group):
        result = read(path)
        if result.network is not None:
            compared += 1
            reason = check(path, result.network, chance)
        else:
            reason = [str(i) for i in result.issues if i.severity is Severity.ERROR and not REFUSED.match(i.code)]
        if reason:
            wrong[path.name] = reason
    print(f"{group}: {compared} documents, {len(wrong)} differ")
    assert not wrong, wrong
    assert compared >= 190


def courses(document: str, names: list[str], t: np.ndarray) -> dict[str, np.ndarray]:
    return simulate_in_roadrunner(document, t, names, rtol=1e-8, atol=1e-12)[0]


def check_simulation(path: Path, network: Network) -> str | None:
    """What differs when libRoadRunner simulates the document as it was, and as it was saved.

    Raises:
        CrosscheckError: libRoadRunner cannot simulate the document.
    """
    names = [s.id for s in network.species] + [p.id for p in network.parameters]
    t = np.linspace(0.0, 10.0, 11)
    before = courses(path.read_text(), names, t)
    name, changed = one_change(network, random.Random(SEED)) or (None, network)
    again = load(write(changed)).with_values({name: network.value(name)}) if name else network  # type: ignore[dict-item]
    for document in (write(network), write(again)):
        after = courses(document, names, t)
        wrong = [n for n in names if not np.array_equal(before[n], after[n], equal_nan=True)]
        if wrong:
            return f"{path.name}: {wrong[:5]}"
    return None


def simulated(paths: list[Path], wanted: int) -> list[str | None]:
    """The verdict of `check_simulation` on the first `wanted` of the documents that libRoadRunner simulates."""
    verdicts: list[str | None] = []
    for path in paths:
        network = read(path).network
        if network is None or network.folder != path.parent or "externalModelDefinition" in (network.source or ""):
            continue
        try:
            verdicts.append(check_simulation(path, network))
        except CrosscheckError:
            continue
        if len(verdicts) == wanted:
            break
    return verdicts


def test_simulations_of_a_sample_are_identical(data: Path) -> None:
    verdicts = simulated(documents(data, "l3v1")[::60], 10) + simulated(documents(data, "biomodels")[3::20], 5)
    assert verdicts == [None] * 15


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("group", "step", "wanted"),
    [("biomodels", 3, 80), ("l3v2", 8, 100), ("l2v4", 20, 30), ("l1v2", 6, 20)],
)
def test_simulations_are_identical(data: Path, group: str, step: int, wanted: int) -> None:
    assert simulated(documents(data, group)[::step], wanted) == [None] * wanted
