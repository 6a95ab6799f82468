"""From the record of a launch to spikes in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.engine import Spikes
from snnlab.build.layout import BLOCK, Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ordered_spikes"]


def ordered_spikes(
    layout: Layout,
    slot: NDArray[np.int32],
    start: NDArray[np.int64],
    steps: NDArray[np.uint64],
    chunk_steps: int,
) -> Spikes:
    """Return step and global id of each spike, ordered by step, then id.

    Parameters
    ----------
    layout : Layout
    slot : (n,) int32
        Neurons that fired in a chunk, in any order.
    start : (n,) int64
        First step of that chunk.
    steps : (n,) uint64
        Bit k: a spike in step ``start + k``.
    chunk_steps : int
        Longest chunk.
    """
    n_slots = layout.n_blocks * BLOCK
    first = int(start.min(initial=np.iinfo(np.int64).max)) if start.size else 0
    # A sort of single numbers is several times as fast as one of pairs.
    keys = [np.empty(0, np.int64)]
    for k in range(chunk_steps):
        fired = (steps >> np.uint64(k)) & np.uint64(1) == 1
        if fired.any():
            keys.append((start[fired] - first + k) * n_slots + slot[fired])
    key = np.sort(np.concatenate(keys))
    step, place = np.divmod(key, n_slots)
    return step + first, layout.block_first_ids()[place // BLOCK] + place % BLOCK
