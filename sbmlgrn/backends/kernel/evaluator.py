"""`Evaluator`: the equations of a system at one point, in float64 NumPy arrays, without gradients."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Final

import numpy as np

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import TRUE, Expr, free_symbols, postorder, rewrite, turns
from sbmlgrn.lower import System

_Call = ctypes.CFUNCTYPE(None, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Evaluator:
    """What a solver that goes step by step asks of a system.

    Every method takes the time, the state ``[state]``, and `p` ``[parameter + delay]``, the parameters followed by the
    values of the past (`System.delays`). The machine code is shared by all evaluators of a system; one evaluator is
    for one thread.

    Attributes:
        delays_of: by the name of a compiled function, on which values of the past it depends.
        equalities: pairs of an event, by its position in `System.transitions`, and one of its `turns`, by its position
            there, that is an equality of what changes continuously and may hold between two floating-point numbers.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.equalities = equalities(system)
        self._compiled: Final = _compiled(system)
        outputs = self._compiled.outputs
        self._y = np.empty(len(system.states))
        self._p = np.empty(len(system.parameters) + len(system.delays))
        arguments = (self._y, self._p)
        self._functions = {
            name: _Function(self._compiled.address(name), len(values), arguments) for name, values in outputs.items()
        }
        leaves = {d.leaf: k for k, d in enumerate(system.delays)}
        self.delays_of: Final = {
            name: tuple(leaves[n] for n in postorder(values) if n in leaves) if leaves else ()
            for name, values in outputs.items()
        }

    def rhs(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """dy/dt ``[state]``."""
        return self._functions["rhs"](t, y, p)

    def evaluate(self, name: str, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """What happens at moments, of which `sbmlgrn.ode.native.agenda` says more.

        Args:
            name: ``conditions``: whether the condition of each event holds, 1 or 0, in the order of
                `System.transitions`, and then each of `System.strayed`, ``[event + strayed]``; ``turns``: what changes
                where something may happen, `Turn.watched` ``[turn]``, in the order of `System.turns`; ``touches``:
                whether a trigger would hold if one equality within it did, 1 or 0, for each of `equalities`;
                ``project``: new values of the states that `System.projection` names; and of an event, by its position
                in `System.transitions`, ``delay_0``: the time from trigger to execution, ``priority_0``, if it has
                one, and ``values_0``: what it assigns, in the order of the keys of `Transition.values`.
            t, y, p: where.
        """
        return self._functions[name](t, y, p)

    def address(self, name: str) -> int:
        """Where the function of that name is."""
        return self._compiled.address(name)

    def count(self, name: str) -> int:
        """How many values it has."""
        return self._functions[name].count

    def laws(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """What vanishes in the equilibrium of each fast reaction ``[fast]``."""
        return self._functions["laws"](t, y, p)

    def corrections(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Extent of each fast reaction that leads to the equilibrium, to first order ``[fast]``."""
        return self._functions["corrections"](t, y, p)

    def loose(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Whether the law of each fast reaction does not depend on its extent, 1 or 0, ``[fast]``."""
        return self._functions["loose"](t, y, p)

    def moves(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Net change of the state by each fast reaction ``[state, fast]``."""
        moves = np.zeros((len(y), len(self.system.fast)))
        places = [(i, j) for j, r in enumerate(self.system.fast) for i in r.stoichiometry]
        if places:
            moves[tuple(zip(*places, strict=True))] = self._functions["moves"](t, y, p)
        return moves

    def project(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """The state ``[state]`` with what algebraic equations tie to the rest brought up to date after a jump."""
        projection = self.system.projection
        if not projection:
            return y
        projected = y.copy()
        projected[list(projection)] = self._functions["project"](t, y, p)
        return projected

    def past_values(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """What the delays look up, at the time `t` itself ``[delay]``."""
        return self._functions["past_values"](t, y, p)

    def values_before(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """What the delays look up at a time before the start ``[delay]``."""
        return self._functions["values_before"](t, y, p)

    def lags(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """How far back each delay looks ``[delay]``."""
        return self._functions["lags"](t, y, p)


class _Function:
    def __init__(self, address: int, count: int, arguments: tuple[np.ndarray, np.ndarray]) -> None:
        self._call = _Call(address)
        self.count: Final = count
        self._y, self._p = arguments
        self._out = np.empty(count)
        self._pointers = (self._y.ctypes.data, self._p.ctypes.data, self._out.ctypes.data)

    def __call__(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        self._y[:] = y
        self._p[:] = p
        self._call(t, *self._pointers)
        return self._out.copy()


def _outputs(system: System) -> dict[str, Sequence[Expr]]:
    outputs: dict[str, Sequence[Expr]] = {
        "rhs": system.rhs,
        "conditions": [*(e.trigger for e in system.transitions), *system.strayed],
        "turns": [turn.watched for turn in system.turns()],
        "touches": [with_equality(system.transitions[e].trigger, k) for e, k in equalities(system)],
        "laws": [r.law for r in system.fast],
        "corrections": [r.correction for r in system.fast],
        "loose": [r.loose for r in system.fast],
        "moves": [value for r in system.fast for value in r.stoichiometry.values()],
        "project": tuple(system.projection.values()),
        "past_values": [d.value for d in system.delays],
        "values_before": [d.before for d in system.delays],
        "lags": [d.lag for d in system.delays],
    }
    for i, transition in enumerate(system.transitions):
        outputs[f"delay_{i}"] = [transition.delay]
        outputs[f"values_{i}"] = tuple(transition.values.values())
        if transition.priority is not None:
            outputs[f"priority_{i}"] = [transition.priority]
    return outputs


def equalities(system: System) -> tuple[tuple[int, int], ...]:
    """Pairs of an event and one of its turns that is an equality of what changes continuously; see `Evaluator`."""
    states = {str(s.leaf.value) for s in system.states}
    return tuple(
        (i, k)
        for i, transition in enumerate(system.transitions)
        for k, turn in enumerate(turns(transition.trigger))
        if turn.equality is not None and free_symbols(turn.equality) & states
    )


def with_equality(trigger: Expr, k: int) -> Expr:
    """A trigger in which the equality that is its turn `k` holds."""
    equality = turns(trigger)[k].equality
    return rewrite([trigger], lambda node, _: TRUE if node is equality else None)[0]


class _Compiled:
    """The machine code of a system, and of what it is."""

    def __init__(self, system: System) -> None:
        self.outputs: Final = _outputs(system)
        system.require_certain(*(e for values in self.outputs.values() for e in values))
        vectors = [
            [s.leaf for s in system.states],
            [*(q.leaf for q in system.parameters), *(d.leaf for d in system.delays)],
        ]
        often, others = Source(), Source()
        for name, values in self.outputs.items():
            (often if name == "turns" else others).add(name, vectors, values)
        self._often: Final = Library(often.text(), optimise=True)  # asked several times a step
        self._others: Final = Library(others.text(), optimise=False)

    def address(self, name: str) -> int:
        """Where a function is."""
        return (self._often if name == "turns" else self._others).address(name)


@once
def _compiled(system: System) -> _Compiled:
    return _Compiled(system)
