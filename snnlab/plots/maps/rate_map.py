"""How much every target of a map fires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.frames.frame import Frame
from snnlab.plots.backend import load
from snnlab.plots.maps.look import NUMBER, PAPER_TO_INK, note_text, sheet_axes, sheet_bounds, square
from snnlab.plots.maps.state import MapState

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["SILENT", "draw_rate_map", "firing_rates", "rate_map"]

SILENT = "no spikes counted yet"


def firing_rates(
    frames: Sequence[Frame], network: Network, population: str, duration: float
) -> NDArray[np.float32] | None:
    """Return the mean rate of every neuron of a population at the end of a run.

    Parameters
    ----------
    frames : sequence of Frame
        The last ones.
    network : Network
    population : str
    duration : float [ms]
        Time that is averaged over; as much of it as the frames tell.

    Returns
    -------
    (n,) float32 [spikes/s] or None
        None without frames.
    """
    if not frames:
        return None
    dt, stop = frames[-1].dt, frames[-1].t_stop
    start = max(frames[0].t_start, stop - round(duration / dt))
    first, size = network.first_id(population), network.population(population).size
    counts = np.zeros(size, np.int64)
    for frame in frames:
        index = frame.neuron[frame.step >= start] - first
        counts += np.bincount(index[(index >= 0) & (index < size)], minlength=size)
    return (counts * (1000.0 / ((stop - start) * dt))).astype(np.float32)


def rate_map(source: Any) -> hv.Overlay:
    """Return the sheet of targets, coloured by their mean rate over the second before.

    Parameters
    ----------
    source : MapSampler, Viewpoint or MapState
        A state has rates if a sampler has read it.

    Returns
    -------
    holoviews.Overlay
    """
    return draw_rate_map(source if isinstance(source, MapState) else source.state)


def draw_rate_map(state: MapState) -> hv.Overlay:
    """Return an Image of the sheet, and what is said if no spikes were counted."""
    load()
    sheet = state.sheet
    known = state.rate if state.rate is not None else np.zeros(sheet.n, np.float32)
    picture = known.reshape(sheet.rows, sheet.columns).astype(np.float64)
    value = hv.Dimension("rate", unit="spikes/s")
    image = hv.Image(picture[::-1], sheet_axes("target"), value, bounds=sheet_bounds(sheet)).opts(
        cmap=PAPER_TO_INK, clim=(0.0, max(float(picture.max()), 1.0)), colorbar=True,
        cformatter=NUMBER, tools=["hover"], framewise=True, backend="bokeh",
    )  # fmt: skip
    middle = (sheet.columns - 1) / 2, (sheet.rows - 1) / 2
    note = note_text(SILENT if state.rate is None else "", *middle)
    mean = "" if state.rate is None else f", mean {known.mean():.3g} spikes/s"
    title = f"rate of every target{mean}, {state.moment}"
    return (image * note).opts(**square(sheet.columns, sheet.rows, title=title))
