"""`time_courses`: a network and measurements become a problem for `fit`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
import torch

from sbmlgrn import __version__
from sbmlgrn.backends.torch import Model
from sbmlgrn.calibrate.choose import Bounds, Estimate, free_parameters
from sbmlgrn.calibrate.data import Column, DataError, TimeCourses, as_time_courses, read_time_courses
from sbmlgrn.fit import Evaluation, FreeParameter, ParameterBox
from sbmlgrn.lower import lower
from sbmlgrn.network import Network, UnknownElementError
from sbmlgrn.objectives import Likelihood, Measured, NoiseError, likelihood
from sbmlgrn.ode import Status, linearise, simulate
from sbmlgrn.sbml import write

Noise: TypeAlias = Literal["normal", "lognormal"]

_MOST_BYTES: Final = 2**28
"""What sensitivities of the starts that are simulated together may take."""
_SMALL: Final = 1e-3
"""Absolute tolerance, in relative tolerances of the smallest state that counts."""
_COUNTS: Final = 1e-4
"""A state counts if it becomes as large, relative to the largest."""


@dataclass(frozen=True, eq=False)
class _Group:
    """Conditions measured at the same times, which are simulated together.

    Attributes:
        times: ``[time]`` from the start.
        conditions: positions in the data ``[condition]``.
    """

    times: np.ndarray
    conditions: np.ndarray


@dataclass(frozen=True, eq=False)
class TimeCourseProblem:
    """What is measured, simulated and fitted; a `sbmlgrn.fit.Problem`.

    Attributes:
        network: the model that went in.
        model: its equations.
        data: the measurements that are fitted.
        measured: the same with their noise, in the order of ``data.columns``.
        box: parameters and bounds.
        start: the model's own values, moved into the bounds ``[parameter]``.
        base: all parameters of the model under each condition ``[condition, parameter]``, before fitted ones.
        held_out: the problem of the measurements that are not fitted, to end in time.
        rtol, atol, max_steps: of the solver.
        notes: what was left out, and why.
    """

    network: Network
    model: Model
    data: TimeCourses
    measured: tuple[Measured, ...]
    box: ParameterBox
    start: np.ndarray
    base: np.ndarray
    held_out: TimeCourseProblem | None
    rtol: float
    atol: float
    max_steps: int
    notes: tuple[str, ...] = ()

    @property
    def measurements(self) -> int:
        """How many values were measured."""
        return self.data.count

    @property
    def estimated_aside(self) -> int:
        """How many scales and offsets are estimated beside the parameters."""
        return sum(m.scale + m.offset for m in self.measured)

    @property
    def knows_noise(self) -> bool:
        """Whether every standard deviation is given."""
        return all(m.sigma is not None for m in self.measured)

    def evaluate(self, values: np.ndarray) -> Evaluation:
        """Negative log-likelihood, gradient and Fisher information at `values` ``[point, parameter]``."""
        parts = [self._evaluated(values[part]) for part in self._portions(len(values))]
        losses, gradients, curvatures, reasons = zip(*parts, strict=True)
        return Evaluation(
            np.concatenate(losses),
            np.concatenate(gradients),
            np.concatenate(curvatures),
            [r for p in reasons for r in p],
        )

    def held_out_loss(self, values: np.ndarray) -> np.ndarray | None:
        """Negative log-likelihood ``[point]`` of the measurements held out, with noise and scales of their own."""
        if self.held_out is None:
            return None
        found, _ = self.held_out.likelihoods(values, differentiated=False)
        return np.sum([one.loss for one in found], 0)

    def with_noise_at(self, values: np.ndarray) -> TimeCourseProblem:
        """The problem with the standard deviations known that are estimated at `values` ``[parameter]``, without bias.

        The likelihood is greatest for a variance of Σr²/n, but n residuals of which h are used up by what was fitted
        have one of Σr²/(n − h). Of a column, h is the trace of the matrix that maps measurements to fitted values, plus
        one each for scale and offset.
        """
        found, _ = self.likelihoods(values[None])
        whole = np.linalg.pinv(np.sum([one.curvature[0] for one in found], 0), hermitian=True)
        known = []
        for m, one in zip(self.measured, found, strict=True):
            used = float(np.trace(whole @ one.curvature[0])) + m.scale + m.offset
            sigma = float(one.sigma[0]) * math.sqrt(len(m.values) / max(len(m.values) - used, 1.0))
            known.append(m if m.sigma is not None else replace(m, sigma=sigma))
        return replace(self, measured=tuple(known))

    def windows(self, count: int) -> list[TimeCourseProblem]:
        """Problems about the first 1/count of the time, 2/count, and so on; the last of them is this one."""
        last = max(float(column.times.max()) for column in self.data.columns)
        found = []
        for i in range(1, count):
            problem = self._until(last * i / count)
            if problem is not None:
                found.append(problem)
        return [*found, self]

    def without(self, names: Sequence[str]) -> TimeCourseProblem:
        """The problem with parameters kept at their start."""
        base, kept = self.base.copy(), [i for i, name in enumerate(self.box.ids) if name not in names]
        for i, name in enumerate(self.box.ids):
            if name in names:
                position = self.model.parameter_ids.index(name)
                untouched = [name not in condition.values for condition in self.data.conditions]
                base[untouched, position] = self.start[i]
        box = ParameterBox(tuple(self.box.parameters[i] for i in kept))
        held_out = None if self.held_out is None else self.held_out.without(names)
        return replace(self, box=box, start=self.start[kept], base=base, held_out=held_out)

    def network_at(self, values: Mapping[str, float]) -> Network:
        """The network with fitted values; what a condition sets is not among them."""
        return self.network.with_values(values)

    def row(self, values: Mapping[str, float]) -> np.ndarray:
        """Values by name as one point ``[1, parameter]``."""
        return np.array([[values[name] for name in self.box.ids]])

    def curves(self, values: Mapping[str, float], points: int = 201) -> list[pd.DataFrame]:
        """Courses of all measured symbols under each condition, indexed by time, in units of the measurements."""
        row = self.row(values)
        found, _ = self.likelihoods(row, differentiated=False)
        symbols = [column.symbol for column in self.data.columns]
        made = []
        for i, parameters in enumerate(self._parameters(row)[0]):
            times = [column.times[column.condition == i] for column in self.data.columns]
            end = max(float(t.max()) for t in times if len(t))
            grid = np.linspace(0.0, end or 1.0, points)
            course = linearise(self.model, grid, parameters[None], symbols, (), **self._options).values[0]
            scaled = {
                name: course[:, s] * float(found[s].scale[0]) + float(found[s].offset[0])
                for s, name in enumerate(symbols)
            }
            made.append(pd.DataFrame(scaled, index=pd.Index(grid, name="time")))
        return made

    def likelihoods(self, values: np.ndarray, differentiated: bool = True) -> tuple[list[Likelihood], list[str]]:
        """How likely each symbol's measurements are at `values` ``[point, parameter]``, and why a point failed."""
        directions = self._directions if differentiated else ()
        count, k = len(values), len(directions)
        courses = [np.full((count, len(c.values)), np.nan) for c in self.data.columns]
        slopes = [np.zeros((count, len(c.values), k)) for c in self.data.columns]
        reasons = [""] * count
        symbols = [column.symbol for column in self.data.columns]
        parameters = self._parameters(values)
        for group in self._groups:
            rows = parameters[:, group.conditions].reshape(-1, parameters.shape[-1])
            found = linearise(self.model, group.times, rows, symbols, directions, **self._options)
            shape = count, len(group.conditions)
            course = found.values.reshape(*shape, *found.values.shape[1:])
            jacobian = found.jacobian.reshape(*shape, *found.jacobian.shape[1:])
            if k:
                jacobian = np.where(self._own[group.conditions][:, None, None], jacobian, 0.0)
            for number, status in enumerate(found.status):
                if status is not Status.SUCCESS:
                    reasons[number // shape[1]] = status.message
            for s, column in enumerate(self.data.columns):
                here = np.flatnonzero(np.isin(column.condition, group.conditions))
                c = np.searchsorted(group.conditions, column.condition[here])
                t = np.searchsorted(group.times, column.times[here])
                courses[s][:, here], slopes[s][:, here] = course[:, c, t, s], jacobian[:, c, t, s]
        found = [likelihood(m, c, j) for m, c, j in zip(self.measured, courses, slopes, strict=True)]
        for measured, column, course in zip(self.measured, self.data.columns, courses, strict=True):
            if measured.noise != "lognormal":
                continue
            for point in np.flatnonzero((course <= 0).any(-1)):
                when = float(column.times[int(np.argmax(course[point] <= 0))])
                reasons[point] = reasons[point] or (
                    f"{column.symbol} is not above 0 at the time {when:g}, where log-normal noise needs it to be; "
                    "leave that measurement out, or use normal noise"
                )
        return found, reasons

    @property
    def provenance(self) -> dict[str, str]:
        """What is needed to make the fit again, but for the options of `fit`."""
        document = self.network.source if self.network.source is not None else write(self.network)
        return {
            "solver": "Tsit5 and Rodas5P, compiled, with forward sensitivities",
            "rtol": f"{self.rtol:g}",
            "atol": f"{self.atol:g}",
            "sbmlgrn": __version__,
            "torch": str(torch.__version__),
            "model_sha256": hashlib.sha256(document.encode()).hexdigest(),
        }

    def _evaluated(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        found, reasons = self.likelihoods(values)
        loss = np.sum([one.loss for one in found], 0)
        unclear = "the time course or its derivatives became infinite"
        told = [reason or ("" if np.isfinite(value) else unclear) for reason, value in zip(reasons, loss, strict=True)]
        return loss, np.sum([one.gradient for one in found], 0), np.sum([one.curvature for one in found], 0), told

    def _portions(self, count: int) -> Iterator[slice]:
        """Points that are simulated together, so that their sensitivities fit into memory."""
        times = sum(len(group.times) * len(group.conditions) for group in self._groups)
        size = 8 * times * len(self.model.state_ids) * len(self.box.ids) * 2
        together = max(1, _MOST_BYTES // max(size, 1))
        yield from (slice(low, low + together) for low in range(0, count, together))

    def _parameters(self, values: np.ndarray) -> np.ndarray:
        """All parameters ``[point, condition, parameter]``."""
        rows = np.repeat(self.base[None], len(values), 0)
        for k, i in enumerate(self._directions):
            rows[:, :, i] = np.where(self._own[:, k], values[:, k, None], rows[:, :, i])
        return rows

    def _until(self, end: float) -> TimeCourseProblem | None:
        """The same problem without what was measured after `end`; ``None`` if too little is left."""
        columns, measured = [], []
        for column, m in zip(self.data.columns, self.measured, strict=True):
            early = column.times <= end
            sd = None if column.sd is None else column.sd[early]
            sigma = m.sigma[early] if isinstance(m.sigma, np.ndarray) else m.sigma
            try:
                shorter = replace(m, values=m.values[early], sigma=sigma)
            except NoiseError:
                continue
            if early.any():
                measured.append(shorter)
                columns.append(
                    Column(column.symbol, column.condition[early], column.times[early], column.values[early], sd)
                )
        if not any((column.times > 0).any() for column in columns):
            return None
        return replace(self, data=replace(self.data, columns=tuple(columns)), measured=tuple(measured))

    @property
    def _options(self) -> dict[str, Any]:
        return {"rtol": self.rtol, "atol": self.atol, "max_steps": self.max_steps}

    @cached_property
    def _directions(self) -> tuple[int, ...]:
        return tuple(self.model.parameter_ids.index(name) for name in self.box.ids)

    @cached_property
    def _own(self) -> np.ndarray:
        """Whether a fitted value holds under a condition, which sets none of its own ``[condition, parameter]``."""
        return np.array([[name not in c.values for name in self.box.ids] for c in self.data.conditions])

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        grids: dict[tuple[float, ...], list[int]] = {}
        for i in range(len(self.data.conditions)):
            times = [column.times[column.condition == i] for column in self.data.columns]
            grid = tuple(np.unique(np.concatenate([[0.0], *times])).tolist())
            grids.setdefault(grid, []).append(i)
        groups = []
        for grid, members in grids.items():
            if len(grid) == 1 and not any((c.condition == members[0]).any() for c in self.data.columns):
                continue
            times = np.array(grid if len(grid) > 1 else (0.0, 1e-3))
            groups.append(_Group(times, np.array(members)))
        return tuple(groups)


def time_courses(
    network: Network,
    data: TimeCourses | pd.DataFrame | Path | str,
    *,
    estimate: Estimate = "parameters",
    free: Collection[str] | None = None,
    fix: Collection[str] = (),
    bounds: Mapping[str, Bounds] | None = None,
    span: float = 100.0,
    noise: Noise | Mapping[str, Noise] = "normal",
    sigma: float | Mapping[str, float] | None = None,
    scale: Collection[str] = (),
    offset: Collection[str] = (),
    hold_out: Collection[str] = (),
    rtol: float = 1e-6,
    atol: float | None = None,
    max_steps: int = 20_000,
) -> TimeCourseProblem:
    """A problem for `fit`: parameters of a network and time courses that were measured.

    Main arguments:
        network: the model.
        data: a table, its file or its text; `sbmlgrn.calibrate.data` says what it looks like.
        estimate: what is fitted: ``"parameters"``, the constant ones; ``"initial"``, the values at the start of
            species and of whatever else changes; or ``"both"``.
        fix: parameters that are not.
        bounds: of some parameters, ``(lower, upper)`` or ``(lower, upper, "linear")``.
        noise: of all symbols or by symbol: ``"normal"`` or ``"lognormal"``.
        sigma: standard deviation of all symbols or by symbol, in their unit, or of the logarithm for log-normal noise;
            what has none, here or in the table, is estimated.
        scale: symbols measured in arbitrary units, by a factor that is estimated.
        offset: symbols measured with a background that is estimated.

    Other Arguments:
        free: the parameters that are fitted, and no others, in place of `estimate`.
        span: by what the model's own value may be divided and multiplied, for parameters without bounds.
        hold_out: conditions that are not fitted; a search ends where they are predicted best.
        rtol, atol, max_steps: of the solver; `atol` follows from the size of the states where it is not given.

    Raises:
        DataError: the table is not as described, or does not fit to the model.
        UnknownElementError: a name that the model does not have.
        BoundsError: bounds that make no sense, or nothing to fit.
        NoiseError: a noise model that the measurements exclude.
        LoweringError: the network has no equations.
    """
    table = data
    if isinstance(table, Path | str):
        table = read_time_courses(table)
    elif isinstance(table, pd.DataFrame):
        table = as_time_courses(table)
    model = Model(lower(network))
    _check_columns(table, model)
    for name in (*_names(noise), *_names(sigma), *scale, *offset):
        if name not in {column.symbol for column in table.columns}:
            raise UnknownElementError(name, [column.symbol for column in table.columns], "column")
    known = {condition.name for condition in table.conditions}
    for name in hold_out:
        if name not in known:
            raise UnknownElementError(name, known, "condition")
    parameters, told = free_parameters(network, model, table.conditions, estimate, free, fix, bounds or {}, span)
    box = ParameterBox(parameters)
    own = dict(zip(model.parameter_ids, model.parameters_default.tolist(), strict=True))
    start = np.array([_begun(p, own[p.id]) for p in parameters])
    fitted = [i for i, condition in enumerate(table.conditions) if condition.name not in hold_out]
    if not fitted:
        raise DataError("every condition is held out: nothing is left to fit")

    def made(which: Sequence[int], held_out: TimeCourseProblem | None) -> TimeCourseProblem:
        part = _part(table, which)
        measured = tuple(_measured(column, noise, sigma, scale, offset) for column in part.columns)
        base = np.repeat(model.parameters_default.numpy()[None], len(which), 0)
        for row, condition in zip(base, part.conditions, strict=True):
            for name, value in condition.values.items():
                row[model.parameter_ids.index(name)] = value
        notes = (*table.warnings, *told)
        last = max(float(column.times.max()) for column in part.columns)
        tolerance = _absolute(model, base, last, rtol, max_steps) if atol is None else atol
        return TimeCourseProblem(
            *(network, model, part, measured, box, start, base, held_out, rtol, tolerance, max_steps, notes)
        )

    apart = [i for i in range(len(table.conditions)) if i not in fitted]
    return made(fitted, made(apart, None) if apart else None)


def _begun(parameter: FreeParameter, own: float) -> float:
    """Where the first search begins: at the model's own value, moved into the bounds, or else in their middle."""
    if math.isnan(own):
        lower, upper = parameter.lower, parameter.upper
        own = math.sqrt(lower * upper) if parameter.scale == "log" else 0.5 * (lower + upper)
    return min(max(own, parameter.lower), parameter.upper)


def _names(option: object) -> Collection[str]:
    return option if isinstance(option, Mapping) else ()


def _check_columns(table: TimeCourses, model: Model) -> None:
    unknown = [column.symbol for column in table.columns if column.symbol not in model.observable_ids]
    if unknown and len(unknown) == len(table.columns) > 1:
        known = ", ".join(map(repr, model.observable_ids[:8])) + (" …" if len(model.observable_ids) > 8 else "")
        raise DataError(
            f"no column is named after a symbol of the model: the columns are {', '.join(map(repr, unknown[:8]))}, the "
            f"model has {known}"
        )
    for name in unknown:
        raise UnknownElementError(name, model.observable_ids, "column")


def _part(table: TimeCourses, which: Sequence[int]) -> TimeCourses:
    """The measurements under some conditions."""
    columns = []
    for column in table.columns:
        rows = np.flatnonzero(np.isin(column.condition, which))
        if len(rows):
            condition = np.searchsorted(which, column.condition[rows])
            sd = None if column.sd is None else column.sd[rows]
            columns.append(Column(column.symbol, condition, column.times[rows], column.values[rows], sd))
    return TimeCourses(tuple(table.conditions[i] for i in which), tuple(columns), table.warnings)


def _measured(
    column: Column,
    noise: Noise | Mapping[str, Noise],
    sigma: float | Mapping[str, float] | None,
    scale: Collection[str],
    offset: Collection[str],
) -> Measured:
    name = column.symbol
    kind: Noise = noise.get(name, "normal") if isinstance(noise, Mapping) else noise
    given = sigma.get(name) if isinstance(sigma, Mapping) else sigma
    if column.sd is not None and isinstance(sigma, Mapping) and given is not None:
        raise NoiseError(f"{name!r} has a standard deviation twice: in the column 'sd:{name}' and beside; keep one")
    return Measured(name, column.values, kind, given if column.sd is None else column.sd, name in scale, name in offset)


def _absolute(model: Model, base: np.ndarray, end: float, rtol: float, max_steps: int) -> float:
    """An absolute tolerance for states of the size that they have with the model's own values."""
    with torch.no_grad():
        rows = torch.as_tensor(base)
        solution = simulate(model, np.linspace(0.0, end, 51), rows, rtol=rtol, atol=1e-12, max_steps=max_steps)
        scales = model.scales(rows).nan_to_num(1.0).abs()
        largest = (
            (solution.states.abs() / torch.where(scales > 0, scales, 1.0).unsqueeze(1)).nan_to_num(0.0).amax((0, 1))
        )
    top = float(largest.max()) if len(largest) else 0.0
    return _SMALL * rtol * (float(largest[largest > _COUNTS * top].min()) if top > 0 else 1.0)
