"""Vectors of doubles in Numba's loops: a number for each of `LANES` trajectories side by side.

An array for them has the lane as its last axis, of length `LANES`, and is contiguous; the other axes are as in the
loops for one trajectory. Within a loop ``load(array, i)`` is a vector, an operation on it one instruction (or a few, on
processors with shorter vectors), and `select` and masks take the place of branches. Without these types it would be
left to LLVM's heuristics whether a loop over lanes becomes such instructions, and arrays that might overlap forbid it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, register_model
from numba.extending import models as _models

from sbmlgrn.backends.kernel.vectors import LANES
from sbmlgrn.ode.native.loop import loop

_DOUBLES: Final = ir.VectorType(ir.DoubleType(), LANES)
_TRUTHS: Final = ir.VectorType(ir.IntType(1), LANES)


class _Vector(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name="LanesMask")


vector: Final = _Vector()
mask: Final = _Mask()


@register_model(_Vector)
class _VectorModel(_models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _DOUBLES)


@register_model(_Mask)
class _MaskModel(_models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _TRUTHS)


def _all(builder: Any, value: Any, kind: Any) -> Any:
    """A vector of equal numbers; what is a vector already stays."""
    if kind == vector:
        return value
    first = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), value, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_DOUBLES, ir.Undefined), places)


def _operation(operation: Any, result: Any, build: Callable[[Any, Any, Any], Any]) -> None:
    """Defines a binary operation of vectors, and of vectors and numbers."""
    pairs = [(vector, vector), (vector, types.float64), (types.float64, vector)]

    class Template(ConcreteTemplate):
        key = operation
        cases = [signature(result, *pair) for pair in pairs]  # noqa: RUF012 (so Numba wants it)

    register: Any = infer_global(operation)
    register(Template)

    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        return build(builder, *(_all(builder, v, k) for v, k in zip(arguments, of.args, strict=True)))

    for pair in pairs:
        lower_builtin(operation, *pair)(generate)


_operation(operator.add, vector, lambda builder, a, b: builder.fadd(a, b))
_operation(operator.sub, vector, lambda builder, a, b: builder.fsub(a, b))
_operation(operator.mul, vector, lambda builder, a, b: builder.fmul(a, b))
_operation(operator.truediv, vector, lambda builder, a, b: builder.fdiv(a, b))
for _relation, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")):
    _operation(_relation, mask, lambda builder, a, b, sign=_sign: builder.fcmp_ordered(sign, a, b))
_operation(operator.eq, mask, lambda builder, a, b: builder.fcmp_ordered("==", a, b))
_operation(operator.ne, mask, lambda builder, a, b: builder.fcmp_unordered("!=", a, b))


def _logical(operation: Any, build: Callable[..., Any], count: int) -> None:
    class Template(ConcreteTemplate):
        key = operation
        cases = [signature(mask, *[mask] * count)]  # noqa: RUF012 (so Numba wants it)

    register: Any = infer_global(operation)
    register(Template)
    lower_builtin(operation, *[mask] * count)(lambda context, builder, of, arguments: build(builder, *arguments))


_logical(operator.and_, lambda builder, a, b: builder.and_(a, b), 2)
_logical(operator.or_, lambda builder, a, b: builder.or_(a, b), 2)
_logical(operator.invert, lambda builder, a: builder.not_(a), 1)


def _place(context: Any, builder: Any, kind: Any, array: Any, indices: Sequence[Any]) -> Any:
    """The address of the lanes at some indices."""
    made = context.make_array(kind)(context, builder, array)
    shape = cgutils.unpack_tuple(builder, made.shape, kind.ndim)
    offset = ir.IntType(64)(0)
    for length, index in zip(shape, indices, strict=False):
        offset = builder.add(builder.mul(offset, length), index)
    return builder.gep(builder.bitcast(made.data, _DOUBLES.as_pointer()), [offset])


def _at(count: int) -> tuple[Any, Any]:
    """`load` and `store` for arrays of `count` axes beside that of the lanes."""
    integers = [types.int64] * count

    def generate_load(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        array, *indices = arguments
        return builder.load(_place(context, builder, of.args[0], array, indices), align=8)

    def generate_store(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        array, *indices, value = arguments
        value = _all(builder, value, of.args[-1])
        builder.store(value, _place(context, builder, of.args[0], array, indices), align=8)
        return context.get_dummy_value()

    return (
        lambda array: (signature(vector, array, *integers), generate_load),
        lambda array, value: (signature(types.void, array, *integers, value), generate_store),
    )


_load1, _store1 = _at(1)
_load2, _store2 = _at(2)


@intrinsic
def _load(typing_context: Any, array: Any, i: Any) -> Any:
    return _load1(array)


@intrinsic
def _load_row(typing_context: Any, array: Any, i: Any, j: Any) -> Any:
    return _load2(array)


@intrinsic
def _store(typing_context: Any, array: Any, i: Any, value: Any) -> Any:
    return _store1(array, value)


@intrinsic
def _store_row(typing_context: Any, array: Any, i: Any, j: Any, value: Any) -> Any:
    return _store2(array, value)


@intrinsic
def _splat(typing_context: Any, x: Any) -> Any:
    return signature(vector, types.float64), lambda context, builder, of, arguments: _all(
        builder, arguments[0], types.float64
    )


@intrinsic
def _select(typing_context: Any, condition: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        condition, *values = arguments
        return builder.select(condition, *(_all(builder, v, k) for v, k in zip(values, of.args[1:], strict=True)))

    return signature(vector, mask, a, b), generate


@intrinsic
def _fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        values = [_all(builder, v, k) for v, k in zip(arguments, of.args, strict=True)]
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES] * 3)
        name = f"llvm.fmuladd.v{LANES}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)

    return signature(vector, a, b, c), generate


def _intrinsic_of_one(name: str) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES])
        callee = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{LANES}f64")
        return builder.call(callee, arguments)

    return lambda: (signature(vector, vector), generate)


_fabs_of, _sqrt_of = _intrinsic_of_one("llvm.fabs"), _intrinsic_of_one("llvm.sqrt")


@intrinsic
def _size(typing_context: Any, x: Any) -> Any:
    return _fabs_of()


@intrinsic
def _root(typing_context: Any, x: Any) -> Any:
    return _sqrt_of()


@intrinsic
def _bits(typing_context: Any, truths: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(LANES)), ir.IntType(64))

    return signature(types.int64, mask), generate


@intrinsic
def _masked(typing_context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.trunc(arguments[0], ir.IntType(LANES)), _TRUTHS)

    return signature(mask, types.int64), generate


@intrinsic
def _call(typing_context: Any, address: Any, t: Any, row: Any, y: Any, p: Any, out: Any, first: Any) -> Any:
    of = signature(types.void, types.int64, t, types.int64, y, p, out, types.int64)

    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        number, time, row, y, p, out, first = arguments
        pointer = _DOUBLES.as_pointer()
        function = builder.inttoptr(number, ir.FunctionType(ir.VoidType(), [pointer] * 4).as_pointer())
        _, kind, _, y_kind, p_kind, out_kind, _ = of.args
        zero = ir.IntType(64)(0)
        builder.call(
            function,
            [
                _place(context, builder, kind, time, [row]),
                _place(context, builder, y_kind, y, [zero]),
                _place(context, builder, p_kind, p, [zero]),
                _place(context, builder, out_kind, out, [first]),
            ],
        )
        return context.get_dummy_value()

    return of, generate


@intrinsic
def _address(typing_context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        made = context.make_array(of.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(made.data, ir.IntType(64))

    return signature(types.int64, array), generate


@intrinsic
def _apart(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return signature(types.void), generate


@intrinsic
def _take(typing_context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, of: Any, arguments: Any) -> Any:
        made = context.make_array(of.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", made.data, ir.IntType(64)(1), "monotonic")

    return signature(types.int64, counter), generate


load: Any = _load
"""``load(array, i)``: the lanes at ``array[i]``."""
load_row: Any = _load_row
"""``load_row(array, i, j)``: the lanes at ``array[i, j]``."""
store: Any = _store
"""``store(array, i, value)``: a vector, or a number for all lanes, to ``array[i]``."""
store_row: Any = _store_row
"""``store_row(array, i, j, value)``: the same to ``array[i, j]``."""
splat: Any = _splat
"""``splat(x)``: the same number in all lanes."""
select: Any = _select
"""``select(condition, a, b)``: a where the condition holds, b elsewhere."""
fma: Any = _fma
"""``fma(a, b, c)``: a·b + c, rounded once where the processor can."""
size: Any = _size
"""``size(x)``: |x|."""
root: Any = _root
"""``root(x)``: √x."""
bits: Any = _bits
"""``bits(mask)``: an integer whose bits are the truth values, lane 0 the lowest; 0 where all are false."""
masked: Any = _masked
"""``masked(bits)``: the mask of which `bits` makes this integer."""
call: Any = _call
"""``call(address, t, row, y, p, out, first)``: a function of `Source` in `LANES` lanes at ``(t[row], y, p)``; its
values go to ``out[first], out[first + 1], …``. All arrays have lanes."""
address: Any = _address
"""``address(array)``: where it begins in memory."""
apart: Any = _apart
"""``apart()``: the function that says this is put into none that calls it, which would have to be compiled with it."""
take: Any = _take
"""``take(counter)``: the integer in ``counter[0]``, which is then one more; threads may share it."""


@loop
def lanes(rows: int) -> np.ndarray:
    """An array ``[rows, LANES]`` of zeros, whose vectors are read fast: they begin at multiples of their length."""
    flat = np.zeros((rows + 1) * LANES)
    shift = (-(address(flat) // 8)) % LANES
    return flat[shift : shift + rows * LANES].reshape((rows, LANES))
