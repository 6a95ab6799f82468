"""A network's synapses drawn on the device: those of the CPU, in the same order within each row.

Every row is counted, all memory is allocated, then targets are placed and rows finished, by what
`snnlab.build` draws: the same words of the same streams. Which thread draws a synapse, and when,
makes no difference.

At its peak, construction holds the finished synapses and, of one table at a time, the cursors of
its rows (8 bytes each; 4 or 8 bits where rows are short, see `snnlab.cuda.row_counters`), what its
rows hold of each projection but the last if several have the same targets (4 bytes each, or as many
bits), its quantiles, and at most `SCRATCH_BYTES` for sets of partners and for rows too long for a
block's own memory. Targets of packed synapses are placed where the synapses lie in the end.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate

import numpy as np

from snnlab.build.attributes_of import attributes_of
from snnlab.build.layout import Layout, Partitions
from snnlab.build.rules_of import owned_targets, rule_of
from snnlab.build.storage import PACKED, SHARED, pool_bases, pool_sizes
from snnlab.build.tables import TablePlan
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.device import Array, Device, Module
from snnlab.cuda.drawing import draw, drawing_struct, is_shuffled
from snnlab.cuda.finishing import Placed, finish, is_bordered, placed_struct, target_ranges
from snnlab.cuda.grid import n_blocks
from snnlab.cuda.row_bits import RowBits, are_short, first_counter_bits
from snnlab.cuda.row_counters import Cursors, short_cursors
from snnlab.cuda.row_starts import start_rows
from snnlab.cuda.sources import kernel_text
from snnlab.model.network import Network

__all__ = ["connect", "construction_source"]

_KERNELS = (
    "row_counters", "row_bits", "connect_put", "connect_words", "connect_directly",
    "connect_freely", "connect_distinct", "connect_by_gaps", "connect_by_distance", "row_starts",
    "write_row_bits", "sort_keys", "finish_rows",
)  # fmt: skip

_THREADS = 256


def construction_source() -> str:
    """Return the kernels that draw synapses, for `snnlab.cuda.sources.program_text`.

    They do not depend on the precision of the state. Their names are in a namespace of their own.
    """
    structs = drawing_struct(), placed_struct()
    texts = (kernel_text(name) for name in _KERNELS)
    return "\n".join(["namespace construction {", *structs, *texts, "}", ""])


def connect(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions,
    device: Device, module: Module, *, given: Collection[int] = (),
) -> DeviceConnections:  # fmt: skip
    """Draw all synapses: count the tables, allocate once, fill every table.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Does not change which synapses there are.
    device : Device
    module : Module
        A program that contains `construction_source`.
    given : collection of int
        Tables that are left empty: somebody else knows their synapses.
    """
    tables = [
        _Table(network, plan, layout, partitions, is_empty=k in given)
        for k, plan in enumerate(plans)
    ]
    row_bases = _offsets([0 if t.is_short else t.n_rows + partitions.n for t in tables])
    ends_bases = _offsets([table.n_rows * table.n_delays for table in tables])
    row_start = device.empty(row_bases[-1], np.int64)
    for table, base in zip(tables, row_bases, strict=False):
        if table.is_short:
            table.count_short(device, module)
        else:
            table.count(row_start, base, device, module)
    kinds, sizes = [plan.kind for plan in plans], [table.n_synapses for table in tables]
    n_targets, n_packed, n_wide = pool_sizes(kinds, sizes)
    connections = DeviceConnections(
        plans,
        partitions.n,
        tuple(table.n_pre for table in tables),
        tuple(table.longest for table in tables),
        device.empty(n_targets, np.uint16),
        device.empty(n_packed, np.uint32),
        device.empty(n_wide, np.int32),
        row_start,
        device.empty(ends_bases[-1], np.uint32),
        tuple(table.row_bits for table in tables),
    )
    bases = zip(row_bases, ends_bases, pool_bases(kinds, sizes), strict=False)
    for table, table_bases in zip(tables, bases, strict=True):
        table.fill(connections, table_bases, device, module)
    return connections


def _offsets(sizes: list[int]) -> list[int]:
    """Where things of these sizes begin, one behind the other, and where the last one ends."""
    return list(accumulate(sizes, initial=0))


class _Table:
    """A table on its way.

    Attributes
    ----------
    n_pre, n_rows : int
        Rows in each partition, and in all.
    n_delays : int
        0 where all delays are equal.
    is_short : bool
        Whether `row_bits` say where rows start, and not the starts of all tables.
    row_bits : RowBits or None
    n_synapses, longest : int
        In all rows, and in the longest; known once they are counted.
    """

    def __init__(
        self, network: Network, plan: TablePlan, layout: Layout, partitions: Partitions,
        *, is_empty: bool,
    ) -> None:  # fmt: skip
        self._network, self._plan = network, plan
        self._rules = [rule_of(network, p) for p in plan.projections]
        self._owned = [owned_targets(network, p, layout, partitions) for p in plan.projections]
        self._drawn = [] if is_empty else list(zip(self._rules, self._owned, strict=True))
        self._n_partitions = partitions.n
        self.n_pre = self._rules[0].n_pre
        self.n_rows = self.n_pre * partitions.n
        self.n_delays = plan.n_delays if plan.n_delays > 1 else 0
        self._is_bordered = is_bordered(plan)
        self.is_short = are_short(network, plan, layout, partitions)
        at_first = first_counter_bits(network, plan, layout, partitions)
        self._counter_bits = at_first if self.is_short else 0
        self.row_bits: RowBits | None = None
        self.n_synapses = self.longest = 0

    def count(self, row_start: Array, base: int, device: Device, module: Module) -> None:
        """Count the synapses of every row; note row starts that count from the table's first."""
        counts = device.zeros(self.n_rows, np.uint64)
        self._draw(Cursors.long(counts), device, module)
        self.n_synapses, self.longest = start_rows(
            counts, self.n_rows, self.n_pre, row_start, base, device, module
        )

    def count_short(self, device: Device, module: Module) -> None:
        """Count the synapses of every row in a few bits, in more where these do not hold them."""
        while (counters := self._counters(device, module)) is None:
            self._counter_bits *= 2
        self.row_bits, self.n_synapses, self.longest = RowBits.counted(
            counters, self.n_pre, self._n_partitions, device, module
        )

    def _counters(self, device: Device, module: Module) -> Cursors | None:
        """How many synapses each row has; None: there are too few bits for it."""
        counters = short_cursors(self.n_rows, self._counter_bits, device)
        self._draw(counters, device, module)
        has_overflown = bool(device.download(counters.overflows)[0])
        return None if has_overflown else counters

    def _draw(self, counts: Cursors, device: Device, module: Module) -> None:
        nowhere = device.empty(1, np.uint16)
        for rule, owned in self._drawn:
            draw(rule, owned, counts, nowhere, True, device, module)

    def fill(
        self, connections: DeviceConnections, bases: tuple[int, int, int],
        device: Device, module: Module,
    ) -> None:  # fmt: skip
        """Draw the rows, with weights and delays.

        Parameters
        ----------
        connections : DeviceConnections
        bases : tuple of int
            Where the table begins in `row_start`, in `segment_ends` and in its pool.
        device : Device
        module : Module
        """
        row_base, ends_base, pool_base = bases
        cursors = self._cursors(connections.row_start, row_base, pool_base, device, module)
        borders = self._place(connections, cursors, row_base, device, module)
        del cursors
        is_unsorted = any(is_shuffled(rule.kind) for rule in self._rules)
        if not self._drawn or not (is_unsorted or self._plan.kind != SHARED or self.n_delays > 0):
            return
        bits, ranges = self.row_bits, target_ranges(self._owned)
        nothing = device.empty(0, np.int64)
        placed = Placed(
            self._n_partitions, self.n_pre, len(self._rules), self.n_delays, self._plan.kind,
            is_unsorted, self._is_bordered, row_base, ends_base, connections.row_start,
            self._counter_bits, bits.first if bits else nothing,
            bits.bits if bits else nothing, connections.segment_ends,
            connections.targets, connections.packed, connections.wide, borders, borders,
            *(device.upload(values) for values in ranges),
        )  # fmt: skip
        attributes = attributes_of(self._network, self._plan, self._rules, self._owned)
        finish(placed, attributes, self.longest, device, module)

    def _cursors(
        self, row_start: Array, row_base: int, pool_base: int, device: Device, module: Module
    ) -> Cursors:
        """Move the rows to their place in the pool; return cursors at their starts."""
        halves = 2 if self._plan.kind == PACKED else 1
        if self.row_bits is not None:
            self.row_bits.move(pool_base, module)
            return short_cursors(self.n_rows, self._counter_bits, device)._replace(
                first=self.row_bits.first, bits=self.row_bits.bits, halves=halves
            )
        cursor, move = device.empty(self.n_rows, np.uint64), module.kernel("move_rows")
        move(
            n_blocks(move, _THREADS, self.n_rows), _THREADS, row_start, row_base, self.n_pre,
            self._n_partitions, pool_base, halves, cursor,
        )  # fmt: skip
        return Cursors.long(cursor)._replace(halves=halves)

    def _place(
        self, connections: DeviceConnections, cursors: Cursors, row_base: int,
        device: Device, module: Module,
    ) -> Array:  # fmt: skip
        """Place all targets; return the borders between the projections."""
        pool = connections.packed if self._plan.kind == PACKED else connections.targets
        n_bordered = len(self._rules) - 1 if self._is_bordered else 0
        if self.row_bits is None:
            borders = device.empty(n_bordered * self.n_rows, np.uint32)
        else:
            borders = device.empty(n_bordered * cursors.cursor.shape[0], np.uint64)
        for k, (rule, owned) in enumerate(self._drawn):
            draw(rule, owned, cursors, pool, False, device, module)
            if k < n_bordered:
                self._note(cursors, connections.row_start, row_base, borders, k, module)
        return borders

    def _note(
        self, cursors: Cursors, row_start: Array, row_base: int, borders: Array, k: int,
        module: Module,
    ) -> None:  # fmt: skip
        """Note where the synapses of a projection, which have just been placed, end in each row."""
        if self.row_bits is not None:
            note, n = module.kernel("note_counters"), cursors.cursor.shape[0]
            note(n_blocks(note, _THREADS, n), _THREADS, cursors.cursor, n, borders, k)
            return
        note = module.kernel("note_borders")
        note(
            n_blocks(note, _THREADS, self.n_rows), _THREADS, cursors.cursor, row_start, row_base,
            self.n_pre, self.n_rows, cursors.halves, borders, k,
        )  # fmt: skip
