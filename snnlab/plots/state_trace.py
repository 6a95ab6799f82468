"""One state variable of a few neurons or synapses over time, without losing a peak."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.frames.decimate import extremes
from snnlab.plots.backend import load, options, time_from
from snnlab.plots.palette import colours
from snnlab.plots.samples import Trace
from snnlab.plots.source import trace_of

__all__ = ["draw_trace", "trace"]

PIXELS = 2000
"""Intervals of a line; with more than two samples in each, its extremes are drawn."""

_MOST_NAMED = 8
"""Lines that a legend names: so many fit beside the plot."""


def trace(
    source: Any,
    recorder: str | None = None,
    variable: str | None = None,
    t_start: float | None = None,
    t_stop: float | None = None,
) -> hv.Overlay:
    """Return a recorded state variable over time, one Curve per neuron or synapse.

    Of more than 50 that were recorded, 50 are drawn, evenly spread.

    Parameters
    ----------
    source : Session, Dataset or Trace
        Where the samples are taken from.
    recorder : str, optional
        Name of the recorder; default: the only or the first one.
    variable : str, optional
        Name of the variable; default: the recorder's first.
    t_start, t_stop : float [ms], optional
        Interval; default: everything that is there.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        No such recorder or variable; the nearest names are offered.
    """
    return draw_trace(trace_of(source, recorder, variable).window(t_start, t_stop))


def draw_trace(samples: Trace) -> hv.Overlay:
    """Return a Curve for each line of the trace."""
    load()
    value = hv.Dimension(samples.variable, unit=None if samples.unit in ("1", "") else samples.unit)
    palette = colours(len(samples.lines))
    time = time_from(*samples.interval)
    curves = [
        hv.Curve(_line(samples.times, values), time, value, label=line).opts(
            color=colour, line_width=1, framewise=True, backend="bokeh"
        )
        for line, values, colour in zip(samples.lines, samples.values.T, palette, strict=True)
    ]
    title = f"{samples.variable} of {samples.origin}"
    if len(samples.lines) < samples.n_recorded:
        title += f" ({len(samples.lines)} of {samples.n_recorded})"
    is_named = len(curves) <= _MOST_NAMED
    return hv.Overlay(curves).opts(
        **options(220, title=title), legend_position="right", show_legend=is_named
    )


def _line(
    times: NDArray[np.float64], values: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    """The samples that are drawn: all of them, or the extremes of each pixel."""
    kept = extremes(values, PIXELS)
    return times[kept], values[kept]
