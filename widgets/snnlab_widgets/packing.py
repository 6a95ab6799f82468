"""Frames become bytes for the browser: no more than the picture shows, in the shortest form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.cell_counts import add_to_cells, add_to_ranges
from snnlab.frames.frame import Frame
from snnlab.plots.grid import Grid

__all__ = ["MOST", "PackedCounts", "PackedSpikes", "pack_counts", "pack_spikes"]

MOST = 255
"""Spikes that the browser counts in a pixel."""

_MOST_LOW_BITS = 8

_LIST_IS_DEARER = 2
"""A list takes tens of times as long to write as an image, so it has to be this much shorter."""

_FEW = 8
"""Populations whose spikes are counted sooner by comparing than by looking their numbers up."""

_UNBOUNDED = 2**32 - 1

_ROUNDING = 1e-6
"""Part of a step by which an edge of a column may miss the step that it is meant for."""


@dataclass(frozen=True)
class PackedSpikes:
    """The spikes of some columns.

    Pixels are counted column by column: that of a spike is ``(column - start) * rows + row``.

    Parameters
    ----------
    mode : str
        ``"sparse"``: the pixel of each spike, ascending, as Elias (1974) and Fano (1971) wrote such
        lists: `bits` low bits of each, packed; then from the next byte on, for each spike, as many
        zeros as its remaining bits are larger than those of the one before it, and a one. Nearly
        as short as it can be.
        ``"image"``: the number of spikes of each pixel, with `bits` bits.
        Both begin with the lowest bit of a byte.
    start, stop : int
        Columns since the start of the run.
    n : int
        Number of spikes.
    bits : int
        Of the low part of a pixel, 0 to 8; or of a count, 1, 2, 4 or 8.
    data : bytes
    """

    mode: str
    start: int
    stop: int
    n: int
    bits: int
    data: bytes


@dataclass(frozen=True)
class PackedCounts:
    """Spikes of each population in bins [start, stop): (stop - start, n_populations).

    Unsigned integers of `width` bytes, 1, 2 or 4.
    """

    start: int
    stop: int
    width: int
    data: bytes


def pack_spikes(
    frames: Sequence[Frame], t_start: int, grid: Grid, most: int = MOST
) -> PackedSpikes:
    """Return the last spikes of `frames` as a list of pixels or as an image.

    Parameters
    ----------
    frames : sequence of Frame
        At least one; each begins where the one before it stops.
    t_start : int [steps]
        Where to begin.
    grid : Grid
    most : int
        Spikes of a pixel beyond which nothing more can be seen; those are left out.
    """
    t_start = max(t_start, frames[0].t_start)
    width = grid.column_ms / frames[0].dt
    start = math.floor((t_start + _ROUNDING) / width)
    stop = math.ceil((frames[-1].t_stop - _ROUNDING) / width)
    edges = np.ceil(np.arange(start, stop + 1) * width - _ROUNDING).astype(np.int64)
    edges[0] = t_start
    row_of = _group_of((grid.neurons_per_row,) * grid.rows)
    cells = np.zeros((stop - start, grid.rows), np.uint8)
    for frame in frames:
        add_to_cells(cells, frame.neuron, np.searchsorted(frame.step, edges), row_of, most)
    counts = cells.reshape(-1)
    n = int(np.count_nonzero(counts) if most == 1 else counts.sum(dtype=np.int64))
    bits = next(b for b in (1, 2, 4, 8) if counts.max(initial=0) < 1 << b)
    low_bits = _low_bits(n, counts.size)
    list_bits = n * (low_bits + 1) + (counts.size >> low_bits)
    if _LIST_IS_DEARER * list_bits < bits * counts.size:
        return PackedSpikes("sparse", start, stop, n, low_bits, _sparse(counts, low_bits))
    return PackedSpikes("image", start, stop, n, bits, _image(counts, bits))


@lru_cache(maxsize=8)
def _group_of(sizes: tuple[int, ...]) -> NDArray[np.int32]:
    """Number of each neuron's group; to look it up is less work than to divide or to search."""
    return np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)


def _low_bits(n: int, n_pixels: int) -> int:
    """The number of low bits with which a list of `n` pixels is shortest."""
    return min((n_pixels // max(n, 1)).bit_length() - 1, _MOST_LOW_BITS) if n_pixels > n else 0


def _sparse(counts: NDArray[np.uint8], low_bits: int) -> bytes:
    inked = np.flatnonzero(counts)
    ascending = np.repeat(inked, counts[inked])
    n = ascending.size
    low = np.unpackbits(
        (ascending & 0xFF).astype(np.uint8)[:, np.newaxis], axis=1, count=low_bits,
        bitorder="little",
    )  # fmt: skip
    ends = (ascending >> low_bits) + np.arange(n)
    high = np.zeros(int(ends[-1]) + 1 if n else 0, np.uint8)
    high[ends] = 1
    return b"".join(np.packbits(part, bitorder="little").tobytes() for part in (low, high))


def _image(counts: NDArray[np.uint8], bits: int) -> bytes:
    if bits == 1:
        return np.packbits(counts, bitorder="little").tobytes()
    padded = np.zeros((-(-counts.size * bits // 8), 8 // bits), np.uint8)
    padded.reshape(-1)[: counts.size] = counts
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return bytes(np.bitwise_or.reduce(padded << shifts, axis=1))


def pack_counts(
    frames: Sequence[Frame], t_start: int, sizes: Sequence[int], bin_steps: int
) -> PackedCounts:
    """Return the spikes of each population in the bins that are complete.

    Parameters
    ----------
    frames : sequence of Frame
        At least one; each begins where the one before it stops.
    t_start : int [steps]
        Where to begin: with the first bin that does not begin before it.
    sizes : sequence of int
        Number of neurons of each population, in network order.
    bin_steps : int
        Length of a bin [steps].
    """
    start = -(-max(t_start, frames[0].t_start) // bin_steps)
    stop = frames[-1].t_stop // bin_steps
    if stop <= start:
        return PackedCounts(start, start, 1, b"")
    edges = np.arange(start, stop + 1) * bin_steps
    counts = np.zeros((stop - start, len(sizes)), np.uint32)
    first = np.cumsum([0, *sizes[:-1]])
    for frame in frames:
        ends = np.searchsorted(frame.step, edges)
        if len(sizes) <= _FEW:
            add_to_ranges(counts, frame.neuron, ends, first)
        else:
            add_to_cells(counts, frame.neuron, ends, _group_of(tuple(sizes)), _UNBOUNDED)
    width = next(w for w in (1, 2, 4) if counts.max(initial=0) < 1 << 8 * w)
    return PackedCounts(start, stop, width, counts.astype(f"<u{width}").tobytes())
