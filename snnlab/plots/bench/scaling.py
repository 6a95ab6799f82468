"""How time shrinks with more workers (strong scaling), or stays with more work, too (weak)."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr

from snnlab.errors import SpecError
from snnlab.plots.bench.lines import Line, lines
from snnlab.plots.bench.resource_plot import over_resources, unavailable

__all__ = ["real_time_factor", "scaling"]

KINDS = ("strong", "weak")
TIME = hv.Dimension("wall_time", label="wall time", unit="s")
FACTOR = hv.Dimension("real_time_factor", label="real-time factor (lower is faster)")


def scaling(
    data: xr.Dataset, *, kind: str = "strong", phase: str = "simulate", x: str = "workers"
) -> hv.Overlay:
    """Return the wall time of a phase over resources, beside ideal scaling.

    Parameters
    ----------
    data : Dataset
        Records, as a store loads them.
    kind : str
        ``"strong"``: the same network, ideal time falls with the workers. ``"weak"``: the network
        grows with them, so that swept numbers belong to the line, and ideal time stays.
    phase : str
        One of the phases that were recorded.
    x : str
        ``"workers"`` (threads of all ranks), ``"threads"``, ``"ranks"``, ``"n_nodes"``.

    Returns
    -------
    holoviews.Overlay
        A line through the medians and a dot for each repeat.
    """
    if kind not in KINDS:
        raise SpecError("Kind of scaling", f"must be of {', '.join(KINDS)}", got=repr(kind))
    title = f"{kind} scaling of {phase}"
    if "wall_time" not in data or phase not in data["phase"]:
        return unavailable(x, TIME, title=title, why=f"no record has a phase {phase}")
    grows = [str(n) for n, v in data.coords.items() if str(n).startswith("p_")
             and v.dtype.kind != "O"]  # fmt: skip
    together = grows if kind == "weak" else []
    found = lines(data, data["wall_time"].sel(phase=phase), x, together=together)
    if not found:
        return unavailable(x, TIME, title=title, why=f"no repeat of {phase} ended well")
    return over_resources(
        found, x, TIME, title=title, ideal=[(line, _ideal(line, kind)) for line in found]
    )


def real_time_factor(data: xr.Dataset, *, x: str = "workers") -> hv.Overlay:
    """Return the real-time factor over resources, with a line where model time is wall time.

    Parameters
    ----------
    data : Dataset
        Records with derived quantities.
    x : str
        See `scaling`.
    """
    title = "wall time / model time"
    if "real_time_factor" not in data:
        return unavailable(x, FACTOR, title=title, why="no record has wall and model time")
    found = lines(data, data["real_time_factor"], x)
    if not found:
        return unavailable(x, FACTOR, title=title, why="no repeat ended well")
    return over_resources(found, x, FACTOR, title=title, limit=1.0)


def _ideal(line: Line, kind: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    first = float(line.median[0])
    values = first * line.x[0] / line.x if kind == "strong" else np.full(len(line.x), first)
    return np.asarray(values, np.float64)
