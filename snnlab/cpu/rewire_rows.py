"""Rows of synapses that come and go: what rules see of them, and what they do to them."""

from __future__ import annotations

import math

from numba import int32, int64, njit, uint32, uint64

from snnlab.arrays.marks import mark
from snnlab.arrays.plastic import PLASTIC_FIELDS
from snnlab.arrays.rewiring import N_EVENTS, PAIR_WORDS, REWIRING_FIELDS
from snnlab.build.layout import BLOCK
from snnlab.cpu.plastic import visit
from snnlab.cpu.rewire_choice import keep_afferent
from snnlab.rules.call import call_rule
from snnlab.rules.emit_row import NUMBERS
from snnlab.rules.philox import philox4x32

__all__ = [
    "append",
    "append_as_ruled",
    "are_alive",
    "catch_up",
    "distance",
    "draw_pair",
    "find",
    "note",
    "owned",
    "read_state",
    "remove",
    "row_of",
    "see_pair",
    "write_weight",
]

(_TABLE, _PLASTIC, _STREAM, _N_PRE, _N_POST, _POST, _HAS_DISTANCE, _N_STATES, _START, _PRE,
 _POSTS, _INDEGREE, _SLOTS, _INITIAL, _PARAMS, _READS_MARK, _MARKS) = (
    REWIRING_FIELDS.index(name)
    for name in ("table", "plastic", "stream", "n_pre", "n_post", "post", "has_distance",
                 "n_states", "start_base", "pre_base", "post_base", "indegree_base", "slots",
                 "initial", "params_base", "reads_mark", "marks")
)  # fmt: skip

_P_CATCH_UP, _P_STATE, _P_TARGETS, _P_NUMBERS = (
    PLASTIC_FIELDS.index(name)
    for name in ("catch_up", "state_base", "targets_base", "numbers_base")
)
_STRIDE = NUMBERS.index("stride")


@njit(error_model="numpy", forceinline=True)
def owned(program, rewirings, r, p):  # type: ignore[no-untyped-def]
    """Targets of a rewiring in a partition, ``low ... high - 1``; the local slot of target 0."""
    own = rewirings.table[r]
    slot = program.first_slot[own[_POST]] - program.bounds[p] * BLOCK
    n_slots = (program.bounds[p + 1] - program.bounds[p]) * BLOCK
    return max(-slot, int64(0)), min(n_slots - slot, own[_N_POST]), slot


@njit(error_model="numpy", forceinline=True)
def row_of(synapses, rewirings, r, p, pre):  # type: ignore[no-untyped-def]
    """Where a row starts, where it stops, where the next one starts; where its stop is kept."""
    table = synapses.table[rewirings.table[r, _TABLE]]
    at = p * (table[7] + 1) + pre
    start_at, stop_at = table[8] + at, table[10] + at
    starts = synapses.row_start
    return starts[start_at], starts[stop_at], starts[start_at + 1], stop_at


@njit(error_model="numpy", forceinline=True)
def distance(rewirings, r, pre, post):  # type: ignore[no-untyped-def]
    """Distance between the neurons of a pair, on a torus the shortest one."""
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


@njit(error_model="numpy", forceinline=True)
def are_alive(rewirings, r, pre, post):  # type: ignore[no-untyped-def]
    """Whether neither neuron of a pair is lesioned."""
    lesioned = rewirings.is_lesioned
    return not (
        lesioned[rewirings.table[r, _PRE] + pre] or lesioned[rewirings.table[r, _POSTS] + post]
    )


@njit(error_model="numpy", forceinline=True)
def see_pair(rewirings, r, p, pre, post, seed):  # type: ignore[no-untyped-def]
    """Write what a rule sees of a pair into the scratch of the partition."""
    own = rewirings.table[r]
    rewirings.pair[p, 0] = distance(rewirings, r, pre, post) if own[_HAS_DISTANCE] else 0.0
    rewirings.pair[p, 1] = rewirings.indegree[own[_INDEGREE] + post]
    if own[_READS_MARK]:
        rewirings.pair[p, 2] = mark(pre, post, seed, own[_MARKS])


@njit(error_model="numpy", inline="always")
def draw_pair(k, now, purpose, seed, stream, n_pre, n_post):  # type: ignore[no-untyped-def]
    """Pair number `k` of those that are drawn at step `now` for a purpose: source, target."""
    words = philox4x32(k, now, PAIR_WORDS, uint32(purpose), seed, stream)
    post = int64((uint64(words[0]) * uint64(n_post)) >> uint64(32))
    pre = int64((uint64(words[1]) * uint64(n_pre)) >> uint64(32))
    return pre, post


@njit(error_model="numpy", forceinline=True)
def find(targets, start, stop, target):  # type: ignore[no-untyped-def]
    """Place of the synapse onto a target in a row; -1 if there is none. Vectorises."""
    found = int64(-1)
    for e in range(uint64(start), uint64(stop)):
        found = int64(e) if targets[e] == target else found
    return found


@njit(error_model="numpy", forceinline=True)
def catch_up(synapses, plastic, ring, rewirings, r, p, row, step):  # type: ignore[no-untyped-def]
    """Let the synapses of a row learn from all spikes that have reached them up to a step."""
    m = rewirings.table[r, _PLASTIC]
    if m >= 0:
        visit(synapses, plastic, ring, m, p, row, step, plastic.table[m, _P_CATCH_UP])


@njit(error_model="numpy", forceinline=True)
def _at_state(plastic, m, p, e):  # type: ignore[no-untyped-def]
    """Where the first state variable of a synapse lies, and the way to the next."""
    first = plastic.table[m, _P_STATE] - plastic.table[m, _P_TARGETS]
    return first + e, plastic.numbers[plastic.table[m, _P_NUMBERS] + _STRIDE]


@njit(error_model="numpy", forceinline=True)
def read_state(plastic, rewirings, r, p, e):  # type: ignore[no-untyped-def]
    """Copy the state of a synapse into the scratch of the partition."""
    m = rewirings.table[r, _PLASTIC]
    if m < 0:
        rewirings.state[p, 0] = rewirings.start[rewirings.table[r, _START]]
        return
    at, stride = _at_state(plastic, m, p, e)
    for k in range(rewirings.table[r, _N_STATES]):
        rewirings.state[p, k] = plastic.state[at + k * stride]


@njit(error_model="numpy", forceinline=True)
def write_weight(plastic, rewirings, r, p, e):  # type: ignore[no-untyped-def]
    """Let a plastic synapse have the weight in the scratch of the partition."""
    at, _ = _at_state(plastic, rewirings.table[r, _PLASTIC], p, e)
    plastic.state[at] = rewirings.state[p, 0]


@njit(error_model="numpy", forceinline=True)
def note(rewirings, r, p, step, is_formed, pre, post):  # type: ignore[no-untyped-def]
    """Write down what happened to a pair."""
    n = rewirings.notes[p, N_EVENTS]
    event = rewirings.events[p, n]
    event[0], event[1], event[2], event[3], event[4] = step, r, is_formed, pre, post
    rewirings.notes[p, N_EVENTS] = n + 1
    rewirings.counts[r, p, 1 if is_formed else 2] += 1
    if rewirings.table[r, _SLOTS]:
        own = rewirings.table[r]
        keep_afferent(own, rewirings.indegree, rewirings.afferents, pre, post, is_formed)
    at = rewirings.table[r, _INDEGREE] + post
    rewirings.indegree[at] += int32(1) if is_formed else int32(-1)


@njit(error_model="numpy", forceinline=True)
def remove(synapses, plastic, rewirings, r, p, stop_at, e):  # type: ignore[no-untyped-def]
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


@njit(error_model="numpy", forceinline=True)
def append(synapses, plastic, rewirings, r, p, stop_at, target):  # type: ignore[no-untyped-def]
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


@njit(error_model="numpy", forceinline=True)
def append_as_ruled(synapses, plastic, rewirings, r, p, stop_at, target):  # type: ignore[no-untyped-def]
    """Do so; a rule may say from which weight it starts.

    The pair is in the scratch of the partition, and the rule's random numbers have their names.
    """
    append(synapses, plastic, rewirings, r, p, stop_at, target)
    own = rewirings.table[r]
    if own[_INITIAL] != 0:
        params = rewirings.params[own[_PARAMS] :]
        asked = rewirings.pair[p], params, rewirings.random[p], rewirings.state[p]
        call_rule(own[_INITIAL], asked)
        write_weight(plastic, rewirings, r, p, synapses.row_start[stop_at] - 1)
