"""Exact choices that depend on no order of work: the lowest of a group, some of many at random.

The lowest are found by quickselect, in time linear in their number. Of equal ones those are chosen
whose random word, named by the pair and the step, is lowest.
"""

from __future__ import annotations

import numpy as np
from numba import int64, njit, uint32, uint64

from snnlab.rules.philox import philox4x32

__all__ = ["absent", "by_group", "choose_lowest", "sample", "tie_word"]

_TIE_WORDS, _SAMPLE_WORDS = 0xFFFFFFFE, 0xFFFFFFFD
"""Third names of the random words of ties and samples: no draw of a rule has such a place."""


@njit(error_model="numpy", cache=True)
def by_group(group, n_groups):  # type: ignore[no-untyped-def]
    """Sort by group, stably, in linear time.

    Parameters
    ----------
    group : (n,) int64
        Group of each element.
    n_groups : int

    Returns
    -------
    order : (n,) int64
    start : (n_groups + 1,) int64
        Where the elements of each group begin in `order`.
    """
    start = np.zeros(n_groups + 1, np.int64)
    for g in group:
        start[g + 1] += 1
    for g in range(n_groups):
        start[g + 1] += start[g]
    at, order = start.copy(), np.empty(group.size, np.int64)
    for i in range(group.size):
        order[at[group[i]]] = i
        at[group[i]] += 1
    return order, start


@njit(error_model="numpy", cache=True)
def tie_word(pre, post, names):  # type: ignore[no-untyped-def]
    """Random word of a pair, by which it is chosen among equal ones.

    Parameters
    ----------
    pre, post : int
    names : (3,) uint32
        Seed, stream, step.
    """
    return philox4x32(uint32(pre), names[2], _TIE_WORDS, uint32(post), names[0], names[1])[0]


@njit(error_model="numpy", cache=True)
def _choose(values, pre, post, n_chosen, names, chosen):  # type: ignore[no-untyped-def]
    """Choose the lowest `n_chosen` of a group that has more."""
    threshold = np.partition(values, n_chosen - 1)[n_chosen - 1]
    n_below, n_tied = int64(0), int64(0)
    for i in range(values.size):
        chosen[i] = values[i] < threshold
        n_below += int64(chosen[i])
        n_tied += int64(values[i] == threshold)
    words = np.empty(n_tied, np.uint64)
    j = 0
    for i in range(values.size):
        if values[i] == threshold:
            words[j] = (uint64(tie_word(pre[i], post[i], names)) << uint64(32)) | uint64(i)
            j += 1
    last = np.partition(words, n_chosen - n_below - 1)[n_chosen - n_below - 1]
    for word in words:
        if word <= last:
            chosen[int64(word & uint64(0xFFFFFFFF))] = True


@njit(error_model="numpy", cache=True)
def choose_lowest(values, pre, post, start, n_chosen, names, chosen):  # type: ignore[no-untyped-def]
    """Choose the elements of each group that have the lowest values.

    Parameters
    ----------
    values : (n,) float64
        Group by group; no number is NaN.
    pre, post : (n,) int64
        The pairs that they belong to, which decide among equal ones.
    start : (n_groups + 1,) int64
        Where groups begin.
    n_chosen : (n_groups,) int64
        How many of each; all where there are fewer.
    names : (3,) uint32
        Seed, stream, step.
    chosen : (n,) bool
        Written.
    """
    for g in range(n_chosen.size):
        a, b = start[g], start[g + 1]
        if n_chosen[g] >= b - a or n_chosen[g] <= 0:
            chosen[a:b] = n_chosen[g] > 0
        else:
            _choose(values[a:b], pre[a:b], post[a:b], n_chosen[g], names, chosen[a:b])


@njit(error_model="numpy", cache=True)
def absent(i, taken):  # type: ignore[no-untyped-def]
    """Return number `i` of those that are not among the ascending numbers `taken`."""
    low, high = 0, taken.size
    while low < high:
        middle = (low + high) // 2
        if taken[middle] - middle <= i:
            low = middle + 1
        else:
            high = middle
    return i + low


@njit(error_model="numpy", cache=True)
def sample(n, n_chosen, unit, names):  # type: ignore[no-untyped-def]
    """Draw different numbers of ``0 ... n - 1``, each as likely.

    Parameters
    ----------
    n, n_chosen : int
        At most `n` are drawn.
    unit : int
        Whom they are for: names the random words.
    names : (3,) uint32
        Seed, stream, step.

    Returns
    -------
    (n_chosen,) int64
    """
    is_rest = 2 * n_chosen > n
    n_drawn = n - n_chosen if is_rest else n_chosen
    drawn = _draw(n, n_drawn, unit, names)
    if not is_rest:
        return drawn
    is_out = np.zeros(n, np.bool_)
    for x in drawn:
        is_out[x] = True
    rest, j = np.empty(n_chosen, np.int64), 0
    for x in range(n):
        if not is_out[x]:
            rest[j] = x
            j += 1
    return rest


@njit(error_model="numpy", cache=True)
def _draw(n, n_drawn, unit, names):  # type: ignore[no-untyped-def]
    """Draw up to half of the numbers below `n`; one that comes again is left out."""
    size = int64(4)
    while size < 3 * n_drawn:
        size *= 2
    table, drawn = np.full(size, int64(-1)), np.empty(n_drawn, np.int64)
    j, k = 0, uint32(0)
    while j < n_drawn:
        words = philox4x32(k, names[2], _SAMPLE_WORDS, uint32(unit), names[0], names[1])
        k += uint32(1)
        both = (uint64(words[0]) << uint64(32)) | uint64(words[1])
        x = int64(both % uint64(n))
        at = int64((uint64(x) * uint64(0x9E3779B97F4A7C15)) >> uint64(11)) & (size - 1)
        while table[at] >= 0 and table[at] != x:
            at = (at + 1) & (size - 1)
        if table[at] < 0:
            table[at] = x
            drawn[j] = x
            j += 1
    return drawn
