"""Philox4x32-10: random numbers as a pure function of a counter and a key.

There is no generator state anywhere: a draw is named by ``(seed, stream, index, step)``, so it is
the same whatever the number of threads, ranks or chunks, and on any device.

References
----------
Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
"""

from __future__ import annotations

import zlib

from numba import njit, uint32, uint64

__all__ = ["philox4x32", "stream_id"]

_MULTIPLIER_0 = uint64(0xD2511F53)
_MULTIPLIER_1 = uint64(0xCD9E8D57)
_WEYL_0 = uint64(0x9E3779B9)
_WEYL_1 = uint64(0xBB67AE85)
_LOW = uint64(0xFFFFFFFF)
_ROUNDS = 10


@njit(inline="always")
def philox4x32(counter_0, counter_1, counter_2, counter_3, key_0, key_1):  # type: ignore[no-untyped-def]
    """Return four random uint32 for a 4 x 32 bit counter and a 2 x 32 bit key.

    The words are held in 64-bit lanes, so that each round is two widening multiplications and
    the loop around a call vectorises.
    """
    x0 = uint64(counter_0)
    x1 = uint64(counter_1)
    x2 = uint64(counter_2)
    x3 = uint64(counter_3)
    k0 = uint64(key_0)
    k1 = uint64(key_1)
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIER_0 * (x0 & _LOW)
        product_1 = _MULTIPLIER_1 * (x2 & _LOW)
        x0 = (product_1 >> uint64(32)) ^ x1 ^ k0
        x2 = (product_0 >> uint64(32)) ^ x3 ^ k1
        x1 = product_1
        x3 = product_0
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return uint32(x0), uint32(x1), uint32(x2), uint32(x3)


def stream_id(*names: object) -> int:
    """Return the 32-bit number of a named stream: ``stream_id("poisson", "exc", 0)``.

    Derived from the names alone, so that adding a population leaves every other stream alone.
    """
    return zlib.crc32("\x1f".join(str(n) for n in names).encode())
