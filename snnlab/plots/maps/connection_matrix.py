"""The connection matrix of a projection."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.plots.backend import load
from snnlab.plots.maps.look import NUMBER, PAPER_TO_INK, empty_text, square
from snnlab.plots.maps.state import MapState, map_of

__all__ = ["connection_matrix", "draw_matrix", "matrix_picture"]

_MOST_PIXELS = 448
"""Pixels of a side; of larger sheets, several neurons share one."""


def connection_matrix(
    source: Any, projection: str | None = None, *, weighted: bool = True
) -> hv.Overlay:
    """Return the matrix of a map: sources from left to right, targets from below.

    The diagonal is in the middle of the band that a map in good order makes. On large sheets
    neurons share pixels, and the title says how many.

    Parameters
    ----------
    source : Session or MapState
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    weighted : bool
        Whether weights are shown, or numbers of synapses.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        A source or a projection that is no map.
    """
    return draw_matrix(map_of(source, projection), weighted=weighted)


def matrix_picture(state: MapState, *, weighted: bool = True) -> tuple[NDArray[np.float64], int]:
    """Return sums of weights, or numbers of synapses, shape (pixels, pixels), and pairs a pixel.

    Rows are targets, the first one first; so many neurons share a pixel along each axis.
    """
    n = state.sheet.n
    share = -(-n // _MOST_PIXELS)
    side = -(-n // share)
    cell = (state.post // share) * side + state.pre // share
    weight = state.weight.astype(np.float64) if weighted else None
    sums = np.bincount(cell, weight, minlength=side * side)
    return sums.reshape(side, side).astype(np.float64), share


def draw_matrix(state: MapState, *, weighted: bool = True) -> hv.Overlay:
    """Return an Image, and what is said if there are no synapses."""
    load()
    sums, share = matrix_picture(state, weighted=weighted)
    side = len(sums)
    axes = [hv.Dimension("source", label="source (index in its sheet)"),
            hv.Dimension("target", label="target (index in its sheet)")]  # fmt: skip
    value = hv.Dimension("weight", unit=state.unit) if weighted else hv.Dimension("synapses")
    end = side * share
    image = hv.Image(sums[::-1], axes, value, bounds=(0, 0, end, end)).opts(
        cmap=PAPER_TO_INK, clim=(min(0.0, float(sums.min())), max(float(sums.max()), 1e-9)),
        colorbar=True, cformatter=NUMBER, tools=["hover"], framewise=True, backend="bokeh",
    )  # fmt: skip
    note = empty_text(state.n == 0, end / 2, end / 2)
    return (image * note).opts(**square(end, end, title=_title(state, share)))


def _title(state: MapState, share: int) -> str:
    pixel = f", 1 px = {share} \N{MULTIPLICATION SIGN} {share} pairs" if share > 1 else ""
    return f"connections of {state.name}{pixel}, {state.moment}"
