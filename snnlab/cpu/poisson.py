"""Poisson numbers from uniform ones, by counting how many levels of the distribution lie below.

All lanes of a block compare their random word with the first few levels, which vectorises; the few
lanes that lie above all of these search on in the exact table.
"""

from __future__ import annotations

from numba import int32, njit, uint64

from snnlab.arrays.poisson import CDF_SIZE, LEVEL_GROUP
from snnlab.build.layout import BLOCK
from snnlab.rules.philox import philox4x32

__all__ = ["add_poisson"]

_QUARTER = BLOCK // 4


@njit(error_model="numpy", inline="always")
def _draw_words(words, block, step, split, seed, stream):  # type: ignore[no-untyped-def]
    for j in range(_QUARTER):
        a, b, c, d = philox4x32(
            uint64(block) * uint64(_QUARTER) + uint64(j), step, split, 0, seed, stream
        )
        i = uint64(j)
        words[i] = a
        words[i + uint64(_QUARTER)] = b
        words[i + uint64(2 * _QUARTER)] = c
        words[i + uint64(3 * _QUARTER)] = d


@njit(error_model="numpy", inline="always")
def _compare(words, count, cdf, at, n_levels):  # type: ignore[no-untyped-def]
    """Count the levels below each word; True if a word lies above all of them."""
    for j in range(BLOCK):
        count[uint64(j)] = int32(0)
    for k in range(at, at + n_levels, LEVEL_GROUP):
        l0, l1, l2, l3 = cdf[k], cdf[k + 1], cdf[k + 2], cdf[k + 3]
        l4, l5, l6, l7 = cdf[k + 4], cdf[k + 5], cdf[k + 6], cdf[k + 7]
        for j in range(BLOCK):
            i = uint64(j)
            w = words[i]
            low = int32(w >= l0) + int32(w >= l1) + int32(w >= l2) + int32(w >= l3)
            high = int32(w >= l4) + int32(w >= l5) + int32(w >= l6) + int32(w >= l7)
            count[i] = int32(count[i] + int32(low + high))
    highest = int32(0)
    for j in range(BLOCK):
        highest = max(highest, count[uint64(j)])
    return highest == n_levels


@njit(error_model="numpy", cache=True)
def _search_on(words, count, cdf, at, n_levels):  # type: ignore[no-untyped-def]
    """Finish the lanes that lie above the compared levels."""
    for j in range(BLOCK):
        while n_levels <= count[j] < CDF_SIZE - 1 and words[j] >= cdf[at + count[j]]:
            count[j] += 1


@njit(error_model="numpy", inline="always")
def add_poisson(  # type: ignore[no-untyped-def]
    x, offset, words, count, block, step, split, seed, stream, weight, cdf, at, n_levels
):
    """Add ``count * weight`` to the input of a block, one Poisson count a lane.

    Parameters
    ----------
    x : real array, changed at ``offset ... offset + BLOCK``
    words, count : (BLOCK,) uint32, (BLOCK,) int32
        Scratch.
    block, step, split, seed, stream : int
        Name of the random numbers: block within the population, time step, draw, seed, stream.
    weight : real
        Of the type of `x`.
    cdf : uint32 array
        Levels of all inputs, this one's from index `at`.
    n_levels : int
        Levels that are compared for all lanes.
    """
    _draw_words(words, block, step, split, seed, stream)
    if _compare(words, count, cdf, at, n_levels):
        _search_on(words, count, cdf, at, n_levels)
    for j in range(BLOCK):
        i = uint64(offset) + uint64(j)
        x[i] += x.dtype.type(count[uint64(j)]) * weight
