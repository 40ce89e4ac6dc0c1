from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Quantity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUANTITY_UNSPECIFIED: _ClassVar[Quantity]
    QUANTITY_AMOUNT: _ClassVar[Quantity]
    QUANTITY_CONCENTRATION: _ClassVar[Quantity]
    QUANTITY_VALUE: _ClassVar[Quantity]

class DataType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATA_TYPE_UNSPECIFIED: _ClassVar[DataType]
    DATA_TYPE_FLOAT64: _ClassVar[DataType]
    DATA_TYPE_INT64: _ClassVar[DataType]
QUANTITY_UNSPECIFIED: Quantity
QUANTITY_AMOUNT: Quantity
QUANTITY_CONCENTRATION: Quantity
QUANTITY_VALUE: Quantity
DATA_TYPE_UNSPECIFIED: DataType
DATA_TYPE_FLOAT64: DataType
DATA_TYPE_INT64: DataType

class ArrayDescriptor(_message.Message):
    __slots__ = ("name", "data_type", "shape", "axes", "unit", "quantity", "symbol")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    AXES_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    name: str
    data_type: DataType
    shape: _containers.RepeatedScalarFieldContainer[int]
    axes: _containers.RepeatedScalarFieldContainer[str]
    unit: str
    quantity: Quantity
    symbol: str
    def __init__(self, name: _Optional[str] = ..., data_type: _Optional[_Union[DataType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., axes: _Optional[_Iterable[str]] = ..., unit: _Optional[str] = ..., quantity: _Optional[_Union[Quantity, str]] = ..., symbol: _Optional[str] = ...) -> None: ...

class ArrayChunk(_message.Message):
    __slots__ = ("descriptor", "data")
    DESCRIPTOR_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    descriptor: ArrayDescriptor
    data: bytes
    def __init__(self, descriptor: _Optional[_Union[ArrayDescriptor, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...
