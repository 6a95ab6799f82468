"""Where the afferents of every target are centred: as colours, and as a mesh of neighbours."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.maps import MapQuality
from snnlab.analysis.sheet import Sheet
from snnlab.errors import unknown_name
from snnlab.plots.backend import load
from snnlab.plots.maps.look import (
    AXES,
    CYCLE,
    DEVIATION,
    GRID_STEPS,
    NOTHING,
    NUMBER,
    empty_text,
    sheet_axes,
    sheet_bounds,
    square,
)
from snnlab.plots.maps.state import MapState, map_of

__all__ = ["draw_mesh", "draw_preferred", "map_mesh", "mesh_edges", "preferred_locations"]


def preferred_locations(
    source: Any, axis: str = "x", projection: str | None = None, *, weighted: bool = True
) -> hv.Overlay:
    """Return the sheet of targets, coloured by the x or y of the centre of their afferents.

    A map in good order is a smooth run of colours along this axis. On a torus the colours are
    cyclic, as the coordinate is. A target without afferents is grey.

    Parameters
    ----------
    source : Session or MapState
    axis : str
        ``"x"`` or ``"y"``.
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    weighted : bool
        Whether synapses count by their weights.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        No such axis, or a source or a projection that is no map.
    """
    if axis not in AXES:
        raise unknown_name("axis", axis, AXES)
    return draw_preferred(map_of(source, projection), axis, weighted=weighted)


def map_mesh(source: Any, projection: str | None = None, *, weighted: bool = True) -> hv.Overlay:
    """Return the map as a mesh: a node for each target where its afferents are centred.

    Lines join targets that are neighbours. Of a perfect map the mesh is the grid itself. The
    colour of a node says how far it is from its place.

    Parameters
    ----------
    source : Session or MapState
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    weighted : bool
        Whether synapses count by their weights.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        A source or a projection that is no map.
    """
    return draw_mesh(map_of(source, projection), weighted=weighted)


def draw_preferred(state: MapState, axis: str, *, weighted: bool = True) -> hv.Overlay:
    """Return an Image of the sheet, and what is said if there are no synapses."""
    load()
    sheet, k = state.sheet, AXES.index(axis)
    centre = state.quality(weighted=weighted).centre[:, k].reshape(sheet.rows, sheet.columns)
    if np.isnan(centre).all():
        centre = np.full(centre.shape, -1.0)  # HoloViews warns of images without any number
    length = sheet.shape[k]
    value = hv.Dimension(f"preferred {axis}", unit=GRID_STEPS)
    image = hv.Image(centre[::-1], sheet_axes("target"), value, bounds=sheet_bounds(sheet)).opts(
        cmap=CYCLE if sheet.is_periodic else DEVIATION, colorbar=True, tools=["hover"],
        clim=(0, length if sheet.is_periodic else max(length - 1, 1)),
        clipping_colors={"NaN": NOTHING, "min": NOTHING}, cformatter=NUMBER,
        framewise=True, backend="bokeh",
    )  # fmt: skip
    note = empty_text(state.n == 0, (sheet.columns - 1) / 2, (sheet.rows - 1) / 2)
    title = f"preferred {axis} of every target, {state.moment}"
    return (image * note).opts(**square(sheet.columns, sheet.rows, title=title))


def draw_mesh(state: MapState, *, weighted: bool = True) -> hv.Overlay:
    """Return the lines, the nodes, and what is said if there are no synapses."""
    load()
    sheet = state.sheet
    quality = state.quality(weighted=weighted)
    node = _unwrapped(quality, sheet)
    known = ~np.isnan(quality.sigma)
    axes = sheet_axes("preferred")
    lines = hv.Segments(_edges(node, sheet), [*axes, "x1", "y1"]).opts(
        color="#7f7f7f", line_width=1, backend="bokeh"
    )
    value = hv.Dimension("deviation", label="deviation", unit=GRID_STEPS)
    farthest = max(1.0, min(sheet.shape) / 8)
    nodes = hv.Points(np.column_stack([node, quality.deviation])[known], axes, value).opts(
        color="deviation", cmap=DEVIATION, clim=(0, farthest), colorbar=True, cformatter=NUMBER,
        size=6, tools=["hover"], framewise=True, backend="bokeh",
    )  # fmt: skip
    note = empty_text(not known.any(), (sheet.columns - 1) / 2, (sheet.rows - 1) / 2)
    margin = 1.5
    limits: dict[str, Any] = {
        "xlim": (-margin, sheet.columns - 1 + margin),
        "ylim": (-margin, sheet.rows - 1 + margin),
    }
    title = f"preferred locations, AD = {quality.AD:.3g} {GRID_STEPS}, {state.moment}"
    if not known.any():
        title = f"preferred locations, {state.moment}"
    return (lines * nodes * note).opts(
        **square(sheet.columns + 2, sheet.rows + 2, title=title, **limits)
    )


def mesh_edges(state: MapState, *, weighted: bool = True) -> NDArray[np.float64]:
    """Return the lines of the mesh, (n, 4): x and y of both ends, in steps of the grid."""
    return _edges(_unwrapped(state.quality(weighted=weighted), state.sheet), state.sheet)


def _unwrapped(quality: MapQuality, sheet: Sheet) -> NDArray[np.float64]:
    """The centres on that side of the torus on which they are nearest to their targets."""
    away = quality.centre - sheet.positions()
    if sheet.is_periodic:
        length = np.asarray(sheet.shape, np.float64)
        away = (away + length / 2) % length - length / 2
    return np.asarray(sheet.positions() + away)


def _edges(node: NDArray[np.float64], sheet: Sheet) -> NDArray[np.float64]:
    """Lines between neighbours along x and y, shape (n_edges, 4); none across the borders."""
    places = np.arange(sheet.n).reshape(sheet.rows, sheet.columns)
    a = np.concatenate([places[:, :-1].ravel(), places[:-1].ravel()])
    b = np.concatenate([places[:, 1:].ravel(), places[1:].ravel()])
    edges = np.column_stack([node[a], node[b]])
    return np.asarray(edges[~np.isnan(edges).any(axis=1)])
