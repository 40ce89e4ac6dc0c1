"""How one stochastic trajectory ended."""

from __future__ import annotations

from enum import IntEnum


class StochasticStatus(IntEnum):
    """Outcome of one trajectory; `message` says what to try."""

    SUCCESS = 0
    MAX_EVENTS = 1
    BAD_PROPENSITY = 2
    TOO_LARGE = 3
    NOT_WHOLE = 4
    EVENT_CASCADE = 5
    NOT_INTEGRATED = 6
    BELOW_ZERO = 7

    @property
    def message(self) -> str:
        """What happened, and what helps."""
        return _MESSAGES[self]


_MESSAGES = {
    StochasticStatus.SUCCESS: "the trajectory reached the end",
    StochasticStatus.MAX_EVENTS: "max_events reactions fired before the end; a population may be exploding: "
    "shorten the time, or raise max_events",
    StochasticStatus.BAD_PROPENSITY: "a propensity became negative, infinite or NaN; look for a rate law that is no "
    "propensity, such as the net rate of a reversible reaction (split_reversible makes two of it), or for a "
    "division by zero",
    StochasticStatus.TOO_LARGE: "a population passed 2^53, beyond which a double cannot count single molecules",
    StochasticStatus.BELOW_ZERO: "a reaction took more molecules than there were; its rate law has to vanish where "
    "they do not suffice, as k*A*(A - 1) does where two of A are needed and one is left",
    StochasticStatus.NOT_WHOLE: "an amount at the start, or a computed stoichiometry, was no whole number of "
    "molecules; round it where the model computes or draws it",
    StochasticStatus.EVENT_CASCADE: "events trigger each other without end at one time",
    StochasticStatus.NOT_INTEGRATED: "the motion between jumps became infinite, NaN or too steep to be followed; look "
    "for a rate rule that diverges, or for a division by zero",
}
