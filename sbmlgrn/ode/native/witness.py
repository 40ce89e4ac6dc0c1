"""A witness of what derivatives would lose: one direction, carried along while a trajectory is recorded.

The control of steps sees the state alone. At rest it sees nothing, and lets steps grow over which derivatives, which
are not at rest, are carried wrongly; where states are damped and derivatives grow, steps are too long as well. So one
derivative is carried along with the state, and its error bounds the steps too. Parameters and initial values all change
in its direction, each by about its own size and by numbers that nothing is tuned to, so that it has a share in
whatever any of their derivatives takes part in.

Source: Hairer, Nørsett & Wanner, Solving ODEs I (2nd ed.), section II.6 (errors of derivatives in step control).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sbmlgrn.ode.native.linear import Change, Linear, begin, rodas5p_change, tsit5_change
from sbmlgrn.ode.native.loop import inlined, lean
from sbmlgrn.ode.native.sparse import Layout
from sbmlgrn.ode.native.tableau import TSIT5_ERROR
from sbmlgrn.ode.native.trajectory import LENGTH, MADE_BY, RODAS5P, T, Workspace

_FAINT: Final = 1e-3
"""Of the state: a derivative, by relative changes, that is smaller is as accurate as if it were of this size."""
_ROUNDING: Final = 1e-15
"""Of the terms of which the change of a derivative is the sum: an error below this is one of rounding, and is no
smaller in two steps of half the length."""


@inlined
def _share(i: int) -> float:
    """A number between 0.5 and 1.5 of either sign, which is different for every i."""
    size = 0.5 + (0.6180339887498949 * (i + 1)) % 1.0
    return size if (0.7548776662466927 * (i + 1)) % 1.0 < 0.5 else -size


@lean
def call_witness(of: Linear, own_start: bool, y: np.ndarray, p: np.ndarray, moved: Change) -> None:
    """Chooses the direction of a trajectory that begins at `y`."""
    for q in range(len(of.parameters)):
        value = abs(p[of.parameters[q]])
        moved.weight[q] = _share(q) * (value if value > 0.0 else 1.0) if np.isfinite(value) else 0.0
    begin(of, p, moved)
    finite = True
    for i in range(len(y)):
        finite = finite and np.isfinite(moved.state[i, 0])
    if not (own_start and finite):
        replace_witness(y, moved)


@lean
def replace_witness(y: np.ndarray, moved: Change) -> None:
    """Begins anew with a change of the state alone, where the one before is not finite.

    What is 0 does not change: often it can be nothing else, and there would run away, which no derivative does.
    """
    for i in range(len(y)):
        moved.state[i, 0] = _share(i) * abs(y[i]) if np.isfinite(y[i]) else 0.0


@lean
def testify(
    of: Linear, p: np.ndarray, rtol: float, atol: np.ndarray, layout: Layout, work: Workspace, moved: Change
) -> float:
    """Carries the derivative over the step that was made, into ``moved.point``.

    Returns:
        The error of its change, in units of the tolerance; NaN where the derivative is not finite.
    """
    t, h, y, state, new = work.control[T], work.control[LENGTH], work.y, moved.state, moved.point
    stiff = work.control[MADE_BY] == RODAS5P
    if stiff:
        rodas5p_change(of, t, h, y, p, layout, work.stages, work.lu, moved)
    else:
        tsit5_change(of, t, h, y, p, work.stages, moved)
    terms = moved.argument
    for i in range(len(y)):
        terms[i] = 0.0
    for e in range(len(of.by_state)):
        terms[of.by_state[e, 0]] += abs(moved.values[e] * new[of.by_state[e, 1], 0])
    total = 0.0
    for i in range(len(y)):
        if stiff:
            error = moved.bars[7, i, 0]
        else:
            error = 0.0
            for j in range(7):
                error += TSIT5_ERROR[j] * moved.bars[j, i, 0]
            error *= h
        if error != 0.0 or not np.isfinite(new[i, 0]):
            size = max(abs(state[i, 0]), abs(new[i, 0]), _FAINT * abs(y[i]))
            ratio = error / (atol[i] + rtol * size + _ROUNDING * h * terms[i])
            total += ratio * ratio if np.isfinite(new[i, 0]) else np.nan
    return np.sqrt(total / max(len(y), 1))
