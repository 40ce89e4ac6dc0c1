"""LLVM IR → machine code in this process."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import sys
import threading
from typing import Final

import llvmlite.binding as llvm

from sbmlgrn.backends.kernel.source import LIBM, LIBM_OF_INTRINSICS

_LARGE: Final = 60_000
"""Characters of assembly beyond which optimisation takes more than it gains: equal expressions are one already, so that
it saves a fifth of a right-hand side and nothing of a Jacobian, for ten times the time of compilation (measured: 100
states and 200 reactions, 0.38 s instead of 0.02 s)."""

_lock = threading.Lock()


@functools.cache
def _target() -> llvm.Target:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name = "ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m")
    libm = ctypes.CDLL(name)
    for function in (*LIBM, *LIBM_OF_INTRINSICS):
        if hasattr(libm, function):
            llvm.add_symbol(function, ctypes.cast(getattr(libm, function), ctypes.c_void_p).value)
    return llvm.Target.from_default_triple()


def _machine(level: int) -> llvm.TargetMachine:
    """A machine of its own for each library: the compiler takes possession of it."""
    return _target().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=level, jit=True
    )


class Library:
    """Compiled functions, alive as long as this object.

    Args:
        text: an LLVM module.
        optimise: whether to spend up to ten times as long on code that is somewhat faster; not done for large
            modules.
        limit: characters of assembly beyond which a module is large.
    """

    def __init__(self, text: str, optimise: bool, limit: int = _LARGE) -> None:
        level = 2 if optimise and len(text) <= limit else 0
        with _lock:
            machine = _machine(level)
            module = llvm.parse_assembly(text)
            if level:
                builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=level))
                builder.getModulePassManager().run(module, builder)
            self._engine = llvm.create_mcjit_compiler(module, machine)
            self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where the function is."""
        return self._engine.get_function_address(name)
