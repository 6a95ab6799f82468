"""JSON of github-action-benchmark: ``customSmallerIsBetter`` and ``customBiggerIsBetter``."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.derived import derive
from snnlab.bench.schema import PARAMETER, RECORD
from snnlab.errors import SpecError

__all__ = ["TOOLS", "github_action_entries"]

TOOLS = {"customSmallerIsBetter": "lower", "customBiggerIsBetter": "higher"}
"""Value of the action's input ``tool`` -> direction of the quantities that go with it."""


def github_action_entries(
    data: xr.Dataset, tool: str = "customSmallerIsBetter"
) -> list[dict[str, Any]]:
    """Return what the action reads of the newest record of each line of history.

    Parameters
    ----------
    data : Dataset
        As `store.load` gives it.
    tool : str
        One of `TOOLS`: the action takes one direction per file.

    Returns
    -------
    list of dict
        Medians with half the distance of the quartiles as range. Repeats that did not end well
        are left out, and with them records that have no others.
    """
    if tool not in TOOLS:
        raise SpecError("Input tool of the action", f"must be of {', '.join(TOOLS)}", got=tool)
    whole = derive(data)
    found = []
    for place in _newest(whole):
        one = whole.isel({RECORD: place})
        for name, v in sorted(one.data_vars.items()):
            if v.attrs.get("direction") == TOOLS[tool] and v.attrs.get("kind") != "guard":
                found += _entries(one, str(name), v)
    return found


def _newest(data: xr.Dataset) -> list[int]:
    """Place of the last record of each series; ids sort by time."""
    if "series_id" not in data:
        return []
    last = {str(series): place for place, series in enumerate(data["series_id"].values)}
    return sorted(last.values())


def _entries(one: xr.Dataset, name: str, v: xr.DataArray) -> list[dict[str, Any]]:
    if "repeat" in v.dims and "status" in one:
        v = v.where(one["status"].isin(["ok", ""]))
    others = [str(dim) for dim in v.dims if dim != "repeat"]
    columns = v.transpose(*others, ...).values.reshape(
        *(v.sizes[dim] for dim in others), v.sizes.get("repeat", 1)
    )
    found = []
    for place in np.ndindex(columns.shape[:-1]):
        known = columns[place][np.isfinite(columns[place])]
        if not known.size:
            continue
        labels = [str(v[dim].values[k]) for dim, k in zip(others, place, strict=True)]
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        found.append(
            {
                "name": " ".join(part for part in (_title(one), name, "/".join(labels)) if part),
                "unit": str(v.attrs.get("units", "")),
                "value": float(middle),
                "range": f"± {(high - low) / 2:.3g}",
                "extra": _extra(one),
            }
        )
    return found


def _title(one: xr.Dataset) -> str:
    """Benchmark, simulator, and what tells this line from others of the same benchmark."""
    words = [_text(one, "benchmark"), _text(one, "simulator"), _text(one, "machine_label")]
    swept = sorted(str(name) for name in one.coords if str(name).startswith(PARAMETER))
    words += [f"{n.removeprefix(PARAMETER)}={t}" for n in swept if (t := _text(one, n))]
    threads = _text(one, "threads")
    words += [f"threads={threads}"] if threads else []
    return " ".join(word for word in words if word)


def _extra(one: xr.Dataset) -> str:
    names = ("record_id", "commit", "simulator_version", "machine_class_id", "stack_id")
    return "\n".join(f"{name}: {text}" for name in names if (text := _text(one, name)))


def _text(one: xr.Dataset, name: str) -> str:
    if name not in one.coords:
        return ""
    value = one[name].item()
    return value if isinstance(value, str) else "" if np.isnan(value) else f"{value:g}"
