"""Population rates over time."""

from __future__ import annotations

from typing import Any

import holoviews as hv

from snnlab.analysis.rates import population_rate
from snnlab.plots.activity import Activity, Group
from snnlab.plots.backend import RATE, load, options, time_from
from snnlab.plots.palette import colours
from snnlab.plots.source import activity_of

__all__ = ["draw_rates", "rates"]


def rates(
    source: Any, t_start: float | None = None, t_stop: float | None = None, *, bin_ms: float = 5.0
) -> hv.Overlay:
    """Return the mean rate per neuron of every population over time, as steps.

    Parameters
    ----------
    source : Session, Dataset or Activity
        Where the spikes are taken from.
    t_start, t_stop : float [ms], optional
        Interval; default: everything that is there.
    bin_ms : float [ms]
        Time over which spikes are counted.

    Returns
    -------
    holoviews.Overlay
        A Curve per population, in spikes/s.

    Raises
    ------
    SpecError
        `bin_ms` is not positive.
    """
    return draw_rates(activity_of(source).window(t_start, t_stop), bin_ms)


def draw_rates(activity: Activity, bin_ms: float = 5.0) -> hv.Overlay:
    """Return a stepped Curve per population."""
    load()
    palette = colours(len(activity.groups))
    time = time_from(activity.t_start, activity.t_stop)
    curves = [
        hv.Curve(_rate(activity, group, bin_ms), time, RATE, label=group.name).opts(
            color=colour, interpolation="steps-mid", framewise=True, backend="bokeh"
        )
        for group, colour in zip(activity.groups, palette, strict=True)
    ]
    title = f"population rates, bins of {bin_ms:g} ms"
    return hv.Overlay(curves).opts(
        **options(220, title=title, ylim=(0, None)),
        legend_position="right",
    )


def _rate(activity: Activity, group: Group, bin_ms: float) -> Any:
    times, _ = activity.of(group)
    span = {"t_start": activity.t_start, "t_stop": activity.t_stop}
    return population_rate(times, group.size, **span, bin_width=bin_ms)
