"""Functions of Python that compiled loops call by address, as they call those of the model."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

_Call = ctypes.CFUNCTYPE(None, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Callbacks:
    """Functions of ``(t, y, p)``, of which one runs at a time.

    Args:
        states: how long y is.
        parameters: how long p is.
    """

    def __init__(self, states: int, parameters: int) -> None:
        self._counts: Final = (states, parameters)
        self._calls: Final[list[Any]] = []
        self._lock: Final = threading.Lock()
        self._error: BaseException | None = None

    def address(self, function: Callable[[float, np.ndarray, np.ndarray], np.ndarray], count: int) -> int:
        """Where compiled code finds `function`, whose `count` values it gets, as long as this object lives."""

        def call(t: float, y: int, p: int, out: int) -> None:
            with self._lock:
                if self._error is None:
                    try:
                        arguments = [_view(at, n) for at, n in zip((y, p), self._counts, strict=True)]
                        _view(out, count)[:] = function(t, *arguments)
                        return
                    except BaseException as error:  # compiled code has no exceptions: `check` raises it
                        self._error = error
                _view(out, count)[:] = 0.0

        self._calls.append(_Call(call))
        return ctypes.cast(self._calls[-1], ctypes.c_void_p).value or 0

    def check(self) -> None:
        """Raises what a function raised."""
        if self._error is not None:
            raise self._error


def _view(address: int | None, count: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_double * count).from_address(address)) if address else np.empty(count)
