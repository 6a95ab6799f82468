"""A network's synapses as arrays: one set of rows per source population and storage kind.

Outgoing rows lie on the side of the target's owner: every partition has, for every source, a row
of its own targets. A thread that owns a partition delivers without atomics.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import int64, njit

from snnlab.build import draw
from snnlab.build.append import append_rows, is_appendable, room
from snnlab.build.attributes_of import attributes_of
from snnlab.build.finish import Attributes, finish_rows
from snnlab.build.layout import Layout, Partitions
from snnlab.build.lent import Lent
from snnlab.build.rule import OUTDEGREE, Rule
from snnlab.build.rules_of import Owned, rule_of
from snnlab.build.short_rows import ShortRows, are_short
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE, Pools, pool_bases, pool_sizes
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
    every = [_Table.of(network, plan, layout, owned) for plan in plans]
    tables = [table for k, table in enumerate(every) if k not in given]
    for table, ends in zip(every, _side_by_side([t.ends_shape for t in every]), strict=True):
        table.segment_ends = ends
    with ThreadPoolExecutor(threads, thread_name_prefix="snnlab-build") as pool:

        def in_each_partition(work: Callable[[_Table, int], None]) -> None:
            def all_tables(p: int) -> None:
                for table in tables:
                    work(table, p)

            list(pool.map(all_tables, range(partitions.n)))  # raises what one of them raised

        in_each_partition(_Table.count)
        kinds = [plan.kind for plan in plans]
        sizes = [0 if k in given else table.n_places() for k, table in enumerate(every)]
        pools = _pools(kinds, sizes)
        for table, base in zip(every, pool_bases(kinds, sizes), strict=True):
            if table in tables:
                table.take_room(pools, base)
            else:
                table.stay_empty(base)
        in_each_partition(_Table.fill)
    for table in tables:
        table.settle()
    return Connections(
        plans,
        *pools,
        tuple(table.row_start for table in every),
        tuple(table.segment_ends for table in every),
        short_rows={k: table.short for k, table in enumerate(every) if table.short is not None},
    )


class _Table:
    """A table on its way: what is the same for all partitions, and what each of them fills in.

    Parameters
    ----------
    plan : TablePlan
    n_rows : int
        Neurons of the source population.
    rules : list of Rule
        One for each of its projections that have targets here.
    owned : list of (low, high, local)
        The targets of each of them in each partition, as `Partitions.targets` returns them.
    attributes : callable or None
        Returns what synapses draw, if they draw anything or rows must be put into order.
    may_be_short : bool
        Whether rows of few synapses may say where they start in two bytes.

    Attributes
    ----------
    row_start : (n_partitions, n_pre + 1) int64
    short : ShortRows or None
    segment_ends : (n_partitions, n_pre, n_delays) uint32
        See `Connections`; to be set before rows are filled.
    ends_shape : tuple of int
        Its shape.
    """

    segment_ends: NDArray[np.uint32]

    def __init__(
        self, plan: TablePlan, n_rows: int, n_partitions: int, rules: list[Rule],
        owned: list[Owned], attributes: Callable[[], Attributes] | None, *, may_be_short: bool,
    ) -> None:  # fmt: skip
        self.plan, self._n_rows, self._rules, self._owned = plan, n_rows, rules, owned
        self._drawn = None if attributes is None else Lent(attributes, n_partitions)
        self._appends, self._may_be_short = is_appendable(rules), may_be_short
        self._counts = np.zeros((n_partitions, 0 if self._appends else self._n_rows), np.uint32)
        self.row_start = np.empty((n_partitions, self._n_rows + 1), np.int64)
        self.short: ShortRows | None = None
        n_delays = plan.n_delays if plan.n_delays > 1 else 0
        self.ends_shape = n_partitions, self._n_rows, n_delays

    @classmethod
    def of(cls, network: Network, plan: TablePlan, layout: Layout, targets: list[Owned]) -> _Table:
        """Look up what the projections of a table draw, of the targets of each population.

        Those without targets here are left out: a rank of many has no work with most projections.
        """
        n_rows, n_partitions = int(layout.sizes[plan.source]), targets[0][0].size
        every = [(p, targets[network.population_index(p.post)]) for p in plan.projections]
        here = [(p, own) for p, own in every if (own[0] < own[1]).any()]
        rules, owned = [rule_of(network, p) for p, _ in here], [own for _, own in here]
        is_shuffled = any(rule.kind == OUTDEGREE for rule in rules)
        is_plain = plan.kind == SHARED and plan.n_delays == 1 and not is_shuffled
        attributes: Callable[[], Attributes] | None = None
        if here and not is_plain:
            own_plan = replace(plan, projections=tuple(p for p, _ in here))
            attributes = partial(attributes_of, network, own_plan, rules, owned)
        may_be_short = plan.kind != PLASTIC and not network.rewirings
        return cls(plan, n_rows, n_partitions, rules, owned, attributes, may_be_short=may_be_short)

    def count(self, p: int) -> None:
        """Count the synapses of partition `p`'s rows, unless these are drawn in one pass."""
        if not self._appends:
            for rule, owned in self._parts(p):
                draw.count(rule, self._counts[p], owned)

    @cached_property
    def _rooms(self) -> NDArray[np.int64]:
        """For how many synapses each partition needs room; known once they are counted."""
        if self._appends:
            return room(self._rules[0], self._owned[0])
        counted: NDArray[np.int64] = self._counts.sum(axis=1, dtype=np.int64)
        return counted

    def n_places(self) -> int:
        """Return for how many synapses there must be room."""
        return int(self._rooms.sum())

    def stay_empty(self, base: int) -> None:
        """Have no synapses; the next table begins at place `base` of the pool."""
        self.row_start[:] = base

    def take_room(self, pools: Pools, base: int) -> None:
        """Take the places of the pools from `base` on."""
        self._first = base + np.cumsum(self._rooms) - self._rooms
        self._pools = pools
        self._cursors = _index_type(int(self._rooms.max(initial=0)) * _stride(self.plan.kind))
        if self._may_be_short and not self._appends and are_short(self._counts):
            self._be_short()

    def fill(self, p: int) -> None:
        """Draw the rows of partition `p`, with weights and delays."""
        kind, first, n = self.plan.kind, int(self._first[p]), int(self._rooms[p])
        pools = _part(self._pools, kind, first, first + n)
        halves, stride = _halves(pools, kind), _stride(kind)
        borders = (self._append if self._appends else self._place)(p, halves, stride)
        if borders is not None and self._drawn is not None:
            with self._drawn as attributes:
                finish_rows(
                    halves, stride, pools, WIDE if kind == PLASTIC else kind, borders,
                    attributes, self.segment_ends[p], p,
                )  # fmt: skip

    def settle(self) -> None:
        """Let go of what filled the rows; say in few bytes where they start if that pays."""
        self._counts = np.empty((0, 0), np.uint32)
        if not (self._appends and self._may_be_short):
            return
        counts = np.diff(self.row_start, axis=1)
        if are_short(counts):
            self._be_short()
            for p, of_partition in enumerate(counts):
                self._write_starts(p, of_partition)

    def _be_short(self) -> None:
        n_partitions = self.row_start.shape[0]
        self.short = ShortRows.empty(n_partitions, self._n_rows)
        self.row_start = np.empty((n_partitions, 0), np.int64)

    def _write_starts(self, p: int, counts: NDArray[Any]) -> None:
        """Write down where rows of so many synapses start."""
        base = int(self._first[p])
        if self.short is not None:
            self.short.write(p, counts, base)
        else:
            self.row_start[p, 0] = base
            np.cumsum(counts, dtype=np.int64, out=self.row_start[p, 1:])
            self.row_start[p, 1:] += base

    def _append(self, p: int, pool: NDArray[np.uint16], stride: int) -> NDArray[Any]:
        """Draw rows one behind the other; return where their synapses begin and end."""
        ((rule, owned),) = self._parts(p)
        start, end = append_rows(rule, pool, stride, owned, self._cursors)
        self._write_starts(p, np.diff(start) // stride)
        return np.stack([start[:-1], end])

    def _place(self, p: int, pool: NDArray[np.uint16], stride: int) -> NDArray[Any] | None:
        """Place targets into counted rows; return the borders between projections, if wanted."""
        counts = self._counts[p]
        self._write_starts(p, counts)
        cursor = counts if self._cursors is np.uint32 else counts.astype(self._cursors)
        _begin(cursor, stride)
        borders = [cursor.copy()] if self._drawn is not None else []
        for rule, owned in self._parts(p):
            draw.place(rule, pool, cursor, owned)
            if borders:
                borders.append(cursor.copy())
        return np.stack(borders) if borders else None

    def _parts(self, p: int) -> list[tuple[Rule, tuple[int, int, int]]]:
        """Each projection with its targets in partition `p`."""
        return [
            (rule, (int(low[p]), int(high[p]), int(local[p])))
            for rule, (low, high, local) in zip(self._rules, self._owned, strict=True)
        ]


@njit(nogil=True, error_model="numpy", cache=True)
def _begin(counts, stride):  # type: ignore[no-untyped-def]
    """Turn the numbers of synapses of rows into the places where the rows begin."""
    at = int64(0)
    for row in range(counts.size):
        n = int64(counts[row])
        counts[row] = at
        at += stride * n


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


def _part(pools: Pools, kind: int, first: int, last: int) -> Pools:
    """The room of one table."""
    return Pools(
        pools.targets[first:last] if kind != PACKED else pools.targets[:0],
        pools.packed[first:last] if kind == PACKED else pools.packed[:0],
        pools.wide[first:last] if kind in (WIDE, PLASTIC) else pools.wide[:0],
    )


def _index_type(n_places: int) -> type[np.integer[Any]]:
    """The type of places within a partition: four bytes, unless it holds billions of synapses."""
    return np.uint32 if n_places < 2**32 else np.int64


def _stride(kind: int) -> int:
    """Places of `_halves` that a finished synapse takes."""
    return 2 if kind == PACKED else 1


def _halves(pools: Pools, kind: int) -> NDArray[np.uint16]:
    """Where targets are placed."""
    return pools.packed.view(np.uint16) if kind == PACKED else pools.targets
