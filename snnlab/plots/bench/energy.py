"""How much energy a benchmark takes, where a machine lets it be read."""

from __future__ import annotations

import holoviews as hv
import xarray as xr

from snnlab.plots.bench.lines import lines
from snnlab.plots.bench.resource_plot import over_resources, unavailable

__all__ = ["energy_use"]

ENERGY = hv.Dimension("energy", label="energy", unit="J")
EACH = hv.Dimension("energy_per_syn_event", label="energy per synaptic event", unit="J")
NOT_READ = "no record has a reading: the machines do not let it be read"


def energy_use(
    data: xr.Dataset, *, phase: str = "simulate", x: str = "workers", is_each: bool = False
) -> hv.Overlay:
    """Return energy over resources; where none was read, a plot that says so.

    Parameters
    ----------
    data : Dataset
        Records with derived quantities.
    phase : str
    x : str
        See `scaling`.
    is_each : bool
        Per synaptic event of phase ``simulate``.
    """
    quantity = EACH if is_each else ENERGY
    title = f"{quantity.label} in {'simulate' if is_each else phase}"
    if "energy" not in data or phase not in data["phase"]:
        return unavailable(x, quantity, title=title, why=NOT_READ)
    method = data["energy"].attrs.get("method", "")
    title += f", read by {method}" if method else ""
    if is_each and "energy_per_syn_event" not in data:
        return unavailable(x, quantity, title=title, why="synaptic events were not counted")
    devices = data["energy"].sel(phase=phase).sum("device", min_count=1)
    values = data["energy_per_syn_event"] if is_each else devices
    found = lines(data, values, x)
    if not found:
        return unavailable(x, quantity, title=title, why=NOT_READ)
    without = int((~devices.notnull().any("repeat")).sum())
    if without:
        title += f"; unavailable in {without} of {data.sizes['record']} records"
    return over_resources(found, x, quantity, title=title)
