"""Compiled drawing of rules that go row by row, every partition keeping the targets it owns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64, njit, uint16, uint64
from numpy.typing import NDArray

from snnlab.build.gaps import LONGEST, UNDECIDED, look_up, search
from snnlab.build.random import CHUNK, random_words
from snnlab.build.rule import BERNOULLI, OUTDEGREE, PARTNERS
from snnlab.build.sink import put_owned

__all__ = ["Scratch", "draw_row", "new_scratch", "segment_length"]

_GAPS = 64
"""Gaps drawn at a time: few, since what is left at the end of a segment is thrown away."""

_SHORTEST, _LONGEST_SEGMENT = 128, 2**20
_PER_SEGMENT = 256.0
"""Synapses of a segment, at least: short ones would throw away many words."""


class Scratch(NamedTuple):
    """Words and targets of one chunk; ``seen[t]`` is the last row that drew target t."""

    words: NDArray[np.uint32]
    gap_words: NDArray[np.uint32]
    columns: NDArray[np.int64]
    seen: NDArray[np.int64]


@njit(error_model="numpy", cache=True)
def _draw_targets(rule, sink, cursor, row, low, high, local, scratch):  # type: ignore[no-untyped-def]
    """Fixed out-degree; every partition draws the whole row."""
    words, columns, seen = scratch.words, scratch.columns, scratch.seen
    m = int64(0)
    chunk = int64(0)
    used = CHUNK
    for _ in range(rule.degrees[0]):
        while True:
            if used == CHUNK:
                random_words(words, chunk, words.size, row, PARTNERS, rule.seed, rule.stream)
                chunk += 1
                used = 0
            t = int64((uint64(words[used]) * uint64(rule.n_post)) >> uint64(32))
            used += 1
            is_allowed = not (rule.forbids_self and t == row)
            if is_allowed and not (rule.forbids_multiple and seen[t] == row):
                break
        if rule.forbids_multiple:
            seen[t] = row
        columns[m] = t
        m += 1
        if m == CHUNK:
            put_owned(sink, cursor, row, columns, m, low, high, local)
            m = int64(0)
    put_owned(sink, cursor, row, columns, m, low, high, local)


@njit(error_model="numpy", cache=True)
def _all_targets(rule, sink, cursor, row, low, high, local):  # type: ignore[no-untyped-def]
    is_left_out = rule.forbids_self and low <= row < high
    e = int64(cursor[row])
    cursor[row] = e + high - low - int64(is_left_out)
    if sink.is_counting:
        return
    for t in range(low, high):
        if not (is_left_out and t == row):
            sink.pool[uint64(e)] = uint16(t - low + local)
            e += 1


@njit(error_model="numpy", cache=True)
def segment_length(p):  # type: ignore[no-untyped-def]
    """Targets of one sequence of gaps; depends on the probability alone."""
    length = int64(_SHORTEST)
    while length * p < _PER_SEGMENT and length < _LONGEST_SEGMENT:
        length *= 2
    return length


@njit(error_model="numpy", inline="always")
def _keep_all(rule, pool, words, t, e, end, shift):  # type: ignore[no-untyped-def]
    """Go through one chunk of gaps where every target before `end` is kept; the usual case."""
    for j in range(_GAPS):
        word = words[uint64(j)]
        gap = look_up(rule.guide, word)
        if gap >= UNDECIDED:
            gap = search(rule.thresholds, word, gap)
            if gap == LONGEST:
                t += LONGEST
                continue
        t += 1 + gap
        if t >= end:
            break
        pool[e] = uint16(t + shift)
        e += uint64(1)
    return t, e


@njit(error_model="numpy", cache=True)
def _walk(rule, sink, cursor, row, start, low, end, shift, chunk, words):  # type: ignore[no-untyped-def]
    """One sequence of gaps: from target `start` on, keep the targets ``low ... end``."""
    e = uint64(cursor[row])
    forbidden = row if rule.forbids_self else int64(-1)
    t = start - 1
    while t < end:
        random_words(words, chunk, words.size, row, PARTNERS, rule.seed, rule.stream)
        chunk += 1
        if t + 1 >= low and not (sink.is_counting or t < forbidden < end):
            t, e = _keep_all(rule, sink.pool, words, t, e, end, shift)
            continue
        for j in range(_GAPS):
            word = words[uint64(j)]
            gap = look_up(rule.guide, word)
            if gap >= UNDECIDED:
                gap = search(rule.thresholds, word, gap)
                if gap == LONGEST:  # no memory: pass over these and draw anew
                    t += LONGEST
                    continue
            t += 1 + gap
            if t >= end:
                break
            if t >= low and t != forbidden:
                if not sink.is_counting:
                    sink.pool[e] = uint16(t + shift)
                e += uint64(1)
    cursor[row] = e


@njit(error_model="numpy", cache=True)
def _bernoulli_targets(rule, sink, cursor, row, low, high, local, words):  # type: ignore[no-untyped-def]
    """Geometric gaps between targets, started anew at every segment.

    The gaps have no memory, so a fresh start changes nothing in distribution; it lets a partition
    begin in the middle of a row.
    """
    length = segment_length(rule.p)
    for segment in range(low // length, (high + length - 1) // length):
        start = segment * length
        end = min(start + length, high)
        chunk = segment * (length // _GAPS + 1)
        _walk(rule, sink, cursor, row, start, low, end, local - low, chunk, words)


@njit(error_model="numpy", cache=True)
def new_scratch(rule):  # type: ignore[no-untyped-def]
    """Return what `draw_row` needs from row to row."""
    return Scratch(
        np.empty(CHUNK, np.uint32),
        np.empty(_GAPS, np.uint32),
        np.empty(CHUNK, np.int64),
        np.full(rule.n_post if rule.forbids_multiple else 1, -1, np.int64),
    )


@njit(error_model="numpy", cache=True)
def draw_row(rule, sink, cursor, row, low, high, local, scratch):  # type: ignore[no-untyped-def]
    """Draw one row, and keep the targets ``low ... high``; `low` has the local slot `local`."""
    if high <= low:
        return
    if rule.kind == BERNOULLI and rule.p < 1.0:
        _bernoulli_targets(rule, sink, cursor, row, low, high, local, scratch.gap_words)
    elif rule.kind != OUTDEGREE:
        _all_targets(rule, sink, cursor, row, low, high, local)
    else:
        _draw_targets(rule, sink, cursor, row, low, high, local, scratch)
