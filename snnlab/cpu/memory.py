"""Allocating what the compiled loop of the CPU changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnlab.arrays.assemble import Shape
from snnlab.arrays.kernel import NeuronKernel
from snnlab.arrays.program import Program
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.cpu.program import HORIZON, QUEUED, RING_UNTIL, Memory, Record

__all__ = ["empty_lists", "memory", "record"]

_CACHE_LINE = 64
_QUEUE_CAPACITY = 2**14
"""Spikes under way that a partition can hold with cursors: ten times the full microcircuit's."""
_RECORD_CAPACITY = 2**20


def memory(
    where: Program,
    layout: Layout,
    partitions: Partitions,
    kernels: Sequence[NeuronKernel],
    sizes: Shape,
    dtype: np.dtype[np.floating],
    n_ranks: int = 1,
) -> Memory:
    """Allocate what changes from step to step; rings and lists are empty."""
    n = partitions.n
    n_lists = n + (n_ranks > 1)
    words = np.array([kernel.n_words for kernel in kernels], np.int64)
    owned = slice(*partitions.bounds[[0, -1]])
    n_state = int((words[layout.block_population[owned]] * BLOCK).sum())
    n_slot = int(partitions.n_slots.sum()) * sizes.max_ports
    n_near, n_queue = (n_slot * sizes.input_slots, _QUEUE_CAPACITY) if sizes.group_steps else (0, 0)
    capacity = int(partitions.n_slots.max(initial=0)) * sizes.chunk_steps
    padding = _CACHE_LINE // 4
    n_params = sum(len(kernel.parameter_names) for kernel in kernels)
    return Memory(
        state=np.zeros(n_state, dtype),
        params=np.zeros(max(n_params, 1), dtype),
        ring=np.zeros(n_slot * sizes.ring_slots, np.int32),
        near=np.zeros(n_near, np.int32),
        queue=np.empty((n, n_queue, _CACHE_LINE // 8), np.int64),
        groups=np.zeros((n, _CACHE_LINE // 8), np.int64),
        spike_slot=np.empty((2, n_lists, capacity), np.int32),
        spike_step=np.empty((2, n_lists, capacity), np.int64),
        spike_start=np.zeros((2, n_lists, len(layout.sizes) + 1), np.int64),
        event_next=np.zeros(n, np.int64),
        input=np.zeros((n, sizes.max_ports * BLOCK + padding), dtype),
        words=np.zeros((n, BLOCK + padding), np.uint32),
        counts=np.zeros((n, BLOCK + padding), np.int32),
        fired=np.zeros((n, BLOCK + _CACHE_LINE), np.uint8),
        random=np.zeros((n, 4 + padding), np.uint32),
        suspects=np.zeros((n, _CACHE_LINE // 8), np.int64),
    )


def record(partitions: Partitions, sizes: Shape) -> Record:
    """Allocate the record of one call of the loop: at least two chunks in which all fire."""
    most = np.maximum(_RECORD_CAPACITY // partitions.n, 2 * sizes.chunk_steps * partitions.n_slots)
    first = np.concatenate([[0], np.cumsum(most)])
    return Record(
        step=np.empty(first[-1], np.int32),
        slot=np.empty(first[-1], np.int32),
        first=first,
        notes=np.zeros((2, partitions.n, _CACHE_LINE // 8), np.int64),
    )


def empty_lists(memory: Memory, step: int, ring_slots: int) -> None:
    """Forget all spikes that are still to be delivered; the long ring alone holds input."""
    memory.spike_start[:] = 0
    memory.near[:] = 0
    memory.groups[:, QUEUED] = 0
    memory.groups[:, HORIZON] = step
    memory.groups[:, RING_UNTIL] = step + ring_slots
