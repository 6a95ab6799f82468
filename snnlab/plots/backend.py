"""HoloViews with Bokeh, loaded once, without reaching out to the network."""

from __future__ import annotations

from typing import Any

import holoviews as hv

from snnlab.plots.printing import leave_stdout_alone

__all__ = ["NEURON", "RATE", "load", "options", "time_from"]

_TIME = hv.Dimension("time", unit="ms")
NEURON = hv.Dimension("neuron", label="neuron (global id)")
RATE = hv.Dimension("rate", unit="spikes/s")


def load() -> None:
    """Make HoloViews draw with Bokeh in this notebook, unless it does already.

    Bokeh's scripts are put into the notebook instead of being fetched, so plots also show
    without an internet connection.
    """
    leave_stdout_alone()
    if "bokeh" not in hv.Store.loaded_backends():
        hv.extension("bokeh", inline=True, logo=False)
        # Of several plots on one page, WebGL leaves points and images of all but one blank where
        # the browser computes it without a GPU; the plots here are small.
        hv.renderer("bokeh").webgl = False


def time_from(t_start: float, t_stop: float) -> hv.Dimension:
    """Return the time axis of an interval [ms]; part of the data, so a live plot moves along."""
    return _TIME.clone(range=(t_start, t_stop))


def options(height: int, **more: Any) -> dict[str, Any]:
    """Return the options that all plots share: full width, own axes, and `more`.

    Titles are small enough to be read whole where two plots lie beside each other.
    """
    shared = {
        "responsive": True, "active_tools": [], "framewise": True, "backend": "bokeh",
        "fontsize": {"title": "10pt"},
    }  # fmt: skip
    return {"height": height, **shared, **more}
