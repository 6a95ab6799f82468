"""Compiled finishing of rows whose targets are placed: order, weights, delays.

The random word that picks a synapse's weight and delay is named by its source, its target and its
number among the synapses between these two. So it does not matter in which order, by whom and in
which partition synapses are drawn, and nothing but the target is held while rows are filled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int32, int64, njit, uint16, uint32, uint64
from numpy.typing import NDArray

from snnlab.build.rule import VALUES
from snnlab.build.storage import PACKED, SHARED, WIDE
from snnlab.rules.borrow import borrowed
from snnlab.rules.philox import philox4x32

__all__ = ["Attributes", "finish_rows"]

_RADIX = 256


class Attributes(NamedTuple):
    """What the synapses of a table's projections draw.

    Parameters
    ----------
    weights : (n_different, 65536) int32
        Quantile tables of the weight [fixed point].
    delays : (n_different, 65536) uint16
        Quantile tables of the delay [steps].
    weight_of, delay_of : (n_projections,) int64
        Which of them a projection draws from.
    first : (n_projections, n_partitions) int64
        Number within its population of the target with local slot 0.
    is_shuffled : (n_projections,) bool
        Whether targets were placed in any order.
    stream : (n_projections,) int64
    seed : int
    first_delay : int [steps]
        Smallest delay of the table.
    """

    weights: NDArray[np.int32]
    delays: NDArray[np.uint16]
    weight_of: NDArray[np.int64]
    delay_of: NDArray[np.int64]
    first: NDArray[np.int64]
    is_shuffled: NDArray[np.bool_]
    stream: NDArray[np.int64]
    seed: int
    first_delay: int


class _Row(NamedTuple):
    """One row on its way: targets, weights, delays after `first_delay`, and scratch."""

    targets: NDArray[np.uint16]
    weights: NDArray[np.int32]
    delays: NDArray[np.uint16]
    repeat: NDArray[np.uint32]
    words: NDArray[np.uint32]
    spare: NDArray[np.uint16]
    counts: NDArray[np.int64]


@njit(error_model="numpy", cache=True)
def _new_row(length, n_delays):  # type: ignore[no-untyped-def]
    return _Row(
        np.empty(length, np.uint16),
        np.zeros(length, np.int32),
        np.zeros(length, np.uint16),
        np.zeros(length, np.uint32),
        np.empty(length, np.uint32),
        np.empty(length, np.uint16),
        np.empty(max(n_delays, _RADIX) + 1, np.int64),
    )


@njit(error_model="numpy", cache=True)
def _sort_by_byte(keys, out, n, shift, counts):  # type: ignore[no-untyped-def]
    """Stable counting sort by eight bits of the key."""
    counts[: _RADIX + 1] = 0
    for j in range(n):
        counts[((keys[uint64(j)] >> shift) & uint16(0xFF)) + 1] += 1
    for c in range(_RADIX):
        counts[c + 1] += counts[c]
    for j in range(n):
        key = keys[uint64(j)]
        c = (key >> shift) & uint16(0xFF)
        out[uint64(counts[c])] = key
        counts[c] += 1


@njit(error_model="numpy", cache=True)
def _sort_targets(row, a, z):  # type: ignore[no-untyped-def]
    """Bring the targets ``a ... z`` of a row into ascending order."""
    targets, spare = row.targets[a:z], row.spare
    _sort_by_byte(targets, spare, z - a, uint16(0), row.counts)
    _sort_by_byte(spare, targets, z - a, uint16(8), row.counts)


@njit(error_model="numpy", cache=True)
def _count_repeats(row, a, z):  # type: ignore[no-untyped-def]
    """Number the synapses onto the same target; equal targets lie together."""
    row.repeat[a] = uint32(0)
    is_more = False
    for j in range(a + 1, z):  # vectorises; three synapses of a pair are rare
        i = uint64(j)
        is_same = row.targets[i] == row.targets[i - uint64(1)]
        row.repeat[i] = uint32(is_same)
        is_more |= is_same & (row.targets[i] == row.targets[max(i, uint64(2)) - uint64(2)])
    if is_more:
        for j in range(a + 1, z):
            i = uint64(j)
            row.repeat[i] = row.repeat[i] * (row.repeat[i - uint64(1)] + uint32(1))


@njit(error_model="numpy", cache=True)
def _draw_words(row, a, z, source, first, seed, stream):  # type: ignore[no-untyped-def]
    for j in range(a, z):
        i = uint64(j)
        target = uint64(int64(row.targets[i]) + first)
        words = philox4x32(target, source, VALUES, row.repeat[i], seed, stream)
        row.words[i] = words[0]


@njit(error_model="numpy", cache=True)
def _draw_weights(row, a, z, weights):  # type: ignore[no-untyped-def]
    for j in range(a, z):
        i = uint64(j)
        row.weights[i] = weights[uint64(row.words[i] & uint32(0xFFFF))]


@njit(error_model="numpy", cache=True)
def _draw_delays(row, a, z, delays, first_delay):  # type: ignore[no-untyped-def]
    for j in range(a, z):
        i = uint64(j)
        row.delays[i] = delays[uint64(row.words[i] >> uint32(16))] - uint16(first_delay)


@njit(error_model="numpy", cache=True)
def _draw_segment(row, a, z, source, attributes, k, p, has_weights, has_delays):  # type: ignore[no-untyped-def]
    """Draw for the synapses ``a ... z`` of a row, those of projection `k`."""
    if attributes.is_shuffled[k]:
        _sort_targets(row, a, z)
    if not (has_weights or has_delays):
        return
    _count_repeats(row, a, z)
    first = attributes.first[k, p]
    _draw_words(row, a, z, source, first, attributes.seed, attributes.stream[k])
    if has_weights:
        _draw_weights(row, a, z, attributes.weights[attributes.weight_of[k]])
    if has_delays:
        delays = attributes.delays[attributes.delay_of[k]]
        _draw_delays(row, a, z, delays, attributes.first_delay)


@njit(error_model="numpy", cache=True)
def _find_ends(row, n, ends):  # type: ignore[no-untyped-def]
    """Count the delays of a row; ``ends[d]`` becomes where delay `d` ends, ``counts[d]`` begins."""
    counts = row.counts
    counts[: ends.size + 1] = 0
    for j in range(n):
        counts[uint64(row.delays[uint64(j)]) + uint64(1)] += 1
    for d in range(ends.size):
        counts[d + 1] += counts[d]
        ends[d] = uint32(counts[d + 1])


@njit(error_model="numpy", cache=True)
def _write(row, n, pools, kind, start, is_ordered):  # type: ignore[no-untyped-def]
    """Write a row behind `start`, ordered by delay; stable, so targets stay ascending."""
    for j in range(n):
        i = uint64(j)
        e = uint64(start) + i
        if not is_ordered:
            d = uint64(row.delays[i])
            e = uint64(start) + uint64(row.counts[d])
            row.counts[d] += 1
        if kind == PACKED:
            pools.packed[e] = (uint32(row.weights[i]) << uint32(16)) | uint32(row.targets[i])
        else:
            pools.targets[e] = row.targets[i]
            if kind == WIDE:
                pools.wide[e] = int32(row.weights[i])


@njit(nogil=True, error_model="numpy", cache=True)
def finish_rows(placed, stride, pools, kind, borders, attributes, segment_ends, p):  # type: ignore[no-untyped-def]
    """Turn the placed targets of partition `p` into finished synapses, in the same memory.

    Parameters
    ----------
    placed : (n,) uint16
        Where targets were placed: the pool of targets, or that of packed synapses seen as halves.
    stride : int
        Places that a synapse takes there: 1, or 2 of a packed one. A row's targets lie at the
        beginning of the room that the row takes in the end.
    pools : Pools
    kind : int
        ``SHARED``, ``PACKED`` or ``WIDE``.
    borders : (n_projections + 1, n_pre) uint32 or int64
        Where in `placed` the synapses of each projection begin and end in each row.
    attributes : Attributes
    segment_ends : (n_pre, n_delays) uint32
        Filled: end of each delay's synapses, relative to the start of the row. No delays where
        all are equal.
    p : int
    """
    placed, pools, borders, attributes, segment_ends = borrowed(
        (placed, pools, borders, attributes, segment_ends)
    )
    n_projections, n_delays = borders.shape[0] - 1, segment_ends.shape[1]
    n_rows = borders.shape[1]
    longest = int64(1)
    for source in range(n_rows):
        longest = max(longest, int64(borders[n_projections, source]) - int64(borders[0, source]))
    kept = _new_row(longest, n_delays)
    row = borrowed(kept)
    for source in range(n_rows):
        start = int64(borders[0, source])
        n = int64(borders[n_projections, source]) - start
        for j in range(n):
            row.targets[uint64(j)] = placed[uint64(start + j)]
        for k in range(n_projections):
            a, z = int64(borders[k, source]) - start, int64(borders[k + 1, source]) - start
            if a < z:
                _draw_segment(row, a, z, source, attributes, k, p, kind != SHARED, n_delays > 0)
        if n_delays > 0:
            _find_ends(row, n, segment_ends[source])
        _write(row, n, pools, kind, start // stride, n_delays == 0)
    return kept.counts.size  # it must live until here
