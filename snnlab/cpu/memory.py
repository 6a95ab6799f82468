"""Allocating what the compiled loop of the CPU changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snnlab.arrays.assemble import Shape
from snnlab.arrays.kernel import NeuronKernel
from snnlab.arrays.program import Program
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.cpu.program import HORIZON, QUEUED, RING_UNTIL, Memory, Record

__all__ = ["WRITTEN_FIRST", "empty_lists", "memory", "memory_shapes", "record"]

_CACHE_LINE = 64
_QUEUE_CAPACITY = 2**14
"""Spikes under way that a partition can hold with cursors: ten times the full microcircuit's."""
_RECORD_CAPACITY = 2**20
WRITTEN_FIRST = ("queue", "spike_slot", "spike_step")
"""Arrays of which nothing is read before it was written: they take memory as they fill."""


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
    words = [kernel.n_words for kernel in kernels]
    n_params = sum(len(kernel.parameter_names) for kernel in kernels)
    wanted = memory_shapes(layout, partitions, words, n_params, sizes, dtype, n_ranks)
    arrays = {
        name: (np.empty if name in WRITTEN_FIRST else np.zeros)(shape, kind)
        for name, (shape, kind) in wanted.items()
    }
    return Memory(**arrays)


def memory_shapes(
    layout: Layout,
    partitions: Partitions,
    words: Sequence[int],
    n_params: int,
    sizes: Shape,
    dtype: np.dtype[np.floating],
    n_ranks: int = 1,
) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Return shape and type of each array of `Memory`.

    Parameters
    ----------
    layout : Layout
    partitions : Partitions
    words : sequence of int
        Reals of a neuron of each population.
    n_params : int
        Numbers that are the same for all neurons of a population, of all populations.
    sizes : Shape
    dtype : dtype
        Of the state.
    n_ranks : int
    """
    n = partitions.n
    n_lists = n + (n_ranks > 1)
    owned = slice(*partitions.bounds[[0, -1]])
    n_state = int((np.array(words, np.int64)[layout.block_population[owned]] * BLOCK).sum())
    n_slot = int(partitions.n_slots.sum()) * sizes.max_ports
    n_near, n_queue = (n_slot * sizes.input_slots, _QUEUE_CAPACITY) if sizes.group_steps else (0, 0)
    capacity = int(partitions.n_slots.max(initial=0)) * sizes.chunk_steps
    padding, line = _CACHE_LINE // 4, _CACHE_LINE // 8
    int32, int64, uint32 = np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.uint32)
    return {
        "state": ((n_state,), dtype),
        "params": ((max(n_params, 1),), dtype),
        "ring": ((n_slot * sizes.ring_slots,), int32),
        "near": ((n_near,), int32),
        "queue": ((n, n_queue, line), int64),
        "groups": ((n, line), int64),
        "spike_slot": ((2, n_lists, capacity), int32),
        "spike_step": ((2, n_lists, capacity), int64),
        "spike_start": ((2, n_lists, len(layout.sizes) + 1), int64),
        "event_next": ((n,), int64),
        "input": ((n, sizes.max_ports * BLOCK + padding), dtype),
        "words": ((n, BLOCK + padding), uint32),
        "counts": ((n, BLOCK + padding), int32),
        "fired": ((n, BLOCK + _CACHE_LINE), np.dtype(np.uint8)),
        "random": ((n, 4 + padding), uint32),
        "suspects": ((n, line), int64),
    }


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
