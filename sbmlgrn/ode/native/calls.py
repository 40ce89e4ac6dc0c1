"""Calls of compiled functions by address, from within Numba's loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def _evaluate(typing_context: Any, address: Any, t: Any, y: Any, p: Any, out: Any) -> Any:
    signature = types.void(types.int64, types.float64, y, p, out)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, time, *arrays = arguments
        double, pointer = ir.DoubleType(), ir.DoubleType().as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [double, pointer, pointer, pointer])
        function = builder.inttoptr(number, kind.as_pointer())
        data = [
            context.make_array(array_type)(context, builder, array).data
            for array_type, array in zip(signature.args[2:], arrays, strict=True)
        ]
        builder.call(function, [time, *data])
        return context.get_dummy_value()

    return signature, generate


evaluate: Any = _evaluate
"""``evaluate(address, t, y, p, out)``: ``out[:] = f(t, y, p)`` for the function of `Source` at `address`; all arrays are
contiguous doubles."""
