"""The BioModels that use only supported features, and libRoadRunner's view of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sbmlgrn.network import Network
from sbmlgrn.sbml import read


def folder() -> Path:
    """The folder of BioModels; skips the test without it."""
    root = os.environ.get("SBMLGRN_DATA")
    if not root:
        pytest.skip("set SBMLGRN_DATA to the folder that holds biomodels/ to run this test")
    return Path(root) / "biomodels"


def supported() -> list[tuple[str, Network]]:
    """Name and network of every model that is read without an error."""
    read_all = ((path.stem, read(path).network) for path in sorted(folder().glob("*.xml")))
    return [(name, network) for name, network in read_all if network is not None]
