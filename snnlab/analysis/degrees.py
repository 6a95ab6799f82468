"""How many synapses neurons have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Degrees", "degrees"]


@dataclass(frozen=True)
class Degrees:
    """Synapses of every neuron.

    Parameters
    ----------
    of : (n,) int64
        Number of synapses of each.
    """

    of: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean over neurons; nan if there are none."""
        return float(self.of.mean()) if self.of.size else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation over neurons (divided by n); nan if there are none."""
        return float(self.of.std()) if self.of.size else float("nan")


def degrees(neuron: ArrayLike, n: int) -> Degrees:
    """Return the in-degrees of targets, or the out-degrees of sources.

    Parameters
    ----------
    neuron : (n_synapses,) int
        Target of each synapse, or source of each, in 0 ... n - 1.
    n : int
        Number of neurons of the population; those without synapses count.

    Examples
    --------
    >>> found = degrees([0, 0, 3], 4)
    >>> found.of.tolist(), found.mean
    ([2, 0, 0, 1], 0.75)
    """
    return Degrees(np.bincount(np.asarray(neuron, np.int64), minlength=n))
