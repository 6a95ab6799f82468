"""Spikes of a chunk as the device keeps them, a word of bits for each neuron, and as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["listed", "trains"]


@njit(error_model="numpy", cache=True)
def _list(slot, start, steps, out_slot, out_step):  # type: ignore[no-untyped-def]
    """Write a spike for each bit, as long as there is room; return how many there are."""
    n = 0
    for k in range(slot.size):
        bits, step = steps[k], start[k]
        while bits != 0:
            if bits & np.uint64(1):
                if n < out_slot.size:
                    out_slot[n], out_step[n] = slot[k], step
                n += 1
            bits, step = bits >> np.uint64(1), step + 1
    return n


def listed(
    slot: NDArray[np.int32], start: NDArray[np.int64], steps: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the spikes of some neurons one by one, those of a neuron in order of time.

    Parameters
    ----------
    slot : (n,) int32
    start : (n,) int64
        First step of the chunk.
    steps : (n,) uint64
        Bit k: a spike in step ``start + k``.

    Returns
    -------
    slot : (n_spikes,) int32
    step : (n_spikes,) int64
    """
    n = slot.size
    while True:
        out = np.empty(n, np.int32), np.empty(n, np.int64)
        found = _list(slot, start, steps, *out)
        if found <= n:
            return out[0][:found], out[1][:found]
        n = found


def trains(
    slot: NDArray[np.int32], step: NDArray[np.int64], start: int
) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """Return each neuron that fired once, ascending, with its spikes as bits.

    Parameters
    ----------
    slot : (n_spikes,) int32
    step : (n_spikes,) int64
        From `start` on, less than 64 steps.
    start : int
        First step of the chunk.

    Returns
    -------
    slot : (n,) int32
    steps : (n,) uint64
        Bit k: a spike in step ``start + k``.
    """
    order = np.argsort(slot, kind="stable")
    ordered = slot[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    bits = np.uint64(1) << (step[order] - start).astype(np.uint64)
    return ordered[first], np.bitwise_or.reduceat(bits, first) if first.size else bits[:0]
