"""Vectors of counter-based random numbers, named by (seed, stream, index)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, uint32, uint64

from snnlab.rules.philox import philox4x32, stream_id

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CHUNK", "random_words", "stream_id", "uniforms"]

CHUNK = 256
"""Random words drawn at a time, where nothing speaks for fewer."""

_RUN = 8
"""Counters whose words lie together: what one vector instruction holds, in eight 64-bit lanes."""


@njit(error_model="numpy", cache=True)
def random_words(words, chunk, m, index, purpose, seed, stream):  # type: ignore[no-untyped-def]
    """Fill ``words[:m]`` with the uint32 words of one chunk of one neuron's stream.

    The size of `words`, a multiple of 32, is the size of the chunks; it does not change which words
    there are. Up to 31 words behind `m` are filled too.
    """
    first = uint64(chunk) * uint64(words.size // 4)
    for run in range((m + 4 * _RUN - 1) // (4 * _RUN)):
        begin = uint64(run) * uint64(_RUN)
        for j in range(_RUN):
            i = uint64(j)
            counter = first + begin + i
            a, b, c, d = philox4x32(counter, index, purpose, 0, seed, stream)
            at = begin * uint64(4) + i
            words[at] = a
            words[at + uint64(_RUN)] = b
            words[at + uint64(2 * _RUN)] = c
            words[at + uint64(3 * _RUN)] = d


@njit(error_model="numpy", cache=True)
def _uniforms(out, first, seed, stream):  # type: ignore[no-untyped-def]
    words = np.empty(CHUNK, np.uint32)
    stop = first + out.size
    for chunk in range(first // CHUNK, (stop + CHUNK - 1) // CHUNK):
        start = chunk * CHUNK
        m = min(CHUNK, stop - start)
        random_words(words, chunk, m, uint32(0), uint32(0), seed, stream)
        for j in range(max(first - start, 0), m):
            out[start + j - first] = (np.float64(words[j]) + 0.5) * 2.0**-32


def uniforms(n: int, seed: int, stream: int, first: int = 0) -> NDArray[np.float64]:
    """Return `n` uniform numbers of a stream.

    Parameters
    ----------
    n : int
        How many. More numbers continue the same sequence: ``uniforms(5, ...)`` starts with
        ``uniforms(3, ...)``.
    seed, stream : int
        The network's seed and the stream's number (`stream_id`).
    first : int
        How many of the sequence are left out before these.

    Returns
    -------
    (n,) float64
        Strictly between 0 and 1.
    """
    out = np.empty(n)
    _uniforms(out, first, np.uint32(seed), np.uint32(stream))
    return out
