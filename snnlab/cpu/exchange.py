"""What a rank needs to exchange spikes with the others, once in a chunk.

A spike travels as its place in a list that both sides hold, and its step within the chunk, in as
few bits as these need. *Collective*: the list is that of all neurons of the sending rank, and
everybody gets everything. *Point to point*: only ranks talk to each other of which one wants spikes
of the other. The list is that of the neurons that are wanted, if these are few; else that of all
neurons of the sending rank, of which it has marked those that are wanted, with a bit for each
neighbour: what a rank keeps of the others is a bit for each neuron at most, or as little as a list
that is shorter. Each source population goes one of these ways.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64, njit
from numpy.typing import NDArray

from snnlab.arrays.rewiring import ROUND
from snnlab.rules.call import call_rule

__all__ = [
    "ALLGATHER",
    "ALL_STATE",
    "ARRIVED",
    "BYTES",
    "CALLS",
    "CALM",
    "CHUNK",
    "COLLECTIVE",
    "COMPLETE",
    "CUT",
    "FOUND",
    "IALLGATHER",
    "IN_END",
    "IRECV",
    "ISEND",
    "IS_HALF_DELIVERED",
    "LACKS_ROOM",
    "MIXED",
    "NONE",
    "NOTES",
    "N_VOTES",
    "OUT_END",
    "PATIENCE",
    "POINT_TO_POINT",
    "QUIET",
    "SOME_STATE",
    "SPIKES",
    "STAGE",
    "START",
    "UNDER_WAY",
    "WAITS_FOR_MEMORY",
    "WAIT_FOR",
    "WAYS",
    "WORD",
    "WORLD",
    "Exchange",
    "add_up",
    "agree",
    "is_complete",
    "no_exchange",
]  # fmt: skip

NONE, COLLECTIVE, POINT_TO_POINT, MIXED = range(4)
"""Ways to exchange spikes; the last is both of those before it."""

WAYS = ("none", "collective", "point to point", "collective and point to point")
"""The same in words."""

CALLS = (
    "iallgather", "allreduce", "isend", "irecv", "wait", "allgather",
    "world", "word", "largest", "sum",
)  # fmt: skip
"""What `Exchange.calls` holds: addresses of six functions of MPI; a communicator, the type of a
word of 64 bits, the operations that take the largest and the sum."""

IALLGATHER, _ALLREDUCE, ISEND, IRECV, WAIT_FOR, ALLGATHER, WORLD, WORD, _LARGEST, _SUM = range(10)

N_VOTES = 2 * ROUND // 64
"""Words that ranks add up where a rule replaces synapses: two bits for each pair of a round."""

NOTES = (
    "stage", "chunk", "start", "all_state", "some_state", "in_end", "out_end", "spikes",
    "lacks_room", "bytes", "cut", "found", "is_half_delivered",
    "calm", "quiet",
)  # fmt: skip
"""What `Exchange.notes` holds: whether an exchange is complete; whose spikes it is about and since
which step; how far each of the two ways is; words that are needed for what comes and goes point to
point; spikes for which the list must have room; whether a rank lacks room for new synapses; bytes
sent so far; where a round of a rule that replaces ends, and how many synapses it has formed;
whether the rank's own spikes of the list have been delivered already, and those of others have
not; collective exchanges in a row that needed much less than there was room for; exchanges in a row
in which much fewer spikes came than the list had room for."""

(STAGE, CHUNK, START, ALL_STATE, SOME_STATE, IN_END, OUT_END, SPIKES, LACKS_ROOM, BYTES, CUT, FOUND,
 IS_HALF_DELIVERED, CALM, QUIET) = range(15)  # fmt: skip

COMPLETE = 0
"""The stage of an exchange after which nothing is left to do."""

ARRIVED, UNDER_WAY, WAITS_FOR_MEMORY = range(3)
"""How far one of the two ways is."""


PATIENCE = 64
"""Exchanges in a row that need less than a fourth of their room, after which there is less."""


class Exchange(NamedTuple):
    """What one rank needs to exchange spikes with the others.

    Parameters
    ----------
    mode : int
        `NONE`, `COLLECTIVE`, `POINT_TO_POINT` or `MIXED`.
    rank, n_ranks : int
    step_bits : int
        Bits of a step within a chunk.
    calls : (10,) int64
        See `CALLS`.
    notes : (15,) int64
        See `NOTES`.
    flag : (2,) int64
        What all ranks agree on: own, all.
    votes : (2, N_VOTES) uint64
        What all ranks add up: own, all.
    requests : (1 + n_in + n_out,) int64
        MPI's handles of what is under way: collective, from and to each neighbour.
    status : (16,) int64
        Where MPI says how it went.
    first_slot : (n_ranks + 1,) int64
        First slot of each rank.
    told_all : (n_own_slots,) uint8
        Whether the spikes of each own slot go collectively.
    all_bits : (n_ranks,) int64
        Bits of a place in the list of each rank.
    all_send, all_receive : flat uint64
        Packed spikes; the first word is their number, and every rank has as many words.
    size : (1,) int64
        Words of each rank in a collective exchange, at present.
    n_all : (n_ranks,) int64
        Spikes of each rank that have come collectively.
    senders, receivers : (n_in,), (n_out,) int64
        The ranks that are neighbours.
    list_start : (n_in + 1,) int64
    list_slot : flat int32
        The slots in the list of each neighbour that sends; none, where its list is that of all its
        slots.
    target_start : (n_own_slots + 1,) int64
    target, place : flat int32
        For each own slot the neighbours that want its spikes, and its place in the list of each.
    marked : (n_marked,) int64
        The other neighbours that want spikes, whose list is that of all own slots.
    marks : (n_own_slots, n_words) uint64
        Which of these want the spikes of each own slot, bit by bit.
    in_bits, out_bits : (n,) int64
        Bits of a place in the list of each neighbour.
    some_send, some_receive : flat uint64
        Packed spikes for and from each neighbour; the first word of each is their number.
    in_first, out_first : (n,) int64
        Where the words of each neighbour begin.
    in_room, out_room : (n,) int64
        Words that fit there; both sides have the same number.
    in_calm, out_calm : (n,) int64
        Exchanges in a row with each neighbour that needed much less than that.
    in_waits, out_waits : (n,) int64
        Whether the spikes of this chunk have not been exchanged with each neighbour.
    n_in, n_out : (n,) int64
        Spikes from and for each neighbour.
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
    requests: NDArray[np.int64]
    status: NDArray[np.int64]
    first_slot: NDArray[np.int64]
    told_all: NDArray[np.uint8]
    all_bits: NDArray[np.int64]
    all_send: NDArray[np.uint64]
    all_receive: NDArray[np.uint64]
    size: NDArray[np.int64]
    n_all: NDArray[np.int64]
    senders: NDArray[np.int64]
    receivers: NDArray[np.int64]
    list_start: NDArray[np.int64]
    list_slot: NDArray[np.int32]
    target_start: NDArray[np.int64]
    target: NDArray[np.int32]
    place: NDArray[np.int32]
    marked: NDArray[np.int64]
    marks: NDArray[np.uint64]
    in_bits: NDArray[np.int64]
    out_bits: NDArray[np.int64]
    some_send: NDArray[np.uint64]
    some_receive: NDArray[np.uint64]
    in_first: NDArray[np.int64]
    out_first: NDArray[np.int64]
    in_room: NDArray[np.int64]
    out_room: NDArray[np.int64]
    in_calm: NDArray[np.int64]
    out_calm: NDArray[np.int64]
    in_waits: NDArray[np.int64]
    out_waits: NDArray[np.int64]
    n_in: NDArray[np.int64]
    n_out: NDArray[np.int64]
    cursor: NDArray[np.int64]


def no_exchange() -> Exchange:
    """Return what a process has that holds the whole network."""
    none, short = np.zeros(0, np.int64), np.zeros(0, np.int32)
    words = np.zeros(0, np.uint64)
    return Exchange(
        mode=NONE, rank=0, n_ranks=1, step_bits=0, calls=np.zeros(len(CALLS), np.int64),
        notes=np.zeros(len(NOTES), np.int64), flag=np.zeros(2, np.int64),
        votes=np.zeros((2, N_VOTES), np.uint64), requests=np.zeros(1, np.int64),
        status=np.zeros(16, np.int64), first_slot=none, told_all=np.zeros(0, np.uint8),
        all_bits=none, all_send=words, all_receive=words, size=np.zeros(1, np.int64),
        n_all=none, senders=none, receivers=none, list_start=np.zeros(1, np.int64), list_slot=short,
        target_start=none, target=short, place=short, marked=none,
        marks=np.zeros((0, 0), np.uint64), in_bits=none, out_bits=none,
        some_send=words, some_receive=words, in_first=none, out_first=none, in_room=none,
        out_room=none, in_calm=none, out_calm=none, in_waits=none, out_waits=none,
        n_in=none, n_out=none, cursor=none,
    )  # fmt: skip


@njit(error_model="numpy", inline="always")
def is_complete(exchange):  # type: ignore[no-untyped-def]
    """Whether no exchange is under way or waits for memory."""
    return exchange.notes[STAGE] == COMPLETE


@njit(error_model="numpy", cache=True)
def agree(exchange, flag):  # type: ignore[no-untyped-def]
    """Return whether the flag of any rank is set; all ranks call this at the same point."""
    exchange.flag[0] = int64(flag)
    call_rule(
        exchange.calls[_ALLREDUCE],
        (exchange.flag, exchange.flag[1:], int64(1), exchange.calls[WORD],
         exchange.calls[_LARGEST], exchange.calls[WORLD]),
    )  # fmt: skip
    return exchange.flag[1] != 0


@njit(error_model="numpy", cache=True)
def add_up(exchange):  # type: ignore[no-untyped-def]
    """Add the votes of all ranks up; all of them call this at the same point."""
    call_rule(
        exchange.calls[_ALLREDUCE],
        (exchange.votes[0], exchange.votes[1], int64(N_VOTES), exchange.calls[WORD],
         exchange.calls[_SUM], exchange.calls[WORLD]),
    )  # fmt: skip
    exchange.notes[BYTES] += 8 * N_VOTES
