"""How synapses are stored: one weight for all, packed with the target, wide, or plastic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PACKED", "PLASTIC", "SHARED", "WIDE", "Pools", "pool_bases", "pool_order", "pool_sizes"]

SHARED, PACKED, WIDE, PLASTIC = range(4)

_ORDER = {WIDE: 0, PLASTIC: 1}
"""Storage with something beside the target, in the order of the pools."""


class Pools(NamedTuple):
    """Where the synapses of one table are written.

    Parameters
    ----------
    targets : (n,) uint16
        Local targets of all but packed synapses.
    packed : (n,) uint32
        Packed synapses: weight << 16 | target.
    wide : (n,) int32
        Weights of wide synapses, beside `targets`; of plastic ones, the number of a quantile.
    """

    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]


def pool_sizes(kinds: Sequence[int], sizes: Sequence[int]) -> tuple[int, int, int]:
    """Return how many places `targets`, `packed` and `wide` have.

    Parameters
    ----------
    kinds, sizes : (n_tables,)
        Storage kind of each table, and for how many synapses there must be room.
    """
    n_packed, n_wide, n_shared = (
        sum(n for n, kind in zip(sizes, kinds, strict=True) if kind in of)
        for of in ((PACKED,), (WIDE, PLASTIC), (SHARED,))
    )
    return n_wide + n_shared, n_packed, n_wide


def pool_order(kind: int) -> int:
    """Return where tables of a kind come in the pool of `targets`: the lower, the earlier."""
    return _ORDER.get(kind, len(_ORDER))


def pool_bases(kinds: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Return the place of its pool at which each table begins.

    In `targets` wide and plastic tables come first, so that `wide` needs no room for shared ones.

    Parameters
    ----------
    kinds, sizes : (n_tables,)
        Storage kind of each table, and for how many synapses there must be room.
    """
    bases, free = [0] * len(kinds), {True: 0, False: 0}
    for k in sorted(range(len(kinds)), key=lambda k: pool_order(kinds[k])):
        is_packed = kinds[k] == PACKED
        bases[k] = free[is_packed]
        free[is_packed] += sizes[k]
    return bases
