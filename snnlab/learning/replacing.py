"""Sparse rows whose synapses are replaced, compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import int64, njit, uint32, uint64

from snnlab.arrays.marks import mark
from snnlab.arrays.rewiring import DRAWN_WORDS, PAIRS_AT_LEAST, PAIRS_EACH, RULE_WORDS
from snnlab.cpu.rewire_rows import draw_pair
from snnlab.rules.call import call_rule

__all__ = ["draw_absent", "marks_of", "merge", "take_in", "visit", "visit_at_once", "weigh"]


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
    """Whether the ascending row of source `i` holds target `j`."""
    low, high = start[i], start[i + 1]
    while low < high:
        middle = (low + high) // 2
        if post[middle] < j:
            low = middle + 1
        else:
            high = middle
    return low < start[i + 1] and post[low] == j


@njit(nogil=True, error_model="numpy", cache=True)
def draw_absent(  # type: ignore[no-untyped-def]
    accept, start, post, indegree, n_post, autapses, reads_mark, params, names, mark_stream, n
):
    """Draw pairs that are not connected until a rule has accepted `n` different ones.

    Parameters
    ----------
    accept : int
        Address, see `snnlab.rules.rewiring_kernel.RewiringKernels`.
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
        Numbers ``pre * n_post + post``, ascending; fewer than `n` where the rule accepts too few of
        a million pairs and a thousand more for each that is wanted.
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
        pair[1] = indegree[j]
        if reads_mark:
            pair[2] = mark(i, j, names[0], mark_stream)
        random[2] = uint32(k)
        if call_rule(accept, (pair, params, random)):
            table[at] = number
            found[n_found] = number
            n_found += 1
    return np.sort(found[:n_found])


@njit(nogil=True, error_model="numpy", cache=True)
def merge(start, post, goes, numbers, n_post):  # type: ignore[no-untyped-def]
    """Put new synapses into the rows in the place of those that go.

    Parameters
    ----------
    start, post : see `snnlab.learning.synapses.Synapses`
    goes : (n,) uint8
        Not 0 for as many as there are new ones.
    numbers : (n_new,) int64
        New pairs, ``pre * n_post + post``, ascending.
    n_post : int

    Returns
    -------
    start, post
        Of the new rows.
    origin : (n,) int64
        For each synapse its place before, or -1 if it is new.
    """
    n_pre, n = start.size - 1, 0
    new_start, new_post = np.empty_like(start), np.empty_like(post)
    origin, at = np.empty(post.size, np.int64), 0
    new_start[0] = 0
    for i in range(n_pre):
        row_end = (i + 1) * n_post
        k, stop = start[i], start[i + 1]
        while True:
            while k < stop and goes[k]:
                k += 1
            is_new = at < numbers.size and numbers[at] < row_end
            if k == stop and not is_new:
                break
            j = numbers[at] - i * n_post if is_new else int64(n_post)
            if k < stop and post[k] < j:
                new_post[n], origin[n] = post[k], k
                k += 1
            else:
                new_post[n], origin[n] = j, -1
                at += 1
            n += 1
        new_start[i + 1] = n
    return new_start, new_post, origin


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


@njit(error_model="numpy", cache=True)
def _carry_over(origin, array, fresh):  # type: ignore[no-untyped-def]
    """Bring numbers of synapses into the order of new rows; new ones have those in `fresh`."""
    before, at = array.copy(), 0
    for k in range(origin.size):
        if origin[k] >= 0:
            array[k] = before[origin[k]]
        else:
            array[k] = fresh[at]
            at += 1


@njit(nogil=True, error_model="numpy", cache=True)
def take_in(  # type: ignore[no-untyped-def]
    start, post, weight, sign, marks, moments, goes, numbers, size, initial, params, at_weight,
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
    goes, numbers : see `merge`
    size : float
        What new synapses start from without the rule; their sign is then positive.
    initial, params, at_weight, indegree : see `weigh`
        `initial` is 0 if the rule leaves weights alone.
    reads_mark : bool
    names : (3,) uint32
        Seed, stream, update.
    mark_stream : uint32
    """
    n_post = indegree.size
    new_start, new_post, origin = merge(start, post, goes, numbers, n_post)
    pre, target = numbers // n_post, numbers % n_post
    fresh_marks, fresh = np.zeros(numbers.size, marks.dtype), np.full(numbers.size, size)
    if reads_mark:
        marks_of(pre, target, names[0], mark_stream, fresh_marks)
    if initial:
        weigh(
            initial, params, at_weight, pre, target, fresh.copy(), fresh_marks, indegree, names,
            fresh,
        )  # fmt: skip
    fresh_signs = np.ones(numbers.size, sign.dtype)
    for k in range(numbers.size):
        if math.copysign(1.0, fresh[k]) < 0.0:
            fresh_signs[k] = -1
    start[:], post[:] = new_start, new_post
    _carry_over(origin, weight, fresh)
    _carry_over(origin, sign, fresh_signs)
    _carry_over(origin, marks, fresh_marks)
    for moment in moments:
        _carry_over(origin, moment, np.zeros(numbers.size, moment.dtype))
