"""`Evaluator`: the equations of a system at one point, in float64 NumPy arrays, without gradients."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.source import Source
from sbmlgrn.expr import Expr, as_number, comparisons, subtract
from sbmlgrn.lower import System

_Call = ctypes.CFUNCTYPE(None, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Evaluator:
    """What a solver that goes step by step asks of a system.

    Every method takes the time, the state ``[state]``, and `p` ``[parameter + delay]``, the parameters followed by the
    values of the past (`System.delays`). The machine code is shared by all evaluators of a system; one evaluator is
    for one thread.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        outputs = _outputs(system)
        library = _library(system, outputs)
        self._y = np.empty(len(system.states))
        self._p = np.empty(len(system.parameters) + len(system.delays))
        arguments = (self._y, self._p)
        self._functions = {
            name: _Function(library.address(name), len(values), arguments) for name, values in outputs.items()
        }
        self._library: Final = library

    def rhs(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """dy/dt ``[state]``."""
        return self._functions["rhs"](t, y, p)

    def triggers(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Whether the condition of each event holds, 1 or 0, ``[event]``, in the order of `System.transitions`."""
        return self._functions["triggers"](t, y, p)

    def comparisons(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Whether each comparison within the triggers of all events holds, 1 or 0, ``[comparison]``."""
        return self._functions["comparisons"](t, y, p)

    def address_of_comparisons(self) -> tuple[int, int]:
        """Where the compiled function of `comparisons` is, and how many there are."""
        return self._library.address("comparisons"), self._functions["comparisons"].count

    def margins(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Left minus right side of each of `comparisons` ``[comparison]``."""
        return self._functions["margins"](t, y, p)

    def project(self, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """The state ``[state]`` with what algebraic equations tie to the rest brought up to date after a jump."""
        projection = self.system.projection
        if not projection:
            return y
        projected = y.copy()
        projected[list(projection)] = self._functions["project"](t, y, p)
        return projected

    def event_delay(self, event: int, t: float, y: np.ndarray, p: np.ndarray) -> float:
        """Time from trigger to execution of an event, by its position in `System.transitions`."""
        return float(self._functions[f"delay_{event}"](t, y, p)[0])

    def event_priority(self, event: int, t: float, y: np.ndarray, p: np.ndarray) -> float | None:
        """Priority of an event; ``None`` if it has none."""
        function = self._functions.get(f"priority_{event}")
        return None if function is None else float(function(t, y, p)[0])

    def event_values(self, event: int, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """What an event assigns ``[assignment]``, in the order of the keys of `Transition.values`."""
        return self._functions[f"values_{event}"](t, y, p)

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
    atoms = list(dict.fromkeys(atom for e in system.transitions for atom in comparisons(e.trigger)))
    outputs: dict[str, Sequence[Expr]] = {
        "rhs": system.rhs,
        "triggers": [as_number(e.trigger) for e in system.transitions],
        "comparisons": [as_number(atom) for atom in atoms],
        "margins": [subtract(*atom.args) for atom in atoms],
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


_libraries: WeakKeyDictionary[System, Library] = WeakKeyDictionary()


def _library(system: System, outputs: dict[str, Sequence[Expr]]) -> Library:
    if system not in _libraries:
        vectors = [
            [s.leaf for s in system.states],
            [*(q.leaf for q in system.parameters), *(d.leaf for d in system.delays)],
        ]
        source = Source()
        for name, values in outputs.items():
            source.add(name, vectors, values)
        _libraries[system] = Library(source.text(), optimise=False)
    return _libraries[system]
