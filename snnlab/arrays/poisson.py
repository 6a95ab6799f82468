"""The distribution of Poisson numbers as levels that random words are compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CDF_SIZE", "LEVEL_GROUP", "cumulative", "levels", "splits"]

CDF_SIZE = 96
_MAX_MEAN = 24.0
"""Larger means are split into several draws."""

_RARE = 2.0**-13
"""Probability of a lane that the compared levels do not decide."""

LEVEL_GROUP = 8
"""Levels compared in one pass over a block."""


def splits(mean: float) -> int:
    """Return into how many draws a Poisson number of this mean is split."""
    return max(1, math.ceil(mean / _MAX_MEAN))


def cumulative(mean: float) -> NDArray[np.uint32]:
    """Return the levels that random words are compared with.

    Parameters
    ----------
    mean : float
        Expected count, at most 24.

    Returns
    -------
    (96,) uint32
        ``2^32 P(count <= k)``, saturated at 2^32 - 1.
    """
    cdf = np.full(CDF_SIZE, 2**32 - 1, np.uint32)
    p = total = math.exp(-mean)
    for k in range(CDF_SIZE - 1):
        cdf[k] = min(int(total * 2.0**32), 2**32 - 1)
        p *= mean / (k + 1)
        total += p
    return cdf


def levels(cdf: NDArray[np.uint32]) -> int:
    """Return how many levels decide all but rare lanes; a multiple of 8."""
    needed = int(np.searchsorted(cdf, np.uint32(2**32 * (1.0 - _RARE)))) + 1
    return min(-(-needed // LEVEL_GROUP) * LEVEL_GROUP, CDF_SIZE)
