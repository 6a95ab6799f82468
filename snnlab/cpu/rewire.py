"""Compiled rewiring: rules remove synapses from rows, and append new ones.

A partition deals with the attempts whose targets it owns, in their order; what an attempt finds
depends on its own pair alone, so partitions need not know of each other. A row that is changed is
brought up to date first: its new synapse has not seen the spikes before.
"""

from __future__ import annotations

import math

from numba import int32, int64, njit, uint16, uint32, uint64

from snnlab.arrays.plastic import PLASTIC_FIELDS
from snnlab.arrays.rewiring import (
    ATTEMPT,
    DONE_STEP,
    N_EVENTS,
    NEEDS_ROOM,
    PAIR_WORDS,
    RANK_WORDS,
    REWIRING,
    REWIRING_FIELDS,
    RULE_WORDS,
)
from snnlab.build.layout import BLOCK
from snnlab.cpu.plastic import visit
from snnlab.rules.call import call_rule
from snnlab.rules.emit_row import NUMBERS
from snnlab.rules.philox import philox4x32

__all__ = ["due", "rewire", "watch_spikes"]

(_TABLE, _PLASTIC, _EVERY, _ATTEMPTS, _STREAM, _N_PRE, _N_POST, _SOURCE, _POST, _IS_LAST_SPIKE,
 _FORBIDS_SELF, _HAS_DISTANCE, _ACCEPT, _PRUNE, _N_STATES, _START, _PARAMS, _PRE, _POSTS,
 _INDEGREE) = range(len(REWIRING_FIELDS))  # fmt: skip

_P_CATCH_UP, _P_STATE, _P_TARGETS, _P_NUMBERS = (
    PLASTIC_FIELDS.index(name)
    for name in ("catch_up", "state_base", "targets_base", "numbers_base")
)
_STRIDE = NUMBERS.index("stride")

_PAIRS_AT_ONCE = 64
"""Pairs that are drawn before the first of them is looked at."""


@njit(error_model="numpy", forceinline=True)
def due(rewirings, now):  # type: ignore[no-untyped-def]
    """Steps until the next call of any rule after step `now`; whether one is due at `now`."""
    ahead = int64(2**62)
    is_due = False
    for r in range(rewirings.table.shape[0]):
        every = rewirings.table[r, _EVERY]
        ahead = min(ahead, every - now % every)
        is_due |= now > 0 and now % every == 0
    return ahead, is_due


@njit(error_model="numpy", forceinline=True)
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


@njit(error_model="numpy", inline="always")
def _distance(rewirings, r, pre, post):  # type: ignore[no-untyped-def]
    squared = 0.0
    for axis in range(2):
        d = abs(
            rewirings.positions[rewirings.table[r, _PRE] + pre, axis]
            - rewirings.positions[rewirings.table[r, _POSTS] + post, axis]
        )
        if rewirings.period[r, axis] > 0.0:
            d = min(d, rewirings.period[r, axis] - d)
        squared += d * d
    return math.sqrt(squared)


@njit(error_model="numpy", inline="always")
def _find(targets, start, stop, target):  # type: ignore[no-untyped-def]
    """Place of the synapse onto a target in a row; -1 if there is none. Vectorises."""
    found = int64(-1)
    for e in range(uint64(start), uint64(stop)):
        found = int64(e) if targets[e] == target else found
    return found


@njit(error_model="numpy", cache=True)
def _catch_up(synapses, plastic, ring, rewirings, r, p, row, step):  # type: ignore[no-untyped-def]
    m = rewirings.table[r, _PLASTIC]
    if m >= 0:
        visit(synapses, plastic, ring, m, p, row, step, plastic.table[m, _P_CATCH_UP])


@njit(error_model="numpy", cache=True)
def _at_state(plastic, m, p, e):  # type: ignore[no-untyped-def]
    """Where the first state variable of a synapse lies, and the way to the next."""
    own = plastic.table[m]
    return own[_P_STATE] + e - own[_P_TARGETS], plastic.numbers[own[_P_NUMBERS] + _STRIDE]


@njit(error_model="numpy", cache=True)
def _read(plastic, rewirings, r, p, e):  # type: ignore[no-untyped-def]
    """Copy the state of a synapse into the scratch of the partition."""
    state, m = rewirings.state[p], rewirings.table[r, _PLASTIC]
    if m < 0:
        state[0] = rewirings.start[rewirings.table[r, _START]]
        return
    at, stride = _at_state(plastic, m, p, e)
    for k in range(rewirings.table[r, _N_STATES]):
        state[k] = plastic.state[at + k * stride]


@njit(error_model="numpy", cache=True)
def _note(rewirings, r, p, step, is_formed, pre, post):  # type: ignore[no-untyped-def]
    """Write down what happened to a pair."""
    n = rewirings.notes[p, N_EVENTS]
    event = rewirings.events[p, n]
    event[0], event[1], event[2], event[3], event[4] = step, r, is_formed, pre, post
    rewirings.notes[p, N_EVENTS] = n + 1
    rewirings.counts[r, p, 1 if is_formed else 2] += 1
    at = rewirings.table[r, _INDEGREE] + post
    rewirings.indegree[at] += int32(1) if is_formed else int32(-1)


@njit(error_model="numpy", cache=True)
def _remove(synapses, plastic, rewirings, r, p, stop_at, e):  # type: ignore[no-untyped-def]
    """Take a synapse out of its row; the last one of the row takes its place."""
    last = synapses.row_start[stop_at] - 1
    synapses.row_start[stop_at] = last
    synapses.targets[e] = synapses.targets[last]
    m = rewirings.table[r, _PLASTIC]
    if m >= 0:
        to, stride = _at_state(plastic, m, p, e)
        from_, _ = _at_state(plastic, m, p, last)
        for k in range(rewirings.table[r, _N_STATES]):
            plastic.state[to + k * stride] = plastic.state[from_ + k * stride]


@njit(error_model="numpy", cache=True)
def _append(synapses, plastic, rewirings, r, p, stop_at, target):  # type: ignore[no-untyped-def]
    """Put a new synapse behind a row that has room."""
    e = synapses.row_start[stop_at]
    synapses.row_start[stop_at] = e + 1
    synapses.targets[e] = target
    m = rewirings.table[r, _PLASTIC]
    if m >= 0:
        at, stride = _at_state(plastic, m, p, e)
        first = rewirings.table[r, _START]
        for k in range(rewirings.table[r, _N_STATES]):
            plastic.state[at + k * stride] = rewirings.start[first + k]


@njit(error_model="numpy", cache=True)
def _prune(synapses, plastic, rewirings, ring, r, p, pre, post, e, stop_at, now):  # type: ignore[no-untyped-def]
    """Ask the rule about a synapse that is there, and let it go if it must."""
    own = rewirings.table[r]
    _catch_up(synapses, plastic, ring, rewirings, r, p, pre, now - 1)
    _read(plastic, rewirings, r, p, e)
    params = rewirings.params[own[_PARAMS] :]
    if call_rule(own[_PRUNE], (rewirings.state[p], rewirings.pair[p], params, rewirings.random[p])):
        _remove(synapses, plastic, rewirings, r, p, stop_at, e)
        _note(rewirings, r, p, now, 0, pre, post)


@njit(error_model="numpy", cache=True)
def _form(synapses, plastic, rewirings, ring, r, p, pre, post, target, stop_at, now):  # type: ignore[no-untyped-def]
    """Put a synapse between a pair that the rule has accepted."""
    _catch_up(synapses, plastic, ring, rewirings, r, p, pre, now - 1)
    _append(synapses, plastic, rewirings, r, p, stop_at, target)
    _note(rewirings, r, p, now, 1, pre, post)


@njit(error_model="numpy", inline="always")
def _draw_pairs(rewirings, r, p, first, n, now, seed):  # type: ignore[no-untyped-def]
    """Draw the pairs of the attempts ``first ... first + n``; vectorises."""
    own, pres, posts = rewirings.table[r], rewirings.pres[p], rewirings.posts[p]
    n_pre, n_post = uint64(own[_N_PRE]), uint64(own[_N_POST])
    stream = own[_STREAM]
    for k in range(n):
        i = uint64(k)
        words = philox4x32(uint64(first) + i, now, PAIR_WORDS, 0, seed, stream)
        posts[i] = int64((uint64(words[0]) * n_post) >> uint64(32))
        pres[i] = int64((uint64(words[1]) * n_pre) >> uint64(32))


@njit(error_model="numpy", cache=True)
def _attempts(program, synapses, plastic, rewirings, ring, r, p, now, low, high):  # type: ignore[no-untyped-def]
    """Make the attempts of one call at targets ``low ... high``; False if there is no room."""
    own, notes = rewirings.table[r], rewirings.notes[p]
    table, row_start, targets = synapses.table[own[_TABLE]], synapses.row_start, synapses.targets
    rows_at = p * (table[7] + 1)
    start_base, stop_base = table[8] + rows_at, table[10] + rows_at
    slot_base = program.first_slot[own[_POST]] - program.bounds[p] * BLOCK
    pair, random = rewirings.pair[p], rewirings.random[p]
    pres, posts = rewirings.pres[p], rewirings.posts[p]
    params, most_events = rewirings.params[own[_PARAMS] :], rewirings.events.shape[1]
    accept, indegrees = own[_ACCEPT], own[_INDEGREE]
    is_last_spike, forbids_self = own[_IS_LAST_SPIKE] != 0, own[_FORBIDS_SELF] != 0
    has_distance = own[_HAS_DISTANCE] != 0
    last = _last_spike(rewirings, own[_SOURCE]) if is_last_spike else int64(-1)
    random[0], random[1] = uint32(program.seed), uint32(own[_STREAM])
    random[3], random[4] = uint32(RULE_WORDS), uint32(now)
    k, n_attempts = notes[ATTEMPT], own[_ATTEMPTS]
    while k < n_attempts:
        n = min(n_attempts - k, int64(_PAIRS_AT_ONCE))
        _draw_pairs(rewirings, r, p, k, n, now, program.seed)
        for j in range(n):
            post, pre = posts[uint64(j)], last if is_last_spike else pres[uint64(j)]
            if not low <= post < high or pre < 0 or (forbids_self and pre == post):
                continue
            if notes[N_EVENTS] == most_events:
                notes[ATTEMPT] = k + j
                return False
            pair[0] = _distance(rewirings, r, pre, post) if has_distance else 0.0
            pair[1] = rewirings.indegree[indegrees + post]
            random[2] = uint32(k + j)
            target = uint16(slot_base + post)
            stop = row_start[stop_base + pre]
            e = _find(targets, row_start[start_base + pre], stop, target)
            rewirings.counts[r, p, 0] += 1
            if e >= 0:
                _prune(synapses, plastic, rewirings, ring, r, p, pre, post, e, stop_base + pre, now)
            elif call_rule(accept, (pair, params, random)):
                if stop == row_start[start_base + pre + 1]:
                    rewirings.counts[r, p, 0] -= 1
                    notes[ATTEMPT] = k + j
                    return False
                _form(synapses, plastic, rewirings, ring, r, p, pre, post, target, stop_base + pre,
                      now)  # fmt: skip
        k += n
    notes[ATTEMPT] = 0
    return True


@njit(error_model="numpy", cache=True)
def rewire(program, synapses, plastic, rewirings, memory, p, now):  # type: ignore[no-untyped-def]
    """Do what is due at step `now` in partition `p`.

    Where a row or the list of events is full, it stops there and says so in `notes`; called again
    when there is room, it goes on.
    """
    notes, ring = rewirings.notes[p], memory.ring
    if notes[DONE_STEP] >= now:
        return
    notes[NEEDS_ROOM] = 0
    while notes[REWIRING] < rewirings.table.shape[0]:
        r = notes[REWIRING]
        if now % rewirings.table[r, _EVERY] == 0:
            first = program.first_slot[rewirings.table[r, _POST]]
            low = max(program.bounds[p] * BLOCK - first, int64(0))
            high = min(program.bounds[p + 1] * BLOCK - first, rewirings.table[r, _N_POST])
            if not _attempts(program, synapses, plastic, rewirings, ring, r, p, now, low, high):
                notes[NEEDS_ROOM] = 1
                return
        notes[REWIRING] = r + 1
    notes[REWIRING] = 0
    notes[DONE_STEP] = now
