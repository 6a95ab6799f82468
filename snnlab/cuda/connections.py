"""`DeviceConnections`: all synapses of a network in the memory of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.program import Synapses
from snnlab.build.connect import Connections
from snnlab.build.tables import TablePlan
from snnlab.cuda.device import Array, Device
from snnlab.cuda.row_bits import RowBits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DeviceConnections", "taken_up"]


@dataclass(frozen=True)
class DeviceConnections:
    """All synapses of a network.

    What `snnlab.build.connect.Connections` holds, with the rows of all tables one behind the
    other and without room between partitions.

    Parameters
    ----------
    plans : tuple of TablePlan
        What lies in each table.
    n_partitions : int
    n_pre : (n_tables,) tuple of int
        Rows of each table in each partition.
    longest_rows : (n_tables,) tuple of int
        Synapses for which the longest row of each table has room.
    targets : (n,) uint16
        Local target slots of all but packed synapses, those of wide and plastic tables first.
    packed : (n_packed,) uint32
        ``weight << 16 | local target slot``.
    wide : (n_wide,) int32
        Weights of wide tables, and of plastic ones the number of the quantile that the start
        weight is, at the same index as their `targets`.
    row_start : (n_row_starts,) int64
        Of each table (n_partitions, n_pre + 1): pool index at which each row starts, and where the
        last one ends; but for those that `row_bits` tell. Behind them, of tables whose rows may
        grow, where each row ends now.
    segment_ends : (n_segment_ends,) uint32
        Of each table (n_partitions, n_pre, n_delays): end of each delay's synapses within a row;
        nothing where all delays are equal.
    row_bits : (n_tables,) tuple of RowBits or None
        Where the rows of a table start that has few synapses in a row; empty: of no table.
    """

    plans: tuple[TablePlan, ...]
    n_partitions: int
    n_pre: tuple[int, ...]
    longest_rows: tuple[int, ...]
    targets: Array
    packed: Array
    wide: Array
    row_start: Array
    segment_ends: Array
    row_bits: tuple[RowBits | None, ...] = ()

    @property
    def short(self) -> tuple[int, ...]:
        """The tables whose rows `row_bits` tell."""
        return tuple(k for k, bits in enumerate(self.row_bits) if bits is not None)

    @property
    def n_synapses(self) -> int:
        """Number of synapses, the room of rows that may grow among them."""
        return self.targets.shape[0] + self.packed.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes of targets, weights, row starts and segment ends."""
        arrays = self.targets, self.packed, self.wide, self.row_start, self.segment_ends
        in_bits = sum(bits.nbytes for bits in self.row_bits if bits is not None)
        return in_bits + sum(array.nbytes for array in arrays)

    def row_starts(self, device: Device) -> tuple[NDArray[np.int64], ...]:
        """Return where the rows of each table start, copied to the host."""
        every = self.row_bits or (None,) * len(self.n_pre)
        shapes = [
            (self.n_partitions, n + 1)
            for n, bits in zip(self.n_pre, every, strict=True) if bits is None
        ]  # fmt: skip
        long = iter(_split(device.download(self.row_start), shapes))
        return tuple(next(long) if bits is None else bits.on_host(device) for bits in every)

    def host(self, device: Device) -> Connections:
        """Return a copy on the host, as the CPU engine has it."""
        ends = [
            (self.n_partitions, n, plan.n_delays if plan.n_delays > 1 else 0)
            for n, plan in zip(self.n_pre, self.plans, strict=True)
        ]
        return Connections(
            self.plans,
            device.download(self.targets),
            device.download(self.packed),
            device.download(self.wide),
            self.row_starts(device),
            _split(device.download(self.segment_ends), ends),
        )


def taken_up(connections: Connections, synapses: Synapses, device: Device) -> DeviceConnections:
    """Return a copy on the device.

    Parameters
    ----------
    connections : Connections
        Without room between partitions; rows may grow.
    synapses : Synapses
        Its pools.
    device : Device
    """
    starts = connections.row_start
    return DeviceConnections(
        connections.plans,
        starts[0].shape[0],
        tuple(start.shape[1] - 1 for start in starts),
        tuple(int(np.diff(start, axis=1).max(initial=0)) for start in starts),
        device.upload(synapses.targets),
        device.upload(synapses.packed),
        device.upload(synapses.wide),
        device.upload(synapses.row_start),
        device.upload(synapses.segment_ends),
    )


def _split(values: NDArray[Any], shapes: Sequence[tuple[int, ...]]) -> tuple[NDArray[Any], ...]:
    """The arrays of these shapes that lie one behind the other."""
    sizes = [prod(shape) for shape in shapes]
    firsts = accumulate(sizes, initial=0)
    return tuple(
        values[first : first + size].reshape(shape)
        for first, size, shape in zip(firsts, sizes, shapes, strict=False)
    )
