"""Compiled rewiring: rules remove synapses from rows, and append new ones.

A partition deals with the attempts whose targets it owns, in their order; what an attempt finds
depends on its own pair alone, so partitions need not know of each other. A row that is changed is
brought up to date first: its new synapse has not seen the spikes before.
"""

from __future__ import annotations

from numba import int64, njit, uint16, uint32

from snnlab.arrays.rewiring import (
    ATTEMPT,
    DONE_STEP,
    N_EVENTS,
    NEEDS_ROOM,
    RANK_WORDS,
    REWIRING,
    REWIRING_FIELDS,
    RULE_WORDS,
)
from snnlab.cpu.rewire_rows import (
    append,
    catch_up,
    draw_pair,
    find,
    note,
    owned,
    read_state,
    remove,
    row_of,
    see_pair,
)
from snnlab.rules.call import call_rule
from snnlab.rules.philox import philox4x32

__all__ = ["due", "is_replacing", "rewire", "watch_spikes"]

(_EVERY, _ATTEMPTS, _STREAM, _SOURCE, _IS_LAST_SPIKE, _FORBIDS_SELF, _ACCEPT, _PRUNE, _PARAMS,
 _REPLACES) = (
    REWIRING_FIELDS.index(name)
    for name in ("every", "attempts", "stream", "source", "is_last_spike", "forbids_self",
                 "accept", "prune", "params_base", "replaces")
)  # fmt: skip


@njit(error_model="numpy", cache=True)
def due(rewirings, now):  # type: ignore[no-untyped-def]
    """Steps until the next call of any rule after step `now`; whether one is due at `now`."""
    ahead = int64(2**62)
    is_due = False
    for r in range(rewirings.table.shape[0]):
        every = rewirings.table[r, _EVERY]
        ahead = min(ahead, every - now % every)
        is_due |= now > 0 and now % every == 0
    return ahead, is_due


@njit(error_model="numpy", cache=True)
def watch_spikes(program, rewirings, memory, p, chunk):  # type: ignore[no-untyped-def]
    """Note who of partition `p` spiked last in list `chunk`, in populations that are watched."""
    for population in range(rewirings.is_watched.size):
        if not rewirings.is_watched[population]:
            continue
        last = rewirings.last_spike[p, population]
        for s in range(memory.spike_start[chunk, p, population],
                       memory.spike_start[chunk, p, population + 1]):  # fmt: skip
            neuron = int64(memory.spike_slot[chunk, p, s]) - program.first_slot[population]
            step = memory.spike_step[chunk, p, s]
            rank = int64(philox4x32(neuron, step, RANK_WORDS, population, program.seed, 0)[0])
            if step > last[0] or (step == last[0] and rank < last[1]):
                last[0], last[1], last[2] = step, rank, neuron


@njit(error_model="numpy", cache=True)
def _last_spike(rewirings, population):  # type: ignore[no-untyped-def]
    """The neuron of a population that spiked last, in any partition; -1 if none has."""
    step, rank, neuron = int64(-1), int64(0), int64(-1)
    for p in range(rewirings.last_spike.shape[0]):
        last = rewirings.last_spike[p, population]
        if last[0] > step or (last[0] == step and last[1] < rank):
            step, rank, neuron = last[0], last[1], last[2]
    return neuron


@njit(error_model="numpy", cache=True)
def _attempt(program, synapses, plastic, rewirings, memory, r, p, pre, post, now):  # type: ignore[no-untyped-def]
    """Ask the rule about one pair; False if there is no room for what it decided."""
    own = rewirings.table[r]
    start, stop, end, stop_at = row_of(synapses, rewirings, r, p, pre)
    slot = owned(program, rewirings, r, p)[2] + post
    pair, random = rewirings.pair[p], rewirings.random[p]
    params = rewirings.params[own[_PARAMS] :]
    see_pair(rewirings, r, p, pre, post)
    e = find(synapses, start, stop, uint16(slot))
    if rewirings.notes[p, N_EVENTS] == rewirings.events.shape[1]:
        return False
    if e >= 0:
        catch_up(synapses, plastic, memory.ring, rewirings, r, p, pre, now - 1)
        read_state(plastic, rewirings, r, p, e)
        if call_rule(own[_PRUNE], (rewirings.state[p], pair, params, random)):
            remove(synapses, plastic, rewirings, r, p, stop_at, e)
            note(rewirings, r, p, now, 0, pre, post)
    elif call_rule(own[_ACCEPT], (pair, params, random)):
        if stop == end:
            return False
        catch_up(synapses, plastic, memory.ring, rewirings, r, p, pre, now - 1)
        append(synapses, plastic, rewirings, r, p, stop_at, uint16(slot))
        note(rewirings, r, p, now, 1, pre, post)
    return True


@njit(error_model="numpy", cache=True)
def _attempts(program, synapses, plastic, rewirings, memory, r, p, now):  # type: ignore[no-untyped-def]
    """Make the attempts of one call at targets of the partition; False if there is no room."""
    own, notes, random = rewirings.table[r], rewirings.notes[p], rewirings.random[p]
    low, high, _ = owned(program, rewirings, r, p)
    last = _last_spike(rewirings, own[_SOURCE]) if own[_IS_LAST_SPIKE] else int64(-1)
    random[0], random[1] = uint32(program.seed), uint32(own[_STREAM])
    random[3], random[4] = uint32(RULE_WORDS), uint32(now)
    for k in range(notes[ATTEMPT], own[_ATTEMPTS]):
        pre, post = draw_pair(program, rewirings, r, k, now, 0)
        if not low <= post < high:
            continue
        if own[_IS_LAST_SPIKE]:
            pre = last
        if pre < 0 or (own[_FORBIDS_SELF] and pre == post):
            continue
        random[2] = uint32(k)
        if not _attempt(program, synapses, plastic, rewirings, memory, r, p, pre, post, now):
            notes[ATTEMPT] = k
            return False
        rewirings.counts[r, p, 0] += 1
    notes[ATTEMPT] = 0
    return True


@njit(error_model="numpy", cache=True)
def is_replacing(rewirings, r, now):  # type: ignore[no-untyped-def]
    """Whether a rule that replaces synapses is due; without attempts it rests."""
    own = rewirings.table[r]
    return own[_REPLACES] != 0 and own[_ATTEMPTS] > 0 and now % own[_EVERY] == 0


@njit(error_model="numpy", cache=True)
def rewire(program, synapses, plastic, rewirings, memory, p, now):  # type: ignore[no-untyped-def]
    """Do what is due at step `now` in partition `p`, up to a rule that replaces synapses.

    Where a row or the list of events is full, it stops there and says so in `notes`; called again
    when there is room, it goes on. It stops before a rule for which partitions must meet, too.
    """
    notes = rewirings.notes[p]
    if notes[DONE_STEP] >= now:
        return
    notes[NEEDS_ROOM] = 0
    while notes[REWIRING] < rewirings.table.shape[0]:
        r = notes[REWIRING]
        if is_replacing(rewirings, r, now):
            return
        is_due = not rewirings.table[r, _REPLACES] and now % rewirings.table[r, _EVERY] == 0
        if is_due and not _attempts(program, synapses, plastic, rewirings, memory, r, p, now):
            notes[NEEDS_ROOM] = 1
            return
        notes[REWIRING] = r + 1
    notes[REWIRING] = 0
    notes[DONE_STEP] = now
