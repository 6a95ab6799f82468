"""Compiled exchange of spikes between ranks, once in a chunk.

A spike travels as its place in a list that both sides hold, and its step within the chunk, in as
few bits as these need. *Collective*: the list is that of all neurons of the sending rank, and
everybody gets everything. *Point to point*: the list is that of the neurons that have targets on
the receiving rank, and only ranks that share such a list talk to each other.

What arrives is one more list of spikes, ordered by population like those of the partitions; from
there on nothing knows where a spike came from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64, njit, uint64
from numpy.typing import NDArray

from snnlab.arrays.rewiring import ROUND
from snnlab.build.layout import BLOCK
from snnlab.cpu.part import part
from snnlab.rules.call import call_rule

__all__ = [
    "CALLS", "COLLECTIVE", "CUT", "FOUND", "LACKS_ROOM", "NONE", "NOTES", "N_VOTES",
    "POINT_TO_POINT", "STAGE", "WAYS", "Exchange", "add_up", "agree", "begin_exchange",
    "exchange_spikes", "go_on", "is_complete", "no_exchange",
]  # fmt: skip

NONE, COLLECTIVE, POINT_TO_POINT = range(3)
"""Ways to exchange spikes."""

WAYS = ("none", "collective", "point to point")
"""The same in words."""

CALLS = (
    "allgather", "allreduce", "neighbours", "neighbours_some", "world", "graph", "word", "largest",
    "sum",
)  # fmt: skip
"""What `Exchange.calls` holds: addresses of four functions of MPI; two communicators, the type of
a word of 64 bits, the operations that take the largest and the sum."""

_ALLGATHER, _ALLREDUCE, _NEIGHBOURS, _NEIGHBOURS_SOME, _WORLD, _GRAPH, _WORD, _LARGEST, _SUM = (
    range(9)
)

N_VOTES = 2 * ROUND // 64
"""Words that ranks add up where a rule replaces synapses: two bits for each pair of a round."""

NOTES = (
    "stage", "chunk", "start", "words", "spikes", "lacks_room", "bytes", "cut", "found",
)  # fmt: skip
"""What `Exchange.notes` holds: how far an exchange is that lacks memory; whose spikes it is about
and since which step; words that it needs; spikes for which the list must have room; whether a rank
lacks room for new synapses; bytes sent so far; where a round of a rule that replaces ends, and how
many synapses it has formed."""

STAGE, _CHUNK, _START, _WORDS, _SPIKES, LACKS_ROOM, _BYTES, CUT, FOUND = range(9)

_COMPLETE, _SEND, _RECEIVE, _UNPACK = range(4)
"""Stages: nothing is left to do; counts are to be sent, spikes are, spikes are to be listed."""


class Exchange(NamedTuple):
    """What one rank needs to exchange spikes with the others.

    Parameters
    ----------
    mode : int
        `NONE`, `COLLECTIVE` or `POINT_TO_POINT`.
    rank, n_ranks : int
    step_bits : int
        Bits of a step within a chunk.
    calls : (9,) int64
        See `CALLS`.
    notes : (9,) int64
        See `NOTES`.
    flag : (2,) int64
        What all ranks agree on: own, all.
    votes : (2, N_VOTES) uint64
        What all ranks add up: own, all.
    first_slot : (n_ranks + 1,) int64
        First slot of each rank.
    bits : (n_lists,) int64
        Bits of a place in each list that is received: one of each rank, or of each neighbour.
    send, receive : flat uint64
        Packed spikes. Collective: the first word is their number, and every rank has as many words.
    size : (1,) int64
        Words of each rank, at present.
    list_start : (n_in + 1,) int64
    list_slot : flat int32
        Point to point: the slots in the list of each neighbour that sends.
    target_start : (n_own_slots + 1,) int64
    target, place : flat int32
        Point to point: for each own slot the neighbours that want its spikes, and its place in the
        list of each.
    out_bits : (n_out,) int64
        Bits of a place in the list of each neighbour that receives.
    n_out, n_in : (n,) int64
        Spikes for and from each neighbour.
    out_words, out_first, in_words, in_first : (n,) int32
        Words for and from each neighbour, and where they begin.
    cursor : (n_out,) int64
        Bits written so far.
    """

    mode: int
    rank: int
    n_ranks: int
    step_bits: int
    calls: NDArray[np.int64]
    notes: NDArray[np.int64]
    flag: NDArray[np.int64]
    votes: NDArray[np.uint64]
    first_slot: NDArray[np.int64]
    bits: NDArray[np.int64]
    send: NDArray[np.uint64]
    receive: NDArray[np.uint64]
    size: NDArray[np.int64]
    list_start: NDArray[np.int64]
    list_slot: NDArray[np.int32]
    target_start: NDArray[np.int64]
    target: NDArray[np.int32]
    place: NDArray[np.int32]
    out_bits: NDArray[np.int64]
    n_out: NDArray[np.int64]
    n_in: NDArray[np.int64]
    out_words: NDArray[np.int32]
    out_first: NDArray[np.int32]
    in_words: NDArray[np.int32]
    in_first: NDArray[np.int32]
    cursor: NDArray[np.int64]


def no_exchange() -> Exchange:
    """Return what a process has that holds the whole network."""
    long, short = np.zeros(1, np.int64), np.zeros(1, np.int32)
    words = np.zeros(1, np.uint64)
    return Exchange(
        NONE, 0, 1, 0, long, np.zeros(len(NOTES), np.int64), np.zeros(2, np.int64),
        np.zeros((2, N_VOTES), np.uint64), long, long,
        words, words, long, long, short, long, short, short, long, long, long, short, short, short,
        short, long,
    )  # fmt: skip


@njit(error_model="numpy", inline="always")
def is_complete(exchange):  # type: ignore[no-untyped-def]
    """Whether no exchange waits for memory."""
    return exchange.notes[STAGE] == _COMPLETE


@njit(error_model="numpy", cache=True)
def agree(exchange, flag):  # type: ignore[no-untyped-def]
    """Return whether the flag of any rank is set; all ranks call this at the same point."""
    exchange.flag[0] = int64(flag)
    call_rule(
        exchange.calls[_ALLREDUCE],
        (exchange.flag, exchange.flag[1:], int64(1), exchange.calls[_WORD],
         exchange.calls[_LARGEST], exchange.calls[_WORLD]),
    )  # fmt: skip
    return exchange.flag[1] != 0


@njit(error_model="numpy", cache=True)
def add_up(exchange):  # type: ignore[no-untyped-def]
    """Add the votes of all ranks up; all of them call this at the same point."""
    call_rule(
        exchange.calls[_ALLREDUCE],
        (exchange.votes[0], exchange.votes[1], int64(N_VOTES), exchange.calls[_WORD],
         exchange.calls[_SUM], exchange.calls[_WORLD]),
    )  # fmt: skip
    exchange.notes[_BYTES] += 8 * N_VOTES


@njit(error_model="numpy", cache=True)
def _n_words(n, bits):  # type: ignore[no-untyped-def]
    """Words that `n` entries of so many bits take."""
    return (n * bits + 63) // 64


@njit(error_model="numpy", inline="always")
def _put(words, at, bits, value):  # type: ignore[no-untyped-def]
    """Write an entry that begins at bit `at`; the bits behind those written so far are free."""
    i, shift = uint64(at >> 6), uint64(at & 63)
    if shift == 0:
        words[i] = value
    else:
        words[i] |= value << shift
        if shift + uint64(bits) > uint64(64):
            words[i + uint64(1)] = value >> (uint64(64) - shift)


@njit(error_model="numpy", inline="always")
def _get(words, at, bits):  # type: ignore[no-untyped-def]
    """Read the entry of so many bits that begins at bit `at`."""
    i, shift = uint64(at >> 6), uint64(at & 63)
    value = words[i] >> shift
    if shift + uint64(bits) > uint64(64):
        value |= words[i + uint64(1)] << (uint64(64) - shift)
    return value & ((uint64(1) << uint64(bits)) - uint64(1))


@njit(error_model="numpy", cache=True)
def _n_own(program, memory, chunk):  # type: ignore[no-untyped-def]
    n = int64(0)
    for q in range(program.bounds.size - 1):
        n += memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]
    return n


# --- collective -----------------------------------------------------------------------------------


@njit(error_model="numpy", cache=True)
def _pack_all(program, memory, exchange, chunk, start):  # type: ignore[no-untyped-def]
    """Write all own spikes behind the first word, as long as there is room."""
    n, step_bits = int64(0), uint64(exchange.step_bits)
    bits = exchange.bits[exchange.rank] + exchange.step_bits
    words, first_slot = exchange.send[1:], exchange.first_slot[exchange.rank]
    for q in range(program.bounds.size - 1):
        slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]):
            place = uint64(int64(slots[s]) - first_slot)
            _put(words, n * bits, bits, (place << step_bits) | uint64(steps[s] - start))
            n += 1


@njit(error_model="numpy", cache=True)
def _send_all(program, memory, exchange, chunk, start):  # type: ignore[no-untyped-def]
    """Exchange with everybody, again with more words if those of a rank did not fit.

    All ranks see the same numbers, so that all of them lack memory or none.
    """
    n = _n_own(program, memory, chunk)
    while True:
        size = exchange.size[0]
        exchange.notes[_WORDS] = size
        if size > exchange.send.size or size * exchange.n_ranks > exchange.receive.size:
            return
        exchange.send[0] = uint64(n)
        if 1 + _n_words(n, exchange.bits[exchange.rank] + exchange.step_bits) <= size:
            _pack_all(program, memory, exchange, chunk, start)
        call_rule(
            exchange.calls[_ALLGATHER],
            (exchange.send, size, exchange.calls[_WORD], exchange.receive, size,
             exchange.calls[_WORD], exchange.calls[_WORLD]),
        )  # fmt: skip
        exchange.notes[_BYTES] += 8 * size
        largest = size
        for r in range(exchange.n_ranks):
            n_r = int64(exchange.receive[r * size])
            largest = max(largest, 1 + _n_words(n_r, exchange.bits[r] + exchange.step_bits))
        if largest == size:
            exchange.notes[STAGE] = _UNPACK
            return
        while exchange.size[0] < largest:
            exchange.size[0] *= 2


# --- point to point -------------------------------------------------------------------------------


@njit(error_model="numpy", cache=True)
def _send_counts(program, memory, exchange, chunk):  # type: ignore[no-untyped-def]
    """Tell every neighbour how many spikes are coming."""
    exchange.n_out[:] = 0
    first = program.bounds[0] * BLOCK
    for q in range(program.bounds.size - 1):
        slots = memory.spike_slot[chunk, q]
        for s in range(memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]):
            own = int64(slots[s]) - first
            for k in range(exchange.target_start[own], exchange.target_start[own + 1]):
                exchange.n_out[exchange.target[k]] += 1
    call_rule(
        exchange.calls[_NEIGHBOURS],
        (exchange.n_out, int64(1), exchange.calls[_WORD], exchange.n_in, int64(1),
         exchange.calls[_WORD], exchange.calls[_GRAPH]),
    )  # fmt: skip
    n_out = _lay_out(exchange.n_out, exchange.out_bits, exchange.step_bits,
                     exchange.out_words, exchange.out_first)  # fmt: skip
    n_in = _lay_out(exchange.n_in, exchange.bits, exchange.step_bits,
                    exchange.in_words, exchange.in_first)  # fmt: skip
    exchange.notes[_WORDS] = max(n_out, n_in)
    exchange.notes[_BYTES] += 8 * (n_out + exchange.out_words.size)
    exchange.notes[STAGE] = _RECEIVE


@njit(error_model="numpy", cache=True)
def _lay_out(n, bits, step_bits, words, first):  # type: ignore[no-untyped-def]
    """Words of each neighbour and where they begin; return how many these are together."""
    total = int64(0)
    for k in range(words.size):
        words[k] = _n_words(n[k], bits[k] + step_bits)
        first[k] = total
        total += int64(words[k])
    return total


@njit(error_model="numpy", cache=True)
def _send_some(program, memory, exchange, chunk, start):  # type: ignore[no-untyped-def]
    """Send each neighbour the spikes that it wants, if there is memory for what comes."""
    if exchange.notes[_WORDS] > min(exchange.send.size, exchange.receive.size):
        return
    step_bits = uint64(exchange.step_bits)
    exchange.cursor[:] = 0
    first = program.bounds[0] * BLOCK
    for q in range(program.bounds.size - 1):
        slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
        for s in range(memory.spike_start[chunk, q, memory.spike_start.shape[2] - 1]):
            own = int64(slots[s]) - first
            for k in range(exchange.target_start[own], exchange.target_start[own + 1]):
                j = exchange.target[k]
                bits = exchange.out_bits[j] + exchange.step_bits
                value = (uint64(exchange.place[k]) << step_bits) | uint64(steps[s] - start)
                _put(exchange.send[exchange.out_first[j] :], exchange.cursor[j], bits, value)
                exchange.cursor[j] += bits
    call_rule(
        exchange.calls[_NEIGHBOURS_SOME],
        (exchange.send, exchange.out_words, exchange.out_first, exchange.calls[_WORD],
         exchange.receive, exchange.in_words, exchange.in_first, exchange.calls[_WORD],
         exchange.calls[_GRAPH]),
    )  # fmt: skip
    exchange.notes[STAGE] = _UNPACK


# --- what has arrived -----------------------------------------------------------------------------


@njit(error_model="numpy", inline="always")
def _arrived(exchange, k):  # type: ignore[no-untyped-def]
    """Number of spikes in list `k`, and the word at which they begin; none of one's own."""
    if exchange.mode == POINT_TO_POINT:
        return exchange.n_in[k], int64(exchange.in_first[k])
    first = k * exchange.size[0]
    return (int64(0) if k == exchange.rank else int64(exchange.receive[first])), first + 1


@njit(error_model="numpy", inline="always")
def _slot(exchange, k, place):  # type: ignore[no-untyped-def]
    if exchange.mode == POINT_TO_POINT:
        return int64(exchange.list_slot[exchange.list_start[k] + place])
    return exchange.first_slot[k] + place


@njit(error_model="numpy", cache=True)
def _unpack(program, memory, exchange, chunk, start):  # type: ignore[no-untyped-def]
    """List what has arrived by population; of each neuron in order of time."""
    n_lists = exchange.bits.size
    total = int64(0)
    for k in range(n_lists):
        total += _arrived(exchange, k)[0]
    q = program.bounds.size - 1
    slots, steps = memory.spike_slot[chunk, q], memory.spike_step[chunk, q]
    exchange.notes[_SPIKES] = total
    if total > slots.size:
        return
    ends = memory.spike_start[chunk, q]
    ends[:] = 0
    for k in range(n_lists):
        n, first = _arrived(exchange, k)
        bits, words = exchange.bits[k] + exchange.step_bits, exchange.receive[first:]
        for s in range(n):
            place = int64(_get(words, s * bits, bits) >> uint64(exchange.step_bits))
            ends[program.block_population[_slot(exchange, k, place) // BLOCK] + 1] += 1
    for population in range(1, ends.size):
        ends[population] += ends[population - 1]
    steps_mask = (uint64(1) << uint64(exchange.step_bits)) - uint64(1)
    # Each population's start moves on to its end as spikes are placed; then all move back by one.
    for k in range(n_lists):
        n, first = _arrived(exchange, k)
        bits, words = exchange.bits[k] + exchange.step_bits, exchange.receive[first:]
        for s in range(n):
            entry = _get(words, s * bits, bits)
            slot = _slot(exchange, k, int64(entry >> uint64(exchange.step_bits)))
            population = program.block_population[slot // BLOCK]
            slots[ends[population]] = slot
            steps[ends[population]] = start + int64(entry & steps_mask)
            ends[population] += 1
    for population in range(ends.size - 1, 0, -1):
        ends[population] = ends[population - 1]
    ends[0] = 0
    exchange.notes[STAGE] = _COMPLETE


@njit(error_model="numpy", cache=True)
def begin_exchange(exchange, chunk, start):  # type: ignore[no-untyped-def]
    """Let the spikes of list `chunk`, all since step `start`, be those that are exchanged next."""
    exchange.notes[STAGE], exchange.notes[_CHUNK], exchange.notes[_START] = _SEND, chunk, start


@part
def exchange_spikes(program, memory, exchange):  # type: ignore[no-untyped-def]
    """Exchange the spikes of a list, from where an earlier call lacked memory for them.

    `Exchange.notes` says which list, since which step, and afterwards how far it is. Returns 0.
    """
    chunk, start = exchange.notes[_CHUNK], exchange.notes[_START]
    if exchange.notes[STAGE] == _SEND:
        if exchange.mode == COLLECTIVE:
            _send_all(program, memory, exchange, chunk, start)
        else:
            _send_counts(program, memory, exchange, chunk)
    if exchange.notes[STAGE] == _RECEIVE:
        _send_some(program, memory, exchange, chunk, start)
    if exchange.notes[STAGE] == _UNPACK:
        _unpack(program, memory, exchange, chunk, start)
    return 0


@njit(error_model="numpy", cache=True)
def go_on(parts, program, memory, exchange):  # type: ignore[no-untyped-def]
    """Go on with an exchange that lacked memory."""
    call_rule(parts.exchange, (program, memory, exchange))
