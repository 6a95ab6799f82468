"""A network's synapses as arrays: one set of rows per source population and storage kind.

Outgoing rows lie on the side of the target's owner: every partition has, for every source, a row
of its own targets. A thread that owns a partition delivers without atomics.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build import draw
from snnlab.build.append import append_rows, is_appendable, room
from snnlab.build.finish import Attributes, finish_rows
from snnlab.build.gaps import gap_tables
from snnlab.build.layout import Layout, Partitions
from snnlab.build.random import stream_id, uniforms
from snnlab.build.rule import (
    ALL_TO_ALL,
    BERNOULLI,
    DISTANCE,
    INDEGREE,
    ONE_TO_ONE,
    OUTDEGREE,
    Rule,
)
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE, Pools
from snnlab.build.tables import TablePlan, delay_table, weight_table
from snnlab.model.connectivity import (
    AllToAll,
    Connectivity,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.network import Network, Population, Projection

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Connections", "connect", "positions"]

_QUANTILES = np.arange(65536, dtype=np.int32)
"""What plastic synapses draw in place of weights."""

_ORDER = {WIDE: 0, PLASTIC: 1}
"""Storage with something beside the target, in the order of the pools."""

Owned = tuple["NDArray[np.int64]", ...]
"""The targets of each partition, as `Partitions.targets` returns them."""

_KINDS: dict[type[Connectivity], int] = {
    OneToOne: ONE_TO_ONE,
    FixedIndegree: INDEGREE,
    FixedTotalNumber: INDEGREE,
    DistanceDependent: DISTANCE,
    AllToAll: ALL_TO_ALL,
    FixedOutdegree: OUTDEGREE,
    PairwiseBernoulli: BERNOULLI,
}


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
        Between partitions there may be room that is not used.
    segment_ends : (n_tables,) tuple of (n_partitions, n_pre, n_delays) uint32
        End of each delay's synapses within a row; size 0 where all delays are equal.
    """

    plans: tuple[TablePlan, ...]
    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
    row_start: tuple[NDArray[np.int64], ...]
    segment_ends: tuple[NDArray[np.uint32], ...]

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(sum((start[:, -1] - start[:, 0]).sum() for start in self.row_start))

    @property
    def nbytes(self) -> int:
        """Bytes of targets, weights, row starts and segment ends, the room between them too."""
        arrays: list[NDArray[Any]] = [self.targets, self.packed, self.wide]
        arrays += [*self.row_start, *self.segment_ends]
        return int(sum(a.nbytes for a in arrays))

    def local_targets(self, k: int, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the local target slots of synapses of table `k` at these places of its pool."""
        if self.plans[k].kind == PACKED:
            return (self.packed[at] & np.uint32(0xFFFF)).astype(np.int64)
        return self.targets[at].astype(np.int64)

    def out_degrees(self, layout: Layout) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        degrees = np.zeros(int(layout.sizes.sum()), np.int64)
        for plan, row_start in zip(self.plans, self.row_start, strict=True):
            first = layout.first_ids[plan.source]
            lengths = np.diff(row_start, axis=1).sum(axis=0)
            degrees[first : first + lengths.size] += lengths
        return degrees


def positions(network: Network, population: Population) -> NDArray[np.float64]:
    """Return where the neurons of a population lie, shape (n, 2) [um]; zeros without space."""
    if population.space is None:
        return np.zeros((1, 2))
    u = uniforms(2 * population.size, network.seed, stream_id("position", population.name))
    return population.space.positions(u.reshape(-1, 2))


def connect(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    *,
    threads: int = 1,
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
    """
    tables = [_Table.of(network, plan, layout, partitions) for plan in plans]
    with ThreadPoolExecutor(threads, thread_name_prefix="snnlab-build") as pool:

        def in_each_partition(work: Callable[[_Table, int], None]) -> None:
            def all_tables(p: int) -> None:
                for table in tables:
                    work(table, p)

            list(pool.map(all_tables, range(partitions.n)))  # raises what one of them raised

        in_each_partition(_Table.count)
        pools = _pools(plans, [table.n_places() for table in tables])
        _give_room(tables, pools)
        in_each_partition(_Table.fill)
    return Connections(
        plans,
        *pools,
        tuple(table.row_start for table in tables),
        tuple(table.segment_ends for table in tables),
    )


def _give_room(tables: list[_Table], pools: Pools) -> None:
    """Give every table its part of the pools.

    In `targets` wide and plastic tables come first, so that `wide` needs no room for shared ones.
    """
    free = dict.fromkeys((SHARED, PACKED), 0)
    for table in sorted(tables, key=lambda table: _ORDER.get(table.plan.kind, len(_ORDER))):
        kind = PACKED if table.plan.kind == PACKED else SHARED
        table.take_room(pools, free[kind])
        free[kind] += table.n_places()


class _Table:
    """A table on its way: what is the same for all partitions, and what each of them fills in.

    Parameters
    ----------
    plan : TablePlan
    rules : list of Rule
        One for each of its projections.
    owned : list of (low, high, local)
        The targets of each of them in each partition, as `Partitions.targets` returns them.
    attributes : Attributes or None
        What synapses draw, if they draw anything or rows must be put into order.

    Attributes
    ----------
    row_start : (n_partitions, n_pre + 1) int64
    segment_ends : (n_partitions, n_pre, n_delays) uint32
        See `Connections`.
    """

    def __init__(
        self, plan: TablePlan, rules: list[Rule], owned: list[Owned], attributes: Attributes | None
    ) -> None:
        self.plan, self._rules, self._owned, self._attributes = plan, rules, owned, attributes
        self._appends = is_appendable(rules)
        n_partitions, n_rows = owned[0][0].size, rules[0].n_pre
        self._counts = np.zeros((n_partitions, 0 if self._appends else n_rows), np.int64)
        self._rooms = room(rules[0], owned[0]) if self._appends else np.zeros(0, np.int64)
        n_delays = plan.n_delays if plan.n_delays > 1 else 0
        self.row_start = np.empty((n_partitions, n_rows + 1), np.int64)
        self.segment_ends = np.empty((n_partitions, n_rows, n_delays), np.uint32)

    @classmethod
    def of(
        cls, network: Network, plan: TablePlan, layout: Layout, partitions: Partitions
    ) -> _Table:
        """Look up what the projections of a table draw."""
        rules = [_rule(network, p) for p in plan.projections]
        owned = [_owned(network, p, layout, partitions) for p in plan.projections]
        is_shuffled = any(rule.kind == OUTDEGREE for rule in rules)
        is_plain = plan.kind == SHARED and plan.n_delays == 1 and not is_shuffled
        return cls(
            plan, rules, owned, None if is_plain else _attributes(network, plan, rules, owned)
        )

    def count(self, p: int) -> None:
        """Count the synapses of partition `p`'s rows, unless these are drawn in one pass."""
        if not self._appends:
            for rule, owned in self._parts(p):
                draw.count(rule, self._counts[p], owned)

    def n_places(self) -> int:
        """Return for how many synapses there must be room."""
        return int(self._rooms.sum() if self._appends else self._counts.sum())

    def take_room(self, pools: Pools, base: int) -> None:
        """Take the places of the pools from `base` on."""
        kind, stop = self.plan.kind, base + self.n_places()
        self._base, self._pools = base, _part(pools, kind, base, stop)
        if not self._appends:
            self.row_start[:] = _starts(self._counts)

    def fill(self, p: int) -> None:
        """Draw the rows of partition `p`, with weights and delays."""
        pool, stride = _halves(self._pools, self.plan.kind)
        borders = self._append(p, pool, stride) if self._appends else self._place(p, pool, stride)
        if self._attributes is not None:
            stored_as = WIDE if self.plan.kind == PLASTIC else self.plan.kind
            finish_rows(
                pool, stride, self._pools, stored_as, borders, self._attributes,
                self.segment_ends[p], p,
            )  # fmt: skip
        self.row_start[p] += self._base

    def _append(self, p: int, pool: NDArray[np.uint16], stride: int) -> NDArray[np.int64]:
        """Draw rows one behind the other; return where their synapses begin and end."""
        stop = stride * int(self._rooms[: p + 1].sum())
        places = stop - stride * int(self._rooms[p]), stop
        ((rule, owned),) = self._parts(p)
        start, end = append_rows(rule, pool, stride, places, owned)
        self.row_start[p] = start // stride
        return np.stack([start[:-1], end])

    def _place(self, p: int, pool: NDArray[np.uint16], stride: int) -> NDArray[np.int64]:
        """Place targets into counted rows; return the borders between the projections."""
        cursor = self.row_start[p, :-1] * stride
        borders = [cursor.copy()]
        for rule, owned in self._parts(p):
            draw.place(rule, pool, cursor, owned)
            borders.append(cursor.copy())
        return np.stack(borders)

    def _parts(self, p: int) -> list[tuple[Rule, tuple[int, int, int]]]:
        """Each projection with its targets in partition `p`."""
        return [
            (rule, (int(low[p]), int(high[p]), int(local[p])))
            for rule, (low, high, local) in zip(self._rules, self._owned, strict=True)
        ]


def _pools(plans: tuple[TablePlan, ...], sizes: list[int]) -> Pools:
    of_kind = {
        kind: sum(n for n, plan in zip(sizes, plans, strict=True) if plan.kind == kind)
        for kind in (SHARED, PACKED, WIDE, PLASTIC)
    }
    n_wide = of_kind[WIDE] + of_kind[PLASTIC]
    return Pools(
        np.empty(n_wide + of_kind[SHARED], np.uint16),
        np.empty(of_kind[PACKED], np.uint32),
        np.empty(n_wide, np.int32),
    )


def _part(pools: Pools, kind: int, first: int, last: int) -> Pools:
    """The room of one table."""
    return Pools(
        pools.targets[first:last] if kind != PACKED else pools.targets[:0],
        pools.packed[first:last] if kind == PACKED else pools.packed[:0],
        pools.wide[first:last] if kind in _ORDER else pools.wide[:0],
    )


def _starts(n_in_row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row starts of all partitions, one partition's rows behind the other's."""
    n_partitions, n_rows = n_in_row.shape
    ends = np.cumsum(n_in_row.ravel()).reshape(n_partitions, n_rows)
    first = np.concatenate([[0], ends[:-1, -1]]) if n_rows else np.zeros(n_partitions, np.int64)
    return np.column_stack([first, ends])


def _halves(pools: Pools, kind: int) -> tuple[NDArray[np.uint16], int]:
    """Where targets are placed, and the places that a finished synapse takes there."""
    return (pools.packed.view(np.uint16), 2) if kind == PACKED else (pools.targets, 1)


def _attributes(
    network: Network, plan: TablePlan, rules: list[Rule], owned: list[Owned]
) -> Attributes:
    projections = plan.projections
    weights, weight_of = _distinct(
        [_QUANTILES if plan.kind == PLASTIC else weight_table(network, p, plan.exponent)
         for p in projections]
    )  # fmt: skip
    delays, delay_of = _distinct([delay_table(network, p) for p in projections])
    return Attributes(
        weights=weights,
        delays=delays,
        weight_of=weight_of,
        delay_of=delay_of,
        first=np.array([low - local for low, _, local in owned], np.int64),
        is_shuffled=np.array([rule.kind == OUTDEGREE for rule in rules]),
        stream=np.array([rule.stream for rule in rules], np.int64),
        seed=network.seed,
        first_delay=plan.first_delay,
    )


def _distinct(tables: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Equal tables once, since the processor's cache holds few; and which one each was."""
    places: dict[bytes, int] = {}
    index = [places.setdefault(table.tobytes(), len(places)) for table in tables]
    return np.stack([tables[index.index(k)] for k in range(len(places))]), np.array(index, np.int64)


def _owned(
    network: Network, projection: Projection, layout: Layout, partitions: Partitions
) -> Owned:
    names = [p.name for p in network.populations]
    return partitions.targets(layout, names.index(projection.post))


def _rule(network: Network, projection: Projection) -> Rule:
    rule = projection.rule
    pre, post = network.population(projection.pre), network.population(projection.post)
    is_recurrent = pre.name == post.name
    stream = stream_id("projection", projection.name)
    p = float(getattr(rule, "p", getattr(rule, "p_max", 0.0)))
    guide, thresholds = gap_tables(p if isinstance(rule, PairwiseBernoulli) else 0.0)
    is_spatial, nowhere = isinstance(rule, DistanceDependent), np.zeros((1, 2))
    return Rule(
        kind=_KINDS[type(rule)],
        n_pre=pre.size,
        n_post=post.size,
        degrees=_degrees(rule, pre.size, post.size, is_recurrent, network.seed, stream),
        p=p,
        guide=guide,
        thresholds=thresholds,
        scale=float(getattr(rule, "scale", 1.0)),
        kernel=DistanceDependent.KERNELS.index(getattr(rule, "kernel", "gaussian")),
        forbids_self=is_recurrent and not getattr(rule, "autapses", True),
        forbids_multiple=not getattr(rule, "multapses", True),
        pre_positions=positions(network, pre) if is_spatial else nowhere,
        post_positions=positions(network, post) if is_spatial else nowhere,
        period=_period(post),
        seed=network.seed,
        stream=stream,
    )


def _period(post: Population) -> NDArray[np.float64]:
    if post.space is None or not post.space.is_periodic:
        return np.zeros(2)
    return np.asarray(post.space.extent, np.float64)


def _degrees(
    rule: Connectivity, n_pre: int, n_post: int, is_recurrent: bool, seed: int, stream: int
) -> NDArray[np.int64]:
    """In-degrees of the targets, or the out-degree of every source."""
    if isinstance(rule, FixedIndegree):
        return np.full(n_post, rule.indegree, np.int64)
    if isinstance(rule, FixedOutdegree):
        return np.array([rule.outdegree], np.int64)
    if not isinstance(rule, FixedTotalNumber):
        return np.zeros(1, np.int64)
    # Which target each of the n synapses has, counted: multinomial in-degrees. Without multapses
    # every target has only n_pre (or n_pre - 1) places: multivariate hypergeometric.
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
    if rule.multapses:
        return generator.multinomial(rule.n, np.full(n_post, 1.0 / n_post)).astype(np.int64)
    places = n_pre - int(is_recurrent and not rule.autapses)
    colors = np.full(n_post, places, np.int64)
    return generator.multivariate_hypergeometric(colors, rule.n, method="marginals")
