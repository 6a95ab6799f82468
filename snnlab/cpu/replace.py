"""Compiled rewiring by rules that replace: all synapses are visited, as many formed as went.

Each partition deals with the synapses onto its own neurons, but how many are formed is one number
for all of them. So the pairs that are drawn are numbered, and partitions go through them in rounds:
each forms what its own targets may get, then they meet, and all find the same number at which the
last synapse that is needed was formed. What lies beyond is taken back: it never happened.

Where ranks hold the network together, each looks at the pairs of its own targets, and they tell
each other by two bits a pair what came of it: a synapse was formed, or a row had no room for it.
"""

from __future__ import annotations

from numba import carray, int64, njit, uint16, uint32  # type: ignore[attr-defined]

from snnlab.arrays.rewiring import (
    DONE_STEP,
    DRAWN_WORDS,
    FORMED,
    FULL,
    GONE,
    HAS_ADJUSTED,
    N_EVENTS,
    N_TRIED,
    NEEDS_ROOM,
    NEXT,
    PAIRS_AT_LEAST,
    PAIRS_AT_MOST,
    PAIRS_EACH,
    REWIRING,
    REWIRING_FIELDS,
    ROW,
    RULE_WORDS,
    SHORT,
    TICKS,
)
from snnlab.cpu.barrier import BARRIER_SIZE, meet
from snnlab.cpu.exchange import CUT, FOUND, LACKS_ROOM, NONE, add_up, agree
from snnlab.cpu.part import part
from snnlab.cpu.phases import charge, stamp
from snnlab.cpu.rewire_rows import (
    append_as_ruled,
    are_alive,
    catch_up,
    draw_pair,
    find,
    note,
    owned,
    read_state,
    remove,
    row_of,
    see_pair,
    write_weight,
)
from snnlab.cpu.votes import count_votes, vote
from snnlab.rules.call import call_rule

__all__ = ["replace"]

_STREAM, _FORBIDS_SELF, _ACCEPT, _PRUNE, _ADJUST, _PARAMS, _N_PRE, _N_POST, _INDEGREE = (
    REWIRING_FIELDS.index(name)
    for name in ("stream", "forbids_self", "accept", "prune", "adjust", "params_base", "n_pre",
                 "n_post", "indegree_base")
)  # fmt: skip

_NO, _YES, _NO_ROOM = range(3)


@njit(error_model="numpy", forceinline=True)
def _name(program, rewirings, r, p, first, second, now):  # type: ignore[no-untyped-def]
    """Name the random numbers of a rule."""
    random = rewirings.random
    random[p, 0], random[p, 1] = uint32(program.seed), uint32(rewirings.table[r, _STREAM])
    random[p, 2], random[p, 3], random[p, 4] = uint32(first), uint32(second), uint32(now)


@njit(error_model="numpy", cache=True)
def _adjust_rows(program, synapses, plastic, rewirings, memory, r, p, now):  # type: ignore[no-untyped-def]
    """Change the weights, once in a call: it may stop for room later, and go on."""
    own, mine = rewirings.table[r], rewirings.replacing[p]
    if own[_ADJUST] == 0 or mine[HAS_ADJUSTED]:
        return
    slot = owned(program, rewirings, r, p)[2]
    params = rewirings.params[own[_PARAMS] :]
    asked = rewirings.state[p], rewirings.pair[p], params, rewirings.random[p]
    for pre in range(own[_N_PRE]):
        start, stop, _, _ = row_of(synapses, rewirings, r, p, pre)
        catch_up(synapses, plastic, memory.ring, rewirings, r, p, pre, now - 1)
        for e in range(start, stop):
            post = int64(synapses.targets[e]) - slot
            see_pair(rewirings, r, p, pre, post, program.seed)
            read_state(plastic, rewirings, r, p, e)
            _name(program, rewirings, r, p, pre, post, now)
            call_rule(own[_ADJUST], asked)
            write_weight(plastic, rewirings, r, p, e)
    mine[HAS_ADJUSTED] = 1


@njit(error_model="numpy", cache=True)
def _visit_rows(program, synapses, plastic, rewirings, memory, r, p, now):  # type: ignore[no-untyped-def]
    """Remove what goes, row by row, from the end of each: what fills a gap has been visited.

    Where the list of events is full it stops; called again, it asks about the rest of the row and
    what has stayed of it again, which stays again.
    """
    mine, notes = rewirings.replacing[p], rewirings.notes[p]
    slot, capacity = owned(program, rewirings, r, p)[2], rewirings.events.shape[1]
    params, rule = rewirings.params[rewirings.table[r, _PARAMS] :], rewirings.table[r, _PRUNE]
    asked = rewirings.state[p], rewirings.pair[p], params, rewirings.random[p]
    for pre in range(mine[ROW], rewirings.table[r, _N_PRE]):
        mine[ROW] = pre
        start, stop, _, stop_at = row_of(synapses, rewirings, r, p, pre)
        catch_up(synapses, plastic, memory.ring, rewirings, r, p, pre, now - 1)
        for e in range(stop - 1, start - 1, -1):
            if notes[N_EVENTS] == capacity:
                notes[NEEDS_ROOM] = 1
                return
            post = int64(synapses.targets[e]) - slot
            see_pair(rewirings, r, p, pre, post, program.seed)
            read_state(plastic, rewirings, r, p, e)
            _name(program, rewirings, r, p, pre, post, now)
            if call_rule(rule, asked):
                remove(synapses, plastic, rewirings, r, p, stop_at, e)
                note(rewirings, r, p, now, 0, pre, post)
                mine[GONE] += 1
    mine[ROW] = rewirings.table[r, _N_PRE]
    notes[NEEDS_ROOM] = 0


@njit(error_model="numpy", forceinline=True)
def _try(program, synapses, plastic, rewirings, r, p, pre, post, now):  # type: ignore[no-untyped-def]
    """Connect one pair if that may be; its row is up to date, the random numbers are named."""
    own = rewirings.table[r]
    start, stop, end, stop_at = row_of(synapses, rewirings, r, p, pre)
    target = uint16(owned(program, rewirings, r, p)[2] + post)
    if find(synapses.targets, start, stop, target) >= 0:
        return _NO
    see_pair(rewirings, r, p, pre, post, program.seed)
    params = rewirings.params[own[_PARAMS] :]
    if not call_rule(own[_ACCEPT], (rewirings.pair[p], params, rewirings.random[p])):
        return _NO
    if stop == end or rewirings.notes[p, N_EVENTS] == rewirings.events.shape[1]:
        return _NO_ROOM
    append_as_ruled(synapses, plastic, rewirings, r, p, stop_at, target)
    note(rewirings, r, p, now, 1, pre, post)
    return _YES


@njit(error_model="numpy", cache=True)
def _try_pairs(program, synapses, plastic, rewirings, r, p, now, stop, most):  # type: ignore[no-untyped-def]
    """Connect pairs of this round, ``NEXT ... stop - 1``, until there is no room, `most` at most.

    Those before the first one for which a row has no room do not depend on other partitions.
    """
    mine = rewirings.replacing[p]
    low, high, _ = owned(program, rewirings, r, p)
    own = rewirings.table[r]
    stream, n_pre, n_post = own[_STREAM], own[_N_PRE], own[_N_POST]
    mine[N_TRIED], mine[FULL] = 0, stop
    for k in range(mine[NEXT], stop):
        if mine[N_TRIED] == most:
            return
        pre, post = draw_pair(k, now, DRAWN_WORDS, program.seed, stream, n_pre, n_post)
        is_self = own[_FORBIDS_SELF] and pre == post
        if is_self or not low <= post < high or not are_alive(rewirings, r, pre, post):
            continue
        _name(program, rewirings, r, p, k, RULE_WORDS, now)
        found = _try(program, synapses, plastic, rewirings, r, p, pre, post, now)
        if found == _NO_ROOM:
            mine[FULL] = k
            return
        if found == _YES:
            rewirings.tried[p, mine[N_TRIED]] = k
            mine[N_TRIED] += 1


@njit(error_model="numpy", cache=True)
def _n_tried(rewirings, before):  # type: ignore[no-untyped-def]
    """Pairs of this round that got a synapse, in all partitions, with numbers below `before`."""
    n = int64(0)
    for p in range(rewirings.replacing.shape[0]):
        for k in rewirings.tried[p, : rewirings.replacing[p, N_TRIED]]:
            n += int64(k < before)
    return n


@njit(error_model="numpy", cache=True)
def _cut(rewirings, first, n_left):  # type: ignore[no-untyped-def]
    """Number from which on nothing is formed: `n_left` are enough, and all need room."""
    high = rewirings.replacing[:, FULL].min()
    low = first
    while low < high:
        middle = (low + high) // 2
        if _n_tried(rewirings, middle) < n_left:
            low = middle + 1
        else:
            high = middle
    return low


@njit(error_model="numpy", cache=True)
def _agreed_cut(exchange, rewirings, first, stop, n_left, member, n_members, barrier):  # type: ignore[no-untyped-def]
    """Return the number from which on nothing is formed anywhere, and what is formed before it."""
    if exchange.mode == NONE:
        cut = _cut(rewirings, first, n_left)
        return cut, _n_tried(rewirings, cut)
    if member == 0:
        vote(rewirings.replacing, rewirings.tried, exchange.votes[0], first)
        add_up(exchange)
        cut, found = count_votes(exchange.votes[1], first, stop, n_left)
        exchange.notes[CUT], exchange.notes[FOUND] = cut, found
    meet(barrier, n_members)
    return exchange.notes[CUT], exchange.notes[FOUND]


@njit(error_model="numpy", cache=True)
def _keep(synapses, rewirings, r, p, cut, counts):  # type: ignore[no-untyped-def]
    """Take back what was formed from number `cut` on, the last one first, and keep the rest.

    `counts`: whether this partition counts the pairs, for all.
    """
    mine, notes = rewirings.replacing[p], rewirings.notes[p]
    n = mine[N_TRIED]
    while n > 0 and rewirings.tried[p, n - 1] >= cut:
        n -= 1
        notes[N_EVENTS] -= 1
        event = rewirings.events[p, notes[N_EVENTS]]
        synapses.row_start[row_of(synapses, rewirings, r, p, event[3])[3]] -= 1
        rewirings.indegree[rewirings.table[r, _INDEGREE] + event[4]] -= 1
        rewirings.counts[r, p, 1] -= 1
    notes[NEEDS_ROOM] = int64(mine[FULL] == mine[NEXT])
    rewirings.counts[r, p, 0] += cut - mine[NEXT] if counts else 0
    mine[FORMED] += n
    mine[NEXT] = cut


@njit(error_model="numpy", cache=True)
def _end(rewirings, r, p, n_left, counts):  # type: ignore[no-untyped-def]
    """Go on to the next rule."""
    rewirings.counts[r, p, SHORT] += n_left if counts else 0
    rewirings.replacing[p] = 0
    rewirings.notes[p, REWIRING] = r + 1


@njit(error_model="numpy", cache=True)
def _have_room(exchange, rewirings, member, n_members, barrier):  # type: ignore[no-untyped-def]
    """Whether no partition, here or on another rank, waits for room; all have met."""
    has_room = not rewirings.notes[:, NEEDS_ROOM].any()
    if exchange.mode == NONE:
        return has_room
    if member == 0:
        exchange.notes[LACKS_ROOM] = int64(agree(exchange, not has_room))
    meet(barrier, n_members)
    has_room = exchange.notes[LACKS_ROOM] == 0
    meet(barrier, n_members)
    return has_room


@njit(error_model="numpy", cache=True)
def _numbers(exchange, rewirings, member, n_members, barrier):  # type: ignore[no-untyped-def]
    """Synapses that went, and those formed in their place so far, of all partitions anywhere.

    The third number is of those that wait for room.
    """
    gone, formed = rewirings.replacing[:, GONE].sum(), rewirings.replacing[:, FORMED].sum()
    n_waiting = rewirings.notes[:, NEEDS_ROOM].sum()
    if exchange.mode == NONE:
        return gone, formed, n_waiting
    if member == 0:
        own = exchange.votes[0]
        own[:] = 0
        own[0], own[1], own[2] = gone, formed, n_waiting
        add_up(exchange)
    meet(barrier, n_members)
    whole = exchange.votes[1]
    gone, formed, n_waiting = int64(whole[0]), int64(whole[1]), int64(whole[2])
    meet(barrier, n_members)
    return gone, formed, n_waiting


@njit(error_model="numpy", cache=True)
def _replace(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, memory, exchange, r, now, member, n_members, barrier
):
    """Let one rule replace synapses; False if it needs more room.

    Between two meetings no member writes what others read: first all find out what to do next.
    """
    n_partitions = program.bounds.size - 1
    for p in range(member, n_partitions, n_members):
        _adjust_rows(program, synapses, plastic, rewirings, memory, r, p, now)
        _visit_rows(program, synapses, plastic, rewirings, memory, r, p, now)
    meet(barrier, n_members)
    n_gone, n_formed, n_waiting = _numbers(exchange, rewirings, member, n_members, barrier)
    if n_waiting:
        return False
    n_left = n_gone - n_formed
    last = min(PAIRS_AT_LEAST + PAIRS_EACH * n_gone, PAIRS_AT_MOST)
    first = rewirings.replacing[0, NEXT]
    while n_left > 0 and first < last:
        stop = min(first + rewirings.tried.shape[1], last)
        for p in range(member, n_partitions, n_members):
            _try_pairs(program, synapses, plastic, rewirings, r, p, now, stop, n_left)
        meet(barrier, n_members)
        cut, n_found = _agreed_cut(
            exchange, rewirings, first, stop, n_left, member, n_members, barrier
        )
        for p in range(member, n_partitions, n_members):
            _keep(synapses, rewirings, r, p, cut, p == 0 and exchange.rank == 0)
        meet(barrier, n_members)
        if cut == first:
            return False
        first = cut
        n_left -= n_found
    meet(barrier, n_members)
    for p in range(member, n_partitions, n_members):
        _end(rewirings, r, p, n_left, p == 0 and exchange.rank == 0)
    return True


@part
def replace(  # type: ignore[no-untyped-def]
    program, synapses, plastic, rewirings, memory, exchange, barrier, rewire, now, weight, member,
    n_members,
):  # fmt: skip
    """Do the rest of what is due at step `now`, from a rule that replaces on; all have met.

    Where ranks hold the network together, all of them call this at the same steps.

    Parameters
    ----------
    program, synapses, plastic, rewirings, memory, exchange : lent
    barrier : pointer
        Where the members meet.
    rewire : int
        Address of `snnlab.cpu.rewire.rewire`.
    now, weight, member, n_members : int
        See `snnlab.cpu.loop.run`.

    Returns
    -------
    bool
        False if some rule needs more room, here or on another rank: called again when there is, it
        goes on.
    """
    meeting = carray(barrier, BARRIER_SIZE)
    while True:
        if not _have_room(exchange, rewirings, member, n_members, meeting):
            return int64(False)
        if rewirings.notes[0, DONE_STEP] >= now:
            return int64(True)
        r = rewirings.notes[0, REWIRING]
        meet(meeting, n_members)
        since = stamp(weight)
        has_room = _replace(
            program, synapses, plastic, rewirings, memory, exchange, r, now, member, n_members,
            meeting,
        )  # fmt: skip
        charge(rewirings.counts[r], member, TICKS, since, weight)
        if not has_room:
            return int64(False)
        for p in range(member, program.bounds.size - 1, n_members):
            call_rule(rewire, (program, synapses, plastic, rewirings, memory, p, now, weight))
        meet(meeting, n_members)
