"""What the loop on the device reads and changes besides what all engines have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCKS_AT_ONCE", "BLOCKS_WITH_PLASTICITY", "COUNTERS", "N_CALL", "N_COUNTERS",
    "N_OUTCOME", "PHASES", "PIECE", "THREADS", "Held", "HostState", "Items", "Work",
]  # fmt: skip

THREADS = 256
"""Threads of a block of the loop."""

BLOCKS_AT_ONCE, BLOCKS_WITH_PLASTICITY = 3, 2
"""Blocks of the loop that a multiprocessor should hold at least, so that some work while others
wait for memory; more would leave a thread too few registers, the more so with plasticity."""

PIECE = 128
"""Synapses of a row that one warp deals with at a time."""

_CACHE_LINE = 16
"""Counters of 8 bytes that lie in one cache line of a GPU."""

COUNTERS = {
    name: k * _CACHE_LINE
    for k, name in enumerate(("RECORDED", "SUSPECTS", "MUST_SWEEP", "NEEDS_ROOM"))
}
"""Name -> index in `Held.counters`, a cache line apart.

RECORDED : entries of the record
SUSPECTS : implausible state variables that the last look found
MUST_SWEEP : whether a history would forget a spike that some row has not seen
NEEDS_ROOM : whether a rewiring has no room in a row or among the events
"""

N_COUNTERS = len(COUNTERS) * _CACHE_LINE

N_CALL, N_OUTCOME = 8, 7
"""Words of ``Call`` and, before the ticks of each phase, of ``Outcome``; see ``loop.cu``."""

PHASES = ("deliver", "plasticity", "update", "rewire")
"""What the ticks of a launch are told apart by."""


class HostState(NamedTuple):
    """The copy on the host of what changes from step to step; see `snnlab.arrays.program.State`.

    It is what the device has only after it was collected.
    """

    state: NDArray[np.floating]
    params: NDArray[np.floating]
    ring: NDArray[np.int32]
    event_next: NDArray[np.int64]


class Held(NamedTuple):
    """Everything on the device that changes from step to step.

    Parameters
    ----------
    state, params, ring, event_next : see `snnlab.arrays.program.State`
    spike_slot : (2 * capacity,) int32
    spike_start : (2 * capacity,) int64
    spike_steps : (2 * capacity,) uint64
        The record, in two halves: neurons that fired, the first step of the chunk in which they
        did, and in which of its steps, bit by bit.
    counters : (n,) uint64
        See `COUNTERS`.
    barrier : (2,) uint32
        Where the blocks of a launch meet.
    """

    state: NDArray[np.floating]
    params: NDArray[np.floating]
    ring: NDArray[np.int32]
    event_next: NDArray[np.int64]
    spike_slot: NDArray[np.int32]
    spike_start: NDArray[np.int64]
    spike_steps: NDArray[np.uint64]
    counters: NDArray[np.uint64]
    barrier: NDArray[np.uint32]


class Work(NamedTuple):
    """How the work is shared out; constant while the structure stays.

    Parameters
    ----------
    n_partitions, n_populations : int
    first_block, n_blocks : int
        The blocks that are computed here; all, unless ranks hold the network together.
    chunk_steps : int
        Steps between deliveries.
    capacity : int
        Entries of one half of the record.
    max_states : int
        Columns of `Program.low`.
    n_plastic : int
        Plastic projections.
    has_every_step : int
        Whether a rule changes synapses in every step.
    n_rewirings : int
    most_events : int
        Synapses formed and removed in a partition that are held until the host takes them.
    most_tried : int
        Pairs that partitions look at between two meetings, where a rule replaces synapses.
    block_partition : (n,) int64
        Partition of each block of the network; -1: it is on another rank.
    plastic_pieces : (n_plastic,) int64
        Pieces of the longest row of each plastic projection.
    """

    n_partitions: int
    n_populations: int
    first_block: int
    n_blocks: int
    chunk_steps: int
    capacity: int
    max_states: int
    n_plastic: int
    has_every_step: int
    n_rewirings: int
    most_events: int
    most_tried: int
    block_partition: NDArray[np.int64]
    plastic_pieces: NDArray[np.int64]


class Items(NamedTuple):
    """What a spike of each population gives to do: pieces of its rows.

    Parameters
    ----------
    most : int
        Of the population with the most; at least 1.
    start : (n_populations + 1,) int64
        Where each population's items begin.
    table, partition, piece : (n_items,) int32
        Synapse table (or number of the plastic projection), partition, piece of the row.
    """

    most: int
    start: NDArray[np.int64]
    table: NDArray[np.int32]
    partition: NDArray[np.int32]
    piece: NDArray[np.int32]
