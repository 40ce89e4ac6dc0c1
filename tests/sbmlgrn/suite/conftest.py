from __future__ import annotations

from pathlib import Path

import pytest

from sbmlgrn.suite.results import write_results

from .tiny import DECAY_L2, DECAY_L3, HANGS, QUAL, decayed, description, fluxes, settings


def add(root: Path, name: str, documents: dict[str, str], settings: str, tags: str = "") -> Path:
    """Puts a case into a folder of cases."""
    folder = root / name
    folder.mkdir(parents=True)
    for level_version, text in documents.items():
        (folder / f"{name}-sbml-{level_version}.xml").write_text(text)
    (folder / f"{name}-settings.txt").write_text(settings)
    (folder / f"{name}-model.m").write_text(description(tags))
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A suite of four cases: 00001 passes, 00002 is wrong, 00004 is declined, and 00010 asks for fluxes and passes."""
    root = tmp_path / "semantic"
    asked = settings("S, V, k", amount="S")
    first = add(root, "00001", {"l3v2": DECAY_L3, "l2v4": DECAY_L2}, asked, "Reaction, Species")
    write_results(decayed(rate=0.5), first / "00001-results.csv")
    second = add(root, "00002", {"l3v2": DECAY_L3}, asked, "Reaction, HalfLife")
    write_results(decayed(rate=0.6), second / "00002-results.csv")
    third = add(root, "00004", {"l3v2": QUAL}, asked, "qual:Transition")
    write_results(decayed(rate=0.5), third / "00004-results.csv")
    asked = "variables: R1, O\nstart:\nduration:\nsteps:\nabsolute: 1e-3\nrelative: 1e-3\n"
    fourth = add(root, "00010", {"l3v2": fluxes(high=5)}, asked, "Reaction, fbc:Objective")
    (fourth / "00010-results.csv").write_text("R1,O\n5,7.5\n")
    return root


@pytest.fixture
def hanging(tiny: Path) -> Path:
    """The tiny suite, and between its cases 00003, which would take more than 1e11 events."""
    asked = settings("S", duration=1e6)
    add(tiny, "00003", {"l3v2": HANGS}, asked, "Endless")
    return tiny
