"""Frames become bytes for the browser: no more than the picture shows, in the shortest form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from snnlab.frames.frame import Frame
from snnlab.plots.grid import Grid

__all__ = ["MOST", "PackedCounts", "PackedSpikes", "pack_counts", "pack_spikes"]

MOST = 255
"""Spikes that the browser counts in a pixel."""

_MOST_LOW_BITS = 8


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


def pack_spikes(frame: Frame, grid: Grid, most: int = MOST) -> PackedSpikes:
    """Return the spikes of `frame` as a list of pixels or as an image, whichever is shorter.

    Parameters
    ----------
    frame : Frame
    grid : Grid
    most : int
        Spikes of a pixel beyond which nothing more can be seen; those are left out.
    """
    scale = frame.dt / grid.column_ms
    start, stop = int(frame.t_start * scale + 1e-9), int(np.ceil(frame.t_stop * scale - 1e-9))
    column = (frame.step * scale + 1e-9).astype(np.int64) - start
    pixel = column * grid.rows + frame.neuron // grid.neurons_per_row
    counts = _counted(pixel, (stop - start) * grid.rows, most)
    n = int(np.count_nonzero(counts) if most == 1 else counts.sum(dtype=np.int64))
    bits = next(b for b in (1, 2, 4, 8) if counts.max(initial=0) < 1 << b)
    low_bits = _low_bits(n, counts.size)
    if n * (low_bits + 1) + (counts.size >> low_bits) < bits * counts.size:
        return PackedSpikes("sparse", start, stop, n, low_bits, _sparse(counts, low_bits))
    return PackedSpikes("image", start, stop, n, bits, _image(counts, bits))


def _counted(pixel: NDArray[np.int64], n_pixels: int, most: int) -> NDArray[np.uint8]:
    """Number of spikes of each pixel, `most` for more."""
    if most == 1:
        has_spike = np.zeros(n_pixels, np.uint8)
        has_spike[pixel] = 1
        return has_spike
    return np.minimum(np.bincount(pixel, minlength=n_pixels), most).astype(np.uint8)


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


def pack_counts(frame: Frame, sizes: Sequence[int], bin_steps: int) -> PackedCounts:
    """Return the spikes of each population in the bins that lie completely in `frame`.

    Parameters
    ----------
    frame : Frame
    sizes : sequence of int
        Number of neurons of each population, in network order.
    bin_steps : int
        Length of a bin [steps].
    """
    start, stop = -(-frame.t_start // bin_steps), frame.t_stop // bin_steps
    if stop <= start:
        return PackedCounts(start, start, 1, b"")
    first, last = np.searchsorted(frame.step, [start * bin_steps, stop * bin_steps])
    bins = frame.step[first:last] // bin_steps - start
    population = _population_of(tuple(sizes))[frame.neuron[first:last]]
    counts = np.bincount(bins * len(sizes) + population, minlength=(stop - start) * len(sizes))
    width = next(w for w in (1, 2, 4) if counts.max(initial=0) < 1 << 8 * w)
    return PackedCounts(start, stop, width, counts.astype(f"<u{width}").tobytes())


@lru_cache(maxsize=4)
def _population_of(sizes: tuple[int, ...]) -> NDArray[np.uint16]:
    """Number of each neuron's population; to look it up is an eighth of the work of searching."""
    return np.repeat(np.arange(len(sizes), dtype=np.uint16), sizes)
