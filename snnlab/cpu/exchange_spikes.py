"""Compiled exchange of spikes between ranks: begun when a chunk ends, finished when it is needed.

Between the two a rank delivers its own spikes. What arrives is one more list of spikes, ordered by
population like those of the partitions; from there on nothing knows where a spike came from.
"""

from __future__ import annotations

from numba import int64, njit, uint64

from snnlab.build.layout import BLOCK
from snnlab.cpu.exchange import (
    ALL_STATE,
    ARRIVED,
    CHUNK,
    COLLECTIVE,
    COMPLETE,
    POINT_TO_POINT,
    QUIET,
    SOME_STATE,
    SPIKES,
    STAGE,
    START,
    is_complete,
)
from snnlab.cpu.exchange_all import begin_all, finish_all, post_all
from snnlab.cpu.exchange_some import begin_some, finish_some, post_some, shrink_some
from snnlab.cpu.packing import get
from snnlab.cpu.part import part
from snnlab.rules.call import call_rule

__all__ = ["begin_exchange", "finish_exchange", "go_on"]

_BEGUN = COMPLETE + 1


@part
def begin_exchange(program, memory, exchange, chunk, start):  # type: ignore[no-untyped-def]
    """Begin to exchange the spikes of list `chunk`, all since step `start`. Returns 0."""
    notes = exchange.notes
    notes[STAGE], notes[CHUNK], notes[START] = _BEGUN, chunk, start
    if exchange.mode & POINT_TO_POINT:
        shrink_some(exchange)
        begin_some(exchange)
        post_some(program, memory, exchange)
    if exchange.mode & COLLECTIVE:
        begin_all(exchange)
        post_all(program, memory, exchange)
    return 0


@part
def finish_exchange(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Wait until an exchange is complete, from where an earlier call lacked memory for it.

    `Exchange.notes` says afterwards how far it is. Returns 0.
    """
    if not is_complete(exchange):
        if exchange.notes[ALL_STATE] != ARRIVED:
            finish_all(program, memory, exchange)
        if exchange.notes[SOME_STATE] != ARRIVED:
            finish_some(program, memory, exchange)
        if exchange.notes[ALL_STATE] == ARRIVED and exchange.notes[SOME_STATE] == ARRIVED:
            _unpack(program, memory, exchange)
    return 0


@njit(error_model="numpy", cache=True)
def go_on(parts, program, memory, exchange):  # type: ignore[no-untyped-def]
    """Go on with an exchange that lacked memory."""
    call_rule(parts.finish_exchange, (program, memory, exchange))


# --- what has arrived -----------------------------------------------------------------------------


@njit(error_model="numpy", inline="always")
def _arrived(exchange, k):  # type: ignore[no-untyped-def]
    """Spikes in list `k`, how many these are, and the bits of a place; none of one's own.

    The lists of all ranks come first, if there are any, then those of the neighbours.
    """
    n_all = exchange.all_bits.size
    if k < n_all:
        first = k * exchange.size[0]
        n = int64(0) if k == exchange.rank else int64(exchange.all_receive[first])
        return exchange.all_receive[first + 1 :], n, exchange.all_bits[k]
    i = k - n_all
    return exchange.some_receive[exchange.in_first[i] + 1 :], exchange.n_in[i], exchange.in_bits[i]


@njit(error_model="numpy", inline="always")
def _slot(exchange, k, place):  # type: ignore[no-untyped-def]
    n_all = exchange.all_bits.size
    if k < n_all:
        return exchange.first_slot[k] + place
    i = k - n_all
    first = exchange.list_start[i]
    if first == exchange.list_start[i + 1]:  # the list is that of all its slots
        return exchange.first_slot[exchange.senders[i]] + place
    return int64(exchange.list_slot[first + place])


@njit(error_model="numpy", cache=True)
def _unpack(program, memory, exchange):  # type: ignore[no-untyped-def]
    """List what has arrived by population; of each neuron in order of time."""
    chunk, start = exchange.notes[CHUNK], exchange.notes[START]
    n_lists = exchange.all_bits.size + exchange.n_in.size
    total = int64(0)
    for k in range(n_lists):
        total += _arrived(exchange, k)[1]
    q = program.bounds.size - 1
    slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
    exchange.notes[SPIKES] = total
    if total > slots.size:
        return
    exchange.notes[QUIET] = exchange.notes[QUIET] + 1 if 4 * total <= slots.size else 0
    ends = memory.spike_start[chunk, q]
    ends[:] = 0
    for k in range(n_lists):
        words, n, place_bits = _arrived(exchange, k)
        bits = place_bits + exchange.step_bits
        for s in range(n):
            place = int64(get(words, s * bits, bits) >> uint64(exchange.step_bits))
            ends[program.block_population[_slot(exchange, k, place) // BLOCK] + 1] += 1
    for population in range(1, ends.size):
        ends[population] += ends[population - 1]
    steps_mask = (uint64(1) << uint64(exchange.step_bits)) - uint64(1)
    # Each population's start moves on to its end as spikes are placed; then all move back by one.
    for k in range(n_lists):
        words, n, place_bits = _arrived(exchange, k)
        bits = place_bits + exchange.step_bits
        for s in range(n):
            entry = get(words, s * bits, bits)
            slot = _slot(exchange, k, int64(entry >> uint64(exchange.step_bits)))
            population = program.block_population[slot // BLOCK]
            slots[ends[population]] = slot
            steps[ends[population]] = start + int64(entry & steps_mask)
            ends[population] += 1
    for population in range(ends.size - 1, 0, -1):
        ends[population] = ends[population - 1]
    ends[0] = 0
    exchange.notes[STAGE] = COMPLETE
