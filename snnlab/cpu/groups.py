"""Compiled delivery in groups of delays, for rings that no cache holds.

A row is ordered by delay. A spike waits in the queue of each partition with a cursor on its row,
which goes on only as far as input is due soon. All of that goes into a short ring, the near one,
which stays in the cache of the core. The long ring takes what comes from elsewhere, and everything
when a run is interrupted; it is added to the near ring just before the update. Sums are integers,
so that the order changes nothing.
"""

from __future__ import annotations

from numba import int32, int64, njit, uint64

from snnlab.build.layout import BLOCK
from snnlab.build.storage import PACKED
from snnlab.cpu.deliver import add_segment
from snnlab.cpu.part import part
from snnlab.cpu.prefetch import prefetch
from snnlab.cpu.program import HORIZON, QUEUED, RING_UNTIL
from snnlab.cpu.rows import row_start, rows_of

__all__ = ["add_far_input", "deliver_all", "deliver_groups"]

_START, _NEXT, _END, _ENDS_AT, _DUE, _LEFT, _TABLE = range(7)
"""Columns of the queue: a row's first synapse, the next to be delivered, the one after the last;
where its next segment's end stands, when that is due, segments left; the table of the row."""

_AHEAD = 8
"""Spikes between the prefetch of their synapses and the use."""

_LINES = 4
"""Cache lines of synapses that are fetched ahead; the hardware follows from there."""

_FOREVER = 2**62


@njit(error_model="numpy", inline="always")
def _prefetch_next(synapses, queue, i):  # type: ignore[no-untyped-def]
    e = queue[i, _NEXT]
    prefetch(synapses.segment_ends, queue[i, _ENDS_AT])
    if synapses.table[queue[i, _TABLE], 1] == PACKED:
        for line in range(_LINES):
            prefetch(synapses.packed, e + 16 * line)
    else:
        for line in range(_LINES):
            prefetch(synapses.targets, e + 32 * line)


@njit(error_model="numpy", inline="always")
def _go_on(synapses, ring, offset, n_slots, max_ports, n_local, queue, i, until):  # type: ignore[no-untyped-def]
    """Deliver what spike `i` of the queue brings before step `until`; True if there is more."""
    k = queue[i, _TABLE]
    kind, port = synapses.table[k, 1], synapses.table[k, 2]
    weight, shift = int32(synapses.table[k, 3]), int32(synapses.table[k, 4])
    start, e, end = queue[i, _START], queue[i, _NEXT], queue[i, _END]
    ends, due, left = queue[i, _ENDS_AT], queue[i, _DUE], queue[i, _LEFT]
    stride = max_ports * n_local
    slot = due % n_slots
    while left > 0 and due < until:
        left -= 1
        z = end if left == 0 else start + int64(synapses.segment_ends[ends])
        base = offset + slot * stride + port * n_local
        add_segment(ring, base, synapses, kind, weight, shift, e, z)
        e = z
        ends += 1
        due += 1
        slot += 1
        if slot == n_slots:
            slot = int64(0)
    queue[i, _NEXT], queue[i, _ENDS_AT], queue[i, _DUE], queue[i, _LEFT] = e, ends, due, left
    return e < end


@njit(error_model="numpy", cache=True)
def _go_on_all(  # type: ignore[no-untyped-def]
    synapses, ring, offset, n_slots, max_ports, n_local, queue, first, n, until
):
    """Go on with the spikes ``first ... n - 1``; return how many of all remain in the queue."""
    kept = first
    for i in range(first, n):
        if i + _AHEAD < n:
            _prefetch_next(synapses, queue, i + _AHEAD)
        if _go_on(synapses, ring, offset, n_slots, max_ports, n_local, queue, i, until):
            if kept < i:
                for column in range(_TABLE + 1):
                    queue[kept, column] = queue[i, column]
            kept += 1
    return kept


@njit(error_model="numpy", cache=True)
def _go_on_near(program, synapses, memory, p, first, n, until):  # type: ignore[no-untyped-def]
    n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    return _go_on_all(
        synapses, memory.near, program.input_offset[p], program.input_slots, program.max_ports,
        n_local, memory.queue[p], first, n, until,
    )  # fmt: skip


@njit(error_model="numpy", cache=True)
def _finish_far(program, synapses, memory, p, n, now):  # type: ignore[no-untyped-def]
    """Deliver all that the first `n` spikes of the queue still bring, into the long ring."""
    n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    _go_on_all(
        synapses, memory.ring, program.ring_offset[p], program.ring_slots, program.max_ports,
        n_local, memory.queue[p], 0, n, _FOREVER,
    )  # fmt: skip
    memory.groups[p, RING_UNTIL] = now + program.ring_slots


@njit(error_model="numpy", cache=True)
def _enqueue(program, synapses, memory, p, chunk, first_list, stop_list, now):  # type: ignore[no-untyped-def]
    """Put spikes of list `chunk` into the queue; return its length and the first new one.

    A queue that is full is emptied into the long ring.
    """
    queue = memory.queue[p]
    n = first_new = memory.groups[p, QUEUED]
    for k in range(synapses.table.shape[0]):
        source, n_delays, n_rows = (
            synapses.table[k, 0], synapses.table[k, 6], synapses.table[k, 7],
        )  # fmt: skip
        rows, stops = rows_of(synapses, k, p)
        ends_base = synapses.table[k, 9] + p * n_rows * n_delays
        for q in range(first_list, stop_list):
            slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
            for s in range(memory.spike_start[chunk, q, source],
                           memory.spike_start[chunk, q, source + 1]):  # fmt: skip
                row = int64(slots[s]) - program.first_slot[source]
                if n == queue.shape[0]:
                    _finish_far(program, synapses, memory, p, n, now)
                    n = first_new = int64(0)
                queue[n, _START] = queue[n, _NEXT] = row_start(synapses, rows, row)
                queue[n, _END] = row_start(synapses, stops, row)
                queue[n, _ENDS_AT] = ends_base + row * n_delays
                queue[n, _DUE] = steps[s] + synapses.table[k, 5]
                queue[n, _LEFT], queue[n, _TABLE] = n_delays, k
                n += 1
    return n, first_new


@part
def deliver_groups(  # type: ignore[no-untyped-def]
    program, synapses, memory, p, chunk, first_list, stop_list, now, stop
):
    """Deliver to partition `p` at least what is due before step `stop`.

    Parameters
    ----------
    program, synapses, memory : see `snnlab.cpu.program`
    p : int
        Partition.
    chunk : int
        Which spike list (0 or 1) holds the spikes of the last chunk.
    first_list, stop_list : int
        Those of these partitions; after the last come other ranks.
    now, stop : int
        Steps done; step before which the update is going to read. Old spikes go on only when the
        horizon must move, that is once in `group_steps`; new ones catch up with it.
    """
    n, first = _enqueue(program, synapses, memory, p, chunk, first_list, stop_list, now)
    horizon = memory.groups[p, HORIZON]
    if horizon < stop:
        first = int64(0)
        while horizon < stop:
            horizon += program.group_steps
    memory.groups[p, QUEUED] = _go_on_near(program, synapses, memory, p, first, n, horizon)
    memory.groups[p, HORIZON] = horizon
    return int64(0)


@njit(error_model="numpy", inline="always")
def _move(source, first, target, at, size):  # type: ignore[no-untyped-def]
    """Add `size` numbers of one ring to those of the other, and clear them."""
    for j in range(uint64(size)):
        target[uint64(at) + j] += source[uint64(first) + j]
        source[uint64(first) + j] = int32(0)


@part
def add_far_input(program, memory, p, now, stop):  # type: ignore[no-untyped-def]
    """Move what the long ring holds for the steps ``now ... stop - 1`` to the near one."""
    size = program.max_ports * (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    for step in range(now, min(stop, memory.groups[p, RING_UNTIL])):
        far = program.ring_offset[p] + step % program.ring_slots * size
        near = program.input_offset[p] + step % program.input_slots * size
        _move(memory.ring, far, memory.near, near, size)
    return int64(0)


@part
def deliver_all(program, synapses, memory, p, chunk, first_list, now):  # type: ignore[no-untyped-def]
    """Deliver everything from `first_list` on into the long ring: near one and queue are empty."""
    n, _ = _enqueue(
        program, synapses, memory, p, chunk, first_list, memory.spike_start.shape[1], now
    )
    _finish_far(program, synapses, memory, p, n, now)
    size = program.max_ports * (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    for step in range(now, memory.groups[p, HORIZON]):
        far = program.ring_offset[p] + step % program.ring_slots * size
        near = program.input_offset[p] + step % program.input_slots * size
        _move(memory.near, near, memory.ring, far, size)
    memory.groups[p, QUEUED], memory.groups[p, HORIZON] = 0, now
    return int64(0)
