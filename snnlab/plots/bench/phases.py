"""What the time of a phase is spent on, with the part that no timer explains."""

from __future__ import annotations

from collections.abc import Mapping

import holoviews as hv
import numpy as np
import xarray as xr

from snnlab.plots.backend import load, options
from snnlab.plots.bench.lines import RESOURCES, ok_repeats, x_of
from snnlab.plots.bench.resource_plot import HEIGHT, resource_axis, unavailable
from snnlab.plots.palette import ON_LIGHT

__all__ = ["OTHER", "PHASE_COLOURS", "phase_medians", "phase_stack"]

OTHER = "other (no timer explains it)"

PHASE_COLOURS: Mapping[str, str] = {
    "update": ON_LIGHT[0], "deliver": ON_LIGHT[4], "communicate": ON_LIGHT[2],
    "collocate": ON_LIGHT[3], "sync": ON_LIGHT[5], OTHER: "#BBBBBB",
}  # fmt: skip
"""A phase has the same colour in every plot; those beyond take the rest of the palette."""

TIME = hv.Dimension("wall_time", label="wall time", unit="s")
SHARE = hv.Dimension("share", label="share of the phase", unit="%")
REST = (ON_LIGHT[1], ON_LIGHT[7], ON_LIGHT[6])


def phase_medians(data: xr.Dataset, phase: str, x: str) -> dict[float, dict[str, float]]:
    """Return the median seconds of each part of a phase, at each x.

    Parameters
    ----------
    data : Dataset
        Records of one benchmark; several at one x are taken together.
    phase : str
        A path; its parts are the phases right below it.
    x : str
        What is on the x axis.

    Returns
    -------
    dict
        x -> part -> seconds, `OTHER` last: median of what each repeat leaves unexplained. It is
        left out where no part was measured, and negative where timers overlap.
    """
    depth = phase.count("/") + 1
    parts = [n for n in map(str, data["phase"].values)
             if n.startswith(f"{phase}/") and n.count("/") == depth]  # fmt: skip
    times = ok_repeats(data, data["wall_time"]).transpose("record", "repeat", "phase")
    whole = times.sel(phase=phase).values
    below = times.sel(phase=parts).values
    at = x_of(data, x)
    found: dict[float, dict[str, float]] = {}
    for where in sorted(set(at[np.isfinite(at)].tolist())):
        own = at == where
        seconds = {p.rpartition("/")[2]: below[own, :, k] for k, p in enumerate(parts)}
        seconds = {name: v for name, v in seconds.items() if np.isfinite(v).any()}
        known = sum((np.nan_to_num(v) for v in seconds.values()), np.zeros_like(whole[own]))
        if np.isfinite(whole[own]).any():
            found[where] = {n: float(np.nanmedian(v)) for n, v in seconds.items()}
            rest = whole[own] - known if seconds else whole[own]
            found[where][OTHER if seconds else phase] = float(np.nanmedian(rest))
    return found


def phase_stack(
    data: xr.Dataset, *, phase: str = "simulate", x: str = "workers", is_share: bool = False
) -> hv.Element:
    """Return stacked bars of the parts of a phase over resources.

    Parameters
    ----------
    data : Dataset
        Records of one benchmark, simulator and machine.
    phase : str
    x : str
        See `scaling`.
    is_share : bool
        In percent of the whole phase, the unexplained part included.
    """
    load()
    quantity = SHARE if is_share else TIME
    title = f"parts of {phase}, medians"
    if "wall_time" not in data or phase not in data["phase"]:
        return unavailable(x, quantity, title=title, why=f"no record has a phase {phase}")
    found = phase_medians(data, phase, x)
    if not found:
        return unavailable(x, quantity, title=title, why=f"no repeat of {phase} ended well")
    names = list(dict.fromkeys(name for parts in found.values() for name in parts))
    names = [*(n for n in names if n != OTHER), *(n for n in names if n == OTHER)]
    rows = []
    for where, parts in found.items():
        factor = 100.0 / sum(parts.values()) if is_share else 1.0
        rows += [(f"{where:g}", name, factor * max(parts.get(name, 0.0), 0.0)) for name in names]
    if any(value < 0 for parts in found.values() for value in parts.values()):
        title += "; timers overlap: they add up to more than the whole"
    axis = hv.Dimension(resource_axis(x).name, label=RESOURCES.get(x, x.removeprefix("p_")))
    return hv.Bars(rows, [axis, hv.Dimension("part")], quantity).opts(
        **options(HEIGHT, title=title, tools=["hover"]), stacked=True, cmap=_colours(names),
        line_color="white", legend_position="right", xrotation=0,
    )  # fmt: skip


def _colours(names: list[str]) -> dict[str, str]:
    rest = iter(REST * (1 + len(names) // len(REST)))
    return {name: PHASE_COLOURS.get(name) or next(rest) for name in names}
