"""The compiled loop over chunks: deliver, update, collect. No Python in between.

A chunk is at most as long as the shortest delay, so a spike found in it is due only after it. That
leaves one meeting of the threads a chunk, not one a step.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit

from snnlab.arrays.rewiring import DONE_STEP, NEEDS_ROOM
from snnlab.build.layout import BLOCK
from snnlab.cpu.barrier import meet
from snnlab.cpu.exchange import IS_HALF_DELIVERED, LACKS_ROOM, NONE, agree, is_complete
from snnlab.cpu.phases import (
    DELIVER,
    EXCHANGE,
    PLASTICITY,
    RECORD,
    REWIRE,
    UPDATE,
    WAIT,
    charge,
    chunk_weight,
    stamp,
)
from snnlab.cpu.program import RECORDED, SUSPECTS
from snnlab.cpu.rewire import due, is_replacing, watch_spikes
from snnlab.cpu.suspects import look
from snnlab.cpu.update import insert_events
from snnlab.rules.borrow import borrowed
from snnlab.rules.call import call_rule

__all__ = ["deliver_pending", "order_spikes", "run"]


@njit(error_model="numpy", forceinline=True)
def _deliver_lists(  # type: ignore[no-untyped-def]
    program, synapses, plastic, memory, parts, p, chunk, first, stop, now, n_steps, clock, weight,
):  # fmt: skip
    """Deliver the spikes of list `chunk` that partitions ``first ... stop - 1`` had to `p`."""
    since = stamp(weight)
    if program.group_steps:
        until = now + n_steps
        call_rule(
            parts.deliver_groups, (program, synapses, memory, p, chunk, first, stop, now, until)
        )
    else:
        call_rule(parts.deliver, (program, synapses, memory, p, chunk, first, stop))
    since = charge(clock, p, DELIVER, since, weight)
    if plastic.table.shape[0]:
        call_rule(
            parts.plasticity, (program, synapses, plastic, memory, p, chunk, first, stop, now)
        )
    charge(clock, p, PLASTICITY, since, weight)


@njit(error_model="numpy", forceinline=True)
def _deliver_own(  # type: ignore[no-untyped-def]
    program, synapses, plastic, memory, exchange, parts, chunk, now, n_steps, clock, weight,
    member, n_members,
):  # fmt: skip
    """Deliver the rank's own spikes while those of others are on their way."""
    if exchange.mode == NONE or exchange.notes[IS_HALF_DELIVERED]:
        return
    n_own = program.bounds.size - 1
    for p in range(member, n_own, n_members):
        _deliver_lists(
            program, synapses, plastic, memory, parts, p, chunk, int64(0), n_own, now, n_steps,
            clock, weight,
        )  # fmt: skip


@njit(error_model="numpy", forceinline=True)
def _deliver_rest(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, drive, memory, exchange, parts, p, chunk, now, n_steps,
    clock, weight,
):  # fmt: skip
    """Deliver what is left of list `chunk`, all or that of others, and what is given."""
    first = int64(0) if exchange.mode == NONE else program.bounds.size - 1
    _deliver_lists(
        program, synapses, plastic, memory, parts, p, chunk, first, memory.spike_start.shape[1],
        now, n_steps, clock, weight,
    )  # fmt: skip
    since = stamp(weight)
    insert_events(program, drive, memory, p, now + n_steps)
    if program.group_steps:
        call_rule(parts.add_far_input, (program, memory, p, now, now + n_steps))
    since = charge(clock, p, DELIVER, since, weight)
    if rewirings.table.shape[0]:
        watch_spikes(program, rewirings, memory, p, chunk)
    charge(clock, p, PLASTICITY, since, weight)


@njit(error_model="numpy", forceinline=True)
def _watch_others(program, rewirings, memory, chunk, member):  # type: ignore[no-untyped-def]
    """Note who spiked last on other ranks; one thread does."""
    if member == 0 and rewirings.table.shape[0]:
        for q in range(program.bounds.size - 1, memory.spike_start.shape[1]):
            watch_spikes(program, rewirings, memory, q, chunk)


@njit(error_model="numpy", forceinline=True)
def _advance_partition(  # type: ignore[no-untyped-def]
    program, drive, probes, memory, record, parts, p, chunk, now, n_steps, until_look, start,
    samples, clock, weight, turn,
):  # fmt: skip
    """Advance partition `p` by `n_steps`; its spikes go into the list that is not `chunk`."""
    since = stamp(weight)
    sampled = call_rule(
        parts.update,
        (program, drive, probes, memory, p, 1 - chunk, now, n_steps, start, samples, weight),
    )
    clock[p, RECORD] += sampled * weight
    since = charge(clock, p, UPDATE, since + sampled, weight)
    n = _record_spikes(memory, record, p, 1 - chunk, start, record.notes[turn, p, RECORDED])
    record.notes[1 - turn, p, RECORDED] = n
    charge(clock, p, RECORD, since, weight)
    if n_steps == until_look:
        look(program, memory, p)
        record.notes[1 - turn, p, SUSPECTS] = memory.suspects[p, 0]


@njit(error_model="numpy", forceinline=True)
def _goes_on(rewirings, exchange, has_room, now):  # type: ignore[no-untyped-def]
    """Whether a rule that replaces is next; ranks, which do it together, must all say the same."""
    if exchange.mode == NONE:
        return has_room and rewirings.notes[0, DONE_STEP] < now
    is_next = False
    for r in range(rewirings.table.shape[0]):
        is_next |= is_replacing(rewirings, r, now)
    return is_next


@njit(error_model="numpy", forceinline=True)
def _rewire_all(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, memory, exchange, parts, chunk, now, clock, weight,
    member, n_members, barrier,
):  # fmt: skip
    """Let all rules that are due change the rows; False if one of them, anywhere, needs more room.

    All spikes of list `chunk` have been sent along the rows as they were; the list is emptied.
    """
    meet(barrier, n_members)
    if member == 0:
        memory.spike_start[chunk, program.bounds.size - 1 :] = 0  # from other ranks
    for p in range(member, program.bounds.size - 1, n_members):
        since = stamp(weight)
        memory.spike_start[chunk, p] = 0
        call_rule(parts.rewire, (program, synapses, plastic, rewirings, memory, p, now, weight))
        charge(clock, p, REWIRE, since, weight)
    meet(barrier, n_members)
    has_room = True
    for p in range(program.bounds.size - 1):
        has_room &= rewirings.notes[p, NEEDS_ROOM] == 0
    if _goes_on(rewirings, exchange, has_room, now):
        since = stamp(weight)
        arguments = (program, synapses, plastic, rewirings, memory, exchange, barrier, parts.rewire)
        has_room = bool(call_rule(parts.replace, (*arguments, now, weight, member, n_members)))
        charge(clock, member, REWIRE, since, weight)
        if member == 0:
            exchange.notes[LACKS_ROOM] = int64(not has_room)
    elif exchange.mode:
        if member == 0:
            exchange.notes[LACKS_ROOM] = int64(agree(exchange, not has_room))
        meet(barrier, n_members)
        has_room = exchange.notes[LACKS_ROOM] == 0
    return has_room


@njit(error_model="numpy", forceinline=True)
def _agree_on_trouble(program, memory, record, exchange, turn):  # type: ignore[no-untyped-def]
    """Let what a look at the states of one rank has found stop all ranks.

    To be done before spikes are exchanged: where that lacks memory, some ranks complete it later.
    """
    has_trouble = False
    for p in range(program.bounds.size - 1):
        has_trouble |= memory.suspects[p, 0] > 0
    if agree(exchange, has_trouble):
        memory.suspects[0, 0] += 1
        record.notes[turn, 0, SUSPECTS] += 1


@njit(error_model="numpy", forceinline=True)
def _begin_exchange(  # type: ignore[no-untyped-def]
    program, memory, record, exchange, parts, chunk, turn, now, has_looked, clock, weight, member,
    n_members, barrier,
):  # fmt: skip
    """Begin to exchange the spikes of list `chunk`, all since step `now`; one thread does."""
    if exchange.mode == NONE:
        return
    since = stamp(weight)
    if has_looked:
        if member == 0:
            _agree_on_trouble(program, memory, record, exchange, turn)
        meet(barrier, n_members)
    if member == 0:
        call_rule(parts.begin_exchange, (program, memory, exchange, chunk, now))
    charge(clock, member, EXCHANGE, since, weight)


@njit(error_model="numpy", forceinline=True)
def _have_arrived(  # type: ignore[no-untyped-def]
    program, memory, exchange, parts, clock, weight, member, n_members, barrier
):
    """Wait for the spikes of other ranks; False if there is no memory for them."""
    if exchange.mode == NONE:
        return True
    since = stamp(weight)
    if member == 0:
        call_rule(parts.finish_exchange, (program, memory, exchange))
    meet(barrier, n_members)
    charge(clock, member, EXCHANGE, since, weight)
    # Others read this after the next meeting at the earliest.
    if member == 0:
        exchange.notes[IS_HALF_DELIVERED] = int64(not is_complete(exchange))
    return is_complete(exchange)


@njit(error_model="numpy", forceinline=True)
def _record_spikes(memory, record, p, chunk, start, n):  # type: ignore[no-untyped-def]
    """Append the spikes of list `chunk` to partition `p`'s part of the record; return its size."""
    at = record.first[p] + n
    n_new = memory.spike_start[chunk, p, memory.spike_start.shape[2] - 1]
    for k in range(n_new):
        record.slot[at + k] = memory.spike_slot[chunk, p, k]
        record.step[at + k] = memory.spike_step[chunk, p, k] - start
    return n + n_new


@njit(error_model="numpy", forceinline=True)
def _may_go_on(program, record, turn, chunk_steps):  # type: ignore[no-untyped-def]
    """Whether nobody has found trouble, and every part of the record can hold another chunk."""
    for p in range(program.bounds.size - 1):
        room = record.first[p + 1] - record.first[p] - record.notes[turn, p, RECORDED]
        most = chunk_steps * (program.bounds[p + 1] - program.bounds[p]) * BLOCK
        if record.notes[turn, p, SUSPECTS] or most > room:
            return False
    return True


@njit(nogil=True, error_model="numpy", cache=True)
def run(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, drive, probes, memory, record, exchange, parts, start,
    n_steps, chunk_steps, chunk, samples, clock, member, n_members, barrier,
):  # fmt: skip
    """Advance by up to `n_steps`; stop early when the record might not hold another chunk.

    It also stops where a look at all states found implausible ones, `memory.suspects` counts them;
    and where a rewiring needs room in rows or among the events: `rewirings.notes` says so; and
    where the exchange with other ranks lacks memory: it is not complete then, and the rank's own
    spikes have been delivered, or not: `exchange.notes` says it.
    Each member of a team runs this with its own number. Members meet once a chunk: what one reads
    of another was written in the chunk before, and is next written in the chunk after.

    Parameters
    ----------
    program, synapses, plastic, rewirings, drive, probes : see `snnlab.arrays`
    memory, record, parts : see `snnlab.cpu.program`
    exchange : see `snnlab.cpu.exchange`
    start : int
        Number of steps done before this call.
    n_steps, chunk_steps : int
        Steps to do; longest chunk.
    chunk : int
        Which of the two spike lists holds the spikes that are still to be delivered.
    samples : flat real
        Record of the probes.
    clock : (n_partitions, 8) int64 [ticks]
        Grows by what each phase took; see `snnlab.cpu.phases.PhaseClock`.
    member, n_members : int
        Number of this member, of how many: partitions ``member, member + n_members, ...``.
    barrier : see `snnlab.cpu.barrier`

    Returns
    -------
    done, chunk, turn : int
        Steps done; the list to be delivered next; which notes of the record hold.
    """
    samples, clock, barrier = borrowed((samples, clock, barrier))
    done = n_chunks = turn = int64(0)
    while done < n_steps and _may_go_on(program, record, turn, chunk_steps):
        now = start + done
        until_look = program.health_steps - now % program.health_steps
        until_call, is_due = due(rewirings, now)
        m = min(chunk_steps, n_steps - done, until_look, until_call)
        n_left = (n_steps - done + chunk_steps - 1) // chunk_steps
        weight = chunk_weight(n_chunks, n_left, chunk_steps)
        _deliver_own(
            program, synapses, plastic, memory, exchange, parts, chunk, now, m, clock, weight,
            member, n_members,
        )  # fmt: skip
        if not _have_arrived(
            program, memory, exchange, parts, clock, weight, member, n_members, barrier
        ):
            break
        for p in range(member, program.bounds.size - 1, n_members):
            _deliver_rest(
                program, synapses, plastic, rewirings, drive, memory, exchange, parts, p, chunk,
                now, m, clock, weight,
            )  # fmt: skip
        _watch_others(program, rewirings, memory, chunk, member)
        if is_due and not _rewire_all(
            program, synapses, plastic, rewirings, memory, exchange, parts, chunk, now, clock,
            weight, member, n_members, barrier,
        ):  # fmt: skip
            break
        for p in range(member, program.bounds.size - 1, n_members):
            _advance_partition(
                program, drive, probes, memory, record, parts, p, chunk, now, m, until_look,
                start, samples, clock, weight, turn,
            )  # fmt: skip
        since = stamp(weight)
        meet(barrier, n_members)
        charge(clock, member, WAIT, since, weight)
        chunk, turn = 1 - chunk, 1 - turn
        _begin_exchange(
            program, memory, record, exchange, parts, chunk, turn, now, m == until_look, clock,
            weight, member, n_members, barrier,
        )  # fmt: skip
        done += m
        n_chunks += 1
    if exchange.mode and member == 0:
        call_rule(parts.finish_exchange, (program, memory, exchange))
    return done, chunk, turn


@njit(nogil=True, error_model="numpy", cache=True)
def deliver_pending(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, memory, exchange, parts, chunk, step, member, n_members
):  # fmt: skip
    """Deliver the spikes of the last chunk now: all input is in the ring, and the list is done.

    Each member of a team runs this with its own number; empty the list afterwards.
    """
    n_lists = memory.spike_start.shape[1]
    first = program.bounds.size - 1 if exchange.notes[IS_HALF_DELIVERED] else int64(0)
    for p in range(member, program.bounds.size - 1, n_members):
        if program.group_steps:
            call_rule(parts.deliver_all, (program, synapses, memory, p, chunk, first, step))
        else:
            call_rule(parts.deliver, (program, synapses, memory, p, chunk, first, n_lists))
        if plastic.table.shape[0]:
            call_rule(
                parts.plasticity,
                (program, synapses, plastic, memory, p, chunk, first, n_lists, step),
            )
        watch_spikes(program, rewirings, memory, p, chunk)
    _watch_others(program, rewirings, memory, chunk, member)


@njit(nogil=True, error_model="numpy", cache=True)
def order_spikes(record, turn, n_steps, block_first_id, block, out_step, out_id, start):  # type: ignore[no-untyped-def]
    """Counting sort of recorded spikes by step; slots become global ids.

    Within a step the record is in ascending order already: partitions, blocks and lanes are.
    """
    first = np.zeros(n_steps + 1, np.int64)
    n_partitions = record.first.size - 1
    for p in range(n_partitions):
        begin = record.first[p]
        for k in range(begin, begin + record.notes[turn, p, RECORDED]):
            first[record.step[k] + 1] += 1
    for s in range(n_steps):
        first[s + 1] += first[s]
    for p in range(n_partitions):
        begin = record.first[p]
        for k in range(begin, begin + record.notes[turn, p, RECORDED]):
            s = record.step[k]
            at = first[s]
            first[s] += 1
            slot = record.slot[k]
            out_step[at] = start + s
            out_id[at] = block_first_id[slot // block] + slot % block
