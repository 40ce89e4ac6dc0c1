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
Question: TypeAlias = tuple[int, float, np.ndarray]
"""A delay, the time at which its value is asked for, and the state then."""


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
        self._padded = np.concatenate([parameters, np.full(self._count, np.nan)])
        leaves = {str(d.leaf.value): k for k, d in enumerate(delays)}

        def looks_back(expression: Expr) -> set[int]:
            return {leaves[name] for name in free_symbols(expression) if name in leaves}

        self._lag_needs = [sorted(looks_back(d.lag)) for d in delays]
        self._value_needs = [sorted(looks_back(d.value)) for d in delays]

    def record(self, begin: float, end: float, at: Interpolant) -> None:
        """Adds the trajectory between two times."""
        if self._count and end > begin:
            self._ends.append(end)
            self._pieces.append(at)

    def at(self, t: float, y: np.ndarray, of: str) -> np.ndarray:
        """Parameters and values of the past ``[parameter + delay]`` for a time and the state then.

        Values on which the function `of` of the evaluator does not depend are NaN.
        """
        needs = self._evaluator.delays_of[of]
        if not needs:
            return self._padded
        known: dict[tuple[int, float], float] = {}
        values = self._padded.copy()
        for k in needs:
            values[len(self._own) + k] = self._answer((k, t, y), known)
        return values

    def past(self, t: float, y: np.ndarray) -> np.ndarray:
        """Values of the past ``[delay]``.

        Where what is looked up depends on values of its own past, those are followed to the start, however far; a
        value that several of them ask for is computed once.
        """
        known: dict[tuple[int, float], float] = {}
        return np.array([self._answer((k, t, y), known) for k in range(self._count)])

    def shortest_lag(self, t: float, y: np.ndarray) -> float:
        """The shortest positive lag, within which a step may go; infinite if there is none."""
        if not self._count:
            return np.inf
        lags = self._evaluator.lags(t, y, self.at(t, y, "lags"))
        return float(min((lag for lag in lags if lag > 0), default=np.inf))

    def _answer(self, question: Question, known: dict[tuple[int, float], float]) -> float:
        """The value of one delay; `known` are those found on the way, by delay and time."""
        if (key := _key(question)) in known:
            return known[key]
        stack, keys = [self._resolve(question)], [key]
        known[key] = np.nan  # what it is while it is being found: a value that needs itself has none
        answer: float | None = None
        while True:
            try:
                asked = stack[-1].send(answer)  # type: ignore[arg-type]
            except StopIteration as done:
                stack.pop()
                answer = known[keys.pop()] = done.value
                if not stack:
                    return done.value
                continue
            answer = known.get(key := _key(asked))
            if answer is None:
                stack.append(self._resolve(asked))
                keys.append(key)
                known[key] = np.nan

    def _resolve(self, question: Question) -> Generator[Question, float, float]:
        """The value of one delay; yields the others that it needs."""
        k, t, y = question
        past = yield from self._with(self._lag_needs[k], t, y)
        then = t - max(float(self._evaluator.lags(t, y, past)[k]), 0.0)
        if then < self._start:
            return float(self._evaluator.values_before(then, y, past)[k])
        state = y if then >= t else self._state(then, t, y)
        past = yield from self._with(self._value_needs[k], min(then, t), state)
        return float(self._evaluator.past_values(min(then, t), state, past)[k])

    def _with(self, needs: list[int], t: float, y: np.ndarray) -> Generator[Question, float, np.ndarray]:
        """Parameters, and those values of the past that are needed."""
        values = self._padded.copy()
        for k in needs:
            values[len(self._own) + k] = yield k, t, y
        return values

    def _state(self, then: float, t: float, y: np.ndarray) -> np.ndarray:
        if not self._ends:
            return y
        i = bisect.bisect_right(self._ends, then)
        if i < len(self._ends):
            return self._pieces[i](then)
        last = self._ends[-1]
        reached = self._pieces[-1](last)
        return reached + (y - reached) * ((then - last) / (t - last) if t > last else 0.0)


def _key(question: Question) -> tuple[int, float]:
    """A delay and a time without the rounding errors of the lags that led to it."""
    return question[0], round(question[1], 12)
