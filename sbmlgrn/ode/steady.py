"""`steady_state`: where trajectories come to rest, and how that depends on the parameters.

What is conserved (totals of moieties) makes the Jacobian singular; so one equation of each sum is replaced by the sum,
which keeps the value it has in the initial state. A trajectory is followed until Newton's method, which has a small
basin and does not know which steady state is meant, converges in its neighbourhood, to one that is stable. The
derivatives at the steady state are those of the implicit function theorem, and owe nothing to the way there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from scipy.linalg.lapack import dgecon, dgetrf, dgetrs  # pyright: ignore[reportAttributeAccessIssue]
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu
from torch import Tensor

from sbmlgrn.backends.kernel import field
from sbmlgrn.backends.kernel.variation import variation
from sbmlgrn.backends.torch import Model
from sbmlgrn.expr import depends_on_time
from sbmlgrn.lower import System, conserved
from sbmlgrn.ode.differentiable import Once
from sbmlgrn.ode.native.approach import approach, values
from sbmlgrn.ode.status import Status

_CHANGES: Final = (1e-2, 1e-3, 1e-5, 1e-7)
"""Relative changes within a step at which Newton's method is tried."""
_NEWTON_STEPS: Final = 12
_NEAR: Final = 0.1
"""How far, relative to each state, Newton's method may lead away from the trajectory."""
_CONVERGED: Final = 1e-10
_SINGULAR: Final = 1e-15
"""Reciprocal of the condition beyond which the equations do not determine a point."""
_ROUNDING: Final = 1e-9
"""Growth rate, relative to the fastest one, that is taken for 0."""
_DENSE: Final = 100
"""States up to which matrices are full."""


@dataclass(frozen=True)
class SteadyState:
    """Steady states. Tensors carry autograd history where the parameters did.

    Attributes:
        states: ``[batch, state]``, or ``[state]`` for one parameter vector; NaN where none was found.
        parameters: the parameter vectors ``[batch, parameter]`` or ``[parameter]``.
        status: one for each.
        model: what was solved.
    """

    states: Tensor
    parameters: Tensor
    status: tuple[Status, ...]
    model: Model

    @property
    def success(self) -> bool:
        """Whether all were found."""
        return all(s is Status.SUCCESS for s in self.status)

    def __getitem__(self, name: str) -> Tensor:
        """Value of the SBML symbol `name` ``[batch]``, or ``[]`` without a batch; NaN if it depends on the time.

        Raises:
            UnknownElementError: the model has no such symbol.
        """
        return self.model.observe(torch.nan, self.states, self.parameters, [name])[..., 0]


def steady_state(
    model: Model,
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    *,
    initial_state: Tensor | None = None,
    atol: float = 1e-9,
    max_steps: int = 10_000,
) -> SteadyState:
    """The steady states to which the model's trajectories lead.

    Main arguments:
        model: from `compile`, without events, delays and laws that depend on the time.
        parameters: as for `simulate`. Gradients flow to them.

    Other Arguments:
        initial_state: ``[state]`` or ``[batch, state]``, in place of the model's own. It has gradients too: totals that
            are conserved depend on it.
        atol: absolute tolerance, in the unit of each state's symbol: a state below it counts as 0 on the way.
        max_steps: most steps on the way.

    Returns:
        The steady states, to about 1e-10 relative to each state. Where a trajectory does not come to rest (it
        oscillates, grows without bound, or comes to rest where the equations do not determine a single point), its
        status says so and its values are NaN; the others are not touched.

    Raises:
        UnknownElementError: a parameter's name is not in the model.
        ValueError: the model has events, delays or laws that depend on the time, or a shape or number is not as
            described.
    """
    _check(model.system, atol, max_steps)
    p = model.parameter_vector(parameters)
    y0 = model.initial(p) if initial_state is None else initial_state.to(p)
    batch = torch.broadcast_shapes(p.shape[:-1], y0.shape[:-1])
    rows = p.expand(*(batch or (1,)), -1)
    start = y0.expand(*(batch or (1,)), len(model.state_ids))
    with torch.no_grad():
        scales = model.scales(p).nan_to_num(1.0).abs()
        tolerance = atol * torch.where(scales > 0, scales, 1.0).expand_as(start)
    balance = _Balance(model.system)
    found, status = _settled(balance, _array(start), _array(rows), _array(tolerance), max_steps)
    states: Tensor = _Steady.apply(start, rows, balance, torch.as_tensor(found).to(start))  # type: ignore[assignment]
    return SteadyState(states if batch else states[0], rows if batch else p, tuple(status), model)


def _check(system: System, atol: float, max_steps: int) -> None:
    if system.delays or system.transitions:
        what = "delay()" if system.delays else "events"
        raise ValueError(f"the model has {what}, so that a state does not say what follows; simulate it instead")
    moving = [s.id for s, f in zip(system.states, system.rhs, strict=True) if depends_on_time(f)]
    if moving:
        raise ValueError(
            f"the rate of {moving[0]!r} depends on the time, so that there is no steady state; simulate the model "
            "instead"
        )
    if not atol > 0 or max_steps < 1:
        raise ValueError(f"atol is {atol} and max_steps {max_steps}, expected positive numbers")


class _Balance:
    """f(y, p) = 0, with sums that are conserved in place of the equations that they make superfluous."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._field = field(system)
        self.size = len(system.states)
        self._nonzeros = np.array(self._field.nonzeros, np.int64).reshape(-1, 2)
        laws = conserved(system)
        self.dependent = np.array([law.dependent for law in laws], np.int64)
        self.sums = np.zeros((len(laws), self.size))
        for row, law in zip(self.sums, laws, strict=True):
            row[list(law.weights)] = list(law.weights.values())
        self._free = ~np.isin(self._nonzeros[:, 0], self.dependent)

    def residual(self, y: np.ndarray, p: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """``[batch, state]``, with `totals` ``[batch, sum]``."""
        f = values(self._field.rhs, self.size, y, p)
        f[:, self.dependent] = y @ self.sums.T - totals
        return f

    def solve(self, y: np.ndarray, p: np.ndarray, b: np.ndarray, transposed: bool = False) -> np.ndarray:
        """Solutions ``[batch, state]`` with the derivatives of the equations at `y`; NaN where they are singular."""
        slopes = values(self._field.slopes, len(self._nonzeros) + self.size, y, p)[:, : len(self._nonzeros)]
        return np.array([self._solve(s, v, transposed) for s, v in zip(slopes, b, strict=True)]).reshape(b.shape)

    def holds(self, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Whether states stay where they are when pushed a little ``[batch]``; taken for granted in large systems."""
        if self.size > _DENSE or not len(y):
            return np.ones(len(y), bool)
        slopes = values(self._field.slopes, len(self._nonzeros) + self.size, y, p)[:, : len(self._nonzeros)]
        matrices = np.zeros((len(y), self.size, self.size))
        matrices[:, self._nonzeros[:, 0], self._nonzeros[:, 1]] = slopes
        rates = np.linalg.eigvals(matrices)
        return (rates.real <= _ROUNDING * np.abs(rates).max(1, keepdims=True)).all(1)

    def _solve(self, slopes: np.ndarray, b: np.ndarray, transposed: bool) -> np.ndarray:
        rows, columns = self._nonzeros[self._free].T
        if not (np.isfinite(slopes).all() and np.isfinite(b).all()):
            return np.full(self.size, np.nan)
        try:
            if self.size <= _DENSE:
                matrix = np.zeros((self.size, self.size))
                matrix[rows, columns] = slopes[self._free]
                matrix[self.dependent] = self.sums
                return _solve_dense(matrix.T if transposed else matrix, b)
            law, place = self.sums.nonzero()
            entries = np.concatenate([slopes[self._free], self.sums[law, place]])
            index = (np.concatenate([rows, self.dependent[law]]), np.concatenate([columns, place]))
            return splu(csc_matrix((entries, index), (self.size, self.size))).solve(b, "T" if transposed else "N")
        except RuntimeError:  # exactly singular
            return np.full(self.size, np.nan)


def _solve_dense(matrix: np.ndarray, b: np.ndarray) -> np.ndarray:
    """NaN where `matrix`, its rows and columns in units of their own, is singular to rounding."""
    rows = np.abs(matrix).max(1, initial=0.0)
    rows[rows == 0] = 1.0
    columns = np.abs(matrix / rows[:, None]).max(0, initial=0.0)
    columns[columns == 0] = 1.0
    scaled = matrix / rows[:, None] / columns
    lu, pivots, info = dgetrf(scaled)
    if info or dgecon(lu, np.abs(scaled).sum(0).max())[0] < _SINGULAR:
        return np.full(len(b), np.nan)
    return dgetrs(lu, pivots, b / rows)[0] / columns


def _settled(
    balance: _Balance, y0: np.ndarray, p: np.ndarray, atol: np.ndarray, max_steps: int
) -> tuple[np.ndarray, list[Status]]:
    totals = y0 @ balance.sums.T
    found = np.full(y0.shape, np.nan)
    status = [Status.SUCCESS] * len(y0)
    left, y = np.arange(len(y0)), y0
    if not balance.size:
        return y0.copy(), status
    for change in _CHANGES:
        y, outcomes = approach(balance.system, y, p[left], atol[left], max_steps, change)
        settled = np.array([o is Status.SUCCESS for o in outcomes])
        for i in np.flatnonzero(~settled):
            status[left[i]] = Status.NOT_FINITE if outcomes[i] is Status.NOT_FINITE else Status.NOT_STEADY
        y, left = y[settled], left[settled]
        rest = _newton(balance, y, p[left], totals[left], atol[left])
        done: np.ndarray = np.isfinite(rest).all(1)  # pyright: ignore[reportAssignmentType]
        done[done] = balance.holds(rest[done], p[left[done]])
        found[left[done]] = rest[done]
        y, left = y[~done], left[~done]
        if not len(left):
            break
    for i in left:
        status[i] = Status.NOT_STEADY
    return found, status


def _newton(balance: _Balance, y: np.ndarray, p: np.ndarray, totals: np.ndarray, atol: np.ndarray) -> np.ndarray:
    """Steady states near `y`; NaN where the iteration does not converge, or leads away."""
    found, now = np.full(y.shape, np.nan), y.copy()
    left = np.arange(len(y))
    for _ in range(_NEWTON_STEPS):
        here, own = now[left], p[left]
        moves = -balance.solve(here, own, balance.residual(here, own, totals[left]))
        here = here + moves
        now[left] = here
        near = (np.abs(here - y[left]) <= _NEAR * np.abs(y[left]) + 10 * atol[left]).all(1)
        still = (np.abs(moves) <= _CONVERGED * np.abs(here) + 1e-3 * atol[left]).all(1)
        done = near & still
        found[left[done]] = here[done]
        left = left[near & ~still]
        if not len(left):
            break
    return found


class _Steady(torch.autograd.Function):
    """Source: implicit function theorem; Christianson 1998, Optim. Methods Softw. 9:307, for its reverse form."""

    @staticmethod
    def forward(ctx: Any, y0: Tensor, p: Tensor, balance: _Balance, states: Tensor) -> Tensor:
        ctx.save_for_backward(y0, p, states)
        ctx.balance = balance
        return states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        y0, p, states = ctx.saved_tensors
        (weights,) = grad_outputs
        with torch.no_grad():
            gradients = _pulled(ctx.balance, *(_array(v) for v in (states, p, weights)))
            by_start, by_parameter = (torch.as_tensor(g).to(p) for g in gradients)
        if torch.is_grad_enabled():
            by_start, by_parameter = Once.apply(weights, y0, p, by_start, by_parameter)  # type: ignore[misc]
        return by_start, by_parameter, None, None


def _pulled(balance: _Balance, y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products of `weights` ``[batch, state]`` with the derivatives by initial states and parameters."""
    by_start, by_parameter = np.zeros(y.shape), np.zeros(p.shape)
    asked = (weights != 0).any(1)
    if not asked.any():
        return by_start, by_parameter
    y, p = y[asked], p[asked]
    multipliers = balance.solve(y, p, weights[asked], transposed=True)
    by_start[asked] = multipliers[:, balance.dependent] @ balance.sums
    multipliers[:, balance.dependent] = 0.0
    pull = variation(balance.system).pull
    by_parameter[asked] = values(pull, balance.size + p.shape[1], np.hstack([y, -multipliers]), p)[:, balance.size :]
    failed = np.flatnonzero(asked)[~np.isfinite(multipliers).all(1)]
    by_start[failed] = by_parameter[failed] = np.nan
    return by_start, by_parameter


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()
