"""Geometric gaps by table: how many targets of a Bernoulli row are passed over.

A gap is the number of failures before the next success. Its inverse distribution function, at the
resolution of a 32-bit word, is an ascending list of thresholds; a guide indexed by the top bits of
the word says where in the list to start, and nearly always the answer itself. No logarithm is
taken. The list ends: beyond it the gap is *at least* `LONGEST`, and since a geometric gap has no
memory, one passes over that many targets and draws anew.

References
----------
Chen, Asau, "On generating random variates from an empirical distribution", AIIE Transactions 6
(1974): the guide table. Batagelj, Brandes, Phys. Rev. E 71, 036113 (2005): gaps instead of pairs.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numba import int64, njit, uint32, uint64

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST", "UNDECIDED", "gap_tables", "look_up", "search"]

LONGEST = 4096
"""Gaps below this are told apart."""

UNDECIDED = 32768
"""Set in a cell of the guide that holds several gaps; the other bits are the first of them."""

_BITS = 14
_SHIFT = np.uint32(32 - _BITS)


@lru_cache(maxsize=64)
def gap_tables(p: float) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Return the guide and the thresholds of gaps at probability `p`.

    Parameters
    ----------
    p : float
        0 <= p <= 1.

    Returns
    -------
    guide : (16384,) uint16
        Of the cell of the top 14 bits of a word: the gap, or the smallest one plus `UNDECIDED`.
    thresholds : (LONGEST + 1,) int64
        A word w gives the first gap g with ``w < thresholds[g]``; the last means: at least so long.
    """
    failures = np.arange(1, LONGEST + 1)
    log_q = math.log1p(-p) if p < 1.0 else -math.inf
    within = -np.expm1(failures * log_q) if p > 0.0 else np.zeros(LONGEST)
    thresholds = np.append(np.rint(within * 2.0**32), 2.0**32).astype(np.int64)
    first = np.arange(2**_BITS, dtype=np.int64) << int(_SHIFT)
    last = first + (1 << int(_SHIFT)) - 1
    low = np.searchsorted(thresholds, first, side="right")
    high = np.searchsorted(thresholds, last, side="right")
    is_decided = (low == high) & (low < LONGEST)
    guide = np.where(is_decided, low, low + UNDECIDED).astype(np.uint16)
    return guide, thresholds


@njit(error_model="numpy", inline="always")
def look_up(guide, word):  # type: ignore[no-untyped-def]
    """Return the gap of a random word, or what to begin `search` with."""
    return int64(guide[uint64(word >> uint32(_SHIFT))])


@njit(error_model="numpy", cache=True)
def search(thresholds, word, cell):  # type: ignore[no-untyped-def]
    """Return the gap of a word whose cell of the guide is undecided."""
    gap = int64(cell) - UNDECIDED
    while int64(word) >= thresholds[gap]:
        gap += 1
    return gap
