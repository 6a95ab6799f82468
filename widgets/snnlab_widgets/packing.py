"""Frames become bytes for the browser: spikes or a small image, whichever is shorter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnlab.frames.frame import Frame
from snnlab.plots.grid import Grid

__all__ = ["PackedRates", "PackedSpikes", "pack_rates", "pack_spikes"]


@dataclass(frozen=True)
class PackedSpikes:
    """The spikes of some columns.

    Parameters
    ----------
    mode : str
        ``"points"``: uint32 words ``row << 16 | column - start``;
        ``"image"``: counts, (stop - start, rows), saturating at 255, lowest bits first.
    start, stop : int
        Columns since the start of the run.
    data : bytes
    """

    mode: str
    start: int
    stop: int
    data: bytes
    bits: int = 8
    """Of a count in an image: 1, 2, 4 or 8, as many as the largest needs."""


@dataclass(frozen=True)
class PackedRates:
    """Population rates in bins [start, stop): float32 (stop - start, n_populations) [Hz]."""

    start: int
    stop: int
    data: bytes


def pack_spikes(frame: Frame, grid: Grid) -> PackedSpikes:
    """Return the spikes of `frame` as words or as an image, whichever has fewer bytes."""
    scale = frame.dt / grid.column_ms
    start, stop = int(frame.t_start * scale + 1e-9), int(np.ceil(frame.t_stop * scale - 1e-9))
    column = (frame.step * scale + 1e-9).astype(np.int64) - start
    row = frame.neuron // grid.neurons_per_row
    n_bytes = 4 * frame.n_spikes
    if n_bytes > (stop - start) * grid.rows / 8:  # less than any image
        counts = np.bincount(column * grid.rows + row, minlength=(stop - start) * grid.rows)
        data, bits = _image(counts)
        if len(data) < n_bytes:
            return PackedSpikes("image", start, stop, data, bits)
    words = (row << 16 | column).astype(np.uint32)
    return PackedSpikes("points", start, stop, words.tobytes())


def _image(counts: NDArray[np.int64]) -> tuple[bytes, int]:
    """Counts with as few bits as the largest needs, and how many these are."""
    image = np.minimum(counts, 255).astype(np.uint8)
    bits = next(b for b in (1, 2, 4, 8) if image.max(initial=0) < 1 << b)
    padded = np.zeros((-(-image.size * bits // 8), 8 // bits), np.uint8)
    padded.reshape(-1)[: image.size] = image
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return np.bitwise_or.reduce(padded << shifts, axis=1).tobytes(), bits


def pack_rates(frame: Frame, sizes: Sequence[int], bin_steps: int) -> PackedRates:
    """Return the rate of each population in the bins that lie completely in `frame`.

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
        return PackedRates(start, start, b"")
    first, last = np.searchsorted(frame.step, [start * bin_steps, stop * bin_steps])
    bins = frame.step[first:last] // bin_steps - start
    population = _population_of(frame.neuron[first:last], sizes)
    counts = np.bincount(bins * len(sizes) + population, minlength=(stop - start) * len(sizes))
    per_hz = np.asarray(sizes) * (bin_steps * frame.dt * 1e-3)
    rates = counts.reshape(-1, len(sizes)) / per_hz
    return PackedRates(start, stop, rates.astype(np.float32).tobytes())


def _population_of(neuron: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.int64]:
    return np.searchsorted(np.cumsum(sizes), neuron, side="right")
