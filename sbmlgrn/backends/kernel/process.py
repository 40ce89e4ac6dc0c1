"""`Process`: a system as a jump process whose state may also move between the jumps, for a loop that calls it.

Between jumps the state follows what rules and the time make of it, y' = f(t, y), and a reaction fires when the integral
of the propensities has grown to an exponential number. That integral is one more entry of the state, the last one, so
that the methods which integrate the state integrate it too. So are, before it, the margins of conditions that are no
linear functions of what moves: steps are then short enough for them, and pass over no oscillation of theirs.

Source: Davis 1984, J. R. Stat. Soc. B 46:353 (piecewise-deterministic Markov processes).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from sbmlgrn.backends.kernel.evaluator import equalities, with_equality
from sbmlgrn.backends.kernel.field import cost
from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import (
    ONE,
    TIME,
    ZERO,
    Expr,
    Turn,
    add,
    constant,
    free_symbols,
    jacobian,
    negate,
    postorder,
    symbol,
    tangent,
    turns,
)
from sbmlgrn.lower import System
from sbmlgrn.lower.algebraic import partials, solve_linear

_HAZARD: Final = symbol("hazard")


class Process:
    """Compiled functions of ``(t, y, p)``: of the state with the integrated hazard, and the parameters with the draws.

    Args:
        system: without delays and fast reactions.

    Attributes:
        entries: of y; the states are the first, the integrated hazard is the last.
        rhs: address of dy/dt between jumps ``[entry]``.
        slopes: address of the nonzeros of its derivative by y, and then of that by t ``[entry]``.
        nonzeros: rows and columns of those.
        costs: of an evaluation of `rhs` and of `slopes`, in a unit of their own.
        initial: address of the state at the start ``[state]``, over p alone.
        rates: address of the propensities ``[reaction]``.
        changes: address of the stoichiometries that are no numbers, in the order of reactions and their states.
        triggers: address of the conditions of the events ``[event]``.
        watched: address of what changes where something may happen as time goes on, `Turn.watched` ``[turn]``.
        touches: address of whether a trigger would hold if one equality did ``[equality]``.
        priorities: address of the priorities of the events ``[event]``; −∞ for one that has none.
        delays, values: addresses for each event: of its delay, and of what it assigns.
        project: address of the states that algebraic equations determine, in the order of `System.projection`.
        draws: addresses for each draw of its operands.
        turns: what is watched.
        equalities: for each equality the event, and the turn that is the equality's.
        is_moving: whether propensities may change between jumps, so that they must be integrated.
        is_smooth: of each turn, whether the motion goes on unbroken there.
    """

    def __init__(self, system: System) -> None:
        flows = continuous(system)
        total = add(*(jump.rate for jump in system.jumps))
        moving = {s.leaf for s, flow in zip(system.states, flows, strict=True) if flow is not ZERO} | {TIME}
        is_moving = any(flow is not ZERO for flow in flows) or not moving.isdisjoint(postorder([total]))
        triggers = [e.trigger for e in system.transitions]
        own = [turn for e in triggers for turn in turns(e)]
        inner = [turn for e in (*flows, total) for turn in turns(e)] if is_moving else []
        watched = dict.fromkeys(t for t in (*own, *inner) if not moving.isdisjoint(postorder([t.watched])))
        self.turns: Final[tuple[Turn, ...]] = tuple(watched)
        self.is_smooth: Final = tuple(turn not in set(inner) for turn in self.turns)
        position = {turn: i for i, turn in enumerate(self.turns)}
        equal = [(e, k) for e, k in equalities(system) if turns(triggers[e])[k] in position]
        self.equalities: Final = tuple((e, position[turns(triggers[e])[k]]) for e, k in equal)

        seeds = {s.leaf: flow for s, flow in zip(system.states, flows, strict=True)} | {TIME: ONE}
        bent = [m for m in dict.fromkeys(t.margin for t in self.turns) if _is_bent(m, moving)]
        self.is_moving: Final = is_moving or bool(bent)
        extra = [symbol(f"margin:{i}") for i in range(len(bent))]
        states = [*(s.leaf for s in system.states), *extra, _HAZARD]
        columns = [leaf for leaf in states if leaf in moving]
        rhs = [*flows, *tangent(bent, seeds), total]
        self.entries: Final = len(states)
        entries = jacobian(rhs, columns)
        places = [states.index(leaf) for leaf in columns]
        self.nonzeros: Final = tuple((i, places[j]) for i, j in entries)
        slopes = [*entries.values(), *tangent(rhs, {TIME: ONE})]
        self.costs: Final = (cost(rhs), cost(slopes))
        priorities = [constant(float("-inf")) if e.priority is None else e.priority for e in system.transitions]
        outputs: dict[str, Sequence[Expr]] = {
            "rhs": rhs,
            "slopes": slopes,
            "initial": system.initial,
            "rates": [jump.rate for jump in system.jumps],
            "changes": [net for jump in system.jumps for net in jump.stoichiometry.values() if net.number is None],
            "triggers": triggers,
            "watched": [turn.watched for turn in self.turns],
            "touches": [with_equality(triggers[e], k) for e, k in equal],
            "priorities": priorities,
            "project": tuple(system.projection.values()),
        }
        for i, event in enumerate(system.transitions):
            outputs[f"delay_{i}"] = [event.delay]
            outputs[f"values_{i}"] = tuple(event.values.values())
        for i, draw in enumerate(system.draws):
            outputs[f"draw_{i}"] = draw.args
        vectors = [states, [leaf.leaf for leaf in (*system.parameters, *system.draws)]]
        source = Source()
        for name, values in outputs.items():
            source.add(name, vectors, values)
        library = Library(source.text(), optimise=True)
        self._library: Final = library
        self.rhs, self.slopes = library.address("rhs"), library.address("slopes")
        self.initial, self.rates = library.address("initial"), library.address("rates")
        self.changes, self.triggers = library.address("changes"), library.address("triggers")
        self.watched, self.touches = library.address("watched"), library.address("touches")
        self.priorities, self.project = library.address("priorities"), library.address("project")
        events = range(len(system.transitions))
        self.delays: Final = [library.address(f"delay_{i}") for i in events]
        self.values: Final = [library.address(f"values_{i}") for i in events]
        self.draws: Final = [library.address(f"draw_{i}") for i in range(len(system.draws))]


def continuous(system: System) -> tuple[Expr, ...]:
    """How fast each state changes between jumps: by rules alone, since reactions are the jumps."""
    moved = {i for jump in system.jumps for i in jump.stoichiometry}
    flows = [ZERO if i in moved else flow for i, flow in enumerate(system.rhs)]
    if system.constraints:  # whose states follow the others, so their own motion in `rhs` contains that of reactions
        rules = [c.rule for c in system.constraints]
        tied = [system.states[i].leaf for i in system.projection]
        free = {s.leaf: flows[i] for i, s in enumerate(system.states) if i not in system.projection}
        drift = tangent(rules, free | {TIME: ONE})
        rates = solve_linear(partials(rules, tied), [negate(d) for d in drift])
        for i, rate in zip(system.projection, rates, strict=True):
            flows[i] = rate
    return tuple(flows)


def _is_bent(margin: Expr, moving: Set[Expr]) -> bool:
    """Whether a margin is no linear function of what moves."""
    slopes = [tangent([margin], {leaf: ONE})[0] for leaf in moving]
    return not moving.isdisjoint(postorder(slopes))


def draws_in(system: System, *expressions: Expr) -> list[int]:
    """Positions of the draws that are to be made anew before `expressions` are evaluated, in their order."""
    used = set(free_symbols(*expressions))
    found: list[int] = []
    for i, draw in reversed(list(enumerate(system.draws))):
        if str(draw.leaf.value) in used and not draw.at_start:
            found.append(i)
            used |= free_symbols(*draw.args)
    return found[::-1]


@once
def process(system: System) -> Process:
    """The system's process, compiled when it is first asked for."""
    return Process(system)
