"""A network's synapses as arrays: one set of rows per source population and storage kind.

Outgoing rows lie on the side of the target's owner: every partition has, for every source, a row
of its own targets. A thread that owns a partition delivers without atomics.
"""

from __future__ import annotations

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
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions
) -> Connections:
    """Draw all synapses: count the tables, allocate once, fill every table.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Does not change which synapses there are.
    """
    rules = [[_rule(network, p) for p in plan.projections] for plan in plans]
    owned = [[_owned(network, p, layout, partitions) for p in plan.projections] for plan in plans]
    counts = [_count(*of_table, partitions.n) for of_table in zip(rules, owned, strict=True)]
    rooms = [c if c.ndim == 1 else c.sum(axis=1) for c in counts]
    # In `targets` wide and plastic tables come first, so that `wide` needs no room for shared ones.
    order = sorted(range(len(plans)), key=lambda k: _ORDER.get(plans[k].kind, len(_ORDER)))
    pools = _pools(plans, [int(r.sum()) for r in rooms])
    free = dict.fromkeys((SHARED, PACKED), 0)
    row_starts, segment_ends = {}, {}
    for k in order:
        kind = PACKED if plans[k].kind == PACKED else SHARED
        base = free[kind]
        free[kind] += int(rooms[k].sum())
        part = _part(pools, plans[k].kind, base, free[kind])
        start, borders = _place(rules[k], owned[k], counts[k], part, plans[k].kind)
        row_starts[k] = start + base
        segment_ends[k] = _finish(network, plans[k], rules[k], owned[k], part, borders)
    in_order = range(len(plans))
    return Connections(
        plans,
        *pools,
        tuple(row_starts[k] for k in in_order),
        tuple(segment_ends[k] for k in in_order),
    )


def _count(rules: list[Rule], owned: list[Owned], n_partitions: int) -> NDArray[np.int64]:
    """Synapses of each row, (n_partitions, n_pre); or room, (n_partitions,), if rows append."""
    if is_appendable(rules):
        return room(rules[0], owned[0])
    cursor = np.zeros((n_partitions, rules[0].n_pre), np.int64)
    for rule, targets in zip(rules, owned, strict=True):
        draw.count(rule, cursor, targets)
    return cursor


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


def _place(
    rules: list[Rule], owned: list[Owned], counts: NDArray[np.int64], pools: Pools, kind: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place the targets of a table: row starts, and the borders between its projections."""
    pool, stride = _halves(pools, kind)
    if counts.ndim == 1:
        start, end = append_rows(rules[0], pool, stride, counts, owned[0])
        return start // stride, np.stack([start[:, :-1], end])
    row_start = _starts(counts)
    cursor = row_start[:, :-1] * stride
    borders = [cursor.copy()]
    for rule, targets in zip(rules, owned, strict=True):
        draw.place(rule, pool, cursor, targets)
        borders.append(cursor.copy())
    return row_start, np.stack(borders)


def _finish(
    network: Network,
    plan: TablePlan,
    rules: list[Rule],
    owned: list[Owned],
    pools: Pools,
    borders: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Order the rows of a table, draw their weights and delays; return the segment ends."""
    n_delays = plan.n_delays if plan.n_delays > 1 else 0
    ends = np.empty((*borders.shape[1:], n_delays), np.uint32)
    is_shuffled = any(rule.kind == OUTDEGREE for rule in rules)
    if plan.kind != SHARED or n_delays or is_shuffled:
        attributes = _attributes(network, plan, rules, owned)
        stored_as = WIDE if plan.kind == PLASTIC else plan.kind
        finish_rows(*_halves(pools, plan.kind), pools, stored_as, borders, attributes, ends)
    return ends


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
