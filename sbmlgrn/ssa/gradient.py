"""`gradient`: how the expectation of an objective over a jump process changes with parameters, and how sure that is.

An objective is a function L of means over trajectories of features m: the mean of a species at a time, of its square,
of the power at a frequency, of the share of trajectories near a number. Its gradient is Σ_f ∂L/∂M_f ∂E[m_f]/∂θ; what is
estimated is the latter factor.

The pathwise estimators follow ∂x/∂θ along exact trajectories, and take states for real numbers. That has little
variance, and a bias where single molecules make a nonlinear difference. The score function has no bias and much
variance. Both are computed of the same trajectories, and their difference, which is known with an error of its own, is
the audit.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from sbmlgrn.backends.torch import Model
from sbmlgrn.network import UnknownElementError
from sbmlgrn.ode import time_grid
from sbmlgrn.ode.native.portions import in_threads, portions
from sbmlgrn.ssa.direct import seeded
from sbmlgrn.ssa.jumps import whole_numbers
from sbmlgrn.ssa.native.coupled import pairs
from sbmlgrn.ssa.native.uniform import check_differentiable, network
from sbmlgrn.ssa.paths import Estimator, Paths, check_temperature, pathwise, relevant
from sbmlgrn.ssa.status import StochasticStatus

SIGNIFICANT: Final = 4.0
"""Standard errors of their difference beyond which two estimates disagree."""
_NOTABLE: Final = 0.05
"""Relative difference below which a disagreement is not worth a warning."""
_FEWEST: Final = 4
_SHIFT: Final = 1e-5
"""Relative size of the differences along tangents."""


class GradientWarning(UserWarning):
    """A gradient that is not what it seems."""


class Objective(Protocol):
    """What is asked of an ensemble: ``loss`` of the means over trajectories of ``features``."""

    @property
    def t(self) -> Tensor:
        """Strictly increasing times ``[time]`` at which trajectories are looked at; the first is the start."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """Symbols that are looked at."""
        ...

    @property
    def until(self) -> Tensor | None:
        """Index ``[feature]`` of the last time on which a feature depends; ``None``: all of them on the last."""
        ...

    def features(self, values: Tensor) -> Tensor:
        """Features ``[trajectory, feature]`` of values ``[trajectory, time, symbol]``, each trajectory on its own."""
        ...

    def loss(self, means: Tensor) -> Tensor:
        """The objective ``[]`` of the means ``[feature]``."""
        ...


@dataclass(frozen=True)
class Audit:
    """The pathwise estimate beside that of the score function, from the same trajectories.

    Attributes:
        pathwise, score: gradients ``[parameter]``.
        pathwise_error, score_error: their standard errors ``[parameter]``.
        discrepancy: pathwise − score ``[parameter]``; NaN where the score function knows nothing of a parameter: the
            initial state depends on it, or a propensity is 0 because of it.
        error: standard error of that ``[parameter]``.
        agrees: whether no discrepancy is both significant and notable.
        message: the same in words.
    """

    pathwise: Tensor
    score: Tensor
    pathwise_error: Tensor
    score_error: Tensor
    discrepancy: Tensor
    error: Tensor
    agrees: bool
    message: str


@dataclass(frozen=True)
class Gradient:
    """A gradient with its error.

    Attributes:
        ids: the parameters.
        values: ∂L/∂θ ``[parameter]``.
        errors: standard errors of those ``[parameter]``.
        loss, loss_error: the objective and its standard error.
        estimator: the estimator asked for.
        chosen: what `values` are of, by parameter; the same as `estimator` but for ``auto``.
        audit: ``None`` for ``coupled_fd`` and where `audit` was false.
        status: how each trajectory ended ``[trajectory]``; those that failed are left out.
    """

    ids: tuple[str, ...]
    values: Tensor
    errors: Tensor
    loss: float
    loss_error: float
    estimator: Estimator
    chosen: tuple[Estimator, ...]
    audit: Audit | None
    status: np.ndarray

    def __getitem__(self, name: str) -> float:
        """∂L/∂θ of one parameter."""
        return float(self.values[self.ids.index(name)])


def gradient(
    model: Model,
    objective: Objective,
    parameters: Tensor | Mapping[str, Tensor | float] | None = None,
    *,
    estimator: Estimator | str = Estimator.STRAIGHT_THROUGH,
    wrt: Sequence[str] | None = None,
    trajectories: int = 1000,
    seed: int = 0,
    temperature: float = 0.1,
    step: float = 0.01,
    audit: bool = True,
    clip: float = math.inf,
    max_events: int = 1_000_000_000,
) -> Gradient:
    """Gradient of an objective over the model's jump process, with its standard error and an audit of its bias.

    Main arguments:
        model: from `compile`.
        objective: such as those of `sbmlgrn.objectives`.
        parameters: one vector ``[parameter]``, or values by name, each a number.
        estimator: an `Estimator`.
        wrt: parameters by which to differentiate; if not given, all on which rates depend, but for initial
            amounts and concentrations.

    Other Arguments:
        trajectories: how many.
        seed: any integer; the same one gives the same gradient.
        temperature: of ``gumbel`` and ``dga``.
        step: relative half width of the differences of ``coupled_fd``.
        audit: whether to compare with the score function; always done by ``auto``.
        clip: how many times the median of their sizes single trajectories may contribute to a pathwise estimate.
            Tangents grow exponentially where a population comes near to extinction, and then one trajectory outweighs
            all others; a limit, such as 20, costs a bias and saves the mean.
        max_events: most ticks of a trajectory.

    Raises:
        JumpError: the model is not only jumps of whole numbers at rates of states and parameters.
        UnknownElementError: a name is not in the model.
        ValueError: an argument is not as described, or fewer than four trajectories reached the end.

    Warns:
        GradientWarning: the audit found a bias, or trajectories failed.
    """
    estimator = Estimator(estimator)
    check_temperature(estimator, temperature)
    if trajectories < _FEWEST:
        raise ValueError(f"trajectories is {trajectories}, expected at least {_FEWEST}: of fewer there is no error")
    p = model.parameter_vector(parameters).detach().double().cpu()
    if p.ndim != 1:
        raise ValueError(f"parameters have a batch of {len(p)}; a gradient is that at one parameter vector")
    ids = relevant(model) if wrt is None else tuple(wrt)
    for name in ids:
        if name not in model.parameter_ids:
            raise UnknownElementError(name, model.parameter_ids, "parameter")
    asked = _Asked(model, objective, p, ids, trajectories, seed, max_events)
    if estimator is Estimator.COUPLED_FD:
        return _by_differences(asked, step)
    return _by_derivatives(asked, estimator, temperature, audit or estimator is Estimator.AUTO, clip)


@dataclass(frozen=True)
class _Asked:
    model: Model
    objective: Objective
    p: Tensor
    ids: tuple[str, ...]
    trajectories: int
    seed: int
    max_events: int

    @property
    def columns(self) -> list[int]:
        return [self.model.parameter_ids.index(name) for name in self.ids]

    @property
    def grid(self) -> Tensor:
        return time_grid(self.objective.t, self.p)

    def features(self, states: Tensor, p: Tensor) -> Tensor:
        return self.objective.features(self.model.observe(self.grid, states, p[:, None], list(self.objective.ids)))


def _by_derivatives(asked: _Asked, estimator: Estimator, temperature: float, audited: bool, clip: float) -> Gradient:
    grid, columns = asked.grid, asked.columns
    p, count = asked.p[None], asked.trajectories
    run_of = (asked.model, grid.numpy(), p.numpy(), columns, count, asked.seed, estimator, temperature)
    paths = Paths(*run_of, asked.max_events)
    scored = audited or estimator is Estimator.SCORE
    tangent = estimator is not Estimator.SCORE or audited
    run = paths.forward(sensitivities=tangent and paths.carries, scores=scored or not paths.carries)
    good = torch.as_tensor(run.status == StochasticStatus.SUCCESS)
    _check_ends(run.status)
    unknown = torch.as_tensor(paths.start[0].any(0))
    if run.scores.shape[-1]:
        unknown |= torch.as_tensor(np.isnan(run.scores).any((0, 1)))
    if estimator is Estimator.SCORE and bool(unknown.any()):
        names = [name for name, no in zip(asked.ids, unknown.tolist(), strict=True) if no]
        raise ValueError(
            f"the score function knows nothing of {', '.join(names)}: the initial state depends on it, or a propensity "
            "is 0 because of its value; leave it out of wrt, or take another estimator"
        )
    states = torch.as_tensor(run.states).nan_to_num(0.0).requires_grad_()
    own = asked.p.expand(count, -1).clone().requires_grad_()
    features = asked.features(states, own)
    if features.ndim != 2 or len(features) != count:
        raise ValueError(
            f"features have shape {tuple(features.shape)}, expected [{count}, feature]: a row a trajectory"
        )
    means = features.detach()[good].mean(0)
    slope, curve = _slopes(asked.objective.loss, means)
    apart = torch.where(good[:, None], features.detach() - means, 0.0)
    total = int(good.sum())
    weight = torch.where(good[:, None], slope, 0.0)
    by_states, by_own = _grad(features, (states, own), weight)
    explicit = by_own[:, columns]
    score = explicit.clone()
    jacobian = torch.zeros(len(columns), len(means), dtype=torch.float64)
    if run.scores.shape[-1]:
        until = asked.objective.until
        scores = torch.as_tensor(run.scores).nan_to_num(0.0)
        for k in range(len(columns)):
            w = scores[:, -1, k, None] if until is None else scores[:, until, k]
            score[:, k] += total / (total - 1) * (weight * apart * w).sum(-1)
            jacobian[k] = (apart * w).sum(0) / (total - 1)
    score_influence = _influence(score, curve(jacobian), apart, good)
    path, path_influence = None, None
    if tangent:
        path = explicit + pathwise(paths, run, by_states)
        if clip < math.inf:
            most = clip * path[good].abs().median(0).values
            path = torch.where(most > 0, path.clamp(-most, most), path)
        if run.sensitivities.shape[-1]:
            jacobian = _jacobian(asked, states.detach(), torch.as_tensor(run.sensitivities), good)
        path_influence = _influence(path, curve(jacobian), apart, good)
    value = float(asked.objective.loss(means))
    value_error = _error((apart * slope).sum(-1)[good])
    report = None
    if scored and path is not None and path_influence is not None:
        means_of = (path[good].mean(0), score[good].mean(0))
        report = _audit(asked.ids, means_of, (path_influence[good], score_influence[good]), ~unknown)
    chosen = _choice(estimator, report, len(columns))
    values, errors = [], []
    for k, which in enumerate(chosen):
        rows, influence = (score, score_influence) if which is Estimator.SCORE else (path, path_influence)
        assert rows is not None and influence is not None
        values.append(rows[good, k].mean())
        errors.append(_error(influence[good, k]))
    if report is not None and not report.agrees and estimator not in (Estimator.AUTO, Estimator.SCORE):
        warnings.warn(report.message, GradientWarning, stacklevel=3)
    return Gradient(
        ids=asked.ids,
        values=torch.stack(values),
        errors=torch.tensor(errors, dtype=torch.float64),
        loss=value,
        loss_error=value_error,
        estimator=estimator,
        chosen=chosen,
        audit=report,
        status=run.status,
    )


def _grad(features: Tensor, leaves: tuple[Tensor, Tensor], weight: Tensor) -> tuple[Tensor, Tensor]:
    if not features.requires_grad:
        return torch.zeros_like(leaves[0]), torch.zeros_like(leaves[1])
    found = torch.autograd.grad(features, leaves, weight, allow_unused=True)
    by = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]
    return by[0], by[1]


def _slopes(loss: Callable[[Tensor], Tensor], means: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """∂L/∂M ``[feature]``, and the function that multiplies rows ``[row, feature]`` by ∂²L/∂M²."""
    at = means.clone().requires_grad_()
    value = loss(at)
    if value.ndim:
        raise ValueError(f"the loss has shape {tuple(value.shape)}, expected a number")
    (slope,) = torch.autograd.grad(value, at, create_graph=True)

    def curve(rows: Tensor) -> Tensor:
        if not slope.requires_grad:
            return torch.zeros_like(rows)
        products = [torch.autograd.grad(slope, at, row, retain_graph=True, allow_unused=True)[0] for row in rows]
        return torch.stack([torch.zeros_like(means) if q is None else q for q in products])

    return slope.detach(), curve


@torch.no_grad()
def _jacobian(asked: _Asked, states: Tensor, sensitivities: Tensor, good: Tensor) -> Tensor:
    """How the means of features change along the tangents ``[column, feature]``, by central differences.

    They serve the error alone, for which a few digits suffice, and so features need no second derivatives.
    """
    own = asked.p.expand(len(states), -1)
    rows = []
    for k, column in enumerate(asked.columns):
        tangent, direction = sensitivities[..., k], torch.zeros_like(own)
        direction[:, column] = 1.0
        size = max(float(tangent.abs().max() / (1 + states.abs().max())), 1.0 / (1e-3 + abs(float(asked.p[column]))))
        half = _SHIFT / size
        ends = [asked.features(states + h * tangent, own + h * direction)[good].mean(0) for h in (-half, half)]
        rows.append((ends[1] - ends[0]) / (2 * half))
    return torch.stack(rows)


def _influence(rows: Tensor, curved: Tensor, apart: Tensor, good: Tensor) -> Tensor:
    """What each trajectory contributes to the error of the mean ``[trajectory, column]``, to first order."""
    return rows - rows[good].mean(0) + apart @ curved.T


def _error(influence: Tensor) -> float:
    return float(influence.std()) / len(influence) ** 0.5


def _audit(ids: Sequence[str], means: tuple[Tensor, Tensor], influences: tuple[Tensor, Tensor], known: Tensor) -> Audit:
    (path, score), (of_path, of_score) = means, influences
    difference = torch.where(known, path - score, torch.nan)
    error, path_error, score_error = (
        torch.tensor([_error(column) for column in of.T], dtype=torch.float64)
        for of in (of_path - of_score, of_path, of_score)
    )
    significant = difference.abs() > SIGNIFICANT * error
    notable = difference.abs() > _NOTABLE * torch.maximum(path.abs(), score.abs())
    biased = [name for name, wrong in zip(ids, (significant & notable).tolist(), strict=True) if wrong]
    vague = [
        name
        for name, wide in zip(ids, (known & (2 * error > path.abs()) & (path != 0)).tolist(), strict=True)
        if wide and name not in biased
    ]
    if biased:
        worst = max(biased, key=lambda name: float((difference / error).abs()[ids.index(name)]))
        k = ids.index(worst)
        message = (
            f"the pathwise gradient with respect to {', '.join(biased)} is biased: for {worst} it is {path[k]:.4g}, "
            f"the score function finds {score[k]:.4g} ± {score_error[k]:.2g}; take estimator='score' or 'auto'"
        )
    elif vague:
        message = (
            f"no bias was found, but for {', '.join(vague)} the score function is too uncertain to tell a bias of half "
            "the gradient; more trajectories, or a shorter time, would tell"
        )
    else:
        message = "the pathwise gradient and the score function agree within their errors"
    return Audit(path, score, path_error, score_error, difference, error, not biased, message)


def _choice(estimator: Estimator, audit: Audit | None, count: int) -> tuple[Estimator, ...]:
    if estimator is not Estimator.AUTO or audit is None:
        return (estimator,) * count
    # where one parameter has a bias, differences of the others are taken for biases as well
    suspect = bool((audit.discrepancy.abs() > (SIGNIFICANT - 1) * audit.error).any())
    bias = audit.discrepancy if suspect else torch.where(audit.discrepancy.isnan(), torch.nan, 0.0)
    wrong = audit.score_error**2 < bias**2 + audit.pathwise_error**2
    return tuple(Estimator.SCORE if w else Estimator.STRAIGHT_THROUGH for w in wrong.tolist())


def _check_ends(status: np.ndarray) -> None:
    """Refuses too few trajectories that ended well, and warns of those that did not."""
    good = int((status == StochasticStatus.SUCCESS).sum())
    if good == len(status):
        return
    reason = StochasticStatus(int(status[status != StochasticStatus.SUCCESS][0])).message
    told = f"{len(status) - good} of {len(status)} trajectories failed: {reason}"
    if good < _FEWEST:
        raise ValueError(f"{told}; a gradient needs at least {_FEWEST}")
    warnings.warn(f"{told}; they are left out, which may bias the gradient", GradientWarning, stacklevel=4)


def _by_differences(asked: _Asked, step: float) -> Gradient:
    """Central differences of means over coupled pairs; forward differences where a parameter is 0."""
    if not step > 0:
        raise ValueError(f"step is {step}, expected a positive number")
    model, count, grid = asked.model, asked.trajectories, asked.grid
    check_differentiable(model.system)
    net = network(model.system, ())
    plain = Paths(
        model, grid.numpy(), asked.p[None].numpy(), (), count, asked.seed, Estimator.SCORE, 1.0, asked.max_events
    )
    run = plain.forward(sensitivities=False, scores=False)
    _check_ends(run.status)
    good = run.status == StochasticStatus.SUCCESS
    centre = asked.features(torch.as_tensor(run.states[good]), asked.p[None])
    means = centre.mean(0)
    slope, curve = _slopes(asked.objective.loss, means)
    values, errors = [], []
    for column in asked.columns:
        half = step * abs(float(asked.p[column])) or step
        ends = asked.p.repeat(2, 1)
        ends[1, column] += half
        ends[0, column] -= half if asked.p[column] != 0 else 0.0
        width = float(ends[1, column] - ends[0, column])
        x0 = whole_numbers(model.system, model.initial(ends).numpy())
        states = np.empty((count, 2, len(grid), x0.shape[1]))
        status = np.empty(count, np.int64)

        def part(
            bounds: tuple[int, int],
            x0: np.ndarray = x0,
            ends: Tensor = ends,
            states: np.ndarray = states,
            status: np.ndarray = status,
        ) -> None:
            at, size = slice(*bounds), bounds[1] - bounds[0]
            starts, p = (np.ascontiguousarray(np.broadcast_to(v, (size, *v.shape))) for v in (x0, ends.numpy()))
            generators = seeded(asked.seed, bounds[0], size)
            pairs(net, grid.numpy(), starts, p, generators, asked.max_events, states[at], status[at])

        in_threads(part, portions(count))
        _check_ends(status)
        good = status == StochasticStatus.SUCCESS
        lower, upper = (asked.features(torch.as_tensor(states[good, side]), ends[side, None]) for side in (0, 1))
        change = (upper - lower) / width
        influence = (change - change.mean(0)) @ slope + (0.5 * (upper + lower) - means) @ curve(change.mean(0)[None])[0]
        values.append(change.mean(0) @ slope)
        errors.append(_error(influence))
    return Gradient(
        ids=asked.ids,
        values=torch.stack(values),
        errors=torch.tensor(errors, dtype=torch.float64),
        loss=float(asked.objective.loss(means)),
        loss_error=_error((centre - means) @ slope),
        estimator=Estimator.COUPLED_FD,
        chosen=(Estimator.COUPLED_FD,) * len(asked.ids),
        audit=None,
        status=run.status,
    )
