"""The receptive fields of all targets, or the connection matrix, drawn in a canvas."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import traitlets

from snnlab.errors import unknown_name
from snnlab.plots.maps.connection_matrix import matrix_picture
from snnlab.plots.maps.look import EMPTY, GRID_STEPS
from snnlab.plots.maps.receptive_fields import fields_title
from snnlab.plots.maps.state import MapState
from snnlab.plots.maps.tiles import Tiles
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.map_picture import MapPicture
from snnlab_widgets.part import script
from snnlab_widgets.picture import INK, axis, indexed

__all__ = ["PICTURES", "MapFields"]

FIELDS, MATRIX = "receptive fields", "connection matrix"

PICTURES = (FIELDS, MATRIX)
"""What can be shown."""


class MapFields(MapPicture):
    """Receptive fields side by side, or the matrix of all connections; weights as colours.

    Parameters
    ----------
    view : Viewpoint
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    _esm = script("canvas.js", "map_picture.js", "map_fields.js")
    choices: Any = traitlets.List().tag(sync=True)
    what = traitlets.Unicode(FIELDS).tag(sync=True)

    def __init__(
        self, view: Viewpoint, *, on_error: Callable[[Exception], object] | None = None
    ) -> None:
        super().__init__(view, side=512, on_error=on_error, choices=list(PICTURES))

    def version(self) -> Hashable:
        """Return what changes with the picture."""
        return self.what, self._view.state_version

    def do_show(self, what: str) -> None:
        """Show one of `PICTURES`."""
        if what not in PICTURES:
            raise unknown_name("picture", what, PICTURES)
        self.what = what
        self.refresh()

    def picture(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what the script draws."""
        state = self._view.state
        return _fields(state) if self.what == FIELDS else _matrix(state)


def _fields(state: MapState) -> tuple[dict[str, Any], list[bytes]]:
    tiles = Tiles(state.sheet)
    values = tiles.picture(state)
    width, height = tiles.shape
    x, y = (
        axis(f"target {'xy'[k]} ({GRID_STEPS})", length, tiles.ticks(k))
        for k, length in enumerate((width, height))
    )
    return _message(state, values, fields_title(state, tiles), x, y)


def _matrix(state: MapState) -> tuple[dict[str, Any], list[bytes]]:
    values, share = matrix_picture(state)
    length = len(values) * share
    every = max(1, length // 4)
    ticks = [(float(k), str(k)) for k in range(0, length + 1, every)]
    x, y = (axis(f"{end} (index in its sheet)", length, ticks) for end in ("source", "target"))
    pixel = f", 1 px = {share} \N{MULTIPLICATION SIGN} {share} pairs" if share > 1 else ""
    return _message(state, values, f"connections{pixel}, {state.moment}", x, y)


def _message(
    state: MapState,
    values: np.ndarray[Any, np.dtype[np.float64]],
    title: str,
    x: dict[str, Any],
    y: dict[str, Any],
) -> tuple[dict[str, Any], list[bytes]]:
    rows, columns = values.shape
    low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values))
    high = high if high > 0.0 else 1.0
    message = {
        "columns": columns, "rows": rows, "palette": INK, "t": state.t, "title": title,
        "x": x, "y": y, "empty": EMPTY if state.n == 0 else "",
        "value": {"label": f"weight ({state.unit})", "low": low, "high": high},
    }  # fmt: skip
    return message, [indexed(values, low, high)]
