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

class ModelFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_FORMAT_UNSPECIFIED: _ClassVar[ModelFormat]
    MODEL_FORMAT_SBML: _ClassVar[ModelFormat]

class SymbolKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SYMBOL_KIND_UNSPECIFIED: _ClassVar[SymbolKind]
    SYMBOL_KIND_SPECIES: _ClassVar[SymbolKind]
    SYMBOL_KIND_COMPARTMENT: _ClassVar[SymbolKind]
    SYMBOL_KIND_PARAMETER: _ClassVar[SymbolKind]
    SYMBOL_KIND_REACTION: _ClassVar[SymbolKind]
    SYMBOL_KIND_SPECIES_REFERENCE: _ClassVar[SymbolKind]
MODEL_FORMAT_UNSPECIFIED: ModelFormat
MODEL_FORMAT_SBML: ModelFormat
SYMBOL_KIND_UNSPECIFIED: SymbolKind
SYMBOL_KIND_SPECIES: SymbolKind
SYMBOL_KIND_COMPARTMENT: SymbolKind
SYMBOL_KIND_PARAMETER: SymbolKind
SYMBOL_KIND_REACTION: SymbolKind
SYMBOL_KIND_SPECIES_REFERENCE: SymbolKind

class Symbol(_message.Message):
    __slots__ = ("id", "display_name", "kind", "value", "unit", "quantity", "adjustable", "observable", "reported_by_default")
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ADJUSTABLE_FIELD_NUMBER: _ClassVar[int]
    OBSERVABLE_FIELD_NUMBER: _ClassVar[int]
    REPORTED_BY_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    id: str
    display_name: str
    kind: SymbolKind
    value: float
    unit: str
    quantity: _array_pb2.Quantity
    adjustable: bool
    observable: bool
    reported_by_default: bool
    def __init__(self, id: _Optional[str] = ..., display_name: _Optional[str] = ..., kind: _Optional[_Union[SymbolKind, str]] = ..., value: _Optional[float] = ..., unit: _Optional[str] = ..., quantity: _Optional[_Union[_array_pb2.Quantity, str]] = ..., adjustable: bool = ..., observable: bool = ..., reported_by_default: bool = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "display_name", "document_id", "sbml_level", "sbml_version", "document_bytes", "sha256", "reaction_count", "time_unit", "symbols", "issues", "issues_left_out", "job", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SBML_LEVEL_FIELD_NUMBER: _ClassVar[int]
    SBML_VERSION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    REACTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIT_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    ISSUES_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    document_id: str
    sbml_level: int
    sbml_version: int
    document_bytes: int
    sha256: str
    reaction_count: int
    time_unit: str
    symbols: _containers.RepeatedCompositeFieldContainer[Symbol]
    issues: _containers.RepeatedCompositeFieldContainer[_issue_pb2.Issue]
    issues_left_out: int
    job: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., document_id: _Optional[str] = ..., sbml_level: _Optional[int] = ..., sbml_version: _Optional[int] = ..., document_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., reaction_count: _Optional[int] = ..., time_unit: _Optional[str] = ..., symbols: _Optional[_Iterable[_Union[Symbol, _Mapping]]] = ..., issues: _Optional[_Iterable[_Union[_issue_pb2.Issue, _Mapping]]] = ..., issues_left_out: _Optional[int] = ..., job: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
