"""`System`: the equations of a network, symbolic and in a fixed order, with nothing of SBML left in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sbmlgrn.expr import Expr, Turn, free_symbols, turns


class LoweringError(ValueError):
    """A network that has no equations.

    Attributes:
        element_id: the element at fault.
    """

    def __init__(self, element_id: str, message: str) -> None:
        super().__init__(message)
        self.element_id = element_id


class RandomValueError(LoweringError):
    """Equations whose course is left to chance."""


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
class FastReaction:
    """A reaction that is in equilibrium at all times; see `sbmlgrn.lower.equilibrium`.

    Attributes:
        id: the reaction; of several with proportional laws, which are one here, the first.
        law: what vanishes in equilibrium, and otherwise the speed at which the reaction goes there.
        stoichiometry: net change of the state (by index) per unit of extent.
        correction: extent that leads to the equilibrium, to first order.
        unsettled: condition under which the state is not in equilibrium.
        loose: condition under which the law does not depend on the extent, so that nothing leads to an equilibrium.
    """

    id: str
    law: Expr
    stoichiometry: Mapping[int, Expr]
    correction: Expr
    unsettled: Expr
    loose: Expr


@dataclass(frozen=True)
class Constraint:
    """An algebraic equation that ties a state to the others.

    Attributes:
        rule: what is 0.
        broken: condition under which the state does not obey it, as after a sudden change of the rule.
    """

    rule: Expr
    broken: Expr


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


@dataclass(frozen=True)
class Draw:
    """A random value.

    Attributes:
        distribution: one of `expr.DRAWS`.
        args: its operands; over p and earlier draws alone if `at_start`.
        leaf: the expression that stands for the value.
        at_start: whether it is drawn once, before the start; else whenever an expression in which it is has to be
            evaluated.
        owner: the element whose formula draws it.
        text: the formula's own words for it.
    """

    distribution: str
    args: tuple[Expr, ...]
    leaf: Expr
    at_start: bool
    owner: str
    text: str


@dataclass(frozen=True, eq=False)
class System:
    """A network as equations over `states`, `parameters` and the time. Two systems are equal if they are one object.

    Attributes:
        states: entries of the state vector y.
        parameters: entries of the parameter vector p.
        initial: y at the start, over p alone, before fast reactions have taken place; one expression per state.
        scales: what one unit of the state's symbol is worth in the state, over p alone: the initial size of the
            compartment for a species that is a concentration but integrated as an amount, else 1.
        rhs: dy/dt; one expression per state.
        projection: for states that algebraic equations tie to the others, their value (by index) after the others have
            jumped; over states, parameters and time.
        constraints: those equations, whose derivative `rhs` obeys.
        observables: value of every symbol of the network (species as its own mathematics reads them).
        amounts: amount of every species.
        concentrations: concentration of every species whose compartment has a size.
        jumps: the reactions, in the network's order.
        fast: those of them that are fast, whose fluxes `rhs` contains as long as they are in equilibrium.
        transitions: the events, in the network's order.
        delays: values of the past on which expressions depend.
        draws: random values on which expressions depend, each after those on which its operands depend.
    """

    states: tuple[State, ...]
    parameters: tuple[SystemParameter, ...]
    initial: tuple[Expr, ...]
    scales: tuple[Expr, ...]
    rhs: tuple[Expr, ...]
    projection: Mapping[int, Expr]
    constraints: tuple[Constraint, ...]
    observables: Mapping[str, Expr]
    amounts: Mapping[str, Expr]
    concentrations: Mapping[str, Expr]
    jumps: tuple[Jump, ...]
    fast: tuple[FastReaction, ...]
    transitions: tuple[Transition, ...]
    delays: tuple[Delay, ...]
    draws: tuple[Draw, ...] = ()

    def require_certain(self, *expressions: Expr) -> None:
        """Refuses equations in which there is chance.

        Raises:
            RandomValueError: one of the `expressions` depends on a random value.
        """
        if not self.draws:
            return
        used = free_symbols(*expressions)
        for draw in self.draws:
            if str(draw.leaf.value) in used:
                raise RandomValueError(
                    draw.owner,
                    f"the formula of {draw.owner!r} draws a random value, {draw.text}, on which the course of the "
                    "model depends; differential equations have no random values: put a number in its place, or "
                    "simulate the model stochastically (simulate_ssa)",
                )

    def turns(self) -> list[Turn]:
        """Where something may happen: turns of triggers, fast reactions and constraints."""
        conditions = [*(e.trigger for e in self.transitions), *self.laws, *self.strayed]
        return list(dict.fromkeys(turn for condition in conditions for turn in turns(condition)))

    @property
    def laws(self) -> list[Expr]:
        """What is 0 at all times."""
        return [*(r.law for r in self.fast), *(c.rule for c in self.constraints)]

    @property
    def strayed(self) -> list[Expr]:
        """Conditions under which that is not so."""
        return [*(r.unsettled for r in self.fast), *(c.broken for c in self.constraints)]

    @property
    def is_hybrid(self) -> bool:
        """Whether a trajectory is more than the integral of `rhs`: there are events, delays or equilibria."""
        return bool(self.transitions or self.delays or self.fast or any(turns(c.rule) for c in self.constraints))
