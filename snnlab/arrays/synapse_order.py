"""Synapses of a projection in an order that does not depend on the partitions.

By source, then delay, then target, then the order in which they were drawn: files, checkpoints and
users see them so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.arrays.built import Built
from snnlab.arrays.world import Places, World
from snnlab.build.layout import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Projection

__all__ = ["global_ids", "list_places", "places", "synapse_order", "table_of"]


def table_of(built: Built, projection: Projection) -> int:
    """Return the number of the table that holds the synapses of a projection."""
    return next(
        k for k, plan in enumerate(built.connections.plans)
        if projection.name in {p.name for p in plan.projections}
    )  # fmt: skip


@njit(error_model="numpy", cache=True)
def list_places(row_start, row_stop, ends, first_slot, at, source, delay, part_slot):  # type: ignore[no-untyped-def]
    """List the synapses of a table source by source, delay by delay, partition by partition."""
    n_partitions, n_rows = row_start.shape
    n_delays = max(ends.shape[2], 1)
    n = 0
    for row in range(n_rows):
        for d in range(n_delays):
            for p in range(n_partitions):
                start = row_start[p, row]
                a, z = start, row_stop[p, row]
                if ends.shape[2]:
                    z = start + np.int64(ends[p, row, d])
                    a = start + np.int64(ends[p, row, d - 1]) if d else start
                for e in range(a, z):
                    at[n], source[n], delay[n], part_slot[n] = e, row, d, first_slot[p]
                    n += 1


def synapse_order(built: Built, k: int) -> tuple[NDArray[np.int64], ...]:
    """Return the synapses of table `k` in their order.

    Returns
    -------
    at : (n,) int64
        Place of each in the pool of its table's kind.
    source : (n,) int64
        Presynaptic neuron, counted within its population.
    target : (n,) int64
        Slot of the postsynaptic neuron.
    delay : (n,) int64 [steps]
    """
    connections = built.connections
    row_start, row_stop = connections.rows(k)
    n = connections.n_in_table(k)
    at, source, delay, part = (np.empty(n, np.int64) for _ in range(4))
    first_slot = built.partitions.bounds[:-1] * BLOCK
    list_places(
        row_start, row_stop, connections.segment_ends[k], first_slot, at, source, delay, part
    )
    local = connections.local_targets(k, at)
    target = part + local
    if k in connections.row_stop:  # rows that have grown are in any order
        order = np.lexsort((target, source))
        at, source, target, delay = (a[order] for a in (at, source, target, delay))
    return at, source, target, delay + connections.first_delay(k)


def places(
    built: Built, k: int, source: NDArray[np.int64], delay: NDArray[np.int64],
    world: World | None = None,
) -> Places:  # fmt: skip
    """Return where synapses that `synapse_order` has told stand among those of all ranks.

    Or, where another `world` is given, among those of that one.
    """
    plan = built.connections.plans[k]
    key = source * plan.n_delays + delay - plan.first_delay
    return Places.by_key(
        world or built.world, key, int(built.layout.sizes[plan.source]) * plan.n_delays
    )


def global_ids(
    built: Built, k: int, source: NDArray[np.int64], target: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the global ids of sources and target slots that `synapse_order` has told."""
    first_ids = built.layout.block_first_ids()
    ids = first_ids[target // BLOCK] + target % BLOCK
    return source + built.layout.first_ids[built.connections.plans[k].source], ids
