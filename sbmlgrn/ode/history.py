"""Values of the past for delay differential equations, by the method of steps.

Source: SBML L3V2 Core, section 3.4.6 (``delay``); Bellen & Zennaro, Numerical Methods for Delay Differential Equations
(Oxford 2003), section 3.3.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Generator
from typing import TypeAlias

import numpy as np

from sbmlgrn.backends.kernel import Evaluator
from sbmlgrn.expr import Expr, free_symbols

Interpolant: TypeAlias = Callable[[float], np.ndarray]
Moment: TypeAlias = tuple[float, np.ndarray]


class History:
    """The parameters of one trajectory, followed by the values of its past.

    Args:
        evaluator: what is simulated.
        parameters: ``[parameter]``.
        start: time at which the trajectory starts.
    """

    def __init__(self, evaluator: Evaluator, parameters: np.ndarray, start: float) -> None:
        self._evaluator = evaluator
        self._own = parameters
        self._start = start
        self._ends: list[float] = []
        self._pieces: list[Interpolant] = []
        delays = evaluator.system.delays
        self._count = len(delays)
        leaves = {str(d.leaf.value): k for k, d in enumerate(delays)}

        def looks_back(expression: Expr) -> set[int]:
            return {leaves[name] for name in free_symbols(expression) if name in leaves}

        self._nested = [bool(looks_back(d.value)) for d in delays]
        self._order = _ordered([looks_back(d.lag) | looks_back(d.value) for d in delays])

    def record(self, begin: float, end: float, at: Interpolant) -> None:
        """Adds the trajectory between two times."""
        if self._count and end > begin:
            self._ends.append(end)
            self._pieces.append(at)

    def at(self, t: float, y: np.ndarray) -> np.ndarray:
        """Parameters and values of the past ``[parameter + delay]`` for a time and the state then."""
        return np.concatenate([self._own, self.past(t, y)]) if self._count else self._own

    def past(self, t: float, y: np.ndarray) -> np.ndarray:
        """Values of the past ``[delay]``.

        Where what is looked up depends on values of its own past, those are followed to the start, however far; a
        moment that several of them ask for is computed once.
        """
        if not self._count:
            return np.empty(0)
        known: dict[float, np.ndarray] = {}
        stack, answer = [self._resolve(t, y)], None
        moments = [t]
        while True:
            try:
                moment = stack[-1].send(answer)  # type: ignore[arg-type]
            except StopIteration as done:
                stack.pop()
                answer = known[_key(moments.pop())] = done.value
                if not stack:
                    return answer
                continue
            answer = known.get(_key(moment[0]))
            if answer is None:
                stack.append(self._resolve(*moment))
                moments.append(moment[0])

    def shortest_lag(self, t: float, y: np.ndarray) -> float:
        """The shortest positive lag, within which a step may go; infinite if there is none."""
        if not self._count:
            return np.inf
        lags = self._evaluator.lags(t, y, self.at(t, y))
        return float(min((lag for lag in lags if lag > 0), default=np.inf))

    def _resolve(self, t: float, y: np.ndarray) -> Generator[Moment, np.ndarray, np.ndarray]:
        """Values of the past ``[delay]``; yields the moments at which it needs those of then."""
        first = len(self._own)
        known = np.concatenate([self._own, np.full(self._count, np.nan)])
        for k in self._order:
            then = t - max(float(self._evaluator.lags(t, y, known)[k]), 0.0)
            if then >= t:
                known[first + k] = self._evaluator.past_values(t, y, known)[k]
            elif then < self._start:
                known[first + k] = self._evaluator.values_before(then, y, known)[k]
            else:
                state = self._state(then, t, y)
                past = known
                if self._nested[k]:
                    past = np.concatenate([self._own, (yield then, state)])
                known[first + k] = self._evaluator.past_values(then, state, past)[k]
        return known[first:]

    def _state(self, then: float, t: float, y: np.ndarray) -> np.ndarray:
        if not self._ends:
            return y
        i = bisect.bisect_right(self._ends, then)
        if i < len(self._ends):
            return self._pieces[i](then)
        last = self._ends[-1]
        reached = self._pieces[-1](last)
        return reached + (y - reached) * ((then - last) / (t - last) if t > last else 0.0)


def _key(t: float) -> float:
    """A time without the rounding errors of the lags that led to it."""
    return round(t, 12)


def _ordered(needs: list[set[int]]) -> list[int]:
    """Delays, those first on which others depend at the same time; in cycles, as they come."""
    order: list[int] = []
    while len(order) < len(needs):
        left = [k for k in range(len(needs)) if k not in order]
        ready = [k for k in left if needs[k] <= set(order)]
        order += ready or left[:1]
    return order
