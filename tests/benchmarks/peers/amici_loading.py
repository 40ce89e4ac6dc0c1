"""From an SBML document to the first trajectory in AMICI, its compiler and all."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import amici
import numpy as np
from amici.importers.sbml import SbmlImporter
from amici.sim.sundials import run_simulation
from common import serve


def main(request: dict[str, Any]) -> dict[str, Any]:
    os.environ.setdefault("AMICI_PARALLEL_COMPILE", str(len(os.sched_getaffinity(0))))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        name = f"{Path(request['document']).stem.lower()}_peer"
        SbmlImporter(request["document"]).sbml2amici(name, folder, generate_sensitivity_code=False)
        model = amici.import_model_module(name, folder).get_model()
        model.set_timepoints(np.linspace(0.0, 100.0, 11))
        result = run_simulation(model, model.create_solver())
        seconds = time.perf_counter() - began
    if result.status != 0:
        raise RuntimeError(f"AMICI's status is {result.status}")
    return {"seconds": seconds}


serve(main, "amici")
