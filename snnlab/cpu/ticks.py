"""The processor's time-stamp counter, read in a few nanoseconds from compiled code."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["read_ticks", "ticks"]

_IS_ARM = platform.machine().lower() in ("aarch64", "arm64")

if _IS_ARM:  # LLVM gives up on an instruction in words unless it has been told to understand them
    binding.initialize_native_asmparser()


@intrinsic
def _ticks(typing_context: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [])
        if _IS_ARM:
            # LLVM would read the cycle counter there, which only the kernel may.
            return builder.asm(kind, "mrs $0, cntvct_el0", "=r", [], True)
        function = builder.module.declare_intrinsic("llvm.readcyclecounter", (), kind)
        return builder.call(function, [])

    return types.int64(), generate


ticks: Any = _ticks
"""``ticks()``: ticks since some moment in the past, at a constant rate, for compiled code."""


@njit(cache=True)
def read_ticks() -> Any:
    """Return `ticks` to Python code."""
    return ticks()
