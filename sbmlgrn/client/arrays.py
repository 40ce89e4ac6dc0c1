"""Arrays of results, put together from the pieces in which they travel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sbmlgrn.client.v1 import array_pb2

_DATA_TYPES: Final = {array_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"), array_pb2.DATA_TYPE_INT64: np.dtype("<i8")}
_QUANTITIES: Final = {
    array_pb2.QUANTITY_AMOUNT: "amount",
    array_pb2.QUANTITY_CONCENTRATION: "concentration",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedArray:
    """An array and what it measures.

    Attributes:
        name: name of the array in its job.
        values: the numbers, read-only.
        axes: name of each axis.
        unit: unit of the numbers; empty if the model states none.
        quantity: ``amount``, ``concentration`` or ``value``.
        symbol: SBML id of the symbol whose values these are; empty for time and spectra.
    """

    name: str
    values: np.ndarray
    axes: tuple[str, ...]
    unit: str
    quantity: str
    symbol: str


def assemble(chunks: Iterable[array_pb2.ArrayChunk]) -> Iterator[NamedArray]:
    """Puts arrays together.

    Args:
        chunks: for each array its descriptor, then its bytes in order.

    Raises:
        ValueError: bytes are missing, left over or of an unknown type.
    """
    descriptor: array_pb2.ArrayDescriptor | None = None
    data = bytearray()
    for chunk in chunks:
        if chunk.HasField("descriptor"):
            if descriptor is not None:
                yield _array(descriptor, data)
            descriptor, data = chunk.descriptor, bytearray()
        elif descriptor is None:
            raise ValueError("the stream of arrays starts with data: expected a descriptor; update client or server")
        else:
            data += chunk.data
    if descriptor is not None:
        yield _array(descriptor, data)


def _array(descriptor: array_pb2.ArrayDescriptor, data: bytearray) -> NamedArray:
    dtype = _DATA_TYPES.get(descriptor.data_type)
    if dtype is None:
        raise ValueError(
            f"array {descriptor.name!r} has the unknown data type {descriptor.data_type}: update sbmlgrn on this side"
        )
    shape = tuple(descriptor.shape)
    expected = math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise ValueError(
            f"array {descriptor.name!r} came with {len(data)} bytes, expected {expected}: download it again"
        )
    values = np.frombuffer(bytes(data), dtype=dtype).reshape(shape)
    return NamedArray(
        name=descriptor.name,
        values=values,
        axes=tuple(descriptor.axes),
        unit=descriptor.unit,
        quantity=_QUANTITIES.get(descriptor.quantity, "value"),
        symbol=descriptor.symbol,
    )
