"""A network's synapses as arrays: one set of rows per source population and storage kind.

Outgoing rows lie on the side of the target's owner: every partition has, for every source, a row
of its own targets. A thread that owns a partition delivers without atomics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build import draw
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
from snnlab.build.storage import PACKED, SHARED, WIDE, Pools
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
    targets : (n_shared_or_wide,) uint16
        Local target slots.
    packed : (n_packed,) uint32
        ``weight << 16 | local target slot``.
    wide : (n_wide,) int32
        Weights of wide tables, at the same index as their `targets`; shorter than `targets`.
    row_start : (n_tables,) tuple of (n_partitions, n_pre + 1) int64
        Pool index at which each row starts.
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
        return int(self.targets.size + self.packed.size)

    @property
    def nbytes(self) -> int:
        """Bytes of targets, weights, row starts and segment ends."""
        arrays: list[NDArray[Any]] = [self.targets, self.packed, self.wide]
        arrays += [*self.row_start, *self.segment_ends]
        return int(sum(a.nbytes for a in arrays))

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
    """Draw all synapses: count every table, allocate once, place every table.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Does not change which synapses there are.
    """
    rules = [[_rule(network, p) for p in plan.projections] for plan in plans]
    counts = [
        _count(network, plan, table_rules, layout, partitions)
        for plan, table_rules in zip(plans, rules, strict=True)
    ]
    sizes = [int(c.sum()) for c in counts]
    of_kind = {
        kind: sum(n for n, plan in zip(sizes, plans, strict=True) if plan.kind == kind)
        for kind in (SHARED, PACKED, WIDE)
    }
    # Wide tables come first in `targets`, so that `wide` needs no room for shared ones.
    targets = np.empty(of_kind[WIDE] + of_kind[SHARED], np.uint16)
    packed = np.empty(of_kind[PACKED], np.uint32)
    wide = np.empty(of_kind[WIDE], np.int32)
    next_free = {WIDE: 0, SHARED: of_kind[WIDE], PACKED: 0}
    row_starts, segment_ends = [], []
    for plan, table_rules, n_in_row in zip(plans, rules, counts, strict=True):
        base, n = next_free[plan.kind], int(n_in_row.sum())
        next_free[plan.kind] += n
        pools = Pools(
            targets[base : base + n] if plan.kind != PACKED else targets[:0],
            packed[base : base + n] if plan.kind == PACKED else packed[:0],
            wide[base : base + n] if plan.kind == WIDE else wide[:0],
        )
        row_start = _starts(n_in_row)
        ends = _fill(network, plan, table_rules, layout, partitions, pools, row_start)
        row_starts.append(row_start + base)
        segment_ends.append(ends)
    return Connections(plans, targets, packed, wide, tuple(row_starts), tuple(segment_ends))


def _count(
    network: Network,
    plan: TablePlan,
    rules: list[Rule],
    layout: Layout,
    partitions: Partitions,
) -> NDArray[np.int64]:
    cursor = np.zeros((partitions.n, int(layout.sizes[plan.source])), np.int64)
    for projection, rule in zip(plan.projections, rules, strict=True):
        draw.count(rule, cursor, _owned(network, projection, layout, partitions))
    return cursor


def _starts(n_in_row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row starts of all partitions, one partition's rows behind the other's."""
    n_partitions, n_rows = n_in_row.shape
    ends = np.cumsum(n_in_row.ravel()).reshape(n_partitions, n_rows)
    first = np.concatenate([[0], ends[:-1, -1]]) if n_rows else np.zeros(n_partitions, np.int64)
    return np.column_stack([first, ends])


def _fill(
    network: Network,
    plan: TablePlan,
    rules: list[Rule],
    layout: Layout,
    partitions: Partitions,
    pools: Pools,
    row_start: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Place the targets of a table and finish its rows; return the segment ends."""
    # Targets are placed into the room of the finished synapses: two halves where they are packed.
    stride = 2 if plan.kind == PACKED else 1
    placed = pools.packed.view(np.uint16) if plan.kind == PACKED else pools.targets
    cursor = row_start[:, :-1] * stride
    borders = [cursor.copy()]
    for projection, rule in zip(plan.projections, rules, strict=True):
        draw.place(rule, placed, cursor, _owned(network, projection, layout, partitions))
        borders.append(cursor.copy())
    n_delays = plan.n_delays if plan.n_delays > 1 else 0
    ends = np.empty((*cursor.shape, n_delays), np.uint32)
    attributes = _attributes(network, plan, rules, layout, partitions)
    if plan.kind != SHARED or n_delays or attributes.is_shuffled.any():
        finish_rows(placed, stride, pools, plan.kind, np.stack(borders), attributes, ends)
    return ends


def _attributes(
    network: Network, plan: TablePlan, rules: list[Rule], layout: Layout, partitions: Partitions
) -> Attributes:
    projections = plan.projections
    weights, weight_of = _distinct([weight_table(network, p, plan.exponent) for p in projections])
    delays, delay_of = _distinct([delay_table(network, p) for p in projections])
    owned = [_owned(network, p, layout, partitions) for p in projections]
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
) -> tuple[NDArray[np.int64], ...]:
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
