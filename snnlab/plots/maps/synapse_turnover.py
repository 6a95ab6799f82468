"""Synapses that come and go: over time, and over the distance that they bridge."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from snnlab.analysis.turnover import Turnover
from snnlab.errors import unknown_name
from snnlab.plots.backend import load, options
from snnlab.plots.maps.look import GRID_STEPS, time_mark
from snnlab.plots.palette import colours

__all__ = ["OVER", "draw_turnover", "turnover"]

OVER = ("time", "distance")


def turnover(source: Any, over: str = "time") -> hv.Overlay:
    """Return how many synapses of a projection are formed and eliminated in a second.

    Parameters
    ----------
    source : MapSampler, Viewpoint or Turnover
        Of a viewpoint, the time that is looked at is marked, and distances are those of the last
        seconds before it.
    over : str
        ``"time"`` or ``"distance"``; of a `Turnover`, what its bins are.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        Another word.
    """
    if over not in OVER:
        raise unknown_name("axis", over, OVER)
    if isinstance(source, Turnover):
        return draw_turnover(source, over)
    rates = getattr(source, f"turnover_over_{over}")()
    mark, span = getattr(source, "mark", None), getattr(source, "span", None)
    return draw_turnover(rates, over, mark=mark, span=span)


def draw_turnover(
    rates: Turnover,
    over: str,
    *,
    mark: float | None = None,
    span: tuple[float, float] | None = None,
) -> hv.Overlay:
    """Return two stepped Curves; without events the title says so.

    Parameters
    ----------
    rates : Turnover
    over : str
        ``"time"`` or ``"distance"``.
    mark : float [ms], optional
        Over time: where a line stands.
    span : (float, float) [ms], optional
        Over distance: the time that the title tells.
    """
    load()
    is_time = over == "time"
    x = np.asarray(rates.centre) / (1000.0 if is_time else 1.0)
    half = (x[1] - x[0]) / 2 if x.size > 1 else 0.5
    limits = (x[0] - half, x[-1] + half) if x.size else (0.0, 1.0)
    axis = hv.Dimension(over, unit="s" if is_time else GRID_STEPS, range=limits)
    # The range is part of the data, so that a live plot grows with it; of another label, so that
    # plots over time and over distance have a scale each.
    top = 1.05 * max(float(rates.formed.max(initial=0)), float(rates.eliminated.max(initial=0)))
    rate = hv.Dimension(
        "rate",
        label="synapses" if is_time else "synapses per grid step",
        unit="1/s",
        range=(0.0, top or 1.0),
    )
    parts = {"formed": rates.formed, "eliminated": rates.eliminated}
    layers: list[Any] = [
        hv.Curve((x, values), axis, rate, label=name).opts(
            color=colour,
            interpolation="steps-mid",
            line_width=2,
            framewise=True,
            backend="bokeh",
        )
        for (name, values), colour in zip(parts.items(), colours(2), strict=True)
    ]
    nothing = not (rates.formed.any() or rates.eliminated.any())
    title = "synapses formed and eliminated"
    if span is not None and not is_time:
        title += f", t = {span[0] / 1000:.4g} to {span[1] / 1000:.4g} s"
    title += ": none so far" if nothing else ""
    if is_time:
        layers.append(time_mark(mark))
    return hv.Overlay(layers).opts(**options(260, title=title), legend_position="right")
