"""Compiled delivery: the spikes of the last chunk go along their rows into the rings.

Each thread delivers all spikes, but only to the targets that it owns, so there are no atomics; sums
are integers, so the order of the spikes does not matter.
"""

from __future__ import annotations

from numba import int32, int64, njit, uint32, uint64

from snnlab.build.layout import BLOCK
from snnlab.build.storage import PACKED, PLASTIC, SHARED
from snnlab.cpu.part import part
from snnlab.cpu.prefetch import prefetch
from snnlab.cpu.rows import row_start, rows_of

__all__ = ["add_segment", "deliver"]

_AHEAD = 2
"""Spikes between the prefetch of a row and its use."""

_LINES = 4
"""Cache lines of a row that are fetched ahead; the hardware follows from there."""


@njit(error_model="numpy", inline="always")
def add_segment(ring, base, synapses, kind, weight, shift, start, end):  # type: ignore[no-untyped-def]
    """Add the synapses ``start ... end`` of one row to one slot and port of the ring."""
    at = uint64(base)
    if kind == PACKED:
        for e in range(uint64(start), uint64(end)):
            word = synapses.packed[e]
            ring[at + uint64(word & uint32(0xFFFF))] += (int32(word) >> int32(16)) << shift
    elif kind == SHARED:
        for e in range(uint64(start), uint64(end)):
            ring[at + uint64(synapses.targets[e])] += weight
    else:
        for e in range(uint64(start), uint64(end)):
            ring[at + uint64(synapses.targets[e])] += synapses.wide[e]


@njit(error_model="numpy", inline="always")
def _prefetch_row(synapses, kind, start):  # type: ignore[no-untyped-def]
    if kind == PACKED:
        for line in range(_LINES):
            prefetch(synapses.packed, start + 16 * line)
    else:
        for line in range(_LINES):
            prefetch(synapses.targets, start + 32 * line)


@njit(error_model="numpy", inline="always")
def _deliver_list(  # type: ignore[no-untyped-def]
    program, synapses, ring, k, p, slots, steps, first, last
):
    """Deliver one partition's spikes ``first ... last`` of one source population."""
    source, kind, port = synapses.table[k, 0], synapses.table[k, 1], synapses.table[k, 2]
    weight, shift = int32(synapses.table[k, 3]), int32(synapses.table[k, 4])
    first_delay, n_delays = synapses.table[k, 5], synapses.table[k, 6]
    n_rows = synapses.table[k, 7]
    rows, stops = rows_of(synapses, k, p)
    ends_base = synapses.table[k, 9] + p * n_rows * n_delays
    n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    port_base = program.ring_offset[p] + port * n_local
    slot_stride = program.max_ports * n_local
    first_slot = program.first_slot[source]
    for s in range(first, last):
        if s + _AHEAD < last:
            ahead = int64(slots[s + _AHEAD]) - first_slot
            _prefetch_row(synapses, kind, row_start(synapses, rows, ahead))
            if n_delays > 1:
                prefetch(synapses.segment_ends, ends_base + ahead * n_delays)
        row = int64(slots[s]) - first_slot
        start, end = row_start(synapses, rows, row), row_start(synapses, stops, row)
        ring_slot = (steps[s] + first_delay) % program.ring_slots
        if n_delays == 1:
            base = port_base + ring_slot * slot_stride
            add_segment(ring, base, synapses, kind, weight, shift, start, end)
            continue
        ends = ends_base + row * n_delays
        e = start
        for d in range(n_delays):
            z = start + int64(synapses.segment_ends[ends + d])
            base = port_base + ring_slot * slot_stride
            add_segment(ring, base, synapses, kind, weight, shift, e, z)
            e = z
            ring_slot += 1
            if ring_slot == program.ring_slots:
                ring_slot = int64(0)


@part
def deliver(program, synapses, memory, p, chunk, first_list, stop_list):  # type: ignore[no-untyped-def]
    """Deliver spikes of list `chunk` (0 or 1) along the static rows of partition `p`.

    Those of the partitions ``first_list ... stop_list - 1``; after the last come other ranks.
    """
    for k in range(synapses.table.shape[0]):
        source = synapses.table[k, 0]
        if synapses.table[k, 1] == PLASTIC:
            continue
        for q in range(first_list, stop_list):
            first = memory.spike_start[chunk, q, source]
            last = memory.spike_start[chunk, q, source + 1]
            if first < last:
                _deliver_list(
                    program,
                    synapses,
                    memory.ring,
                    k,
                    p,
                    memory.spike_slot[chunk, q],
                    memory.spike_step[chunk, q],
                    first,
                    last,
                )
    return int64(0)
