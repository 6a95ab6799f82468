"""The irregularity of a run of any length, from spikes that come piece by piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RunningCV"]

_NEVER = -1


class RunningCV:
    """The coefficient of variation of every neuron's intervals; memory holds four numbers of each.

    The same as `snnlab.analysis.irregularity.cv` of all spikes at once.

    Parameters
    ----------
    n_neurons : int

    Notes
    -----
    Sums of whole steps, so nothing is rounded before the end. They hold 3e9 steps.
    """

    def __init__(self, n_neurons: int) -> None:
        self._last = np.full(n_neurons, _NEVER, np.int64)
        self._number, self._sum, self._squares = np.zeros((3, n_neurons), np.int64)

    def add(self, step: NDArray[np.int64], neuron: NDArray[np.int64]) -> None:
        """Take the next spikes.

        Parameters
        ----------
        step : (n_spikes,) int64
            Steps of the spikes, in any order, none before a step of an earlier call.
        neuron : (n_spikes,) int64
            Neuron of each spike, in 0 ... n_neurons - 1.
        """
        if not step.size:
            return
        order = np.lexsort((step, neuron))
        steps, ids = step[order], neuron[order]
        is_first = np.append(True, ids[1:] != ids[:-1])
        before = np.where(is_first, self._last[ids], np.roll(steps, 1))
        is_known = before != _NEVER
        interval = np.where(is_known, steps - before, 0)
        starts = np.flatnonzero(is_first)
        fired = ids[starts]
        self._number[fired] += np.add.reduceat(is_known.astype(np.int64), starts)
        self._sum[fired] += np.add.reduceat(interval, starts)
        self._squares[fired] += np.add.reduceat(interval * interval, starts)
        self._last[fired] = steps[np.append(starts[1:], steps.size) - 1]

    def values(self, *, min_spikes: int = 3) -> NDArray[np.float64]:
        """Return the coefficient of variation of every neuron.

        Parameters
        ----------
        min_spikes : int
            Neurons with fewer spikes get NaN; at least 2.

        Returns
        -------
        (n_neurons,) float64
            NaN where there are too few spikes.
        """
        # Whole numbers of Python: neither rounded nor too long.
        found = [
            float(n * squares - total * total) ** 0.5 / total
            if n >= max(min_spikes - 1, 1) and total
            else np.nan
            for n, total, squares in zip(
                self._number.tolist(), self._sum.tolist(), self._squares.tolist(), strict=True
            )
        ]
        return np.array(found, np.float64)
