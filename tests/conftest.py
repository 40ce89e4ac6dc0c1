"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

# The workers of pytest share the cores: threads of their own would be in each other's way. Set before torch's import.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def elowitz() -> Path:
    """The repressilator, models/elowitz2000.xml."""
    return ROOT / "models" / "elowitz2000.xml"


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of public data, named by the environment variable SBMLGRN_DATA."""
    folder = os.environ.get("SBMLGRN_DATA")
    if not folder:
        pytest.skip("SBMLGRN_DATA does not name the folder of public data (sbml-test-suite, biomodels)")
    return Path(folder)
