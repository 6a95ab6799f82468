"""Plots of spikes, rates and state; the only folder that imports HoloViews.

`raster`, `rates` and `trace` turn stored data into ordinary HoloViews objects: ``+``, ``*``,
``.opts`` and ``hv.save`` work. They are loaded at their first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnlab.plots.population_rates import rates as rates
    from snnlab.plots.spike_raster import raster as raster
    from snnlab.plots.state_trace import trace as trace

_HOMES = {
    "raster": "snnlab.plots.spike_raster",
    "rates": "snnlab.plots.population_rates",
    "trace": "snnlab.plots.state_trace",
}

__all__ = ["raster", "rates", "trace"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'snnlab.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
