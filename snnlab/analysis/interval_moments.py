"""Mean and variance of the inter-spike intervals of every neuron, without sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["IntervalMoments", "interval_moments"]


class IntervalMoments(NamedTuple):
    """What is known of the intervals of each neuron.

    Parameters
    ----------
    n_spikes : (n_neurons,) int64
    mean : (n_neurons,) float64
        In units of the times; 0 where there is no interval.
    variance : (n_neurons,) float64
        Divided by the number of intervals.
    """

    n_spikes: NDArray[np.int64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


def interval_moments(
    times: NDArray[np.float64] | NDArray[np.int64], neuron: NDArray[np.int64], n_neurons: int
) -> IntervalMoments:
    """Return number of spikes, mean and variance of the intervals of each neuron.

    Parameters
    ----------
    times : (n_spikes,) float or int
        Ascending for each neuron.
    neuron : (n_spikes,) int64
    n_neurons : int

    Raises
    ------
    SpecError
        A neuron that is not in 0 ... n_neurons - 1.
    """
    found = IntervalMoments(
        np.zeros(n_neurons, np.int64), np.zeros(n_neurons), np.zeros(n_neurons)
    )  # fmt: skip
    stray = _add_up(times, neuron, *found)
    if stray >= 0:
        raise SpecError(
            f"neuron[{stray}]", f"must be in 0 ... {n_neurons - 1}", got=str(neuron[stray])
        )
    return found


@njit(nogil=True, error_model="numpy", cache=True)
def _add_up(times, neuron, number, mean, variance):  # type: ignore[no-untyped-def]
    """Return the place of a spike of no neuron, -1 if there is none."""
    n_neurons = np.uint64(number.size)
    last = np.zeros(number.size)
    for i in range(times.size):
        k = np.uint64(neuron[i])  # a negative one is far beyond the last
        if k >= n_neurons:
            return i
        if number[k] == 0:
            mean[k] = times[i]  # the first spike, for now
        number[k] += 1
        last[k] = times[i]
    for each in range(number.size):
        mean[each] = (last[each] - mean[each]) / max(number[each] - 1, 1)
        last[each] = np.nan
    for i in range(times.size):
        k = np.uint64(neuron[i])
        if last[k] == last[k]:
            variance[k] += (times[i] - last[k] - mean[k]) ** 2
        last[k] = times[i]
    for each in range(number.size):
        variance[each] /= max(number[each] - 1, 1)
    return -1
