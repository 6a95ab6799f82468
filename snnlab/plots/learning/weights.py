"""Weights and connections of a projection that learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np

from snnlab.plots.backend import load, options

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["weight_matrix"]

_MOST_CELLS = 512
"""Rows or columns of the picture; larger matrices are shown as means of blocks."""


def weight_matrix(matrix: NDArray[Any], *, name: str = "input") -> hv.Image:
    """Return weights as colours: sources from below, targets from the left, white is 0 or nothing.

    Parameters
    ----------
    matrix : (n_pre, n_post) real
        ``classifier.learner_.weights.input.matrix()``.
    name : str
        Of the projection.

    Returns
    -------
    holoviews.Image
        Colours up to the 99th percentile of sizes.
    """
    load()
    n_pre, n_post = matrix.shape
    shown = _blocks(_blocks(np.asarray(matrix, float), 0), 1)
    there = np.abs(shown[shown != 0])
    limit = float(np.quantile(there, 0.99)) if there.size else 1.0
    density = np.count_nonzero(matrix) / matrix.size
    dimensions = [hv.Dimension("target"), hv.Dimension("source")]
    more = options(320, title=f"{name} weights, {100 * density:.3g} % of the pairs")
    return hv.Image(
        shown[::-1], dimensions, hv.Dimension("weight"), bounds=(0, 0, n_post, n_pre)
    ).opts(**more, cmap="RdBu_r", clim=(-limit, limit), colorbar=True)


def _blocks(matrix: NDArray[Any], axis: int) -> NDArray[Any]:
    """Means of so many neighbours that few enough are left."""
    n = matrix.shape[axis]
    size = -(-n // _MOST_CELLS)
    starts = np.arange(0, n, size)
    width = np.diff(np.append(starts, n))
    sums: NDArray[Any] = np.add.reduceat(matrix, starts, axis)
    means: NDArray[Any] = sums / np.expand_dims(width, 1 - axis)
    return means
