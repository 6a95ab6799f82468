"""Population rates over time."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.errors import SpecError
from snnlab.plots.activity import Activity, Group
from snnlab.plots.backend import RATE, load, options, time_from
from snnlab.plots.palette import colours
from snnlab.plots.source import activity_of

__all__ = ["draw_rates", "population_rate", "rates"]


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
    if not bin_ms > 0:
        raise SpecError(
            "rates.bin_ms", "must be > 0 ms", got=f"{bin_ms:g} ms", remedy="Try 1 to 20 ms."
        )
    return draw_rates(activity_of(source).window(t_start, t_stop), bin_ms)


def draw_rates(activity: Activity, bin_ms: float = 5.0) -> hv.Overlay:
    """Return a stepped Curve per population."""
    load()
    palette = colours(len(activity.groups))
    time = time_from(activity.t_start, activity.t_stop)
    curves = [
        hv.Curve(population_rate(activity, group, bin_ms), time, RATE, label=group.name).opts(
            color=colour, interpolation="steps-mid", framewise=True, backend="bokeh"
        )
        for group, colour in zip(activity.groups, palette, strict=True)
    ]
    title = f"population rates, bins of {bin_ms:g} ms"
    return hv.Overlay(curves).opts(
        **options(220, title=title, ylim=(0, None)),
        legend_position="right",
    )


def population_rate(
    activity: Activity, group: Group, bin_ms: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of the bins [ms] and the rate [Hz] in each.

    A rest at the end that does not fill a bin is left out: its rate would be too low.
    """
    frame = activity.frame
    bin_steps = max(1, round(bin_ms / frame.dt))
    n_bins = (frame.t_stop - frame.t_start) // bin_steps
    mine = (frame.neuron >= group.first) & (frame.neuron < group.first + group.size)
    bins = (frame.step[mine] - frame.t_start) // bin_steps
    counts = np.bincount(bins[bins < n_bins], minlength=n_bins)
    width = bin_steps * frame.dt
    middles = activity.t_start + (np.arange(n_bins) + 0.5) * width
    return middles, counts / (group.size * width * 1e-3)
