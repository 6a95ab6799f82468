"""Receptive fields side by side, as pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.sheet import Sheet
from snnlab.plots.maps.state import MapState

__all__ = ["Tiles"]

_MOST_PIXELS = 640
"""Pixels of a side of the picture up to which all targets are shown."""


@dataclass(frozen=True)
class Tiles:
    """The targets of which receptive fields are shown, and where.

    Every target has a tile with a pixel for each source. Of large sheets every so manyth target
    along x and y is shown.

    Parameters
    ----------
    sheet : Sheet
        Of the sources and of the targets.

    Examples
    --------
    >>> Tiles(Sheet(16, 16)).shape, Tiles(Sheet(112, 112)).every
    ((271, 271), 23)
    """

    sheet: Sheet

    @property
    def every(self) -> int:
        """Every so manyth target along each axis is shown."""
        across = max(1, _MOST_PIXELS // (max(self.sheet.shape) + 1))
        return -(-max(self.sheet.shape) // across)

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the targets that are shown."""
        x, y = (np.arange(self.every // 2, length, self.every) for length in self.sheet.shape)
        return x, y

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels along x and along y; there is one between two tiles."""
        x, y = self.places
        pitch_x, pitch_y = self.pitch
        return x.size * pitch_x - 1, y.size * pitch_y - 1

    @property
    def pitch(self) -> tuple[int, int]:
        """Pixels from a tile to the next, along x and along y."""
        return self.sheet.columns + 1, self.sheet.rows + 1

    def picture(self, state: MapState, *, weighted: bool = True) -> NDArray[np.float64]:
        """Return the sums of weights, or the numbers of synapses.

        Parameters
        ----------
        state : MapState
        weighted : bool

        Returns
        -------
        (rows, columns) float64
            Of pixels, the lowest row first; nan between tiles.
        """
        width, height = self.shape
        picture = np.full((height + 1, width + 1), np.nan)
        x, y = self.places
        tiled = picture.reshape(y.size, self.pitch[1], x.size, self.pitch[0])
        tiled[:, :-1, :, :-1] = self._fields(state, weighted).transpose(0, 2, 1, 3)
        return picture[:height, :width]

    def _fields(self, state: MapState, weighted: bool) -> NDArray[np.float64]:
        """Shape (tiles along y, tiles along x, rows, columns)."""
        (x, y), n = self.places, self.sheet.n
        shown = (y[:, None] * self.sheet.columns + x).ravel()
        tile = np.full(n, -1)
        tile[shown] = np.arange(shown.size)
        at = tile[state.post]
        is_shown = at >= 0
        cell = at[is_shown] * n + state.pre[is_shown]
        weight = state.weight[is_shown].astype(np.float64) if weighted else None
        sums = np.bincount(cell, weight, minlength=shown.size * n)
        shape = (y.size, x.size, self.sheet.rows, self.sheet.columns)
        return np.asarray(sums, np.float64).reshape(shape)

    def own_places(self) -> NDArray[np.float64]:
        """Return where each tile has the place of its own target, shape (n_tiles, 2) [px]."""
        x, y = self.places
        own_x = np.arange(x.size) * self.pitch[0] + x + 0.5
        own_y = np.arange(y.size) * self.pitch[1] + y + 0.5
        return np.column_stack([a.ravel() for a in np.meshgrid(own_x, own_y)])

    def ticks(self, axis: int) -> list[tuple[float, str]]:
        """Return positions [px] and labels of at most nine targets along an axis."""
        places, pitch = self.places[axis], self.pitch[axis]
        chosen = range(0, places.size, -(-places.size // 9))
        return [(k * pitch + (pitch - 1) / 2, str(places[k])) for k in chosen]
