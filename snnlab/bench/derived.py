"""What follows from raw values, computed after loading and never stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.schema import PARAMETER

__all__ = ["derive", "other_time"]

SAME = ("spec_id", "machine_class_id", "stack_id", "simulator", "simulator_version", "commit")
"""What two records share whose speeds tell of scaling, besides the swept parameters."""


def derive(data: xr.Dataset) -> xr.Dataset:
    """Return records with the quantities that follow from what they hold.

    Parameters
    ----------
    data : Dataset
        As `store.load` gives it.

    Returns
    -------
    Dataset
        With `real_time_factor` (wall time / model time, lower is faster), `other_time` [s] and
        `other_share` of phase ``simulate``, `energy_per_syn_event` [J] and `efficiency` (strong
        scaling), as far as their sources are there.
    """
    found: dict[str, xr.DataArray] = {}
    if "wall_time" not in data or "simulate" not in data["phase"]:
        return data
    simulate = data["wall_time"].sel(phase="simulate", drop=True)
    other = other_time(data, "simulate")
    found["other_time"] = _named(other, "s", "part of simulate that no timer explains", "lower")
    found["other_share"] = _named(other / simulate, "1", "unexplained share of simulate", "lower")
    if "model_time" in data:
        factor = simulate / (1e-3 * data["model_time"])
        label = "real-time factor, wall time / model time, lower is faster"
        found["real_time_factor"] = _named(factor, "1", label, "lower")
    if {"energy", "n_syn_events"} <= set(data.data_vars):
        energy = data["energy"].sel(phase="simulate", drop=True).sum("device", min_count=1)
        each = energy / data["n_syn_events"].where(data["n_syn_events"] > 0)
        found["energy_per_syn_event"] = _named(each, "J", "energy per synaptic event", "lower")
    if "threads" in data.coords:
        found["efficiency"] = _named(
            _efficiency(data, simulate), "1", "speed-up per worker, strong scaling", "higher"
        )
    return data.assign(found)


def other_time(data: xr.Dataset, phase: str) -> xr.DataArray:
    """Return the time of a phase that the phases right below it do not explain [s].

    Parameters
    ----------
    data : Dataset
    phase : str
        A path: ``"simulate"``.

    Returns
    -------
    DataArray
        Over `record` and `repeat`; NaN where no phase below it was measured.
    """
    depth = phase.count("/") + 1
    names = [str(name) for name in data["phase"].values]
    below = [n for n in names if n.startswith(f"{phase}/") and n.count("/") == depth]
    times = data["wall_time"]
    return times.sel(phase=phase, drop=True) - times.sel(phase=below).sum("phase", min_count=1)


def _efficiency(data: xr.Dataset, simulate: xr.DataArray) -> xr.DataArray:
    """Time of the fewest workers x their number / (own time x own number)."""
    names = [n for n in map(str, data.coords) if n in SAME or n.startswith(PARAMETER)]
    keys = list(zip(*(map(str, data[n].values) for n in names), strict=True))
    workers = _workers(data)
    median = simulate.median("repeat").values
    cost = median * workers
    reference = np.full(len(workers), np.nan)
    groups: dict[Any, list[int]] = {}
    for place in np.flatnonzero(np.isfinite(cost)):
        groups.setdefault(keys[place] if keys else (), []).append(int(place))
    for places in groups.values():
        fewest = min(workers[k] for k in places)
        reference[places] = np.median([cost[k] for k in places if workers[k] == fewest])
    return xr.DataArray(reference / cost, dims="record")


def _workers(data: xr.Dataset) -> np.ndarray[Any, Any]:
    """Threads of all ranks; `ranks` is their number on all nodes."""
    threads = data["threads"].values
    if "ranks" not in data.coords:
        return threads
    ranks = data["ranks"].values
    return threads * np.where(np.isfinite(ranks), ranks, 1.0)


def _named(values: xr.DataArray, units: str, long_name: str, direction: str) -> xr.DataArray:
    return values.assign_attrs(units=units, long_name=long_name, direction=direction)
