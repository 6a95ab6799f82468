"""The spike raster: every spike as long as that can be drawn, beyond it an image that says so."""

from __future__ import annotations

from typing import Any

import holoviews as hv

from snnlab.frames.decimate import spike_image
from snnlab.plots.activity import Activity
from snnlab.plots.backend import NEURON, load, options, time_from
from snnlab.plots.grid import Grid
from snnlab.plots.palette import colours
from snnlab.plots.source import activity_of

__all__ = ["MOST_POINTS", "draw_image", "draw_points", "raster"]

MOST_POINTS = 10_000
"""Spikes up to which each one is drawn; more points make a browser slow."""

HEIGHT = 380

INK = ["#ffffff", *(f"#{grey:02x}{grey:02x}{grey:02x}" for grey in range(0x88, -1, -1))]
"""White where nothing happened; a single spike is dark enough to be seen."""


def raster(
    source: Any,
    t_start: float | None = None,
    t_stop: float | None = None,
    *,
    most_points: int = MOST_POINTS,
    pixels: tuple[int, int] = (800, 400),
) -> hv.Overlay | hv.Image:
    """Return the raster of a run: which neuron fired when.

    Parameters
    ----------
    source : Session, Dataset or Activity
        Where the spikes are taken from.
    t_start, t_stop : float [ms], optional
        Interval; default: everything that is there.
    most_points : int
        Up to so many spikes, each is a point in the colour of its population; beyond it they are
        counted in pixels. The title says which.
    pixels : tuple of int
        Columns and rows of the image, at most.

    Returns
    -------
    holoviews.Overlay or holoviews.Image

    Examples
    --------
    >>> import numpy as np
    >>> from snnlab.frames.frame import Frame
    >>> from snnlab.plots.activity import Group
    >>> frame = Frame(0, 50, 0.1, np.array([9, 24]), np.array([0, 7]), np.array([2]))
    >>> raster(Activity(frame, (Group("exc", 0, 10),))).opts.get("plot").kwargs["title"]
    '10 neurons, every spike drawn'
    """
    activity = activity_of(source).window(t_start, t_stop)
    if activity.frame.n_spikes <= most_points:
        return draw_points(activity)
    return draw_image(activity, pixels)


def draw_points(activity: Activity) -> hv.Overlay:
    """Return one point per spike; a population without spikes keeps its place in the legend."""
    load()
    palette = colours(len(activity.groups))
    layers = [
        hv.Points(activity.of(group), [_time(activity), NEURON], label=group.name).opts(
            color=colour, size=2, framewise=True, backend="bokeh"
        )
        for group, colour in zip(activity.groups, palette, strict=True)
    ]
    title = f"{_number(activity.n_neurons)} neurons, every spike drawn"
    return hv.Overlay(layers).opts(**_options(activity, title), legend_position="right")


def draw_image(activity: Activity, pixels: tuple[int, int] = (800, 400)) -> hv.Image:
    """Return spike counts in pixels; the cost does not depend on the number of spikes."""
    load()
    n_columns = min(pixels[0], activity.frame.t_stop - activity.frame.t_start)
    grid = Grid(activity.n_neurons, pixels[1], activity.frame.duration / n_columns)
    counts = spike_image(activity.frame, grid.rows * grid.neurons_per_row, grid.rows, n_columns)
    bounds = (activity.t_start, 0, activity.t_stop, grid.rows * grid.neurons_per_row)
    value = hv.Dimension("spikes", label="spikes per px")
    image = hv.Image(counts[::-1], [_time(activity), NEURON], value, bounds=bounds)
    title = f"{_number(activity.n_neurons)} neurons, {grid.note}"
    return image.opts(
        **_options(activity, title),
        cmap=INK,
        clim=(0, max(1, int(counts.max()))),
        colorbar=True,
        tools=["hover"],
    )


def _options(activity: Activity, title: str) -> dict[str, Any]:
    return options(HEIGHT, title=title, ylim=(0, activity.n_neurons))


def _time(activity: Activity) -> hv.Dimension:
    return time_from(activity.t_start, activity.t_stop)


def _number(n: int) -> str:
    """Write a whole number with thin spaces between thousands, as the panels do."""
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
