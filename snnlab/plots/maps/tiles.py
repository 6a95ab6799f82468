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

_REACH = 10
"""Distance along x and y up to which a tile shows sources, at most [grid steps]."""


@dataclass(frozen=True)
class Tiles:
    """The targets of which receptive fields are shown, and which sources.

    Every target has a tile with a pixel for each source around the place of the target, which is
    in the middle. Of large sheets every so manyth target along x and y is shown.

    Parameters
    ----------
    sheet : Sheet
        Of the sources and of the targets.

    Examples
    --------
    >>> Tiles(Sheet(16, 16)).reach, Tiles(Sheet(16, 16)).shape, Tiles(Sheet(112, 112)).every
    ((7, 7), (255, 255), 4)
    """

    sheet: Sheet

    @property
    def reach(self) -> tuple[int, int]:
        """Distance along x and y up to which sources are shown [grid steps]."""
        # On a torus no source is shown twice; on an open sheet there are more to one side.
        x, y = (min(_REACH, max(1, (length - 1) // 2)) for length in self.sheet.shape)
        return x, y

    @property
    def pitch(self) -> tuple[int, int]:
        """Pixels from a tile to the next, along x and along y; one of them is between them."""
        x, y = self.reach
        return 2 * x + 2, 2 * y + 2

    @property
    def every(self) -> int:
        """Every so manyth target along each axis is shown."""
        pixels = max(n * pitch for n, pitch in zip(self.sheet.shape, self.pitch, strict=True))
        return -(-pixels // _MOST_PIXELS)

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the targets that are shown."""
        x, y = (np.arange(min(self.every // 2, length - 1), length, self.every)
                for length in self.sheet.shape)  # fmt: skip
        return x, y

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels along x and along y."""
        (x, y), (pitch_x, pitch_y) = self.places, self.pitch
        return x.size * pitch_x - 1, y.size * pitch_y - 1

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
        tiled[:, :-1, :, :-1] = self._fields(state, weighted)
        return picture[:height, :width]

    def _fields(self, state: MapState, weighted: bool) -> NDArray[np.float64]:
        """Shape (tiles along y, pixels along y, tiles along x, pixels along x)."""
        cells = [self._along(state, axis) for axis in range(2)]
        is_shown = (cells[0] >= 0) & (cells[1] >= 0)
        across = [places.size * (p - 1) for places, p in zip(self.places, self.pitch, strict=True)]
        cell = cells[1][is_shown] * across[0] + cells[0][is_shown]
        weight = state.weight[is_shown].astype(np.float64) if weighted else None
        sums = np.bincount(cell, weight, minlength=across[0] * across[1])
        (x, y), (pitch_x, pitch_y) = self.places, self.pitch
        return np.asarray(sums, np.float64).reshape(y.size, pitch_y - 1, x.size, pitch_x - 1)

    def _along(self, state: MapState, axis: int) -> NDArray[np.int64]:
        """The pixel of each synapse along an axis, without those between tiles; -1: none."""
        source, target = (self.sheet.coordinates(ends)[axis] for ends in (state.pre, state.post))
        length, reach, places = self.sheet.shape[axis], self.reach[axis], self.places[axis]
        away = source - target
        if self.sheet.is_periodic:
            away = (away + length // 2) % length - length // 2
        tile = np.full(length, -1)
        tile[places] = np.arange(places.size)
        is_shown = (np.abs(away) <= reach) & (tile[target] >= 0)
        return np.where(is_shown, tile[target] * (2 * reach + 1) + away + reach, -1)

    def ticks(self, axis: int) -> list[tuple[float, str]]:
        """Return positions [px] and labels of at most nine targets along an axis."""
        places, pitch = self.places[axis], self.pitch[axis]
        chosen = range(0, places.size, -(-places.size // 9))
        return [(k * pitch + (pitch - 1) / 2, str(places[k])) for k in chosen]
