"""Checks of a job before it is taken: names, bounds and times, against what is known of the stored model.

All functions raise `ServiceError` with INVALID_ARGUMENT, naming element, value, what was expected and what to do.
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from sbmlgrn.client.v1 import job_pb2, model_pb2
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.errors import ServiceError, invalid
from sbmlgrn_server.names import clip

_MAX_ITERATIONS: Final = 1_000_000
_MAX_TRAJECTORIES: Final = 100_000
_ESTIMATORS: Final = ("straight_through", "gumbel")

_STATISTICS: Final = 5
"""Arrays that a stochastic simulation reports of each symbol."""
_OPTIMIZERS: Final = ("trust-region", "adam", "lbfgs")


def check_simulation(spec: job_pb2.SimulationSpec, model: model_pb2.Model, config: ServerConfig) -> None:
    """Checks a simulation of `model`."""
    points = _check_times(spec)
    adjustable = {symbol.id for symbol in model.symbols if symbol.adjustable}
    observable = {symbol.id for symbol in model.symbols if symbol.observable}
    batch = 1
    first = ""
    for name, entry in sorted(spec.values.items()):
        _check_known(name, adjustable, "adjustable symbol", model)
        count = len(entry.values)
        if count == 0:
            raise invalid(f"values of {name!r} are empty: expected one value, or one for each trajectory")
        if bad := [value for value in entry.values if not math.isfinite(value)]:
            raise invalid(f"values of {name!r} contain {bad[0]}: expected finite numbers")
        if count > 1 and batch > 1 and count != batch:
            raise invalid(
                f"values of {name!r} are {count}, those of {first!r} {batch}: expected one value or equally many each"
            )
        if count > 1 and batch == 1:
            batch, first = count, name
    for name in spec.symbols:
        _check_known(name, observable, "observable symbol", model)
    _check_unique(spec.symbols, "symbols")
    for name in ("relative_tolerance", "absolute_tolerance"):
        if spec.HasField(name) and not 0 < getattr(spec, name) < 1:
            raise invalid(f"{name} is {getattr(spec, name):g}: expected more than 0 and less than 1, such as 1e-6")
    reported = len(spec.symbols) or sum(symbol.reported_by_default for symbol in model.symbols)
    size = batch * points * reported
    if size > config.max_array_values:
        raise invalid(
            f"the result would have {size:,} numbers ({batch:,} trajectories, {points:,} times), more than the "
            f"{config.max_array_values:,} that this server allows: ask for fewer trajectories, times or symbols"
        )


def check_frequency_design(spec: job_pb2.FrequencyDesignSpec, model: model_pb2.Model) -> None:
    """Checks a frequency design of `model`."""
    _check_species(spec.species, model)
    if not (math.isfinite(spec.period) and spec.period > 0):
        raise invalid(f"period is {spec.period:g}: expected a positive time in the model's unit of time")
    if not spec.parameters:
        raise invalid("parameters is empty: name at least one parameter that may change, with its bounds")
    _check_search(spec, model)
    if spec.HasField("seed") and spec.seed < 0:
        raise invalid(f"seed is {spec.seed}: expected 0 or more")


def check_stochastic_simulation(
    spec: job_pb2.StochasticSimulationSpec, model: model_pb2.Model, config: ServerConfig
) -> None:
    """Checks a stochastic simulation of `model`."""
    points = _check_times(spec)
    adjustable = {symbol.id for symbol in model.symbols if symbol.adjustable}
    observable = {symbol.id for symbol in model.symbols if symbol.observable}
    for name, value in sorted(spec.values.items()):
        _check_known(name, adjustable, "adjustable symbol", model)
        if not math.isfinite(value):
            raise invalid(f"the value of {name!r} is {value}: expected a finite number")
    for name in spec.symbols:
        _check_known(name, observable, "observable symbol", model)
    _check_unique(spec.symbols, "symbols")
    for name in ("trajectories", "max_events"):
        if spec.HasField(name) and getattr(spec, name) < 1:
            raise invalid(f"{name} is {getattr(spec, name)}: expected a positive number")
    reported = len(spec.symbols) or sum(symbol.reported_by_default for symbol in model.symbols)
    size = points * reported * _STATISTICS
    if size > config.max_array_values:
        raise invalid(
            f"the result would have {size:,} numbers ({points:,} times), more than the {config.max_array_values:,} "
            "that this server allows: ask for fewer times or symbols"
        )


def check_stochastic_tuning(spec: job_pb2.StochasticTuningSpec, model: model_pb2.Model) -> None:
    """Checks a tuning of `model`."""
    _check_species(spec.species, model)
    if not (math.isfinite(spec.frequency) and spec.frequency > 0):
        raise invalid(f"frequency is {spec.frequency:g}: expected a positive number of cycles per unit of time")
    _check_search(spec, model)
    if spec.HasField("trajectories") and not 1 <= spec.trajectories <= _MAX_TRAJECTORIES:
        raise invalid(f"trajectories is {spec.trajectories}: expected 1 to {_MAX_TRAJECTORIES:,}")
    if spec.estimator and spec.estimator not in _ESTIMATORS:
        raise invalid(f"estimator is {clip(spec.estimator)!r}: expected {' or '.join(map(repr, _ESTIMATORS))}")


def _check_species(name: str, model: model_pb2.Model) -> None:
    species = {
        symbol.id for symbol in model.symbols if symbol.observable and symbol.kind == model_pb2.SYMBOL_KIND_SPECIES
    }
    _check_known(name, species, "species", model)


def _check_search(spec: job_pb2.FrequencyDesignSpec | job_pb2.StochasticTuningSpec, model: model_pb2.Model) -> None:
    symbols = {symbol.id: symbol for symbol in model.symbols if symbol.adjustable}
    for parameter in spec.parameters:
        _check_known(parameter.id, symbols, "parameter", model)
        _check_bounds(parameter, symbols)
    _check_unique((parameter.id for parameter in spec.parameters), "parameters")
    if spec.HasField("tolerance") and not 0 < spec.tolerance < 1:
        raise invalid(f"tolerance is {spec.tolerance:g}: expected more than 0 and less than 1, such as 0.003 for 0.3 %")
    if spec.HasField("max_iterations") and not 1 <= spec.max_iterations <= _MAX_ITERATIONS:
        raise invalid(f"max_iterations is {spec.max_iterations}: expected 1 to {_MAX_ITERATIONS:,}")


def check_ode_fit(spec: job_pb2.OdeFitSpec, model: model_pb2.Model) -> None:
    """Checks a fit of `model`, but for the table of data, which the worker reads."""
    if not spec.data.strip():
        raise invalid("data is empty: expected the text of comma-separated values, with a column 'time'")
    symbols = {symbol.id: symbol for symbol in model.symbols if symbol.adjustable}
    for name in [*spec.free, *spec.fix, *(parameter.id for parameter in spec.bounds)]:
        _check_known(name, symbols, "parameter", model)
    for parameter in spec.bounds:
        _check_bounds(parameter, {})
    _check_unique((parameter.id for parameter in spec.bounds), "bounds")
    observable = {symbol.id for symbol in model.symbols if symbol.observable}
    for measured in spec.symbols:
        _check_known(measured.symbol, observable, "observable symbol", model)
        _check_noise(measured, f" of {measured.symbol!r}")
    _check_unique((measured.symbol for measured in spec.symbols), "symbols")
    _check_noise(spec, "")
    if spec.HasField("span") and not 1 < spec.span < math.inf:
        raise invalid(f"span is {spec.span:g}: expected a factor above 1, such as 100")
    if spec.optimizer not in ("", *_OPTIMIZERS):
        raise invalid(f"optimizer is {clip(spec.optimizer)!r}: expected one of {', '.join(_OPTIMIZERS)}")
    for name in ("starts", "max_iterations", "windows"):
        if spec.HasField(name) and not 1 <= getattr(spec, name) <= _MAX_ITERATIONS:
            raise invalid(f"{name} is {getattr(spec, name)}: expected 1 to {_MAX_ITERATIONS:,}")
    for name in ("level", "relative_tolerance"):
        if spec.HasField(name) and not 0 < getattr(spec, name) < 1:
            raise invalid(f"{name} is {getattr(spec, name):g}: expected more than 0 and less than 1")
    if spec.HasField("seed") and spec.seed < 0:
        raise invalid(f"seed is {spec.seed}: expected 0 or more")


def _check_noise(spec: job_pb2.OdeFitSpec | job_pb2.MeasuredSymbol, whose: str) -> None:
    if spec.noise not in job_pb2.NoiseKind.values():
        raise invalid(f"noise{whose} is {spec.noise}: expected NOISE_KIND_NORMAL or NOISE_KIND_LOGNORMAL")
    if spec.HasField("sigma") and not 0 < spec.sigma < math.inf:
        raise invalid(f"sigma{whose} is {spec.sigma:g}: expected a positive number")


def _check_times(spec: job_pb2.SimulationSpec | job_pb2.StochasticSimulationSpec) -> int:
    kind = spec.WhichOneof("time_points")
    if kind is None:
        raise invalid("time_points is not set: give 'uniform' (start, end, points) or 'explicit' times")
    if kind == "explicit":
        times = spec.explicit.times
        if len(times) < 2:
            raise invalid(f"times has {len(times)} entries: expected at least 2, the first is the start")
        for time in times:
            _check_time("times", time)
        for before, after in itertools.pairwise(times):
            if after <= before:
                raise invalid(f"times has {after:g} after {before:g}: expected strictly increasing times")
        return len(times)
    uniform = spec.uniform
    _check_time("start", uniform.start)
    _check_time("end", uniform.end)
    if uniform.end <= uniform.start:
        raise invalid(f"end is {uniform.end:g}, start is {uniform.start:g}: expected an end after the start")
    if uniform.points < 2:
        raise invalid(f"points is {uniform.points}: expected at least 2, both ends are included")
    return uniform.points


def _check_time(what: str, time: float) -> None:
    if not math.isfinite(time):
        raise invalid(f"{what} holds {time}: expected a finite time")
    if time < 0:
        raise invalid(
            f"{what} holds the negative time {time:g}: expected 0 or later; simulations start at 0 at the earliest"
        )


def _check_bounds(parameter: job_pb2.FreeParameter, symbols: Mapping[str, model_pb2.Symbol]) -> None:
    """Checks bounds, which must include the value of the symbol where it is among `symbols`."""
    name, lower, upper = parameter.id, parameter.lower, parameter.upper
    shown = f"bounds of {name!r} are {lower:g} and {upper:g}"
    if not (math.isfinite(lower) and math.isfinite(upper)):
        raise invalid(f"{shown}: expected finite numbers")
    if lower >= upper:
        raise invalid(f"{shown}: expected a lower bound below the upper one")
    if parameter.scale not in job_pb2.ParameterScale.values():
        raise invalid(f"scale of {name!r} is {parameter.scale}: expected PARAMETER_SCALE_LOG or PARAMETER_SCALE_LINEAR")
    if parameter.scale != job_pb2.PARAMETER_SCALE_LINEAR and lower <= 0:
        raise invalid(f"{shown}: on a logarithmic scale both must be positive; use PARAMETER_SCALE_LINEAR otherwise")
    symbol = symbols.get(name)
    if symbol is not None and symbol.HasField("value") and not lower <= symbol.value <= upper:
        raise invalid(
            f"{shown} and exclude the start, the model's own value {symbol.value:g}: widen them to include it"
        )


def _check_known(name: str, known: Collection[str], what: str, model: model_pb2.Model) -> None:
    if name in known:
        return
    raise _unknown(name, known, what, model)


def _unknown(name: str, known: Collection[str], what: str, model: model_pb2.Model) -> ServiceError:
    if not name:
        return invalid(f"{what} is not set: name one of {model.name}")
    lead = f"unknown {what} {clip(name)!r} in {model.name}"
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    if close:
        return invalid(f"{lead}: did you mean {', '.join(map(repr, close))}?")
    shown = sorted(known)[:8]
    rest = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return invalid(f"{lead}: it has {', '.join(map(repr, shown))}{rest}" if shown else f"{lead}: it has none")


def _check_unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise invalid(f"{what} names {name!r} twice: expected each once")
        seen.add(name)
