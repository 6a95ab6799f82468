"""Making frames smaller: several into one, spikes into an image, traces into their extremes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snnlab.frames.frame import Frame, Samples
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import same_synapses

__all__ = ["can_follow", "extremes", "merged", "spike_image", "until"]


def can_follow(first: Frame, second: Frame) -> bool:
    """Tell whether two frames may become one.

    They may if `second` starts where `first` stops, and both speak of the same populations and
    the same recorded neurons and synapses; a structural edit or a reset between them forbids it.
    """
    return (
        first.t_stop == second.t_start
        and first.dt == second.dt
        and first.counts.shape == second.counts.shape
        and _shapes(first) == _shapes(second)
        and all(
            same_synapses(samples.synapses, second.samples[name].synapses)
            for name, samples in first.samples.items()
        )
    )


def _shapes(frame: Frame) -> dict[str, tuple[int, ...]]:
    return {name: samples.values.shape[1:] for name, samples in frame.samples.items()}


def merged(frames: Iterable[Frame]) -> Frame:
    """Return one frame with all that happened in several; nothing is lost.

    Parameters
    ----------
    frames : iterable of Frame
        At least one, oldest first; each `can_follow` the one before it.
    """
    parts = list(frames)
    if len(parts) == 1:
        return parts[0]
    return Frame(
        t_start=parts[0].t_start,
        t_stop=parts[-1].t_stop,
        dt=parts[0].dt,
        step=np.concatenate([part.step for part in parts]),
        neuron=np.concatenate([part.neuron for part in parts]),
        counts=np.sum([part.counts for part in parts], axis=0, dtype=np.int64),
        samples={
            name: Samples.joined([part.samples[name] for part in parts])
            for name in parts[0].samples
        },
        wall_s=sum(part.wall_s for part in parts),
        timings=_summed(parts),
        health=tuple(trouble for part in parts for trouble in part.health),
        structure=StructuralEvents.joined(part.structure for part in parts),
    )


def _summed(parts: Sequence[Frame]) -> dict[str, float]:
    """Time of each phase that any of the frames knows."""
    phases = {phase: None for part in parts for phase in part.timings}
    return {phase: sum(part.timings.get(phase, 0.0) for part in parts) for phase in phases}


def until(frame: Frame, stop: int, sizes: Sequence[int]) -> Frame:
    """Return what happened in a frame before step `stop`.

    Parameters
    ----------
    frame : Frame
    stop : int
        Within the frame.
    sizes : sequence of int
        Number of neurons of each population, in network order.
    """
    n = int(np.searchsorted(frame.step, stop))
    step, neuron = frame.step[:n].copy(), frame.neuron[:n].copy()
    share = (stop - frame.t_start) / max(frame.t_stop - frame.t_start, 1)
    return replace(
        frame,
        t_stop=stop,
        step=step,
        neuron=neuron,
        counts=np.histogram(neuron, np.cumsum([0, *sizes]))[0].astype(np.int64),
        samples={name: _before(samples, stop) for name, samples in frame.samples.items()},
        wall_s=share * frame.wall_s,
        timings={phase: share * wall_s for phase, wall_s in frame.timings.items()},
        health=tuple(trouble for trouble in frame.health if trouble.t_stop <= stop),
        # A copy: a view would keep in memory what happened later.
        structure=StructuralEvents.joined([frame.structure.between(frame.t_start, stop)]),
    )


def _before(samples: Samples, stop: int) -> Samples:
    """The samples of a frame that ends at `stop`: the last may be taken right there."""
    n = int(np.searchsorted(samples.steps, stop, side="right"))
    return replace(samples, steps=samples.steps[:n].copy(), values=samples.values[:n].copy())


def spike_image(
    frame: Frame,
    n_neurons: int,
    n_rows: int,
    n_columns: int,
    *,
    t_start: int | None = None,
    t_stop: int | None = None,
) -> NDArray[np.uint8]:
    """Count the spikes under every pixel of a raster.

    Parameters
    ----------
    frame : Frame
    n_neurons : int
        Neurons of the network; they share the rows evenly, neuron 0 in row 0.
    n_rows, n_columns : int
        Size of the image.
    t_start, t_stop : int [steps], optional
        Interval that the columns share evenly; default: that of the frame.

    Returns
    -------
    (n_rows, n_columns) uint8
        Number of spikes, 255 for more.
    """
    start = frame.t_start if t_start is None else t_start
    stop = frame.t_stop if t_stop is None else t_stop
    first, last = np.searchsorted(frame.step, [start, stop])
    column = (frame.step[first:last] - start) * n_columns // max(stop - start, 1)
    row = frame.neuron[first:last] * n_rows // max(n_neurons, 1)
    counts = np.bincount(row * n_columns + column, minlength=n_rows * n_columns)
    return np.minimum(counts, 255).astype(np.uint8).reshape(n_rows, n_columns)


def extremes(values: NDArray[np.floating], n_bins: int) -> NDArray[np.int64]:
    """Choose the samples of a trace that keep every peak and every trough when it is drawn.

    Parameters
    ----------
    values : (n,) float
    n_bins : int
        Pixels that the trace will be wide; at most two samples are kept for each.

    Returns
    -------
    (m,) int64
        Ascending indices, m <= max(2 * n_bins, 2): smallest and largest value of each bin.
    """
    n = values.size
    if n <= 2 * n_bins:
        return np.arange(n)
    edges = np.arange(n_bins) * n // n_bins
    bins = np.repeat(np.arange(n_bins), np.diff(edges, append=n))
    order = np.lexsort((values, bins))
    lowest, highest = order[edges], order[np.append(edges[1:], n) - 1]
    return np.unique(np.concatenate([lowest, highest]))
