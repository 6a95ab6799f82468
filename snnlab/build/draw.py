"""Compiled drawing of synapses: count each row, then place into it, from the same streams.

No edge list is stored and nothing is sorted by source: the first pass counts how many synapses
every source has in every partition, the second draws the same numbers again and writes each
synapse where it belongs. A synapse is named by its target (or source) and its number, never by the
partition, so any partitioning holds the same network.

Synapses are generated in chunks of at most `CHUNK`. Rules that fix something for each target go
target by target; rules that fix something for each source go row by row, every partition keeping
the targets that it owns.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import int64, njit, prange, uint16, uint32, uint64
from numpy.typing import NDArray

from snnlab.build.random import CHUNK, random_words

__all__ = [
    "ALL_TO_ALL",
    "BERNOULLI",
    "DISTANCE",
    "INDEGREE",
    "ONE_TO_ONE",
    "OUTDEGREE",
    "PACKED",
    "SHARED",
    "WIDE",
    "Pools",
    "Rule",
    "count",
    "place",
    "sort_rows_by_delay",
]

ONE_TO_ONE, INDEGREE, DISTANCE, ALL_TO_ALL, OUTDEGREE, BERNOULLI = range(6)
SHARED, PACKED, WIDE = range(3)

_PARTNERS, _VALUES = np.int64(0), np.int64(1)  # numpy's: a literal is a type of its own
"""Purposes of random words: whom to connect to; weight and delay."""

_SEGMENT = 1024
"""Targets of one geometric sequence of a Bernoulli row."""

_GAUSSIAN, _EXPONENTIAL = 0, 1


class Rule(NamedTuple):
    """One projection, as the compiled functions need it.

    Parameters
    ----------
    kind : int
        ``ONE_TO_ONE`` ... ``BERNOULLI``.
    n_pre, n_post : int
        Sizes of the populations.
    degrees : (n_post,) or (1,) int64
        In-degree of each target (INDEGREE), or the out-degree (OUTDEGREE).
    p : float
        Probability (BERNOULLI, DISTANCE).
    scale : float [um]
    kernel : int
        Distance kernel: gaussian, exponential, disc.
    forbids_self, forbids_multiple : bool
        Autapses off in a recurrent projection; multapses off.
    pre_positions, post_positions : (n, 2) float64 [um]
    period : (2,) float64 [um]
        Width and height of a torus; 0 for an open sheet.
    seed, stream : int
    """

    kind: int
    n_pre: int
    n_post: int
    degrees: NDArray[np.int64]
    p: float
    scale: float
    kernel: int
    forbids_self: bool
    forbids_multiple: bool
    pre_positions: NDArray[np.float64]
    post_positions: NDArray[np.float64]
    period: NDArray[np.float64]
    seed: int
    stream: int


class Pools(NamedTuple):
    """Where the synapses of one table are written.

    Parameters
    ----------
    targets : (n,) uint16
        Local targets of shared and wide synapses.
    packed : (n,) uint32
        Packed synapses: weight << 16 | target.
    wide : (n,) int32
        Weights of wide synapses, beside `targets`.
    delays : (n,) uint16
        Delay of each synapse [steps] until the rows are sorted by it; empty if all are equal.
    """

    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
    delays: NDArray[np.uint16]


class _Sink(NamedTuple):
    """What happens to generated synapses: counted per row, or placed."""

    is_counting: bool
    kind: int
    weights: NDArray[np.int32]
    delay_steps: NDArray[np.uint16]
    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
    delays: NDArray[np.uint16]


class _Scratch(NamedTuple):
    """One chunk of synapses on its way.

    Parameters
    ----------
    partners : (CHUNK,) int64
        Sources of a target, or targets of a source.
    words : (CHUNK,) uint32
    local : (CHUNK,) int64
        Target slots within the partition.
    at : (CHUNK,) int64
        Pool indices.
    """

    partners: NDArray[np.int64]
    words: NDArray[np.uint32]
    local: NDArray[np.int64]
    at: NDArray[np.int64]


@njit(error_model="numpy", cache=True)
def _scratch():  # type: ignore[no-untyped-def]
    return _Scratch(
        np.empty(CHUNK, np.int64),
        np.empty(CHUNK, np.uint32),
        np.empty(CHUNK, np.int64),
        np.empty(CHUNK, np.int64),
    )


@njit(error_model="numpy", cache=True)
def _reserve(cursor, rows, m, at):  # type: ignore[no-untyped-def]
    """Give each synapse the next place in its row."""
    for j in range(m):
        i = uint64(j)
        row = uint64(rows[i])
        e = cursor[row]
        at[i] = e
        cursor[row] = e + 1


@njit(error_model="numpy", cache=True)
def _scatter_targets(targets, at, local, m):  # type: ignore[no-untyped-def]
    for j in range(m):
        i = uint64(j)
        targets[uint64(at[i])] = uint16(local[i])


@njit(error_model="numpy", cache=True)
def _scatter_packed(packed, at, local, words, weights, m):  # type: ignore[no-untyped-def]
    for j in range(m):
        i = uint64(j)
        weight = uint32(weights[uint64(words[i] & uint32(0xFFFF))])
        packed[uint64(at[i])] = (weight << uint32(16)) | uint32(local[i])


@njit(error_model="numpy", cache=True)
def _scatter_weights(wide, at, words, weights, m):  # type: ignore[no-untyped-def]
    for j in range(m):
        i = uint64(j)
        wide[uint64(at[i])] = weights[uint64(words[i] & uint32(0xFFFF))]


@njit(error_model="numpy", cache=True)
def _scatter_delays(delays, at, words, delay_steps, m):  # type: ignore[no-untyped-def]
    for j in range(m):
        i = uint64(j)
        delays[uint64(at[i])] = delay_steps[uint64(words[i] >> uint32(16))]


@njit(error_model="numpy", cache=True)
def _scatter(sink, at, local, words, m):  # type: ignore[no-untyped-def]
    """Write `m` synapses at pool indices `at`; a random word each picks weight and delay."""
    if sink.kind == PACKED:
        _scatter_packed(sink.packed, at, local, words, sink.weights, m)
    else:
        _scatter_targets(sink.targets, at, local, m)
        if sink.kind == WIDE:
            _scatter_weights(sink.wide, at, words, sink.weights, m)
    if sink.delays.size:
        _scatter_delays(sink.delays, at, words, sink.delay_steps, m)


@njit(error_model="numpy", inline="always")
def _needs_words(sink):  # type: ignore[no-untyped-def]
    return sink.kind != SHARED or sink.delays.size > 0


@njit(error_model="numpy", cache=True)
def _count_rows(cursor, rows, m):  # type: ignore[no-untyped-def]
    for j in range(m):
        cursor[uint64(rows[uint64(j)])] += 1


@njit(error_model="numpy", cache=True)
def _put_column(sink, cursor, scratch, m, target, chunk, index, rule):  # type: ignore[no-untyped-def]
    """Count or place `m` synapses of one target, from the sources ``scratch.partners[:m]``."""
    if sink.is_counting:
        _count_rows(cursor, scratch.partners, m)
        return
    if _needs_words(sink):
        random_words(scratch.words, chunk, index, _VALUES, rule.seed, rule.stream)
    scratch.local[:m] = target
    _reserve(cursor, scratch.partners, m, scratch.at)
    _scatter(sink, scratch.at, scratch.local, scratch.words, m)


@njit(error_model="numpy", cache=True)
def _put_row(sink, cursor, row, scratch, m, low, high, local, chunk, rule):  # type: ignore[no-untyped-def]
    """Count or place the synapses of one source whose target this partition owns."""
    if not sink.is_counting and _needs_words(sink):
        random_words(scratch.words, chunk, row, _VALUES, rule.seed, rule.stream)
    n = int64(0)
    for j in range(m):
        column = scratch.partners[uint64(j)]
        if low <= column < high:
            scratch.local[n] = column - low + local
            scratch.words[n] = scratch.words[uint64(j)]
            scratch.at[n] = cursor[row] + n
            n += 1
    if not sink.is_counting:
        _scatter(sink, scratch.at, scratch.local, scratch.words, n)
    cursor[row] += n


# --- target by target -----------------------------------------------------------------------------


@njit(error_model="numpy", cache=True)
def _draw_sources(rule, sink, cursor, i, target, scratch):  # type: ignore[no-untyped-def]
    """Fixed in-degree, every draw allowed."""
    rows, words = scratch.partners, scratch.words
    n_left = rule.degrees[i]
    chunk = int64(0)
    while n_left > 0:
        random_words(words, chunk, i, _PARTNERS, rule.seed, rule.stream)
        m = min(n_left, CHUNK)
        for j in range(m):
            rows[uint64(j)] = int64((uint64(words[uint64(j)]) * uint64(rule.n_pre)) >> uint64(32))
        _put_column(sink, cursor, scratch, m, target, chunk, i, rule)
        n_left -= m
        chunk += 1


@njit(error_model="numpy", cache=True)
def _draw_distinct_sources(rule, sink, cursor, i, target, scratch, seen):  # type: ignore[no-untyped-def]
    """Fixed in-degree with rejection of autapses and multapses; ``seen[s] == i`` marks a source."""
    rows, words = scratch.partners, scratch.words
    m = int64(0)
    chunk = int64(0)
    used = CHUNK
    draw_chunk = int64(0)
    for _ in range(rule.degrees[i]):
        while True:
            if used == CHUNK:
                random_words(words, draw_chunk, i, _PARTNERS, rule.seed, rule.stream)
                draw_chunk += 1
                used = 0
            s = int64((uint64(words[used]) * uint64(rule.n_pre)) >> uint64(32))
            used += 1
            is_allowed = not (rule.forbids_self and s == i)
            if is_allowed and not (rule.forbids_multiple and seen[s] == i):
                break
        seen[s] = i
        rows[m] = s
        m += 1
        if m == CHUNK:
            _put_column(sink, cursor, scratch, m, target, chunk, i, rule)
            used = CHUNK  # the words were overwritten with weights and delays
            chunk += 1
            m = int64(0)
    if m:
        _put_column(sink, cursor, scratch, m, target, chunk, i, rule)


@njit(error_model="numpy", cache=True)
def _distance(rule, s, i):  # type: ignore[no-untyped-def]
    squared = 0.0
    for axis in range(2):
        d = abs(rule.pre_positions[s, axis] - rule.post_positions[i, axis])
        if rule.period[axis] > 0.0:
            d = min(d, rule.period[axis] - d)
        squared += d * d
    return math.sqrt(squared)


@njit(error_model="numpy", cache=True)
def _probability(rule, s, i):  # type: ignore[no-untyped-def]
    d = _distance(rule, s, i) / rule.scale
    if rule.kernel == _GAUSSIAN:
        return rule.p * math.exp(-0.5 * d * d)
    if rule.kernel == _EXPONENTIAL:
        return rule.p * math.exp(-d)
    return rule.p if d <= 1.0 else 0.0


@njit(error_model="numpy", cache=True)
def _draw_by_distance(rule, sink, cursor, i, target, scratch):  # type: ignore[no-untyped-def]
    """Every source with a probability that depends on its distance to target `i`."""
    rows, words = scratch.partners, scratch.words
    for chunk in range((rule.n_pre + CHUNK - 1) // CHUNK):
        random_words(words, chunk, i, _PARTNERS, rule.seed, rule.stream)
        m = int64(0)
        start = chunk * CHUNK
        for j in range(min(CHUNK, rule.n_pre - start)):
            s = start + j
            u = (np.float64(words[j]) + 0.5) * 2.0**-32
            if u < _probability(rule, s, i) and not (rule.forbids_self and s == i):
                rows[m] = s
                m += 1
        _put_column(sink, cursor, scratch, m, target, chunk, i, rule)


@njit(error_model="numpy", cache=True)
def _visit_targets(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    scratch = _scratch()
    is_plain = not (rule.forbids_self or rule.forbids_multiple)
    seen = np.full(1 if is_plain else rule.n_pre, -1, np.int64)
    for i in range(low, high):
        target = local + i - low
        if rule.kind == INDEGREE and is_plain:
            _draw_sources(rule, sink, cursor, i, target, scratch)
        elif rule.kind == INDEGREE:
            _draw_distinct_sources(rule, sink, cursor, i, target, scratch, seen)
        elif rule.kind == DISTANCE:
            _draw_by_distance(rule, sink, cursor, i, target, scratch)
        else:
            scratch.partners[0] = i
            _put_column(sink, cursor, scratch, int64(1), target, int64(0), i, rule)


# --- row by row -----------------------------------------------------------------------------------


@njit(error_model="numpy", cache=True)
def _draw_targets(rule, sink, cursor, row, low, high, local, scratch, seen):  # type: ignore[no-untyped-def]
    """Fixed out-degree; every partition draws the whole row and keeps its own targets."""
    columns, words = scratch.partners, scratch.words
    m = int64(0)
    chunk = int64(0)
    used = CHUNK
    draw_chunk = int64(0)
    for _ in range(rule.degrees[0]):
        while True:
            if used == CHUNK:
                random_words(words, draw_chunk, row, _PARTNERS, rule.seed, rule.stream)
                draw_chunk += 1
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
            _put_row(sink, cursor, row, scratch, m, low, high, local, chunk, rule)
            used = CHUNK
            chunk += 1
            m = int64(0)
    if m:
        _put_row(sink, cursor, row, scratch, m, low, high, local, chunk, rule)


@njit(error_model="numpy", cache=True)
def _all_targets(rule, sink, cursor, row, low, high, local, scratch):  # type: ignore[no-untyped-def]
    columns = scratch.partners
    for chunk in range(low // CHUNK, (high + CHUNK - 1) // CHUNK):
        m = int64(0)
        start = chunk * CHUNK
        for t in range(start, min(start + CHUNK, rule.n_post)):
            if not (rule.forbids_self and t == row):
                columns[m] = t
                m += 1
        _put_row(sink, cursor, row, scratch, m, low, high, local, chunk, rule)


@njit(error_model="numpy", cache=True)
def _bernoulli_targets(rule, sink, cursor, row, low, high, local, scratch):  # type: ignore[no-untyped-def]
    """Geometric gaps between targets, started anew every `_SEGMENT` targets.

    The gaps have no memory, so a fresh start changes nothing in distribution; it lets a partition
    begin in the middle of a row.
    """
    columns, words = scratch.partners, scratch.words
    per_log = 1.0 / math.log1p(-rule.p) if 0.0 < rule.p < 1.0 else 0.0
    n_chunks = _SEGMENT // CHUNK + 1
    for segment in range(low // _SEGMENT, (high + _SEGMENT - 1) // _SEGMENT):
        t = segment * _SEGMENT - 1
        end = min((segment + 1) * _SEGMENT, rule.n_post)
        chunk = segment * n_chunks
        while True:
            random_words(words, chunk, row, _PARTNERS, rule.seed, rule.stream)
            m = int64(0)
            j = 0
            while j < CHUNK and t < end:
                u = (np.float64(words[j]) + 0.5) * 2.0**-32
                gap = int64(math.log(u) * per_log)  # type: ignore[call-overload]
                j += 1
                t += 1 + min(gap, _SEGMENT)
                if t < end and not (rule.forbids_self and t == row):
                    columns[m] = t
                    m += 1
            _put_row(sink, cursor, row, scratch, m, low, high, local, chunk, rule)
            chunk += 1
            if t >= end:
                break


@njit(error_model="numpy", cache=True)
def _visit_rows(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    if high <= low or (rule.kind == BERNOULLI and rule.p <= 0.0):
        return
    scratch = _scratch()
    seen = np.full(rule.n_post if rule.forbids_multiple else 1, -1, np.int64)
    for row in range(rule.n_pre):
        if rule.kind == ALL_TO_ALL or rule.p >= 1.0:
            _all_targets(rule, sink, cursor, row, low, high, local, scratch)
        elif rule.kind == BERNOULLI:
            _bernoulli_targets(rule, sink, cursor, row, low, high, local, scratch)
        else:
            _draw_targets(rule, sink, cursor, row, low, high, local, scratch, seen)


@njit(error_model="numpy", cache=True)
def _visit(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    if rule.kind <= DISTANCE:
        _visit_targets(rule, sink, cursor, low, high, local)
    else:
        _visit_rows(rule, sink, cursor, low, high, local)


@njit(parallel=True, error_model="numpy", cache=True)
def _visit_partitions(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    for p in prange(low.size):
        _visit(rule, sink, cursor[p], low[p], high[p], local[p])


_NOWHERE = Pools(
    np.empty(0, np.uint16), np.empty(0, np.uint32), np.empty(0, np.int32), np.empty(0, np.uint16)
)


def count(rule: Rule, cursor: NDArray[np.int64], owned: tuple[NDArray[np.int64], ...]) -> None:
    """Add the number of synapses of each source in each partition to `cursor`.

    Parameters
    ----------
    rule : Rule
    cursor : (n_partitions, n_pre) int64
    owned : low, high, local
        The targets of each partition, as `Partitions.targets` returns them.
    """
    sink = _Sink(True, SHARED, np.empty(0, np.int32), np.empty(0, np.uint16), *_NOWHERE)
    _visit_partitions(rule, sink, cursor, *owned)


def place(
    rule: Rule,
    kind: int,
    weights: NDArray[np.int32],
    delay_steps: NDArray[np.uint16],
    pools: Pools,
    cursor: NDArray[np.int64],
    owned: tuple[NDArray[np.int64], ...],
) -> None:
    """Write the synapses of a projection behind the cursors of their rows, and advance these.

    Parameters
    ----------
    rule : Rule
    kind : int
        ``SHARED``, ``PACKED`` or ``WIDE``.
    weights : (65536,) int32
        Quantile table of the weight [fixed point].
    delay_steps : (65536,) uint16
        Quantile table of the delay [steps].
    pools : Pools
    cursor : (n_partitions, n_pre) int64
        Next free pool index of each row.
    owned : low, high, local
    """
    sink = _Sink(False, kind, weights, delay_steps, *pools)
    _visit_partitions(rule, sink, cursor, *owned)


@njit(error_model="numpy", cache=True)
def _sort_row(pools, kind, a, n, first_delay, n_delays, ends, start, spare_32, spare_16, spare_w):  # type: ignore[no-untyped-def]
    """Stable counting sort of one row by delay; ``ends[d]`` becomes the end of segment d."""
    for d in range(n_delays + 1):
        start[d] = 0
    for e in range(a, a + n):
        start[int64(pools.delays[e]) - first_delay + 1] += 1
    for d in range(n_delays):
        start[d + 1] += start[d]
        ends[d] = uint32(start[d + 1])
    for e in range(a, a + n):
        d = int64(pools.delays[e]) - first_delay
        at = start[d]
        start[d] += 1
        if kind == PACKED:
            spare_32[at] = pools.packed[e]
        else:
            spare_16[at] = pools.targets[e]
            if kind == WIDE:
                spare_w[at] = pools.wide[e]
    for j in range(n):
        if kind == PACKED:
            pools.packed[a + j] = spare_32[j]
        else:
            pools.targets[a + j] = spare_16[j]
            if kind == WIDE:
                pools.wide[a + j] = spare_w[j]


@njit(parallel=True, error_model="numpy", cache=True)
def sort_rows_by_delay(pools, kind, row_start, first_delay, segment_ends):  # type: ignore[no-untyped-def]
    """Order every row by delay and store where each delay's synapses end.

    Parameters
    ----------
    pools : Pools
        `pools.delays` is read and becomes meaningless.
    kind : int
    row_start : (n_partitions, n_pre + 1) int64
        Pool index of each row.
    first_delay : int [steps]
        Smallest delay of the table.
    segment_ends : (n_partitions, n_pre, n_delays) uint32
        Filled: end of each delay's synapses, relative to the start of the row.
    """
    n_delays = segment_ends.shape[2]
    n_pre = row_start.shape[1] - 1
    for p in prange(row_start.shape[0]):
        longest = int64(1)
        for row in range(n_pre):
            longest = max(longest, row_start[p, row + 1] - row_start[p, row])
        start = np.empty(n_delays + 1, np.int64)
        spare_32 = np.empty(longest, np.uint32)
        spare_16 = np.empty(longest, np.uint16)
        spare_w = np.empty(longest, np.int32)
        for row in range(n_pre):
            a = row_start[p, row]
            n = row_start[p, row + 1] - a
            _sort_row(
                pools,
                kind,
                a,
                n,
                first_delay,
                n_delays,
                segment_ends[p, row],
                start,
                spare_32,
                spare_16,
                spare_w,
            )
