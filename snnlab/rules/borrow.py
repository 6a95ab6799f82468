"""Arrays without a count of who uses them, for compiled code whose caller keeps them alive.

Numba counts the uses of every array, views included, with instructions that all threads wait for.
In the inner loops of the engine that would cost as much as the loops.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["borrowed"]


@intrinsic
def _borrowed(_context: Any, arrays: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _without_count(context, builder, signature.return_type, args[0])

    return arrays(arrays), code


def _without_count(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.BaseTuple):
        kinds: Any = kind  # iterable, which mypy does not know
        parts = [
            _without_count(context, builder, part, builder.extract_value(value, k))
            for k, part in enumerate(kinds)
        ]
        return context.make_tuple(builder, kind, parts)
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = array.meminfo.type(None)
        array.parent = array.parent.type(None)
        return array._getvalue()
    return value


borrowed: Any = _borrowed
"""``borrowed(x)``: an array, or a tuple with arrays in it, as it is, but not counted."""
