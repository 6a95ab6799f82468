"""Who does what: pieces of rows for warps, blocks of neurons for partitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.assemble import Shape
from snnlab.arrays.plastic_arrays import PlasticTable
from snnlab.arrays.rewiring import Rewirings
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan
from snnlab.cpu.elsewhere import expected_images
from snnlab.cuda.connections import DeviceConnections
from snnlab.cuda.program import PIECE, Items, Work
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["plastic_items", "record_capacity", "static_items", "warps_wanted", "work"]

_RECORD_ENTRIES = 2**18
"""Neurons that fired in one chunk each, for which a half of the record has room, at least."""

_RATE_ELSEWHERE, _FIRING_ELSEWHERE = 50.0, 0.25
"""Mean rate [spikes/s] of the neurons of other ranks in one chunk for which the record has room at
first, as long as this is no larger part of them."""

_SPIKES_AT_ONCE = 8
"""Spikes whose rows should be shared among warps of their own."""


def work(
    layout: Layout, partitions: Partitions, sizes: Shape, max_states: int,
    tables: tuple[PlasticTable, ...], connections: DeviceConnections, rewirings: Rewirings,
    capacity: int,
) -> Work:  # fmt: skip
    """Return how the work on a network is shared out; see `Work`."""
    blocks = np.arange(layout.n_blocks)
    pieces = [_pieces(connections.longest_rows[table.k]) for table in tables]
    return Work(
        n_partitions=partitions.n,
        n_populations=layout.sizes.size,
        first_block=int(partitions.bounds[0]),
        n_blocks=int(partitions.bounds[-1] - partitions.bounds[0]),
        chunk_steps=sizes.chunk_steps,
        capacity=capacity,
        max_states=max_states,
        n_plastic=len(tables),
        has_every_step=int(any(t.kernels.every_step for t in tables)),
        n_rewirings=rewirings.table.shape[0],
        most_events=rewirings.events.shape[1],
        most_tried=rewirings.tried.shape[1],
        block_partition=_owners(partitions, blocks),
        plastic_pieces=np.array(pieces, np.int64),
    )


def _owners(partitions: Partitions, blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The partition of each block; -1 for those that are not here."""
    owner = np.searchsorted(partitions.bounds, blocks, side="right") - 1
    return np.where(owner < partitions.n, owner, -1)


def record_capacity(
    network: Network, layout: Layout, partitions: Partitions, chunk_steps: int
) -> int:
    """Return for how many entries a half of the record has room.

    At least for two chunks in which all fire; where other ranks hold a part of the network, for one
    of them and, on top, for one in which those neurons elsewhere that matter here fire at 50
    spikes/s, or a fourth of them where this is less.
    """
    n_own = int(partitions.n_slots.sum())
    firing = min(_RATE_ELSEWHERE * chunk_steps * network.dt / 1000.0, _FIRING_ELSEWHERE)
    n_arriving = math.ceil(firing * expected_images(network, layout, partitions))
    return max(_RECORD_ENTRIES, 2 * n_own, n_own + n_arriving)


def static_items(connections: DeviceConnections, n_populations: int) -> Items:
    """Return what a spike gives to do along static rows."""
    tables = [
        (plan, k, connections.longest_rows[k])
        for k, plan in enumerate(connections.plans)
        if plan.kind != PLASTIC
    ]
    return _items(tables, n_populations, connections.n_partitions)


def plastic_items(
    tables: tuple[PlasticTable, ...], connections: DeviceConnections, n_populations: int
) -> Items:
    """Return what a spike gives to do along plastic rows; tables are numbers among these.

    At least one item each: a source learns that it has fired, also where it has no synapse here.
    """
    numbered = [(t.plan, m, max(connections.longest_rows[t.k], 1)) for m, t in enumerate(tables)]
    return _items(numbered, n_populations, connections.n_partitions)


def warps_wanted(partitions: Partitions, *items: Items) -> int:
    """Return how many warps find something to do at a time."""
    n_slots = int(partitions.n_slots.sum())
    return max(n_slots // 32, _SPIKES_AT_ONCE * max(i.most for i in items))


def _pieces(n_synapses: int) -> int:
    """Pieces of a row of this length."""
    return -(-n_synapses // PIECE)


def _items(
    tables: list[tuple[TablePlan, int, int]], n_populations: int, n_partitions: int
) -> Items:
    """Items of tables, each a plan, its number and the length of its longest row."""
    rows: list[NDArray[np.int64]] = [np.empty((0, 4), np.int64)]
    for plan, number, longest in tables:
        n = _pieces(longest)
        grid = np.indices((n_partitions, n)).reshape(2, -1)
        columns = [np.full(grid.shape[1], plan.source), np.full(grid.shape[1], number), *grid]
        rows.append(np.stack(columns, axis=1))
    table = np.concatenate(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    start = np.searchsorted(table[:, 0], np.arange(n_populations + 1)).astype(np.int64)
    columns = [np.ascontiguousarray(table[:, k], np.int32) for k in (1, 2, 3)]
    return Items(max(int(np.diff(start).max(initial=0)), 1), start, *columns)
