"""Moving a part of an array to a place that it may overlap, as fast as memory allows."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["move_part"]


@intrinsic
def _move_part(typing_context: Any, array: Any, to: Any, since: Any, n: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        destination, source = (
            builder.bitcast(builder.gep(made.data, [at]), cgutils.voidptr_t)
            for at in arguments[1:3]
        )
        i64 = ir.IntType(64)
        cgutils.raw_memmove(builder, destination, source, arguments[3], ir.Constant(i64, size))  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(array, to, since, n), generate


move_part: Any = _move_part
"""``move_part(array, to, since, n)``: what ``array[since:since + n]`` held is ``array[to:to + n]``.

For one-dimensional contiguous arrays and int64; nothing is checked.
"""
