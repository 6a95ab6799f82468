"""Where the threads of a run meet after every chunk.

A thread that comes early looks again and again for a few microseconds, which is what the others
need on a quiet machine, and then goes to sleep: on a busy one that gives its core to the thread
that is waited for.
"""

from __future__ import annotations

import ctypes
import platform
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import int64, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from snnlab.errors import StateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BARRIER_SIZE", "make_barrier", "meet"]

_LOOKS = 1000
"""Times that a thread looks before it goes to sleep: some 20 us."""

_ARRIVED, _ROUND, _ASLEEP, _MUTEX, _CONDITION = 0, 8, 16, 24, 40
"""Places in the barrier: how many have come; how many rounds are over; how many sleep; what the
threads library needs to wake them. Each on cache lines of its own."""

BARRIER_SIZE = 56
"""Elements of a barrier."""

_IS_ARM = platform.machine().lower() in ("aarch64", "arm64")

_lock = types.ExternalFunction("pthread_mutex_lock", types.int32(types.int64))
_unlock = types.ExternalFunction("pthread_mutex_unlock", types.int32(types.int64))
_sleep = types.ExternalFunction("pthread_cond_wait", types.int32(types.int64, types.int64))
_wake_all = types.ExternalFunction("pthread_cond_broadcast", types.int32(types.int64))


def _element(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


@intrinsic
def _make_add(_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Add to an element in one piece; return what it was."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _element(context, builder, signature, args)
        return builder.atomic_rmw("add", at, args[2], "seq_cst")

    return int64(array, int64, int64), code


@intrinsic
def _make_look(_context: Any, array: Any, index: Any) -> Any:
    """Read an element as it is now."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_element(context, builder, signature, args), "seq_cst", 8)

    return int64(array, int64), code


@intrinsic
def _make_pause(_context: Any) -> Any:
    """Tell the processor that this is a loop that waits."""

    def code(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        hint = [ir.Constant(ir.IntType(32), 1)] if _IS_ARM else []
        kind = ir.FunctionType(ir.VoidType(), [h.type for h in hint])
        name = "llvm.aarch64.hint" if _IS_ARM else "llvm.x86.sse2.pause"
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, name
        )
        builder.call(function, hint)
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def _make_address(_context: Any, array: Any, index: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _element(context, builder, signature, args)
        return builder.ptrtoint(at, cgutils.intp_t)

    return int64(array, int64), code


_add: Any = _make_add
_look: Any = _make_look
_pause: Any = _make_pause
_address: Any = _make_address


@njit(error_model="numpy", cache=True)
def _sleep_until_over(barrier, this_round):  # type: ignore[no-untyped-def]
    mutex, condition = _address(barrier, _MUTEX), _address(barrier, _CONDITION)
    _lock(mutex)
    _add(barrier, _ASLEEP, 1)
    while _look(barrier, _ROUND) == this_round:
        _sleep(condition, mutex)
    _add(barrier, _ASLEEP, -1)
    _unlock(mutex)


@njit(error_model="numpy", cache=True)
def _wake(barrier):  # type: ignore[no-untyped-def]
    mutex, condition = _address(barrier, _MUTEX), _address(barrier, _CONDITION)
    _lock(mutex)
    _wake_all(condition)
    _unlock(mutex)


@njit(error_model="numpy", inline="always")
def meet(barrier, n):  # type: ignore[no-untyped-def]
    """Wait until all `n` threads have come here; what each has written the others see then.

    Parameters
    ----------
    barrier : array of `make_barrier`
    n : int
    """
    if n > 1:
        this_round = _look(barrier, _ROUND)
        if _add(barrier, _ARRIVED, 1) == n - 1:
            _add(barrier, _ARRIVED, -n)
            _add(barrier, _ROUND, 1)
            # Who goes to sleep counts itself before it looks once more, so that none is missed.
            if _look(barrier, _ASLEEP) > 0:
                _wake(barrier)
        else:
            looks = 0
            while _look(barrier, _ROUND) == this_round:
                looks += 1
                if looks > _LOOKS:
                    _sleep_until_over(barrier, this_round)
                    break
                _pause()


def make_barrier() -> NDArray[np.int64]:
    """Return a barrier; it must stay where it is in memory.

    Raises
    ------
    StateError
        The system has no room for another one.
    """
    barrier = np.zeros(BARRIER_SIZE, np.int64)
    library = ctypes.CDLL(None)
    for function, place in (("pthread_mutex_init", _MUTEX), ("pthread_cond_init", _CONDITION)):
        code = getattr(library, function)(ctypes.c_void_p(barrier[place:].ctypes.data), None)
        if code:
            raise StateError(
                "threads", f"must find room for their locks: {function}", got=f"error {code}",
                remedy="Close other sessions, or open this one with threads=1.",
            )  # fmt: skip
    return barrier
