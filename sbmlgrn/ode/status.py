"""How the integration of one trajectory ended."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Outcome of one trajectory; `message` says what to try."""

    SUCCESS = 0
    MAX_STEPS = 1
    STEP_TOO_SMALL = 2
    NOT_FINITE = 3
    EVENT_CASCADE = 4
    NO_EQUILIBRIUM = 5
    NOT_STEADY = 6

    @property
    def message(self) -> str:
        """What happened, and what helps."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.SUCCESS: "the trajectory reached the end",
    Status.MAX_STEPS: "the solver reached max_steps before the end; the model may be stiff: use method='auto' or "
    "'rodas5p', loosen rtol, or raise max_steps",
    Status.STEP_TOO_SMALL: "the step size fell below what the time can resolve; the solution may blow up, or the "
    "model is stiff: use method='auto' or 'rodas5p', or loosen rtol and atol",
    Status.NOT_FINITE: "the state or its derivative became infinite or NaN; look for a division by zero, an unset "
    "parameter or a blow-up",
    Status.EVENT_CASCADE: "events trigger each other at one moment, or follow each other ever faster, without end; "
    "look for two that undo each other, or for one that triggers itself again sooner each time",
    Status.NO_EQUILIBRIUM: "the fast reactions go on without end at one moment; their kinetic laws must reach 0 as the "
    "reactions proceed",
    Status.NOT_STEADY: "the trajectory did not come to rest at a single point: it oscillates, grows without bound, "
    "moves still after max_steps, or the equations leave open where it rests; simulate it to see",
}
