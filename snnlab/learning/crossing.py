"""Weights that are pulled towards 0, and those that have crossed it, compiled."""

from __future__ import annotations

import numpy as np
from numba import int32, int64, njit, uint64

__all__ = ["crossed", "pull"]

_BLOCK = 32
"""Weights that are looked at together: nearly all have the right sign."""


@njit(nogil=True, error_model="numpy", cache=True)
def pull(gradient, sign, size):  # type: ignore[no-untyped-def]
    """Add the sign of each synapse, -1, 0 or 1, times a size, to its gradient; both (n,)."""
    for k in range(gradient.size):
        gradient[k] += size * gradient.dtype.type(sign[k])


@njit(nogil=True, error_model="numpy", cache=True)
def crossed(weight, sign):  # type: ignore[no-untyped-def]
    """Find weights that have the other sign than their connection.

    Parameters
    ----------
    weight : (n,) real
    sign : (n,) int8

    Returns
    -------
    (n_found,) int64
        Their places, ascending.
    """
    found, n, zero = np.empty(256, np.int64), 0, weight.dtype.type(0)
    n_blocks = weight.size // _BLOCK
    for b in range(n_blocks):
        # Numbers without a sign: see `snnlab.learning.arrivals.add_arrivals`.
        low, some = uint64(b * _BLOCK), int32(0)
        for k in range(uint64(_BLOCK)):
            along = weight[low + k] if sign[low + k] > 0 else -weight[low + k]
            some |= int32(along < zero)
        if some:
            for k in range(uint64(_BLOCK)):
                along = weight[low + k] if sign[low + k] > 0 else -weight[low + k]
                found[uint64(n)] = low + k
                n += int64(along < zero)
            if n + _BLOCK > found.size:
                more = np.empty(2 * found.size, np.int64)
                more[:n] = found[:n]
                found = more
    for k in range(n_blocks * _BLOCK, weight.size):
        if weight[k] * sign[k] < 0:
            found[n] = k
            n += 1
    return found[:n]
