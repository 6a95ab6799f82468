"""Compiled drawing of rules that fix something for each target: target by target."""

from __future__ import annotations

import math

import numpy as np
from numba import int64, njit, uint64

from snnlab.build.random import CHUNK, random_words
from snnlab.build.rule import DISTANCE, INDEGREE, PARTNERS
from snnlab.build.sink import drawn, put, put_drawn
from snnlab.rules.borrow import borrowed
from snnlab.rules.lanes import LANES

__all__ = ["visit_targets"]

_GAUSSIAN, _EXPONENTIAL = 0, 1

_IMPOSSIBLE = 2.0**-34
"""A probability that no random number is below."""

_exp = LANES["float64"].exp  # the same to the bit on a GPU, as the C library's is not


@njit(error_model="numpy", inline="always")
def _indegree(rule, i):  # type: ignore[no-untyped-def]
    return rule.degrees[min(i, rule.degrees.size - 1)]


@njit(error_model="numpy", cache=True)
def _draw_sources(rule, sink, cursor, i, target, words):  # type: ignore[no-untyped-def]
    """Fixed in-degree, every draw allowed."""
    n_left = _indegree(rule, i)
    chunk = int64(0)
    while n_left > 0:
        m = min(n_left, CHUNK)
        random_words(words, chunk, m, i, PARTNERS, rule.seed, rule.stream)
        put_drawn(sink, cursor, words, m, rule.n_pre, target)
        n_left -= m
        chunk += 1


@njit(error_model="numpy", cache=True)
def _without(words, n_pre, i):  # type: ignore[no-untyped-def]
    """Move the words that draw another source than `i` to the front; return their number."""
    n_hits = 0
    for j in range(CHUNK):
        n_hits += drawn(words[j], n_pre) == uint64(i)
    if n_hits == 0:
        return CHUNK
    m = 0
    for j in range(CHUNK):
        word = words[j]
        words[m] = word
        m += drawn(word, n_pre) != uint64(i)
    return m


@njit(error_model="numpy", cache=True)
def _draw_other_sources(rule, sink, cursor, i, target, words):  # type: ignore[no-untyped-def]
    """Fixed in-degree without autapses: as `_draw_distinct_sources`, a chunk at a time."""
    n_left = _indegree(rule, i)
    chunk = int64(0)
    while n_left > 0:
        random_words(words, chunk, CHUNK, i, PARTNERS, rule.seed, rule.stream)
        m = min(n_left, _without(words, rule.n_pre, i))
        put_drawn(sink, cursor, words, m, rule.n_pre, target)
        n_left -= m
        chunk += 1


@njit(error_model="numpy", cache=True)
def _draw_distinct_sources(rule, sink, cursor, i, target, words, rows, seen):  # type: ignore[no-untyped-def]
    """Fixed in-degree with rejection of autapses and multapses; ``seen[s] == i`` marks a source."""
    m = int64(0)
    chunk = int64(0)
    used = CHUNK
    for _ in range(_indegree(rule, i)):
        while True:
            if used == CHUNK:
                random_words(words, chunk, CHUNK, i, PARTNERS, rule.seed, rule.stream)
                chunk += 1
                used = 0
            s = int64(drawn(words[used], rule.n_pre))
            used += 1
            is_allowed = not (rule.forbids_self and s == i)
            if is_allowed and not (rule.forbids_multiple and seen[s] == i):
                break
        seen[s] = i
        rows[m] = s
        m += 1
        if m == CHUNK:
            put(sink, cursor, rows, m, target)
            m = int64(0)
    put(sink, cursor, rows, m, target)


@njit(error_model="numpy", inline="always")
def _squared_distance(pre_positions, post_positions, period, s, i):  # type: ignore[no-untyped-def]
    squared = 0.0
    for axis in range(2):
        d = abs(pre_positions[s, axis] - post_positions[i, axis])
        if period[axis] > 0.0:
            d = min(d, period[axis] - d)
        squared += d * d
    return squared


@njit(error_model="numpy", cache=True)
def _reach(kernel, p, scale):  # type: ignore[no-untyped-def]
    """A distance beyond which the probability is smaller than any random number."""
    lowest = math.log(max(p, _IMPOSSIBLE) / _IMPOSSIBLE)
    if kernel == _GAUSSIAN:
        return scale * math.sqrt(2.0 * lowest)
    return scale * (lowest if kernel == _EXPONENTIAL else 1.0)


@njit(error_model="numpy", cache=True)
def _probability(kernel, p, d):  # type: ignore[no-untyped-def]
    """Probability of a synapse at distance `d` in units of the scale."""
    if kernel == _GAUSSIAN:
        return p * _exp(-0.5 * d * d)
    if kernel == _EXPONENTIAL:
        return p * _exp(-d)
    return p if d <= 1.0 else 0.0


@njit(error_model="numpy", cache=True)
def _draw_by_distance(rule, sink, cursor, i, target, words, rows):  # type: ignore[no-untyped-def]
    """Every source with a probability that depends on its distance to target `i`.

    Sources out of reach have their random numbers too, but nobody looks at these.
    """
    pre, post, period = rule.pre_positions, rule.post_positions, rule.period
    far = _reach(rule.kernel, rule.p, rule.scale) * (1.0 + 1e-9)
    for chunk in range((rule.n_pre + CHUNK - 1) // CHUNK):
        n_near = int64(0)
        start = chunk * CHUNK
        n = min(CHUNK, rule.n_pre - start)
        for s in range(start, start + n):
            rows[n_near] = s
            n_near += _squared_distance(pre, post, period, s, i) <= far * far
        if n_near == 0:
            continue
        random_words(words, chunk, n, i, PARTNERS, rule.seed, rule.stream)
        m = int64(0)
        for k in range(n_near):
            s = rows[k]
            u = (np.float64(words[s - start]) + 0.5) * 2.0**-32
            d = math.sqrt(_squared_distance(pre, post, period, s, i)) / rule.scale
            if u < _probability(rule.kernel, rule.p, d) and not (rule.forbids_self and s == i):
                rows[m] = s
                m += 1
        put(sink, cursor, rows, m, target)


@njit(error_model="numpy", cache=True)
def visit_targets(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    """Draw the synapses of the targets ``low ... high``; `low` has the local slot `local`."""
    kept = (
        np.empty(CHUNK, np.uint32),
        np.empty(CHUNK, np.int64),
        np.full(rule.n_pre if rule.forbids_multiple else 1, -1, np.int64),
    )
    words, rows, seen = borrowed(kept)
    for i in range(low, high):
        target = local + i - low
        if rule.kind == INDEGREE and rule.forbids_multiple:
            _draw_distinct_sources(rule, sink, cursor, i, target, words, rows, seen)
        elif rule.kind == INDEGREE and rule.forbids_self:
            _draw_other_sources(rule, sink, cursor, i, target, words)
        elif rule.kind == INDEGREE:
            _draw_sources(rule, sink, cursor, i, target, words)
        elif rule.kind == DISTANCE:
            _draw_by_distance(rule, sink, cursor, i, target, words, rows)
        else:
            rows[0] = i
            put(sink, cursor, rows, int64(1), target)
    return kept[0].size  # it must live until here
