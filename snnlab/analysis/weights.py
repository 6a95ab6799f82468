"""The weights of a projection as a matrix of few cells and as a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["WeightPicture", "weight_picture"]


@dataclass(frozen=True, eq=False)
class WeightPicture:
    """Weights, coarse enough to be seen.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float64 [unit of the weights]
        Sum of |weight| of the synapses in each cell; rows are targets, the first one first.
    n_pre, n_post : int
        Neurons that the columns and the rows stand for.
    edges : (n_bars + 1,) float64 [unit of the weights]
        Borders of the histogram's bars.
    counts : (n_bars,) int64
        Synapses in each bar.
    """

    matrix: NDArray[np.float64]
    n_pre: int
    n_post: int
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(self.counts.sum())


def weight_picture(
    pre: ArrayLike, post: ArrayLike, weight: ArrayLike, n_pre: int, n_post: int, *,
    most_cells: int = 64, n_bars: int = 40,
) -> WeightPicture:  # fmt: skip
    """Return the weights of a projection as a matrix of cells and a histogram.

    Parameters
    ----------
    pre, post : (n,) int
        Index of each synapse's source and target within their populations.
    weight : (n,) float
    n_pre, n_post : int
        Sizes of the populations.
    most_cells : int
        Columns and rows at most; neighbouring neurons share one.
    n_bars : int
        Bars of the histogram, from the least to the largest weight.

    Raises
    ------
    SpecError
        Weights that are not finite, or arrays of different lengths.
    """
    sources, targets = np.asarray(pre, np.int64), np.asarray(post, np.int64)
    weights = np.asarray(weight, np.float64)
    if not sources.shape == targets.shape == weights.shape:
        raise SpecError(
            "pre, post and weight", "must have one entry for each synapse",
            got=f"shapes {sources.shape}, {targets.shape}, {weights.shape}",
        )  # fmt: skip
    if not np.isfinite(weights).all():
        raise SpecError("weight", "must be finite", got=f"{weights[~np.isfinite(weights)][0]}")
    columns, rows = min(n_pre, most_cells), min(n_post, most_cells)
    cell = targets * rows // n_post * columns + sources * columns // n_pre
    sums = np.bincount(cell, np.abs(weights), minlength=rows * columns)
    counts, edges = np.histogram(weights, _edges(weights, n_bars))
    matrix = sums.reshape(rows, columns).astype(np.float64)
    return WeightPicture(matrix, n_pre, n_post, edges, counts)


def _edges(weights: NDArray[np.float64], n_bars: int) -> NDArray[np.float64]:
    low, high = (float(weights.min()), float(weights.max())) if weights.size else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # all alike
        room = 0.1 * abs(high) or 1.0
        low, high = low - room, high + room
    return np.linspace(low, high, n_bars + 1)
