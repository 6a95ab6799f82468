"""Starts of rows in two bytes each, where rows are short.

A rank of many holds a few synapses of each source of the network, or none: eight bytes for where
each row starts would be more than the synapses. Rows lie one behind the other, so it is enough to
know where every 64th starts, and how far behind it the others do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import int64, njit, uint16

from snnlab.rules.borrow import borrowed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GROUP", "MEAN_SHORT", "ShortRows", "are_short", "n_groups"]

GROUP = 64
"""Rows that share a number of eight bytes."""

_MOST_IN_GROUP = 2**16 - 1
MEAN_SHORT = 16
"""Synapses of a row, on average, from which on eight bytes for its start are little beside them."""


def n_groups(n_rows: int) -> int:
    """Return how many groups hold the starts of so many rows, and where the last one ends."""
    return n_rows // GROUP + 1


@dataclass(frozen=True)
class ShortRows:
    """Where the rows of a table start: of row r at ``first[p, r // 64] + offset[p, r]``.

    Parameters
    ----------
    first : (n_partitions, n_groups) int64
        Place in the pool at which each 64th row starts.
    offset : (n_partitions, n_rows + 1) uint16
        How far behind that each row starts; the last one: where a partition's last row ends.
    """

    first: NDArray[np.int64]
    offset: NDArray[np.uint16]

    @classmethod
    def empty(cls, n_partitions: int, n_rows: int) -> ShortRows:
        """Return room for so many."""
        return cls(
            np.empty((n_partitions, n_groups(n_rows)), np.int64),
            np.empty((n_partitions, n_rows + 1), np.uint16),
        )

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return self.first.nbytes + self.offset.nbytes

    @property
    def n_synapses(self) -> int:
        """Number of synapses of all rows."""
        return int((self.first[:, -1] + self.offset[:, -1] - self.first[:, 0]).sum())

    def write(self, p: int, counts: NDArray[Any], base: int) -> None:
        """Write down where the rows of a partition start that begins at place `base`."""
        _write(counts, base, self.first[p], self.offset[p])

    def are_used(self) -> NDArray[np.bool_]:
        """Return which rows have synapses, in whatever partition, shape (n_rows,)."""
        used = np.zeros(self.offset.shape[1] - 1, np.bool_)
        for first, offset in zip(self.first, self.offset, strict=True):
            _mark_used(first, offset, used)
        return used

    def starts(self) -> NDArray[np.int64]:
        """Return where each row starts, and where the last one ends: (n_partitions, n_rows + 1)."""
        n = self.offset.shape[1]
        starts: NDArray[np.int64] = np.repeat(self.first, GROUP, axis=1)[:, :n] + self.offset
        return starts


def are_short(counts: NDArray[Any]) -> bool:
    """Return whether rows of so many synapses can be, and had better be, short ones.

    Parameters
    ----------
    counts : (n_partitions, n_rows) int
    """
    return (
        counts.size > 0
        and counts.sum(dtype=np.int64) < MEAN_SHORT * counts.size
        and all(_largest_group(of_partition) <= _MOST_IN_GROUP for of_partition in counts)
    )


@njit(nogil=True, error_model="numpy", cache=True)
def _largest_group(counts):  # type: ignore[no-untyped-def]
    """Most synapses that the rows of a group have together."""
    largest = int64(0)
    for first in range(0, counts.size, GROUP):
        n = int64(0)
        for row in range(first, min(first + GROUP, counts.size)):
            n += counts[row]
        largest = max(largest, n)
    return largest


@njit(nogil=True, error_model="numpy", cache=True)
def _mark_used(first, offset, used):  # type: ignore[no-untyped-def]
    for row in range(used.size):
        begins_group = (row + 1) % GROUP == 0  # the next one does
        step = first[(row + 1) // GROUP] - first[row // GROUP] if begins_group else int64(0)
        used[row] |= step + int64(offset[row + 1]) > int64(offset[row])


@njit(nogil=True, error_model="numpy", cache=True)
def _write(counts, base, first, offset):  # type: ignore[no-untyped-def]
    counts, first, offset = borrowed((counts, first, offset))
    start = begin = int64(base)
    for row in range(counts.size + 1):
        if row % GROUP == 0:
            begin = start
            first[row // GROUP] = start
        offset[row] = uint16(start - begin)
        if row < counts.size:
            start += int64(counts[row])
    return int64(0)
