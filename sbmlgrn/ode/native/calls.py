"""Calls of compiled functions by address, from within Numba's loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _call(
    context: Any, builder: Any, signature: Any, number: Any, time: Any, arrays: Sequence[Any], row: Any = None
) -> Any:
    double, pointer = ir.DoubleType(), ir.DoubleType().as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [double, pointer, pointer, pointer])
    made = [context.make_array(t)(context, builder, a) for t, a in zip(signature.args[2:5], arrays, strict=True)]
    data = [array.data for array in made]
    if row is not None:
        (_, width) = cgutils.unpack_tuple(builder, made[-1].shape, 2)
        data[-1] = builder.gep(data[-1], [builder.mul(row, width)])
    builder.call(builder.inttoptr(number, kind.as_pointer()), [time, *data])
    return context.get_dummy_value()


@intrinsic
def _evaluate(typing_context: Any, address: Any, t: Any, y: Any, p: Any, out: Any) -> Any:
    signature = types.void(types.int64, types.float64, y, p, out)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, time, *arrays = arguments
        return _call(context, builder, signature, number, time, arrays)

    return signature, generate


@intrinsic
def _evaluate_row(typing_context: Any, address: Any, t: Any, y: Any, p: Any, out: Any, row: Any) -> Any:
    signature = types.void(types.int64, types.float64, y, p, out, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, time, *arrays, row = arguments
        return _call(context, builder, signature, number, time, arrays, row)

    return signature, generate


evaluate: Any = _evaluate
"""``evaluate(address, t, y, p, out)``: ``out[:] = f(t, y, p)`` for the function of `Source` at `address`; all arrays
are contiguous doubles."""

evaluate_row: Any = _evaluate_row
"""``evaluate_row(address, t, y, p, out, row)``: the same into a row of a matrix, without the cost of a slice."""


@intrinsic
def _jump(
    typing_context: Any,
    address: Any,
    x: Any,
    p: Any,
    t: Any,
    stop: Any,
    random: Any,
    fired: Any,
    fault: Any,
    turns: Any,
    limit: Any,
) -> Any:
    signature = types.int64(types.int64, x, p, t, stop, random, fired, fault, turns, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, *arrays, limit = arguments
        pointer, integer = ir.DoubleType().as_pointer(), ir.IntType(64)
        kind = ir.FunctionType(integer, [*([pointer] * len(arrays)), integer])
        function = builder.inttoptr(number, kind.as_pointer())
        data = [
            builder.bitcast(context.make_array(array_type)(context, builder, array).data, pointer)
            for array_type, array in zip(signature.args[1:-1], arrays, strict=True)
        ]
        return builder.call(function, [*data, limit])

    return signature, generate


jump: Any = _jump
"""``jump(address, x, p, t, stop, random, fired, fault, turns, limit)``: the loop of `Lanes` at `address`."""
