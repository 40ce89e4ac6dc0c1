"""Whether a system can be read as jumps between whole numbers of molecules, and if not, why."""

from __future__ import annotations

import warnings

import numpy as np

from sbmlgrn.backends.kernel.process import continuous, draws_in
from sbmlgrn.expr import TIME, ZERO, postorder
from sbmlgrn.lower import System, there_and_back

_ROUNDING = 1e-9


class JumpError(ValueError):
    """A system that has no reading as a jump process.

    Attributes:
        element_id: the element at fault.
    """

    def __init__(self, element_id: str, message: str) -> None:
        super().__init__(message)
        self.element_id = element_id


def check_jumps(system: System) -> None:
    """Refuses what the direct method with constant propensities between jumps cannot simulate.

    Raises:
        JumpError: it has events, delays, rate rules, algebraic equations or laws that depend on the time; or a
            stoichiometry that is no whole number.
    """
    if system.transitions:
        name = system.transitions[0].id or "event 1"
        raise JumpError(name, f"the model has events ({name!r}), which stochastic simulation does not execute yet")
    if system.delays:
        raise JumpError("delay", "the model has delay(), with which stochastic simulation does not deal yet")
    moved = {i for jump in system.jumps for i in jump.stoichiometry}
    for i, (state, rate) in enumerate(zip(system.states, system.rhs, strict=True)):
        if i not in moved and rate is not ZERO:
            raise JumpError(
                state.id,
                f"{state.id!r} changes continuously, by a rule or a fast reaction; stochastic simulation knows only "
                "jumps by reactions yet",
            )
    for jump in system.jumps:
        if TIME in postorder([jump.rate]):
            raise JumpError(
                jump.id,
                f"the rate law of {jump.id!r} depends on the time; stochastic simulation needs laws that change only "
                "when a reaction fires",
            )
        for i, net in jump.stoichiometry.items():
            if net.number is None or net.number != int(net.number):
                raise JumpError(
                    jump.id,
                    f"reaction {jump.id!r} changes {system.states[i].id!r} by {net!r}; a jump needs a whole number",
                )


def is_memoryless(system: System) -> bool:
    """Whether nothing happens between jumps: `check_jumps` finds no fault, and nothing is left to chance but jumps."""
    try:
        check_jumps(system)
    except JumpError:
        return False
    return not system.draws


def check_process(system: System) -> None:
    """Refuses what has no meaning as jumps, whatever else happens between them.

    Raises:
        JumpError: the system has delays or fast reactions; a stoichiometry is no whole number; or propensities,
            conditions or rates of change are drawn at random.
    """
    if system.delays:
        raise JumpError("delay", "the model has delay(), with which stochastic simulation does not deal yet")
    for reaction in system.fast:
        raise JumpError(
            reaction.id,
            f"reaction {reaction.id!r} is fast; stochastic simulation counts every reaction: take the attribute away, "
            "and give it a rate constant that is large enough",
        )
    for jump in system.jumps:
        for i, net in jump.stoichiometry.items():
            if net.number is not None and net.number != int(net.number):
                raise JumpError(
                    jump.id,
                    f"reaction {jump.id!r} changes {system.states[i].id!r} by {net!r}; a jump needs a whole number: "
                    "multiply all stoichiometries of the reaction by the same number, and divide its rate by it",
                )
    _check_draws(system)


def _check_draws(system: System) -> None:
    parts = [
        *((jump.id, jump.rate, "rate law") for jump in system.jumps),
        *((s.id, rate, "rate of change") for s, rate in zip(system.states, continuous(system), strict=True)),
        *((e.id or f"event {i + 1}", e.trigger, "trigger") for i, e in enumerate(system.transitions)),
    ]
    for name, expression, what in parts:
        for i in draws_in(system, expression):
            draw = system.draws[i]
            raise JumpError(
                draw.owner,
                f"the {what} of {name!r} depends on a random value that changes at every moment ({draw.text}, in the "
                f"formula of {draw.owner!r}); draw it once, by an initial assignment, or whenever an event is executed",
            )


def warn_of_net_rates(system: System) -> None:
    """Warns of laws that are the difference of a rate there and one back: such a reaction is two processes."""
    below = {str(p.leaf.value) for p in system.parameters if p.value < 0}
    for jump in system.jumps:
        products = {str(system.states[i].leaf.value) for i, n in jump.stoichiometry.items() if (n.number or 0.0) > 0}
        if there_and_back(jump.rate, products, below) is not None:
            warnings.warn(
                f"the rate law of {jump.id!r} is a difference of two rates, there and back; as one propensity it has "
                "the right mean and the wrong fluctuations: simulate split_reversible(network) instead",
                stacklevel=4,
            )


def whole_numbers(system: System, x0: np.ndarray) -> np.ndarray:
    """Initial states with amounts rounded to the whole numbers that they are but for rounding errors.

    Args:
        system: whose jumps change the states.
        x0: ``[batch, state]``.

    Raises:
        JumpError: an amount that jumps change is no whole number.
    """
    moved = sorted({i for jump in system.jumps for i in jump.stoichiometry})
    whole = x0.copy()
    whole[:, moved] = np.round(x0[:, moved])
    error = np.abs(whole - x0)
    below = np.argwhere(whole[:, moved] < 0)
    if len(below):
        row, name = below[0][0], system.states[moved[below[0][1]]].id
        raise JumpError(
            name, f"the initial amount of {name!r} is {x0[row, moved[below[0][1]]]:g}, expected none below 0"
        )
    wrong = np.argwhere(~(error <= _ROUNDING * np.maximum(1.0, np.abs(x0))))
    if len(wrong):
        row, i = wrong[0]
        name = system.states[i].id
        raise JumpError(
            name,
            f"the initial amount of {name!r} is {x0[row, i]:g}; stochastic simulation counts molecules and needs a "
            "whole number: set the amount, or the concentration and the size of its compartment, accordingly",
        )
    return whole
