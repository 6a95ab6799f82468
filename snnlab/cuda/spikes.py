"""From the record of a launch to spikes in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.structural_engine import Spikes
from snnlab.build.layout import BLOCK, Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrivingSpikes", "ordered_spikes"]


class ArrivingSpikes:
    """The record of a launch on its way to the host; called, it returns the spikes in order.

    Parameters
    ----------
    layout : Layout
    chunk_steps : int
        Longest chunk.
    columns : sequence of callable
        Return the columns of the record, as `ordered_spikes` takes them, when they have arrived.
    """

    def __init__(
        self, layout: Layout, chunk_steps: int, columns: Sequence[Callable[[], NDArray[Any]]]
    ) -> None:
        self._layout, self._chunk_steps = layout, chunk_steps
        self._columns: Sequence[Callable[[], NDArray[Any]]] = columns
        self._arrived: tuple[NDArray[Any], ...] | None = None
        self._spikes: Spikes | None = None

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Return the columns when they have arrived: slots, first steps, bits."""
        if self._arrived is None:
            self._arrived = tuple(arrived() for arrived in self._columns)
            self._columns = ()
        return self._arrived

    def __call__(self) -> Spikes:
        """Return step and global id of each spike; put into order once."""
        if self._spikes is None:
            slot, start, steps = self.columns()
            self._spikes = ordered_spikes(self._layout, slot, start, steps, self._chunk_steps)
            self._arrived = ()
        return self._spikes


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
