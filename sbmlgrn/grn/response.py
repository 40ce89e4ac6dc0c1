"""What a circuit does under the conditions of a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sbmlgrn.grn import batch
from sbmlgrn.grn.circuit import Circuit
from sbmlgrn.grn.task import Task


@dataclass(frozen=True, eq=False)
class Response:
    """States over time.

    Attributes:
        t: ends of the steps, from 0 ``[time]``.
        states: ``[condition, time, gene]``.
        supply: the inputs in the step that ends there; at 0, in the first ``[condition, time, input]``.
    """

    t: np.ndarray
    states: np.ndarray
    supply: np.ndarray


def respond(circuit: Circuit, task: Task) -> Response:
    """Runs the circuit under all conditions of the task, in its steps."""
    course = task.course()
    states = batch.paths(course, circuit.theta[None], circuit.kept[None])[0]
    supply = np.concatenate([course.supply[:1], course.supply])
    count = task.conditions
    return Response(
        task.step * np.arange(len(states)),
        states[:, :, :count].transpose(2, 0, 1),
        supply[:, :, :count].transpose(2, 0, 1),
    )
