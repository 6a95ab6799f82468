"""Marks of pairs: a number that a source and a target have together, for ever.

It is drawn for each pair of a projection, connected or not, and depends on nothing that happens:
rules that are added later see the same.
"""

from __future__ import annotations

from numba import float64, njit, uint32

from snnlab.build.random import stream_id
from snnlab.rules.philox import philox4x32

__all__ = ["MARK_WORDS", "mark", "mark_stream"]

MARK_WORDS = 4
"""Purpose of random words beside those of `snnlab.arrays.rewiring`: the mark of a pair."""


def mark_stream(projection: str) -> int:
    """Return the random stream of the marks of a projection's pairs."""
    return stream_id("mark", projection)


@njit(error_model="numpy", forceinline=True)
def mark(pre, post, seed, stream):  # type: ignore[no-untyped-def]
    """Mark of a pair, between 0 and 1, both excluded; a single-precision number holds it."""
    word = philox4x32(uint32(pre), uint32(post), MARK_WORDS, 0, seed, stream)[0]
    return (float64(word >> uint32(9)) + 0.5) * 2.0**-23
