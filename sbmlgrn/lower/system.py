"""`System`: the equations of a network, symbolic and in a fixed order, with nothing of SBML left in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sbmlgrn.expr import Expr


class Quantity(StrEnum):
    """What a number measures."""

    AMOUNT = "amount"
    CONCENTRATION = "concentration"
    VALUE = "value"


@dataclass(frozen=True)
class State:
    """One entry of the state vector.

    Attributes:
        id: the symbol of the network whose value it carries.
        quantity: what is integrated: species in reactions as amounts, species under a rate rule as their symbol.
        leaf: the expression that stands for it.
    """

    id: str
    quantity: Quantity
    leaf: Expr


@dataclass(frozen=True)
class SystemParameter:
    """One entry of the parameter vector: every number that the network states and nothing computes.

    Attributes:
        id: the symbol: a parameter, ``reaction.parameter``, a compartment (its size) or a species (its initial value).
        quantity: for a species, whether `value` is its initial amount or its initial concentration.
        value: the network's own value; NaN if it states none.
        units: id of the units, if stated.
        leaf: the expression that stands for it.
    """

    id: str
    quantity: Quantity
    value: float
    units: str | None
    leaf: Expr


@dataclass(frozen=True)
class Jump:
    """A reaction as a jump process.

    Attributes:
        id: the reaction.
        rate: extent per time.
        stoichiometry: net change of the state (by index) per unit of extent; only nonzero entries.
    """

    id: str
    rate: Expr
    stoichiometry: Mapping[int, Expr]


@dataclass(frozen=True)
class Transition:
    """An event: what happens to the state when a condition becomes true.

    Attributes:
        id: the event; empty if it has no id.
        trigger: the condition.
        initial_value: what the condition is taken to have been before the start.
        persistent: whether an execution that waits survives the condition becoming false again.
        delay: from trigger to execution; 0 for none.
        priority: of executions due at the same time the highest is first; ``None`` if the event has none.
        at_trigger: whether `values` are computed when triggered or when executed.
        values: new value of the state (by index), all taken on at once.
    """

    id: str
    trigger: Expr
    initial_value: bool
    persistent: bool
    delay: Expr
    priority: Expr | None
    at_trigger: bool
    values: Mapping[int, Expr]


@dataclass(frozen=True)
class Delay:
    """A value of the past, ``value(t − lag)``.

    Attributes:
        value: what is looked up.
        before: the same before the start: what rules and initial assignments say at that time, over p and the time.
        lag: how long ago.
        leaf: the expression that stands for it.
    """

    value: Expr
    before: Expr
    lag: Expr
    leaf: Expr


@dataclass(frozen=True, eq=False)
class System:
    """A network as equations over `states`, `parameters` and the time. Two systems are equal if they are one object.

    Attributes:
        states: entries of the state vector y.
        parameters: entries of the parameter vector p.
        initial: y at the start, over p alone; one expression per state.
        scales: what one unit of the state's symbol is worth in the state, over p alone: the initial size of the
            compartment for a species that is a concentration but integrated as an amount, else 1.
        rhs: dy/dt; one expression per state.
        projection: for states that algebraic equations tie to the others, their value (by index) after the others have
            jumped; over states, parameters and time.
        observables: value of every symbol of the network (species as its own mathematics reads them).
        amounts: amount of every species.
        concentrations: concentration of every species whose compartment has a size.
        jumps: the reactions, in the network's order.
        transitions: the events, in the network's order.
        delays: values of the past on which expressions depend.
    """

    states: tuple[State, ...]
    parameters: tuple[SystemParameter, ...]
    initial: tuple[Expr, ...]
    scales: tuple[Expr, ...]
    rhs: tuple[Expr, ...]
    projection: Mapping[int, Expr]
    observables: Mapping[str, Expr]
    amounts: Mapping[str, Expr]
    concentrations: Mapping[str, Expr]
    jumps: tuple[Jump, ...]
    transitions: tuple[Transition, ...]
    delays: tuple[Delay, ...]
