"""How much memory a benchmark takes."""

from __future__ import annotations

import holoviews as hv
import xarray as xr

from snnlab.errors import unknown_name
from snnlab.plots.bench.lines import lines
from snnlab.plots.bench.resource_plot import over_resources, unavailable

__all__ = ["memory_use"]

MEMORY = hv.Dimension("memory", label="memory", unit="GiB")
KINDS = ("peak/sum", "rss/sum", "virtual/sum", "peak/max", "rss/max", "virtual/max")
"""Kinds of memory, the best to compare first."""


def memory_use(
    data: xr.Dataset, *, checkpoint: str = "total", kind: str = "", x: str = "workers"
) -> hv.Overlay:
    """Return memory over resources.

    Parameters
    ----------
    data : Dataset
        Records, as a store loads them.
    checkpoint : str
        ``"base"``, ``"nodes"``, ``"network"``, ``"init"`` or ``"total"``.
    kind : str
        What is counted, and whether over all ranks or of the largest; default: the best of those
        that were recorded. Different kinds are never drawn together.
    x : str
        See `scaling`.
    """
    title = f"memory at {checkpoint}"
    if "memory" not in data or checkpoint not in data["checkpoint"]:
        return unavailable(x, MEMORY, title=title, why="no record has it")
    there = [str(name) for name in data["kind"].values]
    if kind and kind not in there:
        raise unknown_name("kind of memory", kind, there)
    chosen = kind or next(iter(name for name in KINDS if name in there), there[0])
    values = data["memory"].sel(checkpoint=checkpoint, kind=chosen) / 2**30
    found = lines(data, values, x)
    title += f" ({chosen})"
    if not found:
        return unavailable(x, MEMORY, title=title, why=f"no record has {chosen}")
    return over_resources(found, x, MEMORY, title=title)
