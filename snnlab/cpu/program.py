"""What the compiled loop of the CPU changes: flat arrays with one name each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snnlab.rules.lend import Lent

__all__ = [
    "HORIZON",
    "QUEUED",
    "RECORDED",
    "RING_UNTIL",
    "SUSPECTS",
    "Lendings",
    "Memory",
    "Parts",
    "Record",
    "SpikeLists",
]

QUEUED, HORIZON, RING_UNTIL = range(3)
"""Columns of `Memory.groups`."""

RECORDED, SUSPECTS = range(2)
"""Columns of `Record.notes`."""


class Memory(NamedTuple):
    """Everything that changes from step to step.

    Parameters
    ----------
    state : flat real
        Block by block, word by word, lane by lane.
    params : flat real
        Scalar parameters of each population's kernel.
    ring : flat int32
        Input that is still to arrive [fixed point].
    near : flat int32
        Input that arrives soon, if there are groups of delays [fixed point].
    queue : (n_partitions, capacity, 8) int64
        Spikes that have not been delivered to all their delays; see `snnlab.cpu.groups`.
    groups : (n_partitions, 8) int64
        Spikes in the queue; step before which all their input is in the near ring; step from which
        the ring holds no more input; a cache line apart.
    spike_slot, spike_step : (2, n_lists, capacity) int32, int64
        Spikes of the chunk that is delivered and of the one that is computed: a list of each
        partition, and one of what came from other ranks, if there are any.
    spike_start : (2, n_lists, n_populations + 1) int64
        Where each population's spikes begin in these lists.
    event_next : (n_partitions,) int64
        First given spike that has not been put into the ring.
    input : (n_partitions, max_ports * BLOCK) real
    words : (n_partitions, BLOCK) uint32
    counts : (n_partitions, BLOCK) int32
    fired : (n_partitions, BLOCK) uint8
    random : (n_partitions, 4) uint32
        Scratch of each partition, a cache line apart.
    suspects : (n_partitions, 8) int64
        Implausible state variables that the last look found, a cache line apart.
    """

    state: NDArray[np.floating]
    params: NDArray[np.floating]
    ring: NDArray[np.int32]
    near: NDArray[np.int32]
    queue: NDArray[np.int64]
    groups: NDArray[np.int64]
    spike_slot: NDArray[np.int32]
    spike_step: NDArray[np.int64]
    spike_start: NDArray[np.int64]
    event_next: NDArray[np.int64]
    input: NDArray[np.floating]
    words: NDArray[np.uint32]
    counts: NDArray[np.int32]
    fired: NDArray[np.uint8]
    random: NDArray[np.uint32]
    suspects: NDArray[np.int64]


class SpikeLists(NamedTuple):
    """The spikes of a chunk where all else is on another device; see `Memory`.

    Parameters
    ----------
    spike_slot, spike_step : (1, 2, capacity) int32, int64
        Those of this rank, and those of others.
    spike_start : (1, 2, n_populations + 1) int64
    """

    spike_slot: NDArray[np.int32]
    spike_step: NDArray[np.int64]
    spike_start: NDArray[np.int64]


class Record(NamedTuple):
    """The spikes of one call of the loop, those of each partition together.

    Parameters
    ----------
    step, slot : flat int32
        Step since the start of the call, slot.
    first : (n_partitions + 1,) int64
        Where each partition's part begins.
    notes : (2, n_partitions, 8) int64
        Spikes in each part; implausible states that the last look found. In turn: those of one
        chunk are read while those of the next are written. A cache line apart.
    """

    step: NDArray[np.int32]
    slot: NDArray[np.int32]
    first: NDArray[np.int64]
    notes: NDArray[np.int64]


class Parts(NamedTuple):
    """Addresses of the parts of the loop, see `snnlab.cpu.part`; 0: the network does not need it.

    Parameters
    ----------
    update, deliver, deliver_groups, add_far_input, deliver_all, plasticity, rewire, replace : int
        Of the functions with these names.
    begin_exchange, finish_exchange : int
        Of those of `snnlab.cpu.exchange_spikes`.
    """

    update: int
    deliver: int
    deliver_groups: int
    add_far_input: int
    deliver_all: int
    plasticity: int
    rewire: int
    replace: int
    begin_exchange: int
    finish_exchange: int


class Lendings(NamedTuple):
    """The arrays of a network as compiled code takes them; see `snnlab.rules.lend`."""

    program: Lent
    synapses: Lent
    plastic: Lent
    rewirings: Lent
    drive: Lent
    memory: Lent
    record: Lent
    exchange: Lent
    parts: Lent
