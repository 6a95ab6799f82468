"""How well ordered a map was over time, beside maps that chance has shuffled."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from snnlab.errors import SpecError, unknown_name
from snnlab.plots.backend import load, options
from snnlab.plots.maps.history import MapHistory
from snnlab.plots.maps.look import EMPTY, GRID_STEPS, time_mark
from snnlab.plots.palette import colours

__all__ = ["MEASURES", "draw_quality", "map_quality"]

MEASURES = {"sigma_aff": "mean spread of the afferents", "AD": "mean absolute deviation"}
"""Measure -> what it is."""

_KINDS = (("", "synapses", "sources drawn anew"), ("weighted_", "weights", "weights shuffled"))


def map_quality(source: Any, measure: str = "sigma_aff") -> hv.Overlay:
    """Return `sigma_aff` or `AD` over time, of synapses and of their weights.

    The bands are what chance makes of the same in-degrees: with sources drawn anew from the
    formation kernel, and with weights shuffled among the afferents of each target. A line below
    its band is order that neither rewiring alone nor chance explains.

    Parameters
    ----------
    source : MapSampler, Viewpoint or MapHistory
        Of a viewpoint, the time that is looked at is marked.
    measure : str
        ``"sigma_aff"``, how far afferents spread around their centre, or ``"AD"``, how far these
        centres are from the places of the targets.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        No such measure, or something else as a source.
    """
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    history = getattr(source, "history", source)
    if not isinstance(history, MapHistory):
        raise SpecError(
            "source", "must be a MapSampler or a MapHistory", got=type(source).__name__,
            remedy="Write for example plots.map_quality(plots.MapSampler(session)).",
        )  # fmt: skip
    return draw_quality(history, measure, getattr(source, "mark", None))


def draw_quality(history: MapHistory, measure: str, mark: float | None = None) -> hv.Overlay:
    """Return two bands and two Curves; without a map they are empty, and the title says so.

    Parameters
    ----------
    history : MapHistory
    measure : str
        A name in `MEASURES`.
    mark : float [ms], optional
        A time at which a line stands.
    """
    load()
    t = history.column("t") / 1000.0
    known = ~np.isnan(history.column(measure))
    span = (t.min(), max(t.max(), t.min() + 1e-3)) if t.size else (0.0, 1.0)
    time = hv.Dimension("time", unit="s", range=span)
    value = hv.Dimension(measure, unit=GRID_STEPS)
    layers = []
    for (prefix, name, chance), colour in zip(_KINDS, colours(2), strict=True):
        low, high = (history.column(f"{prefix}{measure}_{end}") for end in ("low", "high"))
        is_compared = ~np.isnan(low)
        limits = tuple(column[is_compared] for column in (t, low, high))
        band = hv.Area(limits, time, [value, f"{measure}_high"], label=chance)
        line = hv.Curve((t, history.column(f"{prefix}{measure}")), time, value, label=name)
        layers += [
            band.opts(color=colour, alpha=0.25, line_alpha=0.0, framewise=True, backend="bokeh"),
            line.opts(color=colour, line_width=2, framewise=True, backend="bokeh"),
        ]
    title = f"{measure}: {MEASURES[measure]}" + ("" if known.any() else f" ({EMPTY})")
    layers.append(time_mark(mark))
    return hv.Overlay(layers).opts(**options(260, title=title), legend_position="right")
