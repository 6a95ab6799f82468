"""What a brush over the raster selects, and its numbers: of exactly these neurons and this time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnlab.analysis.correlation import synchrony
from snnlab.analysis.irregularity import cv, cv2, fano_factor, lv
from snnlab.errors import SpecError
from snnlab.frames.decimate import merged
from snnlab.model.network import Network
from snnlab.plots.recent import RecentFrames

__all__ = ["Brush", "brushed_text"]

PEAK_MS = 5.0
"""Time over which the peak of the rate is counted."""


@dataclass(frozen=True)
class Brush:
    """A rectangle in the raster.

    Parameters
    ----------
    t_start, t_stop : float [ms]
        A spike at time t is in it if ``t_start < t <= t_stop``.
    first, stop : int
        Global ids ``first <= id < stop``.
    """

    t_start: float
    t_stop: float
    first: int
    stop: int

    def __post_init__(self) -> None:
        if not (self.t_stop > self.t_start >= 0 and self.stop > self.first >= 0):
            raise SpecError("brush", "must cover some time and some neurons", got=str(self))


def brushed_text(network: Network, recent: RecentFrames, brush: Brush) -> str:
    """Return the numbers of a selection, in words.

    Parameters
    ----------
    network : Network
    recent : RecentFrames
        Where the spikes are read; what is older than they reach counts as not selected.
    brush : Brush
    """
    stop = min(brush.stop, network.n_neurons)
    frames = recent.since(round(brush.t_start / network.dt))
    if stop <= brush.first or not frames:
        return "The selection is no longer there."
    whole = merged(frames)
    start = max(brush.t_start, whole.t_start * whole.dt)
    end = min(brush.t_stop, whole.t_stop * whole.dt)
    if end <= start:
        return "The selection is no longer there."
    n, times = stop - brush.first, whole.times
    chosen = (times > start) & (times <= end)
    chosen &= (whole.neuron >= brush.first) & (whole.neuron < stop)
    t, neuron = times[chosen], whole.neuron[chosen] - brush.first
    duration = end - start
    words = [
        f"{_names(network, brush.first, stop)}, {start:.0f} to {end:.0f} ms",
        f"rate {t.size / n / duration * 1000.0:.2f} spikes/s",
        f"peak {_peak(t, start, end) / n:.1f} spikes/s",
        *_of_neurons("CV", cv(t, neuron, n)),
        *_of_neurons("CV2", cv2(t, neuron, n)),
        *_of_neurons("LV", lv(t, neuron, n)),
    ]
    window = min(100.0, duration / 4)
    words += _of_neurons(
        "Fano factor", fano_factor(t, neuron, n, t_start=start, t_stop=end, window=window)
    )
    if n > 1 and duration > 10 * PEAK_MS:
        together = synchrony(t, t_start=start, t_stop=end, bin_width=PEAK_MS)
        words += _of_neurons("synchrony", np.array([together]))
    return " \N{MIDDLE DOT} ".join(words)


def _of_neurons(word: str, values: np.ndarray) -> list[str]:
    """Mean over the neurons for which it is known; nothing if there is none."""
    known = values[np.isfinite(values)]
    return [f"{word} {known.mean():.2f}"] if known.size else []


def _peak(t: np.ndarray, start: float, end: float) -> float:
    """Largest rate [spikes/s] of all neurons together."""
    bins = np.arange(start, end + PEAK_MS, PEAK_MS)
    return float(np.histogram(t, bins)[0].max(initial=0)) / PEAK_MS * 1000.0


def _names(network: Network, first: int, stop: int) -> str:
    """Which neurons: ``exc 0-79, inh 0-4``; as users count them, the last one included."""
    parts = []
    for population in network.populations:
        begin = network.first_id(population.name)
        low, high = max(first, begin) - begin, min(stop, begin + population.size) - begin
        if high > low:
            parts.append(f"{population.name} {low}\N{EN DASH}{high - 1}")
    return ", ".join(parts)
