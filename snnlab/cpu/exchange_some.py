"""Compiled exchange point to point: each neighbour gets the spikes that have targets there.

One message goes to each neighbour, as long as its spikes are; it begins with their number. Both
sides know for how many words there is room: where more is to come, the number goes alone, and the
spikes follow when both have made room.
"""

from __future__ import annotations

from numba import int64, njit, uint64

from snnlab.build.layout import BLOCK
from snnlab.cpu.exchange import (
    ARRIVED,
    BYTES,
    CHUNK,
    IN_END,
    IRECV,
    ISEND,
    OUT_END,
    PATIENCE,
    SOME_STATE,
    START,
    UNDER_WAY,
    WAIT_FOR,
    WAITS_FOR_MEMORY,
    WORD,
    WORLD,
)
from snnlab.cpu.lowest_bit import lowest_bit
from snnlab.cpu.packing import n_words, put
from snnlab.rules.call import call_rule

__all__ = [
    "begin_some", "finish_some", "judge_some", "post_some", "receive_some", "send_some",
    "shrink_some", "wait_some",
]  # fmt: skip

_FEWEST = 8
"""Words of a neighbour at least: a cache line."""

_TAG = 7
"""Of the messages; nothing else is sent from rank to rank over this communicator."""


@njit(error_model="numpy", cache=True)
def _shrink(room, calm):  # type: ignore[no-untyped-def]
    for k in range(room.size):
        if calm[k] >= PATIENCE:
            room[k] //= 2
            calm[k] = 0


@njit(error_model="numpy", inline="always")
def shrink_some(exchange):  # type: ignore[no-untyped-def]
    """Take less room for neighbours that have needed little for a while, as they do for this one.

    Words stay where they are.
    """
    _shrink(exchange.in_room, exchange.in_calm)
    _shrink(exchange.out_room, exchange.out_calm)


@njit(error_model="numpy", inline="always")
def begin_some(exchange):  # type: ignore[no-untyped-def]
    """Let all neighbours wait for spikes."""
    exchange.in_waits[:] = 1
    exchange.out_waits[:] = 1


@njit(error_model="numpy", inline="always")
def _add(exchange, j, place, step):  # type: ignore[no-untyped-def]
    """Write a spike for neighbour j if it waits and there is room; count it."""
    if exchange.out_waits[j]:
        exchange.n_out[j] += 1
        at, bits = exchange.cursor[j], exchange.out_bits[j] + exchange.step_bits
        if at + bits <= 64 * exchange.out_room[j]:
            value = (place << uint64(exchange.step_bits)) | step
            put(exchange.some_send[exchange.out_first[j] :], at, bits, value)
            exchange.cursor[j] = at + bits


@njit(error_model="numpy", cache=True)
def _pack(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Write the spikes for each neighbour that waits, while there is room; first their number."""
    chunk, start = exchange.notes[CHUNK], exchange.notes[START]
    for j in range(exchange.n_out.size):
        if exchange.out_waits[j]:
            exchange.n_out[j], exchange.cursor[j] = 0, 64
    first = program.bounds[0] * BLOCK
    for q in range(program.bounds.size - 1):
        slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]):
            own, step = int64(slots[s]) - first, uint64(steps[s] - start)
            for k in range(exchange.target_start[own], exchange.target_start[own + 1]):
                _add(exchange, exchange.target[k], uint64(exchange.place[k]), step)
            for w in range(exchange.marks.shape[1]):
                left = exchange.marks[own, w]
                while left != uint64(0):
                    _add(exchange, exchange.marked[64 * w + lowest_bit(left)], uint64(own), step)
                    left &= left - uint64(1)
    for j in range(exchange.n_out.size):
        if exchange.out_waits[j]:
            exchange.some_send[exchange.out_first[j]] = uint64(exchange.n_out[j])


@njit(error_model="numpy", inline="always")
def _n_needed(n, bits, exchange):  # type: ignore[no-untyped-def]
    """Words of a message with so many spikes."""
    return 1 + n_words(n, bits + exchange.step_bits)


@njit(error_model="numpy", cache=True)
def receive_some(exchange):  # type: ignore[no-untyped-def]
    """Begin to receive words from the neighbours that are waited for."""
    calls = exchange.calls
    for k in range(exchange.n_in.size):
        if exchange.in_waits[k]:
            call_rule(
                calls[IRECV],
                (exchange.some_receive[exchange.in_first[k] :], exchange.in_room[k], calls[WORD],
                 exchange.senders[k], int64(_TAG), calls[WORLD], exchange.requests[1 + k :]),
            )  # fmt: skip


@njit(error_model="numpy", cache=True)
def send_some(exchange):  # type: ignore[no-untyped-def]
    """Begin to send neighbours that wait `n_out` spikes, or their number where they do not fit."""
    calls, n_in = exchange.calls, exchange.n_in.size
    for j in range(exchange.n_out.size):
        if exchange.out_waits[j]:
            needed = _n_needed(exchange.n_out[j], exchange.out_bits[j], exchange)
            n = needed if needed <= exchange.out_room[j] else int64(1)
            call_rule(
                calls[ISEND],
                (exchange.some_send[exchange.out_first[j] :], n, calls[WORD],
                 exchange.receivers[j], int64(_TAG), calls[WORLD],
                 exchange.requests[1 + n_in + j :]),
            )  # fmt: skip
            exchange.notes[BYTES] += 8 * n
    exchange.notes[SOME_STATE] = UNDER_WAY


@njit(error_model="numpy", cache=True)
def post_some(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Begin to exchange spikes with the neighbours that wait for them."""
    receive_some(exchange)
    _pack(program, memory, exchange)
    send_some(exchange)


@njit(error_model="numpy", cache=True)
def wait_some(exchange):  # type: ignore[no-untyped-def]
    """Wait for what is under way."""
    n_in = exchange.n_in.size
    for k in range(n_in):
        if exchange.in_waits[k]:
            call_rule(exchange.calls[WAIT_FOR], (exchange.requests[1 + k :], exchange.status))
    for j in range(exchange.n_out.size):
        if exchange.out_waits[j]:
            request = exchange.requests[1 + n_in + j :]
            call_rule(exchange.calls[WAIT_FOR], (request, exchange.status))


@njit(error_model="numpy", cache=True)
def _make_room(waits, first, room, calm, k, needed, end):  # type: ignore[no-untyped-def]
    """Stop waiting for a neighbour, or give it a place with more room; return where places end."""
    if needed <= room[k]:
        waits[k] = 0
        calm[k] = calm[k] + 1 if 4 * needed <= room[k] and room[k] > _FEWEST else 0
        return end
    while room[k] < needed:
        room[k] *= 2
    first[k] = end
    return end + room[k]


@njit(error_model="numpy", cache=True)
def judge_some(exchange):  # type: ignore[no-untyped-def]
    """Look at the numbers in `n_in` and `n_out`; note who is asked again, and the memory for it."""
    notes = exchange.notes
    for k in range(exchange.n_in.size):
        if exchange.in_waits[k]:
            needed = _n_needed(exchange.n_in[k], exchange.in_bits[k], exchange)
            notes[IN_END] = _make_room(
                exchange.in_waits, exchange.in_first, exchange.in_room, exchange.in_calm, k,
                needed, notes[IN_END],
            )  # fmt: skip
    for j in range(exchange.n_out.size):
        if exchange.out_waits[j]:
            needed = _n_needed(exchange.n_out[j], exchange.out_bits[j], exchange)
            notes[OUT_END] = _make_room(
                exchange.out_waits, exchange.out_first, exchange.out_room, exchange.out_calm, j,
                needed, notes[OUT_END],
            )  # fmt: skip
    is_left = exchange.in_waits.any() or exchange.out_waits.any()
    notes[SOME_STATE] = WAITS_FOR_MEMORY if is_left else ARRIVED


@njit(error_model="numpy", cache=True)
def finish_some(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Wait for the spikes of all neighbours; ask those again whose spikes did not fit."""
    notes = exchange.notes
    while True:
        if notes[SOME_STATE] == UNDER_WAY:
            wait_some(exchange)
            for k in range(exchange.n_in.size):
                if exchange.in_waits[k]:
                    exchange.n_in[k] = int64(exchange.some_receive[exchange.in_first[k]])
            judge_some(exchange)
            if notes[SOME_STATE] == ARRIVED:
                return
        if notes[IN_END] > exchange.some_receive.size or notes[OUT_END] > exchange.some_send.size:
            return
        post_some(program, memory, exchange)
