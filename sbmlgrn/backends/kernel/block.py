"""`Block`: instructions of LLVM over doubles or vectors of them, one after the other."""

from __future__ import annotations

import struct
from typing import Final


class Block:
    """Instructions so far.

    Args:
        lanes: how many points are computed at once; every value is then a vector of so many doubles.

    Attributes:
        number: the type of a number.
        truth: the type of a truth value.
        integer: the type of as many bits as a number has.
        lines: the instructions.
    """

    def __init__(self, lanes: int = 1) -> None:
        self._lanes = lanes
        self._suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        self.number: Final = self._many("double")
        self.truth: Final = self._many("i1")
        self.integer: Final = self._many("i64")
        self._count = 0
        self.lines: list[str] = []

    def new(self, instruction: str) -> str:
        """Adds an instruction; returns the name of its value."""
        self._count += 1
        self.lines.append(f"%x{self._count} = {instruction}")
        return f"%x{self._count}"

    def literal(self, value: float | bool) -> str:
        """A constant, the same in all lanes."""
        if isinstance(value, bool):
            return self._all("i1", "true" if value else "false")
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        return self._all("double", f"0x{bits:016X}")

    def bits(self, value: int) -> str:
        """A constant of 64 bits, the same in all lanes."""
        return self._all("i64", str(value))

    def _many(self, kind: str) -> str:
        return kind if self._lanes == 1 else f"<{self._lanes} x {kind}>"

    def _all(self, kind: str, text: str) -> str:
        return text if self._lanes == 1 else f"<{', '.join([f'{kind} {text}'] * self._lanes)}>"
