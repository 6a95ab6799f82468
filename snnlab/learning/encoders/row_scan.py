"""An image is shown row by row, so that it has to be remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.learning.encoders.checks import check_numbers, pixels
from snnlab.learning.encoders.encoder import TimedSpikes
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["RowScan"]


@dataclass(frozen=True)
class RowScan:
    """Row r is shown from ``r * row_time`` on; each level that a pixel reaches spikes.

    A column has a channel for each level: ``column * n_levels + level``. The highest level spikes
    first, the others follow, `gap` apart.

    Parameters
    ----------
    levels : tuple of float
        Ascending, above 0 and at most 1.
    row_time, gap : float [ms]
        Time for a row, and from one level to the next.
    rest : float [ms]
        Silence after the last row, for the network to answer.
    dt : float [ms]
        Length of a time step.
    """

    levels: tuple[float, ...] = (0.25, 0.5, 0.75)
    row_time: float = 10.0
    gap: float = 2.0
    rest: float = 10.0
    dt: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("row_time", "gap", "dt"))
        if not self.rest >= 0.0:
            raise SpecError("RowScan.rest", "must be >= 0 ms", got=f"{self.rest!r} ms")
        edges = np.asarray([0.0, *self.levels], np.float64)
        if edges.size < 2 or not (np.all(np.diff(edges) > 0.0) and edges[-1] <= 1.0):
            raise SpecError(
                "RowScan.levels", "must rise, above 0 and up to 1", got=repr(self.levels)
            )

    def encode(self, values: ArrayLike, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of images, ``n_columns * n_levels`` channels.

        Parameters
        ----------
        values : (n_images, n_rows, n_columns) float
            Between 0 and 1.
        labels : (n_images,) int or str, optional
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.

        Raises
        ------
        SpecError
        """
        x = pixels(values, "RowScan")
        if x.ndim != 3:
            raise SpecError(
                "RowScan.encode", "must get images (n_images, n_rows, n_columns)",
                got=f"shape {x.shape}", remedy="For example images.reshape(-1, 8, 8).",
            )  # fmt: skip
        n_levels = len(self.levels)
        trial, row, column, level = np.nonzero(x[..., None] >= np.asarray(self.levels))
        time = row * self.row_time + (n_levels - 1 - level) * self.gap
        spikes = TimedSpikes(trial, column * n_levels + level, time, len(x), x.shape[2] * n_levels)
        return spikes.trials(labels, x.shape[1] * self.row_time + self.rest, self.dt, more)
