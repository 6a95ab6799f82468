"""A network's synapses as arrays: one set of rows per source population and storage kind.

Outgoing rows lie on the side of the target's owner: every partition has, for every source, a row
of its own targets. A thread that owns a partition delivers without atomics.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.layout import Layout, Partitions
from snnlab.build.short_rows import ShortRows
from snnlab.build.storage import PACKED, Pools, pool_bases, pool_sizes
from snnlab.build.table import Table
from snnlab.build.tables import TablePlan
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Connections", "connect"]


@dataclass(frozen=True)
class Connections:
    """All synapses of a network.

    Parameters
    ----------
    plans : tuple of TablePlan
        What lies in each table.
    targets : (n,) uint16
        Local target slots of all but packed synapses.
    packed : (n_packed,) uint32
        ``weight << 16 | local target slot``.
    wide : (n_wide,) int32
        Weights of wide tables, at the same index as their `targets`; shorter than `targets`.
        For plastic tables, which follow, the number of the quantile that the start weight is.
    row_start : (n_tables,) tuple of (n_partitions, n_pre + 1) int64
        Pool index at which each row starts; the last entry is where a partition's last row ends.
        Between partitions there may be room that is not used. No columns where rows are short.
    segment_ends : (n_tables,) tuple of (n_partitions, n_pre, n_delays) uint32
        End of each delay's synapses within a row; size 0 where all delays are equal.
    row_stop : mapping of int to (n_partitions, n_pre + 1) int64
        Of tables whose rows may grow: where each row ends now, before its room does; the last
        column is not used. The rows of all others end where the next one starts.
    short_rows : mapping of int to ShortRows
        Of tables with short rows: where each row starts, in a fourth of the memory.
    """

    plans: tuple[TablePlan, ...]
    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
    row_start: tuple[NDArray[np.int64], ...]
    segment_ends: tuple[NDArray[np.uint32], ...]
    row_stop: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    short_rows: Mapping[int, ShortRows] = field(default_factory=dict)

    def starts(self, k: int) -> NDArray[np.int64]:
        """Return where the rows of table `k` start, as in `row_start`, short ones too."""
        return self.short_rows[k].starts() if k in self.short_rows else self.row_start[k]

    def rows(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the rows of table `k` start and end, both (n_partitions, n_pre)."""
        start = self.starts(k)
        stop = self.row_stop[k][:, :-1] if k in self.row_stop else start[:, 1:]
        return start[:, :-1], stop

    def n_in_table(self, k: int) -> int:
        """Return the number of synapses of table `k`."""
        if k in self.short_rows:
            return self.short_rows[k].n_synapses
        start, stop = self.rows(k)
        return int((stop - start).sum())

    def are_used(self, k: int) -> NDArray[np.bool_]:
        """Return which sources of table `k` have synapses, or may get some: (n_pre,)."""
        if k in self.short_rows:
            return self.short_rows[k].are_used()
        start, stop = self.rows(k)
        if k in self.row_stop:  # rows that grow may get their first synapse at any time
            return np.ones(start.shape[1], np.bool_)
        return np.asarray(np.any(stop > start, axis=0), np.bool_)

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return sum(self.n_in_table(k) for k in range(len(self.row_start)))

    @property
    def nbytes(self) -> int:
        """Bytes of targets, weights, row starts and segment ends, the room between them too."""
        arrays: list[NDArray[Any]] = [self.targets, self.packed, self.wide]
        arrays += [*self.row_start, *self.segment_ends, *self.row_stop.values()]
        short = sum(rows.nbytes for rows in self.short_rows.values())
        return short + sum(a.nbytes for a in arrays)

    def with_plans(self, plans: tuple[TablePlan, ...]) -> Connections:
        """Return the same synapses, of other projections."""
        return replace(self, plans=plans)

    def local_targets(self, k: int, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the local target slots of synapses of table `k` at these places of its pool."""
        if self.plans[k].kind == PACKED:
            return (self.packed[at] & np.uint32(0xFFFF)).astype(np.int64)
        return self.targets[at].astype(np.int64)

    def out_degrees(self, layout: Layout) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        degrees = np.zeros(int(layout.sizes.sum()), np.int64)
        for k, plan in enumerate(self.plans):
            first = layout.first_ids[plan.source]
            start, stop = self.rows(k)
            lengths = (stop - start).sum(axis=0)
            degrees[first : first + lengths.size] += lengths
        return degrees


def connect(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    *,
    threads: int = 1,
    given: Collection[int] = (),
) -> Connections:
    """Draw all synapses: count the tables, allocate once, fill every table.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Does not change which synapses there are.
    threads : int
        Partitions that are drawn at a time.
    given : collection of int
        Tables that are left empty: somebody else knows their synapses.
    """
    owned = [partitions.targets(layout, k) for k in range(len(network.populations))]
    every = [Table.of(network, plan, layout, owned) for plan in plans]
    tables = [table for k, table in enumerate(every) if k not in given]
    for table, ends in zip(every, _side_by_side([t.ends_shape for t in every]), strict=True):
        table.segment_ends = ends
    with ThreadPoolExecutor(threads, thread_name_prefix="snnlab-build") as pool:

        def in_each_partition(work: Callable[[Table, int], None]) -> None:
            def all_tables(p: int) -> None:
                for table in tables:
                    work(table, p)

            list(pool.map(all_tables, range(partitions.n)))  # raises what one of them raised

        in_each_partition(Table.count)
        kinds = [plan.kind for plan in plans]
        sizes = [0 if k in given else table.n_places() for k, table in enumerate(every)]
        pools = _pools(kinds, sizes)
        for table, base in zip(every, pool_bases(kinds, sizes), strict=True):
            if table in tables:
                table.take_room(pools, base)
            else:
                table.stay_empty(base)
        in_each_partition(Table.fill)
    for table in tables:
        table.settle()
    return Connections(
        plans,
        *pools,
        tuple(table.row_start for table in every),
        tuple(table.segment_ends for table in every),
        short_rows={k: table.short for k, table in enumerate(every) if table.short is not None},
    )


def _side_by_side(shapes: list[tuple[int, int, int]]) -> list[NDArray[np.uint32]]:
    """Arrays of these shapes that lie one behind the other, zeros."""
    stops = np.cumsum([prod(shape) for shape in shapes])
    whole = np.zeros(int(stops[-1]) if shapes else 0, np.uint32)
    return [
        whole[stop - prod(shape) : stop].reshape(shape)
        for shape, stop in zip(shapes, stops.tolist(), strict=True)
    ]


def _pools(kinds: list[int], sizes: list[int]) -> Pools:
    n_targets, n_packed, n_wide = pool_sizes(kinds, sizes)
    return Pools(
        np.empty(n_targets, np.uint16), np.empty(n_packed, np.uint32), np.empty(n_wide, np.int32)
    )
