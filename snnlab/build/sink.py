"""Where drawn synapses go: counted in the first pass, placed in the second.

The cursor of a row is the number of its synapses so far, or the next free index of its row. Only
targets are placed here; weights and delays follow row by row (`snnlab.build.finish`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, uint16, uint64
from numpy.typing import NDArray

__all__ = ["Sink", "drawn", "put", "put_drawn", "put_owned"]


class Sink(NamedTuple):
    """What happens to synapses.

    Parameters
    ----------
    is_counting : bool
        Only the cursors are advanced.
    pool : (n,) uint16
        Where targets are placed otherwise.
    """

    is_counting: bool
    pool: NDArray[np.uint16]


@njit(error_model="numpy", inline="always")
def drawn(word, n_pre):  # type: ignore[no-untyped-def]
    """Return a source below `n_pre`, uniformly, from 32 random bits."""
    return (uint64(word) * uint64(n_pre)) >> uint64(32)


@njit(error_model="numpy", cache=True)
def put_drawn(sink, cursor, words, m, n_pre, target):  # type: ignore[no-untyped-def]
    """Put synapses onto `target` from `m` sources, each drawn by one word."""
    if sink.is_counting:
        for j in range(m):
            cursor[drawn(words[uint64(j)], n_pre)] += 1
        return
    pool = sink.pool
    slot = uint16(target)
    for j in range(m):
        row = drawn(words[uint64(j)], n_pre)
        e = uint64(cursor[row])
        cursor[row] = e + uint64(1)
        pool[e] = slot


@njit(error_model="numpy", cache=True)
def put(sink, cursor, rows, m, target):  # type: ignore[no-untyped-def]
    """Put synapses onto `target` from the sources ``rows[:m]``."""
    slot = uint16(target)
    for j in range(m):
        row = uint64(rows[uint64(j)])
        e = uint64(cursor[row])
        cursor[row] = e + uint64(1)
        if not sink.is_counting:
            sink.pool[e] = slot


@njit(error_model="numpy", cache=True)
def put_owned(sink, cursor, row, columns, m, low, high, local):  # type: ignore[no-untyped-def]
    """Put synapses from `row` onto those targets ``columns[:m]`` that this partition owns."""
    e = uint64(cursor[row])
    for j in range(m):
        column = columns[uint64(j)]
        if low <= column < high:
            if not sink.is_counting:
                sink.pool[e] = uint16(column - low + local)
            e += uint64(1)
    cursor[row] = e
