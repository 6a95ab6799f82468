"""Rate and irregularity of each population over the last second of model time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import traitlets

from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from snnlab.plots.palette import colours
from snnlab.plots.recent import RecentFrames
from snnlab_widgets.part import Part, script

__all__ = ["Statistics", "statistics_rows"]

WINDOW_MS = 1000.0
"""Model time that the statistics look back."""


class Statistics(Part):
    """A table with a line for each population: rate, published rate if there is one, CV.

    Parameters
    ----------
    network : Network
    recent : RecentFrames
        Where the frames are read.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    _esm = script("canvas.js", "statistics.js")
    table = traitlets.Dict().tag(sync=True)
    """``{"caption": str, "rows": [...]}``; numbers are text already."""

    def __init__(
        self,
        network: Network,
        recent: RecentFrames,
        *,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._recent = recent
        self._drawn = -1
        self.show(network)

    def show(self, network: Network) -> None:
        """Show the populations of `network`, without numbers until frames have come."""
        self._network = network
        self.table = {"caption": "no spikes yet", "rows": statistics_rows(network, None)}

    def refresh(self) -> None:
        """Compute the numbers anew if the run has gone on."""
        frames = self._recent.last(WINDOW_MS)
        if not frames:
            if self._drawn >= 0:
                self._drawn = -1
                self.show(self._network)
            return
        if frames[-1].t_stop == self._drawn:
            return
        self._drawn = frames[-1].t_stop
        window = _cut(merged(frames), WINDOW_MS)
        caption = f"over the last {window.duration:.0f} ms of model time"
        self.table = {"caption": caption, "rows": statistics_rows(self._network, window)}


def statistics_rows(network: Network, window: Frame | None) -> list[dict[str, Any]]:
    """Return a line for each population.

    Parameters
    ----------
    network : Network
    window : Frame or None
        What the statistics are taken from; None leaves the numbers empty.

    Returns
    -------
    list of dict
        ``name, size, colour, colour_dark, rate, reference, cv``; the last three are text.
    """
    light, dark = colours(len(network.populations)), colours(len(network.populations), dark=True)
    rows = []
    for k, population in enumerate(network.populations):
        published = population.reference_rate
        rows.append(
            {
                "name": population.name,
                "size": population.size,
                "colour": light[k],
                "colour_dark": dark[k],
                "rate": "" if window is None else _rate(window, k, population.size),
                "reference": "" if published is None else f"{published:.2f}",
                "cv": ""
                if window is None
                else _cv(window, network.first_id(population.name), population.size),
            }
        )
    return rows


def _cut(frame: Frame, duration: float) -> Frame:
    """The last `duration` [ms] of a frame; counts are taken from its spikes."""
    start = max(frame.t_start, frame.t_stop - round(duration / frame.dt))
    first = np.searchsorted(frame.step, start)
    return replace(frame, t_start=start, step=frame.step[first:], neuron=frame.neuron[first:])


def _rate(window: Frame, k: int, size: int) -> str:
    return f"{window.counts[k] / size / (window.duration * 1e-3):.2f}"


def _cv(window: Frame, first: int, size: int) -> str:
    """Mean CV over the neurons with at least two intervals; empty if there are none."""
    mine = (window.neuron >= first) & (window.neuron < first + size)
    order = np.lexsort((window.step[mine], window.neuron[mine]))
    neuron, step = window.neuron[mine][order] - first, window.step[mine][order]
    same = neuron[1:] == neuron[:-1]
    isi, owner = np.diff(step)[same].astype(float), neuron[1:][same]
    n = np.bincount(owner, minlength=size)
    mean = np.bincount(owner, isi, size) / np.maximum(n, 1)
    square = np.bincount(owner, isi**2, size) / np.maximum(n, 1)
    enough = n >= 2
    if not enough.any():
        return ""
    values = np.sqrt(np.maximum(square - mean**2, 0))[enough] / mean[enough]
    return f"{values.mean():.2f}"
