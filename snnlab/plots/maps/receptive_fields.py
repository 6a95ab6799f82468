"""The receptive fields of all targets in one picture."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np

from snnlab.plots.backend import load
from snnlab.plots.maps.look import MARK, PAPER_TO_INK, empty_text, square
from snnlab.plots.maps.state import MapState, map_of
from snnlab.plots.maps.tiles import Tiles

__all__ = ["draw_fields", "receptive_fields"]


def receptive_fields(
    source: Any, projection: str | None = None, *, weighted: bool = True
) -> hv.Overlay:
    """Return the afferents of every target: a tile each, with a pixel for each source.

    A ring marks the place of the target itself. The tiles of a map in good order have their
    weight around it.

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
    """Return an Image, the marks upon it, and what is said if there are no synapses."""
    load()
    tiles = Tiles(state.sheet)
    width, height = tiles.shape
    picture = tiles.picture(state, weighted=weighted)
    axes = [hv.Dimension("x", label="target x (grid steps)"),
            hv.Dimension("y", label="target y (grid steps)")]  # fmt: skip
    value = hv.Dimension("weight", unit=state.unit) if weighted else hv.Dimension("synapses")
    image = hv.Image(picture[::-1], axes, value, bounds=(0, 0, width, height)).opts(
        cmap=PAPER_TO_INK, clim=_limits(picture), colorbar=True, tools=["hover"],
        clipping_colors={"NaN": "#bbbbbb"}, framewise=True, backend="bokeh",
    )  # fmt: skip
    own = hv.Points(tiles.own_places(), axes).opts(
        color=MARK, fill_alpha=0.0, size=5, line_width=1, backend="bokeh"
    )
    note = empty_text(state.n == 0, width / 2, height / 2)
    ticks = {"xticks": tiles.ticks(0), "yticks": tiles.ticks(1)}
    return (image * own * note).opts(**square(width, height, title=_title(state, tiles), **ticks))


def _limits(picture: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Zero is white; negative weights are shown down to the strongest."""
    low, high = float(np.nanmin(picture)), float(np.nanmax(picture))
    return min(0.0, low), high if high > 0.0 else 1.0


def _title(state: MapState, tiles: Tiles) -> str:
    which = "every target" if tiles.every == 1 else f"every {tiles.every}th target along x and y"
    return f"receptive fields, {which}, {state.moment}"
