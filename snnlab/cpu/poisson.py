"""Poisson numbers from uniform ones, by a guide table with an exact fall-back.

The top 12 bits of a random word decide the count in most cases; the rest searches the exact
cumulative distribution. Means above `_MAX_MEAN` are split into several draws.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import int32, njit, uint8, uint32, uint64

from snnlab.build.layout import BLOCK
from snnlab.rules.philox import philox4x32

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CDF_SIZE", "GUIDE_SIZE", "add_poisson", "poisson_tables", "splits"]

GUIDE_SIZE = 4096
CDF_SIZE = 96
_UNDECIDED = 255
_MAX_MEAN = 24.0
_QUARTER = BLOCK // 4


def splits(mean: float) -> int:
    """Return into how many draws a Poisson number of this mean is split."""
    return max(1, math.ceil(mean / _MAX_MEAN))


def poisson_tables(mean: float) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Return the tables for one draw.

    Parameters
    ----------
    mean : float
        Expected count, at most 24.

    Returns
    -------
    cdf : (96,) uint32
        ``cdf[k]`` = 2^32 P(count <= k), saturated at 2^32 - 1.
    guide : (4096,) uint8
        Count for each value of the top 12 bits, 255 where these do not decide.
    """
    cdf = np.full(CDF_SIZE, 2**32 - 1, np.uint32)
    p = total = math.exp(-mean)
    for k in range(CDF_SIZE - 1):
        cdf[k] = min(int(total * 2.0**32), 2**32 - 1)
        p *= mean / (k + 1)
        total += p
    edges = np.arange(GUIDE_SIZE + 1, dtype=np.uint64) << np.uint64(20)
    first = np.searchsorted(cdf, edges[:-1].astype(np.uint32), side="right")
    last = np.searchsorted(cdf, (edges[1:] - np.uint64(1)).astype(np.uint32), side="right")
    return cdf, np.where(first == last, first, _UNDECIDED).astype(np.uint8)


@njit(inline="always")
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


@njit(error_model="numpy", cache=True)
def add_poisson(x, offset, words, block, step, split, seed, stream, weight, cdf, guide, at_cdf, at_guide):  # type: ignore[no-untyped-def]
    """Add ``count * weight`` to the input of a block, one Poisson count a lane.

    Parameters
    ----------
    x : real array, written at ``offset ... offset + BLOCK``
    words : (BLOCK,) uint32
        Scratch.
    block, step, split, seed, stream : int
        Name of the random numbers: block within the population, time step, draw, seed, stream.
    weight : real
        Of the type of `x`.
    cdf, guide : flat tables of all stimuli, this one's at `at_cdf` and `at_guide`
    """
    _draw_words(words, block, step, split, seed, stream)
    for j in range(BLOCK):
        word = words[uint64(j)]
        count = int32(guide[uint64(at_guide) + uint64(word >> uint32(20))])
        if count == int32(uint8(_UNDECIDED)):
            count = int32(0)
            while count < CDF_SIZE - 1 and word >= cdf[uint64(at_cdf) + uint64(count)]:
                count += int32(1)
        i = uint64(offset) + uint64(j)
        x[i] += x.dtype.type(count) * weight
