"""Arrays of results: one `.npy` file each, numbered in the order of the job's descriptors."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

CHUNK_BYTES: Final = 512 * 1024

_DATA_TYPES: Final = {"<f8": "DATA_TYPE_FLOAT64", "<i8": "DATA_TYPE_INT64"}


class ArrayWriter:
    """Writes the arrays of one job and keeps their descriptors.

    Attributes:
        descriptors: fields of ArrayDescriptor, one mapping for each array written.
    """

    def __init__(self, directory: Path) -> None:
        self.descriptors: list[dict[str, Any]] = []
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def write(
        self,
        name: str,
        values: Any,
        *,
        axes: Sequence[str],
        unit: str = "",
        quantity: str = "value",
        symbol: str = "",
    ) -> None:
        """Writes one array; the file appears whole or not at all.

        Args:
            name: unique in the job.
            values: numbers, with as many axes as `axes`.
            axes: names of the axes.
            unit: unit of the numbers.
            quantity: amount, concentration or value.
            symbol: id of the symbol whose values these are.
        """
        array = np.ascontiguousarray(np.asarray(values))
        array = array.astype("<i8" if array.dtype.kind in "iub" else "<f8", copy=False)
        if array.ndim != len(axes):
            raise TypeError(f"array {name!r} has shape {array.shape}, but the axes {tuple(axes)}")
        path = array_path(self._directory, len(self.descriptors))
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        self.descriptors.append(
            {
                "name": name,
                "data_type": _DATA_TYPES[array.dtype.str],
                "shape": list(array.shape),
                "axes": list(axes),
                "unit": unit,
                "quantity": f"QUANTITY_{quantity.upper()}",
                "symbol": symbol,
            }
        )


def array_path(directory: Path, index: int) -> Path:
    """The file of a job's array by its place in the list of descriptors."""
    return directory / f"{index:05d}.npy"


def read_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of an array in pieces.

    Raises:
        FileNotFoundError: the array is gone.
    """
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    flat = array.reshape(-1).view(np.uint8)
    for start in range(0, flat.size, CHUNK_BYTES):
        yield flat[start : start + CHUNK_BYTES].tobytes()
