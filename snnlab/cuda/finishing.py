"""Finishing the rows of a table on the device: order, weights, delays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from snnlab.build.finish import Attributes
from snnlab.build.rules_of import Owned
from snnlab.build.tables import TablePlan
from snnlab.cuda.device import Array, Device, Module
from snnlab.cuda.drawing import SCRATCH_BYTES
from snnlab.cuda.grid import WARP, round_up
from snnlab.cuda.structs import declare, pack, uploaded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Placed",
    "finish",
    "is_bordered",
    "long_row_bytes",
    "placed_struct",
    "target_ranges",
]

FEW_KEYS, MANY_KEYS = 2048, 12000
"""Keys for which blocks have room of their own; as in ``finish_rows.cu``."""

_NO_TARGET = 2**16
"""More than any local target."""

_THREADS_OF_SHORT, _MOST_THREADS = 128, 512
_KEY_BYTES, _ORDER_BYTES = 4, 8


class Placed(NamedTuple):
    """A table whose targets are placed.

    Parameters
    ----------
    n_partitions, n_pre, n_projections : int
    n_delays : int
        0 where all delays are equal.
    kind : int
        How synapses are stored.
    is_unsorted : bool
        Whether targets lie in any order within a projection and a row.
    is_bordered : bool
        Whether borders tell the projection of a synapse, and not its target.
    row_base, ends_base : int
        Where the table begins in `row_start` and `segment_ends`.
    row_start : array
        Of all tables; see `snnlab.cuda.connections.DeviceConnections`.
    counter_bits : int
        0 where `row_start` tells where rows start, and not bits.
    first_of_rows, row_bits : array
        See `snnlab.cuda.row_bits.RowBits`.
    segment_ends, targets, packed, wide : array
        Those of all tables.
    borders : (n_projections - 1, n_partitions, n_pre) uint32
        End of each projection's synapses within a row but the last.
    border_counters : (n_projections - 1, n_words) uint64
        The same of rows in bits.
    range_begin, range_projection : (n_partitions, n_projections) int64
        See `target_ranges`.
    """

    n_partitions: int
    n_pre: int
    n_projections: int
    n_delays: int
    kind: int
    is_unsorted: bool
    is_bordered: bool
    row_base: int
    ends_base: int
    row_start: Array
    counter_bits: int
    first_of_rows: Array
    row_bits: Array
    segment_ends: Array
    targets: Array
    packed: Array
    wide: Array
    borders: Array
    border_counters: Array
    range_begin: Array
    range_projection: Array


def placed_struct() -> str:
    """Return the C struct that the finishing kernels read: a `Placed` and its `Attributes`."""
    types = np.uint16, np.uint32, np.int32, np.int64, np.uint64, np.bool_
    arrays: list[Any] = [np.empty(0, dtype) for dtype in types]
    u16, u32, i32, i64, u64, is_so = arrays
    placed = Placed(
        0, 0, 0, 0, 0, False, False, 0, 0, i64, 0, i64, u64, u32, u16, u32, i32, u32, u64, i64, i64
    )
    drawn = Attributes(i32, u16, i64, i64, i64, is_so, i64, 0, 0)
    bases = declare("Placed", placed), declare("Attributes", drawn)
    return "\n".join([*bases, "struct PlacedTable : Placed, Attributes {};", ""])


def is_bordered(plan: TablePlan) -> bool:
    """Return whether targets do not tell the projections of a table from each other."""
    return len({projection.post for projection in plan.projections}) < len(plan.projections)


def target_ranges(owned: Sequence[Owned]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return at which local targets of each partition projections begin, ascending, and which.

    Parameters
    ----------
    owned : sequence of (low, high, local)
        The targets of each projection in each partition, as `Partitions.targets` returns them.
        Those without any come last.
    """
    begin = np.array([np.where(low < high, local, _NO_TARGET) for low, high, local in owned]).T
    projection = np.argsort(begin, axis=1, kind="stable")
    in_order = np.take_along_axis(begin, projection, axis=1)
    return np.ascontiguousarray(in_order), np.ascontiguousarray(projection)


def finish(
    placed: Placed, attributes: Attributes, longest: int, device: Device, module: Module
) -> None:
    """Turn placed targets into finished synapses, in the same memory.

    Parameters
    ----------
    placed : Placed
    attributes : Attributes
        What the synapses draw.
    longest : int
        Synapses of the longest row.
    device : Device
    module : Module
        A program that contains `snnlab.cuda.connect.construction_source`.
    """
    drawn = uploaded(attributes, device)
    table = device.upload(np.concatenate([pack(placed, device), pack(drawn, device)]))
    n_rows = placed.n_partitions * placed.n_pre
    n_keys = longest * (2 if placed.n_delays > 0 else 1)
    for name, most_threads, fewer in (
        ("finish_short_rows", _THREADS_OF_SHORT, -1),
        ("finish_rows", _MOST_THREADS, FEW_KEYS),
    ):
        if n_keys > fewer:
            n_threads = min(round_up(max(longest // 2, 1), WARP), most_threads)
            kernel = module.kernel(name)
            kernel(min(kernel.resident_blocks(n_threads), n_rows), n_threads, table)
    if n_keys > MANY_KEYS:
        _finish_long_rows(table, n_rows, longest, placed.n_delays > 0, device, module)


def _finish_long_rows(
    table: Array, n_rows: int, longest: int, has_delays: bool, device: Device, module: Module
) -> None:
    kernel = module.kernel("finish_long_rows")
    in_memory = long_row_bytes(longest, n_rows, has_delays) // _bytes_of_row(longest, has_delays)
    n = min(kernel.resident_blocks(_MOST_THREADS), in_memory)
    keys = device.empty(n * longest, np.uint32)
    order = device.empty(n * longest if has_delays else 0, np.uint64)
    kernel(n, _MOST_THREADS, table, keys, order, longest)


def _bytes_of_row(length: int, has_delays: bool) -> int:
    return length * (_KEY_BYTES + (_ORDER_BYTES if has_delays else 0))


def long_row_bytes(longest: int, n_rows: int, has_delays: bool) -> int:
    """Return how much memory rows of a table take at most while they are finished.

    Parameters
    ----------
    longest : int
        Synapses of the longest row.
    n_rows : int
    has_delays : bool
        Whether rows are ordered by delay.
    """
    if longest * (2 if has_delays else 1) <= MANY_KEYS:
        return 0
    bytes_of_one = _bytes_of_row(longest, has_delays)
    return max(bytes_of_one, min(bytes_of_one * n_rows, SCRATCH_BYTES))
