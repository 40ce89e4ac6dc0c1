"""What runners share that search for values of parameters: reading bounds, telling progress, leaving the new model."""

from __future__ import annotations

from typing import Any

from sbmlgrn.fit import FreeParameter, OnProgress, Progress
from sbmlgrn.network import Network
from sbmlgrn.sbml import NotInPlaceError, flattened, write
from sbmlgrn_server.runners.reading import describe
from sbmlgrn_server.worker import JobContext


def free_parameter(entry: dict[str, Any]) -> FreeParameter:
    """The FreeParameter of the library for one of the contract."""
    return FreeParameter(
        entry["id"],
        float(entry.get("lower", 0.0)),
        float(entry.get("upper", 0.0)),
        "linear" if entry.get("scale") == "PARAMETER_SCALE_LINEAR" else "log",
    )


def reporter(context: JobContext) -> OnProgress:
    """What tells the server of an optimiser's progress."""

    def report(progress: Progress) -> None:
        context.progress(
            progress.stage,
            iteration=progress.iteration,
            total=progress.total,
            loss=float(progress.loss),
            metrics={name: float(value) for name, value in progress.metrics.items()},
            values={name: float(value) for name, value in progress.values.items()},
        )

    return report


def leave_model(context: JobContext, network: Network, display_name: str) -> dict[str, Any]:
    """Leaves a network's document in `result.xml`; returns the fields of its Model."""
    try:
        document = write(network).encode()
    except NotInPlaceError as error:
        context.log("warning", f"the result is one flat model: {error}")
        document = write(flattened(network)).encode()
    (context.directory / "result.xml").write_bytes(document)
    return describe(network, document) | {"display_name": display_name}
