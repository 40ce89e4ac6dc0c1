"""`Plan`: what the loop of a process is told, as numbers and two arrays.

A tuple of many arrays would take Numba a minute to compile, since every array is ten arguments of every function.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from sbmlgrn.backends.kernel import once
from sbmlgrn.backends.kernel.process import Process, draws_in, process
from sbmlgrn.expr import Expr
from sbmlgrn.lower import System
from sbmlgrn.ode.native.ensemble import price
from sbmlgrn.ode.native.sparse import Layout, layout
from sbmlgrn.ode.native.trajectory import Addresses
from sbmlgrn.ssa.native.distributions import CODES


class Plan(NamedTuple):
    """A process for its loop.

    Attributes:
        initial, rates, changes, triggers, watched, touches, priorities, project: addresses; see `Process`.
        is_moving: whether propensities are to be integrated.
        states, entries, reactions, events, turns, equalities, draws: how many there are; see `Process`.
        computes_changes: whether any stoichiometry is computed.
        first_draw: where draws begin among the parameters.
        table: whole numbers, among which the others say where to look. Entry ``table[at + i]`` belongs to the i-th
            event, turn, draw or change; of lists, ``table[at + i]`` is where in the table the i-th begins, and
            ``table[at + i + 1]`` where it ends.
        nets: by how much reactions change states, in the order of `moves`; NaN where that is computed.
        delays, values: addresses of each event's functions.
        initial_values, persistent, at_trigger: of each event.
        smooth: of each turn, whether the motion goes on unbroken there.
        equal_events, equal_turns: event and turn of each equality.
        operands, codes, counts: of each draw, the address of its operands, its distribution, the number of operands.
        computed: of each change, its place among the computed ones.
        moves: lists of states that reactions change.
        targets: lists of states that events assign.
        for_delays, for_values: lists of draws that are made for each event.
        for_priorities, for_changes, kept, reported: a list of draws, made before priorities are compared, before a
            reaction fires, before the start, and for each time of the grid.
        whole: a list of the states that reactions change, and that have to be whole numbers at the start.
        projected: a list of the states that algebraic equations determine.
    """

    initial: int
    rates: int
    changes: int
    triggers: int
    watched: int
    touches: int
    priorities: int
    project: int
    is_moving: bool
    states: int
    entries: int
    reactions: int
    events: int
    turns: int
    equalities: int
    draws: int
    computes_changes: bool
    first_draw: int
    table: np.ndarray
    nets: np.ndarray
    delays: int
    values: int
    initial_values: int
    persistent: int
    at_trigger: int
    smooth: int
    equal_events: int
    equal_turns: int
    operands: int
    codes: int
    counts: int
    computed: int
    moves: int
    targets: int
    for_delays: int
    for_values: int
    for_priorities: int
    for_changes: int
    kept: int
    reported: int
    whole: int
    projected: int


class Compiled(NamedTuple):
    """A process ready to run.

    Attributes:
        plan: what the loop is told.
        field: addresses of the motion between jumps.
        factors: of its Jacobian.
        functions: the compiled functions; they live as long as this object.
    """

    plan: Plan
    field: Addresses
    factors: Layout
    functions: Process


class _Table:
    def __init__(self) -> None:
        self.entries: list[int] = []

    def row(self, values: Iterable[int]) -> int:
        at = len(self.entries)
        self.entries += map(int, values)
        return at

    def lists(self, lists: Iterable[Iterable[int]]) -> int:
        rows = [list(row) for row in lists]
        at = len(self.entries)
        begin = at + len(rows) + 1
        for row in [*rows, []]:
            self.entries.append(begin)
            begin += len(row)
        self.entries += [int(i) for row in rows for i in row]
        return at


@once
def compiled_process(system: System) -> Compiled:
    """The system's process, compiled when it is first asked for."""
    made = process(system)
    events, jumps, draws = system.transitions, system.jumps, system.draws
    factors = layout(made.entries, made.nonzeros)
    nets = [net for jump in jumps for net in jump.stoichiometry.values()]
    reports = [*system.observables.values(), *system.amounts.values(), *system.concentrations.values()]
    table = _Table()

    def drawn(*expressions: Expr) -> list[int]:
        return draws_in(system, *expressions)

    plan = Plan(
        initial=made.initial,
        rates=made.rates,
        changes=made.changes,
        triggers=made.triggers,
        watched=made.watched,
        touches=made.touches,
        priorities=made.priorities,
        project=made.project,
        is_moving=made.is_moving,
        states=len(system.states),
        entries=made.entries,
        reactions=len(jumps),
        events=len(events),
        turns=len(made.turns),
        equalities=len(made.equalities),
        draws=len(draws),
        computes_changes=any(net.number is None for net in nets),
        first_draw=len(system.parameters),
        delays=table.row(made.delays),
        values=table.row(made.values),
        initial_values=table.row(event.initial_value for event in events),
        persistent=table.row(event.persistent for event in events),
        at_trigger=table.row(event.at_trigger for event in events),
        smooth=table.row(made.is_smooth),
        equal_events=table.row(event for event, _ in made.equalities),
        equal_turns=table.row(turn for _, turn in made.equalities),
        operands=table.row(made.draws),
        codes=table.row(CODES[draw.distribution] for draw in draws),
        counts=table.row(len(draw.args) for draw in draws),
        computed=table.row(np.cumsum([net.number is None for net in nets]) - 1),
        moves=table.lists(jump.stoichiometry for jump in jumps),
        targets=table.lists(event.values for event in events),
        for_delays=table.lists(drawn(event.delay) for event in events),
        for_values=table.lists(drawn(*event.values.values()) for event in events),
        for_priorities=table.lists([drawn(*(e.priority for e in events if e.priority is not None))]),
        for_changes=table.lists([drawn(*nets)]),
        kept=table.lists([[i for i, draw in enumerate(draws) if draw.at_start]]),
        reported=table.lists([drawn(*reports)]),
        whole=table.lists([sorted({i for jump in jumps for i in jump.stoichiometry})]),
        projected=table.lists([system.projection]),
        nets=np.array([np.nan if net.number is None else float(net.number) for net in nets], np.float64),
        table=np.array(table.entries, np.int64),
    )
    return Compiled(plan, Addresses(made.rhs, made.slopes, price(made.costs, factors)), factors, made)
