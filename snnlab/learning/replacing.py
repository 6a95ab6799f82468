"""Sparse rows whose synapses are replaced, compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import int32, int64, njit, uint32, uint64

from snnlab.arrays.marks import mark
from snnlab.arrays.rewiring import DRAWN_WORDS, PAIRS_AT_LEAST, PAIRS_EACH, RULE_WORDS
from snnlab.cpu.rewire_rows import draw_pair
from snnlab.learning.moving import move_part
from snnlab.rules.call import call_rule

__all__ = [
    "by_source",
    "draw_absent",
    "marks_of",
    "move",
    "move_rows",
    "note_pairs",
    "replace_by_any",
    "take_in",
    "visit",
    "visit_at_once",
    "weigh",
]


_DRAWN_AT_ONCE = 128
"""Pairs that are drawn before it is asked whether they have a synapse."""


@njit(nogil=True, error_model="numpy", cache=True)
def marks_of(pre, post, seed, stream, marks):  # type: ignore[no-untyped-def]
    """Write the marks of pairs, (n,) real; see `snnlab.arrays.marks`."""
    for k in range(pre.size):
        marks[k] = mark(pre[k], post[k], seed, stream)


@njit(nogil=True, error_model="numpy", cache=True)
def visit(adjust, prune, start, post, weight, marks, indegree, params, names, goes):  # type: ignore[no-untyped-def]
    """Let a rule that replaces change weights, and say which synapses go.

    Parameters
    ----------
    adjust, prune : int
        Addresses, see `snnlab.rules.rewiring_kernel.RewiringKernels`; `adjust` may be 0.
    start, post, weight : see `snnlab.learning.synapses.Synapses`
    marks : (n,) real
        Of the pairs.
    indegree : (n_post,) int64
    params : (n_params,) real
    names : (3,) uint32
        Seed, stream, update.
    goes : (n,) uint8
        Written: 1 for those that go.

    Returns
    -------
    int
        How many go.
    """
    state, pair, random = (
        np.zeros(1, weight.dtype),
        np.zeros(3, weight.dtype),
        np.zeros(5, np.uint32),
    )
    random[0], random[1], random[4] = names[0], names[1], names[2]
    n = int64(0)
    for i in range(start.size - 1):
        random[2] = uint32(i)
        for k in range(start[i], start[i + 1]):
            state[0] = weight[k]
            pair[1], pair[2], random[3] = indegree[post[k]], marks[k], uint32(post[k])
            if adjust:
                call_rule(adjust, (state, pair, params, random))
                weight[k] = state[0]
            goes[k] = call_rule(prune, (state, pair, params, random)) != 0
            n += int64(goes[k])
    return n


@njit(nogil=True, error_model="numpy", cache=True)
def visit_at_once(address, weight, marks, params, goes):  # type: ignore[no-untyped-def]
    """Say which synapses go, by `snnlab.rules.emit_pruning.PruningKernel`; return how many."""
    return call_rule(address, (weight, marks, params, goes, int64(weight.size)))


@njit(error_model="numpy", cache=True)
def _is_in_row(start, post, i, j):  # type: ignore[no-untyped-def]
    """Whether the row of source `i` holds target `j`."""
    target, row, there = int32(j), post[start[i] : start[i + 1]], int32(0)
    # Without a way out, so that many are compared at once.
    for k in range(row.size):
        there |= int32(row[k] == target)
    return there != 0


@njit(nogil=True, error_model="numpy", cache=True)
def draw_absent(  # type: ignore[no-untyped-def]
    accept, start, post, indegree, n_post, autapses, reads_mark, params, names, mark_stream, n
):
    """Draw pairs that are not connected until a rule has accepted `n` different ones.

    Parameters
    ----------
    accept : int
        Address, see `snnlab.rules.rewiring_kernel.RewiringKernels`; 0: any pair is accepted.
    start, post : see `snnlab.learning.synapses.Synapses`
        With those synapses that go: their pairs get none.
    indegree : (n_post,) int64
        Of what stays.
    n_post : int
    autapses, reads_mark : bool
    params : (n_params,) real
    names : (3,) uint32
        Seed, stream, update.
    mark_stream : uint32
    n : int

    Returns
    -------
    (n_found,) int64
        Numbers ``pre * n_post + post``; fewer than `n` where the rule accepts too few of a million
        pairs and a thousand more for each that is wanted.
    """
    n_pre, size = start.size - 1, int64(4)
    while size < 3 * n:
        size *= 2
    table, found, n_found = np.full(size, int64(-1)), np.empty(n, np.int64), 0
    pair, random = np.zeros(3, params.dtype), np.zeros(5, np.uint32)
    random[0], random[1], random[3], random[4] = names[0], names[1], uint32(RULE_WORDS), names[2]
    for k in range(PAIRS_AT_LEAST + PAIRS_EACH * n):
        if n_found == n:
            break
        i, j = draw_pair(uint32(k), names[2], DRAWN_WORDS, names[0], names[1], n_pre, n_post)
        if (i == j and not autapses) or _is_in_row(start, post, i, j):
            continue
        number = i * n_post + j
        at = int64((uint64(number) * uint64(0x9E3779B97F4A7C15)) >> uint64(11)) & (size - 1)
        while table[at] >= 0 and table[at] != number:
            at = (at + 1) & (size - 1)
        if table[at] == number:
            continue
        if accept:
            pair[1], random[2] = indegree[j], uint32(k)
            if reads_mark:
                pair[2] = mark(i, j, names[0], mark_stream)
            if not call_rule(accept, (pair, params, random)):
                continue
        table[at] = number
        found[n_found] = number
        n_found += 1
    return found[:n_found]


@njit(error_model="numpy", cache=True)
def note_pairs(present, start, post, n_post, autapses):  # type: ignore[no-untyped-def]
    """Write a bit for each pair that gets no synapse: as it has one, or is a neuron with itself.

    Parameters
    ----------
    present : (n,) uint64
        Written: 64 pairs in each, in the order of their numbers ``pre * n_post + post``.
    start, post : see `snnlab.learning.synapses.Synapses`
    n_post : int
    autapses : bool
    """
    present[:] = 0
    for i in range(start.size - 1):
        for k in range(start[i], start[i + 1]):
            number = i * n_post + post[k]
            present[number >> 6] |= uint64(1) << uint64(number & 63)
        if not autapses:
            present[i * (n_post + 1) >> 6] |= uint64(1) << uint64(i * (n_post + 1) & 63)


@njit(error_model="numpy", cache=True)
def _draw_by_bits(present, n_pre, n_post, names, n):  # type: ignore[no-untyped-def]
    """Draw the pairs that `draw_absent` draws where any is accepted, and write their bits."""
    found, n_found, numbers = np.empty(n, np.int64), 0, np.empty(_DRAWN_AT_ONCE, np.int64)
    for first in range(0, PAIRS_AT_LEAST + PAIRS_EACH * n, _DRAWN_AT_ONCE):
        for k in range(_DRAWN_AT_ONCE):
            i, j = draw_pair(
                uint32(first + k), names[2], DRAWN_WORDS, names[0], names[1], n_pre, n_post
            )
            numbers[k] = i * n_post + j
        for number in numbers:
            word, bit = number >> 6, uint64(1) << uint64(number & 63)
            if present[word] & bit == 0:
                present[word] |= bit
                found[n_found] = number
                n_found += 1
                if n_found == n:
                    return found
    return found[:n_found]


@njit(error_model="numpy", cache=True)
def by_source(numbers, n_pre, n_post):  # type: ignore[no-untyped-def]
    """Sources and targets of pairs, sorted by source; those of one source stay in their order."""
    at, pre, target = np.zeros(n_pre + 1, np.int64), np.empty_like(numbers), np.empty_like(numbers)
    for k in range(numbers.size):
        target[k] = numbers[k] // n_post
        at[target[k] + 1] += 1
    for i in range(n_pre):
        at[i + 1] += at[i]
    sorted_ = np.empty_like(numbers)
    for k in range(numbers.size):
        i = target[k]
        pre[at[i]] = i
        sorted_[at[i]] = numbers[k] - i * n_post
        at[i] += 1
    return pre, sorted_


@njit(error_model="numpy", cache=True)
def move_rows(start, removed, pre):  # type: ignore[no-untyped-def]
    """Find what has to move so that synapses can go and others come, and move the starts of rows.

    A row may be in any order: one that begins a few places earlier or later, as others have become
    shorter or longer, takes as many synapses from one end to the other; the rest stays.

    Parameters
    ----------
    start : see `snnlab.learning.synapses.Synapses`
        Changed.
    removed : (n_new,) int64
        Places of synapses that go, ascending.
    pre : (n_new,) int64
        Sources of new synapses, ascending.

    Returns
    -------
    pieces : (n_pieces, 3) int64
        What moves: where to, where from, how many. They are in an order in which none is written
        over before it has moved.
    fresh_at : (n_new,) int64
        Places of the new synapses afterwards.
    """
    fresh_at, before = np.empty_like(pre), start.copy()
    first = np.zeros(start.size, np.int64)
    n_come, n_gone = 0, 0
    for i in range(1, start.size):
        while n_gone < removed.size and removed[n_gone] < before[i]:
            n_gone += 1
        since = n_come
        while n_come < pre.size and pre[n_come] < i:
            n_come += 1
        start[i] += n_come - n_gone
        first[i] = n_gone
        for c in range(since, n_come):
            fresh_at[c] = start[i] - (n_come - c)
    pieces, n = np.empty((removed.size + start.size, 3), np.int64), 0
    i = 0
    while i < start.size - 1:
        # Of rows that move towards the end, one after the other, the last goes first.
        stop = i + 1
        if start[i] > before[i]:
            while stop < start.size - 1 and start[stop] > before[stop]:
                stop += 1
        for row in range(stop - 1, i - 1, -1):
            going = removed[first[row] : first[row + 1]]
            n = _move_row(before[row], before[row + 1], going, start[row], pieces, n)
        i = stop
    return pieces[:n], fresh_at


@njit(error_model="numpy", cache=True)
def _move_row(begin, end, going, to, pieces, n):  # type: ignore[no-untyped-def]
    """Close the gaps of a row with its last synapses, then let it begin elsewhere.

    Parameters
    ----------
    begin, end : int
        Where it is.
    going : (n_gone,) int64
        Places of synapses that go, ascending.
    to : int
        Where what is left of it shall begin.
    pieces : (n_most, 3) int64
        Written from place `n` on.
    n : int

    Returns
    -------
    int
        Pieces that there are now.
    """
    for k in range(going.size - 1, -1, -1):
        end -= 1
        if going[k] != end:
            pieces[n] = going[k], end, 1
            n += 1
    size, shift = end - begin, to - begin
    if shift == 0 or size == 0:
        return n
    if abs(shift) >= size:
        pieces[n] = to, begin, size
    elif shift > 0:
        pieces[n] = end, begin, shift
    else:
        pieces[n] = to, end + shift, -shift
    return n + 1


@njit(error_model="numpy", cache=True)
def move(pieces, post, weight, sign, marks, moments):  # type: ignore[no-untyped-def]
    """Move what belongs to synapses that stay to its new places.

    Parameters
    ----------
    pieces : see `move_rows`
    post, weight, sign, marks, moments : see `take_in`
        There may be no marks.
    """
    for k in range(pieces.shape[0]):
        to, since, n = pieces[k]
        move_part(post, to, since, n)
        move_part(weight, to, since, n)
        move_part(sign, to, since, n)
        if marks.size:
            move_part(marks, to, since, n)
        for moment in moments:
            move_part(moment, to, since, n)


@njit(nogil=True, error_model="numpy", cache=True)
def weigh(initial, params, at_weight, pre, post, size, marks, indegree, names, weights):  # type: ignore[no-untyped-def]
    """Ask a rule what synapses start from.

    Parameters
    ----------
    initial : int
        Address, see `snnlab.rules.rewiring_kernel.RewiringKernels`.
    params : (n_params,) real
        Changed at `at_weight`, unless that is -1.
    at_weight : int
    pre, post : (n,) int64
    size : (n,) float64
        What each would start from without the rule.
    marks : (n,) real
    indegree : (n_post,) int64
    names : (3,) uint32
        Seed, stream, update.
    weights : (n,) float64
        Written.
    """
    pair, found, random = (
        np.zeros(3, params.dtype),
        np.zeros(1, params.dtype),
        np.zeros(5, np.uint32),
    )
    random[0], random[1], random[4] = names[0], names[1], names[2]
    for k in range(pre.size):
        if at_weight >= 0:
            params[at_weight] = size[k]
        pair[1], pair[2] = indegree[post[k]], marks[k]
        random[2], random[3] = uint32(pre[k]), uint32(post[k])
        call_rule(initial, (pair, params, random, found))
        weights[k] = found[0]


@njit(nogil=True, error_model="numpy", cache=True)
def replace_by_any(  # type: ignore[no-untyped-def]
    start, post, weight, sign, moments, removed, size, positive, n_post, autapses, names,
    mark_stream, present,
):  # fmt: skip
    """Replace synapses by any pairs that are not connected, each with its sign for ever.

    Parameters
    ----------
    start, post, weight, sign, moments
        See `take_in`.
    removed : (n_going,) int64
        Places of those that go, ascending.
    size : float
        What new synapses start from, times their sign.
    positive : real
        Part of the connections that are positive: those with lower marks.
    n_post : int
    autapses : bool
    names : (3,) uint32
        Seed, stream, update.
    mark_stream : uint32
    present : (n,) uint64
        See `note_pairs`, changed; empty: rows are searched instead.

    Returns
    -------
    int
        How many were replaced: where no pair is left for them synapses stay.
    """
    if present.size:
        numbers = _draw_by_bits(present, start.size - 1, n_post, names, removed.size)
        removed = removed[: numbers.size]
        _forget_pairs(present, start, post, n_post, removed)
    else:
        unread, no_params = np.empty(0, np.int64), np.empty(0, weight.dtype)
        numbers = draw_absent(
            0, start, post, unread, n_post, autapses, False, no_params, names, mark_stream,
            removed.size,
        )  # fmt: skip
        removed = removed[: numbers.size]
    pre, target = by_source(numbers, start.size - 1, n_post)
    pieces, fresh_at = move_rows(start, removed, pre)
    move(pieces, post, weight, sign, np.empty(0, weight.dtype), moments)
    for k in range(numbers.size):
        at, is_positive = fresh_at[k], mark(pre[k], target[k], names[0], mark_stream) < positive
        post[at], weight[at], sign[at] = target[k], size, 1
        if not is_positive:
            weight[at], sign[at] = -size, -1
        for moment in moments:
            moment[at] = 0
    return numbers.size


@njit(error_model="numpy", cache=True)
def _forget_pairs(present, start, post, n_post, removed):  # type: ignore[no-untyped-def]
    """Delete the bits of synapses that go, whose places ascend."""
    i = 0
    for k in removed:
        while start[i + 1] <= k:
            i += 1
        number = i * n_post + post[k]
        present[number >> 6] &= ~(uint64(1) << uint64(number & 63))


@njit(nogil=True, error_model="numpy", cache=True)
def take_in(  # type: ignore[no-untyped-def]
    start, post, weight, sign, marks, moments, removed, numbers, size, initial, params, at_weight,
    indegree, reads_mark, names, mark_stream,
):  # fmt: skip
    """Put new synapses into the rows in the place of those that go, with all that belongs to them.

    Parameters
    ----------
    start, post, weight, sign : see `snnlab.learning.synapses.Synapses`
        Changed.
    marks : (n,) real
        Changed.
    moments : tuple of (n,) real
        Changed: 0 for new synapses.
    removed : see `move_rows`
        As many as there are pairs for: the others stay, so that their number is kept.
    numbers : (n_new,) int64
        New pairs, ``pre * n_post + post``, none twice.
    size : float
        What new synapses start from without the rule; their sign is then positive.
    initial, params, at_weight, indegree : see `weigh`
        `initial` is 0 if the rule leaves weights alone.
    reads_mark : bool
    names : (3,) uint32
        Seed, stream, update.
    mark_stream : uint32
    """
    pre, target = by_source(numbers, start.size - 1, indegree.size)
    fresh_marks, fresh = np.zeros(numbers.size, marks.dtype), np.full(numbers.size, size)
    if reads_mark:
        marks_of(pre, target, names[0], mark_stream, fresh_marks)
    if initial:
        weigh(
            initial, params, at_weight, pre, target, fresh.copy(), fresh_marks, indegree, names,
            fresh,
        )  # fmt: skip
    pieces, fresh_at = move_rows(start, removed, pre)
    move(pieces, post, weight, sign, marks, moments)
    for k in range(numbers.size):
        at = fresh_at[k]
        post[at], weight[at] = target[k], fresh[k]
        marks[at] = fresh_marks[k]
        sign[at] = -1 if math.copysign(1.0, fresh[k]) < 0.0 else 1
        for moment in moments:
            moment[at] = 0
