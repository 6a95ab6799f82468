"""Where rows start, in a bit for each row and synapse, where rows are short.

A rank of many holds a few synapses of each source of the network, or none: eight bytes for where
each row starts would be more than the synapses. A string has a 0 for each synapse and a 1 where a
row ends; where every 64th row starts is told in eight bytes. See ``row_bits.cu``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snnlab.build.expected import expected_synapses
from snnlab.build.layout import Layout, Partitions
from snnlab.build.memory import parts_here
from snnlab.build.short_rows import MEAN_SHORT
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan
from snnlab.cuda.device import Array, Device, Kernel, Module
from snnlab.cuda.grid import n_blocks
from snnlab.cuda.row_counters import Cursors, counter_bits
from snnlab.cuda.row_starts import start_rows
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "RowBits",
    "RowPlaces",
    "are_short",
    "first_counter_bits",
    "row_bits_bytes",
    "row_places",
]

_GROUP = 64
"""Rows that share a number of eight bytes; as in ``row_bits.cu``."""

_WORD = 64

_WORDS_AT_ONCE = 2**16
"""Words of bits that the host reads at a time."""

_THREADS = 256


class RowPlaces(NamedTuple):
    """Where kernels find the bits of each table.

    Parameters
    ----------
    where : (n_tables * 2,) uint64
        Addresses of `RowBits.first` and `RowBits.bits`; 0 where rows start as `Synapses.row_start`
        says.
    """

    where: NDArray[np.uint64]


def are_short(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> bool:
    """Return whether the rows of a table will be told in bits: few synapses each, none to come."""
    if plan.kind == PLASTIC or network.rewirings:
        return False
    return _mean_row(network, plan, layout, partitions) < MEAN_SHORT


def first_counter_bits(
    network: Network, plan: TablePlan, layout: Layout, partitions: Partitions
) -> int:
    """Return in how many bits the synapses of each row are counted at first, if rows are short."""
    return counter_bits(_mean_row(network, plan, layout, partitions))


def _mean_row(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> float:
    """Synapses of a row on average."""
    here = parts_here(network, layout, partitions)
    n = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections)
    return n / (int(layout.sizes[plan.source]) * partitions.n)


def row_bits_bytes(n_rows: float, n_synapses: float) -> float:
    """Return the bytes of the rows of a table."""
    return 8.0 * (n_rows / _GROUP + (n_rows + n_synapses) / _WORD + 3)


def row_places(every: Sequence[RowBits | None], device: Device) -> RowPlaces:
    """Return where the bits of each table are; None: it has none."""
    pairs = [
        [0, 0] if bits is None else [device.address(bits.first), device.address(bits.bits)]
        for bits in every
    ]
    return RowPlaces(np.array([*pairs, [0, 0]], np.uint64).ravel())


@dataclass(frozen=True)
class RowBits:
    """Where the rows of a table start.

    Parameters
    ----------
    n_pre, n_partitions : int
        Rows of each partition, and partitions.
    first : (n_groups + 1,) int64
        Place in the pool at which each 64th row starts, counted over all partitions; where the
        last row ends.
    bits : (n,) uint64
        A 0 for each synapse, a 1 behind those of each row.
    """

    n_pre: int
    n_partitions: int
    first: Array
    bits: Array

    @classmethod
    def counted(
        cls, cursors: Cursors, n_pre: int, n_partitions: int, device: Device, module: Module
    ) -> tuple[RowBits, int, int]:
        """Return the rows that have so many synapses each, how many in all, and in the longest."""
        n_rows, bits_each = n_pre * n_partitions, cursors.counter_bits
        n_groups = -(-n_rows // _GROUP)
        first, longest = device.empty(n_groups + 1, np.int64), device.zeros(1, np.uint64)
        _launch(module.kernel("sum_groups"), n_groups,
                cursors.cursor, bits_each, n_rows, first, longest)  # fmt: skip
        # In the same memory.
        n_synapses, _ = start_rows(first, n_groups, n_groups, first, 0, device, module)
        bits = device.zeros((n_rows + n_synapses) // _WORD + 1, np.uint64)
        _launch(module.kernel("write_row_bits"), n_groups,
                cursors.cursor, bits_each, n_rows, first, bits)  # fmt: skip
        made = cls(n_pre, n_partitions, first, bits)
        return made, n_synapses, int(device.download(longest)[0])

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return int(self.first.nbytes + self.bits.nbytes)

    def move(self, by: int, module: Module) -> None:
        """Let the rows start so much further on in the pool."""
        n = self.first.shape[0]
        _launch(module.kernel("move_row_bits"), n, self.first, n, by)

    def on_host(self, device: Device) -> NDArray[np.int64]:
        """Return where each row starts, and where the last one ends: (n_partitions, n_pre + 1)."""
        starts = np.empty((self.n_partitions, self.n_pre + 1), np.int64)
        first, flat, done = int(device.download(self.first, 0, 1)[0]), starts.ravel(), 0
        for begin in range(0, self.bits.shape[0], _WORDS_AT_ONCE):
            words = device.download(self.bits, begin, _WORDS_AT_ONCE)
            ends = np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))
            rows = np.arange(done, done + ends.size)
            flat[rows + rows // self.n_pre + 1] = ends + (begin * _WORD + first) - rows
            done += ends.size
        starts[0, 0], starts[1:, 0] = first, starts[:-1, -1]
        return starts


def _launch(kernel: Kernel, n: int, *arguments: Array | int) -> None:
    """Let as many threads as do it find `n` things to do."""
    kernel(n_blocks(kernel, _THREADS, n), _THREADS, *arguments)
