from google.protobuf import timestamp_pb2 as _timestamp_pb2
from sbmlgrn.client.v1 import array_pb2 as _array_pb2
from sbmlgrn.client.v1 import issue_pb2 as _issue_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]

class ParameterScale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARAMETER_SCALE_UNSPECIFIED: _ClassVar[ParameterScale]
    PARAMETER_SCALE_LOG: _ClassVar[ParameterScale]
    PARAMETER_SCALE_LINEAR: _ClassVar[ParameterScale]

class FittedKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FITTED_KIND_UNSPECIFIED: _ClassVar[FittedKind]
    FITTED_KIND_PARAMETERS: _ClassVar[FittedKind]
    FITTED_KIND_INITIAL: _ClassVar[FittedKind]
    FITTED_KIND_BOTH: _ClassVar[FittedKind]

class NoiseKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOISE_KIND_UNSPECIFIED: _ClassVar[NoiseKind]
    NOISE_KIND_NORMAL: _ClassVar[NoiseKind]
    NOISE_KIND_LOGNORMAL: _ClassVar[NoiseKind]
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState
PARAMETER_SCALE_UNSPECIFIED: ParameterScale
PARAMETER_SCALE_LOG: ParameterScale
PARAMETER_SCALE_LINEAR: ParameterScale
FITTED_KIND_UNSPECIFIED: FittedKind
FITTED_KIND_PARAMETERS: FittedKind
FITTED_KIND_INITIAL: FittedKind
FITTED_KIND_BOTH: FittedKind
NOISE_KIND_UNSPECIFIED: NoiseKind
NOISE_KIND_NORMAL: NoiseKind
NOISE_KIND_LOGNORMAL: NoiseKind

class UniformTimes(_message.Message):
    __slots__ = ("start", "end", "points")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    start: float
    end: float
    points: int
    def __init__(self, start: _Optional[float] = ..., end: _Optional[float] = ..., points: _Optional[int] = ...) -> None: ...

class ExplicitTimes(_message.Message):
    __slots__ = ("times",)
    TIMES_FIELD_NUMBER: _ClassVar[int]
    times: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, times: _Optional[_Iterable[float]] = ...) -> None: ...

class SymbolValues(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class SimulationSpec(_message.Message):
    __slots__ = ("model", "uniform", "explicit", "values", "symbols", "relative_tolerance", "absolute_tolerance")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: SymbolValues
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[SymbolValues, _Mapping]] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_FIELD_NUMBER: _ClassVar[int]
    EXPLICIT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    ABSOLUTE_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    model: str
    uniform: UniformTimes
    explicit: ExplicitTimes
    values: _containers.MessageMap[str, SymbolValues]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    relative_tolerance: float
    absolute_tolerance: float
    def __init__(self, model: _Optional[str] = ..., uniform: _Optional[_Union[UniformTimes, _Mapping]] = ..., explicit: _Optional[_Union[ExplicitTimes, _Mapping]] = ..., values: _Optional[_Mapping[str, SymbolValues]] = ..., symbols: _Optional[_Iterable[str]] = ..., relative_tolerance: _Optional[float] = ..., absolute_tolerance: _Optional[float] = ...) -> None: ...

class FreeParameter(_message.Message):
    __slots__ = ("id", "lower", "upper", "scale")
    ID_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    id: str
    lower: float
    upper: float
    scale: ParameterScale
    def __init__(self, id: _Optional[str] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., scale: _Optional[_Union[ParameterScale, str]] = ...) -> None: ...

class FrequencyDesignSpec(_message.Message):
    __slots__ = ("model", "species", "period", "parameters", "tolerance", "max_iterations", "seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    MAX_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    species: str
    period: float
    parameters: _containers.RepeatedCompositeFieldContainer[FreeParameter]
    tolerance: float
    max_iterations: int
    seed: int
    def __init__(self, model: _Optional[str] = ..., species: _Optional[str] = ..., period: _Optional[float] = ..., parameters: _Optional[_Iterable[_Union[FreeParameter, _Mapping]]] = ..., tolerance: _Optional[float] = ..., max_iterations: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class MeasuredSymbol(_message.Message):
    __slots__ = ("symbol", "noise", "sigma", "scale", "offset")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    noise: NoiseKind
    sigma: float
    scale: bool
    offset: bool
    def __init__(self, symbol: _Optional[str] = ..., noise: _Optional[_Union[NoiseKind, str]] = ..., sigma: _Optional[float] = ..., scale: bool = ..., offset: bool = ...) -> None: ...

class OdeFitSpec(_message.Message):
    __slots__ = ("model", "data", "estimate", "free", "fix", "bounds", "span", "noise", "sigma", "symbols", "hold_out", "starts", "optimizer", "max_iterations", "windows", "profiles", "level", "seed", "relative_tolerance")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    FIX_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    HOLD_OUT_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    MAX_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    model: str
    data: str
    estimate: FittedKind
    free: _containers.RepeatedScalarFieldContainer[str]
    fix: _containers.RepeatedScalarFieldContainer[str]
    bounds: _containers.RepeatedCompositeFieldContainer[FreeParameter]
    span: float
    noise: NoiseKind
    sigma: float
    symbols: _containers.RepeatedCompositeFieldContainer[MeasuredSymbol]
    hold_out: _containers.RepeatedScalarFieldContainer[str]
    starts: int
    optimizer: str
    max_iterations: int
    windows: int
    profiles: _containers.RepeatedScalarFieldContainer[str]
    level: float
    seed: int
    relative_tolerance: float
    def __init__(self, model: _Optional[str] = ..., data: _Optional[str] = ..., estimate: _Optional[_Union[FittedKind, str]] = ..., free: _Optional[_Iterable[str]] = ..., fix: _Optional[_Iterable[str]] = ..., bounds: _Optional[_Iterable[_Union[FreeParameter, _Mapping]]] = ..., span: _Optional[float] = ..., noise: _Optional[_Union[NoiseKind, str]] = ..., sigma: _Optional[float] = ..., symbols: _Optional[_Iterable[_Union[MeasuredSymbol, _Mapping]]] = ..., hold_out: _Optional[_Iterable[str]] = ..., starts: _Optional[int] = ..., optimizer: _Optional[str] = ..., max_iterations: _Optional[int] = ..., windows: _Optional[int] = ..., profiles: _Optional[_Iterable[str]] = ..., level: _Optional[float] = ..., seed: _Optional[int] = ..., relative_tolerance: _Optional[float] = ...) -> None: ...

class StochasticSimulationSpec(_message.Message):
    __slots__ = ("model", "uniform", "explicit", "values", "symbols", "trajectories", "seed", "max_events")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    UNIFORM_FIELD_NUMBER: _ClassVar[int]
    EXPLICIT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORIES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    model: str
    uniform: UniformTimes
    explicit: ExplicitTimes
    values: _containers.ScalarMap[str, float]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    trajectories: int
    seed: int
    max_events: int
    def __init__(self, model: _Optional[str] = ..., uniform: _Optional[_Union[UniformTimes, _Mapping]] = ..., explicit: _Optional[_Union[ExplicitTimes, _Mapping]] = ..., values: _Optional[_Mapping[str, float]] = ..., symbols: _Optional[_Iterable[str]] = ..., trajectories: _Optional[int] = ..., seed: _Optional[int] = ..., max_events: _Optional[int] = ...) -> None: ...

class StochasticTuningSpec(_message.Message):
    __slots__ = ("model", "species", "frequency", "parameters", "tolerance", "trajectories", "max_iterations", "estimator", "seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORIES_FIELD_NUMBER: _ClassVar[int]
    MAX_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    species: str
    frequency: float
    parameters: _containers.RepeatedCompositeFieldContainer[FreeParameter]
    tolerance: float
    trajectories: int
    max_iterations: int
    estimator: str
    seed: int
    def __init__(self, model: _Optional[str] = ..., species: _Optional[str] = ..., frequency: _Optional[float] = ..., parameters: _Optional[_Iterable[_Union[FreeParameter, _Mapping]]] = ..., tolerance: _Optional[float] = ..., trajectories: _Optional[int] = ..., max_iterations: _Optional[int] = ..., estimator: _Optional[str] = ..., seed: _Optional[int] = ...) -> None: ...

class JobProgress(_message.Message):
    __slots__ = ("stage", "iteration", "total", "loss", "metrics", "values", "elapsed_seconds")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ITERATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    iteration: int
    total: int
    loss: float
    metrics: _containers.ScalarMap[str, float]
    values: _containers.ScalarMap[str, float]
    elapsed_seconds: float
    def __init__(self, stage: _Optional[str] = ..., iteration: _Optional[int] = ..., total: _Optional[int] = ..., loss: _Optional[float] = ..., metrics: _Optional[_Mapping[str, float]] = ..., values: _Optional[_Mapping[str, float]] = ..., elapsed_seconds: _Optional[float] = ...) -> None: ...

class JobError(_message.Message):
    __slots__ = ("code", "reason", "message", "issues")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    message: str
    issues: _containers.RepeatedCompositeFieldContainer[_issue_pb2.Issue]
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., issues: _Optional[_Iterable[_Union[_issue_pb2.Issue, _Mapping]]] = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("model_sha256", "solver", "relative_tolerance", "absolute_tolerance", "seed", "versions", "entries")
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class EntriesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_SHA256_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    ABSOLUTE_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    model_sha256: str
    solver: str
    relative_tolerance: float
    absolute_tolerance: float
    seed: int
    versions: _containers.ScalarMap[str, str]
    entries: _containers.ScalarMap[str, str]
    def __init__(self, model_sha256: _Optional[str] = ..., solver: _Optional[str] = ..., relative_tolerance: _Optional[float] = ..., absolute_tolerance: _Optional[float] = ..., seed: _Optional[int] = ..., versions: _Optional[_Mapping[str, str]] = ..., entries: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TrajectoryFailure(_message.Message):
    __slots__ = ("index", "status", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    status: str
    message: str
    def __init__(self, index: _Optional[int] = ..., status: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class SimulationResult(_message.Message):
    __slots__ = ("trajectory_count", "failure_count", "failures")
    TRAJECTORY_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    trajectory_count: int
    failure_count: int
    failures: _containers.RepeatedCompositeFieldContainer[TrajectoryFailure]
    def __init__(self, trajectory_count: _Optional[int] = ..., failure_count: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[TrajectoryFailure, _Mapping]]] = ...) -> None: ...

class FrequencyDesignResult(_message.Message):
    __slots__ = ("model", "reached", "message", "period_asked", "period_before", "period_found", "values_before", "values_after")
    class ValuesBeforeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ValuesAfterEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_ASKED_FIELD_NUMBER: _ClassVar[int]
    PERIOD_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FOUND_FIELD_NUMBER: _ClassVar[int]
    VALUES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VALUES_AFTER_FIELD_NUMBER: _ClassVar[int]
    model: str
    reached: bool
    message: str
    period_asked: float
    period_before: float
    period_found: float
    values_before: _containers.ScalarMap[str, float]
    values_after: _containers.ScalarMap[str, float]
    def __init__(self, model: _Optional[str] = ..., reached: bool = ..., message: _Optional[str] = ..., period_asked: _Optional[float] = ..., period_before: _Optional[float] = ..., period_found: _Optional[float] = ..., values_before: _Optional[_Mapping[str, float]] = ..., values_after: _Optional[_Mapping[str, float]] = ...) -> None: ...

class FittedParameter(_message.Message):
    __slots__ = ("id", "value", "initial", "lower", "upper", "scale", "standard_error", "interval_low", "interval_high", "at_bound")
    ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    INITIAL_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_LOW_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HIGH_FIELD_NUMBER: _ClassVar[int]
    AT_BOUND_FIELD_NUMBER: _ClassVar[int]
    id: str
    value: float
    initial: float
    lower: float
    upper: float
    scale: ParameterScale
    standard_error: float
    interval_low: float
    interval_high: float
    at_bound: str
    def __init__(self, id: _Optional[str] = ..., value: _Optional[float] = ..., initial: _Optional[float] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., scale: _Optional[_Union[ParameterScale, str]] = ..., standard_error: _Optional[float] = ..., interval_low: _Optional[float] = ..., interval_high: _Optional[float] = ..., at_bound: _Optional[str] = ...) -> None: ...

class FittedSymbol(_message.Message):
    __slots__ = ("symbol", "count", "sigma", "sigma_estimated", "scale", "offset", "misfit", "explained")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    SIGMA_ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    MISFIT_FIELD_NUMBER: _ClassVar[int]
    EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    count: int
    sigma: float
    sigma_estimated: bool
    scale: float
    offset: float
    misfit: float
    explained: float
    def __init__(self, symbol: _Optional[str] = ..., count: _Optional[int] = ..., sigma: _Optional[float] = ..., sigma_estimated: bool = ..., scale: _Optional[float] = ..., offset: _Optional[float] = ..., misfit: _Optional[float] = ..., explained: _Optional[float] = ...) -> None: ...

class FitSearch(_message.Message):
    __slots__ = ("loss", "status", "iterations")
    LOSS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    loss: float
    status: str
    iterations: int
    def __init__(self, loss: _Optional[float] = ..., status: _Optional[str] = ..., iterations: _Optional[int] = ...) -> None: ...

class OdeFitResult(_message.Message):
    __slots__ = ("model", "message", "loss", "parameters", "symbols", "searches", "agreeing", "warnings", "conditions")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    SEARCHES_FIELD_NUMBER: _ClassVar[int]
    AGREEING_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    message: str
    loss: float
    parameters: _containers.RepeatedCompositeFieldContainer[FittedParameter]
    symbols: _containers.RepeatedCompositeFieldContainer[FittedSymbol]
    searches: _containers.RepeatedCompositeFieldContainer[FitSearch]
    agreeing: int
    warnings: _containers.RepeatedScalarFieldContainer[str]
    conditions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., message: _Optional[str] = ..., loss: _Optional[float] = ..., parameters: _Optional[_Iterable[_Union[FittedParameter, _Mapping]]] = ..., symbols: _Optional[_Iterable[_Union[FittedSymbol, _Mapping]]] = ..., searches: _Optional[_Iterable[_Union[FitSearch, _Mapping]]] = ..., agreeing: _Optional[int] = ..., warnings: _Optional[_Iterable[str]] = ..., conditions: _Optional[_Iterable[str]] = ...) -> None: ...

class TrajectoryEnd(_message.Message):
    __slots__ = ("status", "count", "message")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: str
    count: int
    message: str
    def __init__(self, status: _Optional[str] = ..., count: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class StochasticSimulationResult(_message.Message):
    __slots__ = ("trajectory_count", "reaction_count", "ends")
    TRAJECTORY_COUNT_FIELD_NUMBER: _ClassVar[int]
    REACTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    ENDS_FIELD_NUMBER: _ClassVar[int]
    trajectory_count: int
    reaction_count: int
    ends: _containers.RepeatedCompositeFieldContainer[TrajectoryEnd]
    def __init__(self, trajectory_count: _Optional[int] = ..., reaction_count: _Optional[int] = ..., ends: _Optional[_Iterable[_Union[TrajectoryEnd, _Mapping]]] = ...) -> None: ...

class StochasticTuningResult(_message.Message):
    __slots__ = ("model", "reached", "message", "frequency_asked", "frequency_before", "frequency_found", "values_before", "values_after")
    class ValuesBeforeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class ValuesAfterEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_ASKED_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FOUND_FIELD_NUMBER: _ClassVar[int]
    VALUES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VALUES_AFTER_FIELD_NUMBER: _ClassVar[int]
    model: str
    reached: bool
    message: str
    frequency_asked: float
    frequency_before: float
    frequency_found: float
    values_before: _containers.ScalarMap[str, float]
    values_after: _containers.ScalarMap[str, float]
    def __init__(self, model: _Optional[str] = ..., reached: bool = ..., message: _Optional[str] = ..., frequency_asked: _Optional[float] = ..., frequency_before: _Optional[float] = ..., frequency_found: _Optional[float] = ..., values_before: _Optional[_Mapping[str, float]] = ..., values_after: _Optional[_Mapping[str, float]] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("name", "display_name", "simulation", "frequency_design", "stochastic_simulation", "stochastic_tuning", "ode_fit", "state", "progress", "error", "simulation_result", "frequency_design_result", "stochastic_simulation_result", "stochastic_tuning_result", "ode_fit_result", "arrays", "provenance", "last_sequence", "create_time", "start_time", "end_time", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    SIMULATION_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_DESIGN_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_SIMULATION_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_TUNING_FIELD_NUMBER: _ClassVar[int]
    ODE_FIT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SIMULATION_RESULT_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_DESIGN_RESULT_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_SIMULATION_RESULT_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_TUNING_RESULT_FIELD_NUMBER: _ClassVar[int]
    ODE_FIT_RESULT_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    simulation: SimulationSpec
    frequency_design: FrequencyDesignSpec
    stochastic_simulation: StochasticSimulationSpec
    stochastic_tuning: StochasticTuningSpec
    ode_fit: OdeFitSpec
    state: JobState
    progress: JobProgress
    error: JobError
    simulation_result: SimulationResult
    frequency_design_result: FrequencyDesignResult
    stochastic_simulation_result: StochasticSimulationResult
    stochastic_tuning_result: StochasticTuningResult
    ode_fit_result: OdeFitResult
    arrays: _containers.RepeatedCompositeFieldContainer[_array_pb2.ArrayDescriptor]
    provenance: Provenance
    last_sequence: int
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., simulation: _Optional[_Union[SimulationSpec, _Mapping]] = ..., frequency_design: _Optional[_Union[FrequencyDesignSpec, _Mapping]] = ..., stochastic_simulation: _Optional[_Union[StochasticSimulationSpec, _Mapping]] = ..., stochastic_tuning: _Optional[_Union[StochasticTuningSpec, _Mapping]] = ..., ode_fit: _Optional[_Union[OdeFitSpec, _Mapping]] = ..., state: _Optional[_Union[JobState, str]] = ..., progress: _Optional[_Union[JobProgress, _Mapping]] = ..., error: _Optional[_Union[JobError, _Mapping]] = ..., simulation_result: _Optional[_Union[SimulationResult, _Mapping]] = ..., frequency_design_result: _Optional[_Union[FrequencyDesignResult, _Mapping]] = ..., stochastic_simulation_result: _Optional[_Union[StochasticSimulationResult, _Mapping]] = ..., stochastic_tuning_result: _Optional[_Union[StochasticTuningResult, _Mapping]] = ..., ode_fit_result: _Optional[_Union[OdeFitResult, _Mapping]] = ..., arrays: _Optional[_Iterable[_Union[_array_pb2.ArrayDescriptor, _Mapping]]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., last_sequence: _Optional[int] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class JobStateChange(_message.Message):
    __slots__ = ("state", "error")
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    state: JobState
    error: JobError
    def __init__(self, state: _Optional[_Union[JobState, str]] = ..., error: _Optional[_Union[JobError, _Mapping]] = ...) -> None: ...

class JobLog(_message.Message):
    __slots__ = ("severity", "message")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    severity: _issue_pb2.Severity
    message: str
    def __init__(self, severity: _Optional[_Union[_issue_pb2.Severity, str]] = ..., message: _Optional[str] = ...) -> None: ...

class JobEvent(_message.Message):
    __slots__ = ("sequence", "create_time", "state_change", "progress", "log")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    create_time: _timestamp_pb2.Timestamp
    state_change: JobStateChange
    progress: JobProgress
    log: JobLog
    def __init__(self, sequence: _Optional[int] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., state_change: _Optional[_Union[JobStateChange, _Mapping]] = ..., progress: _Optional[_Union[JobProgress, _Mapping]] = ..., log: _Optional[_Union[JobLog, _Mapping]] = ...) -> None: ...
