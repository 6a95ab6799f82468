"""Mean and variance of the inter-spike intervals of every neuron, without sorting: compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["interval_moments"]


@njit(nogil=True, error_model="numpy", cache=True)
def interval_moments(times, neuron, n_neurons):  # type: ignore[no-untyped-def]
    """Return number of spikes, mean and variance of the intervals of each neuron.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        Ascending for each neuron.
    neuron : (n_spikes,) int
        In 0 ... n_neurons - 1.
    n_neurons : int

    Returns
    -------
    number : (n_neurons,) int64
    mean : (n_neurons,) float64 [ms]
        0 where there is no interval.
    variance : (n_neurons,) float64 [ms^2]
        Divided by the number of intervals.
    """
    number, last = np.zeros(n_neurons, np.int64), np.zeros(n_neurons)
    mean, variance = np.zeros(n_neurons), np.zeros(n_neurons)
    for i in range(times.size):
        k = neuron[i]
        if number[k] == 0:
            mean[k] = times[i]  # the first spike, for now
        number[k] += 1
        last[k] = times[i]
    for k in range(n_neurons):
        mean[k] = (last[k] - mean[k]) / max(number[k] - 1, 1)
        last[k] = np.nan
    for i in range(times.size):
        k = neuron[i]
        if last[k] == last[k]:
            variance[k] += (times[i] - last[k] - mean[k]) ** 2
        last[k] = times[i]
    for k in range(n_neurons):
        variance[k] /= max(number[k] - 1, 1)
    return number, mean, variance
