"""Calling compiled kernels through their addresses, from compiled code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import int32, int64, types, uint8, uint32
from numba.extending import intrinsic

from snnlab.rules.lend import LentType

__all__ = ["call_block_kernel", "call_rule"]


@intrinsic
def _call_block_kernel(
    _context: Any, address: Any, state: Any, state_offset: Any, input: Any, input_offset: Any,
    params: Any, params_offset: Any, random: Any, fired: Any,
) -> Any:  # fmt: skip
    arrays = (state, input, params, random, fired)
    expected = (state.dtype, state.dtype, state.dtype, uint32, uint8)
    if not all(_is_flat(a, dtype) for a, dtype in zip(arrays, expected, strict=True)):
        return None  # Numba then reports the call with the types that it got.
    offsets = (state_offset, input_offset, params_offset)
    signature = int32(
        int64, state, int64, input, int64, params, int64, random, fired,
    )  # fmt: skip
    return (signature, _call) if all(isinstance(o, types.Integer) for o in offsets) else None


call_block_kernel: Any = _call_block_kernel
"""Advance one block of neurons by one step; for use inside compiled functions.

Parameters
----------
address : int64
    `BlockKernel.address`.
state, input, params : 1-d C-contiguous array of the kernel's precision
    The block's state words, its scaled input and the scalar parameters.
state_offset, input_offset, params_offset : int
    Where in these arrays the block's part begins, in elements.
random : (4,) uint32
    Seed, stream, block within the population, step.
fired : (BLOCK,) uint8
    Written: 1 for every lane that fired.

Returns
-------
int32
    Not 0 if any lane fired.
"""


def _is_flat(array: Any, dtype: Any) -> bool:
    return (
        isinstance(array, types.Array)
        and array.ndim == 1
        and array.layout == "C"
        and array.dtype == dtype
    )


def _call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    def pointer(k: int, offset: Any = None) -> Any:
        array = context.make_array(signature.args[k])(context, builder, args[k])
        return array.data if offset is None else builder.gep(array.data, [offset])

    pointers = [pointer(1, args[2]), pointer(3, args[4]), pointer(5, args[6])]
    pointers += [pointer(7), pointer(8)]
    function = ir.FunctionType(ir.IntType(32), [p.type for p in pointers])
    address = builder.inttoptr(args[0], function.as_pointer())
    return builder.call(address, pointers)


@intrinsic
def _call_rule(_context: Any, address: Any, arguments: Any) -> Any:
    flat = all(
        isinstance(a, (types.Integer, types.CPointer, LentType))
        or (isinstance(a, types.Array) and a.ndim == 1 and a.layout == "C")
        for a in arguments.types
    )
    return (int64(int64, arguments), _call_with) if flat else None


call_rule: Any = _call_rule
"""Call a compiled function that takes pointers and int64 and returns an int64, by its address.

Parameters
----------
address : int64
arguments : tuple of 1-d C-contiguous arrays, ints, and what is lent
    Arrays are handed over as pointers to their first element.
"""


def _call_with(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    values = []
    for k, kind in enumerate(signature.args[1].types):
        value = builder.extract_value(args[1], k)
        if isinstance(kind, types.Array):
            values.append(context.make_array(kind)(context, builder, value).data)
        elif isinstance(kind, types.Integer):
            values.append(context.cast(builder, value, kind, int64))
        else:
            values.append(value)
    function = ir.FunctionType(ir.IntType(64), [v.type for v in values])
    return builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
