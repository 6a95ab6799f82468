"""The receptive fields of all targets in one picture."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from snnlab.plots.backend import load
from snnlab.plots.maps.look import GRID_STEPS, NOTHING, NUMBER, PAPER_TO_INK, empty_text, square
from snnlab.plots.maps.state import MapState, map_of
from snnlab.plots.maps.tiles import Tiles

__all__ = ["draw_fields", "fields_title", "receptive_fields"]

_SIDE = 640
"""Longer side of the picture, at most, unless it has more pixels itself."""


def receptive_fields(
    source: Any, projection: str | None = None, *, weighted: bool = True
) -> hv.Overlay:
    """Return the afferents of every target: a tile each, with a pixel for each source.

    The middle of a tile is the place of its target: there is the weight of a map in good order.
    Sources far away are left out; the title says up to where they are shown.

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
    return draw_fields(map_of(source, projection), weighted=weighted)


def draw_fields(state: MapState, *, weighted: bool = True) -> hv.Overlay:
    """Return an Image, and what is said if there are no synapses."""
    load()
    tiles = Tiles(state.sheet)
    width, height = tiles.shape
    picture = tiles.picture(state, weighted=weighted)
    axes = [hv.Dimension("x", label="target x (grid steps)"),
            hv.Dimension("y", label="target y (grid steps)")]  # fmt: skip
    value = hv.Dimension("weight", unit=state.unit) if weighted else hv.Dimension("synapses")
    image = hv.Image(picture[::-1], axes, value, bounds=(0, 0, width, height)).opts(
        cmap=PAPER_TO_INK, clim=_limits(picture), colorbar=True, tools=["hover"],
        clipping_colors={"NaN": NOTHING}, cformatter=NUMBER, framewise=True, backend="bokeh",
    )  # fmt: skip
    middle = (places.size // 2 for places in tiles.places)
    x, y = ((k + 0.5) * pitch - 0.5 for k, pitch in zip(middle, tiles.pitch, strict=True))
    note = empty_text(state.n == 0, x, y)
    ticks = {"xticks": tiles.ticks(0), "yticks": tiles.ticks(1)}
    size = square(width, height, side=_side(max(width, height)))
    return (image * note).opts(**size, title=fields_title(state, tiles), **ticks)


def _side(pixels: int) -> int:
    """Twice or once as many pixels on the screen, so that all are of one size."""
    return pixels * max(1, _SIDE // pixels)


def _limits(picture: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Zero is white; negative weights are shown down to the strongest."""
    low, high = float(np.nanmin(picture)), float(np.nanmax(picture))
    return min(0.0, low), high if high > 0.0 else 1.0


def fields_title(state: MapState, tiles: Tiles) -> str:
    """Return which receptive fields are shown, how far, and when."""
    which = "all targets" if tiles.every == 1 else f"1 of {tiles.every**2} targets"
    reach = f"\N{PLUS-MINUS SIGN}{max(tiles.reach)} {GRID_STEPS}"
    return f"receptive fields of {which}, {reach}, {state.moment}"
