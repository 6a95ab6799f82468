"""The synapses of a network as a list of edges, whatever their storage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnlab.build.connect import Connections, connect
from snnlab.build.layout import BLOCK, Layout, Partitions, partition
from snnlab.build.storage import PACKED, SHARED, WIDE
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.model.connectivity import Connectivity
from snnlab.model.network import Network, Population, Projection
from snnlab.model.space import RandomPositions


@dataclass(frozen=True)
class Edges:
    """One entry a synapse, sorted: source and target ids, weight [port's unit], delay [steps]."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    delay: NDArray[np.int64]

    def __len__(self) -> int:
        return self.source.size

    def equals(self, other: Edges) -> bool:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return all(np.array_equal(a, b) for a, b in pairs)


def edges_of(
    network: Network, n_partitions: int = 1, share: tuple[int, int] | None = None
) -> Edges:
    """Build the synapses of a network, or those onto a share of its blocks, and list them."""
    layout, plans = Layout.of(network), plan_tables(network, port_exponents(network))
    partitions = partition(layout, n_partitions, np.zeros(len(network.populations)), share)
    connections = connect(network, plans, layout, partitions)
    parts = [_edges_of_table(network, connections, k, layout, partitions)
             for k in range(len(connections.plans))]  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort(columns[::-1])
    return Edges(*(column[order] for column in columns))


def _edges_of_table(
    network: Network, c: Connections, k: int, layout: Layout, partitions: Partitions
) -> tuple[NDArray[np.generic], ...]:
    plan, row_start, ends = c.plans[k], c.starts(k), c.segment_ends[k]
    found = []
    for p in range(partitions.n):
        for row in range(row_start.shape[1] - 1):
            at = slice(row_start[p, row], row_start[p, row + 1])
            n = at.stop - at.start
            slot = (c.packed[at] & 0xFFFF) if plan.kind == PACKED else c.targets[at]
            weight = _weights(network, c, k, at)
            lengths = np.diff(ends[p, row], prepend=0) if c.n_delays(k) > 1 else [n]
            delay = np.repeat(c.first_delay(k) + np.arange(c.n_delays(k)), lengths)
            slot = slot.astype(np.int64) + partitions.bounds[p] * BLOCK
            source = np.full(n, layout.first_ids[plan.source] + row)
            found.append((source, _ids(layout, slot), weight, delay))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _weights(network: Network, c: Connections, k: int, at: slice) -> NDArray[np.float64]:
    plan = c.plans[k]
    if plan.kind == SHARED:
        weight = network.weight_of(plan.projections[0]).quantile(np.array([0.5]))
        return np.full(at.stop - at.start, weight[0])
    stored = c.wide[at] if plan.kind == WIDE else c.packed[at].view(np.int32) >> 16
    return np.ldexp(stored.astype(np.float64), -plan.exponent)


def _ids(layout: Layout, slot: NDArray[np.int64]) -> NDArray[np.int64]:
    return layout.block_first_ids()[slot // BLOCK] + slot % BLOCK


def network_of(
    rule: Connectivity, *, n_pre: int = 200, n_post: int | None = None, seed: int = 1,
    weight: object = 1.0, delay: object = 1.5,
) -> Network:  # fmt: skip
    """One projection a -> b, or a -> a when `n_post` is None."""
    a = Population("a", n_pre, "LIFDelta", space=RandomPositions())
    if n_post is None:
        return Network([a], [Projection("a", "a", rule, weight, delay)], seed=seed)
    b = Population("b", n_post, "LIFDelta", space=RandomPositions())
    return Network([a, b], [Projection("a", "b", rule, weight, delay)], seed=seed)
