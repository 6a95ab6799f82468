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
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RowBits", "RowPlaces", "are_short", "row_bits_bytes", "row_places"]

_GROUP = 64
"""Rows that share a number of eight bytes; as in ``row_bits.cu``."""

_WORD = 64

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
    here = parts_here(network, layout, partitions)
    n = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections)
    return n < MEAN_SHORT * int(layout.sizes[plan.source]) * partitions.n


def row_bits_bytes(n_rows: float, n_synapses: float) -> float:
    """Return the bytes of the rows of a table."""
    return 8.0 * (n_rows / _GROUP + (n_rows + n_synapses) / _WORD + 2)


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
    first : (n_groups,) int64
        Place in the pool at which each 64th row starts, counted over all partitions.
    bits : (n,) uint64
        A 0 for each synapse, a 1 behind those of each row.
    """

    n_pre: int
    n_partitions: int
    first: Array
    bits: Array

    @classmethod
    def written(
        cls, row_start: Array, n_pre: int, n_partitions: int, n_synapses: int,
        device: Device, module: Module,
    ) -> RowBits:  # fmt: skip
        """Return what says the same as (n_partitions, n_pre + 1) starts of rows."""
        n_rows = n_pre * n_partitions
        made = cls(
            n_pre, n_partitions, device.zeros(-(-n_rows // _GROUP), np.int64),
            device.zeros((n_rows + n_synapses) // _WORD + 1, np.uint64),
        )  # fmt: skip
        made.write(row_start, module)
        return made

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return int(self.first.nbytes + self.bits.nbytes)

    def write(self, row_start: Array, module: Module) -> None:
        """Take the starts of the same rows, which may lie elsewhere in the pool by now."""
        self._launch(module.kernel("write_row_bits"), row_start, *self._n, self.first, self.bits)

    def read(self, device: Device, module: Module) -> Array:
        """Return (n_partitions, n_pre + 1) starts of rows on the device."""
        row_start = device.empty((self.n_pre + 1) * self.n_partitions, np.int64)
        self._launch(module.kernel("read_row_bits"), self.first, self.bits, *self._n, row_start)
        return row_start

    @property
    def _n(self) -> tuple[int, int]:
        """Rows of a partition, and of all."""
        return self.n_pre, self.n_pre * self.n_partitions

    def _launch(self, kernel: Kernel, *arguments: Array | int) -> None:
        kernel(n_blocks(kernel, _THREADS, self._n[1]), _THREADS, *arguments)

    def on_host(self, device: Device) -> NDArray[np.int64]:
        """Return where each row starts, and where the last one ends: (n_partitions, n_pre + 1)."""
        words, first = device.download(self.bits), int(device.download(self.first, 0, 1)[0])
        ends = np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))
        stops = (ends - np.arange(ends.size) + first).reshape(self.n_partitions, self.n_pre)
        starts = np.empty((self.n_partitions, self.n_pre + 1), np.int64)
        starts[:, 1:] = stops
        starts[0, 0], starts[1:, 0] = first, stops[:-1, -1]
        return starts
