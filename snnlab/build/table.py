"""A table of synapses on its way: rows are counted, take room, and are filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import int64, njit

from snnlab.build import draw
from snnlab.build.append import append_rows, is_appendable, room
from snnlab.build.attributes_of import attributes_of
from snnlab.build.finish import Attributes, finish_rows
from snnlab.build.layout import Layout
from snnlab.build.lent import Lent
from snnlab.build.rule import OUTDEGREE, Rule
from snnlab.build.rules_of import Owned, rule_of
from snnlab.build.short_rows import ShortRows, are_short
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE, Pools
from snnlab.build.tables import TablePlan
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Table"]


class Table:
    """What is the same for all partitions, and what each of them fills in.

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
    def of(cls, network: Network, plan: TablePlan, layout: Layout, targets: list[Owned]) -> Table:
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
