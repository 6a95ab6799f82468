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


@njit(error_model="numpy", cache=True)
def random_words(words, chunk, index, purpose, seed, stream):  # type: ignore[no-untyped-def]
    """Fill `words` with the uint32 words of one chunk of one neuron's stream.

    The size of `words`, a multiple of 4, is the size of the chunks.
    """
    quarter = uint64(words.size // 4)
    for j in range(quarter):
        i = uint64(j)
        a, b, c, d = philox4x32(uint64(chunk) * quarter + i, index, purpose, 0, seed, stream)
        words[i] = a
        words[i + quarter] = b
        words[i + uint64(2) * quarter] = c
        words[i + uint64(3) * quarter] = d


@njit(error_model="numpy", cache=True)
def _uniforms(out, seed, stream):  # type: ignore[no-untyped-def]
    words = np.empty(CHUNK, np.uint32)
    n = out.size
    for chunk in range((n + CHUNK - 1) // CHUNK):
        random_words(words, chunk, uint32(0), uint32(0), seed, stream)
        start = chunk * CHUNK
        for j in range(min(CHUNK, n - start)):
            out[start + j] = (np.float64(words[j]) + 0.5) * 2.0**-32


def uniforms(n: int, seed: int, stream: int) -> NDArray[np.float64]:
    """Return the first `n` uniform numbers of a stream.

    Parameters
    ----------
    n : int
        How many. More numbers continue the same sequence: ``uniforms(5, ...)`` starts with
        ``uniforms(3, ...)``.
    seed, stream : int
        The network's seed and the stream's number (`stream_id`).

    Returns
    -------
    (n,) float64
        Strictly between 0 and 1.
    """
    out = np.empty(n)
    _uniforms(out, np.uint32(seed), np.uint32(stream))
    return out
