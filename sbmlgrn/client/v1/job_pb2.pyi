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
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState
PARAMETER_SCALE_UNSPECIFIED: ParameterScale
PARAMETER_SCALE_LOG: ParameterScale
PARAMETER_SCALE_LINEAR: ParameterScale

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

class Job(_message.Message):
    __slots__ = ("name", "display_name", "simulation", "frequency_design", "state", "progress", "error", "simulation_result", "frequency_design_result", "arrays", "provenance", "last_sequence", "create_time", "start_time", "end_time", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    SIMULATION_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_DESIGN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SIMULATION_RESULT_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_DESIGN_RESULT_FIELD_NUMBER: _ClassVar[int]
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
    state: JobState
    progress: JobProgress
    error: JobError
    simulation_result: SimulationResult
    frequency_design_result: FrequencyDesignResult
    arrays: _containers.RepeatedCompositeFieldContainer[_array_pb2.ArrayDescriptor]
    provenance: Provenance
    last_sequence: int
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., simulation: _Optional[_Union[SimulationSpec, _Mapping]] = ..., frequency_design: _Optional[_Union[FrequencyDesignSpec, _Mapping]] = ..., state: _Optional[_Union[JobState, str]] = ..., progress: _Optional[_Union[JobProgress, _Mapping]] = ..., error: _Optional[_Union[JobError, _Mapping]] = ..., simulation_result: _Optional[_Union[SimulationResult, _Mapping]] = ..., frequency_design_result: _Optional[_Union[FrequencyDesignResult, _Mapping]] = ..., arrays: _Optional[_Iterable[_Union[_array_pb2.ArrayDescriptor, _Mapping]]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., last_sequence: _Optional[int] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

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
