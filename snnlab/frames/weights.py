"""`WeightPicture`: the weights of one projection at one moment, coarse enough to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["WeightPicture"]


@dataclass(frozen=True, eq=False)
class WeightPicture:
    """The weights of a projection as a matrix of few cells, a histogram and three numbers.

    Parameters
    ----------
    projection : str
    step : int
        Number of steps done when they were read.
    matrix : (n_rows, n_columns) float64 [unit of the weights]
        Sum of |weight| of the synapses in each cell; rows are targets, the first one first.
    n_pre, n_post : int
        Neurons that the columns and the rows stand for.
    edges : (n_bars + 1,) float64 [unit of the weights]
        Borders of the histogram's bars.
    counts : (n_bars,) int64
        Synapses in each bar.
    low, high, mean : float [unit of the weights]
        Over the synapses; NaN if there are none.
    """

    projection: str
    step: int
    matrix: NDArray[np.float64]
    n_pre: int
    n_post: int
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    low: float
    high: float
    mean: float

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(self.counts.sum())
