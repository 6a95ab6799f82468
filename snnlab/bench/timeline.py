"""Records of one line of history as a series: a value per record, in the order of versions."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from snnlab.bench.history import BORDERS, Series
from snnlab.bench.schema import RECORD

__all__ = [
    "Quantity",
    "anchors",
    "main_quantity",
    "ok_values",
    "order_of_versions",
    "series_of",
]

SENTINEL_LIMIT = 0.03
"""Relative change of the fixed workload above which a batch is noisy."""

SHORT = 10


@dataclass(frozen=True)
class Quantity:
    """What is followed over time.

    Parameters
    ----------
    name : str
        ``"wall time of simulate"``.
    unit : str
    values : (record, repeat) float64
        Without repeats that did not end well.
    """

    name: str
    unit: str
    values: NDArray[np.float64]


def ok_values(data: xr.Dataset, values: xr.DataArray) -> NDArray[np.float64]:
    """Return (record, repeat) values, NaN where a repeat did not end well."""
    if "status" in data:
        values = values.where(data["status"].isin(["ok", "noisy", ""]))
    return np.asarray(values.transpose(RECORD, "repeat").values, np.float64)


def main_quantity(data: xr.Dataset) -> Quantity | None:
    """Return what records are compared by, or None where nothing was measured.

    Wall time of ``simulate``; without one, of the longest phase at the top; without times, the
    first metric of another tool, else memory.

    Parameters
    ----------
    data : Dataset
        Records of one line of history.
    """
    if "wall_time" in data:
        top = [name for name in map(str, data["phase"].values) if "/" not in name]
        times = {name: ok_values(data, data["wall_time"].sel(phase=name)) for name in top}
        times = {name: v for name, v in times.items() if np.isfinite(v).any()}
        if times:
            longest = max(times, key=lambda name: float(np.nanmedian(times[name])))
            name = "simulate" if "simulate" in times else longest
            return Quantity(f"wall time of {name}", "s", times[name])
    if "metric_value" in data:
        for name in map(str, data["metric"].values):
            values = ok_values(data, data["metric_value"].sel(metric=name))
            if np.isfinite(values).any():
                units = {str(u) for u in data["metric_unit"].sel(metric=name).values} - {""}
                return Quantity(name, units.pop() if len(units) == 1 else "", values)
    if "memory" in data:
        for kind in map(str, data["kind"].values):
            for checkpoint in ("total", *map(str, data["checkpoint"].values)):
                if checkpoint in data["checkpoint"]:
                    memory = data["memory"].sel(kind=kind, checkpoint=checkpoint)
                    values = ok_values(data, memory) / 2**30
                    if np.isfinite(values).any():
                        return Quantity(f"memory at {checkpoint} ({kind})", "GiB", values)
    return None


def order_of_versions(data: xr.Dataset) -> list[int]:
    """Return places of records in the order of their commits, then of their time.

    What tells the order is taken only where all records have it: numbers of commits first, then
    their times, then when they were measured.
    """
    n = data.sizes[RECORD]
    when = _texts(data, "recorded_at")
    numbers = data["commit_order"].values if "commit_order" in data.coords else np.full(n, np.nan)
    times = _texts(data, "commit_time")
    if np.isfinite(numbers).all():
        key = [(float(numbers[k]), "", when[k], k) for k in range(n)]
    elif all(times):
        key = [(0.0, times[k], when[k], k) for k in range(n)]
    else:
        key = [(0.0, "", when[k], k) for k in range(n)]
    return [place for *_, place in sorted(key)]


def series_of(
    data: xr.Dataset, quantity: Quantity, name: str, *, excluded: Collection[str] = ()
) -> tuple[Series, list[int]]:
    """Return the series of one line of history, and the place of the record behind each point.

    Dirty trees and excluded records are left out: they belong to no version. Records of an anchor
    are no points of their own, but stand beside those that were measured in their campaign.

    Parameters
    ----------
    data : Dataset
        Records of one line of history.
    quantity : Quantity
        Of these records.
    name : str
        What the line is called.
    excluded : collection of str
        Ids of records that an annotation takes out.
    """
    dirty = data["dirty"].values if "dirty" in data.coords else np.zeros(data.sizes[RECORD])
    ids = _texts(data, "record_id")
    known = [bool(np.isfinite(row).any()) for row in quantity.values]
    usable = [
        k for k in order_of_versions(data)
        if known[k] and dirty[k] != 1.0 and ids[k] not in excluded
    ]  # fmt: skip
    is_anchor = anchors(data)
    places = [k for k in usable if not is_anchor[k]]
    values = np.array([np.nanmedian(quantity.values[k]) for k in places], np.float64)
    versions = [_version(data, k) for k in places]
    borders = {
        key: tuple(_texts(data, key)[k] for k in places) for key in BORDERS if key in data.coords
    }
    noisy = _noisy(data)[places] if places else np.zeros(0, bool)
    series = Series(
        name=name, values=values, batches=_batches(data, places), versions=tuple(versions),
        borders=borders, noisy=noisy,
        anchor=_anchor(data, quantity, places, [k for k in usable if is_anchor[k]]),
    )  # fmt: skip
    return series, places


def anchors(data: xr.Dataset) -> NDArray[np.bool_]:
    """Return which records are of a version that was measured to tell what the machine does."""
    if "anchor" not in data.coords:
        return np.zeros(data.sizes[RECORD], bool)
    return np.asarray(data["anchor"].values == 1.0)


def _anchor(
    data: xr.Dataset, quantity: Quantity, places: Sequence[int], own: Sequence[int]
) -> NDArray[np.float64] | None:
    """What the anchor took in the campaign of each point; NaN where it was not measured."""
    campaigns = _texts(data, "campaign")
    took = {campaigns[k]: float(np.nanmedian(quantity.values[k])) for k in own}
    return np.array([took.get(campaigns[k], np.nan) for k in places]) if took else None


def _version(data: xr.Dataset, place: int) -> str:
    """What the version is called: the commit, else the release, else the day."""
    commit = _texts(data, "commit")[place][:SHORT]
    release = _texts(data, "simulator_version")[place]
    return commit or release or _texts(data, "recorded_at")[place][:10] or "unknown version"


def _batches(data: xr.Dataset, places: Sequence[int]) -> tuple[int, ...]:
    """Number of the batch of each point: days since 1970, so that all series count alike."""
    when = _texts(data, "recorded_at")
    days = [np.datetime64(when[k][:10], "D").astype(int) if when[k] else 0 for k in places]
    return tuple(int(day) for day in days)


def _noisy(data: xr.Dataset) -> NDArray[np.bool_]:
    """Records with a noisy repeat, or whose fixed workload changed while they were measured."""
    found = np.zeros(data.sizes[RECORD], bool)
    if "status" in data:
        found |= data["status"].isin(["noisy"]).transpose(RECORD, "repeat").values.any(1)
    if "sentinel" in data and {"before", "after"} <= set(map(str, data["when"].values)):
        before = data["sentinel"].sel(when="before").values
        after = data["sentinel"].sel(when="after").values
        found |= np.abs(np.log(after / before)) > math.log1p(SENTINEL_LIMIT)
    return found


def _texts(data: xr.Dataset, name: str) -> list[str]:
    if name not in data.coords:
        return [""] * data.sizes[RECORD]
    return [str(text) for text in data[name].values]
