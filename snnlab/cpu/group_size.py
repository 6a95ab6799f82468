"""How many delays at a time: the size of delay groups, from the caches that they are made for."""

from __future__ import annotations

import math

from snnlab.arrays.assemble import Shape
from snnlab.build.connect import Connections
from snnlab.build.layout import Partitions
from snnlab.build.storage import PLASTIC

__all__ = ["group_steps", "steps_for"]

AT_ONCE_BYTES = 2**20
"""A ring up to this size stays in the cache of a core, so spikes go to all delays at once."""

GROUP_SYNAPSES = 64
"""Synapses that a spike should find in a group, on average: what it costs to go to a row again."""


def group_steps(connections: Connections, partitions: Partitions, sizes: Shape) -> int:
    """Return how many delays of a row are delivered at a time; 0: all at once.

    Parameters
    ----------
    connections : Connections
    partitions : Partitions
    sizes : Shape
        Its own `group_steps` is not looked at.

    Returns
    -------
    int
        A power of two, or 0 where grouping brings nothing: the whole ring stays in the cache, a
        ring for the near future would be half as long at least, there are no drawn delays, or
        there are plastic synapses, which deliver at once.
    """
    synapses = segments = 0
    for k, plan in enumerate(connections.plans):
        if plan.kind == PLASTIC or k in connections.row_stop:
            return 0
        if connections.n_delays(k) > 1:
            synapses += connections.n_in_table(k)
            segments += connections.segment_ends[k].size
    return steps_for(synapses, segments, partitions, sizes)


def steps_for(synapses: float, segments: int, partitions: Partitions, sizes: Shape) -> int:
    """Return how many delays are delivered at a time for so many synapses with drawn delays.

    Parameters
    ----------
    synapses : float
    segments : int
        Parts of rows with one delay each, in which they lie.
    partitions : Partitions
    sizes : Shape
    """
    largest = int(partitions.n_slots.max(initial=0))
    ring_bytes = 4 * sizes.ring_slots * sizes.max_ports * largest
    if ring_bytes <= AT_ONCE_BYTES or not synapses:
        return 0
    steps: int = 2 ** max(math.ceil(math.log2(GROUP_SYNAPSES * segments / synapses)), 0)
    return steps if 2 * (sizes.chunk_steps + steps) <= sizes.ring_slots else 0
