"""How many blocks a kernel gets whose threads go on until nothing is left to do."""

from __future__ import annotations

from snnlab.cuda.device import Kernel

__all__ = ["WARP", "n_blocks", "round_up"]

WARP = 32
"""Threads of a warp."""


def n_blocks(kernel: Kernel, n_threads: int, n_wanted: int) -> int:
    """Return as many blocks as the device holds at a time, or fewer if these do all the work.

    Parameters
    ----------
    kernel : Kernel
    n_threads : int
        Threads of a block.
    n_wanted : int
        Threads that would have one thing to do each.
    """
    return max(1, min(kernel.resident_blocks(n_threads), -(-n_wanted // n_threads)))


def round_up(n: int, multiple: int) -> int:
    """Return the smallest multiple that is not less than `n`."""
    return -(-n // multiple) * multiple
