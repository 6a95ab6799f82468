"""Compiled collective exchange: everybody gets all spikes, as many words from each rank."""

from __future__ import annotations

from numba import int64, njit, uint64

from snnlab.cpu.exchange import (
    ALL_STATE,
    ARRIVED,
    BYTES,
    CALM,
    CHUNK,
    IALLGATHER,
    PATIENCE,
    START,
    UNDER_WAY,
    WAIT_FOR,
    WAITS_FOR_MEMORY,
    WORD,
    WORLD,
)
from snnlab.cpu.packing import n_words, put
from snnlab.rules.call import call_rule

__all__ = ["begin_all", "finish_all", "judge_all", "post_all", "sent_to_all"]

_FEWEST = 8
"""Words of each rank at least: a cache line."""


@njit(error_model="numpy", inline="always")
def begin_all(exchange):  # type: ignore[no-untyped-def]
    """Take fewer words after a while in which few were needed; all ranks see the same numbers."""
    if exchange.notes[CALM] >= PATIENCE:
        exchange.size[0] //= 2
        exchange.notes[CALM] = 0


@njit(error_model="numpy", cache=True)
def _pack(program, memory, exchange, size):  # type: ignore[no-untyped-def]
    """Write own spikes behind the first word, as long as there is room; return their number."""
    chunk, start = exchange.notes[CHUNK], exchange.notes[START]
    n, step_bits = int64(0), uint64(exchange.step_bits)
    bits = exchange.all_bits[exchange.rank] + exchange.step_bits
    words, first_slot = exchange.all_send[1:], exchange.first_slot[exchange.rank]
    room = 64 * (size - 1)
    for q in range(program.bounds.size - 1):
        slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]):
            place = int64(slots[s]) - first_slot
            if exchange.told_all[place]:
                if (n + 1) * bits <= room:
                    value = (uint64(place) << step_bits) | uint64(steps[s] - start)
                    put(words, n * bits, bits, value)
                n += 1
    return n


@njit(error_model="numpy", inline="always")
def sent_to_all(exchange):  # type: ignore[no-untyped-def]
    """Note that own words are on their way to everybody."""
    exchange.notes[BYTES] += 8 * exchange.size[0] * (exchange.n_ranks - 1)
    exchange.notes[ALL_STATE] = UNDER_WAY


@njit(error_model="numpy", cache=True)
def post_all(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Begin to send own spikes to everybody, or their number alone where they do not fit."""
    size = exchange.size[0]
    exchange.all_send[0] = uint64(_pack(program, memory, exchange, size))
    call_rule(
        exchange.calls[IALLGATHER],
        (exchange.all_send, size, exchange.calls[WORD], exchange.all_receive, size,
         exchange.calls[WORD], exchange.calls[WORLD], exchange.requests),
    )  # fmt: skip
    sent_to_all(exchange)


@njit(error_model="numpy", cache=True)
def _words_needed(exchange):  # type: ignore[no-untyped-def]
    """Words of the rank that has most spikes."""
    largest = int64(1)
    for r in range(exchange.n_ranks):
        bits = exchange.all_bits[r] + exchange.step_bits
        largest = max(largest, 1 + n_words(exchange.n_all[r], bits))
    return largest


@njit(error_model="numpy", cache=True)
def judge_all(exchange):  # type: ignore[no-untyped-def]
    """Look at the numbers in `n_all`: all has come, or is asked for again in more words.

    All ranks see the same numbers, so that all of them ask again or none.
    """
    largest = _words_needed(exchange)
    if largest <= exchange.size[0]:
        is_calm = 4 * largest <= exchange.size[0] and exchange.size[0] > _FEWEST
        exchange.notes[CALM] = exchange.notes[CALM] + 1 if is_calm else 0
        exchange.notes[ALL_STATE] = ARRIVED
        return
    while exchange.size[0] < largest:
        exchange.size[0] *= 2
    exchange.notes[ALL_STATE] = WAITS_FOR_MEMORY


@njit(error_model="numpy", cache=True)
def finish_all(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Wait for the spikes of all ranks; again with more words if those of a rank did not fit."""
    while True:
        size = exchange.size[0]
        if exchange.notes[ALL_STATE] == UNDER_WAY:
            call_rule(exchange.calls[WAIT_FOR], (exchange.requests, exchange.status))
            for r in range(exchange.n_ranks):
                exchange.n_all[r] = int64(exchange.all_receive[r * size])
            judge_all(exchange)
            if exchange.notes[ALL_STATE] == ARRIVED:
                return
            size = exchange.size[0]
        if size > exchange.all_send.size or size * exchange.n_ranks > exchange.all_receive.size:
            return
        post_all(program, memory, exchange)
