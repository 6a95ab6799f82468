"""Compiled rewiring: rules remove synapses from rows, and append new ones.

A partition deals with the attempts whose targets it owns, in their order; what an attempt finds
depends on its own pair alone, so partitions need not know of each other. A row that is changed is
brought up to date first: its new synapse has not seen the spikes before.
"""

from __future__ import annotations

from numba import int64, njit, uint16, uint32, uint64

from snnlab.arrays.marks import mark
from snnlab.arrays.rewiring import (
    ATTEMPT,
    DONE_STEP,
    N_EVENTS,
    NEEDS_ROOM,
    RANK_WORDS,
    REWIRING,
    REWIRING_FIELDS,
    RULE_WORDS,
    TICKS,
)
from snnlab.cpu.part import part
from snnlab.cpu.phases import charge, stamp
from snnlab.cpu.prefetch import prefetch
from snnlab.cpu.rewire_choice import choose
from snnlab.cpu.rewire_rows import (
    append_as_ruled,
    are_alive,
    catch_up,
    distance,
    draw_pair,
    find,
    note,
    owned,
    read_state,
    remove,
)
from snnlab.rules.call import call_rule
from snnlab.rules.philox import philox4x32

__all__ = ["due", "is_replacing", "rewire", "watch_spikes"]

(_TABLE, _EVERY, _ATTEMPTS, _STREAM, _N_PRE, _N_POST, _SOURCE, _IS_LAST_SPIKE, _FORBIDS_SELF,
 _HAS_DISTANCE, _ACCEPT, _PRUNE, _PARAMS, _PRE, _POSTS, _INDEGREE, _REPLACES, _PAIRS,
 _SLOTS, _PROPOSE, _READS_MARK, _MARKS) = (
    REWIRING_FIELDS.index(name)
    for name in ("table", "every", "attempts", "stream", "n_pre", "n_post", "source",
                 "is_last_spike", "forbids_self", "has_distance", "accept", "prune", "params_base",
                 "pre_base", "post_base", "indegree_base", "replaces", "pairs", "slots",
                 "propose", "reads_mark", "marks")
)  # fmt: skip

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
def _draw_pairs(rewirings, r, p, first, n, now, seed):  # type: ignore[no-untyped-def]
    """Draw the pairs of the attempts ``first ... first + n``; the loop vectorises."""
    own, pres, posts = rewirings.table[r], rewirings.pres[p], rewirings.posts[p]
    n_pre, n_post, stream = own[_N_PRE], own[_N_POST], own[_PAIRS]
    for k in range(n):
        i = uint64(k)
        pres[i], posts[i] = draw_pair(uint64(first) + i, now, 0, seed, stream, n_pre, n_post)
    if own[_IS_LAST_SPIKE]:
        pres[:n] = _last_spike(rewirings, own[_SOURCE])


@njit(error_model="numpy", forceinline=True)
def _fetch(synapses, rewirings, r, p, n):  # type: ignore[no-untyped-def]
    """Start to load what the attempts at `n` pairs will read: on large sheets it is far away."""
    own, pres, posts = rewirings.table[r], rewirings.pres[p], rewirings.posts[p]
    table, row_start = synapses.table[own[_TABLE]], synapses.row_start
    rows_at = p * (table[7] + 1)
    start_base, stop_base = table[8] + rows_at, table[10] + rows_at
    for k in range(uint64(n)):
        prefetch(row_start, start_base + pres[k])
        prefetch(row_start, stop_base + pres[k])
        prefetch(rewirings.indegree, own[_INDEGREE] + posts[k])
        if own[_HAS_DISTANCE]:
            prefetch(rewirings.positions, 2 * (own[_PRE] + pres[k]))
            prefetch(rewirings.positions, 2 * (own[_POSTS] + posts[k]))
    for k in range(uint64(n)):
        prefetch(synapses.targets, row_start[start_base + max(pres[k], int64(0))])


@njit(error_model="numpy", forceinline=True)
def _source(rewirings, r, p, pre, post, k, now, seed):  # type: ignore[no-untyped-def]
    """Source that attempt number `k` looks at, if it is to look at any; else -1."""
    own = rewirings.table[r]
    if own[_PROPOSE] != 0:
        target = rewirings.state[p]  # scratch: no synapse is looked at yet
        target[0], target[1], target[2] = post, own[_N_POST], own[_N_PRE]
        target[3] = rewirings.indegree[own[_INDEGREE] + post]
        params = rewirings.params[own[_PARAMS] :]
        pre = call_rule(own[_PROPOSE], (target, params, rewirings.random[p]))
    if own[_SLOTS] != 0:
        pre = choose(
            own, rewirings.indegree, rewirings.afferents, rewirings.pool_indegree, k, pre, post,
            now, seed,
        )  # fmt: skip
    if pre < 0 or (own[_FORBIDS_SELF] and pre == post) or not are_alive(rewirings, r, pre, post):
        return int64(-1)
    return pre


@njit(error_model="numpy", forceinline=True)
def _attempts(program, synapses, plastic, rewirings, ring, r, p, now):  # type: ignore[no-untyped-def]
    """Make the attempts of one call at targets ``low ... high``; False if there is no room."""
    own, notes = rewirings.table[r], rewirings.notes[p]
    table, row_start, targets = synapses.table[own[_TABLE]], synapses.row_start, synapses.targets
    rows_at = p * (table[7] + 1)
    start_base, stop_base = table[8] + rows_at, table[10] + rows_at
    low, high, first_slot = owned(program, rewirings, r, p)
    state, pair, random = rewirings.state[p], rewirings.pair[p], rewirings.random[p]
    pres, posts = rewirings.pres[p], rewirings.posts[p]
    params, most_events = rewirings.params[own[_PARAMS] :], rewirings.events.shape[1]
    accept, prune, indegrees = own[_ACCEPT], own[_PRUNE], own[_INDEGREE]
    has_distance, reads_mark = own[_HAS_DISTANCE] != 0, own[_READS_MARK] != 0
    random[0], random[1], random[3], random[4] = (
        uint32(program.seed), uint32(own[_STREAM]), uint32(RULE_WORDS), uint32(now),
    )  # fmt: skip
    k, n_attempts = notes[ATTEMPT], own[_ATTEMPTS]
    while k < n_attempts:
        n = min(n_attempts - k, int64(_PAIRS_AT_ONCE))
        _draw_pairs(rewirings, r, p, k, n, now, program.seed)
        _fetch(synapses, rewirings, r, p, n)
        for j in range(n):
            post = posts[uint64(j)]
            if not low <= post < high:
                continue
            random[2] = uint32(k + j)
            pre = _source(rewirings, r, p, pres[uint64(j)], post, k + j, now, program.seed)
            if pre < 0:
                continue
            if notes[N_EVENTS] == most_events:
                notes[ATTEMPT] = k + j
                return False
            pair[0] = distance(rewirings, r, pre, post) if has_distance else 0.0
            pair[1] = rewirings.indegree[indegrees + post]
            pair[2] = mark(pre, post, program.seed, own[_MARKS]) if reads_mark else 0.0
            target = uint16(first_slot + post)
            stop = row_start[stop_base + pre]
            e = find(targets, row_start[start_base + pre], stop, target)
            rewirings.counts[r, p, 0] += 1
            if e < 0:
                if not call_rule(accept, (pair, params, random)):
                    continue
                if stop == row_start[start_base + pre + 1]:
                    rewirings.counts[r, p, 0] -= 1
                    notes[ATTEMPT] = k + j
                    return False
            catch_up(synapses, plastic, ring, rewirings, r, p, pre, now - 1)
            if e < 0:
                append_as_ruled(synapses, plastic, rewirings, r, p, stop_base + pre, target)
            else:
                read_state(plastic, rewirings, r, p, e)
                if not call_rule(prune, (state, pair, params, random)):
                    continue
                remove(synapses, plastic, rewirings, r, p, stop_base + pre, e)
            note(rewirings, r, p, now, int64(e < 0), pre, post)
        k += n
    notes[ATTEMPT] = 0
    return True


@njit(error_model="numpy", forceinline=True)
def is_replacing(rewirings, r, now):  # type: ignore[no-untyped-def]
    """Whether a rule that replaces synapses is due; without attempts it rests."""
    own = rewirings.table[r]
    return own[_REPLACES] != 0 and own[_ATTEMPTS] > 0 and now % own[_EVERY] == 0


@part
def rewire(program, synapses, plastic, rewirings, memory, p, now, weight):  # type: ignore[no-untyped-def]
    """Do what is due at step `now` in partition `p`, up to a rule that replaces synapses.

    Where a row or the list of events is full, it stops there and says so in `notes`; called again
    when there is room, it goes on. It stops before a rule for which partitions must meet, too.
    """
    notes, ring = rewirings.notes[p], memory.ring
    if notes[DONE_STEP] >= now:
        return int64(0)
    notes[NEEDS_ROOM] = 0
    while notes[REWIRING] < rewirings.table.shape[0]:
        r = notes[REWIRING]
        if is_replacing(rewirings, r, now):
            return int64(0)
        if not rewirings.table[r, _REPLACES] and now % rewirings.table[r, _EVERY] == 0:
            since = stamp(weight)
            has_room = _attempts(program, synapses, plastic, rewirings, ring, r, p, now)
            charge(rewirings.counts[r], p, TICKS, since, weight)
            if not has_room:
                notes[NEEDS_ROOM] = 1
                return int64(0)
        notes[REWIRING] = r + 1
    notes[REWIRING] = 0
    notes[DONE_STEP] = now
    return int64(0)
