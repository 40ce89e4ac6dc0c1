"""A system's events as compiled loops see them: addresses of its functions, and how they belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from sbmlgrn.backends.kernel import Evaluator, once
from sbmlgrn.expr import ZERO, free_symbols, turns
from sbmlgrn.lower import System
from sbmlgrn.ode.callbacks import Callbacks
from sbmlgrn.ode.history import History
from sbmlgrn.ode.native.agenda import Transitions
from sbmlgrn.ode.relaxation import NoEquilibriumError, relax


@once
def moments(system: System) -> Transitions:
    """The events of a system without delays, but for `relaxation` and the random numbers."""
    evaluator = Evaluator(system)
    return _described(evaluator, evaluator.address)


def with_past(
    evaluator: Evaluator, callbacks: Callbacks, at: Callable[[float, np.ndarray, str], np.ndarray]
) -> Transitions:
    """The same for a system that may look back.

    Args:
        evaluator: what is simulated.
        callbacks: what is called through Python.
        at: parameters and values of the past, see `History.at`.
    """
    if not evaluator.system.delays:
        return moments(evaluator.system)

    def address(name: str) -> int:
        def function(t: float, y: np.ndarray, _: np.ndarray) -> np.ndarray:
            return evaluator.evaluate(name, t, y, at(t, y, name))

        return callbacks.address(function, evaluator.count(name))

    return _described(evaluator, address)


def relaxation(evaluator: Evaluator, callbacks: Callbacks, history: Callable[[np.ndarray], History]) -> int:
    """Address of what fast reactions do in no time; 0 where no reaction is fast.

    Args:
        evaluator: what is simulated.
        callbacks: what is called through Python.
        history: the past of the trajectory with some parameters.
    """
    n, fast = len(evaluator.system.states), len(evaluator.system.fast)
    if not fast:
        return 0

    def function(t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        past = history(p)
        try:
            extents = relax(evaluator, past, t, y)
        except NoEquilibriumError:
            return np.ones(fast + n + 1)
        moves = evaluator.moves(t, y, past.at(t, y, "moves"))
        return np.concatenate([extents, moves @ extents, [0.0]])

    return callbacks.address(function, fast + n + 1)


def _described(evaluator: Evaluator, address: Callable[[str], int]) -> Transitions:
    system = evaluator.system
    events = system.transitions
    position = {turn: i for i, turn in enumerate(system.turns())}
    places = [[position[turn] for turn in turns(e.trigger)] for e in events]
    equalities = [(event, places[event][k]) for event, k in evaluator.equalities]
    places.append([position[turn] for law in system.laws for turn in turns(law)])
    targets = [list(e.values) for e in events]
    return Transitions(
        rhs=address("rhs"),
        conditions=address("conditions"),
        turns=address("turns"),
        touches=address("touches"),
        project=address("project"),
        relax=0,
        words=0,
        delays=_integers([0 if e.delay is ZERO else address(f"delay_{i}") for i, e in enumerate(events)]),
        priorities=_integers([0 if e.priority is None else address(f"priority_{i}") for i, e in enumerate(events)]),
        values=_integers([address(f"values_{i}") for i in range(len(events))]),
        first=_starts(targets),
        targets=_integers(list(chain.from_iterable(targets))),
        persistent=_integers([e.persistent for e in events]),
        at_trigger=_integers([e.at_trigger for e in events]),
        initial=np.array([*(float(e.initial_value) for e in events), *(0.0 for _ in system.strayed)]),
        first_turn=_starts(places),
        places=_integers(list(chain.from_iterable(places))),
        equalities=_integers(equalities).reshape(-1, 2),
        projected=_integers(list(system.projection)),
        fast=len(system.fast),
        watched=len(position),
        looked_at=_integers(_looked_at(system)),
    )


def _looked_at(system: System) -> list[int]:
    """States on which turns depend."""
    symbols = set().union(*(free_symbols(turn.watched) for turn in system.turns()))
    return [i for i, s in enumerate(system.states) if str(s.leaf.value) in symbols]


def _integers(values: Sequence[int] | Sequence[tuple[int, int]]) -> np.ndarray:
    return np.array(values, np.int64)


def _starts(lists: Sequence[Sequence[int]]) -> np.ndarray:
    return np.cumsum([0, *map(len, lists)])
